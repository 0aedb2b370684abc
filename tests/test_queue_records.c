/* test_queue_records.c: records from sizes alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../report/judge/queue_records.h"

static void tls10_cbc(void **state)
{
    (void)state;
    const struct queue_size sizes[] = {{106, 70}, {143, 300}, {0, 1}, {5, 9}};
    struct queue_reading reading;
    assert_true(queue_records_read(&reading, sizes, COUNT_OF(sizes)));
    assert_string_equal(reading.suites, "AES-CBC-SHA in TLS 1.0 or SSL 3.0");
    assert_int_equal(reading.with.bytes, 143);
    assert_int_equal(reading.with.count, 300);
    assert_int_equal(reading.alone.bytes, 106);
    assert_int_equal(reading.close_notify, 37);
    assert_int_equal(reading.first, 37);
    assert_int_equal(reading.rest, 69);
    assert_int_equal(reading.least, 29);
    assert_int_equal(reading.most, 44);
}

/* A message of 40 bytes and its close_notify under other suites: sizes by hand from the RFCs. */
static void other_suites(void **state)
{
    (void)state;
    static const struct {
        uint64_t alone, with, least, most;
        const char *suites;
    } cases[] = {
        {5 + 16 + 64, 5 + 16 + 64 + 53, 28, 43, "AES-CBC-SHA in TLS 1.1 or 1.2"},
        {5 + 16 + 80, 5 + 16 + 80 + 69, 32, 47, "AES-CBC-SHA256 in TLS 1.2"},
        {5 + 16 + 96, 5 + 16 + 96 + 85, 32, 47, "AES-CBC-SHA384 in TLS 1.2"},
        {5 + 40 + 20, 5 + 40 + 20 + 27, 40, 40, "RC4-SHA"},
        {5 + 8 + 40 + 16, 5 + 8 + 40 + 16 + 31, 40, 40, "AES-GCM in TLS 1.2"},
        {5 + 40 + 17, 5 + 40 + 17 + 24, 40, 40, "TLS 1.3"},
        {5 + 40 + 16, 5 + 40 + 16 + 23, 40, 40, "RC4-MD5, or ChaCha20-Poly1305 in TLS 1.2"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct queue_size sizes[] = {{cases[i].with, 3}, {cases[i].alone, 4}};
        struct queue_reading reading;
        assert_true(queue_records_read(&reading, sizes, COUNT_OF(sizes)));
        assert_string_equal(reading.suites, cases[i].suites);
        assert_int_equal(reading.first, 0);
        assert_int_equal(reading.rest, cases[i].alone);
        assert_int_equal(reading.least, cases[i].least);
        assert_int_equal(reading.most, cases[i].most);
    }
}

static void says_nothing(void **state)
{
    (void)state;
    static const struct queue_size cases[][2] = {
        {{143, 400}, {143, 400}}, /* one size fits anything */
        {{143, 400}, {105, 70}},  /* no record is 38 bytes longer than none */
        {{144, 400}, {107, 70}},  /* 37 apart, but 107 is no message of CBC */
        {{37, 5}, {0, 5}},        /* a close_notify after nothing */
        {{74, 5}, {37, 5}},       /* a message of one byte or less */
        {{UINT64_MAX, 5}, {UINT64_MAX - 37, 5}},
        {{UINT64_MAX, 5}, {UINT64_MAX - 36, 5}},
    };
    struct queue_reading reading;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_false(queue_records_read(&reading, cases[i], 2));
    assert_false(queue_records_read(&reading, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls10_cbc),
        cmocka_unit_test(other_suites),
        cmocka_unit_test(says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
