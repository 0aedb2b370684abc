/* test_log_text.c: logs, style by style. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/limits.h"
#include "../dissect/log_text.h"

static int64_t same(void *context, int64_t wall)
{
    (void)context;
    return wall;
}

static const struct wall_clock utc = {same, NULL};

static struct log_file read_text(const char *text, char **copy)
{
    struct log_file log = {.name = "test"};
    size_t n = strlen(text);
    *copy = malloc(n ? n : 1);
    assert_non_null(*copy);
    memcpy(*copy, text, n);
    log_text_read(&log, span_of(*copy, n), "apsd");
    log_text_settle(&log, INT64_C(1401100000) * NS_PER_SECOND, true, &utc); /* 2014-05-26 */
    return log;
}

static void assert_message(const struct log_line *line, const char *message)
{
    assert_int_equal(line->message.n, strlen(message));
    assert_memory_equal(line->message.p, message, line->message.n);
}

#define LEAF "Unrecognized leaf certificate"

/* Every style says the same. */
static void styles(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "May 25 00:48:01 mac apsd[106]: " LEAF,
        "May 25 00:48:01 apsd[106]: " LEAF,
        "May 25 00:48:01 mac.local apsd[106] <Error>: " LEAF,
        "system.log.0.gz:May 25 00:48:01 mac apsd[106]: " LEAF,
        "/var/log/a:b/system.log:May 25 00:48:01 mac apsd[106]: " LEAF,
        "system.log:17:May 25 00:48:01 mac apsd[106]: " LEAF,
        "2014-05-25T00:48:01.000000+00:00 mac apsd[106]: " LEAF,
        "2014-05-25 00:48:01.000000+0000  localhost apsd[106]: " LEAF,
        "2014-05-25 02:48:01.000000+0200 0x1a2b     Error       0x0                  106    0    "
        "apsd: " LEAF,
        "{\"timestamp\":\"2014-05-24 17:48:01.000000-0700\",\"processImagePath\":"
        "\"\\/System\\/Library\\/PrivateFrameworks\\/ApplePushService.framework\\/apsd\","
        "\"processID\":106,\"eventMessage\":\"Unrecognized leaf certif\\u0069cate\"}",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy;
        struct log_file log = read_text(cases[i], &copy);
        assert_int_equal(log.count, 1);
        assert_int_equal(log.bad, 0);
        assert_message(&log.lines[0], LEAF);
        assert_int_equal(log.lines[0].pid, 106);
        assert_int_equal(log.lines[0].line, 1);
        assert_int_equal(log.lines[0].time, INT64_C(1400978881) * NS_PER_SECOND);
        assert_int_equal(log.yearless, i < 6);
        assert_int_equal(log.zoneless, i < 6);
        log_text_done(&log);
        free(copy);
        for (size_t n = 0; n < strlen(cases[i]); n++) { /* every beginning is safe */
            char *part = xmemdup(cases[i], n);
            log = read_text(part, &copy);
            log_text_done(&log);
            free(copy);
            free(part);
        }
    }
}

static void others(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "May 25 00:48:01 mac kernel[0]: apsd[106]: no",
        "May 25 00:48:01 mac apsdx[106]: no",
        "May 25 00:48:01 mac aps[106]: no",
        "May 25 00:48:01 mac apsd[x]: no",
        "May 25 00:48:01 mac com.apple.launchd[1] (com.apple.apsd[106]): Exited",
        ("2014-05-25 02:48:01.000000+0200 0x1a2b     Error       0x0                  106    0    "
         "kernel: (apsd) no"),
        "{\"count\":5,\"finished\":1}",
        "{\"timestamp\":\"x\",\"processImagePath\":\"/usr/sbin/xapsd\",\"eventMessage\":\"no\"}",
        "Timestamp                       (process)[PID]    ",
        "\tcontinued",
        "",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy;
        struct log_file log = read_text(cases[i], &copy);
        assert_int_equal(log.count, 0);
        assert_int_equal(log.bad, 0);
        assert_int_equal(log.other, *cases[i] ? 1 : 0);
        log_text_done(&log);
        free(copy);
    }
}

static void bad_lines(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "apsd[106]: " LEAF,
        "{\"timestamp\":\"2014-05-25 00:48:01\",\"processImagePath\":\"apsd\"",
        "{\"timestamp\":\"yesterday\",\"processImagePath\":\"apsd\",\"eventMessage\":\"x\"}",
        "{\"processImagePath\":\"apsd\",\"eventMessage\":\"x\"}",
        "{}",
        "{\"eventMessage\":\"\xff\"}",
        "Mai 25 00:48:01 mac apsd[106]: " LEAF,
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy, text[256] = "Timestamp\n\n";
        strncat(text, cases[i], sizeof text - strlen(text) - 1);
        struct log_file log = read_text(text, &copy);
        assert_int_equal(log.count, 0);
        assert_int_equal(log.bad, i == 0 ? 2 : 2);
        assert_int_equal(log.first_bad, 1);
        log_text_done(&log);
        free(copy);
    }
}

static void repeats(void **state)
{
    (void)state;
    char *copy;
    struct log_file log =
        read_text("May 25 00:48:01 mac apsd[106]: a\r\n"
                  "May 25 00:48:31 --- last message repeated 1 time ---\n"
                  "May 25 00:49:01 mac last message repeated 3 times\n"
                  "May 25 00:50:01 mac kernel[0]: b\n"
                  "May 25 00:50:31 --- last message repeated 9 times ---\n"
                  "May 25 00:51:01 mac apsd[106]: message repeated 4 times: [ c]\n"
                  "May 25 00:52:01 mac apsd[106]: last message repeated\n",
                  &copy);
    assert_int_equal(log.count, 3);
    assert_message(&log.lines[0], "a");
    assert_int_equal(log.lines[0].repeats, 4);
    assert_message(&log.lines[1], "c");
    assert_int_equal(log.lines[1].repeats, 3);
    assert_int_equal(log.lines[2].repeats, 0);
    assert_int_equal(log.lines[2].line, 7);
    assert_int_equal(log.other, 2);
    log_text_done(&log);
    free(copy);
}

static void long_message(void **state)
{
    (void)state;
    struct buf text = {0};
    char *copy;
    buf_printf(&text, "May 25 00:48:01 mac apsd[106]: %05000d\n", 7);
    buf_printf(&text, "May 25 00:48:01 mac apsd[106] %05000d\n", 7); /* no colon at all */
    buf_printf(&text,
               "{\"timestamp\":\"2014-05-25 00:48:01Z\",\"processImagePath\":\"apsd\","
               "\"eventMessage\":\"%05000d\"}",
               7);
    struct log_file log = read_text(buf_text(&text), &copy);
    assert_int_equal(log.count, 3);
    for (size_t i = 0; i < log.count; i++)
        assert_int_equal(log.lines[i].message.n, LIMIT_LOG_MESSAGE);
    log_text_done(&log);
    free(copy);
    buf_done(&text);
}

/* An object that is longer than any is not handed to the JSON reader. */
static void an_oversized_object(void **state)
{
    (void)state;
    for (unsigned over = 0; over < 2; over++) {
        struct buf text = {0};
        char *copy;
        buf_printf(&text, "{\"timestamp\":\"2014-05-25 00:48:01Z\",\"processImagePath\":\"apsd\","
                          "\"eventMessage\":\"");
        while (text.n < LIMIT_LOG_OBJECT - 2 + over)
            buf_printf(&text, "a");
        buf_printf(&text, "\"}");
        struct log_file log = read_text(buf_text(&text), &copy);
        assert_int_equal(log.count, !over);
        assert_int_equal(log.bad, over);
        log_text_done(&log);
        free(copy);
        buf_done(&text);
    }
}

static void too_many_lines(void **state)
{
    (void)state;
    struct buf text = {0};
    for (unsigned i = 0; i < LIMIT_LOG_LINES + 5; i++)
        buf_printf(&text, "May 25 00:48:01 mac apsd[106]: a\n");
    struct log_file log = {.name = "test"};
    log_text_read(&log, span_of(text.p, text.n), "apsd");
    assert_int_equal(log.count, LIMIT_LOG_LINES);
    assert_true(log.more);
    log_text_done(&log);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(styles),         cmocka_unit_test(others),
        cmocka_unit_test(bad_lines),      cmocka_unit_test(repeats),
        cmocka_unit_test(long_message),   cmocka_unit_test(an_oversized_object),
        cmocka_unit_test(too_many_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
