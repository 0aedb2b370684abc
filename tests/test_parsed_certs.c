/* test_parsed_certs.c: a certificate is parsed once, is the right one, and lives as long as anybody
 * has it. */
#include "../dissect/limits.h"
#include "../report/judge/parsed_certs.h"

#include "pki.h"

#include <pthread.h>
#include <setjmp.h>

#include <cmocka.h>

struct world {
    struct pki one, other;
};

static int set_up(void **state)
{
    static struct world world;
    world.one = pki_make(&(struct pki_recipe){.subject = "one"});
    world.other = pki_make(&(struct pki_recipe){.subject = "other"});
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    pki_done(&world->one);
    pki_done(&world->other);
    return 0;
}

static struct cert numbered(const struct pki *pki, uint64_t ordinal)
{
    struct cert cert = *pki->cert;
    cert.ordinal = ordinal;
    cert.parsed = NULL;
    return cert;
}

static void the_same_is_parsed_once(void **state)
{
    const struct world *world = *state;
    struct parsed_certs *parsed = parsed_certs_new();
    const struct cert cert = numbered(&world->one, 1), other = numbered(&world->other, 2);
    X509 *first = parsed_certs_get(parsed, &cert), *second = parsed_certs_get(parsed, &cert);
    X509 *third = parsed_certs_get(parsed, &other);
    assert_non_null(first);
    assert_ptr_equal(first, second);
    assert_ptr_not_equal(first, third);
    assert_int_equal(X509_cmp(first, world->one.x), 0);
    assert_int_equal(X509_cmp(third, world->other.x), 0);
    parsed_certs_give_back(parsed, first);
    parsed_certs_give_back(parsed, second);
    parsed_certs_give_back(parsed, third);
    parsed_certs_free(parsed);
    parsed_certs_free(NULL);
}

static void what_the_certificate_has_is_not_parsed_again(void **state)
{
    const struct world *world = *state;
    struct parsed_certs *parsed = parsed_certs_new();
    X509 *got = parsed_certs_get(parsed, world->one.cert);
    assert_non_null(got);
    assert_ptr_equal(got, world->one.cert->parsed);
    assert_int_equal(X509_cmp(got, world->one.x), 0);
    parsed_certs_give_back(parsed, got);
    parsed_certs_free(parsed);
}

static void one_whose_place_is_taken_lives_on(void **state)
{
    const struct world *world = *state;
    struct parsed_certs *parsed = parsed_certs_new();
    const struct cert early = numbered(&world->one, 5),
                      late = numbered(&world->other, 5 + PARSED_CERTS_MOST);
    X509 *first = parsed_certs_get(parsed, &early), *second = parsed_certs_get(parsed, &late);
    X509 *again = parsed_certs_get(parsed, &early);
    parsed_certs_free(parsed);
    assert_int_equal(X509_cmp(first, world->one.x), 0);
    assert_int_equal(X509_cmp(second, world->other.x), 0);
    assert_int_equal(X509_cmp(again, world->one.x), 0);
    assert_ptr_not_equal(first, again);
    X509_free(first);
    X509_free(second);
    X509_free(again);
}

static void what_has_no_place_is_parsed_each_time(void **state)
{
    const struct world *world = *state;
    struct parsed_certs *parsed = parsed_certs_new();
    static uint8_t large[LIMIT_CERT_PARSED + 1];
    struct cert homeless = numbered(&world->one, 0), padded = numbered(&world->one, 3),
                malformed = numbered(&world->one, 4), broken = numbered(&world->one, 6);
    /* OpenSSL reads a certificate and leaves alone what stands behind it. */
    memcpy(large, padded.der.p, padded.der.n);
    padded.der = span_of(large, sizeof large);
    broken.der.n /= 2;
    malformed.malformed = true;
    const struct cert *const certs[] = {&homeless, &padded};
    for (size_t i = 0; i < COUNT_OF(certs); i++) {
        X509 *first = parsed_certs_get(parsed, certs[i]);
        X509 *second = parsed_certs_get(parsed, certs[i]);
        assert_non_null(first);
        assert_non_null(second);
        assert_ptr_not_equal(first, second);
        parsed_certs_give_back(parsed, first);
        parsed_certs_give_back(parsed, second);
    }
    assert_null(parsed_certs_get(parsed, &malformed));
    assert_null(parsed_certs_get(parsed, &broken));
    parsed_certs_free(parsed);
}

static void the_latest_are_kept(void **state)
{
    const struct world *world = *state;
    enum { BYTES = 8 << 10, MOST = LIMIT_CERTS_PARSED / BYTES };
    struct parsed_certs *parsed = parsed_certs_new();
    static uint8_t large[BYTES];
    struct cert cert = numbered(&world->one, 1);
    memcpy(large, cert.der.p, cert.der.n); /* as above */
    cert.der = span_of(large, sizeof large);
    X509 *got[MOST + 1];
    for (unsigned i = 0; i <= MOST; i++) {
        cert.ordinal = i + 1;
        got[i] = parsed_certs_get(parsed, &cert);
        assert_non_null(got[i]);
    }
    cert.ordinal = MOST + 1;
    X509 *latest = parsed_certs_get(parsed, &cert);
    cert.ordinal = 1;
    X509 *first = parsed_certs_get(parsed, &cert);
    assert_ptr_equal(latest, got[MOST]);
    assert_ptr_not_equal(first, got[0]);
    for (unsigned i = 0; i <= MOST; i++)
        parsed_certs_give_back(parsed, got[i]);
    parsed_certs_give_back(parsed, latest);
    parsed_certs_give_back(parsed, first);
    parsed_certs_free(parsed);
}

struct errand {
    const struct world *world;
    struct parsed_certs *parsed;
    bool wrong;
};

/* Even ordinals are one's, odd ones the other's; each place is wanted for two. */
static void *get_many(void *context)
{
    struct errand *errand = context;
    for (unsigned i = 0; i < 600; i++) {
        uint64_t ordinal = 1 + i % (2 * PARSED_CERTS_MOST + 1);
        const struct pki *pki = ordinal % 2 ? &errand->world->other : &errand->world->one;
        const struct cert cert = numbered(pki, ordinal);
        X509 *x509 = parsed_certs_get(errand->parsed, &cert);
        if (!x509 || X509_cmp(x509, pki->x) != 0)
            errand->wrong = true;
        parsed_certs_give_back(errand->parsed, x509);
    }
    return NULL;
}

static void threads_share_them(void **state)
{
    struct errand errands[3];
    pthread_t threads[COUNT_OF(errands)];
    struct parsed_certs *parsed = parsed_certs_new();
    for (size_t i = 0; i < COUNT_OF(errands); i++) {
        errands[i] = (struct errand){*state, parsed, false};
        assert_int_equal(pthread_create(&threads[i], NULL, get_many, &errands[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(errands); i++) {
        pthread_join(threads[i], NULL);
        assert_false(errands[i].wrong);
    }
    parsed_certs_free(parsed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_parsed_once),
        cmocka_unit_test(what_the_certificate_has_is_not_parsed_again),
        cmocka_unit_test(one_whose_place_is_taken_lives_on),
        cmocka_unit_test(what_has_no_place_is_parsed_each_time),
        cmocka_unit_test(the_latest_are_kept),
        cmocka_unit_test(threads_share_them),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
