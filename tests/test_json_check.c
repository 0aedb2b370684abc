/* test_json_check.c: what is JSON and what is not, so that those who ask can rely on the answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json_check.h"

static void good(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "0",
        "-1.50",
        "1e9",
        "2E-3",
        "\"\"",
        "true",
        "false",
        "null",
        "[1,[2,{\"a\":3}]]",
        "{\"a\":\"\\u00e9\\n\\\\\\\"\",\"b\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!json_check(span_of(texts[i], strlen(texts[i]))))
            fail_msg("%s", texts[i]);
}

static void bad(void **state)
{
    static const char *const texts[] = {"",
                                        " {}",
                                        "{} ",
                                        "{",
                                        "[1,]",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{a:1}",
                                        "01",
                                        "1.",
                                        ".5",
                                        "1e",
                                        "+1",
                                        "\"",
                                        "\"\n\"",
                                        "\"\\x41\"",
                                        "\"\\u12g4\"",
                                        "\"\xc0\x80\"",
                                        "\"\xe2\x82\"",
                                        "\"\x80\"",
                                        "\"\xed\xa0\x80\"",
                                        "\"\xf5\x80\x80\x80\"",
                                        "\"\xf4\x90\x80\x80\"",
                                        "nul",
                                        "{}{}",
                                        "[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (json_check(span_of(texts[i], strlen(texts[i]))))
            fail_msg("%s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad)};
    return cmocka_run_group_tests_name("json_check", tests, NULL, NULL);
}
