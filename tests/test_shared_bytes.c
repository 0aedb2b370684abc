/* test_shared_bytes.c: equal bytes are there once, as long as somebody has them; and interns that
 * find things by them. */
#include "../dissect/intern.h"

#include <pthread.h>
#include <setjmp.h>

#include <cmocka.h>

static void equal_bytes_are_there_once(void **state)
{
    (void)state;
    static const char name[] = "courier.push.example";
    struct shared_bytes *all = shared_bytes_new();
    const void *got[sizeof name + 1];
    for (size_t n = 0; n <= sizeof name; n++) {
        got[n] = shared_bytes_get(all, span_of(name, n));
        assert_int_equal((uintptr_t)got[n] % 8, 0);
        assert_int_equal(shared_bytes_span(got[n]).n, n);
        assert_memory_equal(got[n], name, n);
        for (size_t i = 0; i < n; i++)
            assert_ptr_not_equal(got[i], got[n]);
    }
    for (size_t n = 0; n <= sizeof name; n++) {
        char copy[sizeof name];
        memcpy(copy, name, sizeof copy);
        assert_ptr_equal(shared_bytes_get(all, span_of(copy, n)), got[n]);
        shared_bytes_release(all, got[n]);
        assert_memory_equal(got[n], name, n); /* it still has a user */
        shared_bytes_release(all, got[n]);
    }
    shared_bytes_free(all);
}

static void without_a_table_each_has_its_own(void **state)
{
    (void)state;
    const void *one = shared_bytes_get(NULL, span_of("name", 4));
    const void *other = shared_bytes_get(NULL, span_of("name", 4));
    assert_ptr_not_equal(one, other);
    assert_true(span_equal(shared_bytes_span(one), shared_bytes_span(other)));
    shared_bytes_release(NULL, one);
    shared_bytes_release(NULL, other);
}

/* Keys are in common, and so is what digests are made with; things are not, and each counts what it
 * would take alone. */
static void interns_share_keys_alone(void **state)
{
    (void)state;
    static const uint8_t zeros[INTERN_KEY_MOST + 1];
    const size_t sizes[] = {20, sizeof zeros};
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        struct shared_bytes *all = shared_bytes_new();
        struct intern interns[2];
        const void *keys[2] = {NULL, NULL};
        for (unsigned i = 0; i < 2; i++) {
            intern_init(&interns[i]);
            intern_use_keys(&interns[i], all);
            struct intern_key key = intern_key_of(&interns[i], 1, span_of(zeros, sizes[s]));
            assert_null(intern_find(&interns[i], &key)); /* though the other has one */
            intern_release(&interns[i], intern_new(&interns[i], 8, &key));
            keys[i] = interns[i].sets[(key.glance >> 32) % INTERN_SETS][0].key;
        }
        assert_non_null(keys[0]);
        assert_ptr_equal(keys[0], keys[1]);
        assert_int_equal(interns[0].memory, interns[1].memory);
        assert_true(interns[1].memory > shared_bytes_span(keys[1]).n);
        intern_done(&interns[0]);
        struct intern_key key = intern_key_of(&interns[1], 1, span_of(zeros, sizes[s]));
        const void *found = intern_find(&interns[1], &key);
        assert_non_null(found);
        intern_release(&interns[1], found);
        intern_done(&interns[1]);
        shared_bytes_free(all);
    }
}

enum { ROUNDS = 2000 };

static void *come_and_go(void *context)
{
    struct shared_bytes *all = context;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t number = i % 7;
        const void *got = shared_bytes_get(all, span_of(&number, sizeof number));
        if (memcmp(got, &number, sizeof number) != 0)
            return all;
        shared_bytes_release(all, got);
    }
    return NULL;
}

static void threads_may_use_it_at_once(void **state)
{
    (void)state;
    struct shared_bytes *all = shared_bytes_new();
    pthread_t threads[2];
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, all), 0);
    for (unsigned i = 0; i < 2; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    shared_bytes_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bytes_are_there_once),
        cmocka_unit_test(without_a_table_each_has_its_own),
        cmocka_unit_test(interns_share_keys_alone),
        cmocka_unit_test(threads_may_use_it_at_once),
    };
    return cmocka_run_group_tests_name("shared_bytes", tests, NULL, NULL);
}
