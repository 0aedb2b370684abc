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

void fifo_push_behind(struct fifo *fifo, struct fifo_place place, const void *element)
{
    size_t used = fifo->count++ - place.near;
    if (fifo->start + used == fifo->room)
        make_room(fifo, used, place.size);
    memcpy(fifo->block + (fifo->start + used) * place.size, element, place.size);
}

/* Drops some of the first elements, and moves elements of the block to their place. */
static void drop_near(struct fifo *fifo, struct fifo_place place, unsigned count)
{
    unsigned have = fifo->count < place.near ? fifo->count : place.near, keep = have - count;
    unsigned behind = fifo->count - have, moved = behind < count ? behind : count;
    uint8_t *first = place.first, *to = first + keep * place.size;
    memmove(first, first + count * place.size, keep * place.size);
    if (moved > 0)
        memcpy(to, fifo->block + fifo->start * place.size, moved * place.size);
    memset(to + moved * place.size, 0, (count - moved) * place.size);
    fifo->start = (uint16_t)(fifo->start + moved);
    fifo->count = (uint16_t)(fifo->count - count);
}

NOINLINE void fifo_drop_some(struct fifo *fifo, struct fifo_place place, unsigned count)
{
    while (count > 0) {
        unsigned have = fifo->count < place.near ? fifo->count : place.near;
        unsigned now = count < have ? count : have;
        drop_near(fifo, place, now);
        count -= now;
    }
    if (fifo->count > place.near)
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
