/* test_intern.c: things that are found again, forgotten, and freed with their last user. */
#include "../dissect/intern.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

enum { KIND = 1 };

static struct intern_key key_of(const struct intern *intern, const uint64_t *number)
{
    return intern_key_of(intern, KIND, span_of(number, sizeof *number));
}

/* make remembers a number under itself. */
static const uint64_t *make(struct intern *intern, uint64_t number)
{
    struct intern_key key = key_of(intern, &number);
    uint64_t *thing = intern_new(intern, sizeof *thing, &key);
    assert_int_equal(*thing, 0);
    *thing = number;
    return thing;
}

static const uint64_t *find(struct intern *intern, uint64_t number)
{
    struct intern_key key = key_of(intern, &number);
    return intern_find(intern, &key);
}

static void a_thing_is_found_again_also_without_users(void **state)
{
    (void)state;
    struct intern intern;
    intern_init(&intern);
    const uint64_t *a = make(&intern, 7);
    assert_ptr_equal(find(&intern, 7), a);
    assert_null(find(&intern, 8));
    intern_release(&intern, a);
    intern_release(&intern, a);
    intern_release(&intern, NULL);
    a = find(&intern, 7);
    assert_int_equal(*a, 7);
    intern_done(&intern);
    assert_int_equal(*a, 7); /* it still has a user */
    assert_null(find(&intern, 7));
    intern_release(&intern, a);
}

/* One that differs in its last byte, in its length or in its kind is another thing, whether its
 * bytes are kept or a digest of them. */
static void all_bytes_count_and_the_kind(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 7, 9, 200, INTERN_KEY_MOST, INTERN_KEY_MOST + 2, 100000};
    struct intern intern;
    intern_init(&intern);
    uint8_t *bytes = xcalloc(1, 100001);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct intern_key key = intern_key_of(&intern, KIND, span_of(bytes, sizes[i]));
        const void *thing = intern_new(&intern, 3, &key), *found = intern_find(&intern, &key);
        assert_ptr_equal(found, thing);
        for (size_t at = 0; at < sizes[i]; at += 1 + sizes[i] / 100) {
            bytes[at] = 1;
            key = intern_key_of(&intern, KIND, span_of(bytes, sizes[i]));
            assert_null(intern_find(&intern, &key));
            bytes[at] = 0;
        }
        key = intern_key_of(&intern, KIND + 1, span_of(bytes, sizes[i]));
        assert_null(intern_find(&intern, &key));
        key = intern_key_of(&intern, KIND, span_of(bytes, sizes[i] - 1));
        assert_null(intern_find(&intern, &key));
        intern_release(&intern, found);
        intern_release(&intern, thing);
    }
    free(bytes);
    intern_done(&intern);
}

/* A digest in a key's place is no key whose bytes are the same. */
static void a_digest_is_no_key(void **state)
{
    (void)state;
    static const uint8_t bytes[INTERN_KEY_MOST + 1];
    struct intern intern;
    intern_init(&intern);
    struct intern_key key = intern_key_of(&intern, KIND, span_of(bytes, sizeof bytes));
    const void *thing = intern_new(&intern, 1, &key);
    struct intern_key other = intern_key_of(&intern, KIND, span_of(&key.digest, sizeof key.digest));
    other.glance = (key.glance & ~UINT64_C(0xff)) | (other.glance & 0xff);
    assert_null(intern_find(&intern, &other));
    intern_release(&intern, thing);
    intern_done(&intern);
}

/* The n-th number whose key falls into the place of the first one. */
static uint64_t sharer(const struct intern *intern, unsigned n)
{
    uint64_t zero = 0, number = 0;
    struct intern_key first = key_of(intern, &zero);
    while (n > 0) {
        number++;
        struct intern_key key = key_of(intern, &number);
        n -= (key.glance >> 32) % INTERN_SETS == (first.glance >> 32) % INTERN_SETS;
    }
    return number;
}

/* Of those that share a place the one found longest ago goes. */
static void the_one_found_longest_ago_is_forgotten(void **state)
{
    (void)state;
    struct intern intern;
    const uint64_t *things[INTERN_WAYS + 1];
    intern_init(&intern);
    for (unsigned i = 0; i < INTERN_WAYS; i++)
        things[i] = make(&intern, sharer(&intern, i));
    assert_ptr_equal(find(&intern, 0), things[0]);
    intern_release(&intern, things[0]);
    things[INTERN_WAYS] = make(&intern, sharer(&intern, INTERN_WAYS));
    for (unsigned i = 0; i <= INTERN_WAYS; i++) {
        const uint64_t *found = find(&intern, sharer(&intern, i));
        assert_ptr_equal(found, i == 1 ? NULL : things[i]);
        assert_int_equal(*things[i], sharer(&intern, i)); /* forgotten, but not freed */
        intern_release(&intern, found);
        intern_release(&intern, things[i]);
    }
    intern_done(&intern);
}

static void one_that_is_not_remembered_is_freed(void **state)
{
    (void)state;
    struct intern intern;
    intern_init(&intern);
    intern_release(&intern, intern_new(&intern, 100, NULL));
    assert_int_equal(intern.memory, 0);
    intern_done(&intern);
}

/* Those of blocks take room there and leave it to others. */
static void things_may_be_in_blocks(void **state)
{
    (void)state;
    struct intern intern;
    struct blocks blocks = {0};
    intern_init(&intern);
    intern_use_blocks(&intern, &blocks);
    for (size_t size = 0; size < 2 * BLOCK_MOST; size += 100) {
        uint8_t *thing = intern_new(&intern, size, NULL);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(thing[i], 0);
        memset(thing, 1, size);
        assert_in_range(blocks.used, size + 1, size + 100);
        intern_release(&intern, thing);
        assert_int_equal(blocks.used, 0);
    }
    const uint64_t *seven = make(&intern, 7), *found = find(&intern, 7);
    assert_ptr_equal(found, seven);
    intern_release(&intern, seven);
    intern_release(&intern, found);
    intern_done(&intern);
    assert_int_equal(blocks.used, 0);
    blocks_done(&blocks);
}

static void digests_tell_inputs_and_keys_apart(void **state)
{
    (void)state;
    const struct hash_key key = {1, 2}, other = {1, 3};
    const uint8_t zeros[24] = {0};
    struct hash_digest digests[sizeof zeros + 1];
    for (size_t n = 0; n <= sizeof zeros; n++) {
        digests[n] = hash_digest(&key, span_of(zeros, n));
        assert_true(digests[n].low != digests[n].high);
        assert_true(digests[n].low != hash_digest(&other, span_of(zeros, n)).low);
        assert_true(digests[n].low != hash_bytes(&key, span_of(zeros, n)));
        for (size_t i = 0; i < n; i++)
            assert_true(digests[i].low != digests[n].low && digests[i].high != digests[n].high);
    }
}

/* What nobody uses takes no more than many small ones would. */
static void a_large_one_is_not_remembered(void **state)
{
    (void)state;
    struct intern intern;
    intern_init(&intern);
    for (uint64_t size = INTERN_THING_MOST; size <= INTERN_THING_MOST + 1; size++) {
        struct intern_key key = key_of(&intern, &size);
        intern_release(&intern, intern_new(&intern, size, &key));
        const void *found = intern_find(&intern, &key);
        assert_int_equal(found != NULL, size == INTERN_THING_MOST);
        intern_release(&intern, found);
    }
    assert_true(intern.memory < 2 * INTERN_THING_MOST);
    intern_done(&intern);
}

static void so_little_is_remembered_where_memory_is_scarce(void **state)
{
    (void)state;
    struct intern intern;
    intern_init(&intern);
    intern_use_memory(&intern, 100 * INTERN_MAX);
    for (uint64_t size = 100; size <= 101; size++) {
        struct intern_key key = key_of(&intern, &size);
        intern_release(&intern, intern_new(&intern, size, &key));
        const void *found = intern_find(&intern, &key);
        assert_int_equal(found != NULL, size == 100);
        intern_release(&intern, found);
    }
    intern_done(&intern);
}

/* Every third has a user. */
static void what_nobody_uses_can_be_forgotten(void **state)
{
    (void)state;
    enum { COUNT = INTERN_MAX / 4 };
    static void *things[COUNT];
    struct intern intern;
    intern_init(&intern);
    size_t used = 0;
    for (uint64_t i = 0; i < COUNT; i++) {
        const size_t before = intern.memory;
        struct intern_key key = key_of(&intern, &i);
        things[i] = intern_new(&intern, 100, &key);
        if (i % 3 == 0)
            used += intern.memory - before;
        else
            intern_release(&intern, things[i]);
    }
    intern_forget_unused(&intern);
    assert_true(intern.memory <= used);
    for (uint64_t i = 0; i < COUNT; i++) {
        struct intern_key key = key_of(&intern, &i);
        const void *found = intern_find(&intern, &key);
        assert_true(!found || (i % 3 == 0 && found == things[i]));
        intern_release(&intern, found);
        if (i % 3 == 0)
            intern_release(&intern, things[i]);
    }
    intern_forget_unused(&intern);
    assert_int_equal(intern.memory, 0);
    intern_done(&intern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thing_is_found_again_also_without_users),
        cmocka_unit_test(all_bytes_count_and_the_kind),
        cmocka_unit_test(a_digest_is_no_key),
        cmocka_unit_test(the_one_found_longest_ago_is_forgotten),
        cmocka_unit_test(one_that_is_not_remembered_is_freed),
        cmocka_unit_test(a_large_one_is_not_remembered),
        cmocka_unit_test(so_little_is_remembered_where_memory_is_scarce),
        cmocka_unit_test(what_nobody_uses_can_be_forgotten),
        cmocka_unit_test(things_may_be_in_blocks),
        cmocka_unit_test(digests_tell_inputs_and_keys_apart),
    };
    return cmocka_run_group_tests_name("intern", tests, NULL, NULL);
}
