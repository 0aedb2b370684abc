/* test_tls_hello.c: hellos good, cut at every length, and malformed; messages after them. */
#include "../dissect/tls_facts.h"
#include "../dissect/tls_hello.h"
#include "../dissect/tls_messages.h"
#include "hello_bytes.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint16_t ciphers[] = {0x0a0a, 0x1301, 0xc02f};

/* put_offered_keys appends two identities, of which the second has this age, and their binders. */
static void put_offered_keys(struct buf *out, uint32_t age)
{
    struct buf identities = {0}, binders = {0};
    put_vector(&identities, 2, "a", 1);
    put_number(&identities, 0, 4);
    put_vector(&identities, 2, "ticket", 6);
    put_number(&identities, age, 4);
    for (unsigned i = 0; i < 2; i++)
        put_vector(&binders, 1, "0123456789abcdef0123456789abcdef", 32);
    put_vector(out, 2, identities.p, identities.n);
    put_vector(out, 2, binders.p, binders.n);
    buf_done(&identities);
    buf_done(&binders);
}

static void put_all_extensions(struct buf *out)
{
    static const char *const protocols[] = {"apns-security-v3", "h2"};
    static const uint16_t groups[] = {0x2a2a, 29, 23};
    static const uint16_t algorithms[] = {0x0403, 0x0804};
    static const uint16_t versions[] = {0x4a4a, 0x0303, 0x0304};
    struct buf formats = {0}, ech = {0}, keys = {0};
    put_vector(&formats, 1, "\0", 1);
    buf_append(&ech, "\0rest", 5);
    put_offered_keys(&keys, 0x12345678);
    put_extension(out, 0x1a1a, NULL);
    put_server_name(out, "courier.push.example");
    put_extension_list16(out, 10, 2, groups, COUNT_OF(groups));
    put_extension(out, 11, &formats);
    put_extension_list16(out, 13, 2, algorithms, COUNT_OF(algorithms));
    put_alpn(out, protocols, COUNT_OF(protocols));
    put_extension(out, 42, NULL);
    put_extension_list16(out, 43, 1, versions, COUNT_OF(versions));
    put_extension(out, 0xfe0d, &ech);
    put_extension(out, 41, &keys);
    buf_done(&keys);
    buf_done(&formats);
    buf_done(&ech);
}

static void a_full_client_hello_is_read(void **state)
{
    (void)state;
    struct buf extensions = {0}, body = {0};
    struct tls_hello hello;
    put_all_extensions(&extensions);
    put_client_hello(&body, 0x0303, ciphers, COUNT_OF(ciphers), &extensions);
    assert_true(tls_hello_client(&hello, span_of(body.p, body.n)));
    assert_true(hello.whole);
    assert_int_equal(hello.legacy_version, 0x0303);
    assert_int_equal(hello.version, 0x0304);
    assert_int_equal(hello.highest, 0x0304);
    assert_int_equal(hello.ciphers.n, 6);
    assert_true(span_equal(hello.sni, span_of("courier.push.example", 20)));
    assert_true(span_equal(hello.alpn, span_of("\x10"
                                               "apns-security-v3\x02h2",
                                               20)));
    assert_int_equal(hello.groups.n, 6);
    assert_int_equal(hello.point_formats.n, 1);
    assert_int_equal(hello.signature_algorithms.n, 4);
    assert_true(hello.early_data && hello.ech && hello.pre_shared_key && !hello.external_keys);
    buf_done(&extensions);
    buf_done(&body);
}

static void every_truncation_is_safe(void **state)
{
    (void)state;
    struct buf extensions = {0}, body = {0};
    put_all_extensions(&extensions);
    put_client_hello(&body, 0x0303, ciphers, COUNT_OF(ciphers), &extensions);
    size_t fixed = body.n - extensions.n - 2;
    for (size_t n = 0; n < body.n; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        struct tls_hello hello;
        assert_non_null(copy);
        memcpy(copy, body.p, n);
        bool good = tls_hello_client(&hello, span_of(copy, n));
        assert_int_equal(good, n >= fixed);
        if (good)
            assert_int_equal(hello.whole, n == fixed);
        if (n == fixed + 2 + 4 + 29) /* cut right after the server name */
            assert_int_equal(hello.sni.n, 20);
        free(copy);
    }
    buf_done(&extensions);
    buf_done(&body);
}

static void one_malformed_extension_spoils_no_other(void **state)
{
    (void)state;
    struct buf extensions = {0}, body = {0}, bad = {0};
    struct tls_hello hello;
    put_number(&bad, 99, 2); /* a list that is longer than the extension */
    put_extension(&extensions, 10, &bad);
    put_server_name(&extensions, "a.example");
    put_client_hello(&body, 0x0301, ciphers, COUNT_OF(ciphers), &extensions);
    assert_true(tls_hello_client(&hello, span_of(body.p, body.n)));
    assert_false(hello.whole);
    assert_int_equal(hello.groups.n, 0);
    assert_int_equal(hello.sni.n, 9);
    buf_done(&extensions);
    buf_done(&body);
    buf_done(&bad);
}

static void what_is_no_hello_is_refused(void **state)
{
    (void)state;
    struct buf body = {0};
    struct tls_hello hello;
    put_client_hello(&body, 0x1603, ciphers, COUNT_OF(ciphers), NULL);
    assert_false(tls_hello_client(&hello, span_of(body.p, body.n)));
    body.n = 0;
    put_client_hello(&body, 0x0303, ciphers, COUNT_OF(ciphers), NULL);
    body.p[34] = 33; /* a session id is at most 32 bytes long */
    assert_false(tls_hello_client(&hello, span_of(body.p, body.n)));
    body.p[34] = 7;
    body.p[43] = 5; /* an odd list of suites */
    assert_false(tls_hello_client(&hello, span_of(body.p, body.n)));
    buf_done(&body);
}

static void bytes_behind_the_end_are_noticed(void **state)
{
    (void)state;
    struct buf body = {0}, extensions = {0};
    struct tls_hello hello;
    put_server_name(&extensions, "a.example");
    put_client_hello(&body, 0x0303, ciphers, COUNT_OF(ciphers), &extensions);
    buf_append(&body, "x", 1);
    assert_true(tls_hello_client(&hello, span_of(body.p, body.n)));
    assert_false(hello.whole);
    assert_int_equal(hello.sni.n, 9);
    buf_done(&body);
    buf_done(&extensions);
}

static void a_draft_is_older_than_the_final_version(void **state)
{
    (void)state;
    static const uint16_t versions[] = {0x7f1c, 0x0304, 0xfb1a, 0x0303};
    static const uint16_t drafts[] = {0x7f17, 0x7f1c, 0x0303};
    struct buf body = {0}, extensions = {0};
    struct tls_hello hello;
    put_extension_list16(&extensions, 43, 1, versions, COUNT_OF(versions));
    put_client_hello(&body, 0x0303, ciphers, COUNT_OF(ciphers), &extensions);
    assert_true(tls_hello_client(&hello, span_of(body.p, body.n)));
    assert_int_equal(hello.version, 0x0304);
    assert_int_equal(hello.highest, 0xfb1a);
    extensions.n = body.n = 0;
    put_extension_list16(&extensions, 43, 1, drafts, COUNT_OF(drafts));
    put_client_hello(&body, 0x0303, ciphers, COUNT_OF(ciphers), &extensions);
    assert_true(tls_hello_client(&hello, span_of(body.p, body.n)));
    assert_int_equal(hello.version, 0x7f1c);
    assert_true(tls_is_13(hello.version));
    buf_done(&body);
    buf_done(&extensions);
}

/* A ServerHello; `layout13` is the one of the early drafts. */
static void put_server_hello(struct buf *out, uint16_t version, const uint8_t random[32],
                             bool early_draft, const struct buf *extensions)
{
    put_number(out, version, 2);
    buf_append(out, random, 32);
    if (!early_draft)
        put_vector(out, 1, "12345678", 8);
    put_number(out, 0x1301, 2);
    if (!early_draft)
        put_number(out, 0, 1);
    if (extensions)
        put_vector(out, 2, extensions->p, extensions->n);
}

static void server_hellos_are_read(void **state)
{
    (void)state;
    static const uint8_t random[32] = {9};
    static const char *const protocol[] = {"h2"};
    struct buf body = {0}, extensions = {0}, version = {0}, share = {0};
    struct tls_hello hello;
    put_number(&version, 0x0304, 2);
    put_number(&share, 29, 2);
    put_vector(&share, 2, "key", 3);
    put_extension(&extensions, 43, &version);
    put_extension(&extensions, 51, &share);
    put_alpn(&extensions, protocol, 1);
    put_server_hello(&body, 0x0303, random, false, &extensions);
    assert_true(tls_hello_server(&hello, span_of(body.p, body.n)));
    assert_true(hello.whole && !hello.retry && !hello.pre_shared_key);
    assert_int_equal(hello.version, 0x0304);
    assert_int_equal(hello.cipher, 0x1301);
    assert_int_equal(hello.group, 29);
    assert_true(span_equal(hello.alpn, span_of("\x02h2", 3)));
    for (size_t n = 0; n < body.n; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, body.p, n);
        bool good = tls_hello_server(&hello, span_of(copy, n));
        assert_int_equal(good, n >= 46);
        assert_false(good && hello.whole && n != 46);
        free(copy);
    }
    /* Without extensions, as up to TLS 1.1. */
    body.n = 0;
    put_server_hello(&body, 0x0301, random, false, NULL);
    assert_true(tls_hello_server(&hello, span_of(body.p, body.n)) && hello.whole);
    assert_int_equal(hello.version, 0x0301);
    /* The layout of the early drafts of TLS 1.3. */
    body.n = 0;
    put_server_hello(&body, 0x7f12, random, true, &extensions);
    assert_true(tls_hello_server(&hello, span_of(body.p, body.n)) && hello.whole);
    assert_int_equal(hello.cipher, 0x1301);
    buf_done(&body);
    buf_done(&extensions);
    buf_done(&version);
    buf_done(&share);
}

static void a_retry_request_is_known_by_its_random(void **state)
{
    (void)state;
    /* RFC 8446 section 4.1.3. */
    uint8_t random[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                          0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                          0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    struct buf body = {0}, extensions = {0}, group = {0};
    struct tls_hello hello;
    put_number(&group, 24, 2);
    put_extension(&extensions, 51, &group);
    put_server_hello(&body, 0x0303, random, false, &extensions);
    assert_true(tls_hello_server(&hello, span_of(body.p, body.n)));
    assert_true(hello.retry && hello.whole);
    assert_int_equal(hello.group, 24);
    body.p[2] ^= 1;
    assert_true(tls_hello_server(&hello, span_of(body.p, body.n)));
    assert_false(hello.retry);
    buf_done(&body);
    buf_done(&extensions);
    buf_done(&group);
}

static void an_sslv2_hello_is_read(void **state)
{
    (void)state;
    struct buf body = {0};
    struct tls_hello hello;
    put_number(&body, 6, 2);
    put_number(&body, 0, 2);
    put_number(&body, 16, 2);
    buf_append(&body, "\0\0\x2f\x01\0\x80 0123456789abcdef", 6);
    buf_append(&body, "0123456789abcdef", 16);
    for (size_t n = 0; n <= body.n + 1; n++) {
        uint8_t *copy = calloc(1, n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, body.p, n < body.n ? n : body.n);
        assert_int_equal(tls_hello_ssl2(&hello, 0x0301, span_of(copy, n)), n == body.n);
        free(copy);
    }
    assert_true(hello.ssl2);
    buf_done(&body);
}

static void chains_are_given_up_to_the_damage(void **state)
{
    (void)state;
    struct buf list = {0}, body = {0};
    put_vector(&list, 3, "first", 5);
    put_vector(&list, 3, "second one", 10);
    put_vector(&body, 3, list.p, list.n);
    for (size_t n = 0; n <= body.n; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        struct tls_chain chain;
        struct span der;
        size_t count = 0;
        assert_non_null(copy);
        memcpy(copy, body.p, n);
        tls_chain_open(&chain, span_of(copy, n), false);
        while (tls_chain_next(&chain, &der))
            assert_true(span_equal(der, count++ ? span_of("second one", 10) : span_of("first", 5)));
        assert_int_equal(count, n < 11 ? 0 : n < body.n ? 1 : 2);
        assert_int_equal(chain.whole, n == body.n);
        free(copy);
    }
    /* An empty certificate is none; the one before it stays. */
    struct tls_chain chain;
    struct span der;
    static const uint8_t empty[] = {0, 0, 7, 0, 0, 1, 'x', 0, 0, 0};
    tls_chain_open(&chain, span_of(empty, sizeof empty), false);
    assert_true(tls_chain_next(&chain, &der));
    assert_false(tls_chain_next(&chain, &der));
    assert_false(chain.whole);
    buf_done(&list);
    buf_done(&body);
}

static void tls13_chains_have_extensions_between(void **state)
{
    (void)state;
    static const uint8_t body[] = {0, 0, 0, 14, 0, 0, 1, 'a', 0, 2, 'e', 'e', 0, 0, 1, 'b', 0, 0};
    for (size_t n = 0; n <= sizeof body; n++) {
        struct tls_chain chain;
        struct span der;
        size_t count = 0;
        tls_chain_open(&chain, span_of(body, n), true);
        while (tls_chain_next(&chain, &der)) {
            assert_int_equal(der.n, 1);
            assert_int_equal(der.p[0], count++ ? 'b' : 'a');
        }
        assert_int_equal(count, n < 12 ? 0 : n < 18 ? 1 : 2);
        assert_int_equal(chain.whole, n == sizeof body);
    }
}

static void authorities_are_counted(void **state)
{
    (void)state;
    struct buf names = {0}, body = {0};
    uint16_t count;
    put_vector(&names, 2, "name one", 8);
    put_vector(&names, 2, "two", 3);
    put_vector(&body, 1, "\1\2", 2);
    put_vector(&body, 2, "\4\3", 2);
    put_vector(&body, 2, names.p, names.n);
    assert_true(tls_count_authorities(&count, span_of(body.p, body.n), TLS_VERSION_12));
    assert_int_equal(count, 2);
    for (size_t n = 0; n < body.n; n++)
        assert_false(tls_count_authorities(&count, span_of(body.p, n), TLS_VERSION_12));
    assert_false(tls_count_authorities(&count, span_of(body.p, body.n), TLS_VERSION_11));
    buf_done(&names);
    buf_done(&body);
}

static void keys_from_outside_are_told_from_tickets(void **state)
{
    (void)state;
    for (uint32_t age = 0; age < 2; age++) {
        struct buf keys = {0}, extensions = {0}, body = {0};
        struct tls_hello hello;
        put_offered_keys(&keys, age);
        put_extension(&extensions, 41, &keys);
        put_client_hello(&body, 0x0303, ciphers, COUNT_OF(ciphers), &extensions);
        assert_true(tls_hello_client(&hello, span_of(body.p, body.n)));
        assert_true(hello.whole && hello.pre_shared_key);
        assert_int_equal(hello.external_keys, age == 0);
        buf_done(&keys);
        buf_done(&extensions);
        buf_done(&body);
    }
}

static void a_named_curve_is_told_from_a_prime(void **state)
{
    (void)state;
    static const uint8_t curve[] = {3, 0, 23, 2, 4, 4};
    uint8_t prime[2 + 768] = {3}; /* 6144 bits */
    memset(prime + 2, 0xff, 768);
    uint16_t group = 0;
    assert_true(tls_named_curve(&group, span_of(curve, sizeof curve)));
    assert_int_equal(group, 23);
    assert_false(tls_named_curve(&group, span_of(prime, sizeof prime)));
    for (size_t n = 0; n < 5; n++)
        assert_false(tls_named_curve(&group, span_of(curve, n)));
}

static void suites_without_certificate_are_known(void **state)
{
    (void)state;
    static const uint16_t none[] = {0x0018, 0x008c, 0x00a8, 0xc018, 0xc01d, 0xc035, 0xccac, 0xd001};
    static const uint16_t some[] = {0x0004, 0x002f, 0x0092, 0x00ac, 0xc014, 0xc02f, 0xcca8, 0xccae};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_true(tls_suite_anonymous(none[i]));
    for (size_t i = 0; i < COUNT_OF(some); i++)
        assert_false(tls_suite_anonymous(some[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_client_hello_is_read),
        cmocka_unit_test(every_truncation_is_safe),
        cmocka_unit_test(one_malformed_extension_spoils_no_other),
        cmocka_unit_test(what_is_no_hello_is_refused),
        cmocka_unit_test(bytes_behind_the_end_are_noticed),
        cmocka_unit_test(a_draft_is_older_than_the_final_version),
        cmocka_unit_test(server_hellos_are_read),
        cmocka_unit_test(a_retry_request_is_known_by_its_random),
        cmocka_unit_test(an_sslv2_hello_is_read),
        cmocka_unit_test(chains_are_given_up_to_the_damage),
        cmocka_unit_test(tls13_chains_have_extensions_between),
        cmocka_unit_test(authorities_are_counted),
        cmocka_unit_test(keys_from_outside_are_told_from_tickets),
        cmocka_unit_test(a_named_curve_is_told_from_a_prime),
        cmocka_unit_test(suites_without_certificate_are_known),
    };
    return cmocka_run_group_tests_name("tls_hello", tests, NULL, NULL);
}
