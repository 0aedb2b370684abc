/* test_timetext.c: times and durations for people; RFC 3339's form is in test_json.c. */
#include "../report/timetext.h"

#include <setjmp.h>

#include <cmocka.h>

static const nanotime moment = INT64_C(1400978881123456789);

static void times_of_day(void **state)
{
    (void)state;
    struct time_room room;
    assert_string_equal(timetext_date(&room, moment), "2014-05-25");
    assert_string_equal(timetext_day_second(&room, moment), "2014-05-25 00:48:01");
    assert_string_equal(timetext_clock(&room, moment, 0), "00:48:01");
    assert_string_equal(timetext_clock(&room, moment, 3), "00:48:01.123");
    assert_string_equal(timetext_clock(&room, moment, 9), "00:48:01.123456789");
    assert_string_equal(timetext_clock(&room, -1, 1), "23:59:59.9");
}

static void durations_have_two_units(void **state)
{
    (void)state;
    static const struct {
        nanotime duration;
        const char *text;
    } cases[] = {
        {-1, "-"},
        {0, "0 us"},
        {999999, "999 us"},
        {8000000, "8 ms"},
        {NS_PER_SECOND - 1, "999 ms"},
        {58299999999, "58.2 s"},
        {60 * NS_PER_SECOND, "1 min 0 s"},
        {723 * NS_PER_SECOND, "12 min 3 s"},
        {11520 * NS_PER_SECOND, "3 h 12 min"},
        {(25 * 24 + 3) * 3600 * NS_PER_SECOND, "25 d 3 h"},
        {INT64_MAX, "106751 d 23 h"},
    };
    struct time_room room;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(timetext_span(&room, cases[i].duration), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_day),
        cmocka_unit_test(durations_have_two_units),
    };
    return cmocka_run_group_tests_name("timetext", tests, NULL, NULL);
}
