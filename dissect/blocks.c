/* blocks.c: blocks are cut off chunks that double in size. */
#include "blocks.h"

#include <stdlib.h>

/* The first is enough for many captures. The last size is small: all of a chunk counts as used,
 * though most of the latest one is not. */
enum { CHUNK_FIRST = 1 << 13, CHUNK_LAST = 1 << 16 };

/* A chunk begins with the pointer to the one before it; the blocks begin with a cache line, so that
 * those of so many whole lines take no more. */
enum { CHUNK_HEAD = sizeof(void *) + CACHE_LINE };

static size_t rounded(size_t size)
{
    return size ? (size + BLOCK_STEP - 1) / BLOCK_STEP * BLOCK_STEP : BLOCK_STEP;
}

static void add_chunk(struct blocks *blocks)
{
    if (blocks->chunk_size == 0)
        blocks->chunk_size = CHUNK_FIRST;
    else if (blocks->chunk_size < CHUNK_LAST)
        blocks->chunk_size *= 2;
    if (blocks->pages && blocks->chunk_size > CHUNK_FIRST) {
        blocks->fresh = pages_take(blocks->pages, blocks->chunk_size);
        blocks->fresh_size = blocks->chunk_size - BLOCK_SLACK;
        return;
    }
    uint8_t *chunk = xmalloc(blocks->chunk_size + BLOCK_SLACK);
    memcpy(chunk, &blocks->chunks, sizeof blocks->chunks);
    blocks->chunks = chunk;
    blocks->fresh = chunk + CHUNK_HEAD - (uintptr_t)(chunk + CHUNK_HEAD) % CACHE_LINE;
    blocks->fresh_size = blocks->chunk_size - CHUNK_HEAD;
}

static void put_free(struct blocks *blocks, void *block, size_t size)
{
    void **list = &blocks->free[size / BLOCK_STEP];
    memcpy(block, list, sizeof *list);
    *list = block;
}

static void *take_free(struct blocks *blocks, size_t size)
{
    void **list = &blocks->free[size / BLOCK_STEP], *block = *list;
    if (block)
        memcpy(list, block, sizeof *list);
    return block;
}

/* Cuts a block off a larger one. Else what one kind of connections leaves would be in vain for
 * another kind, though nobody counts it any more. */
static void *cut_free(struct blocks *blocks, size_t size)
{
    for (size_t larger = size + BLOCK_STEP; larger <= BLOCK_MOST; larger += BLOCK_STEP) {
        uint8_t *block = take_free(blocks, larger);
        if (!block)
            continue;
        put_free(blocks, block + size, larger - size);
        return block;
    }
    return NULL;
}

void *blocks_new(struct blocks *blocks, size_t size)
{
    size = rounded(size);
    blocks->used += size;
    if (size > BLOCK_MOST)
        return xmalloc(size + BLOCK_SLACK);
    void *block = take_free(blocks, size);
    if (!block && blocks->fresh_size < size)
        block = cut_free(blocks, size);
    if (block)
        return block;
    if (blocks->fresh_size < size) /* what is left of the old one is too little to matter */
        add_chunk(blocks);
    block = blocks->fresh;
    blocks->fresh += size;
    blocks->fresh_size -= size;
    return block;
}

void blocks_free(struct blocks *blocks, void *block, size_t size)
{
    size = rounded(size);
    blocks->used -= size;
    if (size > BLOCK_MOST) {
        free(block);
        return;
    }
    put_free(blocks, block, size);
}

void blocks_done(struct blocks *blocks)
{
    for (void *chunk = blocks->chunks, *next; chunk; chunk = next) {
        memcpy(&next, chunk, sizeof next);
        free(chunk);
    }
    *blocks = (struct blocks){.pages = blocks->pages};
}
