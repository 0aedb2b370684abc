/* fifo.h: a first-in-first-out queue of fixed-size elements. The first few lie in the caller's
 * struct, so that a short queue, the common case, costs no memory of its own; the others lie in one
 * growing block. */
#ifndef PUSHWATCH_DISSECT_FIFO_H
#define PUSHWATCH_DISSECT_FIFO_H

#include "../capture/base.h"

/* Those that have no place in the caller's struct. */
struct fifo_block {
    uint16_t start, room; /* in elements */
    _Alignas(uint64_t) uint8_t bytes[];
};

/* Where a queue's parts are, wherever its owner has room for them: all zero before the first push,
 * and free with fifo_done. Elements of `size` bytes: the first is `first`, up to near - 1 more are
 * the array `others`; where the queue is shorter these are zero. They may be moved between two
 * calls. */
struct fifo {
    uint16_t *count;           /* of all */
    struct fifo_block **block; /* of those behind; NULL where there are none */
    void *first, *others;
    unsigned near;
    size_t size;
};

/* fifo_add_behind is for fifo_add below, fifo_drop_some for fifo_drop. */
void *fifo_add_behind(struct fifo fifo);
void fifo_drop_some(struct fifo fifo, unsigned count);

/* The place of the i-th of those that lie in the owner's struct. */
static inline uint8_t *fifo_near(struct fifo fifo, unsigned i)
{
    return i == 0 ? fifo.first : (uint8_t *)fifo.others + (i - 1) * fifo.size;
}

/* fifo_add appends an element, all zero, and gives it to be filled in, before the next call for the
 * queue; NULL if there are `most`: as many as are near, or more, and less than 2^15. */
static inline void *fifo_add(struct fifo fifo, unsigned most)
{
    if (LIKELY(*fifo.count < fifo.near))
        return fifo_near(fifo, (*fifo.count)++);
    return *fifo.count < most ? fifo_add_behind(fifo) : NULL;
}

/* fifo_drop drops the first `count`, which are there. A queue that has none behind those first
 * holds no memory. */
static inline void fifo_drop(struct fifo fifo, unsigned count)
{
    if (UNLIKELY(count < *fifo.count || count > fifo.near)) {
        fifo_drop_some(fifo, count);
        return;
    }
    *fifo.count = 0; /* sizes that the compiler knows take no call */
    memset(fifo.first, 0, fifo.size);
    if (UNLIKELY(count > 1))
        memset(fifo.others, 0, (fifo.near - 1) * fifo.size);
}

/* fifo_keep drops all but the first `count`, and has room for no more. */
void fifo_keep(struct fifo fifo, unsigned count);

/* fifo_at gives the i-th element from the head, or NULL. Valid until the next push or drop. */
static inline const void *fifo_at(struct fifo fifo, unsigned i)
{
    if (i >= *fifo.count)
        return NULL;
    if (LIKELY(i < fifo.near))
        return fifo_near(fifo, i);
    return (*fifo.block)->bytes + ((size_t)(*fifo.block)->start + i - fifo.near) * fifo.size;
}

/* fifo_memory gives the bytes that a block takes. */
static inline size_t fifo_memory(const struct fifo_block *block, size_t size)
{
    return block ? sizeof *block + block->room * size + MALLOC_BESIDE : 0;
}

/* fifo_done frees what the queue holds and leaves it empty. */
void fifo_done(struct fifo fifo);

#endif
