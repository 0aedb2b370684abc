/* test_flow_table.c: what was added is found, while it grows and while entries go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/flow_table.h"

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
    struct endpoint a = endpoint_of(i, (uint16_t)(i * 7)), b = endpoint_of(0x01020304, 5223);
    return flow_key_make(flow_key_from(&a, &b), &a, &b);
}

/* A table, and the number of each entry, SLAB_NONE for one that is not in it. */
struct all {
    struct slab *slab;
    struct flow_table *table;
    uint32_t *numbers;
};

static struct all begin(void)
{
    struct all all = {.numbers = xcalloc(ENTRIES, sizeof(uint32_t))};
    struct slab *slab = xcalloc(1, sizeof *slab);
    slab->size = sizeof(struct flow_key);
    all.slab = slab;
    all.table = flow_table_new(slab);
    return all;
}

static uint32_t add(struct all *all, const struct flow_key *key)
{
    uint32_t number = slab_new(all->slab);
    memcpy(slab_at(all->slab, number), key, sizeof *key);
    flow_table_add(all->table, number, flow_key_hash(&fixed, &key->ends[0], &key->ends[1]));
    return number;
}

static uint32_t find_by(const struct all *all, const struct flow_key *key, uint32_t hash)
{
    struct flow_table_entry found = flow_table_find(all->table, &key->ends[0], &key->ends[1], hash);
    assert_ptr_equal(found.at, found.number ? slab_at(all->slab, found.number) : NULL);
    return found.number;
}

static uint32_t find(const struct all *all, const struct flow_key *key)
{
    return find_by(all, key, flow_key_hash(&fixed, &key->ends[0], &key->ends[1]));
}

static void take_out(struct all *all, uint32_t i)
{
    struct flow_key key = key_of(i);
    if (all->numbers[i] == SLAB_NONE)
        return;
    flow_table_remove(all->table, all->numbers[i],
                      flow_key_hash(&fixed, &key.ends[0], &key.ends[1]));
    slab_free(all->slab, all->numbers[i]);
    all->numbers[i] = SLAB_NONE;
}

static void done(struct all *all)
{
    flow_table_free(all->table);
    slab_done(all->slab);
    free(all->slab);
    free(all->numbers);
}

static void both_directions_have_one_key(void **state)
{
    (void)state;
    struct endpoint a = endpoint_of(9, 1000), b = endpoint_of(9, 5223);
    unsigned from_a = flow_key_from(&a, &b), from_b = flow_key_from(&b, &a);
    struct flow_key one = flow_key_make(from_a, &a, &b), other = flow_key_make(from_b, &b, &a);
    assert_int_equal(from_a, 0);
    assert_int_equal(from_b, 1);
    assert_memory_equal(one.ends[0].ip, other.ends[0].ip, 16);
    assert_int_equal(one.ends[0].port, 1000);
    assert_int_equal(other.ends[0].port, 1000);
}

/* What is found for both endpoints at once is what is found for one thing after the other. */
static void expect_place(const struct endpoint *from, const struct endpoint *to)
{
    unsigned end = flow_key_from(from, to);
    struct flow_key key = flow_key_make(end, from, to);
    struct flow_key_place place = flow_key_place(&fixed, from, to);
    assert_int_equal(place.from, end);
    assert_int_equal(place.hash, flow_key_hash(&fixed, &key.ends[0], &key.ends[1]));
    if (from->ipv6)
        return;
    place = flow_key_place_ipv4(&fixed, flow_key_ipv4(from->ip, from->port),
                                flow_key_ipv4(to->ip, to->port));
    assert_int_equal(place.from, end);
    assert_int_equal(place.hash, flow_key_hash(&fixed, &key.ends[0], &key.ends[1]));
}

static void places_of_keys(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 16; i++) {
        const uint32_t low = UINT32_C(0x00000001), high = UINT32_C(0x01000000); /* either order */
        struct endpoint a = endpoint_of(i & 1 ? low : high, i & 2 ? 5223 : 1000);
        struct endpoint b = endpoint_of(i & 4 ? low : high, 2000);
        a.ipv6 = b.ipv6 = (i & 8) != 0;
        expect_place(&a, &b);
        expect_place(&b, &a);
        struct flow_key_place one = flow_key_place(&fixed, &a, &b);
        struct flow_key_place other = flow_key_place(&fixed, &b, &a);
        assert_int_equal(one.hash, other.hash);
        assert_int_equal(one.from, !other.from);
    }
}

static void the_family_is_part_of_the_key(void **state)
{
    (void)state;
    struct flow_key v4 = key_of(1), v6 = v4;
    v6.ends[0].ipv6 = v6.ends[1].ipv6 = true;
    assert_true(flow_key_hash(&fixed, &v4.ends[0], &v4.ends[1]) !=
                flow_key_hash(&fixed, &v6.ends[0], &v6.ends[1]));
    struct all all = begin();
    uint32_t first = add(&all, &v4);
    assert_int_equal(find(&all, &v6), SLAB_NONE);
    uint32_t second = add(&all, &v6);
    assert_int_equal(find(&all, &v6), second);
    assert_int_equal(find(&all, &v4), first);
    flow_table_add(all.table, first, 63); /* even where the hash is the same */
    assert_int_equal(find_by(&all, &v6, 63), SLAB_NONE);
    assert_int_equal(find_by(&all, &v4, 63), first);
    done(&all);
}

static void expect_all(const struct all *all, uint32_t count)
{
    size_t in = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct flow_key key = key_of(i);
        assert_int_equal(find(all, &key), all->numbers[i]);
        in += all->numbers[i] != SLAB_NONE;
    }
    assert_int_equal(flow_table_count(all->table), in);
}

/* Of two entries with the same hash it gives either, and none that is not there. */
static void a_guess_has_the_hash(void **state)
{
    (void)state;
    struct all all = begin();
    struct flow_key keys[] = {key_of(1), key_of(2), key_of(3)};
    assert_int_equal(flow_table_guess(all.table, 63), SLAB_NONE);
    for (unsigned i = 0; i < COUNT_OF(keys); i++)
        all.numbers[i] = add(&all, &keys[i]);
    flow_table_add(all.table, all.numbers[0], 63);
    flow_table_add(all.table, all.numbers[1], 63);
    flow_table_add(all.table, all.numbers[2], 62);             /* its place is taken by neither */
    flow_table_add(all.table, all.numbers[2], 63 + (1 << 20)); /* that of another hash */
    assert_int_equal(flow_table_guess(all.table, 63), all.numbers[0]);
    assert_int_equal(flow_table_guess(all.table, 62), all.numbers[2]);
    assert_int_equal(flow_table_guess(all.table, 63 + (1 << 20)), all.numbers[2]);
    flow_table_remove(all.table, all.numbers[0], 63);
    assert_int_equal(flow_table_guess(all.table, 63), all.numbers[1]);
    flow_table_remove(all.table, all.numbers[1], 63);
    assert_int_equal(flow_table_guess(all.table, 63), SLAB_NONE);
    done(&all);
}

static void grows_and_shrinks(void **state)
{
    (void)state;
    struct all all = begin();
    uint32_t random = 7;
    for (uint32_t i = 0; i < ENTRIES; i++) {
        struct flow_key key = key_of(i);
        all.numbers[i] = add(&all, &key);
        random = random * 1664525 + 1013904223;
        uint32_t victim = (random >> 8) % (i + 1);
        if (random >> 31) /* some go while it grows */
            take_out(&all, victim);
        if (i % 1500 == 0)
            expect_all(&all, i + 1);
    }
    expect_all(&all, ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++)
        take_out(&all, i);
    expect_all(&all, ENTRIES);
    done(&all);
}

/* However the tags fall: here all begin in one place. */
static void entries_that_collide(void **state)
{
    (void)state;
    struct all all = begin();
    for (uint32_t i = 0; i < 40; i++) {
        struct flow_key key = key_of(i);
        all.numbers[i] = slab_new(all.slab);
        memcpy(slab_at(all.slab, all.numbers[i]), &key, sizeof key);
        flow_table_add(all.table, all.numbers[i], 63);
    }
    for (uint32_t i = 0; i < 40; i += 2)
        flow_table_remove(all.table, all.numbers[i], 63);
    for (uint32_t i = 0; i < 40; i++) {
        struct flow_key key = key_of(i);
        assert_int_equal(find_by(&all, &key, 63), i % 2 ? all.numbers[i] : SLAB_NONE);
    }
    done(&all);
}

/* Some lines, the last and the first of all among them, are full now and then, so that entries lie
 * beyond their homes: none is lost as others go. */
static void lines_that_are_full(void **state)
{
    (void)state;
    enum { KEYS = 40 }; /* a table of 64 does not grow for so few */
    static const uint32_t homes[] = {6, 7, 7, 0};
    struct all all = begin();
    uint32_t random = 7;
    for (uint32_t round = 0; round < 4000; round++) {
        random = random * 1664525 + 1013904223;
        const uint32_t i = (random >> 8) % KEYS, hash = homes[i % 4] + i / 4 * 8;
        struct flow_key key = key_of(i);
        if (all.numbers[i] == SLAB_NONE) {
            all.numbers[i] = slab_new(all.slab);
            memcpy(slab_at(all.slab, all.numbers[i]), &key, sizeof key);
            flow_table_add(all.table, all.numbers[i], hash);
        } else {
            flow_table_remove(all.table, all.numbers[i], hash);
            slab_free(all.slab, all.numbers[i]);
            all.numbers[i] = SLAB_NONE;
        }
        for (uint32_t n = 0; n < KEYS; n++) {
            key = key_of(n);
            assert_int_equal(find_by(&all, &key, homes[n % 4] + n / 4 * 8), all.numbers[n]);
        }
    }
    done(&all);
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
        cmocka_unit_test(places_of_keys),
        cmocka_unit_test(the_family_is_part_of_the_key),
        cmocka_unit_test(a_guess_has_the_hash),
        cmocka_unit_test(grows_and_shrinks),
        cmocka_unit_test(entries_that_collide),
        cmocka_unit_test(lines_that_are_full),
        cmocka_unit_test(the_hash_depends_on_key_and_input),
    };
    return cmocka_run_group_tests_name("flow_table", tests, NULL, NULL);
}
