/* test_tls_store.c: what is shared between sessions, and how much of what the wire sends is kept.
 */
#include "../dissect/tls_store.h"

#include "../dissect/limits.h"
#include "hello_bytes.h"

#include <setjmp.h>

#include <cmocka.h>

/* alpn_kept gives how many names of a client's list are kept, and checks that they are its first
 * ones. */
static size_t alpn_kept(size_t count, size_t length)
{
    struct tls_store *store = tls_store_new(NULL);
    struct buf list = {0};
    uint8_t name[255];
    memset(name, 'a', sizeof name);
    for (size_t i = 0; i < count; i++) {
        name[0] = (uint8_t)i;
        put_vector(&list, 1, name, length);
    }
    const struct tls_hello hello = {.alpn = span_of(list.p, list.n)};
    const struct client_hello *kept = tls_store_client_hello(store, &hello);
    for (size_t i = 0; i < kept->alpn.count; i++) {
        name[0] = (uint8_t)i;
        assert_true(span_equal(kept->alpn.items[i], span_of(name, length)));
    }
    size_t result = kept->alpn.count;
    tls_store_release(store, kept);
    buf_done(&list);
    tls_store_free(store);
    return result;
}

static void names_are_kept_up_to_their_caps(void **state)
{
    (void)state;
    assert_int_equal(alpn_kept(0, 1), 0);
    assert_int_equal(alpn_kept(2, 20), 2);
    assert_int_equal(alpn_kept(200, 3), LIMIT_TLS_ALPN);
    assert_int_equal(alpn_kept(200, 255), LIMIT_TLS_ALPN_BYTES / 256);
}

/* Hellos that differ only in what is not kept are one: so little is kept of each. */
static void what_is_beyond_the_caps_is_not_kept(void **state)
{
    (void)state;
    struct tls_store *store = tls_store_new(NULL);
    struct buf list = {0};
    for (size_t i = 0; i < 200; i++)
        put_vector(&list, 1, "name", 4);
    const struct tls_hello hello = {.alpn = span_of(list.p, list.n)};
    const struct client_hello *a = tls_store_client_hello(store, &hello);
    list.p[list.n - 1] = 'f';
    const struct client_hello *b = tls_store_client_hello(store, &hello);
    assert_ptr_equal(a, b);
    list.p[1] = 'f';
    const struct client_hello *c = tls_store_client_hello(store, &hello);
    assert_ptr_not_equal(a, c);
    tls_store_release(store, a);
    tls_store_release(store, b);
    tls_store_release(store, c);
    buf_done(&list);
    tls_store_free(store);
}

static void an_external_key_makes_another_hello(void **state)
{
    (void)state;
    struct tls_store *store = tls_store_new(NULL);
    const struct tls_hello ticket = {.pre_shared_key = true};
    const struct tls_hello external = {.pre_shared_key = true, .external_keys = true};
    const struct client_hello *a = tls_store_client_hello(store, &ticket);
    const struct client_hello *b = tls_store_client_hello(store, &external);
    assert_false(a->external_keys);
    assert_true(b->external_keys);
    tls_store_release(store, a);
    tls_store_release(store, b);
    tls_store_free(store);
}

/* A number that moves from one list to the next makes another hello; one of RFC 8701 makes none. */
static void where_a_number_stands_counts(void **state)
{
    (void)state;
    static const uint8_t numbers[] = {0x13, 0x01, 0x00, 0x1d, 0x04, 0x03},
                         grease[] = {0x13, 0x01, 0x5a, 0x5a, 0x00, 0x1d};
    struct tls_store *store = tls_store_new(NULL);
    const struct client_hello *hellos[4][4];
    for (size_t i = 0; i <= 3; i++) {
        for (size_t j = i; j <= 3; j++) {
            const struct tls_hello hello = {.ciphers = span_of(numbers, 2 * i),
                                            .groups = span_of(numbers + 2 * i, 2 * (j - i)),
                                            .signature_algorithms =
                                                span_of(numbers + 2 * j, 2 * (3 - j))};
            hellos[i][j] = tls_store_client_hello(store, &hello);
        }
    }
    for (size_t i = 0; i <= 3; i++)
        for (size_t j = i; j <= 3; j++)
            for (size_t k = 0; k <= 3; k++)
                for (size_t l = k; l <= 3; l++)
                    assert_true((hellos[i][j] == hellos[k][l]) == (i == k && j == l));
    uint8_t other[sizeof grease];
    memcpy(other, grease, sizeof grease);
    memset(other + 2, 0xaa, 2);
    const struct tls_hello a = {.ciphers = span_of(grease, sizeof grease)},
                           b = {.ciphers = span_of(other, sizeof other)};
    const struct client_hello *one = tls_store_client_hello(store, &a),
                              *two = tls_store_client_hello(store, &b);
    assert_ptr_equal(one, two);
    tls_store_release(store, one);
    tls_store_release(store, two);
    for (size_t i = 0; i <= 3; i++)
        for (size_t j = i; j <= 3; j++)
            tls_store_release(store, hellos[i][j]);
    tls_store_free(store);
}

/* put_chain appends a Certificate message of RFC 5246 whose certificates are `names`. */
static void put_chain(struct buf *out, const char *const *names, size_t count)
{
    struct buf list = {0};
    for (size_t i = 0; i < count; i++)
        put_vector(&list, 3, names[i], strlen(names[i]));
    put_vector(out, 3, list.p, list.n);
    buf_done(&list);
}

static const struct cert *const *chain_of(struct tls_store *store, const char *const *names,
                                          size_t expected)
{
    struct buf message = {0};
    uint8_t count;
    bool whole;
    put_chain(&message, names, expected);
    const struct cert *const *chain =
        tls_store_chain(store, &count, &whole, span_of(message.p, message.n), false);
    assert_true(whole);
    assert_int_equal(count, expected);
    for (size_t i = 0; i < expected; i++)
        assert_true(span_equal(chain[i]->der, span_of(names[i], strlen(names[i]))));
    buf_done(&message);
    return chain;
}

/* The second looks like the first to a glance at lengths and the leaf's end. */
static void equal_chains_are_shared_and_like_ones_are_not(void **state)
{
    (void)state;
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(certs);
    const char *const names[] = {"leaf, of thirty-two bytes or more", "issuer"};
    const char *const alike[] = {"LEAF, of thirty-two bytes or more", "issuer"};
    for (unsigned round = 0; round < 3; round++) {
        const struct cert *const *a = chain_of(store, names, 2), *const *b =
                                                                     chain_of(store, alike, 2);
        const struct cert *const *c = chain_of(store, names, 2), *const *d =
                                                                     chain_of(store, names, 1);
        assert_ptr_equal(a, c);
        assert_ptr_not_equal(a, b);
        assert_ptr_not_equal(a, d);
        tls_store_release(store, a);
        tls_store_release(store, b);
        tls_store_release(store, c);
        tls_store_release(store, d);
    }
    assert_int_equal(cert_store_count(certs), 3);
    tls_store_free(store);
    cert_store_free(certs);
}

/* Whatever is missing at the end: those before are given, and it is said. */
static void a_chain_that_is_cut_gives_what_is_whole(void **state)
{
    (void)state;
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(certs);
    const char *const names[] = {"leaf, of thirty-two bytes or more", "issuer"};
    size_t first = 3 + 3 + strlen(names[0]);
    struct buf message = {0};
    put_chain(&message, names, 2);
    for (size_t n = 0; n < message.n; n++) {
        uint8_t count;
        bool whole;
        const struct cert *const *chain =
            tls_store_chain(store, &count, &whole, span_of(message.p, n), false);
        assert_false(whole);
        assert_int_equal(count, n >= first);
        assert_true(!chain == (count == 0));
        tls_store_release(store, chain);
        tls_store_release(store, chain_of(store, names, 2)); /* the whole one is known */
    }
    buf_done(&message);
    tls_store_free(store);
    cert_store_free(certs);
}

static void equal_names_are_shared(void **state)
{
    (void)state;
    struct tls_store *store = tls_store_new(NULL);
    const uint8_t *a = tls_store_name(store, span_of("a.example", 9));
    const uint8_t *b = tls_store_name(store, span_of("a.example", 9));
    const uint8_t *c = tls_store_name(store, span_of("a.exampl", 8));
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    assert_memory_equal(a, "a.example", 9);
    tls_store_release(store, a);
    tls_store_release(store, b);
    tls_store_release(store, c);
    tls_store_free(store);
}

static void reserved_names_are_nobodys(void **state)
{
    (void)state;
    struct tls_store *store = tls_store_new(NULL);
    static const uint8_t list[] = "\2\x5a\x5a\2h2\2\x0a\x1a\1\x0a";
    const struct tls_hello hello = {.alpn = span_of(list, sizeof list - 1)};
    const struct client_hello *kept = tls_store_client_hello(store, &hello);
    assert_int_equal(kept->alpn.count, 3);
    assert_true(span_equal(kept->alpn.items[0], span_of("h2", 2)));
    tls_store_release(store, kept);
    tls_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_kept_up_to_their_caps),
        cmocka_unit_test(what_is_beyond_the_caps_is_not_kept),
        cmocka_unit_test(an_external_key_makes_another_hello),
        cmocka_unit_test(where_a_number_stands_counts),
        cmocka_unit_test(equal_chains_are_shared_and_like_ones_are_not),
        cmocka_unit_test(a_chain_that_is_cut_gives_what_is_whole),
        cmocka_unit_test(equal_names_are_shared),
        cmocka_unit_test(reserved_names_are_nobodys),
    };
    return cmocka_run_group_tests_name("tls_store", tests, NULL, NULL);
}
