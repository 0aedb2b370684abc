/* reasm.h: reassembly of one direction: segments in, bytes in order and gaps out. It knows sequence
 * numbers (extended, seq.h) and nothing of flags. */
#ifndef PUSHWATCH_DISSECT_REASM_H
#define PUSHWATCH_DISSECT_REASM_H

#include "../capture/base.h"

struct reasm_chunk;

/* Zero-initialise, then reasm_start; free with reasm_done. It may be moved. */
struct reasm {
    uint64_t gap_bytes;       /* given up */
    struct reasm_chunk *held; /* beyond a hole, in order, without overlaps */
    uint64_t next;            /* all before it has been delivered or given up */
    bool started;
    bool count_only; /* content is of no use: keep no copies, deliver nothing */
    uint16_t held_count;
    uint32_t held_bytes; /* kept copies */
};

/* Where delivered bytes came from: the frame and time of the segment that brought them. */
struct reasm_from {
    uint64_t frame;
    nanotime time;
};

/* Takes what comes out. Bytes are borrowed for the call. */
struct reasm_receiver {
    void (*bytes)(void *context, uint64_t seq, struct span bytes, const struct reasm_from *from);
    void (*gap)(void *context, uint64_t seq, uint64_t length, const struct reasm_from *from);
};

/* Where that goes. `all_held` counts the memory that all directions together hold; NULL: it is not
 * counted. */
struct reasm_out {
    const struct reasm_receiver *to;
    void *context;
    size_t *all_held;
};

/* reasm_start sets the extended sequence number of the first payload byte. */
void reasm_start(struct reasm *reasm, uint64_t seq);

/* reasm_add takes a segment's payload: `length` bytes from `seq` on were on the wire, of which
 * `bytes` (length or fewer) were captured; the rest becomes a gap. What is in order is delivered at
 * once; what is not is copied and held. Of bytes that come twice the first ones count. Held bytes
 * are capped, for one direction and for all (limits.h): above it this one's oldest hole is given
 * up. Returns how many of the bytes are new. */
uint64_t reasm_add(struct reasm *reasm, const struct reasm_out *out, uint64_t seq, uint32_t length,
                   struct span bytes, const struct reasm_from *from);

/* reasm_settle gives up a hole whose bytes the receiver has acknowledged (`acked` is beyond it),
 * so that only the capture misses them, once what is held behind it is older than `before`. */
void reasm_settle(struct reasm *reasm, const struct reasm_out *out, uint64_t acked,
                  nanotime before);

/* reasm_flush gives up every hole: no more segments are to come. */
void reasm_flush(struct reasm *reasm, const struct reasm_out *out);

/* reasm_end says that the stream reaches to `end`, if that is known to be beyond what has come: the
 * capture misses the rest. Call it after reasm_flush. `from` is what shows it. */
void reasm_end(struct reasm *reasm, const struct reasm_out *out, uint64_t end,
               const struct reasm_from *from);

/* reasm_forget drops the copies held and keeps only the count from now on. Not to be called from
 * within an output function. `all_held` is that of struct reasm_out, here and below. */
void reasm_forget(struct reasm *reasm, size_t *all_held);

/* reasm_done frees what is held. */
void reasm_done(struct reasm *reasm, size_t *all_held);

#endif
