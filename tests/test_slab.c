/* test_slab.c: numbers that stay, and come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <unistd.h>

#include <cmocka.h>

#include "../dissect/slab.h"

enum { ENTRIES = 5 * SLAB_CHUNK + 3 };

struct entry {
    uint64_t key[5];
};

static struct entry *at(const struct slab *slab, uint32_t number)
{
    return slab_at(slab, number);
}

static void expect_entries_to_stay(struct pages *pages)
{
    struct slab slab = {.size = sizeof(struct entry), .pages = pages};
    struct entry *places[ENTRIES];
    uint32_t numbers[ENTRIES];
    for (unsigned i = 0; i < ENTRIES; i++) {
        numbers[i] = slab_new(&slab);
        assert_int_not_equal(numbers[i], SLAB_NONE);
        places[i] = at(&slab, numbers[i]);
        places[i]->key[0] = places[i]->key[4] = i;
    }
    assert_int_equal(slab.used, ENTRIES);
    for (unsigned i = 0; i < ENTRIES; i++) {
        assert_ptr_equal(at(&slab, numbers[i]), places[i]);
        assert_int_equal(places[i]->key[0], i); /* so that no two are the same */
        assert_int_equal(places[i]->key[4], i);
    }
    slab_done(&slab);
    assert_int_equal(slab.used, 0);
}

static void entries_stay_where_they_are(void **state)
{
    (void)state;
    struct pages *pages = pages_new();
    expect_entries_to_stay(NULL);
    expect_entries_to_stay(pages);
    pages_free(pages);
}

static void freed_numbers_come_back(void **state)
{
    (void)state;
    struct slab slab = {.size = sizeof(struct entry)};
    bool is_free[ENTRIES + 1] = {false};
    for (unsigned i = 0; i < ENTRIES; i++)
        at(&slab, slab_new(&slab))->key[4] = i + 1;
    for (uint32_t number = 1; number <= ENTRIES; number += 3) {
        slab_free(&slab, number);
        is_free[number] = true;
    }
    for (uint32_t left = ENTRIES - slab.used; left > 0; left--) {
        uint32_t number = slab_new(&slab);
        assert_in_range(number, 1, ENTRIES);
        assert_true(is_free[number]);
        is_free[number] = false;
    }
    for (uint32_t number = 2; number <= ENTRIES; number += 3)
        assert_int_equal(at(&slab, number)->key[4], number); /* as it was */
    assert_int_equal(slab_new(&slab), ENTRIES + 1);
    slab_done(&slab);
}

/* What comes back from Linux is zero: all but the first chunk, which is not of pages, and the edges
 * of others. */
static void expect_given_back(const struct slab *slab, uint32_t chunks)
{
#ifdef __linux__
    if (sysconf(_SC_PAGESIZE) != PAGE_BYTES)
        return; /* larger pages are not whole in a chunk */
    size_t zeros = 0;
    for (uint32_t number = 1; number <= chunks * SLAB_CHUNK; number++)
        zeros += at(slab, number)->key[4] == 0;
    assert_in_range(zeros, chunks * SLAB_CHUNK / 2, (chunks - 1) * SLAB_CHUNK);
    assert_in_range(slab->fresh * slab->size - slab_held(slab), zeros * slab->size * 9 / 10,
                    (chunks - 1) * SLAB_CHUNK * slab->size);
#else
    (void)chunks;
    assert_int_equal(slab_held(slab), slab->fresh * slab->size);
#endif
}

/* All but some entries of the first chunks are freed; of others, one is left in each. */
static void what_is_free_is_given_back(void **state)
{
    (void)state;
    enum { CHUNKS = 40, EMPTY = 30, MANY = CHUNKS * SLAB_CHUNK };
    struct pages *pages = pages_new();
    struct slab slab = {.size = sizeof(struct entry), .pages = pages};
    static bool in_use[MANY + 1];
    for (unsigned round = 0; round < 3; round++) {
        while (slab.used < MANY) {
            uint32_t number = slab_new(&slab);
            assert_in_range(number, 1, MANY);
            assert_false(in_use[number]);
            in_use[number] = true;
            at(&slab, number)->key[0] = at(&slab, number)->key[4] = number;
        }
        assert_int_equal(slab_held(&slab), MANY * slab.size);
        slab_give_back(&slab); /* nothing is free */
        assert_int_equal(slab_held(&slab), MANY * slab.size);
        for (uint32_t number = 1; number <= MANY; number++) {
            assert_int_equal(at(&slab, number)->key[0], number);
            assert_int_equal(at(&slab, number)->key[4], number);
            in_use[number] = number > EMPTY * SLAB_CHUNK && number % SLAB_CHUNK == 0;
            if (!in_use[number])
                slab_free(&slab, number);
        }
        slab_give_back(&slab);
        expect_given_back(&slab, EMPTY);
        slab_give_back(&slab); /* no more to be had */
        assert_int_equal(slab.used, CHUNKS - EMPTY);
    }
    slab_done(&slab);
    pages_free(pages);
}

/* The list of free entries lies in the entries. */
static void the_smallest_entries(void **state)
{
    (void)state;
    struct slab slab = {.size = sizeof(uint32_t)};
    uint32_t numbers[SLAB_CHUNK + 1];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < COUNT_OF(numbers); i++) {
            numbers[i] = slab_new(&slab);
            memset(slab_at(&slab, numbers[i]), 0xff, slab.size);
        }
        for (unsigned i = 0; i < COUNT_OF(numbers); i++)
            slab_free(&slab, numbers[i]);
        assert_int_equal(slab.used, 0);
    }
    assert_int_equal(slab.fresh, COUNT_OF(numbers));
    slab_done(&slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_stay_where_they_are),
        cmocka_unit_test(freed_numbers_come_back),
        cmocka_unit_test(what_is_free_is_given_back),
        cmocka_unit_test(the_smallest_entries),
    };
    return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}
