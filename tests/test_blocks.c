/* test_blocks.c: blocks of all sizes, none of which shares a byte with another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <unistd.h>

#include <cmocka.h>

#include "../dissect/blocks.h"

enum { BLOCKS = 3000, SIZE_MAX_ASKED = BLOCK_MOST + 100, ROUNDS = 5 };

struct block {
    uint8_t *bytes;
    size_t size;
};

static size_t size_of(unsigned i, unsigned round)
{
    return (i * 131u + round * 17u) % SIZE_MAX_ASKED;
}

static void fill(const struct block *block, unsigned i)
{
    memset(block->bytes, (int)(i & 0xff), block->size);
}

static void expect_filled(const struct block *block, unsigned i)
{
    for (size_t at = 0; at < block->size; at++)
        assert_int_equal(block->bytes[at], i & 0xff);
}

static void expect_apart(struct pages *pages)
{
    static struct block held[BLOCKS];
    struct blocks blocks = {.pages = pages};
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < BLOCKS; i++) {
            if (round > 0 && i % 3 == round % 3)
                continue; /* this one is still there */
            held[i].size = size_of(i, round);
            held[i].bytes = blocks_new(&blocks, held[i].size);
            assert_int_equal((uintptr_t)held[i].bytes % BLOCK_STEP, 0);
            fill(&held[i], i);
        }
        for (unsigned i = 0; i < BLOCKS; i++) {
            expect_filled(&held[i], i);
            if (round + 1 == ROUNDS || i % 3 != (round + 1) % 3)
                blocks_free(&blocks, held[i].bytes, held[i].size);
        }
        blocks_give_back(&blocks);
        assert_in_range(blocks.used, 0, blocks.held);
    }
    assert_int_equal(blocks.used, 0);
    blocks_done(&blocks);
}

static void blocks_keep_apart(void **state)
{
    (void)state;
    struct pages *pages = pages_new();
    expect_apart(NULL);
    expect_apart(pages);
    expect_apart(pages); /* behind what others have taken */
    pages_free(pages);
}

static void what_is_free_is_used_first(void **state)
{
    (void)state;
    struct blocks blocks = {0};
    void *first = blocks_new(&blocks, 100);
    blocks_free(&blocks, first, 100);
    assert_ptr_equal(blocks_new(&blocks, 104), first); /* the same when rounded */
    assert_ptr_not_equal(blocks_new(&blocks, 105), first);
    assert_int_equal(blocks.used, 104 + 112);
    blocks_done(&blocks); /* small ones need not be freed one by one */
}

/* Before more memory is taken, they are cut in small ones. */
static void what_larger_ones_leave_is_used(void **state)
{
    (void)state;
    enum { LARGE = 1024, LARGE_ONES = 1000 };
    static void *large[LARGE_ONES];
    struct blocks blocks = {0};
    for (unsigned i = 0; i < LARGE_ONES; i++)
        large[i] = blocks_new(&blocks, LARGE);
    const void *chunks = blocks.chunks;
    for (unsigned i = 0; i < LARGE_ONES; i++)
        blocks_free(&blocks, large[i], LARGE);
    for (unsigned i = 0; i < LARGE_ONES * 3; i++) {
        struct block block = {.size = i % 2 ? 200 : 304};
        block.bytes = blocks_new(&blocks, block.size);
        fill(&block, i);
    }
    assert_ptr_equal(blocks.chunks, chunks);
    assert_int_equal(blocks.used, LARGE_ONES * 3 / 2 * (200 + 304));
    blocks_done(&blocks);
}

/* The other way round: what lies side by side is one. */
static void what_smaller_ones_leave_is_used(void **state)
{
    (void)state;
    enum { SMALL = 200, SMALL_ONES = 5000 };
    static void *small[SMALL_ONES];
    struct blocks blocks = {0};
    for (unsigned i = 0; i < SMALL_ONES; i++)
        small[i] = blocks_new(&blocks, SMALL);
    const size_t held = blocks.held;
    for (unsigned i = 0; i < SMALL_ONES; i++) /* in another order than that of their places */
        blocks_free(&blocks, small[i * 7 % SMALL_ONES], SMALL);
    for (unsigned i = 0; i < SMALL_ONES * SMALL / 1100; i++) {
        struct block block = {.size = i % 2 ? 1104 : 1000};
        block.bytes = blocks_new(&blocks, block.size);
        fill(&block, i);
    }
    assert_int_equal(blocks.held, held);
    blocks_done(&blocks);
}

static void what_is_free_is_given_back(void **state)
{
    (void)state;
    enum { ONES = 6000, SIZE = 400, KEPT = 100 };
    static struct block ones[ONES];
    struct pages *pages = pages_new();
    struct blocks blocks = {.pages = pages};
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = round ? KEPT : 0; i < ONES; i++) {
            ones[i] = (struct block){.bytes = blocks_new(&blocks, SIZE), .size = SIZE};
            fill(&ones[i], i);
        }
        const size_t held = blocks.held;
        assert_in_range(held, ONES * SIZE, ONES * SIZE * 9 / 8);
        blocks_give_back(&blocks); /* nothing is free */
        assert_int_equal(blocks.held, held);
        for (unsigned i = 0; i < ONES; i++) {
            expect_filled(&ones[i], i);
            if (i >= KEPT)
                blocks_free(&blocks, ones[i].bytes, SIZE);
        }
        blocks_give_back(&blocks);
#ifdef __linux__
        if (sysconf(_SC_PAGESIZE) == PAGE_BYTES) /* larger ones are hardly whole */
            assert_in_range(blocks.held, KEPT * SIZE, ONES * SIZE / 4);
#endif
    }
    blocks_done(&blocks);
    pages_free(pages);
}

/* First all but one in seven go: what is between holds no whole page. Then these go, too. */
static void what_lay_apart_is_given_back(void **state)
{
    (void)state;
    enum { ONES = 6000, SIZE = 400, EACH = 7 };
    static void *ones[ONES];
    struct pages *pages = pages_new();
    struct blocks blocks = {.pages = pages};
    for (unsigned i = 0; i < ONES; i++)
        ones[i] = blocks_new(&blocks, SIZE);
    for (unsigned kept = 0; kept < 2; kept++) {
        for (unsigned i = 0; i < ONES; i++)
            if ((i % EACH == 0) == kept)
                blocks_free(&blocks, ones[i], SIZE);
        blocks_give_back(&blocks);
    }
#ifdef __linux__
    if (sysconf(_SC_PAGESIZE) == PAGE_BYTES)
        assert_true(blocks.held < ONES * SIZE / 4);
#endif
    blocks_done(&blocks);
    pages_free(pages);
}

/* So that none has a part in one line more than it needs. */
static void blocks_of_whole_lines_begin_with_one(void **state)
{
    (void)state;
    struct pages *pages = pages_new();
    struct blocks own = {0}, blocks = {.pages = pages};
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal((uintptr_t)blocks_new(&own, 320) % 64, 0);
        assert_int_equal((uintptr_t)blocks_new(&blocks, 320) % 64, 0);
    }
    blocks_done(&own);
    blocks_done(&blocks);
    pages_free(pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_apart),
        cmocka_unit_test(what_is_free_is_used_first),
        cmocka_unit_test(what_larger_ones_leave_is_used),
        cmocka_unit_test(what_smaller_ones_leave_is_used),
        cmocka_unit_test(what_is_free_is_given_back),
        cmocka_unit_test(what_lay_apart_is_given_back),
        cmocka_unit_test(blocks_of_whole_lines_begin_with_one),
    };
    return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
