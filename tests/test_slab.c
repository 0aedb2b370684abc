/* test_slab.c: numbers that stay, and come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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
        cmocka_unit_test(the_smallest_entries),
    };
    return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}
