/* pki.c: see pki.h. */
#include "pki.h"

#include "../dissect/x509.h"
#include "records.h"

#include <openssl/ec.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum { YEAR = 365 * 86400 };

static void need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "pki: %s\n", what);
        abort();
    }
}

static EVP_PKEY *make_rsa(size_t bits, const char *hex)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    BIGNUM *exponent = NULL;
    need(BN_hex2bn(&exponent, hex) > 0, "no exponent");
    need(EVP_PKEY_keygen_init(context) > 0 &&
             EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) > 0 &&
             EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, exponent) > 0 &&
             EVP_PKEY_generate(context, &key) > 0,
         "no RSA key");
    BN_free(exponent);
    EVP_PKEY_CTX_free(context);
    return key;
}

static EVP_PKEY *make_key(const char *kind, const char *exponent)
{
    size_t bits = (size_t)strtoul(kind, NULL, 10);
    EVP_PKEY *key = bits ? make_rsa(bits, exponent ? exponent : "10001") : EVP_EC_gen(kind);
    need(key, "no key");
    return key;
}

static void extend(X509 *x, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = value ? X509V3_EXT_conf_nid(NULL, &context, nid, value) : NULL;
    need(!value || (extension && X509_add_ext(x, extension, -1)), value);
    X509_EXTENSION_free(extension);
}

static void extend_all(X509 *x, const struct pki_recipe *recipe)
{
    char constraint[64] = "critical,CA:false";
    if (recipe->ca && recipe->path_length > 0)
        snprintf(constraint, sizeof constraint, "critical,CA:true,pathlen:%d",
                 recipe->path_length - 1);
    else if (recipe->ca)
        snprintf(constraint, sizeof constraint, "critical,CA:true");
    extend(x, NID_basic_constraints, constraint);
    extend(x, NID_subject_alt_name, recipe->san);
    extend(x, NID_ext_key_usage, recipe->extended_usage);
    extend(x, NID_name_constraints, recipe->constraints);
}

static void fill(X509 *x, const struct pki_recipe *recipe, long serial)
{
    time_t epoch = (time_t)(made_epoch / NS_PER_SECOND);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const uint8_t *)recipe->subject, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(recipe->issuer ? recipe->issuer->x : x));
    ASN1_TIME_set(X509_getm_notBefore(x), recipe->from ? recipe->from : epoch - YEAR);
    ASN1_TIME_set(X509_getm_notAfter(x), recipe->to ? recipe->to : epoch + YEAR);
}

static struct cert *cert_of(const X509 *x, uint64_t ordinal)
{
    uint8_t *der = NULL;
    int n = i2d_X509(x, &der);
    need(n > 0, "no DER");
    struct cert *cert = x509_new(span_of(der, (size_t)n));
    cert->ordinal = ordinal;
    OPENSSL_free(der);
    return cert;
}

struct pki pki_make(const struct pki_recipe *recipe)
{
    static uint64_t serial;
    struct pki pki = {make_key(recipe->key ? recipe->key : "P-256", recipe->exponent), X509_new(),
                      NULL};
    const struct pki *signer = recipe->signer ? recipe->signer : recipe->issuer;
    const EVP_MD *digest = EVP_get_digestbyname(recipe->digest ? recipe->digest : "SHA256");
    serial++;
    fill(pki.x, recipe, (long)serial);
    extend_all(pki.x, recipe);
    need(X509_set_pubkey(pki.x, pki.key), "no public key");
    need(X509_sign(pki.x, signer ? signer->key : pki.key, digest) > 0, "not signed");
    pki.cert = cert_of(pki.x, serial);
    return pki;
}

void pki_done(struct pki *pki)
{
    x509_free(pki->cert);
    X509_free(pki->x);
    EVP_PKEY_free(pki->key);
    *pki = (struct pki){NULL, NULL, NULL};
}

void pki_write(const char *path, const struct pki *pki)
{
    FILE *file = fopen(path, "a");
    need(file && PEM_write_X509(file, pki->x), path);
    need(fclose(file) == 0, path);
}

struct buf pki_staple(const struct pki *leaf, const struct pki *issuer, const struct pki *signer,
                      int status, time_t from)
{
    struct buf out = {0};
    uint8_t *der = NULL;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), leaf->x, issuer->x);
    ASN1_TIME *begin = ASN1_GENERALIZEDTIME_set(NULL, from);
    ASN1_TIME *end = ASN1_GENERALIZEDTIME_set(NULL, from + 86400);
    need(OCSP_basic_add1_status(basic, id, status, 0, begin, begin, end), "no status");
    need(OCSP_basic_sign(basic, signer->x, signer->key, EVP_sha256(), NULL, 0), "not signed");
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int n = i2d_OCSP_RESPONSE(response, &der);
    need(n > 0, "no response");
    buf_append(&out, der, (size_t)n);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_GENERALIZEDTIME_free(begin);
    ASN1_GENERALIZEDTIME_free(end);
    return out;
}
