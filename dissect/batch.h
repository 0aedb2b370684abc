/* batch.h: segments on their way from whoever reads packets to the shards. */
#ifndef PUSHWATCH_DISSECT_BATCH_H
#define PUSHWATCH_DISSECT_BATCH_H

#include "segment.h"

/* Connections are shared out among this many shards, however many threads there are: so that what
 * comes out never depends on the number of threads. */
enum { SHARDS = 8 };

/* A batch of the largest size holds far more than SHARDS segments, yet no more than a core's cache
 * does. The first ones are smaller, each step by four: most captures are. */
enum { BATCH_SEGMENTS = 8192, BATCH_BYTES = 1 << 21, BATCH_STEPS = 2 };

static inline uint32_t batch_segments(unsigned step)
{
    return BATCH_SEGMENTS >> 2 * (BATCH_STEPS - step);
}

static inline size_t batch_bytes(unsigned step)
{
    return BATCH_BYTES >> 2 * (BATCH_STEPS - step);
}

/* A segment that has arrived. Those of a shard lie side by side, apart from the segments: so what
 * is needed of these can be fetched before they are come to. */
struct arrival {
    struct segment *segment; /* its spans lie in the batch, or where they stay: batch_keep */
    nanotime now;            /* the latest packet time so far */
    uint32_t hash;           /* of its connection */
    uint32_t from;           /* which end of its connection's key sent it */
};

/* arrival_end gives an end of its connection's key. Which of the two has sent a segment is as good
 * as random: no branch. */
static inline const struct endpoint *arrival_end(const struct arrival *arrival, unsigned end)
{
    const struct segment *s = arrival->segment;
    return end ? &s->ends[1] - arrival->from : &s->ends[0] + arrival->from;
}

/* Some that follow one another. */
struct arrivals {
    struct arrival *first, *end; /* `end` is behind the last */
};

/* Bytes that have no room in a batch's block. */
struct batch_extra;

/* Zero-initialise it; free with batch_done. */
struct batch {
    struct segment *segments;
    struct segment *next; /* the place behind them */
    uint32_t most;
    uint8_t *bytes;
    size_t used, room;
    struct batch_extra *extra;
    struct arrivals of[SHARDS];
};

static inline uint32_t batch_count(const struct batch *batch)
{
    return (uint32_t)(batch->next - batch->segments);
}

/* batch_next gives the place for a segment: there is one as long as fewer than `most` were added.
 * It counts once batch_add is called. */
static inline struct segment *batch_next(struct batch *batch)
{
    return batch->next;
}

/* What batch_add takes up of a batch's bytes beside those of the packet. */
enum { BATCH_BESIDE = sizeof(struct outer) + 8 };

/* batch_keep copies the bytes that the segment in that place points to. Those beyond `room` take
 * memory of their own. */
void batch_keep(struct batch *batch);

/* batch_add adds the segment in that place. */
void batch_add(struct batch *batch, unsigned shard, unsigned from, uint32_t hash, nanotime now);

/* batch_grow makes room for twice as many segments, which are elsewhere then. */
void batch_grow(struct batch *batch);

/* arrivals_some takes the first of them, `most` at most. */
static inline struct arrivals arrivals_some(struct arrivals *arrivals, size_t most)
{
    struct arrival *first = arrivals->first;
    size_t left = (size_t)(arrivals->end - first);
    arrivals->first += left < most ? left : most;
    return (struct arrivals){first, arrivals->first};
}

/* arrivals_merge takes from `count` runs what comes next by frame, `most` arrivals at most, and
 * puts it at `to`. Returns how many. */
size_t arrivals_merge(struct arrival *to, size_t most, struct arrivals *from, unsigned count);

/* batch_clear empties it, and makes it of the size of a step, 0 to BATCH_STEPS. Call it before the
 * first use, too. */
void batch_clear(struct batch *batch, unsigned step);

void batch_done(struct batch *batch);

#endif
