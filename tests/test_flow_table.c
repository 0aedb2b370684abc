/* test_flow_table.c: what was added is found, while it grows and while entries go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/flow_table.h"

struct entry {
    struct flow_key key;
    bool in;
};

enum { ENTRIES = 20000 };
static const struct hash_key fixed = {1, 2};

static struct endpoint endpoint_of(uint32_t address, uint16_t port)
{
    struct endpoint e = {.port = port};
    memcpy(e.ip, &address, sizeof address);
    return e;
}

static struct flow_key key_of(uint32_t i)
{
    unsigned end;
    struct endpoint a = endpoint_of(i, (uint16_t)(i * 7)), b = endpoint_of(0x01020304, 5223);
    return flow_key_make(&end, &a, &b);
}

static void both_directions_have_one_key(void **state)
{
    (void)state;
    struct endpoint a = endpoint_of(9, 1000), b = endpoint_of(9, 5223);
    unsigned from_a, from_b;
    struct flow_key one = flow_key_make(&from_a, &a, &b), other = flow_key_make(&from_b, &b, &a);
    assert_int_equal(from_a, 0);
    assert_int_equal(from_b, 1);
    assert_memory_equal(one.ends[0].ip, other.ends[0].ip, 16);
    assert_int_equal(one.ends[0].port, 1000);
    assert_int_equal(other.ends[0].port, 1000);
}

static void the_family_is_part_of_the_key(void **state)
{
    (void)state;
    struct flow_table *table = flow_table_new(&fixed);
    struct entry v4 = {.key = key_of(1)}, v6 = v4;
    v6.key.ends[0].ipv6 = v6.key.ends[1].ipv6 = true;
    flow_table_add(table, &v4);
    assert_null(flow_table_find(table, &v6.key));
    flow_table_add(table, &v6);
    assert_ptr_equal(flow_table_find(table, &v6.key), &v6);
    assert_ptr_equal(flow_table_find(table, &v4.key), &v4);
    flow_table_free(table);
}

static void expect_all(struct flow_table *table, struct entry *entries, uint32_t count)
{
    size_t in = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_ptr_equal(flow_table_find(table, &entries[i].key),
                         entries[i].in ? &entries[i] : NULL);
        in += entries[i].in;
    }
    assert_int_equal(flow_table_count(table), in);
}

static void grows_and_shrinks(void **state)
{
    (void)state;
    struct flow_table *table = flow_table_new(&fixed);
    struct entry *entries = xcalloc(ENTRIES, sizeof *entries);
    uint32_t random = 7;
    for (uint32_t i = 0; i < ENTRIES; i++) {
        entries[i] = (struct entry){key_of(i), true};
        flow_table_add(table, &entries[i]);
        random = random * 1664525 + 1013904223;
        uint32_t victim = (random >> 8) % (i + 1);
        if (random >> 31 && entries[victim].in) { /* some go while it grows */
            flow_table_remove(table, &entries[victim]);
            entries[victim].in = false;
        }
        if (i % 1500 == 0)
            expect_all(table, entries, i + 1);
    }
    expect_all(table, entries, ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        if (entries[i].in)
            flow_table_remove(table, &entries[i]);
        entries[i].in = false;
    }
    expect_all(table, entries, ENTRIES);
    free(entries);
    flow_table_free(table);
}

/* Published values of SipHash-1-3 are rare: what matters is that the key and every bit count. */
static void the_hash_depends_on_key_and_input(void **state)
{
    (void)state;
    const struct hash_key other = {1, 3};
    uint64_t words[3] = {1, 2, 3};
    uint64_t base = hash_words(&fixed, words, 3);
    assert_true(base != hash_words(&other, words, 3));
    assert_true(base != hash_words(&fixed, words, 2));
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t changed[3] = {1, 2 ^ UINT64_C(1) << bit, 3};
        assert_true(base != hash_words(&fixed, changed, 3));
    }
    assert_true(hash_bytes(&fixed, span_of("abcdefgh", 8)) !=
                hash_bytes(&fixed, span_of("abcdefgh", 7)));
    assert_true(hash_bytes(&fixed, span_of("", 0)) != hash_bytes(&fixed, span_of("\0", 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions_have_one_key),
        cmocka_unit_test(the_family_is_part_of_the_key),
        cmocka_unit_test(grows_and_shrinks),
        cmocka_unit_test(the_hash_depends_on_key_and_input),
    };
    return cmocka_run_group_tests_name("flow_table", tests, NULL, NULL);
}
