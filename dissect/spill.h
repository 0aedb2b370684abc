/* spill.h: blocks of bytes that wait on disk for their turn. They come in runs, each in ascending
 * order, and are taken in ascending order of all: an external merge sort. */
#ifndef PUSHWATCH_DISSECT_SPILL_H
#define PUSHWATCH_DISSECT_SPILL_H

#include "../capture/base.h"

struct spill;

MUST_CHECK struct spill *spill_new(void);

/* spill_begin begins a run. Returns false if there is no temporary file to be had: then keep what
 * you have. spill_end must follow. */
MUST_CHECK bool spill_begin(struct spill *spill);

/* spill_add adds a block to the run. */
void spill_add(struct spill *spill, uint64_t order, struct span block);

void spill_end(struct spill *spill);

/* spill_first gives the lowest place in the order that is not taken yet. Returns false if nothing
 * is left. */
MUST_CHECK bool spill_first(const struct spill *spill, uint64_t *order);

/* spill_take reads that block into `block`, whose old content is dropped. Returns false if the
 * file does not give it (spill_lost counts it). */
MUST_CHECK bool spill_take(struct spill *spill, struct buf *block);

/* spill_lost counts blocks that could not be written or read: the disk was full. */
uint64_t spill_lost(const struct spill *spill);

void spill_free(struct spill *spill);

#endif
