/* test_tls_heartbeat.c: heartbeat records counted, and requests that ask for more than they bring.
 */
#include "../dissect/tls.h"
#include "hello_bytes.h"

#include <setjmp.h>

#include <cmocka.h>

static const uint16_t ciphers[] = {0xc02f};

static void put_record(struct buf *out, uint8_t type, const void *body, size_t n)
{
    put_number(out, type, 1);
    put_number(out, TLS_VERSION_12, 2);
    put_vector(out, 2, body, n);
}

/* put_hello appends a ClientHello in its record. */
static void put_hello(struct buf *out)
{
    struct buf body = {0}, message = {0};
    put_client_hello(&body, TLS_VERSION_12, ciphers, COUNT_OF(ciphers), NULL);
    put_number(&message, 1, 1);
    put_vector(&message, 3, body.p, body.n);
    put_record(out, TLS_HANDSHAKE, message.p, message.n);
    buf_done(&message);
    buf_done(&body);
}

/* run delivers what a client sends, `step` bytes at a time, one frame each from 1. */
static struct tls *run(struct tls_store *store, const struct buf *bytes, size_t step)
{
    struct tls *tls = tls_new(store, false);
    uint64_t frame = 0;
    for (size_t at = 0; at < bytes->n; at += step) {
        const struct tls_where where = {.offset = at, .frame = ++frame};
        size_t left = bytes->n - at;
        tls_data(tls, 0, span_of(bytes->p + at, left < step ? left : step), &where, NULL);
    }
    return tls;
}

struct expected {
    uint32_t records, overreads;
    uint64_t bytes;
};

static void expect(const struct buf *bytes, const struct expected *expected)
{
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(certs);
    for (size_t step = 1; step <= bytes->n; step++) {
        struct tls *tls = run(store, bytes, step);
        const struct tls_extras *extras = tls_facts(tls)->extras;
        assert_non_null(extras);
        assert_int_equal(extras->heartbeats.records[0], expected->records);
        assert_int_equal(extras->heartbeats.records[1], 0);
        assert_int_equal(extras->heartbeats.bytes[0], expected->bytes);
        assert_int_equal(extras->heartbeats.overreads, expected->overreads);
        assert_int_equal(extras->heartbeats.first_overread_frame != 0, expected->overreads != 0);
        assert_in_range(extras->heartbeats.first_frame, 1, bytes->n);
        tls_free(tls);
    }
    tls_store_free(store);
    cert_store_free(certs);
}

static void a_request_that_brings_what_it_says_is_counted(void **state)
{
    (void)state;
    struct buf bytes = {0};
    put_hello(&bytes);
    put_record(&bytes, TLS_HEARTBEAT, "\1\0\4pingPADDINGPADDINGPA", 23);
    expect(&bytes, &(struct expected){.records = 1, .bytes = 23});
    buf_done(&bytes);
}

static void a_request_for_more_is_told(void **state)
{
    (void)state;
    struct buf bytes = {0};
    put_hello(&bytes);
    put_record(&bytes, TLS_HEARTBEAT, "\1\x40\0", 3);
    put_record(&bytes, TLS_HEARTBEAT, "\1\0\4ping", 7);
    put_record(&bytes, TLS_HEARTBEAT, "\1\0\5ping", 7);
    put_record(&bytes, TLS_HEARTBEAT, "\2\x40\0", 3); /* an answer */
    put_record(&bytes, TLS_HEARTBEAT, "\1", 1);
    expect(&bytes, &(struct expected){.records = 5, .bytes = 21, .overreads = 2});
    buf_done(&bytes);
}

static void what_is_encrypted_is_not_looked_into(void **state)
{
    (void)state;
    struct buf bytes = {0};
    put_hello(&bytes);
    put_record(&bytes, TLS_CHANGE_CIPHER_SPEC, "\1", 1);
    put_record(&bytes, TLS_HEARTBEAT, "\1\x40\0", 3);
    expect(&bytes, &(struct expected){.records = 1, .bytes = 3});
    buf_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_brings_what_it_says_is_counted),
        cmocka_unit_test(a_request_for_more_is_told),
        cmocka_unit_test(what_is_encrypted_is_not_looked_into),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
