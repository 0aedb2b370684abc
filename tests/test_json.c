/* test_json.c: the writer's text, byte for byte; above all what it makes of hostile strings. */
#include "../report/json.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

/* What json_span writes for some bytes, which stand in a heap copy of just their size. */
static void check_span(struct span bytes, const char *expected)
{
    struct buf out = {0};
    struct json json;
    json_begin(&json, &out);
    uint8_t *copy = malloc(bytes.n ? bytes.n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes.p, bytes.n);
    json_span(&json, NULL, span_of(copy, bytes.n));
    json_end(&json);
    assert_string_equal(buf_text(&out), expected);
    free(copy);
    buf_done(&out);
}

#define CHECK_SPAN(literal, expected) check_span(span_of(literal, sizeof(literal) - 1), expected)

static void plain_text_is_kept(void **state)
{
    (void)state;
    CHECK_SPAN("", "\"\"");
    CHECK_SPAN("courier.push.example", "\"courier.push.example\"");
    CHECK_SPAN("b\xc3\xbc"
               "cher \xe4\xb8\xad \xf0\x9f\x8d\x8e",
               "\"b\xc3\xbc"
               "cher \xe4\xb8\xad \xf0\x9f\x8d\x8e\"");
}

static void quotes_and_backslashes_are_escaped(void **state)
{
    (void)state;
    CHECK_SPAN("a\"b\\c/", "\"a\\\"b\\\\c/\"");
}

static void controls_become_visible_bytes(void **state)
{
    (void)state;
    CHECK_SPAN("a\nb\r\t\x1b[31m\x7f", "\"a\\\\x0ab\\\\x0d\\\\x09\\\\x1b[31m\\\\x7f\"");
    CHECK_SPAN("\0", "\"\\\\x00\"");
    CHECK_SPAN("\xc2\x9b"
               "1m",
               "\"\\\\xc2\\\\x9b1m\""); /* CSI as a C1 control */
}

static void bytes_that_are_not_utf8_become_visible(void **state)
{
    (void)state;
    CHECK_SPAN("\xff", "\"\\\\xff\"");
    CHECK_SPAN("\x80z", "\"\\\\x80z\"");
    CHECK_SPAN("\xc0\xaf", "\"\\\\xc0\\\\xaf\"");                       /* overlong / */
    CHECK_SPAN("\xe0\x80\xaf", "\"\\\\xe0\\\\x80\\\\xaf\"");            /* overlong */
    CHECK_SPAN("\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\"");            /* surrogate */
    CHECK_SPAN("\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""); /* beyond U+10FFFF */
}

static void every_truncation_of_a_character_is_seen(void **state)
{
    (void)state;
    CHECK_SPAN("\xf0\x9f\x8d", "\"\\\\xf0\\\\x9f\\\\x8d\"");
    CHECK_SPAN("\xf0\x9f", "\"\\\\xf0\\\\x9f\"");
    CHECK_SPAN("\xf0", "\"\\\\xf0\"");
    CHECK_SPAN("\xe4\xb8", "\"\\\\xe4\\\\xb8\"");
    CHECK_SPAN("\xc3", "\"\\\\xc3\"");
    CHECK_SPAN("\xc3z", "\"\\\\xc3z\"");
}

static void tricks_keep_their_value_but_not_their_bytes(void **state)
{
    (void)state;
    CHECK_SPAN("a\xe2\x80\xa8"
               "b",
               "\"a\\u2028b\""); /* LINE SEPARATOR */
    CHECK_SPAN("\xe2\x80\xae"
               "evil",
               "\"\\u202eevil\"");                        /* RIGHT-TO-LEFT OVERRIDE */
    CHECK_SPAN("\xf3\xa0\x80\xa0", "\"\\udb40\\udc20\""); /* TAG SPACE */
}

static void members_are_separated(void **state)
{
    (void)state;
    struct buf out = {0};
    struct json json;
    json_begin(&json, &out);
    json_open_object(&json, NULL);
    json_text(&json, "a", "x");
    json_open_array(&json, "b");
    json_uint(&json, NULL, 0);
    json_uint(&json, NULL, UINT64_MAX);
    json_open_object(&json, NULL);
    json_close_object(&json);
    json_close_array(&json);
    json_bool(&json, "c", true);
    json_bool(&json, "d", false);
    json_hex(&json, "e", span_of("\x00\xab\xff", 3));
    json_hex(&json, "f", span_of(NULL, 0));
    json_close_object(&json);
    json_end(&json);
    assert_string_equal(buf_text(&out),
                        "{\"a\":\"x\",\"b\":[0,18446744073709551615,{}],\"c\":true,\"d\":false,"
                        "\"e\":\"00abff\",\"f\":\"\"}");
    buf_done(&out);
}

static void check_seconds(nanotime duration, const char *expected)
{
    struct buf out = {0};
    struct json json;
    json_begin(&json, &out);
    json_seconds(&json, NULL, duration);
    json_end(&json);
    assert_string_equal(buf_text(&out), expected);
    buf_done(&out);
}

static void durations_have_six_decimals(void **state)
{
    (void)state;
    check_seconds(0, "0.000000");
    check_seconds(1, "0.000000");
    check_seconds(1999, "0.000001");
    check_seconds(58200000000, "58.200000");
    check_seconds(-1500000000, "-1.500000");
    check_seconds(INT64_MAX, "9223372036.854775");
    check_seconds(INT64_MIN, "-9223372036.854775");
}

static void check_time(nanotime time, const char *expected)
{
    struct buf out = {0};
    struct json json;
    json_begin(&json, &out);
    json_time(&json, NULL, time);
    json_end(&json);
    assert_string_equal(buf_text(&out), expected);
    buf_done(&out);
}

/* Expected values from `date -u`. */
static void times_are_rfc3339(void **state)
{
    (void)state;
    check_time(0, "\"1970-01-01T00:00:00.000000Z\"");
    check_time(1400978881123456000, "\"2014-05-25T00:48:01.123456Z\"");
    check_time(1400978881123456789, "\"2014-05-25T00:48:01.123456789Z\"");
    check_time(951782400 * NS_PER_SECOND, "\"2000-02-29T00:00:00.000000Z\"");
    check_time(4107542399 * NS_PER_SECOND, "\"2100-02-28T23:59:59.000000Z\"");
    check_time(4107542400 * NS_PER_SECOND, "\"2100-03-01T00:00:00.000000Z\"");
    check_time(-1, "\"1969-12-31T23:59:59.999999999Z\"");
    check_time(-2208988800 * NS_PER_SECOND, "\"1900-01-01T00:00:00.000000Z\"");
    check_time(INT64_MAX, "\"2262-04-11T23:47:16.854775807Z\"");
    check_time(INT64_MIN, "\"1677-09-21T00:12:43.145224192Z\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_kept),
        cmocka_unit_test(quotes_and_backslashes_are_escaped),
        cmocka_unit_test(controls_become_visible_bytes),
        cmocka_unit_test(bytes_that_are_not_utf8_become_visible),
        cmocka_unit_test(every_truncation_of_a_character_is_seen),
        cmocka_unit_test(tricks_keep_their_value_but_not_their_bytes),
        cmocka_unit_test(members_are_separated),
        cmocka_unit_test(durations_have_six_decimals),
        cmocka_unit_test(times_are_rfc3339),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
