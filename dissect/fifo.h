/* fifo.h: a first-in-first-out queue of fixed-size elements. Its head lies in the caller's struct,
 * so that a queue of one, the common case, costs no memory of its own; the others lie in one
 * growing block. */
#ifndef PUSHWATCH_DISSECT_FIFO_H
#define PUSHWATCH_DISSECT_FIFO_H

#include "../capture/base.h"

/* Zero-initialise; free with fifo_done. In each call `first` is the place for the head and `size`
 * the size of an element: both the same for a queue, though both may be moved in between. */
struct fifo {
    uint8_t *block;       /* those behind the head; NULL where there are none */
    uint16_t count;       /* of all */
    uint16_t start, room; /* in elements of the block */
};

/* fifo_push_behind and fifo_pop_behind are for fifo_push and fifo_pop below. */
void fifo_push_behind(struct fifo *fifo, const void *element, size_t size);
void fifo_pop_behind(struct fifo *fifo, void *first, size_t size);

/* fifo_push appends a copy of an element. Returns false, and drops it, if there are `most`, which
 * is less than 2^15. */
static inline bool fifo_push(struct fifo *fifo, void *first, const void *element, size_t size,
                             unsigned most)
{
    if (fifo->count >= most)
        return false;
    if (fifo->count == 0) {
        memcpy(first, element, size);
        fifo->count = 1;
    } else {
        fifo_push_behind(fifo, element, size);
    }
    return true;
}

/* fifo_pop drops the head, which is there; a queue of one or none holds no memory. */
static inline void fifo_pop(struct fifo *fifo, void *first, size_t size)
{
    if (fifo->count == 1) {
        memset(first, 0, size);
        fifo->count = 0;
    } else {
        fifo_pop_behind(fifo, first, size);
    }
}

/* fifo_second gives the element behind the head, or NULL. Valid until the next push or pop. */
static inline const void *fifo_second(const struct fifo *fifo, size_t size)
{
    return fifo->count > 1 ? fifo->block + fifo->start * size : NULL;
}

/* fifo_at gives the i-th element from the head, or NULL. Valid until the next push or pop. */
static inline const void *fifo_at(const struct fifo *fifo, const void *first, unsigned i,
                                  size_t size)
{
    if (i >= fifo->count)
        return NULL;
    return i == 0 ? first : fifo->block + (fifo->start + (size_t)i - 1) * size;
}

/* fifo_done frees what the queue holds and leaves it empty. */
void fifo_done(struct fifo *fifo);

#endif
