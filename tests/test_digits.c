/* test_digits.c: numbers as digits, beside the C library's. */
#include "../report/digits.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static void check_decimal(uint64_t number)
{
    char expected[DIGITS_MAX + 1], made[DIGITS_MAX + 1];
    snprintf(expected, sizeof expected, "%" PRIu64, number);
    *digits_decimal(made, number) = '\0';
    assert_string_equal(made, expected);
}

static void decimals_are_printfs(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < 12000; number++)
        check_decimal(number);
    uint64_t power = 1;
    for (unsigned i = 0; i < DIGITS_MAX; i++, power *= 10) {
        check_decimal(power - 1);
        check_decimal(power);
        check_decimal(power + 1);
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        check_decimal(UINT64_C(1) << bit);
        check_decimal((UINT64_C(1) << bit) - 1);
    }
    check_decimal(UINT64_MAX);
}

static void fixed_widths(void **state)
{
    (void)state;
    char made[9] = "";
    *digits_two(made, 7) = '\0';
    assert_string_equal(made, "07");
    *digits_put_eight(made, digits_six(1234)) = '\0';
    assert_string_equal(made, "001234");
    *digits_put_eight(made, digits_six(999999)) = '\0';
    assert_string_equal(made, "999999");
}

static void hex_is_lower_case(void **state)
{
    (void)state;
    char made[9] = "";
    *digits_hex(made, span_of("\x00\xab\xff", 3)) = '\0';
    assert_string_equal(made, "00abff");
}

static void base64_is_padded(void **state)
{
    (void)state;
    static const char *const cases[][2] = {/* RFC 4648 section 10 */
                                           {"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char made[BASE64_ROOM(6) + 1] = "";
        *digits_base64(made, span_of(cases[i][0], strlen(cases[i][0]))) = '\0';
        assert_string_equal(made, cases[i][1]);
    }
    char made[5] = "";
    *digits_base64(made, span_of("\xfb\xff\xfe", 3)) = '\0';
    assert_string_equal(made, "+//+");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_printfs),
        cmocka_unit_test(fixed_widths),
        cmocka_unit_test(base64_is_padded),
        cmocka_unit_test(hex_is_lower_case),
    };
    return cmocka_run_group_tests_name("digits", tests, NULL, NULL);
}
