/* test_anchors.c: certificates in PEM, read as OpenSSL reads them; names that may be the same. */
#include "../report/judge/anchors.h"
#include "../report/judge/name_key.h"
#include "../report/judge/pem.h"
#include "pki.h"

#include <openssl/pem.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- PEM --- */

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"

static void what_is_plain_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes, *rest;
    } cases[] = {
        {BEGIN "QUJD\n" END, "ABC", ""},
        {"# a remark\n\n" BEGIN "QUJDQUJD\nQUI=\n" END "rest", "ABCABCAB", "rest"},
        {BEGIN "QQ==\n" END BEGIN, "A", BEGIN},
        {BEGIN END, "", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf der = {0};
        struct span rest = span_of(cases[i].text, strlen(cases[i].text));
        assert_true(pem_next(&der, &rest));
        assert_true(
            span_equal(span_of(der.p, der.n), span_of(cases[i].bytes, strlen(cases[i].bytes))));
        assert_true(span_equal(rest, span_of(cases[i].rest, strlen(cases[i].rest))));
        buf_done(&der);
    }
}

static void what_is_not_is_left(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "no certificate\n",
        BEGIN,
        BEGIN "QUJD\n",
        BEGIN "QUJD\n"
              "-----END CERTIFICATE-----", /* no end of the line */
        BEGIN "QUJD\r\n" END,
        "\xef\xbb\xbf" BEGIN "QUJD\n" END BEGIN "QUJD\n" END, /* a byte order mark */
        BEGIN "QUJ\n" END,                                    /* not whole */
        BEGIN "QU-D\n" END,                                   /* another alphabet */
        BEGIN "QUI=\nQUJD\n" END,                             /* something behind the padding */
        BEGIN "QU=D\n" END,                                   /* padding within */
        BEGIN "Q===\n" END,
        BEGIN "Comment: no\n\nQUJD\n" END, /* RFC 1421's headers */
        BEGIN "QUJD\n-----END CERTIFICATE----\n",
        "-----BEGIN TRUSTED CERTIFICATE-----\nQUJD\n-----END TRUSTED CERTIFICATE-----\n",
        "-----BEGIN EC PARAMETERS-----\nQUJD\n-----END EC PARAMETERS-----\n" BEGIN "QUJD\n" END,
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf der = {0};
        struct span rest = span_of(cases[i], strlen(cases[i]));
        if (pem_next(&der, &rest))
            fail_msg("case %zu was read", i);
        assert_ptr_equal(rest.p, cases[i]);
        buf_done(&der);
    }
}

/* A file of one in each form that there is: how many are read, and which is damaged. */
static void other_forms_are_read_by_openssl(void **state)
{
    (void)state;
    struct pki one = pki_make(&(struct pki_recipe){.subject = "One", .ca = true});
    BIO *file = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(file, one.x);
    PEM_write_bio_X509_AUX(file, one.x);
    BIO_puts(file, "-----BEGIN OTHER-----\nQUJD\n-----END OTHER-----\n");
    PEM_write_bio(file, PEM_STRING_X509_OLD, "", one.cert->der.p, (long)one.cert->der.n);
    PEM_write_bio_X509(file, one.x);
    PEM_write_bio(file, PEM_STRING_X509, "", one.cert->der.p, (long)one.cert->der.n - 1);
    char *text;
    size_t damaged, n = (size_t)BIO_get_mem_data(file, &text);
    struct anchors *anchors = anchors_new();
    assert_int_equal(anchors_add_pem(anchors, &damaged, span_of(text, n), false), 5);
    assert_int_equal(damaged, 0); /* as PEM it is sound */
    assert_int_equal(anchors_add_pem(anchors, &damaged, span_of(text, n), true), 5);
    assert_int_equal(damaged, 5);
    anchors_free(anchors);
    BIO_free(file);
    pki_done(&one);
}

/* --- names --- */

static uint64_t key_of(const X509_NAME *name)
{
    const uint8_t *der;
    size_t n;
    assert_true(X509_NAME_get0_der(name, &der, &n));
    return name_key(span_of(der, n));
}

static X509_NAME *name_of(int type, const char *organization, const char *common)
{
    X509_NAME *name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "O", type, (const uint8_t *)organization, -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", type, (const uint8_t *)common, -1, -1, 0);
    return name;
}

/* In the kinds of strings whose characters have `width` bytes. */
static X509_NAME *wide_name_of(int width, const char *organization, const char *common)
{
    const char *const fields[] = {"O", "CN"}, *const texts[] = {organization, common};
    X509_NAME *name = X509_NAME_new();
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        uint8_t wide[64] = {0};
        const int n = (int)strlen(texts[i]);
        for (int at = 0; at < n; at++)
            wide[at * width + width - 1] = (uint8_t)texts[i][at];
        X509_NAME_add_entry_by_txt(name, fields[i],
                                   width == 2 ? V_ASN1_BMPSTRING : V_ASN1_UNIVERSALSTRING, wide,
                                   n * width, -1, 0);
    }
    return name;
}

static void the_same_names_have_the_same_key(void **state)
{
    (void)state;
    X509_NAME *names[] = {wide_name_of(2, "made  Trust", "Root R1"),
                          wide_name_of(4, "Made Trust", "root R1"),
                          name_of(V_ASN1_PRINTABLESTRING, "Made Trust", "Root R1"),
                          name_of(V_ASN1_UTF8STRING, "MADE  trust ", "root  r1"),
                          name_of(V_ASN1_T61STRING, " Made Trust", "Root R1"),
                          name_of(V_ASN1_IA5STRING, "made Trust", "Root r1")};
    X509_NAME *other = name_of(V_ASN1_PRINTABLESTRING, "Made Trust", "Root R2");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(X509_NAME_cmp(names[i], names[0]), 0);
        assert_true(key_of(names[i]) == key_of(names[0]));
        assert_true(key_of(names[i]) != NAME_KEY_ANY);
        assert_false(name_key_same(key_of(names[i]), key_of(other)));
    }
    for (size_t i = 0; i < COUNT_OF(names); i++)
        X509_NAME_free(names[i]);
    X509_NAME_free(other);
}

/* What is none may be any. */
static void other_names_may_be_any(void **state)
{
    (void)state;
    const uint8_t cut[] = {0x30, 0x05, 0x31};
    /* OpenSSL takes a set that is not marked as constructed. */
    const uint8_t flat[] = {0x30, 0x0c, 0x11, 0x0a, 0x30, 0x08, 0x06,
                            0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'A'};
    assert_true(name_key_same(NAME_KEY_ANY, 12345));
    assert_true(name_key(span_of(cut, sizeof cut)) == NAME_KEY_ANY);
    assert_true(name_key(span_of(flat, sizeof flat)) == NAME_KEY_ANY);
    assert_true(name_key_of_subject(span_of(cut, sizeof cut)) == NAME_KEY_ANY);
}

static void a_subject_is_found(void **state)
{
    (void)state;
    struct pki one = pki_make(&(struct pki_recipe){.subject = "One", .ca = true});
    struct pki leaf = pki_make(&(struct pki_recipe){.subject = "Leaf", .issuer = &one});
    assert_true(name_key_of_subject(leaf.cert->der) == key_of(X509_get_subject_name(leaf.x)));
    assert_true(name_key_of_subject(leaf.cert->der) != key_of(X509_get_issuer_name(leaf.x)));
    pki_done(&leaf);
    pki_done(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_plain_is_read),
        cmocka_unit_test(what_is_not_is_left),
        cmocka_unit_test(other_forms_are_read_by_openssl),
        cmocka_unit_test(the_same_names_have_the_same_key),
        cmocka_unit_test(other_names_may_be_any),
        cmocka_unit_test(a_subject_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
