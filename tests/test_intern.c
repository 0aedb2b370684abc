/* test_intern.c: things that are found again, forgotten, and freed with their last user. */
#include "../dissect/intern.h"

#include <setjmp.h>

#include <cmocka.h>

/* make remembers a number under itself. */
static const uint64_t *make(struct intern *intern, uint64_t number)
{
    uint64_t *thing = intern_new(intern, sizeof *thing);
    assert_int_equal(*thing, 0);
    *thing = number;
    intern_add(intern, thing, &(struct intern_key){{number, 0}, (uint32_t)number});
    return thing;
}

static const uint64_t *find(struct intern *intern, uint64_t number)
{
    return intern_find(intern, &(struct intern_key){{number, 0}, (uint32_t)number});
}

static void a_thing_is_found_again_also_without_users(void **state)
{
    (void)state;
    struct intern intern = {0};
    const uint64_t *a = make(&intern, 7);
    assert_ptr_equal(find(&intern, 7), a);
    assert_null(find(&intern, 8));
    assert_null(intern_find(&intern, &(struct intern_key){{7, 1}, 7}));
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

/* Of those that share a place the one found longest ago goes. */
static void the_one_found_longest_ago_is_forgotten(void **state)
{
    (void)state;
    struct intern intern = {0};
    const uint64_t *things[INTERN_WAYS + 1];
    for (unsigned i = 0; i < INTERN_WAYS; i++)
        things[i] = make(&intern, (uint64_t)i * INTERN_SETS);
    assert_ptr_equal(find(&intern, 0), things[0]);
    intern_release(&intern, things[0]);
    things[INTERN_WAYS] = make(&intern, (uint64_t)INTERN_WAYS * INTERN_SETS);
    for (unsigned i = 0; i <= INTERN_WAYS; i++) {
        const uint64_t *found = find(&intern, (uint64_t)i * INTERN_SETS);
        assert_ptr_equal(found, i == 1 ? NULL : things[i]);
        assert_int_equal(*things[i], i * INTERN_SETS); /* forgotten, but not freed */
        intern_release(&intern, found);
        intern_release(&intern, things[i]);
    }
    intern_done(&intern);
}

static void one_that_is_not_remembered_is_freed(void **state)
{
    (void)state;
    struct intern intern = {0};
    intern_release(&intern, intern_new(&intern, 100));
    intern_done(&intern);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thing_is_found_again_also_without_users),
        cmocka_unit_test(the_one_found_longest_ago_is_forgotten),
        cmocka_unit_test(one_that_is_not_remembered_is_freed),
        cmocka_unit_test(digests_tell_inputs_and_keys_apart),
    };
    return cmocka_run_group_tests_name("intern", tests, NULL, NULL);
}
