/* test_decrypt.c: the records of RFC 8448 section 3 with the secrets that it gives. */
#include "../dissect/decrypt.h"
#include "../dissect/tls_facts.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SUITE = 0x1301 };

static const struct tls_secret client_handshake = {
    32, {0xb3, 0xed, 0xdb, 0x12, 0x6e, 0x06, 0x7f, 0x35, 0xa7, 0x80, 0xb3,
         0xab, 0xf4, 0x5e, 0x2d, 0x8f, 0x3b, 0x1a, 0x95, 0x07, 0x38, 0xf5,
         0x2e, 0x96, 0x00, 0x74, 0x6a, 0x0e, 0x27, 0xa5, 0x5a, 0x21}};
static const struct tls_secret client_traffic = {
    32, {0x9e, 0x40, 0x64, 0x6c, 0xe7, 0x9a, 0x7f, 0x9d, 0xc0, 0x5a, 0xf8,
         0x88, 0x9b, 0xce, 0x65, 0x52, 0x87, 0x5a, 0xfa, 0x0b, 0x06, 0xdf,
         0x00, 0x87, 0xf7, 0x92, 0xeb, 0xb7, 0xc1, 0x75, 0x04, 0xa5}};
static const struct tls_secret server_traffic = {
    32, {0xa1, 0x1a, 0xf9, 0xf0, 0x55, 0x31, 0xf8, 0x56, 0xad, 0x47, 0x11,
         0x6b, 0x45, 0xa9, 0x50, 0x32, 0x82, 0x04, 0xb4, 0xf4, 0x4b, 0xfb,
         0x6b, 0x3a, 0x4b, 0x4f, 0x1f, 0x3f, 0xcb, 0x63, 0x16, 0x43}};

static const uint8_t client_finished[] = {
    0x75, 0xec, 0x4d, 0xc2, 0x38, 0xcc, 0xe6, 0x0b, 0x29, 0x80, 0x44, 0xa7, 0x1e, 0x21,
    0x9c, 0x56, 0xcc, 0x77, 0xb0, 0x51, 0x7f, 0xe9, 0xb9, 0x3c, 0x7a, 0x4b, 0xfc, 0x44,
    0xd8, 0x7f, 0x38, 0xf8, 0x03, 0x38, 0xac, 0x98, 0xfc, 0x46, 0xde, 0xb3, 0x84, 0xbd,
    0x1c, 0xae, 0xac, 0xab, 0x68, 0x67, 0xd7, 0x26, 0xc4, 0x05, 0x46};
static const uint8_t client_alert[] = {0xc9, 0x87, 0x27, 0x60, 0x65, 0x56, 0x66, 0xb7, 0x4d, 0x7f,
                                       0xf1, 0x15, 0x3e, 0xfd, 0x6d, 0xb6, 0xd0, 0xb0, 0xe3};
static const uint8_t server_alert[] = {0xb5, 0x8f, 0xd6, 0x71, 0x66, 0xeb, 0xf5, 0x99, 0xd2, 0x47,
                                       0x20, 0xcf, 0xbe, 0x7e, 0xfa, 0x7a, 0x88, 0x64, 0xa9};
static const uint8_t close_notify[] = {1, 0, TLS_ALERT};

/* open_it opens a body; what was sealed is in `room`. */
static bool open_it(struct span *plain, struct buf *room, const struct tls_secret *secret,
                    struct span body, uint64_t number)
{
    const struct decrypt_suite *suite = decrypt_suite_of(SUITE, TLS_VERSION_13);
    struct decrypt_keys *keys = decrypt_keys_13(suite, TLS_VERSION_13, secret);
    const struct decrypt_record record = {TLS_APPLICATION_DATA, TLS_VERSION_12, body};
    assert_non_null(keys);
    bool good = decrypt_open(plain, room, keys, &record, number);
    decrypt_keys_free(keys);
    return good;
}

static void records_of_the_rfc_open(void **state)
{
    struct buf room = {0};
    struct span plain;
    (void)state;
    assert_true(open_it(&plain, &room, &client_handshake,
                        span_of(client_finished, sizeof client_finished), 0));
    assert_int_equal(plain.n, 4 + 32 + 1);
    assert_int_equal(plain.p[0], 20); /* Finished */
    assert_int_equal(plain.p[plain.n - 1], TLS_HANDSHAKE);
    assert_true(
        open_it(&plain, &room, &client_traffic, span_of(client_alert, sizeof client_alert), 1));
    assert_true(span_equal(plain, span_of(close_notify, sizeof close_notify)));
    assert_true(
        open_it(&plain, &room, &server_traffic, span_of(server_alert, sizeof server_alert), 2));
    assert_true(span_equal(plain, span_of(close_notify, sizeof close_notify)));
    buf_done(&room);
}

static void nothing_else_opens(void **state)
{
    struct span plain, alert = span_of(client_alert, sizeof client_alert);
    struct buf room = {0};
    (void)state;
    assert_false(open_it(&plain, &room, &client_traffic, alert, 0));
    assert_false(open_it(&plain, &room, &server_traffic, alert, 1));
    for (size_t n = 0; n < alert.n; n++)
        assert_false(open_it(&plain, &room, &client_traffic, span_of(alert.p, n), 1));
    for (size_t i = 0; i < alert.n; i++) {
        uint8_t damaged[sizeof client_alert];
        memcpy(damaged, client_alert, sizeof damaged);
        damaged[i] ^= 1;
        assert_false(open_it(&plain, &room, &client_traffic, span_of(damaged, alert.n), 1));
    }
    buf_done(&room);
}

/* A secret has the length of the suite's hash, and a suite belongs to versions. */
static void what_does_not_fit_is_refused(void **state)
{
    const struct tls_secret longer = {.length = 48};
    (void)state;
    assert_null(decrypt_keys_13(decrypt_suite_of(SUITE, TLS_VERSION_13), TLS_VERSION_13, &longer));
    assert_null(decrypt_suite_of(SUITE, TLS_VERSION_12));
    assert_null(decrypt_suite_of(0xc02f, TLS_VERSION_13));
    assert_null(decrypt_suite_of(0xc02f, TLS_VERSION_11)); /* AEAD came with TLS 1.2 */
    assert_null(decrypt_suite_of(0x002f, TLS_VERSION_SSL3));
    assert_null(decrypt_suite_of(0x0005, TLS_VERSION_12)); /* RC4 */
    assert_null(decrypt_suite_of(0x0009, TLS_VERSION_12)); /* DES */
    assert_null(decrypt_suite_of(0xc07a, TLS_VERSION_12)); /* Camellia in GCM */
    assert_non_null(decrypt_suite_of(0xc02f, TLS_VERSION_12));
    assert_non_null(decrypt_suite_of(0x002f, TLS_VERSION_10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_the_rfc_open),
        cmocka_unit_test(nothing_else_opens),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
