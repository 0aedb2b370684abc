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
    bool tried;           /* to be given back */
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

/* Free blocks, as numbers. */
struct numbers {
    uint64_t *items;
    size_t count, room;
};

static void add_number(struct numbers *numbers, const void *block, size_t size)
{
    if (numbers->count == numbers->room) {
        numbers->room = numbers->room ? numbers->room * 2 : 1024;
        numbers->items = xrealloc(numbers->items, numbers->room * sizeof *numbers->items);
    }
    numbers->items[numbers->count++] = free_number(block, size);
}

/* Takes runs out of their list, as blocks; but not those of which memory was given back. */
static void add_runs(struct numbers *numbers, struct blocks *blocks)
{
    struct block_run **link = &blocks->runs;
    for (struct block_run *run; (run = *link);) {
        if (run->dropped > 0) {
            link = &run->next;
            continue;
        }
        *link = run->next;
        const size_t size = run->size;
        blocks->whole -= run->tried ? 0 : size;
        for (size_t at = 0; at < size; at += BLOCK_MOST)
            add_number(numbers, (const uint8_t *)run + at,
                       size - at < BLOCK_MOST ? size - at : BLOCK_MOST);
    }
}

/* Takes all out of the lists. */
static struct numbers all_free(struct blocks *blocks)
{
    struct numbers all = {0};
    for (size_t size = BLOCK_STEP; size <= BLOCK_MOST; size += BLOCK_STEP)
        for (void *block; (block = take_free(blocks, size));)
            add_number(&all, block, size);
    add_runs(&all, blocks);
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
    blocks->whole += size;
}

/* Finds neighbours among the free blocks. */
static void join_free(struct blocks *blocks)
{
    const struct numbers all = all_free(blocks);
    if (all.count > 0)
        qsort(all.items, all.count, sizeof *all.items, by_number);
    for (size_t i = 0, next; i < all.count; i = next) {
        uint8_t *begin = free_block(all.items[i]);
        size_t size = free_size(all.items[i]);
        for (next = i + 1; next < all.count && free_block(all.items[next]) == begin + size; next++)
            size += free_size(all.items[next]);
        put_run(blocks, begin, size);
    }
    free(all.items);
    blocks->apart = 0;
}

static bool next_run(struct blocks *blocks)
{
    struct block_run *run = blocks->runs;
    if (!run)
        return false;
    blocks->runs = run->next;
    blocks->held += run->dropped;
    blocks->whole -= run->tried ? 0 : run->size;
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

/* Runs are left by whoever looked for neighbours last: here, or where a block was needed. */
void blocks_give_back(struct blocks *blocks)
{
    const size_t idle = blocks->held - blocks->used;
    if (!blocks->pages || idle < blocks->held / 4)
        return;
    if (blocks->apart >= APART_MOST && blocks->apart >= blocks->held / 8)
        join_free(blocks);
    if (blocks->whole < APART_MOST)
        return;
    for (struct block_run *run = blocks->runs; run; run = run->next) {
        if (run->tried)
            continue;
        run->tried = true;
        run->dropped = pages_drop(blocks->pages, run + 1, run->size - sizeof *run);
        blocks->held -= run->dropped;
    }
    blocks->whole = 0;
}

void blocks_done(struct blocks *blocks)
{
    for (void *chunk = blocks->chunks, *next; chunk; chunk = next) {
        memcpy(&next, chunk, sizeof next);
        free(chunk);
    }
    *blocks = (struct blocks){.pages = blocks->pages};
}
