/* tls_hello.c: reads both hellos. What stands in an extension is read by one table for both. */
#include "tls_hello.h"

enum {
    RANDOM_BYTES = 32,
    SESSION_ID_MAX = 32,
    CHALLENGE_MIN = 16,
    ECH_OUTER = 0,
    SSL2_SUITE_BYTES = 3
};

/* RFC 8446 section 4.1.3: SHA-256 of "HelloRetryRequest". */
static const uint8_t retry_random[RANDOM_BYTES] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* How new a version is: the final TLS 1.3 stands above its drafts. */
static uint32_t rank(uint16_t version)
{
    if (version == TLS_VERSION_13)
        return UINT32_MAX;
    return tls_is_grease(version) ? 0 : version;
}

/* struct { NameType name_type; HostName<1..2^16-1> } ServerNameList<1..2^16-1>: RFC 6066 section 3.
 * A server answers with an empty one. */
static bool read_server_name(struct tls_hello *hello, struct cursor *c)
{
    struct cursor list, name;
    uint8_t type;
    if (!cursor_vec16(c, &list) || !cursor_done(c))
        return false;
    while (!cursor_done(&list)) {
        if (!cursor_u8(&list, &type) || !cursor_vec16(&list, &name))
            return false;
        if (type == 0 && hello->sni.n == 0)
            hello->sni = cursor_rest(&name);
    }
    return true;
}

/* opaque ProtocolName<1..2^8-1> ProtocolNameList<2..2^16-1>: RFC 7301 section 3.1. */
static bool read_alpn(struct tls_hello *hello, struct cursor *c)
{
    struct cursor list, name;
    if (!cursor_vec16(c, &list) || !cursor_done(c))
        return false;
    struct span all = cursor_rest(&list);
    while (!cursor_done(&list)) {
        if (!cursor_vec8(&list, &name) || cursor_done(&name))
            return false;
    }
    hello->alpn = all;
    return true;
}

/* A list of 16-bit values, its length in 16 bits. */
static bool read_list16(struct span *out, struct cursor *c)
{
    struct cursor list;
    if (!cursor_vec16(c, &list) || !cursor_done(c) || list.left % 2)
        return false;
    *out = cursor_rest(&list);
    return true;
}

/* NamedGroup named_group_list<2..2^16-1>: RFC 8446 section 4.2.7. */
static bool read_groups(struct tls_hello *hello, struct cursor *c)
{
    return read_list16(&hello->groups, c);
}

/* SignatureScheme supported_signature_algorithms<2..2^16-2>: RFC 8446 section 4.2.3. */
static bool read_signature_algorithms(struct tls_hello *hello, struct cursor *c)
{
    return read_list16(&hello->signature_algorithms, c);
}

/* ECPointFormat ec_point_format_list<1..2^8-1>: RFC 8422 section 5.1.2. */
static bool read_point_formats(struct tls_hello *hello, struct cursor *c)
{
    struct cursor list;
    if (!cursor_vec8(c, &list) || !cursor_done(c))
        return false;
    hello->point_formats = cursor_rest(&list);
    return true;
}

/* ProtocolVersion versions<2..254>: RFC 8446 section 4.2.1. */
static bool read_versions(struct tls_hello *hello, struct cursor *c)
{
    struct cursor list;
    uint16_t version, best = 0;
    bool any = false;
    if (!cursor_vec8(c, &list) || !cursor_done(c) || list.left % 2)
        return false;
    while (cursor_u16(&list, &version)) {
        if (rank(version) > rank(best))
            best = version;
        if (!tls_is_grease(version) && (!any || version > hello->highest))
            hello->highest = version;
        any = any || !tls_is_grease(version);
    }
    if (best)
        hello->version = best;
    return true;
}

/* ProtocolVersion selected_version. */
static bool read_version(struct tls_hello *hello, struct cursor *c)
{
    return cursor_u16(c, &hello->version) && cursor_done(c);
}

/* struct { NamedGroup group; opaque key_exchange<1..2^16-1> }: RFC 8446 section 4.2.8. A
 * HelloRetryRequest gives the group alone. */
static bool read_key_share(struct tls_hello *hello, struct cursor *c)
{
    struct cursor key;
    if (!cursor_u16(c, &hello->group))
        return false;
    return cursor_done(c) || (cursor_vec16(c, &key) && cursor_done(c));
}

/* struct { opaque identity<1..2^16-1>; uint32 obfuscated_ticket_age } identities<7..2^16-1>;
 * PskBinderEntry binders<33..2^16-1>: RFC 8446 section 4.2.11. The age is 0 where the key comes
 * from outside; a ticket's has a random number added to it. */
static bool read_offered_keys(struct tls_hello *hello, struct cursor *c)
{
    struct cursor identities, identity, binders;
    uint32_t age, ages = 0;
    hello->pre_shared_key = true;
    if (!cursor_vec16(c, &identities))
        return false;
    while (!cursor_done(&identities)) {
        if (!cursor_vec16(&identities, &identity) || !cursor_u32(&identities, &age))
            return false;
        ages |= age;
    }
    hello->external_keys = ages == 0;
    return cursor_vec16(c, &binders) && cursor_done(c);
}

/* uint16 selected_identity. */
static bool read_selected_key(struct tls_hello *hello, struct cursor *c)
{
    hello->pre_shared_key = true;
    return cursor_skip(c, 2) && cursor_done(c);
}

static bool read_early_data(struct tls_hello *hello, struct cursor *c)
{
    hello->early_data = true;
    return cursor_done(c);
}

/* ECHClientHelloType type; then, of an outer one, uint16 kdf_id, aead_id; uint8 config_id;
 * opaque enc<0..2^16-1>, payload<1..2^16-1>: RFC 9849 section 5. */
static bool read_ech(struct tls_hello *hello, struct cursor *c)
{
    uint8_t type;
    struct cursor key;
    if (!cursor_u8(c, &type))
        return false;
    hello->ech = type == ECH_OUTER;
    if (hello->ech && cursor_skip(c, 5) && cursor_vec16(c, &key))
        hello->ech_again = cursor_done(&key);
    return true;
}

/* opaque confirmation[8] in a HelloRetryRequest, ECHConfigList retry_configs in
 * EncryptedExtensions. */
static bool read_ech_answer(struct tls_hello *hello, struct cursor *c)
{
    hello->ech_answered = true;
    return !cursor_done(c);
}

/* EncryptedSNI: draft-ietf-tls-esni-06 section 5.1; it had other forms under the same number. */
static bool read_esni(struct tls_hello *hello, struct cursor *c)
{
    hello->esni = true;
    return !cursor_done(c);
}

/* SignedCertificateTimestampList: RFC 6962 section 3.3.1. */
static bool read_scts(struct tls_hello *hello, struct cursor *c)
{
    hello->scts = cursor_rest(c);
    return true;
}

static bool read_encrypt_then_mac(struct tls_hello *hello, struct cursor *c)
{
    hello->encrypt_then_mac = true;
    return cursor_done(c);
}

/* CertificateType client_certificate_type: RFC 7250 section 3. */
static bool read_client_type(struct tls_hello *hello, struct cursor *c)
{
    return cursor_u8(c, &hello->certificate_types[TLS_TYPE_OF_CLIENT]) && cursor_done(c);
}

static bool read_server_type(struct tls_hello *hello, struct cursor *c)
{
    return cursor_u8(c, &hello->certificate_types[TLS_TYPE_OF_SERVER]) && cursor_done(c);
}

/* What reads an extension in each hello, by its type; NULL where nothing in it is used. */
static const struct extension_reader {
    bool (*client)(struct tls_hello *hello, struct cursor *c);
    bool (*server)(struct tls_hello *hello, struct cursor *c);
} readers[] = {
    [TLS_EXT_SERVER_NAME] = {read_server_name, NULL},
    [TLS_EXT_GROUPS] = {read_groups, NULL},
    [11] = {read_point_formats, NULL},
    [TLS_EXT_SIGNATURE_ALGORITHMS] = {read_signature_algorithms, NULL},
    [TLS_EXT_ALPN] = {read_alpn, read_alpn},
    [TLS_EXT_SCTS] = {NULL, read_scts},
    [19] = {NULL, read_client_type},
    [20] = {NULL, read_server_type},
    [22] = {NULL, read_encrypt_then_mac},
    [TLS_EXT_KEY_SHARE_DRAFT] = {NULL, read_key_share},
    [41] = {read_offered_keys, read_selected_key},
    [42] = {read_early_data, read_early_data},
    [TLS_EXT_VERSIONS] = {read_versions, read_version},
    [TLS_EXT_KEY_SHARE] = {NULL, read_key_share},
};

static const struct extension_reader ech_reader = {read_ech, read_ech_answer};
static const struct extension_reader esni_reader = {read_esni, NULL};

typedef bool read_body(struct tls_hello *hello, struct cursor *c);

static read_body *reader_of(uint16_t type, bool server)
{
    const struct extension_reader *reader = type < COUNT_OF(readers) ? &readers[type]
                                            : type == TLS_EXT_ECH    ? &ech_reader
                                            : type == 0xffce         ? &esni_reader
                                                                     : NULL;
    return !reader ? NULL : server ? reader->server : reader->client;
}

bool tls_hello_reads(uint16_t type, bool server)
{
    return reader_of(type, server) != NULL;
}

static bool read_extension(struct tls_hello *hello, uint16_t type, struct cursor *body, bool server)
{
    read_body *read = reader_of(type, server);
    return !read || read(hello, body);
}

/* Extension extensions<0..2^16-1>, or nothing at all before TLS 1.3: RFC 5246 section 7.4.1.2. */
static void read_extensions(struct tls_hello *hello, struct cursor *c, bool server)
{
    struct cursor list, body;
    uint16_t type;
    hello->whole = true;
    if (cursor_done(c))
        return;
    if (!cursor_vec16(c, &list)) {
        /* The list is cut: what there is of it can still be read. */
        hello->whole = false;
        if (!cursor_skip(c, 2))
            return;
        list = *c;
    } else if (!cursor_done(c)) {
        hello->whole = false;
    }
    hello->extensions = cursor_rest(&list);
    while (tls_hello_extension(&list, &type, &body)) {
        if (!read_extension(hello, type, &body, server))
            hello->whole = false;
    }
    if (!cursor_done(&list))
        hello->whole = false;
}

bool tls_hello_encrypted_extensions(struct tls_hello *hello, struct span bytes)
{
    struct cursor c = cursor_of(bytes);
    *hello = (struct tls_hello){0};
    read_extensions(hello, &c, true);
    return hello->whole;
}

static bool version_sane(uint16_t version)
{
    return version >> 8 == TLS_VERSION_SSL3 >> 8 || tls_is_13(version);
}

/* struct {
 *     ProtocolVersion legacy_version; Random random; opaque legacy_session_id<0..32>;
 *     CipherSuite cipher_suites<2..2^16-2>; opaque legacy_compression_methods<1..2^8-1>;
 *     Extension extensions<8..2^16-1>;
 * } ClientHello: RFC 8446 section 4.1.2. */
bool tls_hello_client(struct tls_hello *hello, struct span bytes)
{
    struct cursor c = cursor_of(bytes), session, ciphers, compression;
    *hello = (struct tls_hello){.body = bytes};
    if (!cursor_u16(&c, &hello->legacy_version) || !version_sane(hello->legacy_version) ||
        !cursor_bytes(&c, &hello->random, RANDOM_BYTES) || !cursor_vec8(&c, &session) ||
        session.left > SESSION_ID_MAX || !cursor_vec16(&c, &ciphers) || ciphers.left % 2 ||
        !cursor_vec8(&c, &compression))
        return false;
    hello->version = hello->highest = hello->legacy_version;
    hello->ciphers = cursor_rest(&ciphers);
    read_extensions(hello, &c, false);
    return true;
}

bool tls_hello_is_retry(const uint8_t *random)
{
    return memcmp(random, retry_random, sizeof retry_random) == 0;
}

/* struct {
 *     ProtocolVersion legacy_version; Random random; opaque legacy_session_id_echo<0..32>;
 *     CipherSuite cipher_suite; uint8 legacy_compression_method; Extension extensions<6..2^16-1>;
 * } ServerHello: RFC 8446 section 4.1.3. Up to draft 21 the chosen version of TLS 1.3 stood in
 * front, and neither session id nor compression method were there. */
bool tls_hello_server(struct tls_hello *hello, struct span bytes)
{
    struct cursor c = cursor_of(bytes), session;
    uint8_t compression;
    *hello = (struct tls_hello){.body = bytes};
    if (!cursor_u16(&c, &hello->legacy_version) || !version_sane(hello->legacy_version) ||
        !cursor_bytes(&c, &hello->random, RANDOM_BYTES))
        return false;
    bool draft = tls_is_13(hello->legacy_version);
    if (!draft && (!cursor_vec8(&c, &session) || session.left > SESSION_ID_MAX))
        return false;
    if (!cursor_u16(&c, &hello->cipher) || (!draft && !cursor_u8(&c, &compression)))
        return false;
    hello->version = hello->legacy_version;
    hello->retry = tls_hello_is_retry(hello->random.p);
    read_extensions(hello, &c, true);
    return true;
}

/* uint16 cipher_spec_length, session_id_length, challenge_length, and these three: RFC 5246
 * appendix E.2. */
bool tls_hello_ssl2(struct tls_hello *hello, uint16_t version, struct span bytes)
{
    struct cursor c = cursor_of(bytes);
    uint16_t suites, session, challenge;
    *hello = (struct tls_hello){
        .ssl2 = true, .legacy_version = version, .highest = version, .version = version};
    if (!cursor_u16(&c, &suites) || !cursor_u16(&c, &session) || !cursor_u16(&c, &challenge))
        return false;
    if (suites == 0 || suites % SSL2_SUITE_BYTES || challenge < CHALLENGE_MIN ||
        challenge > RANDOM_BYTES || !cursor_skip(&c, (size_t)suites + session + challenge))
        return false;
    hello->whole = cursor_done(&c);
    return hello->whole;
}

/* uint16 server_version, certificate_length, cipher_specs_length, connection_id_length, and these
 * three: "The SSL Protocol" (Hickman 1995), SERVER-HELLO. */
bool tls_hello_ssl2_server(struct tls_hello *hello, struct span *certificate, struct span bytes)
{
    struct cursor c = cursor_of(bytes);
    uint16_t version, length, suites, connection;
    struct span rest;
    *hello = (struct tls_hello){.ssl2 = true,
                                .legacy_version = TLS_VERSION_SSL2,
                                .highest = TLS_VERSION_SSL2,
                                .version = TLS_VERSION_SSL2};
    if (!cursor_u16(&c, &version) || version != TLS_VERSION_SSL2 || !cursor_u16(&c, &length) ||
        !cursor_u16(&c, &suites) || !cursor_u16(&c, &connection) || suites % SSL2_SUITE_BYTES ||
        connection > RANDOM_BYTES)
        return false;
    hello->whole = cursor_bytes(&c, certificate, length) &&
                   cursor_bytes(&c, &rest, (size_t)suites + connection) && cursor_done(&c);
    return hello->whole;
}
