/* x509.c: certificate facts by OpenSSL. Everything is copied into blocks that the cert owns. */
#include "x509.h"

#include "asn1.h"
#include "limits.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

/* Memory of a cert, in a list, so that it is freed without knowing what it holds. */
struct block {
    struct block *next;
    uint8_t bytes[];
};

struct owned_cert {
    struct cert cert; /* first: a cert is cast back */
    struct block *blocks;
};

static void *keep(struct owned_cert *owned, const void *bytes, size_t n)
{
    struct block *block = xmalloc(sizeof *block + n + 1);
    block->next = owned->blocks;
    owned->blocks = block;
    owned->cert.memory += CERT_MALLOC_COST + sizeof *block + n + 1;
    if (n > 0)
        memcpy(block->bytes, bytes, n);
    block->bytes[n] = '\0';
    return block->bytes;
}

static struct span keep_span(struct owned_cert *owned, const void *bytes, size_t n)
{
    return span_of(keep(owned, bytes, n), n);
}

/* A text_list while it grows. */
struct list_builder {
    struct span items[LIMIT_CERT_LIST];
    size_t count;
};

static void list_add(struct owned_cert *owned, struct list_builder *list, const void *bytes,
                     size_t n)
{
    if (list->count < LIMIT_CERT_LIST)
        list->items[list->count++] = keep_span(owned, bytes, n);
}

static void list_finish(struct owned_cert *owned, struct text_list *out,
                        const struct list_builder *list)
{
    if (list->count == 0)
        return;
    /* A block's bytes stand at a multiple of a pointer's size: spans may go there. */
    out->items = keep(owned, list->items, list->count * sizeof *list->items);
    out->count = list->count;
}

static void add_object(struct owned_cert *owned, struct list_builder *list,
                       const ASN1_OBJECT *object, bool by_name)
{
    int nid = by_name ? OBJ_obj2nid(object) : NID_undef;
    char text[128];
    const char *name = nid == NID_undef ? text : OBJ_nid2sn(nid);
    if (nid == NID_undef && OBJ_obj2txt(text, sizeof text, object, 1) <= 0)
        return;
    list_add(owned, list, name, strlen(name));
}

static struct span name_text(struct owned_cert *owned, const X509_NAME *name)
{
    struct buf text = {0};
    asn1_name(&text, name);
    struct span kept = keep_span(owned, text.p, text.n);
    buf_done(&text);
    return kept;
}

/* The content of the INTEGER's DER: behind tag and length. */
static void read_serial(struct owned_cert *owned, const X509 *x)
{
    uint8_t *der = NULL;
    int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &der);
    const uint8_t *content = der;
    long length;
    int tag, class;
    if (n > 0 && !(ASN1_get_object(&content, &length, &tag, &class, n) & 0x80))
        owned->cert.serial = keep_span(owned, content, (size_t)length);
    OPENSSL_free(der);
}

static void add_address(struct owned_cert *owned, struct list_builder *list, struct span ip)
{
    char text[INET6_ADDRSTRLEN];
    if ((ip.n == 4 && inet_ntop(AF_INET, ip.p, text, sizeof text)) ||
        (ip.n == 16 && inet_ntop(AF_INET6, ip.p, text, sizeof text)))
        list_add(owned, list, text, strlen(text));
}

static void add_general_name(struct owned_cert *owned, struct list_builder *list,
                             const GENERAL_NAME *name)
{
    int type;
    const void *value = GENERAL_NAME_get0_value(name, &type);
    if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI && type != GEN_IPADD)
        return;
    struct span text = asn1_bytes(value);
    if (type == GEN_IPADD)
        add_address(owned, list, text);
    else
        list_add(owned, list, text.p, text.n);
}

static void read_san(struct owned_cert *owned, const X509 *x)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    struct list_builder list = {.count = 0};
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        add_general_name(owned, &list, sk_GENERAL_NAME_value(names, i));
    list_finish(owned, &owned->cert.san, &list);
    GENERAL_NAMES_free(names);
}

static const char *curve_name(const char *openssl)
{
    static const char *const names[][2] = {
        {"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(openssl, names[i][0]) == 0)
            return names[i][1];
    }
    return openssl;
}

/* Algorithms that OpenSSL does not know, or not under the name by which all call them. */
static const char *key_name(const ASN1_OBJECT *algorithm)
{
    static const struct {
        const char *oid, *name;
    } table[] = {
        {"1.2.840.113549.1.1.1", "RSA"},
        {"1.2.840.113549.1.1.10", "RSA-PSS"},
        {"1.2.840.10040.4.1", "DSA"},
        {"1.2.840.113549.1.3.1", "DH"},
        {"1.2.840.10046.2.1", "DH"},
        {"1.2.840.10045.2.1", "EC"},
        {"1.3.101.110", "X25519"},
        {"1.3.101.111", "X448"},
        {"1.3.101.112", "Ed25519"},
        {"1.3.101.113", "Ed448"},
        {"1.2.156.10197.1.301", "SM2"},
        {"1.2.643.2.2.19", "GOST R 34.10-2001"},
        {"1.2.643.7.1.1.1.1", "GOST R 34.10-2012-256"},
        {"1.2.643.7.1.1.1.2", "GOST R 34.10-2012-512"},
        {"2.16.840.1.101.3.4.3.17", "ML-DSA-44"},
        {"2.16.840.1.101.3.4.3.18", "ML-DSA-65"},
        {"2.16.840.1.101.3.4.3.19", "ML-DSA-87"},
    };
    char oid[80];
    if (!algorithm || OBJ_obj2txt(oid, sizeof oid, algorithm, 1) <= 0)
        return "unknown";
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (strcmp(oid, table[i].oid) == 0)
            return table[i].name;
    }
    return "unknown";
}

/* read_public_key fills in all but what OpenSSL can't read of a key. */
static void read_public_key(struct raw_key *out, X509_PUBKEY *spki)
{
    uint8_t *der = NULL;
    int n = i2d_X509_PUBKEY(spki, &der);
    if (n > 0)
        EVP_Digest(der, (size_t)n, out->spki_sha256, NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);

    ASN1_OBJECT *algorithm = NULL;
    EVP_PKEY *key = X509_PUBKEY_get0(spki);
    char curve[sizeof out->curve];
    out->type = "unknown";
    if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, spki))
        out->type = key_name(algorithm);
    if (!key)
        return;
    int bits = EVP_PKEY_get_bits(key);
    out->bits = bits > 0 ? (unsigned)bits : 0;
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_SM2)
        out->type = "SM2"; /* its algorithm is EC's, its curve its own */
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
        EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL))
        snprintf(out->curve, sizeof out->curve, "%s", curve_name(curve));
}

void x509_raw_key(struct raw_key *out, struct span spki)
{
    const uint8_t *p = spki.p;
    *out = (struct raw_key){.type = "unknown"};
    X509_PUBKEY *key = spki.n > 0 ? d2i_X509_PUBKEY(NULL, &p, (long)spki.n) : NULL;
    if (key)
        read_public_key(out, key);
    EVP_Digest(spki.p, spki.n, out->spki_sha256, NULL, EVP_sha256(), NULL);
    X509_PUBKEY_free(key);
    ERR_clear_error();
}

static void read_key(struct owned_cert *owned, const X509 *x)
{
    struct cert *cert = &owned->cert;
    struct raw_key key = {.bits = 0};
    read_public_key(&key, X509_get_X509_PUBKEY(x));
    memcpy(cert->spki_sha256, key.spki_sha256, sizeof cert->spki_sha256);
    cert->key_type = key.type;
    cert->key_bits = key.bits;
    if (key.curve[0])
        cert->key_curve = keep(owned, key.curve, strlen(key.curve));
}

static void read_signature(struct owned_cert *owned, const X509 *x)
{
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *object;
    char text[128] = "unknown";
    X509_get0_signature(NULL, &algorithm, x);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    OBJ_obj2txt(text, sizeof text, object, 0);
    const char *name = OBJ_obj2nid(object) == NID_undef ? key_name(object) : text;
    name = strcmp(name, "unknown") == 0 ? text : name;
    owned->cert.signature_algorithm = keep(owned, name, strlen(name));
}

/* Bits of KeyUsage in their order: RFC 5280 section 4.2.1.3. */
static void read_key_usage(struct owned_cert *owned, const X509 *x)
{
    static const char *const usages[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                         "dataEncipherment", "keyAgreement",   "keyCertSign",
                                         "cRLSign",          "encipherOnly",   "decipherOnly"};
    ASN1_BIT_STRING *bits = X509_get_ext_d2i(x, NID_key_usage, NULL, NULL);
    struct list_builder list = {.count = 0};
    for (size_t i = 0; bits && i < COUNT_OF(usages); i++) {
        if (ASN1_BIT_STRING_get_bit(bits, (int)i))
            list_add(owned, &list, usages[i], strlen(usages[i]));
    }
    list_finish(owned, &owned->cert.key_usage, &list);
    ASN1_BIT_STRING_free(bits);
}

static void read_extended_key_usage(struct owned_cert *owned, const X509 *x)
{
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
    struct list_builder list = {.count = 0};
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
        add_object(owned, &list, sk_ASN1_OBJECT_value(usages, i), true);
    list_finish(owned, &owned->cert.extended_key_usage, &list);
    EXTENDED_KEY_USAGE_free(usages);
}

static void read_policies(struct owned_cert *owned, const X509 *x)
{
    CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(x, NID_certificate_policies, NULL, NULL);
    struct list_builder list = {.count = 0};
    for (int i = 0; i < sk_POLICYINFO_num(policies); i++)
        add_object(owned, &list, sk_POLICYINFO_value(policies, i)->policyid, false);
    list_finish(owned, &owned->cert.policies, &list);
    CERTIFICATEPOLICIES_free(policies);
}

static void add_uri(struct owned_cert *owned, struct list_builder *list, const GENERAL_NAME *name)
{
    int type;
    const void *value = GENERAL_NAME_get0_value(name, &type);
    if (type == GEN_URI)
        list_add(owned, list, asn1_bytes(value).p, asn1_bytes(value).n);
}

static void read_ocsp(struct owned_cert *owned, const X509 *x)
{
    AUTHORITY_INFO_ACCESS *access = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
    struct list_builder list = {.count = 0};
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(access, i);
        if (OBJ_obj2nid(one->method) == NID_ad_OCSP)
            add_uri(owned, &list, one->location);
    }
    list_finish(owned, &owned->cert.ocsp, &list);
    AUTHORITY_INFO_ACCESS_free(access);
}

static void read_crl(struct owned_cert *owned, const X509 *x)
{
    CRL_DIST_POINTS *points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
    struct list_builder list = {.count = 0};
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT_NAME *name = sk_DIST_POINT_value(points, i)->distpoint;
        if (!name || name->type != 0 /* fullName */)
            continue;
        for (int j = 0; j < sk_GENERAL_NAME_num(name->name.fullname); j++)
            add_uri(owned, &list, sk_GENERAL_NAME_value(name->name.fullname, j));
    }
    list_finish(owned, &owned->cert.crl, &list);
    CRL_DIST_POINTS_free(points);
}

static void read_scts(struct owned_cert *owned, const X509 *x)
{
    int at = X509_get_ext_by_NID(x, NID_ct_precert_scts, -1);
    owned->cert.sct_count = asn1_count_scts(at < 0 ? NULL : X509_get_ext(x, at));
}

static void read_all(struct owned_cert *owned, X509 *x)
{
    struct cert *cert = &owned->cert;
    cert->subject = name_text(owned, X509_get_subject_name(x));
    cert->issuer = name_text(owned, X509_get_issuer_name(x));
    cert->version = (unsigned)X509_get_version(x) + 1;
    read_serial(owned, x);
    read_key(owned, x);
    read_signature(owned, x);
    read_san(owned, x);
    read_key_usage(owned, x);
    read_extended_key_usage(owned, x);
    read_policies(owned, x);
    read_ocsp(owned, x);
    read_crl(owned, x);
    read_scts(owned, x);
    cert->is_ca = X509_get_extension_flags(x) & EXFLAG_CA;
    cert->self_signed = X509_self_signed(x, 0) == 1;
}

struct cert *x509_new(struct span der)
{
    struct owned_cert *owned = xcalloc(1, sizeof *owned);
    struct cert *cert = &owned->cert;
    cert->memory = CERT_MALLOC_COST + sizeof *owned;
    cert->der = keep_span(owned, der.p, der.n);
    cert->key_type = "unknown";
    cert->signature_algorithm = "unknown";
    EVP_Digest(cert->der.p, der.n, cert->sha256, NULL, EVP_sha256(), NULL);
    EVP_Digest(cert->der.p, der.n, cert->sha1, NULL, EVP_sha1(), NULL);

    const uint8_t *p = cert->der.p;
    X509 *x = der.n > 0 ? d2i_X509(NULL, &p, (long)der.n) : NULL;
    cert->malformed = !x || p != cert->der.p + der.n ||
                      !asn1_time(&cert->not_before, X509_get0_notBefore(x)) ||
                      !asn1_time(&cert->not_after, X509_get0_notAfter(x));
    cert->parsed = x;
    if (!cert->malformed) {
        read_all(owned, x);
    } else {
        cert->not_before = cert->not_after = 0;
        x509_forget(cert);
    }
    ERR_clear_error();
    return cert;
}

void x509_forget(struct cert *cert)
{
    X509_free(cert->parsed);
    cert->parsed = NULL;
}

void x509_free(struct cert *cert)
{
    struct owned_cert *owned = (struct owned_cert *)cert;
    if (!owned)
        return;
    for (struct block *block = owned->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    x509_forget(cert);
    free(owned);
}

const char *x509_library_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
