/* batch.c: one array of segments, one of each shard's arrivals, one block of the segments' bytes.
 */
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
    *batch->of[shard].end++ = (struct arrival){batch->next++, now, hash, from};
}

/* Room for `most` segments, each two cache lines, and for as many arrivals of each shard. Shards'
 * first ones lie in other places of a cache. */
static void make_room(struct batch *batch, uint32_t most)
{
    enum { BESIDE = 11 };
    const size_t stride = most + BESIDE;
    batch->most = most;
    batch->segments = batch->next = xpages(most * sizeof *batch->segments);
    batch->of[0].first = xmalloc(SHARDS * stride * sizeof(struct arrival));
    for (unsigned i = 0; i < SHARDS; i++)
        batch->of[i].first = batch->of[i].end = batch->of[0].first + i * stride;
}

void batch_grow(struct batch *batch)
{
    struct batch old = *batch;
    make_room(batch, old.most * 2);
    batch->next += batch_count(&old);
    memcpy(batch->segments, old.segments, batch_count(&old) * sizeof *old.segments);
    for (unsigned i = 0; i < SHARDS; i++)
        for (struct arrival *a = old.of[i].first; a < old.of[i].end; a++) {
            *batch->of[i].end = *a;
            batch->of[i].end++->segment = batch->segments + (a->segment - old.segments);
        }
    free(old.segments);
    free(old.of[0].first);
}

/* Which of the arrivals that are next came first? `count`: none. */
static unsigned earliest(const struct arrivals *from, unsigned count)
{
    unsigned best = count;
    for (unsigned i = 0; i < count; i++)
        if (from[i].first < from[i].end &&
            (best == count || from[i].first->segment->frame < from[best].first->segment->frame))
            best = i;
    return best;
}

size_t arrivals_merge(struct arrival *to, size_t most, struct arrivals *from, unsigned count)
{
    size_t n = 0;
    for (unsigned i; n < most && (i = earliest(from, count)) < count; n++)
        to[n] = *from[i].first++;
    return n;
}

void batch_clear(struct batch *batch, unsigned step)
{
    uint32_t most = batch_segments(step);
    if (batch->most != most) {
        batch_done(batch);
        *batch = (struct batch){.room = batch_bytes(step)};
        make_room(batch, most);
        batch->bytes = xmalloc(batch->room);
    }
    drop_extra(batch);
    batch->next = batch->segments;
    batch->used = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        batch->of[i].end = batch->of[i].first;
}

void batch_done(struct batch *batch)
{
    drop_extra(batch);
    free(batch->segments);
    free(batch->of[0].first);
    free(batch->bytes);
}
