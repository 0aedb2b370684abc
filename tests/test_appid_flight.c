/* test_appid_flight.c: what a server sends looks the same to nDPI each time, in whatever pieces it
 * comes, and what nDPI reads of it is not touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/appid_flight.h"
#include "hello_bytes.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION_DATA, HIDDEN = 0xff };

static void put_record(struct buf *out, uint8_t type, const struct buf *body)
{
    put_number(out, type, 1);
    put_number(out, 0x0303, 2);
    put_vector(out, 2, body->p, body->n);
}

static void put_message(struct buf *out, uint8_t type, const struct buf *body)
{
    put_number(out, type, 1);
    put_vector(out, 3, body->p, body->n);
}

static void put_bytes(struct buf *out, uint8_t value, size_t n)
{
    while (n-- > 0)
        buf_append(out, &value, 1);
}

/* A flight in which all that differs each time is `each`. ServerHello, certificate and key exchange
 * are in a record each, or (`joined`) in one. */
static struct buf flight(uint8_t each, bool joined)
{
    static const uint8_t version[] = {3, 3}, suite[] = {0xc0, 0x2f, 0};
    struct buf hello = {0}, session = {0}, share = {0}, extensions = {0}, certificate = {0},
               exchange = {0}, sealed = {0}, messages = {0}, out = {0};
    put_bytes(&share, each, 36);
    put_extension(&extensions, 51, &share);
    put_extension(&extensions, 65281, NULL);
    put_bytes(&session, each, 32);
    buf_append(&hello, version, sizeof version);
    put_bytes(&hello, each, 32);
    put_vector(&hello, 1, session.p, session.n);
    buf_append(&hello, suite, sizeof suite);
    put_vector(&hello, 2, extensions.p, extensions.n);
    put_bytes(&certificate, 'c', 600);
    put_bytes(&exchange, each, 300);
    put_bytes(&sealed, each, 40);
    static const uint8_t types[] = {2, 11, 12, 14};
    const struct buf none = {0}, *bodies[] = {&hello, &certificate, &exchange, &none};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        put_message(&messages, types[i], bodies[i]);
        if (joined && i + 1 < COUNT_OF(bodies))
            continue;
        put_record(&out, HANDSHAKE, &messages);
        messages.n = 0;
    }
    messages.n = 0;
    put_bytes(&messages, 1, 1);
    put_record(&out, CHANGE_CIPHER_SPEC, &messages);
    put_record(&out, HANDSHAKE, &sealed);
    put_record(&out, APPLICATION_DATA, &sealed);
    sealed.n = 0;
    put_bytes(&sealed, 'a', 26);
    put_record(&out, ALERT, &sealed);
    struct buf *all[] = {&hello,       &session,  &share,  &extensions,
                         &certificate, &exchange, &sealed, &messages};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        buf_done(all[i]);
    return out;
}

static struct buf thinned(struct buf bytes)
{
    struct appid_flight state = {0};
    assert_true(appid_flight_thin(&state, bytes.p, bytes.n));
    assert_int_equal(state.record_left, 0);
    return bytes;
}

static size_t count_of(const struct buf *bytes, uint8_t value)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes->n; i++)
        count += bytes->p[i] == value;
    return count;
}

static void alike(void **state)
{
    (void)state;
    for (unsigned joined = 0; joined < 2; joined++) {
        struct buf a = thinned(flight(0xa1, joined)), b = thinned(flight(0xb2, joined));
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.p, b.p, a.n);
        assert_int_equal(count_of(&a, 0xa1), 0);
        assert_int_equal(count_of(&a, 'c'), 600);       /* it reads certificates */
        assert_int_equal(count_of(&a, 'a'), 26);        /* and alerts, even if encrypted */
        assert_int_equal(count_of(&a, HIDDEN), 40 + 1); /* an extension's type has one */
        struct appid_flight again = {0};
        struct buf copy = {0};
        buf_append(&copy, a.p, a.n);
        assert_true(appid_flight_thin(&again, a.p, a.n));
        for (size_t i = 0; i < a.n; i++)
            assert_int_equal(a.p[i], copy.p[i]);
        buf_done(&copy);
        buf_done(&a);
        buf_done(&b);
    }
}

/* Both pieces come to what the whole does, wherever it is cut but in the ServerHello. */
static void in_pieces(void **state)
{
    (void)state;
    enum { HELLO = 2 + 32 + 1 + 32 + 3 + 2 + 4 + 36 + 4, SEALED_BEGINS = 4 };
    size_t read = 0;
    struct buf whole = thinned(flight(0xa1, false));
    for (size_t cut = 0; cut <= whole.n; cut++) {
        struct buf bytes = flight(0xa1, false);
        uint8_t *first = xmemdup(bytes.p, cut), *second = xmemdup(bytes.p + cut, bytes.n - cut);
        struct appid_flight pieces = {0};
        if (appid_flight_thin(&pieces, first, cut) &&
            appid_flight_thin(&pieces, second, bytes.n - cut)) {
            read++;
            assert_memory_equal(first, whole.p, cut);
            assert_memory_equal(second, whole.p + cut, whole.n - cut);
        }
        free(first);
        free(second);
        buf_done(&bytes);
    }
    assert_int_equal(read, whole.n + 1 - (HELLO - 1) - SEALED_BEGINS);
    buf_done(&whole);
}

/* A ServerHello with one extension. */
static struct buf hello_with(uint16_t version, uint16_t type, const char *body, size_t n)
{
    struct buf hello = {0}, extensions = {0}, message = {0}, out = {0},
               extension = {.p = (uint8_t *)(uintptr_t)body, .n = n};
    put_extension(&extensions, type, &extension);
    put_number(&hello, version, 2);
    put_bytes(&hello, 'r', 32);
    put_vector(&hello, 1, "", 0);
    put_number(&hello, 0x130100, 3);
    put_vector(&hello, 2, extensions.p, extensions.n);
    put_message(&message, 2, &hello);
    put_record(&out, HANDSHAKE, &message);
    buf_done(&hello);
    buf_done(&extensions);
    buf_done(&message);
    return out;
}

/* nDPI takes a session id for something else before a version, and reads behind an extension. */
static void hellos_that_it_reads_otherwise(void **state)
{
    (void)state;
    enum { ALPN = 16 };
    static const struct {
        uint16_t version;
        const char *body;
        bool good;
    } hellos[] = {{0x0303, "\0\3\2h2", true},
                  {0x7f1c, "\0\3\2h2", false},
                  {0x0303, "\0\x30\2h2", false},
                  {0x0303, "\0\2\2h2", false}};
    for (size_t i = 0; i < COUNT_OF(hellos); i++) {
        struct buf bytes = hello_with(hellos[i].version, ALPN, hellos[i].body, 5);
        struct appid_flight flight = {0};
        assert_int_equal(appid_flight_thin(&flight, bytes.p, bytes.n), hellos[i].good);
        buf_done(&bytes);
    }
}

/* What is encrypted may look like a message, and begin with anything. */
static void sealed_that_it_reads(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        bool good;
    } sealed[] = {{"\1\0\0\4zzzz", 8, false},
                  {"\1\0\0\5zzzz", 8, true},
                  {"\1\1\0\4zzzz", 8, true},
                  {"\0\0\0\0zzzz", 8, false},
                  {"\1\0\0\0", 4, true}};
    for (size_t i = 0; i < COUNT_OF(sealed); i++) {
        struct buf bytes = {0},
                   body = {.p = (uint8_t *)(uintptr_t)sealed[i].bytes, .n = sealed[i].n};
        struct appid_flight flight = {0};
        put_record(&bytes, CHANGE_CIPHER_SPEC, &(struct buf){.p = (uint8_t[]){1}, .n = 1});
        put_record(&bytes, HANDSHAKE, &body);
        assert_int_equal(appid_flight_thin(&flight, bytes.p, bytes.n), sealed[i].good);
        buf_done(&bytes);
    }
}

static void nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } others[] = {
        {"HTTP/1.1 200 OK", 15},
        {"\x16\x02\x00\x00\x00", 5},
        {"\x19\x03\x03\x00\x00", 5},
        {"\x16\x03\x03\x00\x04\x02\x01\x00\x00", 9},
        {"\x16\x03\x03\x00\x04\x01\x00\x00\x00", 9},                      /* a client's */
        {"\x16\x03\x03\x00\x02\x0b\x00\x16\x03\x03\x00\x02\x00\x09", 14}, /* in two records */
    };
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct appid_flight flight = {0};
        size_t n = others[i].n;
        uint8_t *copy = xmemdup(others[i].bytes, n);
        assert_false(appid_flight_thin(&flight, copy, n));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alike),
        cmocka_unit_test(in_pieces),
        cmocka_unit_test(hellos_that_it_reads_otherwise),
        cmocka_unit_test(sealed_that_it_reads),
        cmocka_unit_test(nothing_else),
    };
    return cmocka_run_group_tests_name("appid_flight", tests, NULL, NULL);
}
