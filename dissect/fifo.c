/* fifo.c: see fifo.h. */
#include "fifo.h"

#include <stdlib.h>

enum { ROOM_FIRST = 4 };

/* Makes room for one more behind the last of the block's `used` elements. */
static void make_room(struct fifo *fifo, size_t used, size_t size)
{
    if (fifo->start > fifo->room / 2) {
        memmove(fifo->block, fifo->block + fifo->start * size, used * size);
        fifo->start = 0;
    } else {
        fifo->room = fifo->room ? (uint16_t)(fifo->room * 2) : ROOM_FIRST;
        fifo->block = xrealloc(fifo->block, fifo->room * size);
    }
}

void fifo_push_behind(struct fifo *fifo, const void *element, size_t size)
{
    size_t used = fifo->count++ - 1u;
    if (fifo->start + used == fifo->room)
        make_room(fifo, used, size);
    memcpy(fifo->block + (fifo->start + used) * size, element, size);
}

void fifo_pop_behind(struct fifo *fifo, void *first, size_t size)
{
    memcpy(first, fifo->block + fifo->start++ * size, size);
    if (--fifo->count > 1)
        return;
    free(fifo->block);
    fifo->block = NULL;
    fifo->start = fifo->room = 0;
}

void fifo_done(struct fifo *fifo)
{
    free(fifo->block);
    *fifo = (struct fifo){0};
}
