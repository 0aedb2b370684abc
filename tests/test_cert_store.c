/* test_cert_store.c: what is said of a certificate's use does not depend on who came first. */
#include "../dissect/cert_store.h"

#include "../dissect/limits.h"

#include "pki.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <cmocka.h>

/* memory_in_use gives the bytes that are allocated, 0 where that cannot be told. */
static size_t memory_in_use(void)
{
#ifdef __GLIBC__
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

/* store_with makes a store of which all is one share. */
static struct cert_store *store_with(struct cert_share *share)
{
    struct cert_store *store = cert_store_new(SIZE_MAX);
    cert_share_init(share, store);
    return store;
}

/* cert_of gives the certificate with some bytes that are no DER. */
static const struct cert *cert_of(struct cert_share *share, const char *text)
{
    const struct cert *cert = cert_store_get(share, span_of(text, strlen(text)));
    assert_non_null(cert);
    return cert;
}

/* What a visit found: the first byte of each certificate. */
struct visits {
    char order[16];
    size_t count;
};

static void note_visit(void *context, const struct cert *cert)
{
    struct visits *visits = context;
    assert_true(visits->count < sizeof visits->order - 1);
    visits->order[visits->count++] = (char)cert->der.p[0];
}

static void expect_new(struct cert_store *store, const char *order)
{
    struct visits visits = {.count = 0};
    cert_store_visit_new(store, note_visit, &visits);
    assert_string_equal(visits.order, order);
}

static void equal_bytes_are_one_certificate(void **state)
{
    (void)state;
    struct cert_share share;
    struct cert_store *store = store_with(&share);
    const struct cert *a = cert_of(&share, "a");
    assert_ptr_equal(cert_of(&share, "a"), a);
    assert_ptr_not_equal(cert_of(&share, "b"), a);
    assert_int_equal(cert_store_count(store), 2);
    assert_int_equal(cert_store_dropped(store), 0);
    cert_store_free(store);
    cert_store_free(NULL);
}

/* Bytes that waited for others in one flow may come after later ones of another. */
static void a_certificate_is_first_seen_at_the_earliest_time(void **state)
{
    (void)state;
    struct cert_share share;
    struct cert_store *store = store_with(&share);
    const struct cert *chain[] = {cert_of(&share, "a"), cert_of(&share, "b"), cert_of(&share, "a")};
    cert_store_seen(&share, chain, 3, 20, 2);
    cert_store_seen(&share, chain, 1, 10, 1);
    cert_store_seen(&share, chain, 1, 30, 3);
    assert_true(chain[0]->first_seen == 10 && chain[0]->last_seen == 30);
    assert_int_equal(chain[0]->first_frame, 1);
    assert_int_equal(chain[0]->flows, 3);
    assert_int_equal(chain[1]->flows, 1);
    cert_store_free(store);
}

static void new_ones_are_visited_once_by_frame_and_place(void **state)
{
    (void)state;
    struct cert_share share;
    struct cert_store *store = store_with(&share);
    const struct cert *ca = cert_of(&share, "ca"), *leaf = cert_of(&share, "leaf");
    const struct cert *other = cert_of(&share, "other"), *late = cert_of(&share, "z");
    cert_store_seen(&share, &other, 1, 50, 5);
    cert_store_seen(&share, &ca, 1, 70, 7);
    cert_store_seen(&share, (const struct cert *[]){leaf, ca}, 2, 30, 3);
    expect_new(store, "lco"); /* that late one was shown by nobody yet */
    expect_new(store, "");
    cert_store_seen(&share, (const struct cert *[]){late, ca}, 2, 10, 1);
    expect_new(store, "z");
    cert_store_free(store);
}

/* The same names, in whatever order, leave the same ones. */
static void the_least_names_are_kept_sorted(void **state)
{
    (void)state;
    enum { NAMES = 3 * LIMIT_CERT_NAMES };
    for (unsigned step = 1; step < NAMES; step += 6) { /* prime to NAMES: meets every name */
        struct cert_share share;
        struct cert_store *store = store_with(&share);
        const struct cert *cert = cert_of(&share, "a");
        char name[16];
        for (unsigned i = 0; i < 2 * NAMES; i++) {
            snprintf(name, sizeof name, "%02u.example", i * step % NAMES);
            cert_store_presented(&share, &cert, 1, CERT_FROM_SERVER, span_of(name, strlen(name)));
        }
        cert_store_presented(&share, &cert, 1, CERT_FROM_CLIENT, span_of("00", 2));
        assert_int_equal(cert->presented_by, CERT_FROM_CLIENT | CERT_FROM_SERVER);
        assert_int_equal(cert->names.count, LIMIT_CERT_NAMES);
        for (unsigned i = 0; i < LIMIT_CERT_NAMES; i++) {
            snprintf(name, sizeof name, "%02u.example", i);
            assert_true(span_equal(cert->names.items[i], span_of(name, strlen(name))));
        }
        cert_store_free(store);
    }
}

static void a_name_stands_before_longer_ones_that_begin_with_it(void **state)
{
    (void)state;
    struct cert_share share;
    struct cert_store *store = store_with(&share);
    const struct cert *cert = cert_of(&share, "a");
    cert_store_presented(&share, &cert, 1, CERT_FROM_SERVER, span_of("ab", 2));
    cert_store_presented(&share, &cert, 1, CERT_FROM_SERVER, span_of("a", 1));
    assert_int_equal(cert->names.count, 2);
    assert_int_equal(cert->names.items[0].n, 1);
    cert_store_free(store);
}

/* --- room --- */

enum { SHARES = 2, ASKED = 60 };

/* A share asks for one more: every third is one for which all ask. Notes whether it had room. */
static void ask(struct cert_share *share, char *had, unsigned i)
{
    char text[32];
    snprintf(text, sizeof text, "%u of %u", i, i % 3 ? share->number : SHARES);
    had[i] = cert_store_get(share, span_of(text, strlen(text))) ? 'y' : 'n';
}

/* Has shares ask in turns of so many; for which there was room in the first and the second round.
 */
static uint64_t ask_all(char had[2 * SHARES][ASKED + 1], unsigned turn)
{
    struct cert_store *store = cert_store_new((size_t)40 << 10);
    struct cert_share shares[SHARES];
    for (unsigned i = 0; i < SHARES; i++)
        cert_share_init(&shares[i], store);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < ASKED; i += turn)
            for (unsigned j = 0; j < SHARES * turn; j++)
                ask(&shares[j / turn], had[SHARES * round + j / turn], i + j % turn);
        cert_store_round(store);
    }
    uint64_t dropped = cert_store_dropped(store);
    cert_store_free(store);
    return dropped;
}

static void room_does_not_depend_on_who_came_first(void **state)
{
    (void)state;
    static const unsigned turns[] = {1, 3, 20, ASKED};
    char expected[2 * SHARES][ASKED + 1] = {{0}};
    uint64_t dropped = ask_all(expected, 2);
    for (unsigned i = 0; i < 2 * SHARES; i++) {
        assert_true(strchr(expected[i], 'y') && strchr(expected[i], 'n'));
    }
    for (unsigned i = 0; i < COUNT_OF(turns); i++) {
        char had[2 * SHARES][ASKED + 1] = {{0}};
        assert_int_equal(ask_all(had, turns[i]), dropped);
        assert_memory_equal(had, expected, sizeof had);
    }
}

/* In the next round there is what another share has found, and what is left is shared out anew. */
static void a_round_settles_what_was_found(void **state)
{
    (void)state;
    struct cert_store *store = cert_store_new((size_t)20 << 10);
    struct cert_share one, other;
    char text[16];
    size_t found = 0;
    cert_share_init(&one, store);
    cert_share_init(&other, store);
    const struct cert *first = cert_of(&one, "first");
    for (; found < 100; found++) {
        snprintf(text, sizeof text, "%zu", found);
        if (!cert_store_get(&other, span_of(text, strlen(text))))
            break;
    }
    assert_true(found > 2 && found < 100);
    assert_null(cert_store_get(&other, span_of("first", 5))); /* it has nothing left for it */
    assert_null(cert_store_get(&other, span_of("last", 4)));
    cert_store_round(store);
    assert_ptr_equal(cert_of(&other, "first"), first);
    (void)cert_of(&other, "last");
    cert_store_free(store);
}

/* The heap holds no more than the store may, names, entries and what malloc adds included. Under a
 * sanitizer, which has a heap of its own, this tells nothing. */
static void no_more_is_taken_than_allowed(void **state)
{
    (void)state;
    enum { MOST = 1 << 20 };
    struct cert_store *store = cert_store_new(MOST);
    struct cert_share share;
    cert_share_init(&share, store);
    const size_t before = memory_in_use();
    const struct cert *cert;
    unsigned count = 0;
    do {
        char text[16];
        struct span name = span_of(text, (size_t)snprintf(text, sizeof text, "%u", count++));
        cert = cert_store_get(&share, name);
        if (cert)
            cert_store_presented(&share, &cert, 1, CERT_FROM_SERVER, name);
    } while (cert);
    assert_in_range(count, MOST / 1024, MOST / 256);
    assert_in_range(memory_in_use() - before, 0, MOST);
    cert_store_free(store);
}

/* --- threads --- */

enum { THREADS = 4, CERTS = 50, ROUNDS = 40 };

static void *use_all(void *context)
{
    struct cert_share *share = context;
    for (unsigned i = 0; i < CERTS * ROUNDS; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", i % CERTS);
        const struct cert *cert = cert_store_get(share, span_of(text, strlen(text)));
        if (!cert)
            abort();
        cert_store_seen(share, &cert, 1, 5000 - i, 5000 - i);
        cert_store_presented(share, &cert, 1, CERT_FROM_SERVER, span_of(text, strlen(text)));
    }
    return NULL;
}

static void count_visit(void *context, const struct cert *cert)
{
    size_t *count = context;
    assert_true(cert->flows > 0);
    ++*count;
}

static void threads_find_the_same_certificates(void **state)
{
    (void)state;
    struct cert_store *store = cert_store_new(SIZE_MAX);
    struct cert_share shares[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        cert_share_init(&shares[i], store);
    pthread_t threads[THREADS];
    size_t visits = 0;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_all, &shares[i]), 0);
    cert_store_visit_new(store, count_visit, &visits);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    cert_store_visit_new(store, count_visit, &visits);
    assert_int_equal(cert_store_count(store), CERTS);
    assert_int_equal(visits, CERTS);
    assert_int_equal(cert_of(&shares[0], "7")->flows, THREADS * ROUNDS);
    assert_int_equal(cert_of(&shares[0], "7")->names.count, 1);
    cert_store_free(store);
}

/* Of certificates that differ in their last bytes, of a signature that nobody checks. */
static unsigned count_parsed(struct cert_share *share, const struct cert *like, unsigned count)
{
    uint8_t *der = xmemdup(like->der.p, like->der.n);
    unsigned parsed = 0;
    for (unsigned i = 0; i < count; i++) {
        memcpy(der + like->der.n - sizeof i, &i, sizeof i);
        const struct cert *cert = cert_store_get(share, span_of(der, like->der.n));
        assert_false(cert->malformed);
        parsed += cert->parsed != NULL;
    }
    free(der);
    return parsed;
}

/* A certificate with so many names. */
static struct pki with_names(unsigned count)
{
    static char names[2500 * 10 + 1];
    for (unsigned i = 0; i < count; i++)
        memcpy(names + (size_t)i * 10, i ? ",DNS:a.net" : "DNS:aa.net", 10);
    names[count * 10] = '\0';
    return pki_make(&(struct pki_recipe){.subject = "names", .san = names});
}

static void the_first_stay_parsed(void **state)
{
    (void)state;
    struct cert_share share;
    struct cert_store *store = store_with(&share);
    struct pki small = with_names(1), large = with_names(800), too_large = with_names(2500);
    cert_of(&share, "not a certificate");
    assert_int_equal(count_parsed(&share, too_large.cert, 1), 0);
    assert_int_equal(count_parsed(&share, large.cert, 3), 3);
    const size_t left = LIMIT_CERTS_PARSED - 3 * large.cert->der.n;
    assert_int_equal(count_parsed(&share, small.cert, 1000), left / small.cert->der.n);
    pki_done(&small);
    pki_done(&large);
    pki_done(&too_large);
    cert_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bytes_are_one_certificate),
        cmocka_unit_test(a_certificate_is_first_seen_at_the_earliest_time),
        cmocka_unit_test(new_ones_are_visited_once_by_frame_and_place),
        cmocka_unit_test(the_least_names_are_kept_sorted),
        cmocka_unit_test(a_name_stands_before_longer_ones_that_begin_with_it),
        cmocka_unit_test(room_does_not_depend_on_who_came_first),
        cmocka_unit_test(a_round_settles_what_was_found),
        cmocka_unit_test(no_more_is_taken_than_allowed),
        cmocka_unit_test(threads_find_the_same_certificates),
        cmocka_unit_test(the_first_stay_parsed),
    };
    return cmocka_run_group_tests_name("cert_store", tests, NULL, NULL);
}
