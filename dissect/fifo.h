/* fifo.h: a first-in-first-out queue of fixed-size elements. The first few lie in the caller's
 * struct, so that a short queue, the common case, costs no memory of its own; the others lie in one
 * growing block. */
#ifndef PUSHWATCH_DISSECT_FIFO_H
#define PUSHWATCH_DISSECT_FIFO_H

#include "../capture/base.h"

/* Zero-initialise; free with fifo_done. */
struct fifo {
    uint8_t *block;       /* those behind the first; NULL where there are none */
    uint16_t count;       /* of all */
    uint16_t start, room; /* in elements of the block */
};

/* Where a queue's first elements are: `first` is an array of `near` elements of `size` bytes, which
 * are zero where the queue is shorter. The same in each call for a queue, though both may be moved
 * in between. */
struct fifo_place {
    void *first;
    unsigned near;
    size_t size;
};

/* fifo_push_behind is for fifo_push below, fifo_drop_some for fifo_drop. */
void fifo_push_behind(struct fifo *fifo, struct fifo_place place, const void *element);
void fifo_drop_some(struct fifo *fifo, struct fifo_place place, unsigned count);

/* fifo_push appends a copy of an element. Returns false, and drops it, if there are `most`, which
 * is less than 2^15. */
static inline bool fifo_push(struct fifo *fifo, struct fifo_place place, const void *element,
                             unsigned most)
{
    if (fifo->count >= most)
        return false;
    if (LIKELY(fifo->count < place.near))
        memcpy((uint8_t *)place.first + fifo->count++ * place.size, element, place.size);
    else
        fifo_push_behind(fifo, place, element);
    return true;
}

/* fifo_drop drops the first `count`, which are there. A queue that has none behind those first
 * holds no memory. */
static inline void fifo_drop(struct fifo *fifo, struct fifo_place place, unsigned count)
{
    if (UNLIKELY(count < fifo->count || fifo->block)) {
        fifo_drop_some(fifo, place, count);
        return;
    }
    fifo->count = 0;
    if (LIKELY(count == 1)) /* sizes that the compiler knows take no call */
        memset(place.first, 0, place.size);
    else
        memset(place.first, 0, place.near * place.size);
}

/* fifo_at gives the i-th element from the head, or NULL. Valid until the next push or drop. */
static inline const void *fifo_at(const struct fifo *fifo, struct fifo_place place, unsigned i)
{
    if (i >= fifo->count)
        return NULL;
    if (LIKELY(i < place.near))
        return (const uint8_t *)place.first + i * place.size;
    return fifo->block + ((size_t)fifo->start + i - place.near) * place.size;
}

/* fifo_done frees what the queue holds and leaves it empty. */
void fifo_done(struct fifo *fifo);

#endif
