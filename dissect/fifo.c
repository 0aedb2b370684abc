/* fifo.c: see fifo.h. */
#include "fifo.h"

#include <stdlib.h>

enum { ROOM_FIRST = 4 };

bool fifo_push(struct fifo *fifo, const void *element, size_t size, uint32_t most)
{
    if (fifo->count >= most)
        return false;
    if (fifo->head + fifo->count == fifo->room) {
        if (fifo->head > fifo->room / 2) {
            memmove(fifo->block, fifo->block + fifo->head * size, fifo->count * size);
            fifo->head = 0;
        } else {
            fifo->room = fifo->room ? fifo->room * 2 : ROOM_FIRST;
            fifo->block = xrealloc(fifo->block, fifo->room * size);
        }
    }
    memcpy(fifo->block + (fifo->head + (size_t)fifo->count) * size, element, size);
    fifo->count++;
    return true;
}

void fifo_pop(struct fifo *fifo)
{
    fifo->head++;
    if (--fifo->count == 0)
        fifo_done(fifo);
}

void fifo_done(struct fifo *fifo)
{
    free(fifo->block);
    *fifo = (struct fifo){0};
}
