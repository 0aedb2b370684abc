/* blocks.c: blocks are cut off chunks that double in size. */
#include "blocks.h"

#include <stdlib.h>

/* The first is enough for many captures. The last size is small: all of a chunk counts as used,
 * though most of the latest one is not. */
enum { CHUNK_FIRST = 1 << 13, CHUNK_LAST = 1 << 16 };

/* A chunk begins with the pointer to the one before it; the blocks begin with a cache line, so that
 * those of so many whole lines take no more. */
enum { CHUNK_HEAD = sizeof(void *) + CACHE_LINE };

/* Neighbours are looked for where it is worth the time: once as much has been taken back since the
 * last time, and an eighth of what is in use. */
enum { APART_MOST = 1 << 17 };

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
    blocks->held += blocks->chunk_size;
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

/* --- what was taken back --- */

struct block_run {
    struct block_run *next;
    size_t size, dropped; /* dropped: bytes of it that were given back */
};

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

/* A free block as a number: by where it lies, then by its size. */
enum { SIZE_BITS = 9 };
_Static_assert(BLOCK_MOST / BLOCK_STEP < 1 << SIZE_BITS, "sizes have room in a number");

static uint64_t free_number(const void *block, size_t size)
{
    return (uint64_t)((uintptr_t)block / BLOCK_STEP) << SIZE_BITS | size / BLOCK_STEP;
}

static uint8_t *free_block(uint64_t number)
{
    return (uint8_t *)(uintptr_t)((number >> SIZE_BITS) * BLOCK_STEP);
}

static size_t free_size(uint64_t number)
{
    return (size_t)(number & ((1 << SIZE_BITS) - 1)) * BLOCK_STEP;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Takes all out of the lists. */
static uint64_t *all_free(struct blocks *blocks, size_t *count)
{
    size_t room = 0;
    uint64_t *all = NULL;
    *count = 0;
    for (size_t size = BLOCK_STEP; size <= BLOCK_MOST; size += BLOCK_STEP) {
        for (void *block; (block = take_free(blocks, size));) {
            if (*count == room) {
                room = room ? room * 2 : 1024;
                all = xrealloc(all, room * sizeof *all);
            }
            all[(*count)++] = free_number(block, size);
        }
    }
    return all;
}

static void put_run(struct blocks *blocks, uint8_t *memory, size_t size)
{
    if (size <= BLOCK_MOST) {
        put_free(blocks, memory, size);
        return;
    }
    struct block_run *run = (struct block_run *)(void *)memory;
    *run = (struct block_run){.next = blocks->runs, .size = size};
    blocks->runs = run;
}

/* Finds neighbours among the free blocks. */
static void join_free(struct blocks *blocks)
{
    size_t count;
    uint64_t *all = all_free(blocks, &count);
    if (count > 0)
        qsort(all, count, sizeof *all, by_number);
    for (size_t i = 0, next; i < count; i = next) {
        uint8_t *begin = free_block(all[i]);
        size_t size = free_size(all[i]);
        for (next = i + 1; next < count && free_block(all[next]) == begin + size; next++)
            size += free_size(all[next]);
        put_run(blocks, begin, size);
    }
    free(all);
    blocks->apart = 0;
}

static bool next_run(struct blocks *blocks)
{
    struct block_run *run = blocks->runs;
    if (!run)
        return false;
    blocks->runs = run->next;
    blocks->held += run->dropped;
    blocks->fresh_size = run->size;
    blocks->fresh = (uint8_t *)run;
    return true;
}

/* Has `fresh` be larger than any block. */
static void refresh(struct blocks *blocks)
{
    if (blocks->fresh_size > 0)
        put_free(blocks, blocks->fresh, blocks->fresh_size);
    if (!next_run(blocks))
        add_chunk(blocks);
}

/* A block of what was taken back, though it was another one; NULL if there is none. */
static void *find_other(struct blocks *blocks, size_t size)
{
    void *block = cut_free(blocks, size);
    if (block || blocks->runs || blocks->apart < APART_MOST || blocks->apart < blocks->used / 8)
        return block;
    join_free(blocks);
    block = take_free(blocks, size);
    return block ? block : cut_free(blocks, size);
}

void *blocks_new(struct blocks *blocks, size_t size)
{
    size = rounded(size);
    blocks->used += size;
    if (size > BLOCK_MOST) {
        blocks->held += size;
        return xmalloc(size + BLOCK_SLACK);
    }
    void *block = take_free(blocks, size);
    if (!block && blocks->fresh_size < size)
        block = find_other(blocks, size);
    if (block)
        return block;
    if (blocks->fresh_size < size)
        refresh(blocks);
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
        blocks->held -= size;
        free(block);
        return;
    }
    put_free(blocks, block, size);
    blocks->apart += size;
}

void blocks_give_back(struct blocks *blocks)
{
    const size_t idle = blocks->held - blocks->used;
    if (!blocks->pages || idle < blocks->held / 4 || blocks->apart < APART_MOST ||
        blocks->apart < blocks->held / 8)
        return;
    join_free(blocks);
    for (struct block_run *run = blocks->runs; run; run = run->next) {
        if (run->dropped > 0)
            continue;
        run->dropped = pages_drop(blocks->pages, run + 1, run->size - sizeof *run);
        blocks->held -= run->dropped;
    }
}

void blocks_done(struct blocks *blocks)
{
    for (void *chunk = blocks->chunks, *next; chunk; chunk = next) {
        memcpy(&next, chunk, sizeof next);
        free(chunk);
    }
    *blocks = (struct blocks){.pages = blocks->pages};
}
