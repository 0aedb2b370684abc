/* tls_hello.h: ClientHello and ServerHello: RFC 8446 sections 4.1.2, 4.1.3 and 4.2. */
#ifndef PUSHWATCH_DISSECT_TLS_HELLO_H
#define PUSHWATCH_DISSECT_TLS_HELLO_H

#include "cursor.h"
#include "tls_facts.h"

/* Extensions that somebody above needs by number (IANA, TLS ExtensionType Values). */
enum {
    TLS_EXT_SERVER_NAME = 0,
    TLS_EXT_STATUS_REQUEST = 5,
    TLS_EXT_GROUPS = 10,
    TLS_EXT_SIGNATURE_ALGORITHMS = 13,
    TLS_EXT_ALPN = 16,
    TLS_EXT_SCTS = 18,
    TLS_EXT_KEY_SHARE_DRAFT = 40, /* up to draft 22 */
    TLS_EXT_VERSIONS = 43,
    TLS_EXT_KEY_SHARE = 51,
    TLS_EXT_ECH = 0xfe0d
};

/* Index of tls_hello.certificate_types. */
enum { TLS_TYPE_OF_CLIENT, TLS_TYPE_OF_SERVER };

/* What a hello carries. All spans are borrowed from the message. */
struct tls_hello {
    const void *known; /* NULL, or the facts of an earlier one that reads alike: tls_kinds.h */
    uint64_t kind;     /* 0, or a number that it shares with those that read alike, and no other */
    uint16_t legacy_version;
    uint16_t highest;      /* client: the number that is the highest of those offered, for JA4 */
    uint16_t version;      /* client: the highest one offered, without GREASE; server: the chosen */
    uint16_t cipher;       /* server */
    uint16_t group;        /* server: of key_share */
    bool ssl2;             /* client: in SSLv2's format, which has no extensions and other suites */
    bool whole;            /* every part was read to its end, nothing is left over */
    bool retry;            /* server: this is a HelloRetryRequest */
    bool pre_shared_key;   /* client: offered; server: accepted */
    bool external_keys;    /* client: those offered are no resumption */
    bool early_data, ech;  /* client: offered; ech is true of an outer hello */
    bool ech_again;        /* client: ech whose key went with an earlier hello */
    bool ech_answered;     /* server: a confirmation, or configurations to try again with */
    bool esni;             /* client: what went before ech */
    bool encrypt_then_mac; /* server: RFC 7366 */
    uint8_t certificate_types[2]; /* server: of the client and the server, enum certificate_type */
    /* From here on spans alone. */
    struct span body;       /* all of it; n is 0 in SSLv2's format */
    struct span random;     /* n is 0 in SSLv2's format */
    struct span ciphers;    /* client: two bytes each */
    struct span extensions; /* all of them; see tls_hello_extension */
    struct span sni;
    struct span alpn; /* ProtocolNameList without its length: names with a length byte each */
    struct span groups, point_formats, signature_algorithms; /* lists without their lengths */
    struct span scts; /* server: SignedCertificateTimestampList */
};

/* tls_hello_client and tls_hello_server read the body of a message. They return false if the part
 * before the extensions is malformed; a malformed extension is left out and clears `whole`. */
MUST_CHECK bool tls_hello_client(struct tls_hello *hello, struct span body);
MUST_CHECK bool tls_hello_server(struct tls_hello *hello, struct span body);

/* tls_hello_reads tells whether anything in the body of an extension is read in a client's hello,
 * or in a server's. tls_hello_is_retry tells the random of a HelloRetryRequest. */
bool tls_hello_reads(uint16_t type, bool server);
bool tls_hello_is_retry(const uint8_t *random);

/* tls_hello_encrypted_extensions reads what TLS 1.3 has moved out of the ServerHello (RFC 8446
 * section 4.3.1): its extensions alone are set. False if it is malformed. */
MUST_CHECK bool tls_hello_encrypted_extensions(struct tls_hello *hello, struct span body);

/* tls_hello_ssl2 reads a ClientHello in SSLv2's format (RFC 5246 appendix E.2) from behind its
 * version. Its three-byte suites are not given. */
MUST_CHECK bool tls_hello_ssl2(struct tls_hello *hello, uint16_t version, struct span body);

/* tls_hello_ssl2_server reads a ServerHello of SSLv2 from behind its certificate type, and gives
 * the certificate, borrowed; its n is 0 if the session goes on from an earlier one. The version
 * that is set is always SSLv2's. */
MUST_CHECK bool tls_hello_ssl2_server(struct tls_hello *hello, struct span *certificate,
                                      struct span body);

/* tls_hello_extension takes the next extension off a cursor over hello->extensions. False at the
 * end, or where the list is malformed. */
MUST_CHECK static inline bool tls_hello_extension(struct cursor *c, uint16_t *type,
                                                  struct cursor *body)
{
    struct cursor ahead = *c;
    if (!cursor_u16(&ahead, type) || !cursor_vec16(&ahead, body))
        return false;
    *c = ahead;
    return true;
}

/* tls_is_grease tells the reserved values of RFC 8701, in either byte order. */
static inline bool tls_is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* tls_is_13 tells TLS 1.3, its drafts, and the experiments that went before it: 0x7f are the
 * drafts, 0x7e and 0xfb Facebook's and Google's experiments. */
static inline bool tls_is_13(uint16_t version)
{
    return version == TLS_VERSION_13 || version >> 8 == 0x7f || version >> 8 == 0x7e ||
           version >> 8 == 0xfb;
}

#endif
