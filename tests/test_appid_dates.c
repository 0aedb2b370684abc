/* test_appid_dates.c: the times at which nothing changes for nDPI end where a date is reached, and
 * where it is near. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/appid_dates.h"

enum {
    SOON = 1000,
    FIRST = 1709251201,
    LAST = 1740787199
}; /* 24-03-01 00:00:01, 25-02-28 23:59:59 */

static const char validity[] = "..\x30\x1e\x17\x0d"
                               "240301000001Z\x17\x0d"
                               "250228235959Z...";

static bool around(struct appid_stretch *stretch, const char *text, size_t n, uint32_t now)
{
    uint8_t *copy = xmemdup(text, n); /* read beyond, it tells */
    bool good = appid_dates_around(stretch, span_of(copy, n), false, now, SOON);
    free(copy);
    return good;
}

static void stretches(void **state)
{
    (void)state;
    static const struct appid_stretch expected[] = {
        {1, FIRST - SOON - 1},         {FIRST - SOON, FIRST - SOON},
        {FIRST - SOON + 1, FIRST - 1}, {FIRST, FIRST},
        {FIRST + 1, LAST - SOON - 1},  {LAST - SOON, LAST - SOON},
        {LAST - SOON + 1, LAST - 1},   {LAST, LAST},
        {LAST + 1, UINT32_MAX - SOON},
    };
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        for (unsigned at = 0; at < 3; at++) {
            const struct appid_stretch *e = &expected[i];
            struct appid_stretch stretch;
            uint32_t now = at == 0 ? e->from : at == 1 ? e->to : e->from + (e->to - e->from) / 2;
            assert_true(around(&stretch, validity, sizeof validity - 1, now));
            assert_int_equal(stretch.from, e->from);
            assert_int_equal(stretch.to, e->to);
            assert_true(appid_stretch_has(&stretch, now));
            assert_false(appid_stretch_has(&stretch, e->from - 1));
            assert_false(appid_stretch_has(&stretch, e->to + 1));
        }
}

/* Those of all certificates count. */
static void several(void **state)
{
    (void)state;
    char both[2 * sizeof validity];
    struct appid_stretch stretch;
    memcpy(both, validity, sizeof validity);
    memcpy(both + sizeof validity, validity, sizeof validity);
    memcpy(both + sizeof validity + 6, "240401", 6);
    assert_true(around(&stretch, both, sizeof both, FIRST + 1));
    assert_int_equal(stretch.from, FIRST + 1);
    assert_int_equal(stretch.to, 1711929601 - SOON - 1); /* 24-04-01 00:00:01 */
}

/* nDPI has strptime read dates, which takes more than this does. */
static void no_dates(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        char byte;
    } changes[] = {{5, 12},   {6, ' '},  {8, '9'},   {10, '4'}, {12, '3'}, {14, '6'},
                   {16, '7'}, {18, 'X'}, {19, 0x18}, {20, 15},  {25, '3'}};
    struct appid_stretch stretch;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        char other[sizeof validity];
        memcpy(other, validity, sizeof other);
        other[changes[i].at] = changes[i].byte;
        assert_false(around(&stretch, other, sizeof other - 1, FIRST));
    }
    assert_true(around(&stretch, "\x30\x1e\x18...", 6, FIRST)); /* the first bytes of none */
    assert_int_equal(stretch.from, 1);
}

/* Of what is not there yet nDPI has read nothing. */
static void cut(void **state)
{
    (void)state;
    struct appid_stretch stretch;
    for (size_t n = 0; n < sizeof validity - 1 - 3; n++) {
        struct span part = span_of((const uint8_t *)validity, n);
        assert_int_equal(around(&stretch, validity, n, LAST), n < 5);
        assert_true(appid_dates_around(&stretch, part, true, LAST, SOON));
        assert_int_equal(stretch.from, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stretches),
        cmocka_unit_test(several),
        cmocka_unit_test(no_dates),
        cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests_name("appid_dates", tests, NULL, NULL);
}
