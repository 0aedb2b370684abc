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

static unsigned behind(struct fifo fifo, unsigned count)
{
    return count > fifo.near ? count - fifo.near : 0;
}

/* Those that stay move up: some from the block to where the first lie. */
NOINLINE void fifo_drop_some(struct fifo fifo, unsigned count)
{
    unsigned before = *fifo.count, left = before - count;
    for (unsigned i = 0; i < fifo.near && i < before; i++) {
        if (i < left)
            memcpy(fifo_near(fifo, i), fifo_at(fifo, i + count), fifo.size);
        else
            memset(fifo_near(fifo, i), 0, fifo.size);
    }
    *fifo.count = (uint16_t)left;
    if (left > fifo.near) {
        (*fifo.block)->start += (uint16_t)(behind(fifo, before) - behind(fifo, left));
    } else if (before > fifo.near) {
        free(*fifo.block);
        *fifo.block = NULL;
    }
}

/* Those that stay go to a block of their own: cut where it is, the old one would leave holes that
 * no other of its size fits in. */
void fifo_keep(struct fifo fifo, unsigned count)
{
    struct fifo_block *old = *fifo.block, *block = NULL;
    const unsigned left = behind(fifo, count);
    if (count >= *fifo.count)
        return;
    for (unsigned i = count; i < fifo.near; i++)
        memset(fifo_near(fifo, i), 0, fifo.size);
    if (left > 0) {
        block = xmalloc(sizeof *block + left * fifo.size);
        block->start = 0;
        block->room = (uint16_t)left;
        memcpy(block->bytes, old->bytes + old->start * fifo.size, left * fifo.size);
    }
    free(old);
    *fifo.block = block;
    *fifo.count = (uint16_t)count;
}

void fifo_done(struct fifo fifo)
{
    free(*fifo.block);
    *fifo.block = NULL;
    *fifo.count = 0;
}
