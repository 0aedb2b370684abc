/* test_tls_kinds.c: hellos that read like an earlier one, told by every byte of them: what is found
 * must be what reading comes to. */
#include "../dissect/tls_kinds.h"
#include "../dissect/tls_store.h"
#include "hello_bytes.h"
#include "same_hello.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static bool read_anew(struct tls_hello *hello, bool server, struct span body)
{
    return server ? tls_hello_server(hello, body) : tls_hello_client(hello, body);
}

static bool read_it(struct tls_store *store, struct tls_hello *hello, bool server, struct span body)
{
    return server ? tls_store_read_server(store, hello, body)
                  : tls_store_read_client(store, hello, body);
}

static const void *facts_of(struct tls_store *store, const struct tls_hello *hello, bool server)
{
    return server ? (const void *)tls_store_server_hello(store, hello)
                  : (const void *)tls_store_client_hello(store, hello);
}

static void assert_same_facts(const void *known, const struct tls_hello *hello, bool server)
{
    struct tls_store *other = tls_store_new(NULL);
    const void *facts = facts_of(other, hello, server);
    assert_true(server ? same_server(known, facts) : same_client(known, facts));
    tls_store_release(other, facts);
    tls_store_free(other);
}

/* is_known checks that a hello reads as it does anew, and has the facts that it has then. */
static bool is_known(struct tls_store *store, bool server, struct span body)
{
    struct tls_hello hello, anew;
    bool good = read_it(store, &hello, server, body);
    assert_int_equal(good, read_anew(&anew, server, body));
    if (!good)
        return false;
    assert_true(same_hello(&hello, &anew));
    if (hello.known)
        assert_same_facts(hello.known, &anew, server);
    return hello.known;
}

static void see(struct tls_store *store, bool server, struct span body)
{
    struct tls_hello hello;
    assert_true(read_it(store, &hello, server, body));
    tls_store_release(store, facts_of(store, &hello, server));
}

/* A hello is known when its facts have come again. */
static void learn(struct tls_store *store, bool server, struct span body)
{
    for (unsigned i = 0; i < 2; i++) {
        assert_false(is_known(store, server, body));
        see(store, server, body);
    }
}

/* Every byte becomes others, one after the other; what is known then is counted. */
static size_t others_known(struct tls_store *store, bool server, struct span body)
{
    static const uint8_t changes[] = {0x01, 0x02, 0x10, 0x80, 0xff};
    uint8_t *copy = malloc(body.n);
    size_t known = 0;
    assert_non_null(copy);
    memcpy(copy, body.p, body.n);
    for (size_t at = 0; at < body.n; at++) {
        unsigned here = 0;
        for (size_t i = 0; i < COUNT_OF(changes); i++) {
            copy[at] = body.p[at] ^ changes[i];
            here += is_known(store, server, span_of(copy, body.n));
            copy[at] = body.p[at];
        }
        assert_true(here == 0 || here == COUNT_OF(changes));
        known += here > 0;
    }
    free(copy);
    return known;
}

static void cuts_are_not_known(struct tls_store *store, bool server, struct span body)
{
    for (size_t n = 0; n < body.n; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, body.p, n);
        assert_false(is_known(store, server, span_of(copy, n)));
        free(copy);
    }
}

static const char *const protocols[] = {"apns-security-v3", "h2"};
static const uint16_t ciphers[] = {0x0a0a, 0x1301, 0x1302, 0xc02f, 0xc030, 0xc02b};
static const uint16_t groups[] = {0x2a2a, 29, 23};
static const uint16_t algorithms[] = {0x0403, 0x0804};
static const uint16_t versions[] = {0x4a4a, 0x0304, 0x0303};

enum { ECH_KEY = 32, ECH_PAYLOAD = 40, SHARE = 36, TICKET = 50 };

static void put_bytes(struct buf *out, uint16_t type, size_t n)
{
    static const uint8_t zeros[64];
    struct buf body = {0};
    buf_append(&body, zeros, n);
    put_extension(out, type, &body);
    buf_done(&body);
}

static void put_ech(struct buf *out)
{
    static const uint8_t bytes[ECH_PAYLOAD] = {7};
    struct buf ech = {0};
    put_number(&ech, 0, 1);
    put_number(&ech, 0x0001000105, 5);
    put_vector(&ech, 2, bytes, ECH_KEY);
    put_vector(&ech, 2, bytes, ECH_PAYLOAD);
    put_extension(out, TLS_EXT_ECH, &ech);
    buf_done(&ech);
}

static void make_client(struct buf *body, const char *name)
{
    struct buf extensions = {0};
    put_extension(&extensions, 0x1a1a, NULL);
    put_server_name(&extensions, name);
    put_extension_list16(&extensions, TLS_EXT_GROUPS, 2, groups, COUNT_OF(groups));
    put_extension_list16(&extensions, TLS_EXT_SIGNATURE_ALGORITHMS, 2, algorithms,
                         COUNT_OF(algorithms));
    put_alpn(&extensions, protocols, COUNT_OF(protocols));
    put_extension_list16(&extensions, TLS_EXT_VERSIONS, 1, versions, COUNT_OF(versions));
    put_bytes(&extensions, TLS_EXT_KEY_SHARE, SHARE);
    put_bytes(&extensions, 35, TICKET);
    put_ech(&extensions);
    put_client_hello(body, 0x0303, ciphers, COUNT_OF(ciphers), &extensions);
    buf_done(&extensions);
}

static void a_client_hello_is_known_but_for_what_changes(void **state)
{
    (void)state;
    static const char name[] = "courier.push.example";
    struct tls_store *store = tls_store_new(NULL);
    struct buf body = {0};
    make_client(&body, name);
    struct span whole = span_of(body.p, body.n);
    learn(store, false, whole);
    assert_true(is_known(store, false, whole));
    /* Random, session id, name, key share, ticket; of ECH the suite, key and payload. */
    assert_int_equal(others_known(store, false, whole),
                     32 + 7 + sizeof name - 1 + SHARE + TICKET + 5 + ECH_KEY + 2 + ECH_PAYLOAD);
    cuts_are_not_known(store, false, whole);
    /* All values of RFC 8701 at once. */
    size_t reserved = 0;
    for (size_t at = 0; at + 2 <= body.n; at++) {
        if (!tls_is_grease(be16(body.p + at)))
            continue;
        body.p[at] = body.p[at + 1] = 0xda;
        reserved++;
    }
    assert_int_equal(reserved, 4);
    assert_true(is_known(store, false, whole));
    buf_done(&body);
    tls_store_free(store);
}

static void make_server(struct buf *body, uint8_t first_of_random)
{
    const uint8_t random[32] = {first_of_random}, key[32] = {3};
    struct buf extensions = {0}, version = {0}, share = {0};
    put_number(&version, 0x0304, 2);
    put_number(&share, 29, 2);
    put_vector(&share, 2, key, sizeof key);
    put_extension(&extensions, TLS_EXT_VERSIONS, &version);
    put_extension(&extensions, TLS_EXT_KEY_SHARE, &share);
    put_bytes(&extensions, 0x1234, 8);
    put_number(body, 0x0303, 2);
    buf_append(body, random, sizeof random);
    put_vector(body, 1, "session", 7);
    put_number(body, 0x1301, 2);
    put_number(body, 0, 1);
    put_vector(body, 2, extensions.p, extensions.n);
    buf_done(&extensions);
    buf_done(&version);
    buf_done(&share);
}

static void a_server_hello_is_known_but_for_what_changes(void **state)
{
    (void)state;
    static const uint8_t retry[32] = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8"
                                     "\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8"
                                     "\x33\x9c";
    struct tls_store *store = tls_store_new(NULL);
    struct buf body = {0};
    make_server(&body, 9);
    struct span whole = span_of(body.p, body.n);
    learn(store, true, whole);
    assert_true(is_known(store, true, whole));
    assert_int_equal(others_known(store, true, whole), 32 + 7 + 32 + 8);
    cuts_are_not_known(store, true, whole);
    assert_false(is_known(store, false, whole)); /* as a client's it is another one */
    memcpy(body.p + 2, retry, sizeof retry);
    assert_false(is_known(store, true, whole));
    buf_done(&body);
    tls_store_free(store);
}

/* Only so many are remembered, and all of them are counted. */
static void the_oldest_are_forgotten(void **state)
{
    (void)state;
    enum { MANY = 3 * TLS_KINDS_MAX };
    struct tls_store *store = tls_store_new(NULL);
    char name[MANY + 1];
    size_t known = 0;
    memset(name, 'a', MANY);
    for (size_t n = 1; n <= MANY; n++) {
        struct buf body = {0};
        name[n] = '\0';
        make_client(&body, name);
        name[n] = 'a';
        see(store, false, span_of(body.p, body.n));
        see(store, false, span_of(body.p, body.n));
        assert_true(is_known(store, false, span_of(body.p, body.n)));
        buf_done(&body);
    }
    for (size_t n = 1; n <= MANY; n++) {
        struct buf body = {0};
        name[n] = '\0';
        make_client(&body, name);
        name[n] = 'a';
        known += is_known(store, false, span_of(body.p, body.n));
        buf_done(&body);
    }
    assert_in_range(known, TLS_KINDS_MAX / 2, TLS_KINDS_MAX);
    assert_in_range(tls_store_memory(store), known * 200, known * 650);
    tls_store_free(store);
}

static uint64_t number_of(struct tls_store *store, const char *name, uint8_t each)
{
    struct tls_hello hello;
    struct buf body = {0};
    make_client(&body, name);
    memset(body.p + 2, each, 32);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(read_it(store, &hello, false, span_of(body.p, body.n)));
        tls_store_release(store, facts_of(store, &hello, false));
    }
    buf_done(&body);
    return hello.kind;
}

/* Hellos that are alike share a number, which no other has, also when its kind was forgotten. */
static void a_number_is_of_one_kind(void **state)
{
    (void)state;
    enum { MANY = 3 * TLS_KINDS_MAX };
    struct tls_store *store = tls_store_new(NULL);
    uint64_t numbers[2 * MANY];
    char name[MANY + 1];
    size_t count = 0;
    memset(name, 'a', MANY);
    for (size_t i = 0; i < 2 * MANY; i++) {
        const size_t n = i % MANY + 1;
        name[n] = '\0';
        numbers[count] = number_of(store, name, 1);
        assert_true(numbers[count] > 0);
        assert_int_equal(number_of(store, name, 2), numbers[count]);
        name[n] = 'a';
        for (size_t j = 0; j < count; j++)
            assert_true(numbers[j] != numbers[count] || j % MANY == i % MANY);
        count++;
    }
    assert_int_not_equal(numbers[0], numbers[MANY]); /* it was forgotten meanwhile */
    tls_store_free(store);
}

static const struct tls_kind *the_kind(const struct tls_kinds *kinds)
{
    const struct tls_kind *found = NULL;
    for (unsigned i = 0; i < TLS_KIND_SETS; i++) {
        for (unsigned j = 0; j < TLS_KIND_WAYS; j++) {
            const struct tls_kind *kind = kinds->sets[i][j].kind;
            assert_true(!kind || !found);
            found = kind ? kind : found;
        }
    }
    return found;
}

/* What is compared is there once; facts, and what it counts as, are each shard's own. */
static void shards_share_a_kind(void **state)
{
    (void)state;
    struct intern shared[2];
    struct tls_kinds kinds[2];
    struct tls_hello hello;
    const void *facts[2];
    struct buf body = {0};
    struct shared_bytes *all = shared_bytes_new();
    make_client(&body, "courier.push.example");
    struct span whole = span_of(body.p, body.n);
    assert_true(tls_hello_client(&hello, whole));
    for (unsigned i = 0; i < 2; i++) {
        intern_init(&shared[i]);
        intern_use_keys(&shared[i], all);
        kinds[i] = (struct tls_kinds){.shared = &shared[i]};
        facts[i] = intern_new(&shared[i], 8, NULL);
        assert_false(tls_kinds_find(&kinds[i], &hello, false, whole));
        tls_kinds_add(&kinds[i], &hello, false, facts[i]);
    }
    assert_non_null(the_kind(&kinds[0]));
    assert_ptr_equal(the_kind(&kinds[0]), the_kind(&kinds[1]));
    assert_int_equal(kinds[0].memory, kinds[1].memory);
    assert_in_range(kinds[0].memory, 200, 650);
    tls_kinds_done(&kinds[0]);
    assert_int_equal(kinds[0].memory, 0);
    assert_true(tls_kinds_find(&kinds[1], &hello, false, whole));
    assert_ptr_equal(hello.known, facts[1]);
    tls_kinds_done(&kinds[1]);
    for (unsigned i = 0; i < 2; i++) {
        intern_release(&shared[i], facts[i]);
        assert_int_equal(shared[i].memory, 0);
        intern_done(&shared[i]);
    }
    shared_bytes_free(all);
    buf_done(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_hello_is_known_but_for_what_changes),
        cmocka_unit_test(a_server_hello_is_known_but_for_what_changes),
        cmocka_unit_test(a_number_is_of_one_kind),
        cmocka_unit_test(the_oldest_are_forgotten),
        cmocka_unit_test(shards_share_a_kind),
    };
    return cmocka_run_group_tests_name("tls_kinds", tests, NULL, NULL);
}
