/* tls_messages.c: Certificate and what goes with it, CertificateRequest, ServerKeyExchange. */
#include "tls_messages.h"

#include "tls_facts.h"
#include "tls_hello.h"

enum { STATUS_OCSP = 1, STATUS_OCSP_MULTI = 2, EXTENSION_AUTHORITIES = 47 };
enum { CURVE_TYPE_NAMED = 3, GROUP_LAST = 0x007f /* the registry has come to 41 */ };

/* TLS 1.2: ASN.1Cert certificate_list<0..2^24-1>, each opaque<1..2^24-1>.
 * TLS 1.3: opaque certificate_request_context<0..2^8-1> before, extensions<0..2^16-1> after each.
 */
void tls_chain_open(struct tls_chain *chain, struct span body, bool tls13)
{
    struct cursor c = cursor_of(body), context;
    uint32_t length;
    *chain = (struct tls_chain){.tls13 = tls13};
    if (tls13 && !cursor_vec8(&c, &context))
        return;
    if (cursor_vec24(&c, &chain->list)) {
        chain->whole = cursor_done(&c);
    } else if (cursor_u24(&c, &length)) {
        chain->list = c;
    }
}

bool tls_chain_next(struct tls_chain *chain, struct span *der)
{
    struct cursor certificate, extensions = {NULL, 0};
    if (cursor_done(&chain->list))
        return false;
    if (!cursor_vec24(&chain->list, &certificate) || cursor_done(&certificate) ||
        (chain->tls13 && !cursor_vec16(&chain->list, &extensions))) {
        chain->whole = false;
        return false;
    }
    *der = cursor_rest(&certificate);
    chain->extensions = cursor_rest(&extensions);
    return true;
}

/* TLS 1.2: opaque ASN.1_subjectPublicKeyInfo<1..2^24-1>, and no list. TLS 1.3: in a list of one. */
bool tls_raw_key(struct span *spki, struct span body, bool tls13)
{
    struct tls_chain chain;
    struct cursor c = cursor_of(body), key;
    if (tls13) {
        tls_chain_open(&chain, body, tls13);
        return tls_chain_next(&chain, spki);
    }
    if (!cursor_vec24(&c, &key) || cursor_done(&key) || !cursor_done(&c))
        return false;
    *spki = cursor_rest(&key);
    return true;
}

/* DistinguishedName certificate_authorities<0..2^16-1>, each opaque<1..2^16-1>. */
static bool count_names(uint16_t *count, struct cursor *c)
{
    struct cursor list, name;
    if (!cursor_vec16(c, &list) || !cursor_done(c))
        return false;
    while (!cursor_done(&list)) {
        if (!cursor_vec16(&list, &name))
            return false;
        ++*count;
    }
    return true;
}

/* opaque certificate_request_context<0..2^8-1>; Extension extensions<2..2^16-1>. */
static bool count_authorities_13(uint16_t *count, struct span body)
{
    struct cursor c = cursor_of(body), context, list, extension;
    uint16_t type;
    if (!cursor_vec8(&c, &context) || !cursor_vec16(&c, &list) || !cursor_done(&c))
        return false;
    while (tls_hello_extension(&list, &type, &extension)) {
        if (type == EXTENSION_AUTHORITIES && !count_names(count, &extension))
            return false;
    }
    return cursor_done(&list);
}

/* ClientCertificateType certificate_types<1..2^8-1>;
 * SignatureAndHashAlgorithm supported_signature_algorithms<2^16-1>, TLS 1.2 only;
 * certificate_authorities. */
bool tls_count_authorities(uint16_t *count, struct span body, uint16_t version)
{
    struct cursor c = cursor_of(body), types, algorithms;
    *count = 0;
    if (tls_is_13(version))
        return count_authorities_13(count, body);
    return cursor_vec8(&c, &types) && (version < TLS_VERSION_12 || cursor_vec16(&c, &algorithms)) &&
           count_names(count, &c);
}

/* CertificateStatusType status_type; opaque OCSPResponse<1..2^24-1>; or, of the second version, a
 * list<1..2^24-1> of responses that may be empty, the leaf's first. */
bool tls_ocsp_response(struct span *response, struct span body)
{
    struct cursor c = cursor_of(body), list, one;
    uint8_t type;
    if (!cursor_u8(&c, &type) || !cursor_vec24(&c, &list) || !cursor_done(&c) ||
        (type != STATUS_OCSP && type != STATUS_OCSP_MULTI))
        return false;
    if (type == STATUS_OCSP)
        one = list;
    else if (!cursor_vec24(&list, &one))
        return false;
    *response = cursor_rest(&one);
    return response->n > 0;
}

/* opaque SerializedSCT<1..2^16-1>; SerializedSCT sct_list<1..2^16-1>. */
unsigned tls_count_scts(struct span bytes)
{
    struct cursor c = cursor_of(bytes), list, sct;
    unsigned count = 0;
    if (!cursor_vec16(&c, &list))
        return 0;
    while (cursor_vec16(&list, &sct))
        count++;
    return count;
}

/* CertificateCompressionAlgorithm algorithm; uint24 uncompressed_length;
 * opaque compressed_certificate_message<1..2^24-1>. */
bool tls_compressed_read(struct tls_compressed *compressed, struct span body)
{
    struct cursor c = cursor_of(body), bytes;
    if (!cursor_u16(&c, &compressed->algorithm) || !cursor_u24(&c, &compressed->length) ||
        !cursor_vec24(&c, &bytes) || !cursor_done(&c))
        return false;
    compressed->bytes = cursor_rest(&bytes);
    return true;
}

/* ECCurveType curve_type; NamedCurve namedcurve; opaque point<1..2^8-1>. A finite-field message
 * begins with the length of its prime, which is 0x0300 for 6144 bits: there, the prime's highest
 * byte, of which the highest bit is set, is in the place of the group's lowest. Lengths above have
 * their own lowest byte in the place of the group's highest. */
bool tls_named_curve(uint16_t *group, struct span body)
{
    struct cursor c = cursor_of(body), point;
    uint8_t type;
    return cursor_u8(&c, &type) && type == CURVE_TYPE_NAMED && cursor_u16(&c, group) &&
           cursor_vec8(&c, &point) && !cursor_done(&point) && *group <= GROUP_LAST;
}

static const struct suite_range {
    uint16_t first, last;
} anonymous[] = {
    {0x0017, 0x001b}, /* DH_anon */
    {0x001e, 0x002b}, /* KRB5 */
    {0x002c, 0x002d}, /* PSK, DHE_PSK with NULL */
    {0x0034, 0x0034}, {0x003a, 0x003a}, {0x0046, 0x0046}, {0x006c, 0x006d}, /* DH_anon */
    {0x0089, 0x0089},                                                       /* DH_anon */
    {0x008a, 0x0091},                                                       /* PSK, DHE_PSK */
    {0x009b, 0x009b}, {0x00a6, 0x00a7},                                     /* DH_anon */
    {0x00a8, 0x00ab}, {0x00ae, 0x00b5},                                     /* PSK, DHE_PSK */
    {0x00bf, 0x00bf}, {0x00c5, 0x00c5},                                     /* DH_anon */
    {0xc015, 0xc019},                                                       /* ECDH_anon */
    {0xc01a, 0xc01a}, {0xc01d, 0xc01d}, {0xc020, 0xc020},                   /* SRP_SHA */
    {0xc033, 0xc03b},                                                       /* ECDHE_PSK */
    {0xc046, 0xc047}, {0xc05a, 0xc05b},                                     /* DH_anon, ARIA */
    {0xc064, 0xc067}, {0xc06a, 0xc06d}, {0xc070, 0xc071},                   /* PSK kinds, ARIA */
    {0xc084, 0xc085},                                                       /* DH_anon, Camellia */
    {0xc08e, 0xc091}, {0xc094, 0xc097}, {0xc09a, 0xc09b},                   /* PSK, Camellia */
    {0xc0a4, 0xc0ab},                                                       /* PSK, CCM */
    {0xccab, 0xccad},                                                       /* PSK, ChaCha20 */
    {0xd001, 0xd005},                                                       /* ECDHE_PSK, AEAD */
};

bool tls_suite_anonymous(uint16_t suite)
{
    for (size_t i = 0; i < COUNT_OF(anonymous); i++) {
        if (suite >= anonymous[i].first && suite <= anonymous[i].last)
            return true;
    }
    return false;
}
