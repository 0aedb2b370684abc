/* test_appid_hello.c: what nDPI only fingerprints is hidden from it, in any piece of a ClientHello,
 * and nothing else is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/appid_hello.h"
#include "hello_bytes.h"

/* A record with a ClientHello of two suites and groups, a server name and a DTLS extension. */
static struct buf hello(void)
{
    static const uint16_t suites[] = {0xc02b, 0x1301}, groups[] = {29, 23};
    struct buf extensions = {0}, body = {0}, message = {0}, record = {0};
    put_extension_list16(&extensions, 10, 2, groups, COUNT_OF(groups));
    put_server_name(&extensions, "a.example");
    put_extension(&extensions, 53, NULL);
    put_client_hello(&body, 0x0303, suites, COUNT_OF(suites), &extensions);
    put_number(&message, 1, 1);
    put_vector(&message, 3, body.p, body.n);
    put_number(&record, 0x160301, 3);
    put_vector(&record, 2, message.p, message.n);
    buf_done(&extensions);
    buf_done(&body);
    buf_done(&message);
    return record;
}

static size_t count_changed(const struct buf *record, size_t n)
{
    uint8_t *copy = xmemdup(record->p, n);
    size_t changed = 0;
    appid_hello_thin(copy, n);
    for (size_t i = 0; i < n; i++) {
        changed += copy[i] != record->p[i];
        assert_true(copy[i] == record->p[i] || copy[i] == 0x0a);
    }
    free(copy);
    return changed;
}

static void suites_and_one_type(void **state)
{
    (void)state;
    struct buf record = hello();
    assert_true(appid_hello_at(span_of(record.p, record.n)));
    assert_int_equal(count_changed(&record, record.n), 4 + 1); /* type 10 had its 0x0a already */
    buf_done(&record);
}

static void every_truncation(void **state)
{
    (void)state;
    struct buf record = hello();
    for (size_t n = 0, before = 0; n <= record.n; n++) {
        uint8_t *copy = xmalloc(n); /* in just their size, so that a step beyond is caught */
        memcpy(copy, record.p, n);
        appid_hello_thin(copy, n);
        free(copy);
        assert_true(count_changed(&record, n) >= before);
        before = count_changed(&record, n);
        assert_int_equal(appid_hello_at(span_of(record.p, n)), n >= 6);
    }
    buf_done(&record);
}

static void what_is_none(void **state)
{
    (void)state;
    assert_false(appid_hello_at(span_of("\x16\x03\x01\0\4\2", 6))); /* a ServerHello */
    assert_false(appid_hello_at(span_of("\x17\x03\x01\0\4\1", 6)));
    assert_false(appid_hello_at(span_of("GET / ", 6)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites_and_one_type),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests_name("appid_hello", tests, NULL, NULL);
}
