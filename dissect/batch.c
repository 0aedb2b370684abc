/* batch.c: one array of segments, a chain through it for each shard, one block of their bytes. */
#include "batch.h"

#include <stdlib.h>

struct segment *batch_next(struct batch *batch)
{
    return &batch->segments[batch->count].segment;
}

struct batch_extra {
    struct batch_extra *next;
    _Alignas(8) uint8_t bytes[];
};

static NOINLINE uint8_t *reserve_extra(struct batch *batch, size_t n)
{
    struct batch_extra *extra = xmalloc(sizeof *extra + n);
    extra->next = batch->extra;
    batch->extra = extra;
    return extra->bytes;
}

static void drop_extra(struct batch *batch)
{
    struct batch_extra *next;
    for (struct batch_extra *extra = batch->extra; extra; extra = next) {
        next = extra->next;
        free(extra);
    }
    batch->extra = NULL;
}

/* Room for n bytes, at a multiple of eight. */
static uint8_t *reserve(struct batch *batch, size_t n)
{
    n = (n + 7) & ~(size_t)7;
    if (UNLIKELY(n > batch->room - batch->used))
        return reserve_extra(batch, n);
    uint8_t *to = batch->bytes + batch->used;
    batch->used += n;
    return to;
}

/* A payload is a part of its IP packet. */
void batch_keep(struct batch *batch)
{
    struct segment *segment = batch_next(batch);
    struct span ip = segment->payload.n ? segment_ip(segment) : span_of(NULL, 0);
    size_t outer = segment->outer ? sizeof *segment->outer : 0;
    if (ip.n + outer == 0) { /* nobody asks for headers alone */
        segment->payload = ip;
        return;
    }
    uint8_t *to = reserve(batch, outer + ip.n);
    if (UNLIKELY(outer)) {
        memcpy(to, segment->outer, outer);
        segment->outer = (const struct outer *)(const void *)to;
        to += outer;
    }
    segment->payload.p = to + segment->headers;
    if (ip.n)
        memcpy(to, ip.p, ip.n);
}

void batch_add(struct batch *batch, unsigned shard, unsigned from, uint64_t hash, nanotime now)
{
    uint32_t i = batch->count;
    struct batch_segment *added = &batch->segments[i];
    added->hash = hash;
    added->from = from;
    added->now = now;
    added->next = BATCH_END;
    *(batch->last[shard] == BATCH_END ? &batch->first[shard]
                                      : &batch->segments[batch->last[shard]].next) = i;
    batch->last[shard] = i;
    batch->count++;
}

void batch_clear(struct batch *batch, unsigned step)
{
    uint32_t most = batch_segments(step);
    if (batch->most != most) {
        batch_done(batch);
        *batch = (struct batch){.most = most, .room = batch_bytes(step)};
        batch->segments = xmalloc(most * sizeof *batch->segments);
        batch->bytes = xmalloc(batch->room);
    }
    drop_extra(batch);
    batch->count = 0;
    batch->used = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        batch->first[i] = batch->last[i] = BATCH_END;
}

void batch_done(struct batch *batch)
{
    drop_extra(batch);
    free(batch->segments);
    free(batch->bytes);
}
