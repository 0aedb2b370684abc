/* batch.h: segments on their way from whoever reads packets to the shards. */
#ifndef PUSHWATCH_DISSECT_BATCH_H
#define PUSHWATCH_DISSECT_BATCH_H

#include "segment.h"

/* Connections are shared out among this many shards, however many threads there are: so that what
 * comes out never depends on the number of threads. */
enum { SHARDS = 16 };

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

struct batch_segment {
    struct segment segment;     /* its spans lie in the batch, or where they stay: batch_keep */
    struct batch_segment *next; /* of the same shard, or NULL */
    nanotime now;               /* the latest packet time so far */
    uint32_t hash;              /* of its connection */
    uint32_t from;              /* which end of its connection's key sent it */
};

/* batch_segment_end gives an end of its connection's key. Which of the two has sent a segment is as
 * good as random: no branch. */
static inline const struct endpoint *batch_segment_end(const struct batch_segment *s, unsigned end)
{
    return end ? &s->segment.ends[1] - s->from : &s->segment.ends[0] + s->from;
}

/* Bytes that have no room in a batch's block. */
struct batch_extra;

/* Zero-initialise it; free with batch_done. */
struct batch {
    struct batch_segment *segments;
    struct batch_segment *next; /* the place behind them */
    uint32_t most;
    uint8_t *bytes;
    size_t used, room;
    struct batch_extra *extra;
    struct batch_segment *first[SHARDS];
    struct batch_segment **link[SHARDS]; /* where the address of a shard's next segment goes */
};

static inline uint32_t batch_count(const struct batch *batch)
{
    return (uint32_t)(batch->next - batch->segments);
}

/* batch_next gives the place for a segment: there is one as long as fewer than `most` were added.
 * It counts once batch_add is called. */
static inline struct segment *batch_next(struct batch *batch)
{
    return &batch->next->segment;
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

/* batch_merge adds a shard's segments of `count` batches in the order of their frames, as many as
 * there is room for. `next` says for each batch which of them is next, its `first` at the
 * beginning. Their bytes stay where they are. Returns whether there are more. */
bool batch_merge(struct batch *batch, unsigned shard, const struct batch_segment **next,
                 unsigned count);

/* batch_clear empties it, and makes it of the size of a step, 0 to BATCH_STEPS. Call it before the
 * first use, too. */
void batch_clear(struct batch *batch, unsigned step);

void batch_done(struct batch *batch);

#endif
