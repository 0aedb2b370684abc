/* test_text_time.c: times as tools print them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/text_time.h"

enum { EAST = 2 * 3600 };

static int64_t two_hours_east(void *context, int64_t wall)
{
    (void)context;
    return wall - EAST;
}

static const struct wall_clock here = {two_hours_east, NULL};

static struct span span_of_text(const char *text)
{
    return span_of(text, strlen(text));
}

static void stamps(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t utc; /* `date -u -d TEXT +%s`; in 2014 where there is no year */
        uint32_t nanosecond;
        size_t left;
    } cases[] = {
        {"2014-05-25T00:48:01Z x", 1400978881, 0, 2},
        {"2014-05-25T00:48:01.123456+02:00 x", 1400971681, 123456000, 2},
        {"2014-05-25 00:48:01.123456-0700  localhost", 1401004081, 123456000, 11},
        {"2014-05-25T00:48:01,5-07 x", 1401004081, 500000000, 2},
        {"2014-05-25 00:48:01", 1400978881 - EAST, 0, 0},
        {"May 25 00:48:01 HOST", 1400978881 - EAST, 0, 5},
        {"May  5 00:48:01 HOST", 1399250881 - EAST, 0, 5},
        {"Feb 28 23:59:60 x", 1393632000 - EAST, 0, 2},
        {"2014-05-25T00:48:01.1234567891234Z", 1400978881, 123456789, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cursor in = cursor_of(span_of_text(cases[i].text));
        struct text_time time;
        assert_true(text_time_stamp(&in, &time));
        assert_int_equal(in.left, cases[i].left);
        if (time.year == 0)
            time.year = 2014;
        nanotime expected = cases[i].utc * NS_PER_SECOND + cases[i].nanosecond;
        assert_int_equal(text_time_utc(&time, &here), expected);
    }
}

static void no_stamps(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "May",
                                        "May 25",
                                        "May 25 00:48",
                                        "May 25 00:48:01x",
                                        "Mai 25 00:48:01 x",
                                        "May 32 00:48:01 x",
                                        "Feb 30 00:48:01 x",
                                        "May 25 24:48:01 x",
                                        "May 0 00:48:01 x",
                                        "2014-13-25T00:48:01Z x",
                                        "2013-02-29T00:48:01Z x",
                                        "1814-05-25T00:48:01Z x",
                                        "2014-05-25X00:48:01Z x",
                                        "2014-05-25T00:48:01+2 x",
                                        "2014-05-25T00:48:01+16:00 x",
                                        "2014-05-25T00:48:01+02:x",
                                        "0x1a2b",
                                        "2014-05-25T00:48:01.x"};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span text = span_of_text(cases[i]);
        struct cursor in = cursor_of(text);
        struct text_time time;
        assert_false(text_time_stamp(&in, &time));
        assert_int_equal(in.left, text.n);
    }
}

static void dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t utc;
    } cases[] = {
        {"Sun May 25 12:10:44 PDT 2014", 1401045044},
        {"Sun May 25 12:10:44 CEST 2014", 1401019844 - EAST}, /* a name that --tz has to explain */
        {"Sun May  4 12:10:44 UTC 2014", 1399205444},
        {"Sun 25 May 2014 12:10:44 AM UTC", 1400976644},
        {"Sun 25 May 2014 12:10:44 PM UTC", 1401019844},
        {"Sun 25 May 2014 01:10:44 PM", 1401023444 - EAST},
        {"2014-05-25T12:10:44+02:00", 1401012644},
        {"  2014-05-25 12:10:44Z ", 1401019844},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text_time time;
        assert_true(text_time_date(&time, span_of_text(cases[i].text)));
        assert_int_equal(text_time_utc(&time, &here) / NS_PER_SECOND, cases[i].utc);
    }
    static const char *const others[] = {"",
                                         "Sun",
                                         "Sun May 25 12:10:44",
                                         "Sun May 25 2014",
                                         "Sun Mon May 25 12:10:44 UTC 2014",
                                         "Sun May 25 13:10:44 PM UTC 2014",
                                         "Sunday May 25 12:10:44 UTC 2014",
                                         "Active Internet connections",
                                         "Sun May 25 12:10:44 UTC 2014 2014",
                                         "2014-05-25T12:10:44Z and more"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct text_time time;
        assert_false(text_time_date(&time, span_of_text(others[i])));
    }
}

static int guess(const char *text, const char *near, bool not_after)
{
    struct cursor in = cursor_of(span_of_text(text)), moment = cursor_of(span_of_text(near));
    struct text_time time, at;
    assert_true(text_time_stamp(&in, &time));
    assert_true(text_time_stamp(&moment, &at));
    text_time_guess_year(&time, text_time_utc(&at, &here), not_after, &here);
    return time.year;
}

static void years(void **state)
{
    (void)state;
    assert_int_equal(guess("May 25 00:48:01", "2014-05-27T00:00:00Z", true), 2014);
    assert_int_equal(guess("Dec 31 23:59:01", "2014-01-02T00:00:00Z", true), 2013);
    assert_int_equal(guess("Jan  1 00:10:00", "2013-12-31T23:00:00Z", true),
                     2014); /* a day's grace */
    assert_int_equal(guess("Jan  3 00:10:00", "2013-12-31T23:00:00Z", true), 2013);
    assert_int_equal(guess("Jan  3 00:10:00", "2013-12-31T23:00:00Z", false), 2014);
    assert_int_equal(guess("Feb 29 12:00:00", "2014-03-01T00:00:00Z", true), 2012);
    assert_int_equal(guess("Feb 29 12:00:00", "2103-03-01T00:00:00Z", true), 2096);
    assert_int_equal(guess("May 25 00:48:01", "1970-01-01T00:00:00Z", true), 1970);
    assert_int_equal(guess("2011-05-25T00:48:01Z", "2014-05-27T00:00:00Z", true), 2011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps),
        cmocka_unit_test(no_stamps),
        cmocka_unit_test(dates),
        cmocka_unit_test(years),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
