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

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        nanotime time;
    } good[] = {
        {"1970-01-01", 0},
        {"2014-05-25", INT64_C(1400976000) * NS_PER_SECOND},
        {"2014-05-25T00:48:01Z", INT64_C(1400978881) * NS_PER_SECOND},
        {"2014-05-25 00:48:01.25Z", INT64_C(1400978881250) * 1000000},
        {"2014-05-25T02:48:01+02:00", INT64_C(1400978881) * NS_PER_SECOND},
        {"2014-05-24T19:18:01-05:30", INT64_C(1400978881) * NS_PER_SECOND},
        {"2000-02-29", INT64_C(951782400) * NS_PER_SECOND},
        {"2261-12-31T23:59:60Z", INT64_C(9214646400) * NS_PER_SECOND},
    };
    static const char *const bad[] = {
        "",
        "now",
        "2014",
        "2014-5-25",
        "2014-13-01",
        "2014-00-01",
        "2015-02-29",
        "2100-02-29",
        "2014-04-31",
        "2014-05-25x",
        "1969-12-31",
        "2262-01-01",
        "2014-05-25T",
        "2014-05-25T00:48",
        "2014-05-25T00:48:01",
        "2014-05-25T24:00:00Z",
        "2014-05-25T00:48:01Z ",
        "2014-05-25T00:48:01+2",
    };
    nanotime time;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_true(timetext_read(&time, good[i].text));
        assert_int_equal(time, good[i].time);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (timetext_read(&time, bad[i]))
            fail_msg("'%s' was taken", bad[i]);
}

/* What was written last must show in nothing that follows. */
static void a_time_is_the_same_behind_any_other(void **state)
{
    (void)state;
    static const nanotime times[] = {
        0,
        1,
        INT64_MAX,
        INT64_MIN,
        1400978881123456000,
        1400978881123456789,
        86399 * NS_PER_SECOND,
        86400 * NS_PER_SECOND,
        -1,
        -NS_PER_SECOND,
    };
    for (size_t i = 0; i < COUNT_OF(times) * COUNT_OF(times); i++) {
        char alone[TIMETEXT_RFC3339_ROOM + 1], behind[TIMETEXT_RFC3339_ROOM + 1];
        nanotime before = times[i / COUNT_OF(times)], time = times[i % COUNT_OF(times)];
        struct timetext_last fresh = {0}, used = {0};
        *timetext_put_rfc3339(alone, &fresh, time) = '\0';
        timetext_put_rfc3339(behind, &used, before);
        *timetext_put_rfc3339(behind, &used, time) = '\0';
        assert_string_equal(behind, alone);
    }
}

static void rough_durations_are_rounded(void **state)
{
    (void)state;
    static const struct {
        nanotime duration;
        const char *text;
    } cases[] = {
        {-1, "-"},
        {58299999999, "58.2 s"},
        {5399 * NS_PER_SECOND, "1 h 30 min"},
        {5429 * NS_PER_SECOND, "1 h 30 min"},
        {5430 * NS_PER_SECOND, "1 h 31 min"},
        {723499999999, "12 min 3 s"},
        {723500000000, "12 min 4 s"},
        {86399 * NS_PER_SECOND, "1 d 0 h"},
        {(24 * 86400 + 19 * 3600 + 1800) * NS_PER_SECOND, "24 d 20 h"},
        {INT64_MAX - 3600 * NS_PER_SECOND, "106751 d 23 h"},
    };
    struct time_room room;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(timetext_about(&room, cases[i].duration), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_day),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(durations_have_two_units),
        cmocka_unit_test(a_time_is_the_same_behind_any_other),
        cmocka_unit_test(rough_durations_are_rounded),
    };
    return cmocka_run_group_tests_name("timetext", tests, NULL, NULL);
}
