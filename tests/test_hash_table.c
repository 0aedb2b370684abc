/* test_hash_table.c: entries found, removed, and kept through growth, also where hashes collide. */
#include "../dissect/hash_table.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

struct entry {
    struct hash_node node;
    unsigned value;
};

static struct entry *find(const struct hash_table *table, uint64_t hash, unsigned value)
{
    for (struct hash_node *node = hash_table_first(table, hash); node; node = hash_table_next(node))
        if (((struct entry *)node)->value == value)
            return (struct entry *)node;
    return NULL;
}

/* Every seventh hash is shared by several entries. */
static uint64_t hash_of(unsigned value)
{
    return value % 7 ? value * UINT64_C(0x9e3779b97f4a7c15) : 42;
}

static void entries_are_found_until_removed(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    struct hash_table table = {0};
    struct entry *entries = xcalloc(COUNT, sizeof *entries);
    assert_null(hash_table_first(&table, 42));
    for (unsigned i = 0; i < COUNT; i++) {
        entries[i] = (struct entry){.node.hash = hash_of(i), .value = i};
        hash_table_add(&table, &entries[i].node);
        assert_int_equal(table.count, i + 1);
    }
    for (unsigned i = 0; i < COUNT; i++)
        assert_ptr_equal(find(&table, hash_of(i), i), &entries[i]);
    assert_null(find(&table, hash_of(COUNT + 1), COUNT + 1));
    for (unsigned i = 0; i < COUNT; i += 2)
        hash_table_remove(&table, &entries[i].node);
    assert_int_equal(table.count, COUNT / 2);
    for (unsigned i = 0; i < COUNT; i++)
        assert_ptr_equal(find(&table, hash_of(i), i), i % 2 ? &entries[i] : NULL);
    hash_table_done(&table);
    assert_null(hash_table_first(&table, 42));
    free(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_found_until_removed),
    };
    return cmocka_run_group_tests_name("hash_table", tests, NULL, NULL);
}
