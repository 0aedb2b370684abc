/* test_spill.c: blocks in runs go to disk and come back in the order of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/spill.h"
#include "full_disk.h"

enum { BLOCK_MAX = 100 * 1000 };

static uint64_t random_below(uint64_t *seed, uint64_t limit)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1;
    return (*seed >> 33) % limit;
}

/* Block sizes from nothing to more than any buffer, mostly small; content from the order. */
static size_t size_of(uint64_t order)
{
    uint64_t seed = order;
    switch (random_below(&seed, 10)) {
    case 0:
        return 0;
    case 1:
        return random_below(&seed, BLOCK_MAX);
    default:
        return random_below(&seed, 600);
    }
}

static void add(struct spill *spill, uint64_t order)
{
    static uint8_t bytes[BLOCK_MAX];
    size_t n = size_of(order);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(order + i);
    spill_add(spill, order, span_of(bytes, n));
}

static void expect_block(const struct buf *block, uint64_t order)
{
    assert_int_equal(block->n, size_of(order));
    for (size_t i = 0; i < block->n; i++)
        if (block->p[i] != (uint8_t)(order + i))
            fail_msg("block %llu is not what it was", (unsigned long long)order);
}

static uint64_t take(struct spill *spill, struct buf *block)
{
    uint64_t order;
    assert_true(spill_first(spill, &order));
    assert_true(spill_take(spill, block));
    expect_block(block, order);
    return order;
}

static void runs_are_merged(void **state)
{
    (void)state;
    enum { RUNS = 37, BLOCKS = 4000 };
    struct spill *spill = spill_new();
    struct buf block = {0};
    uint64_t order;
    assert_false(spill_first(spill, &order));
    for (unsigned run = 0; run < RUNS; run++) { /* each run has every 37th */
        assert_true(spill_begin(spill));
        for (order = run; order < BLOCKS; order += RUNS)
            add(spill, order);
        spill_end(spill);
    }
    for (order = 0; order < BLOCKS; order++)
        assert_int_equal(take(spill, &block), order);
    assert_false(spill_first(spill, &order));
    assert_int_equal(spill_lost(spill), 0);
    buf_done(&block);
    spill_free(spill);
}

/* As a shard does it: what comes later may be of any order above what was taken. */
static void taken_in_between(void **state)
{
    (void)state;
    enum { ROUNDS = 60, RUN = 50 };
    static bool is_out[ROUNDS * RUN * 8];
    struct spill *spill = spill_new();
    struct buf block = {0};
    uint64_t order, last = 0, seed = 5, added = 0, taken = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        assert_true(spill_begin(spill));
        for (order = last + 1 + round % 7; order < last + RUN * 6;
             order += 1 + random_below(&seed, 9))
            if (!is_out[order]) {
                is_out[order] = true;
                add(spill, order);
                added++;
            }
        spill_end(spill);
        /* Sometimes all of it, so that the file begins anew. */
        uint64_t most = round % 10 == 9 ? UINT64_MAX : random_below(&seed, 2 * RUN);
        for (; most > 0 && spill_first(spill, &order); most--, taken++) {
            assert_true(order > last);
            last = take(spill, &block);
        }
    }
    for (; spill_first(spill, &order); taken++) {
        assert_true(order > last);
        last = take(spill, &block);
    }
    assert_int_equal(taken, added);
    buf_done(&block);
    spill_free(spill);
}

static void a_run_without_blocks(void **state)
{
    (void)state;
    struct spill *spill = spill_new();
    struct buf block = {0};
    uint64_t order;
    assert_true(spill_begin(spill));
    spill_end(spill);
    assert_false(spill_first(spill, &order));
    assert_true(spill_begin(spill));
    add(spill, 7);
    spill_end(spill);
    assert_int_equal(take(spill, &block), 7);
    buf_done(&block);
    spill_free(spill);
    spill_free(NULL);
}

/* Takes all that there is, and returns how many blocks came. */
static uint64_t take_all(struct spill *spill)
{
    struct buf block = {0};
    uint64_t order, got = 0;
    while (spill_first(spill, &order))
        if (spill_take(spill, &block)) {
            expect_block(&block, order); /* one that comes is whole */
            got++;
        }
    buf_done(&block);
    return got;
}

static void a_full_disk_loses_blocks_and_says_so(void **state)
{
    (void)state;
    enum { BLOCKS = 3000 };
    /* The disk is full after so many bytes, for ever, or until a part of a run was written. */
    static const struct {
        rlim_t room;
        bool passes;
    } cases[] = {{0, false},       {8, false},    {100, false},   {70000, false},
                 {1000000, false}, {70000, true}, {500001, true}, {0, true}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct spill *spill = spill_new();
        limit_files(cases[i].room);
        uint64_t added = 0;
        for (unsigned run = 0; run < 4; run++) {
            assert_true(spill_begin(spill));
            for (uint64_t order = run; order < BLOCKS; order += 4, added++) {
                if (cases[i].passes && run == 1 && order > BLOCKS / 2)
                    limit_files(RLIM_INFINITY);
                add(spill, order);
            }
            spill_end(spill);
        }
        uint64_t got = take_all(spill);
        assert_int_equal(got + spill_lost(spill), added);
        assert_true(got < added);
        if (cases[i].passes)
            assert_true(got >= BLOCKS / 2); /* the runs after it are whole */
        limit_files(RLIM_INFINITY);
        spill_free(spill);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_merged),
        cmocka_unit_test(taken_in_between),
        cmocka_unit_test(a_run_without_blocks),
        cmocka_unit_test(a_full_disk_loses_blocks_and_says_so),
    };
    return cmocka_run_group_tests_name("spill", tests, NULL, NULL);
}
