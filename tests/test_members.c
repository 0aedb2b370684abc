/* test_members.c: members in room that was made once are those of json.h, and have room enough. */
#include "../report/members.h"

#include "../report/names.h"

#include <setjmp.h>

#include <cmocka.h>

static void they_are_those_of_json(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0, 9, 10, 99, 100, 9999, 10000, 99999999, UINT64_MAX};
    static const nanotime times[] = {1, 1400978881123456000, 1400978881123456789, INT64_MAX, -1};
    struct buf slow = {0}, fast = {0};
    struct json one, other;
    json_begin(&one, &slow);
    json_begin(&other, &fast);
    json_open_object(&one, NULL);
    char *at = member_open(members_begin(&other, 40), ITEM, '{');
    json_open_array(&one, "numbers");
    at = member_open(at, KEY("numbers"), '[');
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        json_uint(&one, NULL, numbers[i]);
        at = member_uint(at, ITEM, numbers[i]);
    }
    json_close_array(&one);
    at = member_close(at, ']');
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        json_time(&one, "time", times[i]);
        at = member_time(at, KEY("time"), &other.time, times[i]);
        json_seconds(&one, "seconds", times[i]);
        at = member_seconds(at, KEY("seconds"), times[i]);
    }
    json_bool(&one, "yes", true);
    at = member_bool(at, KEY("yes"), true);
    json_bool(&one, "no", false);
    at = member_bool(at, KEY("no"), false);
    json_word(&one, "state", names_state(SIDE_ESTABLISHED));
    at = member_word(at, KEY("state"), word_state(SIDE_ESTABLISHED));
    json_word(&one, "code", "0x0a5f");
    at = member_code(at, KEY("code"), 0x0a5f);
    json_text(&one, "chars", "SF");
    at = member_chars(at, KEY("chars"), "SF", 2);
    json_text(&one, "text", "TLSv1.3");
    at = member_text(at, KEY("text"), "TLSv1.3");
    json_open_object(&one, "empty");
    json_close_object(&one);
    at = member_close(member_open(at, KEY("empty"), '{'), '}');
    json_close_object(&one);
    members_end(&other, member_close(at, '}'));
    json_end(&one);
    json_end(&other);
    assert_string_equal(buf_text(&fast), buf_text(&slow));
    buf_done(&slow);
    buf_done(&fast);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    char room[64];
    struct timetext_last last = {0};
    assert_ptr_equal(member_frame(room, KEY("frame"), 0), room);
    assert_ptr_equal(member_known_time(room, KEY("time"), &last, 0), room);
    assert_ptr_equal(member_known_seconds(room, KEY("seconds"), -1), room);
    assert_ptr_not_equal(member_known_seconds(room, KEY("seconds"), 0), room);
}

/* The longest of each kind, with a key of the longest kind: what is spoilt behind them included. */
static void the_longest_fit(void **state)
{
    (void)state;
    static const struct word longest = WORD("client-certificate-exposed-1234");
#define LONGEST_KEY KEY("a_key_of_32_bytes_as_they_may_be")
    char room[2 * MEMBER_MOST];
    struct timetext_last last = {0};
    assert_int_equal(longest.n, sizeof longest.text);
    assert_true(member_uint(room, LONGEST_KEY, UINT64_MAX) - room <= MEMBER_MOST);
    assert_true(member_seconds(room, LONGEST_KEY, INT64_MIN) - room <= MEMBER_MOST);
    assert_true(member_time(room, LONGEST_KEY, &last, 1400978881123456789) - room <= MEMBER_MOST);
    assert_true(member_word(room, LONGEST_KEY, &longest) - room <= MEMBER_MOST);
    memset(room, '#', sizeof room);
    member_bool(room, LONGEST_KEY, true);
    member_word(room, LONGEST_KEY, word_side(CLIENT));
    for (size_t i = MEMBER_MOST; i < sizeof room; i++)
        assert_int_equal(room[i], '#');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_those_of_json),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(the_longest_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
