/* test_cert_texts.c: a text is kept once, by the certificate's ordinal, within bounds. */
#include "../report/cert_texts.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void one_text_for_each(void **state)
{
    (void)state;
    struct cert_texts *texts = cert_texts_new();
    const struct cert first = {.ordinal = 1}, last = {.ordinal = CERT_TEXTS_MOST};
    assert_int_equal(cert_texts_find(texts, &first).n, 0);
    cert_texts_keep(texts, &first, span_of("first", 5));
    cert_texts_keep(texts, &last, span_of("last", 4));
    cert_texts_keep(texts, &first, span_of("again", 5));
    assert_true(span_equal(cert_texts_find(texts, &first), span_of("first", 5)));
    assert_true(span_equal(cert_texts_find(texts, &last), span_of("last", 4)));
    cert_texts_free(texts);
    cert_texts_free(NULL);
}

static void what_is_too_much_is_not_kept(void **state)
{
    (void)state;
    static const uint8_t large[CERT_TEXT_BYTES_MOST + 1];
    struct cert_texts *texts = cert_texts_new();
    const struct cert homeless = {.ordinal = 0}, late = {.ordinal = CERT_TEXTS_MOST + 1},
                      cert = {.ordinal = 7};
    cert_texts_keep(texts, &homeless, span_of("a", 1));
    cert_texts_keep(texts, &late, span_of("b", 1));
    cert_texts_keep(texts, &cert, span_of(large, sizeof large));
    assert_int_equal(cert_texts_find(texts, &homeless).n, 0);
    assert_int_equal(cert_texts_find(texts, &late).n, 0);
    assert_int_equal(cert_texts_find(texts, &cert).n, 0);
    cert_texts_keep(texts, &cert, span_of(large, sizeof large - 1));
    assert_int_equal(cert_texts_find(texts, &cert).n, sizeof large - 1);
    cert_texts_free(texts);
}

/* Every thread finds each certificate's own text, whoever kept it. */
static void *find_and_keep(void *context)
{
    struct cert_texts *texts = context;
    for (unsigned i = 1; i <= CERT_TEXTS_MOST; i++) {
        const struct cert cert = {.ordinal = i};
        char text[16];
        struct span mine = span_of(text, (size_t)snprintf(text, sizeof text, "text %u", i));
        struct span found = cert_texts_find(texts, &cert);
        if (found.n == 0) {
            cert_texts_keep(texts, &cert, mine);
            found = cert_texts_find(texts, &cert);
        }
        if (!span_equal(found, mine))
            return texts;
    }
    return NULL;
}

static void threads_may_keep_the_same(void **state)
{
    (void)state;
    struct cert_texts *texts = cert_texts_new();
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_and_keep, texts), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    cert_texts_free(texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text_for_each),
        cmocka_unit_test(what_is_too_much_is_not_kept),
        cmocka_unit_test(threads_may_keep_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
