/* validate.c: path validation by OpenSSL. It builds the path and checks it; here its complaints are
 * gathered and named, all of them, and what it does not look at is added: how the certificates
 * stand, names, the stapled response.
 *
 * What is found of a chain depends on its certificates, on the staple, and on the time only in so
 * far as one of them begins or ceases to be valid; so it is remembered with the span of time for
 * which it holds. Whether the leaf has a name is remembered apart from it. */
#include "validate.h"

#include "anchors.h"
#include "memo.h"
#include "parsed_certs.h"
#include "staple.h"
#include "strength.h"

#include "../../dissect/limits.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum {
    RSA_BITS_MOST = 8192, /* so that one signature takes less than a millisecond */
    DSA_BITS_MOST = 4096,
    EXPONENT_BITS_MOST = 64,  /* of RSA: 65537 has 17. OpenSSL takes longer ones up to 3072 bits of
                                 modulus, and then ten times as long for a signature */
    CA_BYTES_MOST = 16 << 10, /* an authority's certificate: thousands of name constraints in it
                                 times thousands of names in a leaf would take seconds */
    DEPTH_MOST = LIMIT_TLS_CHAIN + 1
};

struct validator {
    struct trust *trust;
    nanotime at;
    struct memo *chains, *names;
    struct parsed_certs *parsed;
};

/* What is remembered of a chain. */
struct verdict {
    struct validation found;
    struct stretch stretch; /* for which it holds */
};

struct validator *validator_new(struct trust *trust, nanotime at)
{
    struct validator *validator = xcalloc(1, sizeof *validator);
    validator->trust = trust;
    validator->at = at;
    validator->chains = memo_new(sizeof(struct verdict));
    validator->names = memo_new(sizeof(bool));
    validator->parsed = parsed_certs_new();
    return validator;
}

void validator_free(struct validator *validator)
{
    if (!validator)
        return;
    memo_free(validator->chains);
    memo_free(validator->names);
    parsed_certs_free(validator->parsed);
    free(validator);
}

/* --- a chain in OpenSSL's hands --- */

struct chain {
    const struct cert *const *certs;
    unsigned count;
    X509 *x509[LIMIT_TLS_CHAIN]; /* NULL for one that is malformed */
    STACK_OF(X509) * sent;
};

static void chain_open(struct chain *chain, const struct tls_facts *tls,
                       struct parsed_certs *parsed)
{
    chain->certs = tls->server_certs;
    chain->count =
        tls->server_cert_count < LIMIT_TLS_CHAIN ? tls->server_cert_count : LIMIT_TLS_CHAIN;
    chain->sent = sk_X509_new_null();
    for (unsigned i = 0; i < chain->count; i++) {
        chain->x509[i] = parsed_certs_get(parsed, chain->certs[i]);
        if (chain->x509[i])
            sk_X509_push(chain->sent, chain->x509[i]);
    }
}

static void chain_close(struct chain *chain, struct parsed_certs *parsed)
{
    sk_X509_free(chain->sent);
    for (unsigned i = 0; i < chain->count; i++)
        parsed_certs_give_back(parsed, chain->x509[i]);
    ERR_clear_error();
}

static uint8_t place_in(const struct chain *chain, const X509 *x509)
{
    for (unsigned i = 0; i < chain->count; i++)
        if (chain->x509[i] && x509 && X509_cmp(chain->x509[i], x509) == 0)
            return (uint8_t)i;
    return FAULT_AT_ANCHOR;
}

static void add_fault(struct validation *out, enum fault fault, uint8_t where)
{
    if (!validation_has(out, fault))
        out->at_fault[fault] = where;
    out->faults |= UINT32_C(1) << fault;
}

/* --- what OpenSSL says --- */

static enum fault fault_of(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return FAULT_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return FAULT_NOT_YET_VALID;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH:
    case X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY:
        return FAULT_BAD_SIGNATURE;
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
    case X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM:
        return FAULT_UNSUPPORTED;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return FAULT_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return FAULT_UNKNOWN_ANCHOR;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_NON_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
        return FAULT_NOT_A_CA;
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        return FAULT_PATH_LENGTH;
    case X509_V_ERR_INVALID_PURPOSE:
        return FAULT_PURPOSE;
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
        return FAULT_NAME_CONSTRAINTS;
    default:
        return FAULT_OTHER;
    }
}

struct hearing {
    const struct chain *chain;
    struct validation *out;
};

/* An algorithm that this library has not got says nothing about the signature. */
static bool is_unsupported(const X509 *x509)
{
    int digest, key, bits;
    uint32_t flags;
    return !x509 || !X509_get_signature_info((X509 *)(uintptr_t)x509, &digest, &key, &bits, &flags);
}

/* Takes each of OpenSSL's complaints, and lets it go on. */
static int hear(int fine, X509_STORE_CTX *context)
{
    const struct hearing *hearing = X509_STORE_CTX_get_app_data(context);
    if (fine)
        return 1;
    int error = X509_STORE_CTX_get_error(context);
    const X509 *x509 = X509_STORE_CTX_get_current_cert(context);
    enum fault fault = fault_of(error);
    if (fault == FAULT_BAD_SIGNATURE && is_unsupported(x509))
        fault = FAULT_UNSUPPORTED;
    if (fault == FAULT_OTHER && !hearing->out->detail)
        hearing->out->detail = X509_verify_cert_error_string(error);
    add_fault(hearing->out, fault, place_in(hearing->chain, x509));
    return 1;
}

/* --- how the certificates stand --- */

static bool issued(const struct chain *chain, unsigned issuer, unsigned subject)
{
    return chain->x509[issuer] && chain->x509[subject] &&
           X509_check_issued(chain->x509[issuer], chain->x509[subject]) == X509_V_OK;
}

/* The issuer of a certificate among those not yet passed; `count` if it is not there. */
static unsigned find_issuer(const struct chain *chain, uint32_t passed, unsigned subject)
{
    unsigned i = 0;
    while (i < chain->count && (passed >> i & 1 || !issued(chain, i, subject)))
        i++;
    return i;
}

static void find_order(struct validation *out, const struct chain *chain)
{
    uint32_t passed = 1;
    for (unsigned at = 0, next; !issued(chain, at, at); at = next) {
        next = at + 1 < chain->count && issued(chain, at + 1, at) ? at + 1
                                                                  : find_issuer(chain, passed, at);
        if (next == chain->count)
            break;
        if (next != at + 1 && out->order == CHAIN_IN_ORDER) {
            out->order = CHAIN_OUT_OF_ORDER;
            out->order_at = (uint8_t)next;
        }
        if (passed >> next & 1)
            break;
        passed |= UINT32_C(1) << next;
    }
    for (unsigned i = 0; i < chain->count && out->order == CHAIN_IN_ORDER; i++) {
        if (!(passed >> i & 1)) {
            out->order = CHAIN_WITH_OTHERS;
            out->order_at = (uint8_t)i;
        }
    }
}

/* --- the path --- */

static bool is_too_large(const struct cert *cert, bool leaf)
{
    bool dsa = strcmp(cert->key_type, "DSA") == 0 || strcmp(cert->key_type, "DH") == 0;
    return cert->key_bits > (dsa ? DSA_BITS_MOST : RSA_BITS_MOST) ||
           (!leaf && cert->der.n > CA_BYTES_MOST);
}

/* Either the issuer of the last one in the path is an anchor that is not at hand, or a certificate
 * between the two was left out. */
static void name_missing_one(struct validation *out, int path, const struct tls_facts *tls)
{
    uint8_t last = out->at_fault[FAULT_UNKNOWN_ANCHOR];
    if (!validation_has(out, FAULT_UNKNOWN_ANCHOR) || last >= tls->server_cert_count ||
        tls->server_certs[last]->self_signed)
        return;
    if (tls->server_chain_cut)
        add_fault(out, FAULT_CUT, last);
    else if (path <= 1 || out->order == CHAIN_WITH_OTHERS)
        add_fault(out, FAULT_MISSING_INTERMEDIATE, last);
}

static bool has_huge_exponent(const X509 *x509)
{
    EVP_PKEY *key = x509 ? X509_get0_pubkey(x509) : NULL;
    BIGNUM *exponent = NULL;
    bool huge = key && (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                BN_num_bits(exponent) > EXPONENT_BITS_MOST;
    BN_free(exponent);
    return huge;
}

static void check_staple(struct verdict *verdict, const struct chain *chain, X509 *issuer,
                         const struct ocsp_staple *staple)
{
    struct validation *out = &verdict->found;
    if (!staple)
        return;
    out->staple =
        (uint8_t)staple_check(staple, &verdict->stretch, chain->x509[0], issuer, chain->sent);
    if (out->staple == STAPLE_CHECKED && staple->status == STAPLE_REVOKED)
        add_fault(out, FAULT_REVOKED, 0);
}

/* Whether a path leads to an anchor, OpenSSL's complaints tell: that there is none. It ends at the
 * first one that is trusted, though OpenSSL may have gone on. */
static void take_path(struct verdict *verdict, const struct chain *chain, X509_STORE_CTX *context,
                      const struct tls_facts *tls, struct anchors *anchors)
{
    struct validation *out = &verdict->found;
    const STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
    int length = sk_X509_num(path), untrusted = X509_STORE_CTX_get_num_untrusted(context);
    int last = length - 1;
    out->anchored = length > 0 && !validation_has(out, FAULT_SELF_SIGNED) &&
                    !validation_has(out, FAULT_UNKNOWN_ANCHOR);
    if (out->anchored) {
        last = untrusted < last ? untrusted : last;
        out->anchor = anchors_subject(anchors, sk_X509_value(path, last));
    } else {
        name_missing_one(out, length, tls);
    }
    out->depth = (uint8_t)(last > 0 ? last : 0);
    check_staple(verdict, chain, length > 1 ? sk_X509_value(path, 1) : NULL,
                 tls->extras ? tls->extras->staple : NULL);
}

static void verify(struct verdict *verdict, const struct chain *chain, const struct tls_facts *tls,
                   struct anchors *anchors)
{
    struct validation *out = &verdict->found;
    struct hearing hearing = {chain, out};
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (!context || !X509_STORE_CTX_init(context, anchors_for(anchors, chain->sent), chain->x509[0],
                                         chain->sent))
        abort(); /* no memory */
    X509_VERIFY_PARAM *how = X509_STORE_CTX_get0_param(context);
    if (out->at != 0)
        X509_VERIFY_PARAM_set_time(how, (time_t)(out->at / NS_PER_SECOND));
    else
        X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_NO_CHECK_TIME);
    X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_depth(how, DEPTH_MOST);
    X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_app_data(context, &hearing);
    X509_STORE_CTX_set_verify_cb(context, hear);
    if (X509_verify_cert(context) <= 0)
        add_fault(out, FAULT_OTHER, 0);
    take_path(verdict, chain, context, tls, anchors);
    anchors_narrow(anchors, &verdict->stretch);
    X509_STORE_CTX_free(context);
}

static void find_weak_ones(struct validation *out, const struct chain *chain)
{
    out->short_key = out->weak_signature = NOWHERE;
    for (unsigned i = chain->count; i-- > 0;) {
        const struct cert *cert = chain->certs[i];
        if (strength_short_key(cert))
            out->short_key = (uint8_t)i;
        if (!cert->self_signed && strength_weak_signature(cert))
            out->weak_signature = (uint8_t)i;
    }
}

static void judge_chain(struct validator *validator, struct verdict *verdict,
                        const struct tls_facts *tls)
{
    struct chain chain;
    bool large = false;
    uint8_t large_at = 0;
    chain_open(&chain, tls, validator->parsed);
    for (unsigned i = 0; i < chain.count; i++) {
        if (!large && (is_too_large(chain.certs[i], i == 0) || has_huge_exponent(chain.x509[i]))) {
            large = true;
            large_at = (uint8_t)i;
        }
        stretch_narrow(&verdict->stretch, chain.certs[i]->not_before);
        stretch_narrow(&verdict->stretch, chain.certs[i]->not_after);
    }
    find_weak_ones(&verdict->found, &chain);
    if (!chain.x509[0]) {
        add_fault(&verdict->found, FAULT_MALFORMED, 0);
    } else if (large) {
        add_fault(&verdict->found, FAULT_TOO_LARGE, large_at);
    } else {
        find_order(&verdict->found, &chain);
        verify(verdict, &chain, tls, trust_anchors(validator->trust));
    }
    chain_close(&chain, validator->parsed);
}

/* What a chain is remembered by: a certificate's ordinal is its own for the whole run. */
struct chain_key {
    uint8_t bytes[1 + LIMIT_TLS_CHAIN * sizeof(uint64_t) + 32];
};

static struct span chain_key_of(struct chain_key *key, const struct tls_facts *tls)
{
    const struct ocsp_staple *staple = tls->extras ? tls->extras->staple : NULL;
    uint8_t *at = key->bytes;
    *at++ = (uint8_t)(tls->server_chain_cut << 1 | (staple != NULL));
    for (unsigned i = 0; i < tls->server_cert_count && i < LIMIT_TLS_CHAIN; i++) {
        memcpy(at, &tls->server_certs[i]->ordinal, sizeof(uint64_t));
        at += sizeof(uint64_t);
    }
    if (staple) {
        memcpy(at, staple->sha256, sizeof staple->sha256);
        at += sizeof staple->sha256;
    }
    return span_of(key->bytes, (size_t)(at - key->bytes));
}

static void find_chain(struct validator *validator, struct validation *out,
                       const struct tls_facts *tls, nanotime at)
{
    struct chain_key room;
    struct span key = chain_key_of(&room, tls);
    struct verdict verdict;
    if (!memo_find(validator->chains, &verdict, key) || !stretch_holds(&verdict.stretch, at)) {
        verdict = (struct verdict){.found.at = at, .stretch = stretch_around(at)};
        stretch_narrow(&verdict.stretch, 1); /* no time is not like any other */
        judge_chain(validator, &verdict, tls);
        memo_put(validator->chains, key, &verdict);
    }
    *out = verdict.found;
    out->at = at;
}

/* --- names --- */

static bool matches(struct validator *validator, const struct cert *leaf, struct span name)
{
    X509 *x509 = parsed_certs_get(validator->parsed, leaf);
    char text[LIMIT_TLS_SNI + 1] = "";
    memcpy(text, name.p, name.n);
    /* RFC 9525 knows no names in the subject; it is looked at where there are no others. */
    unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                     (leaf->san.count > 0 ? X509_CHECK_FLAG_NEVER_CHECK_SUBJECT : 0);
    bool match = x509 && (X509_check_host(x509, text, name.n, flags, NULL) == 1 ||
                          X509_check_ip_asc(x509, text, flags) == 1);
    parsed_certs_give_back(validator->parsed, x509);
    ERR_clear_error();
    return match;
}

static void find_name(struct validator *validator, struct validation *out,
                      const struct tls_facts *tls)
{
    struct span name = tls->sni;
    const struct cert *leaf = tls->server_certs[0];
    if (name.n > 1 && name.p[name.n - 1] == '.') /* a name's root: RFC 6066 wants it left out */
        name.n--;
    if (name.n == 0 || name.n > LIMIT_TLS_SNI || leaf->malformed)
        return;
    uint8_t key[sizeof leaf->ordinal + LIMIT_TLS_SNI];
    memcpy(key, &leaf->ordinal, sizeof leaf->ordinal);
    memcpy(key + sizeof leaf->ordinal, name.p, name.n);
    struct span whole = span_of(key, sizeof leaf->ordinal + name.n);
    out->named = true;
    if (!memo_find(validator->names, &out->name_match, whole)) {
        out->name_match = matches(validator, leaf, name);
        memo_put(validator->names, whole, &out->name_match);
    }
    if (!out->name_match)
        add_fault(out, FAULT_NAME_MISMATCH, 0);
}

/* --- the whole --- */

static void conclude(struct validation *out)
{
    out->error = out->faults ? (enum fault)__builtin_ctz(out->faults) : FAULT_NONE;
    out->status = out->error == FAULT_NONE        ? VALIDATION_VALID
                  : out->error >= FAULT_TOO_LARGE ? VALIDATION_UNVERIFIABLE
                                                  : VALIDATION_INVALID;
}

void validate(struct validator *validator, struct validation *out, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    *out = (struct validation){.status = VALIDATION_NONE, .error = FAULT_NONE};
    if (!tls || tls->server_cert_count == 0)
        return;
    find_chain(validator, out, tls, validator->at ? validator->at : record->start);
    find_name(validator, out, tls);
    if (out->at == 0)
        add_fault(out, FAULT_UNKNOWN_TIME, NOWHERE);
    conclude(out);
}
