/* batch.c: one array of segments, a chain through it for each shard, one block of their bytes. */
#include "batch.h"

#include <stdlib.h>

struct segment *batch_next(struct batch *batch)
{
    if (batch->count == batch->most) {
        batch->was_full = true;
        return NULL;
    }
    return &batch->segments[batch->count].segment;
}

/* Moves the bytes of a segment into the batch. A payload is a part of its IP packet. */
static bool keep_bytes(struct batch *batch, struct segment *segment)
{
    size_t n = segment->ip.n, at = (size_t)(segment->payload.p - segment->ip.p);
    if (segment->payload.n == 0) { /* nobody asks for headers alone */
        segment->ip = segment->payload = span_of(NULL, 0);
        return true;
    }
    if (n > batch->room - batch->used) {
        batch->was_full = true;
        if (batch->count > 0)
            return false;
        batch->bytes = xrealloc(batch->bytes, n);
        batch->room = n;
    }
    uint8_t *to = batch->bytes + batch->used;
    memcpy(to, segment->ip.p, n);
    batch->used += n;
    segment->ip.p = to;
    segment->payload.p = to + at;
    return true;
}

bool batch_add(struct batch *batch, unsigned shard, unsigned from, uint64_t hash, nanotime now)
{
    uint32_t i = batch->count;
    struct batch_segment *added = &batch->segments[i];
    if (!keep_bytes(batch, &added->segment))
        return false;
    added->hash = hash;
    added->from = from;
    added->now = now;
    added->next = BATCH_END;
    *(batch->last[shard] == BATCH_END ? &batch->first[shard]
                                      : &batch->segments[batch->last[shard]].next) = i;
    batch->last[shard] = i;
    batch->count++;
    return true;
}

void batch_clear(struct batch *batch, unsigned step)
{
    uint32_t most = BATCH_SEGMENTS >> 2 * (BATCH_STEPS - step);
    if (batch->most != most) {
        batch_done(batch);
        *batch = (struct batch){.most = most, .room = BATCH_BYTES >> 2 * (BATCH_STEPS - step)};
        batch->segments = xmalloc(most * sizeof *batch->segments);
        batch->bytes = xmalloc(batch->room);
    }
    batch->count = 0;
    batch->used = 0;
    batch->was_full = false;
    for (unsigned i = 0; i < SHARDS; i++)
        batch->first[i] = batch->last[i] = BATCH_END;
}

void batch_done(struct batch *batch)
{
    free(batch->segments);
    free(batch->bytes);
}
