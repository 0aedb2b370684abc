/* test_memo.c: what was put is found, the last of a key, in a bounded number of places. */
#include "../report/judge/memo.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static struct span number(uint64_t *room, uint64_t n)
{
    *room = n;
    return span_of(room, sizeof *room);
}

static void the_last_of_a_key_is_found(void **state)
{
    (void)state;
    struct memo *memo = memo_new(sizeof(int));
    int value = 0;
    assert_false(memo_find(memo, &value, span_of("key", 3)));
    memo_put(memo, span_of("key", 3), &(int){1});
    memo_put(memo, span_of("kez", 3), &(int){2});
    memo_put(memo, span_of("key", 3), &(int){3});
    assert_true(memo_find(memo, &value, span_of("key", 3)));
    assert_int_equal(value, 3);
    assert_true(memo_find(memo, &value, span_of("kez", 3)));
    assert_int_equal(value, 2);
    assert_false(memo_find(memo, &value, span_of("ke", 2)));
    memo_free(memo);
    memo_free(NULL);
}

/* A few keys that are asked for again and again stay, whatever their hashes. */
static void few_do_not_drive_each_other_out(void **state)
{
    (void)state;
    struct memo *memo = memo_new(sizeof(uint64_t));
    uint64_t room, value;
    for (uint64_t i = 0; i < MEMO_PLACES / 16; i++)
        memo_put(memo, number(&room, i << 8), &i);
    for (uint64_t i = 0; i < MEMO_PLACES / 16; i++) {
        assert_true(memo_find(memo, &value, number(&room, i << 8)));
        assert_int_equal(value, i);
    }
    memo_free(memo);
}

static void many_do_not_make_it_large(void **state)
{
    (void)state;
    struct memo *memo = memo_new(sizeof(uint64_t));
    uint64_t room, value, found = 0;
    static uint8_t large[MEMO_KEY_MAX + 1];
    for (uint64_t i = 0; i < 100000; i++)
        memo_put(memo, number(&room, i), &i);
    for (uint64_t i = 0; i < 100000; i++)
        if (memo_find(memo, &value, number(&room, i))) {
            assert_int_equal(value, i);
            found++;
        }
    assert_true(found > MEMO_PLACES / 2 && found <= MEMO_PLACES);
    memo_put(memo, span_of(large, sizeof large), &room);
    assert_false(memo_find(memo, &value, span_of(large, sizeof large)));
    memo_free(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_a_key_is_found),
        cmocka_unit_test(few_do_not_drive_each_other_out),
        cmocka_unit_test(many_do_not_make_it_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
