/* certificates.c: made-up authorities with leaves as large and as varied as real ones. */
#include "certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { NAME_MAX_LENGTH = 128 };

/* What a server sends. A key is a curve's name, or the number of an RSA key's bits. */
struct plan {
    const char *leaf_key, *above_key;
    const char *name;
    unsigned sent;  /* leaf, intermediate, root */
    unsigned names; /* in the leaf, at least one */
    bool rich;      /* with all the extensions that public authorities put in */
};

static const struct plan plans[SERVER_CHAINS] = {
    {"2048", "2048", "courier.push.example", 2, 3, true},
    {"P-256", "P-256", "gateway.push.example", 2, 2, true},
    {"2048", "2048", "courier2.push.example", 3, 2, true},
    {"P-256", "2048", "api.push.example", 3, 4, true},
    {"2048", NULL, "self.push.example", 1, 1, false},
    {"P-384", "P-384", "edge.push.example", 2, 40, true},
    {"3072", "2048", "legacy.push.example", 2, 1, false},
    {"2048", "P-384", "sandbox.push.example", 2, 8, true},
};

static const char *const client_keys[CLIENT_CHAINS] = {"2048", "P-256"};

void bench_need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "generate: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static EVP_PKEY *new_key(const char *kind)
{
    EVP_PKEY *key =
        kind[0] == 'P' ? EVP_EC_gen(kind) : EVP_RSA_gen((unsigned)strtoul(kind, NULL, 10));
    bench_need(key, "no key");
    return key;
}

/* Those whose keys are of a kind share one, authorities and others apart: RSA keys take long to
 * find. */
static EVP_PKEY *shared_key(struct certificates *set, const char *kind, bool authority)
{
    unsigned at = 0;
    while (at < set->keys &&
           (strcmp(set->key[at].kind, kind) || set->key[at].authority != authority))
        at++;
    if (at == set->keys) {
        bench_need(at < KEYS_MAX, "too many kinds of keys");
        set->key[set->keys++] = (struct shared_key){kind, authority, new_key(kind)};
    }
    EVP_PKEY_up_ref(set->key[at].key);
    return set->key[at].key;
}

static void extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    CONF *none = NCONF_new(NULL); /* some extensions want a configuration, even without a section */
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509V3_set_nconf(&context, none);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bench_need(extension && X509_add_ext(x, extension, -1), "extension not added");
    X509_EXTENSION_free(extension);
    NCONF_free(none);
}

/* Two signed certificate timestamps (RFC 6962 section 3.3), of logs that do not exist. */
static void add_timestamps(X509 *x)
{
    enum { SIGNATURE = 71, SCT = 1 + 32 + 8 + 2 + 2 + 2 + SIGNATURE, LIST = 2 * (2 + SCT) };
    uint8_t bytes[2 + LIST] = {LIST >> 8, LIST & 0xff};
    for (uint8_t *at = bytes + 2; at < bytes + sizeof bytes; at += 2 + SCT) {
        bench_need(RAND_bytes(at, 2 + SCT) == 1, "no randomness");
        const uint8_t head[] = {SCT >> 8, SCT & 0xff, 0};
        const uint8_t time[] = {0, 0, 1, 0x96, 0, 0, 0, 0};
        const uint8_t tail[] = {0, 0, 4, 3, 0, SIGNATURE};
        memcpy(at, head, sizeof head);
        memcpy(at + 3 + 32, time, sizeof time);
        memcpy(at + 3 + 32 + 8, tail, sizeof tail);
    }
    ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
    uint8_t *der = NULL;
    ASN1_OCTET_STRING_set(inner, bytes, sizeof bytes);
    int length = i2d_ASN1_OCTET_STRING(inner, &der);
    bench_need(length > 0 && ASN1_OCTET_STRING_set(outer, der, length), "no timestamps");
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_precert_scts, 0, outer);
    bench_need(extension && X509_add_ext(x, extension, -1), "timestamps not added");
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(inner);
    ASN1_OCTET_STRING_free(outer);
    OPENSSL_free(der);
}

static void add_names(X509 *x, const char *name, unsigned count)
{
    enum { LONGEST = 64 };
    char *list = malloc((size_t)count * LONGEST);
    bench_need(list, "no memory");
    int at = snprintf(list, LONGEST, "DNS:%s,DNS:*.push.example", name);
    for (unsigned i = 1; i < count; i++)
        at += snprintf(list + at, LONGEST, ",DNS:node%u.%s", i, name);
    extend(x, NULL, NID_subject_alt_name, list);
    free(list);
}

static void add_policy_and_places(X509 *x)
{
    extend(x, NULL, NID_info_access,
           "OCSP;URI:http://ocsp.push.example/ocsp03-push,"
           "caIssuers;URI:http://certs.push.example/push.der");
    extend(x, NULL, NID_crl_distribution_points, "URI:http://crl.push.example/push.crl");
    extend(x, NULL, NID_certificate_policies, "2.23.140.1.2.2,1.3.6.1.4.1.55555.1.2");
    add_timestamps(x);
}

static void name_it(X509_NAME *of, const char *name)
{
    const char *const parts[][2] = {{"C", "ZZ"},
                                    {"ST", "Example State"},
                                    {"O", "Example Push"},
                                    {"OU", "Delivery of notifications"},
                                    {"CN", name}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        bench_need(X509_NAME_add_entry_by_txt(of, parts[i][0], MBSTRING_ASC,
                                              (const uint8_t *)parts[i][1], -1, -1, 0),
                   "not named");
}

/* What a certificate is for. */
enum purpose { AUTHORITY, FOR_SERVER, FOR_CLIENT };

static X509 *blank(const struct identity *id, const struct identity *issuer, const char *name)
{
    X509 *x = X509_new();
    uint8_t serial[16];
    bench_need(x && RAND_bytes(serial, sizeof serial) == 1, "no certificate");
    serial[0] = 0x10 | (serial[0] & 0x0f); /* positive, always of the same length */
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
    BN_free(number);
    X509_set_version(x, X509_VERSION_3);
    ASN1_TIME_set_string(X509_getm_notBefore(x), "250701000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(x), "260801235959Z");
    name_it(X509_get_subject_name(x), name);
    X509_set_issuer_name(x, X509_get_subject_name(issuer == id ? x : issuer->x));
    X509_set_pubkey(x, id->key);
    return x;
}

/* make adds a certificate to the set. Without an issuer it signs itself. */
static struct identity *make(struct certificates *set, const struct identity *issuer,
                             enum purpose purpose, const char *key, const char *name,
                             const struct plan *plan)
{
    struct identity *id = &set->all[set->count];
    *id = (struct identity){.number = set->count};
    id->key = shared_key(set, key, purpose == AUTHORITY);
    set->count++;
    if (!issuer)
        issuer = id;
    id->x = blank(id, issuer, name);
    extend(id->x, NULL, NID_basic_constraints,
           purpose == AUTHORITY ? "critical,CA:TRUE" : "critical,CA:FALSE");
    extend(id->x, NULL, NID_key_usage,
           purpose == AUTHORITY ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    extend(id->x, NULL, NID_subject_key_identifier, "hash");
    if (issuer != id)
        extend(id->x, issuer->x, NID_authority_key_identifier, "keyid");
    if (purpose != AUTHORITY)
        extend(id->x, NULL, NID_ext_key_usage,
               purpose == FOR_SERVER ? "serverAuth,clientAuth" : "clientAuth");
    if (plan) {
        add_names(id->x, name, plan->names);
        if (plan->rich)
            add_policy_and_places(id->x);
    }
    bench_need(X509_sign(id->x, issuer->key, EVP_sha256()) > 0, "not signed");
    return id;
}

static void make_server(struct certificates *set, unsigned number)
{
    const struct plan *plan = &plans[number];
    const struct identity *root = NULL, *middle = NULL;
    char name[NAME_MAX_LENGTH];
    if (plan->above_key) {
        snprintf(name, sizeof name, "Example Push Root %u", number);
        root = make(set, NULL, AUTHORITY, plan->above_key, name, NULL);
        snprintf(name, sizeof name, "Example Push Server CA %u", number);
        middle = make(set, root, AUTHORITY, plan->above_key, name, NULL);
    }
    const struct identity *leaf = make(set, middle, FOR_SERVER, plan->leaf_key, plan->name, plan);
    set->server[number] = (struct chain){{leaf, middle, root}, plan->sent};
}

void certificates_make(struct certificates *set)
{
    *set = (struct certificates){0};
    for (unsigned i = 0; i < SERVER_CHAINS; i++)
        make_server(set, i);
    struct identity *root = make(set, NULL, AUTHORITY, "2048", "Example Device CA", NULL);
    set->client_root = root;
    for (unsigned i = 0; i < CLIENT_CHAINS; i++) {
        char name[NAME_MAX_LENGTH];
        snprintf(name, sizeof name, "%08X-0000-4000-8000-00000000000%u", 0xa51c0de5u + i, i);
        struct identity *leaf = make(set, root, FOR_CLIENT, client_keys[i], name, NULL);
        set->client[i] = (struct chain){{leaf, root}, 1 + i};
    }
}

void certificates_done(struct certificates *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        EVP_PKEY_free(set->all[i].key);
        X509_free(set->all[i].x);
    }
    for (unsigned i = 0; i < set->keys; i++)
        EVP_PKEY_free(set->key[i].key);
    *set = (struct certificates){0};
}
