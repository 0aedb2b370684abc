/* fifo.c: see fifo.h. */
#include "fifo.h"

#include <stdlib.h>

enum { ROOM_FIRST = 4 };

/* Makes room in the block for one more behind its `used` elements. */
static struct fifo_block *make_room(struct fifo_block *block, size_t used, size_t size)
{
    if (block && block->start > block->room / 2) {
        memmove(block->bytes, block->bytes + block->start * size, used * size);
        block->start = 0;
        return block;
    }
    uint16_t start = block ? block->start : 0, room = block ? block->room : 0;
    room = room ? (uint16_t)(room * 2) : ROOM_FIRST;
    block = xrealloc(block, sizeof *block + room * size);
    block->start = start;
    block->room = room;
    return block;
}

void *fifo_add_behind(struct fifo fifo)
{
    size_t used = (*fifo.count)++ - fifo.near;
    struct fifo_block *block = *fifo.block;
    if (!block || block->start + used == block->room)
        *fifo.block = block = make_room(block, used, fifo.size);
    return memset(block->bytes + (block->start + used) * fifo.size, 0, fifo.size);
}

/* Drops the first, and moves the others up: of those behind, the first comes near. */
static void drop_first(struct fifo fifo)
{
    unsigned have = *fifo.count < fifo.near ? *fifo.count : fifo.near;
    for (unsigned i = 0; i + 1 < have; i++)
        memcpy(fifo_near(fifo, i), fifo_near(fifo, i + 1), fifo.size);
    uint8_t *last = fifo_near(fifo, have - 1);
    if (*fifo.count > fifo.near) {
        struct fifo_block *block = *fifo.block;
        memcpy(last, block->bytes + block->start++ * fifo.size, fifo.size);
    } else {
        memset(last, 0, fifo.size);
    }
    (*fifo.count)--;
}

NOINLINE void fifo_drop_some(struct fifo fifo, unsigned count)
{
    for (; count > 0; count--)
        drop_first(fifo);
    if (*fifo.count > fifo.near)
        return;
    free(*fifo.block);
    *fifo.block = NULL;
}

void fifo_done(struct fifo fifo)
{
    free(*fifo.block);
    *fifo.block = NULL;
    *fifo.count = 0;
}
