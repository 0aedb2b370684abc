/* x509.c: certificate facts by OpenSSL. Everything is copied into blocks that the cert owns, so
 * that no OpenSSL object outlives the call. */
#include "x509.h"

#include "cursor.h"
#include "limits.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

/* Memory of a cert, in a list, so that it is freed without knowing what it holds. */
struct block {
    struct block *next;
    uint8_t bytes[];
};

/* What an allocation takes beside its bytes: its header, and rounding up. */
enum { MALLOC_COST = 16 };

struct owned_cert {
    struct cert cert; /* first: a cert is cast back */
    struct block *blocks;
};

static void *keep(struct owned_cert *owned, const void *bytes, size_t n)
{
    struct block *block = xmalloc(sizeof *block + n + 1);
    block->next = owned->blocks;
    owned->blocks = block;
    owned->cert.memory += MALLOC_COST + sizeof *block + n + 1;
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

static struct span string_of(const ASN1_STRING *string)
{
    return string ? span_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string))
                  : span_of(NULL, 0);
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
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    struct span span = {NULL, 0};
    if (out && X509_NAME_print_ex(out, name, 0,
                                  XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        long n = BIO_get_mem_data(out, &text);
        span = keep_span(owned, text, n > 0 ? (size_t)n : 0);
    }
    BIO_free(out);
    return span;
}

/* time_of converts UTCTime and GeneralizedTime (RFC 5280 section 4.1.2.5), also with an offset or
 * without seconds. What 64 bits of nanoseconds can't hold is clamped: 9999-12-31 means "never". */
static bool time_of(nanotime *out, const ASN1_TIME *when)
{
    struct tm tm;
    if (!ASN1_TIME_to_tm(when, &tm))
        return false;
    int64_t seconds = timegm(&tm);
    if (seconds > INT64_MAX / NS_PER_SECOND)
        *out = INT64_MAX;
    else if (seconds < INT64_MIN / NS_PER_SECOND)
        *out = INT64_MIN;
    else
        *out = seconds * NS_PER_SECOND;
    return true;
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
    struct span text = string_of(value);
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

static const char *key_name(int type)
{
    switch (type) {
    case EVP_PKEY_RSA:
        return "RSA";
    case EVP_PKEY_RSA_PSS:
        return "RSA-PSS";
    case EVP_PKEY_DSA:
        return "DSA";
    case EVP_PKEY_DH:
        return "DH";
    case EVP_PKEY_EC:
        return "EC";
    case EVP_PKEY_ED25519:
        return "Ed25519";
    case EVP_PKEY_ED448:
        return "Ed448";
    case EVP_PKEY_X25519:
        return "X25519";
    case EVP_PKEY_X448:
        return "X448";
    case EVP_PKEY_SM2:
        return "SM2";
    default:
        return "unknown";
    }
}

static void read_key(struct owned_cert *owned, const X509 *x)
{
    struct cert *cert = &owned->cert;
    uint8_t *der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    if (n > 0)
        EVP_Digest(der, (size_t)n, cert->spki_sha256, NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);

    EVP_PKEY *key = X509_get0_pubkey(x);
    ASN1_OBJECT *algorithm = NULL;
    if (!key) {
        if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(x)))
            cert->key_type = key_name(OBJ_obj2nid(algorithm));
        return;
    }
    char curve[80];
    cert->key_type = key_name(EVP_PKEY_get_base_id(key));
    int bits = EVP_PKEY_get_bits(key);
    cert->key_bits = bits > 0 ? (unsigned)bits : 0;
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
        EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL)) {
        const char *name = curve_name(curve);
        cert->key_curve = keep(owned, name, strlen(name));
    }
}

static void read_signature(struct owned_cert *owned, const X509 *x)
{
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *object;
    char text[128] = "unknown";
    X509_get0_signature(NULL, &algorithm, x);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    OBJ_obj2txt(text, sizeof text, object, 0);
    owned->cert.signature_algorithm = keep(owned, text, strlen(text));
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
        list_add(owned, list, string_of(value).p, string_of(value).n);
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

/* opaque SerializedSCT<1..2^16-1>; SerializedSCT sct_list<1..2^16-1>. */
unsigned x509_count_scts(struct span bytes)
{
    struct cursor c = cursor_of(bytes), list, sct;
    unsigned count = 0;
    if (!cursor_vec16(&c, &list))
        return 0;
    while (cursor_vec16(&list, &sct))
        count++;
    return count;
}

/* The extension's value is an OCTET STRING that holds the list. */
static void read_scts(struct owned_cert *owned, const X509 *x)
{
    int at = X509_get_ext_by_NID(x, NID_ct_precert_scts, -1);
    X509_EXTENSION *extension = at < 0 ? NULL : X509_get_ext(x, at);
    struct span value = string_of(extension ? X509_EXTENSION_get_data(extension) : NULL);
    const uint8_t *p = value.p;
    ASN1_OCTET_STRING *list = value.n ? d2i_ASN1_OCTET_STRING(NULL, &p, (long)value.n) : NULL;
    if (list)
        owned->cert.sct_count = x509_count_scts(string_of(list));
    ASN1_OCTET_STRING_free(list);
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
    cert->memory = MALLOC_COST + sizeof *owned;
    cert->der = keep_span(owned, der.p, der.n);
    cert->key_type = "unknown";
    cert->signature_algorithm = "unknown";
    EVP_Digest(cert->der.p, der.n, cert->sha256, NULL, EVP_sha256(), NULL);
    EVP_Digest(cert->der.p, der.n, cert->sha1, NULL, EVP_sha1(), NULL);

    const uint8_t *p = cert->der.p;
    X509 *x = der.n > 0 ? d2i_X509(NULL, &p, (long)der.n) : NULL;
    cert->malformed = !x || p != cert->der.p + der.n ||
                      !time_of(&cert->not_before, X509_get0_notBefore(x)) ||
                      !time_of(&cert->not_after, X509_get0_notAfter(x));
    if (!cert->malformed)
        read_all(owned, x);
    else
        cert->not_before = cert->not_after = 0;
    X509_free(x);
    ERR_clear_error();
    return cert;
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
    free(owned);
}

const char *x509_library_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
