/* batch.c: one array of segments, a chain through it for each shard, one block of their bytes. */
#include "batch.h"

#include <stdlib.h>

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

void batch_add(struct batch *batch, unsigned shard, unsigned from, uint32_t hash, nanotime now)
{
    struct batch_segment *added = batch->next++;
    added->next = NULL;
    added->now = now;
    added->hash = hash;
    added->from = from;
    *batch->link[shard] = added;
    batch->link[shard] = &added->next;
}

void batch_grow(struct batch *batch)
{
    struct batch_segment *old = batch->segments;
    const uint32_t count = batch_count(batch);
    batch->most *= 2;
    batch->segments = xmalloc(batch->most * sizeof *old);
    batch->next = batch->segments + count;
    memcpy(batch->segments, old, count * sizeof *old);
    for (unsigned i = 0; i < SHARDS; i++) {
        struct batch_segment **link = &batch->first[i];
        for (; *link; link = &(*link)->next)
            *link = batch->segments + (*link - old);
        batch->link[i] = link;
    }
    free(old);
}

/* Which of the segments that are next came first? `count`: none. */
static unsigned earliest(const struct batch_segment *const *next, unsigned count)
{
    unsigned best = count;
    for (unsigned i = 0; i < count; i++)
        if (next[i] && (best == count || next[i]->segment.frame < next[best]->segment.frame))
            best = i;
    return best;
}

bool batch_merge(struct batch *batch, unsigned shard, const struct batch_segment **next,
                 unsigned count)
{
    unsigned i;
    while ((i = earliest(next, count)) < count && batch_count(batch) < batch->most) {
        const struct batch_segment *segment = next[i];
        *batch_next(batch) = segment->segment;
        batch_add(batch, shard, segment->from, segment->hash, segment->now);
        next[i] = segment->next;
    }
    return i < count;
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
    batch->next = batch->segments;
    batch->used = 0;
    for (unsigned i = 0; i < SHARDS; i++) {
        batch->first[i] = NULL;
        batch->link[i] = &batch->first[i];
    }
}

void batch_done(struct batch *batch)
{
    drop_extra(batch);
    free(batch->segments);
    free(batch->bytes);
}
