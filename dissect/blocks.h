/* blocks.h: small blocks of memory of a few sizes, which come and go by the hundred thousand:
 * faster than malloc there, and without a header for each. */
#ifndef PUSHWATCH_DISSECT_BLOCKS_H
#define PUSHWATCH_DISSECT_BLOCKS_H

#include "pages.h"

/* Sizes are rounded up to a multiple of BLOCK_STEP; beyond BLOCK_MOST malloc has them. BLOCK_SLACK
 * bytes behind a block may be read, whatever they are. */
enum { BLOCK_STEP = 8, BLOCK_MOST = 2048, BLOCK_SLACK = 8 };

/* Zero-initialise but for `pages`; free with blocks_done, which frees all blocks up to BLOCK_MOST.
 */
struct blocks {
    struct pages *pages; /* where most of it comes from, and stays until they are freed, or NULL */
    void *free[BLOCK_MOST / BLOCK_STEP + 1]; /* lists by size */
    void *chunks;                            /* list of those that are not of `pages` */
    struct block_run *runs; /* list of free pieces that are larger than any block */
    uint8_t *fresh;         /* of the latest chunk or run: what was not handed out */
    size_t fresh_size, chunk_size;
    size_t used;  /* bytes in blocks that are handed out */
    size_t held;  /* bytes that were taken for them, without what was given back */
    size_t apart; /* bytes that were taken back since neighbours were looked for */
    size_t whole; /* bytes of runs that were not given back */
};

/* blocks_new gives a block of at least `size` bytes. Before more memory is taken for it, it is cut
 * off a larger one that was taken back, or off several that lie side by side. */
void *blocks_new(struct blocks *blocks, size_t size);

/* blocks_free takes it back; the size is the one that was asked for. */
void blocks_free(struct blocks *blocks, void *block, size_t size);

/* blocks_give_back leaves the memory of what is free to the system. It does nothing unless that is
 * a quarter of what is held, and neighbours were found, or an eighth was taken back since they were
 * looked for. */
void blocks_give_back(struct blocks *blocks);

void blocks_done(struct blocks *blocks);

#endif
