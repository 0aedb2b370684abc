/* test_cert_store.c: what is said of a certificate's use does not depend on who came first. */
#include "../dissect/cert_store.h"

#include "../dissect/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* cert_of gives the certificate with some bytes that are no DER. */
static const struct cert *cert_of(struct cert_store *store, const char *text)
{
    const struct cert *cert = cert_store_get(store, span_of(text, strlen(text)));
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
    struct cert_store *store = cert_store_new(SIZE_MAX);
    const struct cert *a = cert_of(store, "a");
    assert_ptr_equal(cert_of(store, "a"), a);
    assert_ptr_not_equal(cert_of(store, "b"), a);
    assert_int_equal(cert_store_count(store), 2);
    assert_int_equal(cert_store_dropped(store), 0);
    cert_store_free(store);
    cert_store_free(NULL);
}

/* Bytes that waited for others in one flow may come after later ones of another. */
static void a_certificate_is_first_seen_at_the_earliest_time(void **state)
{
    (void)state;
    struct cert_store *store = cert_store_new(SIZE_MAX);
    const struct cert *chain[] = {cert_of(store, "a"), cert_of(store, "b"), cert_of(store, "a")};
    cert_store_seen(store, chain, 3, 20, 2);
    cert_store_seen(store, chain, 1, 10, 1);
    cert_store_seen(store, chain, 1, 30, 3);
    assert_true(chain[0]->first_seen == 10 && chain[0]->last_seen == 30);
    assert_int_equal(chain[0]->first_frame, 1);
    assert_int_equal(chain[0]->flows, 3);
    assert_int_equal(chain[1]->flows, 1);
    cert_store_free(store);
}

static void new_ones_are_visited_once_by_frame_and_place(void **state)
{
    (void)state;
    struct cert_store *store = cert_store_new(SIZE_MAX);
    const struct cert *ca = cert_of(store, "ca"), *leaf = cert_of(store, "leaf");
    const struct cert *other = cert_of(store, "other"), *late = cert_of(store, "z");
    cert_store_seen(store, &other, 1, 50, 5);
    cert_store_seen(store, &ca, 1, 70, 7);
    cert_store_seen(store, (const struct cert *[]){leaf, ca}, 2, 30, 3);
    expect_new(store, "lco"); /* that late one was shown by nobody yet */
    expect_new(store, "");
    cert_store_seen(store, (const struct cert *[]){late, ca}, 2, 10, 1);
    expect_new(store, "z");
    cert_store_free(store);
}

/* The same names, in whatever order, leave the same ones. */
static void the_least_names_are_kept_sorted(void **state)
{
    (void)state;
    enum { NAMES = 3 * LIMIT_CERT_NAMES };
    for (unsigned step = 1; step < NAMES; step += 6) { /* prime to NAMES: meets every name */
        struct cert_store *store = cert_store_new(SIZE_MAX);
        const struct cert *cert = cert_of(store, "a");
        char name[16];
        for (unsigned i = 0; i < 2 * NAMES; i++) {
            snprintf(name, sizeof name, "%02u.example", i * step % NAMES);
            cert_store_presented(store, &cert, 1, CERT_FROM_SERVER, span_of(name, strlen(name)));
        }
        cert_store_presented(store, &cert, 1, CERT_FROM_CLIENT, span_of("00", 2));
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
    struct cert_store *store = cert_store_new(SIZE_MAX);
    const struct cert *cert = cert_of(store, "a");
    cert_store_presented(store, &cert, 1, CERT_FROM_SERVER, span_of("ab", 2));
    cert_store_presented(store, &cert, 1, CERT_FROM_SERVER, span_of("a", 1));
    assert_int_equal(cert->names.count, 2);
    assert_int_equal(cert->names.items[0].n, 1);
    cert_store_free(store);
}

/* --- threads --- */

enum { THREADS = 4, CERTS = 50, ROUNDS = 40 };

static void *use_all(void *context)
{
    struct cert_store *store = context;
    for (unsigned i = 0; i < CERTS * ROUNDS; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", i % CERTS);
        const struct cert *cert = cert_store_get(store, span_of(text, strlen(text)));
        if (!cert)
            abort();
        cert_store_seen(store, &cert, 1, 5000 - i, 5000 - i);
        cert_store_presented(store, &cert, 1, CERT_FROM_SERVER, span_of(text, strlen(text)));
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
    pthread_t threads[THREADS];
    size_t visits = 0;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_all, store), 0);
    cert_store_visit_new(store, count_visit, &visits);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    cert_store_visit_new(store, count_visit, &visits);
    assert_int_equal(cert_store_count(store), CERTS);
    assert_int_equal(visits, CERTS);
    assert_int_equal(cert_of(store, "7")->flows, THREADS * ROUNDS);
    assert_int_equal(cert_of(store, "7")->names.count, 1);
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
        cmocka_unit_test(threads_find_the_same_certificates),
    };
    return cmocka_run_group_tests_name("cert_store", tests, NULL, NULL);
}
