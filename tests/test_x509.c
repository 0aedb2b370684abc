/* test_x509.c: certificates made here, with all extensions that are read, odd times, odd keys; and
 * every truncation of one. */
#include "../dissect/tls_messages.h"
#include "../dissect/x509.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* A certificate in the making. */
struct recipe {
    EVP_PKEY *key;
    X509 *x;
};

static struct recipe begin(EVP_PKEY *key)
{
    struct recipe r = {key, X509_new()};
    assert_non_null(key);
    assert_non_null(r.x);
    X509_NAME *name = X509_get_subject_name(r.x);
    assert_true(X509_set_version(r.x, 2));
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(r.x), 0x1234));
    assert_true(
        X509_NAME_add_entry_by_txt(name, "C", MBSTRING_UTF8, (const uint8_t *)"US", -1, -1, 0));
    assert_true(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
                                           (const uint8_t *)"M\xc3\xbcller, Inc.", -1, -1, 0));
    assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                           (const uint8_t *)"courier.push.example", -1, -1, 0));
    assert_true(X509_set_issuer_name(r.x, name));
    assert_true(ASN1_TIME_set_string(X509_getm_notBefore(r.x), "200102030405Z"));
    assert_true(ASN1_TIME_set_string(X509_getm_notAfter(r.x), "20500102030405Z"));
    assert_true(X509_set_pubkey(r.x, key));
    return r;
}

static void extend(struct recipe *r, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, r->x, r->x, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_true(X509_add_ext(r->x, extension, -1));
    X509_EXTENSION_free(extension);
}

static void add_policies(struct recipe *r, const char *const *oids, size_t count)
{
    CERTIFICATEPOLICIES *policies = CERTIFICATEPOLICIES_new();
    for (size_t i = 0; i < count; i++) {
        POLICYINFO *policy = POLICYINFO_new();
        policy->policyid = OBJ_txt2obj(oids[i], 1);
        assert_true(sk_POLICYINFO_push(policies, policy));
    }
    assert_true(X509_add1_ext_i2d(r->x, NID_certificate_policies, policies, 0, 0));
    CERTIFICATEPOLICIES_free(policies);
}

/* finish signs the certificate, reads it from an exactly sized copy, and frees the recipe. */
static struct cert *finish(struct recipe *r, const EVP_MD *hash, struct buf *der)
{
    uint8_t *bytes = NULL;
    assert_true(X509_sign(r->x, r->key, hash) > 0);
    int n = i2d_X509(r->x, &bytes);
    assert_true(n > 0);
    uint8_t *copy = malloc((size_t)n);
    assert_non_null(copy);
    memcpy(copy, bytes, (size_t)n);
    struct cert *cert = x509_new(span_of(copy, (size_t)n));
    free(copy); /* the cert keeps its own */
    if (der)
        buf_append(der, bytes, (size_t)n);
    OPENSSL_free(bytes);
    X509_free(r->x);
    EVP_PKEY_free(r->key);
    return cert;
}

static EVP_PKEY *ec_key(void)
{
    return EVP_EC_gen("P-256");
}

static void assert_text(struct span text, const char *expected)
{
    assert_int_equal(text.n, strlen(expected));
    assert_memory_equal(text.p, expected, text.n);
}

static void assert_list(const struct text_list *list, const char *const *expected, size_t count)
{
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++)
        assert_text(list->items[i], expected[i]);
}

static void all_facts_of_a_leaf(void **state)
{
    (void)state;
    static const char *const san[] = {
        "courier.push.example", "*.push.example", "192.0.2.1",
        "2001:db8::1",          "a@push.example", "https://x.example/"};
    static const char *const usage[] = {"digitalSignature", "keyEncipherment"};
    static const char *const purposes[] = {"serverAuth", "clientAuth", "1.2.3.4"};
    static const char *const policies[] = {"2.23.140.1.2.2", "1.2.3.4.5"};
    static const char *const ocsp[] = {"http://ocsp.example/"};
    static const char *const crl[] = {"http://crl.example/a.crl", "http://crl.example/b.crl"};
    struct recipe r = begin(ec_key());
    struct buf der = {0};
    uint8_t hash[32];
    extend(&r, NID_subject_alt_name,
           "DNS:courier.push.example,DNS:*.push.example,IP:192.0.2.1,IP:2001:db8::1,"
           "email:a@push.example,URI:https://x.example/,RID:1.2.3");
    extend(&r, NID_key_usage, "digitalSignature,keyEncipherment");
    extend(&r, NID_ext_key_usage, "serverAuth,clientAuth,1.2.3.4");
    add_policies(&r, policies, COUNT_OF(policies));
    extend(&r, NID_info_access,
           "OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/ca.cer");
    extend(&r, NID_crl_distribution_points,
           "URI:http://crl.example/a.crl,URI:http://crl.example/b.crl");
    extend(&r, NID_basic_constraints, "CA:FALSE");
    struct cert *cert = finish(&r, EVP_sha256(), &der);
    assert_false(cert->malformed);
    assert_true(EVP_Digest(der.p, der.n, hash, NULL, EVP_sha256(), NULL));
    assert_memory_equal(cert->sha256, hash, 32);
    assert_true(EVP_Digest(der.p, der.n, hash, NULL, EVP_sha1(), NULL));
    assert_memory_equal(cert->sha1, hash, 20);
    assert_true(span_equal(cert->der, span_of(der.p, der.n)));
    assert_text(cert->subject, "CN=courier.push.example,O=M\xc3\xbcller\\, Inc.,C=US");
    assert_text(cert->issuer, "CN=courier.push.example,O=M\xc3\xbcller\\, Inc.,C=US");
    assert_text(cert->serial, "\x12\x34");
    assert_int_equal(cert->version, 3);
    assert_true(cert->not_before == INT64_C(1577934245) * NS_PER_SECOND);
    assert_true(cert->not_after == INT64_C(2524705445) * NS_PER_SECOND);
    assert_list(&cert->san, san, COUNT_OF(san));
    assert_string_equal(cert->key_type, "EC");
    assert_int_equal(cert->key_bits, 256);
    assert_string_equal(cert->key_curve, "P-256");
    assert_string_equal(cert->signature_algorithm, "ecdsa-with-SHA256");
    assert_false(cert->is_ca);
    assert_true(cert->self_signed);
    assert_list(&cert->key_usage, usage, COUNT_OF(usage));
    assert_list(&cert->extended_key_usage, purposes, COUNT_OF(purposes));
    assert_list(&cert->policies, policies, COUNT_OF(policies));
    assert_list(&cert->ocsp, ocsp, COUNT_OF(ocsp));
    assert_list(&cert->crl, crl, COUNT_OF(crl));
    assert_int_equal(cert->flows, 0);
    x509_free(cert);
    buf_done(&der);
}

static void keys_are_named(void **state)
{
    (void)state;
    static const uint8_t no_hash[32] = {0};
    struct recipe r = begin(EVP_RSA_gen(2048));
    extend(&r, NID_basic_constraints, "critical,CA:TRUE");
    struct cert *cert = finish(&r, EVP_sha1(), NULL);
    assert_string_equal(cert->key_type, "RSA");
    assert_int_equal(cert->key_bits, 2048);
    assert_null(cert->key_curve);
    assert_string_equal(cert->signature_algorithm, "sha1WithRSAEncryption");
    assert_true(cert->is_ca);
    assert_memory_not_equal(cert->spki_sha256, no_hash, 32);
    x509_free(cert);
    r = begin(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    cert = finish(&r, NULL, NULL);
    assert_string_equal(cert->key_type, "Ed25519");
    assert_string_equal(cert->signature_algorithm, "ED25519");
    x509_free(cert);
}

/* The public key's hash is what `openssl pkey -pubin -outform der | sha256sum` gives. */
static void the_public_key_is_hashed_as_der(void **state)
{
    (void)state;
    EVP_PKEY *key = ec_key();
    uint8_t *der = NULL, hash[32];
    int n = i2d_PUBKEY(key, &der);
    assert_true(n > 0);
    assert_true(EVP_Digest(der, (size_t)n, hash, NULL, EVP_sha256(), NULL));
    OPENSSL_free(der);
    struct recipe r = begin(key);
    struct cert *cert = finish(&r, EVP_sha256(), NULL);
    assert_memory_equal(cert->spki_sha256, hash, 32);
    x509_free(cert);
}

static struct cert *with_times(const char *from, int from_type, const char *to, int to_type)
{
    struct recipe r = begin(ec_key());
    ASN1_TIME *before = X509_getm_notBefore(r.x), *after = X509_getm_notAfter(r.x);
    before->type = from_type;
    after->type = to_type;
    assert_true(ASN1_STRING_set(before, from, -1));
    assert_true(ASN1_STRING_set(after, to, -1));
    return finish(&r, EVP_sha256(), NULL);
}

static void odd_times_are_understood(void **state)
{
    (void)state;
    /* Years of two digits: 50 and up are the last century (RFC 5280 section 4.1.2.5.1). */
    struct cert *cert =
        with_times("500101000000Z", V_ASN1_UTCTIME, "491231235959Z", V_ASN1_UTCTIME);
    assert_true(cert->not_before == INT64_C(-631152000) * NS_PER_SECOND);
    assert_true(cert->not_after == INT64_C(2524607999) * NS_PER_SECOND);
    x509_free(cert);
    cert = with_times("00010101000000Z", V_ASN1_GENERALIZEDTIME, "99991231235959Z",
                      V_ASN1_GENERALIZEDTIME);
    assert_false(cert->malformed);
    assert_true(cert->not_before == INT64_MIN);
    assert_true(cert->not_after == INT64_MAX);
    x509_free(cert);
    cert = with_times("2001010000Z", V_ASN1_UTCTIME, "200101010000+0100", V_ASN1_UTCTIME);
    assert_false(cert->malformed);
    assert_true(cert->not_before == INT64_C(1577836800) * NS_PER_SECOND);
    assert_true(cert->not_after == INT64_C(1577836800) * NS_PER_SECOND);
    x509_free(cert);
    cert = with_times("yesterday", V_ASN1_UTCTIME, "20200101000000Z", V_ASN1_GENERALIZEDTIME);
    assert_true(cert->malformed);
    assert_true(cert->not_before == 0 && cert->not_after == 0);
    x509_free(cert);
}

static void a_name_may_hold_any_byte(void **state)
{
    (void)state;
    struct recipe r = begin(ec_key());
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    assert_true(ASN1_STRING_set(text, "good.example\0.evil.example", 26));
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    assert_true(sk_GENERAL_NAME_push(names, name));
    assert_true(X509_add1_ext_i2d(r.x, NID_subject_alt_name, names, 0, 0));
    GENERAL_NAMES_free(names);
    struct cert *cert = finish(&r, EVP_sha256(), NULL);
    assert_int_equal(cert->san.count, 1);
    assert_int_equal(cert->san.items[0].n, 26);
    assert_memory_equal(cert->san.items[0].p, "good.example\0.evil.example", 26);
    x509_free(cert);
}

static void long_lists_are_capped(void **state)
{
    (void)state;
    struct recipe r = begin(ec_key());
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    for (unsigned i = 0; i < 3000; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();
        assert_true(ASN1_STRING_set(text, "x.example", -1));
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        assert_true(sk_GENERAL_NAME_push(names, name));
    }
    assert_true(X509_add1_ext_i2d(r.x, NID_subject_alt_name, names, 0, 0));
    GENERAL_NAMES_free(names);
    struct cert *cert = finish(&r, EVP_sha256(), NULL);
    assert_false(cert->malformed);
    assert_int_equal(cert->san.count, 1024);
    /* What they cost beside their bytes is counted too. */
    assert_true(cert->memory > cert->der.n + 1024 * (2 * sizeof(struct span) + sizeof(void *)));
    x509_free(cert);
}

static void a_negative_serial_keeps_its_bytes(void **state)
{
    (void)state;
    struct recipe r = begin(ec_key());
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(r.x), -129));
    struct cert *cert = finish(&r, EVP_sha256(), NULL);
    assert_text(cert->serial, "\xff\x7f");
    x509_free(cert);
}

static void damage_leaves_hash_and_bytes(void **state)
{
    (void)state;
    struct recipe r = begin(ec_key());
    struct buf der = {0};
    extend(&r, NID_subject_alt_name, "DNS:courier.push.example");
    x509_free(finish(&r, EVP_sha256(), &der));
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = malloc(n ? n : 1), hash[32];
        assert_non_null(copy);
        memcpy(copy, der.p, n);
        struct cert *cert = x509_new(span_of(copy, n));
        assert_true(EVP_Digest(copy, n, hash, NULL, EVP_sha256(), NULL));
        free(copy);
        assert_true(cert->malformed);
        assert_memory_equal(cert->sha256, hash, 32);
        assert_true(span_equal(cert->der, span_of(der.p, n)));
        assert_int_equal(cert->subject.n + cert->san.count, 0);
        assert_non_null(cert->key_type);
        assert_non_null(cert->signature_algorithm);
        x509_free(cert);
    }
    buf_append(&der, "x", 1);
    struct cert *cert = x509_new(span_of(der.p, der.n));
    assert_true(cert->malformed);
    x509_free(cert);
    buf_done(&der);
}

static void every_flipped_byte_is_survived(void **state)
{
    (void)state;
    struct recipe r = begin(ec_key());
    struct buf der = {0};
    size_t malformed = 0;
    extend(&r, NID_subject_alt_name, "DNS:courier.push.example,IP:192.0.2.1");
    extend(&r, NID_crl_distribution_points, "URI:http://crl.example/a.crl");
    extend(&r, NID_info_access, "OCSP;URI:http://ocsp.example/");
    x509_free(finish(&r, EVP_sha256(), &der));
    for (size_t i = 0; i < der.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            der.p[i] ^= (uint8_t)(1u << bit);
            struct cert *cert = x509_new(span_of(der.p, der.n));
            malformed += cert->malformed;
            x509_free(cert);
            der.p[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_true(malformed > 100);
    buf_done(&der);
}

static void timestamps_are_counted(void **state)
{
    (void)state;
    static const uint8_t list[] = {0, 9, 0, 3, 'o', 'n', 'e', 0, 2, 'b', 'b'};
    assert_int_equal(tls_count_scts(span_of(list, sizeof list)), 2);
    for (size_t n = 0; n < sizeof list; n++)
        assert_int_equal(tls_count_scts(span_of(list, n)), 0);

    struct recipe r = begin(ec_key());
    ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
    uint8_t *der = NULL;
    assert_true(ASN1_OCTET_STRING_set(inner, list, sizeof list));
    int n = i2d_ASN1_OCTET_STRING(inner, &der);
    assert_true(ASN1_OCTET_STRING_set(outer, der, n));
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_precert_scts, 0, outer);
    assert_true(X509_add_ext(r.x, extension, -1));
    struct cert *cert = finish(&r, EVP_sha256(), NULL);
    assert_int_equal(cert->sct_count, 2);
    x509_free(cert);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(inner);
    ASN1_OCTET_STRING_free(outer);
    OPENSSL_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_facts_of_a_leaf),
        cmocka_unit_test(keys_are_named),
        cmocka_unit_test(the_public_key_is_hashed_as_der),
        cmocka_unit_test(odd_times_are_understood),
        cmocka_unit_test(a_name_may_hold_any_byte),
        cmocka_unit_test(long_lists_are_capped),
        cmocka_unit_test(a_negative_serial_keeps_its_bytes),
        cmocka_unit_test(damage_leaves_hash_and_bytes),
        cmocka_unit_test(every_flipped_byte_is_survived),
        cmocka_unit_test(timestamps_are_counted),
    };
    return cmocka_run_group_tests_name("x509", tests, NULL, NULL);
}
