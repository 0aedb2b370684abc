/* fifo.h: a first-in-first-out queue of fixed-size elements in one growing block. */
#ifndef PUSHWATCH_DISSECT_FIFO_H
#define PUSHWATCH_DISSECT_FIFO_H

#include "../capture/base.h"

/* Zero-initialise; free with fifo_done. `size` is that of an element and the same in each call. */
struct fifo {
    uint8_t *block;
    uint32_t head, count, room; /* in elements */
};

/* fifo_push appends a copy of an element. Returns false, and drops it, if there are `most`. */
bool fifo_push(struct fifo *fifo, const void *element, size_t size, uint32_t most);

/* fifo_at gives the i-th element from the head, or NULL. Valid until the next push or pop. */
static inline void *fifo_at(const struct fifo *fifo, uint32_t i, size_t size)
{
    return i < fifo->count ? fifo->block + (fifo->head + (size_t)i) * size : NULL;
}

/* fifo_pop drops the head; an empty queue gives its memory back. */
void fifo_pop(struct fifo *fifo);

void fifo_done(struct fifo *fifo);

#endif
