/* batch.c: one array of segments, a chain through it for each shard, one block of their bytes. */
#include "batch.h"

#include <stdlib.h>

struct segment *batch_next(struct batch *batch)
{
    return &batch->segments[batch->count].segment;
}

/* Moves the bytes of a segment into the batch. A payload is a part of its IP packet. */
static void keep_bytes(struct batch *batch, struct segment *segment)
{
    size_t n = segment->ip.n, at = (size_t)(segment->payload.p - segment->ip.p);
    if (segment->payload.n == 0) { /* nobody asks for headers alone */
        segment->ip = segment->payload = span_of(NULL, 0);
        return;
    }
    if (n > batch->room - batch->used) { /* it is the first: nothing points in there yet */
        batch->bytes = xrealloc(batch->bytes, n);
        batch->room = n;
    }
    uint8_t *to = batch->bytes + batch->used;
    memcpy(to, segment->ip.p, n);
    batch->used += n;
    segment->ip.p = to;
    segment->payload.p = to + at;
}

void batch_add(struct batch *batch, unsigned shard, unsigned from, uint64_t hash, nanotime now)
{
    uint32_t i = batch->count;
    struct batch_segment *added = &batch->segments[i];
    keep_bytes(batch, &added->segment);
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
    batch->count = 0;
    batch->used = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        batch->first[i] = batch->last[i] = BATCH_END;
}

void batch_done(struct batch *batch)
{
    free(batch->segments);
    free(batch->bytes);
}
