/* test_appid_hello.c: what nDPI only fingerprints, and what it does not read, is hidden from it, in
 * any piece of a ClientHello, and nothing else is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/appid_hello.h"
#include "hello_bytes.h"

enum { RANDOM_AT = 5 + 4 + 2, SESSION_AT = RANDOM_AT + 32 + 1, SESSION = 7 };

/* A record with a ClientHello of two suites, a GREASE extension of that type, groups, a server
 * name, a DTLS extension and one that nobody knows. */
static struct buf hello(uint16_t grease, const char *body_of_unknown)
{
    static const uint16_t suites[] = {0xc02b, 0x1301}, groups[] = {29, 23};
    struct buf extensions = {0}, body = {0}, message = {0}, record = {0}, unknown = {0};
    buf_append(&unknown, body_of_unknown, strlen(body_of_unknown));
    put_extension(&extensions, grease, NULL);
    put_extension_list16(&extensions, 10, 2, groups, COUNT_OF(groups));
    put_server_name(&extensions, "a.example");
    put_extension(&extensions, 53, NULL);
    put_extension(&extensions, 0x7777, &unknown);
    put_client_hello(&body, 0x0303, suites, COUNT_OF(suites), &extensions);
    put_number(&message, 1, 1);
    put_vector(&message, 3, body.p, body.n);
    put_number(&record, 0x160301, 3);
    put_vector(&record, 2, message.p, message.n);
    buf_done(&extensions);
    buf_done(&unknown);
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
        assert_true(copy[i] == record->p[i] || copy[i] == 0x0a || copy[i] == 0);
    }
    free(copy);
    return changed;
}

static void what_is_hidden(void **state)
{
    (void)state;
    enum { RANDOM = 3, SUITES = 4, GROUPS_TYPE = 1, GROUPS = 3, UNKNOWN = 3 };
    struct buf record = hello(0x0a0a, "abc");
    assert_true(appid_hello_at(span_of(record.p, record.n)));
    /* Bytes that were 0 or 0x0a already do not count. */
    assert_int_equal(count_changed(&record, record.n),
                     RANDOM + SESSION + SUITES + GROUPS_TYPE + GROUPS + UNKNOWN);
    buf_done(&record);
}

/* Two connections of one program, and one to another server. */
static void one_kind(void **state)
{
    (void)state;
    struct buf a = hello(0x0a0a, "abc"), b = hello(0xfafa, "xyz");
    memset(b.p + RANDOM_AT, 7, 32);
    memset(b.p + SESSION_AT, 8, SESSION);
    assert_int_equal(a.n, b.n);
    assert_memory_not_equal(a.p, b.p, a.n);
    appid_hello_thin(a.p, a.n);
    appid_hello_thin(b.p, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    assert_non_null(memmem(a.p, a.n, "a.example", 9));
    buf_done(&a);
    buf_done(&b);
}

static void every_truncation(void **state)
{
    (void)state;
    struct buf record = hello(0x0a0a, "abc");
    for (size_t n = 0, before = 0; n <= record.n; n++) {
        uint8_t *copy = xmalloc(n); /* in just their size, so that a step beyond is caught */
        memcpy(copy, record.p, n);
        appid_hello_thin(copy, n);
        free(copy);
        assert_true(count_changed(&record, n) >= before);
        before = count_changed(&record, n);
        assert_int_equal(appid_hello_at(span_of(record.p, n)), n >= 6);
        assert_int_equal(appid_hello_is_whole(span_of(record.p, n)), n == record.n);
        assert_int_equal(appid_hello_is_alone(span_of(record.p, n)), n == record.n);
    }
    buf_done(&record);
}

/* Versions of RFC 8701 are hidden, too, and no other. */
static void versions_that_say_nothing(void **state)
{
    (void)state;
    enum { VERSIONS = 43, RESERVED = 2 };
    static const uint16_t versions[] = {0xcaca, 0x0304, 0x0ac0, 0xc0c0, 0x5a5a};
    struct buf without = hello(0x0a0a, "abc"), with = {0}, list = {0};
    const size_t changed = count_changed(&without, without.n);
    put_extension_list16(&list, VERSIONS, 1, versions, COUNT_OF(versions));
    /* behind all other extensions; lengths of the record, the message and the extensions */
    buf_append(&with, without.p, without.n);
    buf_append(&with, list.p, list.n);
    const size_t block = SESSION_AT + SESSION + 2 + 4 + 2, lengths[] = {3, 7, block};
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        with.p[lengths[i] + 1] = (uint8_t)(with.p[lengths[i] + 1] + list.n);
    assert_true(appid_hello_is_sound(span_of(with.p, with.n)));
    assert_int_equal(count_changed(&with, with.n), changed + RESERVED * sizeof(uint16_t));
    buf_done(&without);
    buf_done(&with);
    buf_done(&list);
}

/* Where a length lies, nDPI reads on in what would be hidden: nothing is. */
static void a_length_that_lies(void **state)
{
    (void)state;
    struct buf record = hello(0x0a0a, "abc");
    const uint8_t *name = memmem(record.p, record.n, "a.example", 9);
    assert_non_null(name);
    const size_t at = (size_t)(name - record.p);
    /* of the record, the message, the session, the name's extension, its list, the name */
    const size_t lengths[] = {4, 8, SESSION_AT - 1, at - 6, at - 4, at - 1};
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (int change = -1; change <= 1; change += 2) {
            record.p[lengths[i]] = (uint8_t)(record.p[lengths[i]] + change);
            assert_int_equal(count_changed(&record, record.n), 0);
            record.p[lengths[i]] = (uint8_t)(record.p[lengths[i]] - change);
        }
    assert_true(count_changed(&record, record.n) > 0);
    buf_done(&record);
}

static void what_is_none(void **state)
{
    (void)state;
    assert_true(appid_hello_is_alone(span_of("\x16\3\1\0\5\1\0\0\1h", 10)));
    assert_false(appid_hello_is_alone(span_of("\x16\3\1\0\6\1\0\0\1h", 10)));
    assert_false(appid_hello_is_alone(span_of("\x16\3\1\0\5\1\0\0\2h", 10)));
    assert_false(appid_hello_is_alone(span_of("\x16\3\1\0\5\1\1\0\1h", 10)));
    assert_false(appid_hello_is_alone(span_of("\x16\3\1\0\5\2\0\0\1h", 10)));
    /* whole: with a record behind it, but not with a piece of one, nor in two records */
    static const char behind[] = "\x16\3\1\0\5\1\0\0\1h\x14\3\3\0\1\1";
    for (size_t n = 0; n < sizeof behind; n++)
        assert_int_equal(appid_hello_is_whole(span_of(behind, n)), n == 10 || n == 16);
    assert_false(appid_hello_is_whole(span_of("\x16\3\1\0\5\1\0\0\2h\x16\3\1\0\1h", 16)));
    assert_false(appid_hello_at(span_of("\x16\x03\x01\0\4\2", 6))); /* a ServerHello */
    assert_false(appid_hello_at(span_of("\x17\x03\x01\0\4\1", 6)));
    assert_false(appid_hello_at(span_of("GET / ", 6)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_hidden),   cmocka_unit_test(one_kind),
        cmocka_unit_test(every_truncation), cmocka_unit_test(a_length_that_lies),
        cmocka_unit_test(what_is_none),     cmocka_unit_test(versions_that_say_nothing),
    };
    return cmocka_run_group_tests_name("appid_hello", tests, NULL, NULL);
}
