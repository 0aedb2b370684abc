/* test_ticks.c: every resolution that pcapng can give, and times beyond all clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/savefile.h"
#include "../capture/ticks.h"

static nanotime convert(uint8_t resolution, int64_t offset, uint64_t count)
{
    struct ticks ticks;
    assert_true(ticks_init(&ticks, resolution, offset));
    return ticks_to_time(&ticks, count);
}

static void powers_of_ten(void **state)
{
    (void)state;
    assert_int_equal(convert(0, 0, 1400000000), INT64_C(1400000000000000000));
    assert_int_equal(convert(3, 0, 1234), 1234000000);
    assert_int_equal(convert(6, 0, 1400978881123456), INT64_C(1400978881123456000));
    assert_int_equal(convert(9, 0, 1400978881123456789), INT64_C(1400978881123456789));
    assert_int_equal(convert(10, 0, 12345678901), 1234567890);
    assert_int_equal(convert(12, 0, 1999), 1);
    assert_int_equal(convert(19, 0, UINT64_MAX), INT64_C(1844674407));
}

static void powers_of_two(void **state)
{
    (void)state;
    assert_int_equal(convert(0x80, 0, 7), 7 * NS_PER_SECOND);
    assert_int_equal(convert(0x80 | 1, 0, 3), 1500000000);
    assert_int_equal(convert(0x80 | 20, 0, (UINT64_C(1400000000) << 20) + (1 << 18)),
                     INT64_C(1400000000250000000));
    assert_int_equal(convert(0x80 | 32, 0, (UINT64_C(1400000000) << 32) + 1),
                     INT64_C(1400000000000000000));
    assert_int_equal(convert(0x80 | 34, 0, UINT64_C(3) << 33), 1500000000);
    assert_int_equal(convert(0x80 | 63, 0, UINT64_C(3) << 62), 1500000000);
    assert_int_equal(convert(0x80 | 63, 0, UINT64_MAX), 1999999999);
}

static void offsets(void **state)
{
    (void)state;
    assert_int_equal(convert(6, 100, 1), 100 * NS_PER_SECOND + 1000);
    assert_int_equal(convert(0, -100, 101), NS_PER_SECOND);
}

static void impossible_times_saturate(void **state)
{
    (void)state;
    assert_int_equal(convert(0, 0, UINT64_MAX), SAVEFILE_TIME_MAX);
    assert_int_equal(convert(6, 0, UINT64_MAX), SAVEFILE_TIME_MAX);
    assert_int_equal(convert(9, 0, UINT64_MAX), SAVEFILE_TIME_MAX);
    assert_int_equal(convert(0x80, 0, UINT64_MAX), SAVEFILE_TIME_MAX);
    assert_int_equal(convert(9, INT64_MAX, UINT64_MAX), SAVEFILE_TIME_MAX);
    assert_int_equal(convert(9, INT64_MIN, 5), 0);
    assert_int_equal(convert(0, -100, 99), 0);
}

static void too_fine(void **state)
{
    (void)state;
    struct ticks ticks;
    assert_true(ticks_init(&ticks, 19, 0));
    assert_false(ticks_init(&ticks, 20, 0));
    assert_false(ticks_init(&ticks, 127, 0));
    assert_true(ticks_init(&ticks, 0x80 | 63, 0));
    assert_false(ticks_init(&ticks, 0x80 | 64, 0));
    assert_false(ticks_init(&ticks, 0xff, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powers_of_ten), cmocka_unit_test(powers_of_two),
        cmocka_unit_test(offsets),       cmocka_unit_test(impossible_times_saturate),
        cmocka_unit_test(too_fine),
    };
    return cmocka_run_group_tests_name("ticks", tests, NULL, NULL);
}
