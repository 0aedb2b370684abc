/* names.c: the tables behind names.h. */
#include "names.h"

#include "cipher_suites.h"
#include "code_name.h"
#include "digits.h"

#include <stdio.h>

static const char *pick(const char *const *names, size_t count, unsigned value)
{
    return value < count && names[value] ? names[value] : "unknown";
}

#define PICK(names, value) pick(names, COUNT_OF(names), (unsigned)(value))

const char *names_tunnel(enum tunnel_kind kind)
{
    static const char *const names[TUNNEL_KINDS] = {
        [TUNNEL_IPIP] = "ipip",           [TUNNEL_6IN4] = "6in4",     [TUNNEL_4IN6] = "4in6",
        [TUNNEL_6IN6] = "6in6",           [TUNNEL_GRE] = "gre",       [TUNNEL_PPTP] = "pptp",
        [TUNNEL_ERSPAN] = "erspan",       [TUNNEL_WCCP] = "wccp",     [TUNNEL_VXLAN] = "vxlan",
        [TUNNEL_VXLAN_GPE] = "vxlan-gpe", [TUNNEL_GENEVE] = "geneve", [TUNNEL_GTP_U] = "gtp-u",
        [TUNNEL_TEREDO] = "teredo",       [TUNNEL_L2TP] = "l2tp",     [TUNNEL_MPLS] = "mpls",
        [TUNNEL_ETHERIP] = "etherip",     [TUNNEL_LISP] = "lisp",     [TUNNEL_AYIYA] = "ayiya",
    };
    return PICK(names, kind);
}

const char *names_reset_phase(enum reset_phase phase)
{
    static const char *const names[] = {
        [RESET_IN_SYN] = "syn",
        [RESET_IN_TLS_HANDSHAKE] = "tls-handshake",
        [RESET_IN_DATA] = "data",
        [RESET_IN_CLOSING] = "closing",
    };
    return PICK(names, phase);
}

const char *names_stuck_cause(enum stuck_cause cause)
{
    static const char *const names[] = {
        [STUCK_NOT] = "none",
        [STUCK_UNANSWERED] = "unanswered",
        [STUCK_WINDOW_CLOSED] = "window-closed",
        [STUCK_DUPLICATE_ACKS] = "duplicate-acks",
        [STUCK_SILENCE] = "silence",
        [STUCK_ANSWERS_LOST] = "answers-lost",
    };
    return PICK(names, cause);
}

/* Those that dissect/tls_missed.c tells of. */
const char *names_handshake_message(unsigned type)
{
    static const char *const names[] = {
        [1] = "client_hello",       [2] = "server_hello",         [11] = "certificate",
        [14] = "server_hello_done", [16] = "client_key_exchange",
    };
    return PICK(names, type);
}

const char *names_decryption(enum decryption_status status)
{
    static const char *const names[] = {
        [DECRYPTION_COMPLETE] = "complete",
        [DECRYPTION_PARTIAL] = "partial",
        [DECRYPTION_FAILED] = "failed",
    };
    return PICK(names, status);
}

const char *names_decryption_trouble(enum decryption_trouble trouble)
{
    static const char *const names[] = {
        [TROUBLE_WRONG_SECRET] = "wrong-secret",
        [TROUBLE_MISSING_SECRET] = "missing-secret",
        [TROUBLE_SUITE] = "cipher-suite",
        [TROUBLE_VERSION] = "version",
        [TROUBLE_GAP] = "gap",
        [TROUBLE_LATE] = "late-secret",
        [TROUBLE_DAMAGED] = "damaged",
    };
    return PICK(names, trouble);
}

const char *names_staple(enum staple_status status)
{
    static const char *const names[] = {
        [STAPLE_UNREAD] = "present",
        [STAPLE_GOOD] = "good",
        [STAPLE_REVOKED] = "revoked",
        [STAPLE_UNKNOWN] = "unknown",
        [STAPLE_MALFORMED_REQUEST] = "malformed-request",
        [STAPLE_INTERNAL_ERROR] = "internal-error",
        [STAPLE_TRY_LATER] = "try-later",
        [STAPLE_SIGNATURE_REQUIRED] = "signature-required",
        [STAPLE_UNAUTHORIZED] = "unauthorized",
        [STAPLE_MALFORMED] = "malformed",
    };
    return PICK(names, status);
}

const char *names_ech(enum ech_status status)
{
    static const char *const names[] = {
        [ECH_UNDECIDED] = "undecided",
        [ECH_NOT_ACCEPTED] = "not-accepted",
        [ECH_REJECTED] = "rejected",
        [ECH_LIKELY_ACCEPTED] = "likely-accepted",
    };
    return PICK(names, status);
}

const char *names_certificate_type(unsigned type)
{
    static const char *const names[] = {
        [CERTIFICATE_X509] = "x509",
        [CERTIFICATE_OPENPGP] = "openpgp",
        [CERTIFICATE_RAW_KEY] = "raw-public-key",
        [3] = "1609dot2",
    };
    return PICK(names, type);
}

const char *names_compression(unsigned algorithm)
{
    static const char *const names[] = {[1] = "zlib", [2] = "brotli", [3] = "zstd"};
    return PICK(names, algorithm);
}

const char *names_plain(enum plain_protocol protocol)
{
    return word_plain(protocol)->text;
}

const char *names_prologue(const struct prologue_step *step)
{
    static const char *const names[] = {
        [PLAIN_XMPP] = "XMPP's STARTTLS",          [PLAIN_HTTP] = "HTTP's CONNECT",
        [PLAIN_SMTP] = "SMTP's STARTTLS",          [PLAIN_POP3] = "POP3's STLS",
        [PLAIN_IMAP] = "IMAP's STARTTLS",          [PLAIN_FTP] = "FTP's AUTH TLS",
        [PLAIN_NNTP] = "NNTP's STARTTLS",          [PLAIN_SIEVE] = "ManageSieve's STARTTLS",
        [PLAIN_LDAP] = "LDAP's StartTLS",          [PLAIN_POSTGRESQL] = "PostgreSQL's SSLRequest",
        [PLAIN_MYSQL] = "MySQL's SSLRequest",      [PLAIN_RDP] = "RDP's negotiation",
        [PLAIN_SOCKS4] = "a SOCKS 4 request",      [PLAIN_SOCKS5] = "a SOCKS 5 request",
        [PLAIN_PROXY] = "a PROXY protocol header",
    };
    if (step->protocol == PLAIN_HTTP && step->target.n == 0)
        return "HTTP's Upgrade";
    bool known = step->protocol < COUNT_OF(names) && names[step->protocol];
    return known ? names[step->protocol] : "a dialogue in clear";
}

static const char *hex(struct name_room *room, struct span code)
{
    memcpy(room->text, "0x", 2);
    *digits_hex(room->text + 2, code) = '\0';
    return room->text;
}

static const char *hex8(struct name_room *room, uint8_t code)
{
    return hex(room, span_of(&code, 1));
}

const char *names_code(struct name_room *room, uint16_t code)
{
    const uint8_t bytes[] = {(uint8_t)(code >> 8), (uint8_t)code};
    return hex(room, span_of(bytes, sizeof bytes));
}

const char *names_tls_version(struct name_room *room, uint16_t version)
{
    const struct word *word = word_tls_version(version);
    if (word)
        return word->text;
    if (version == TLS_VERSION_SSL2)
        return "SSLv2";
    if (version >> 8 == 0x7f) {
        snprintf(room->text, sizeof(room->text), "TLSv1.3-draft%u", version & 0xffu);
        return room->text;
    }
    if (version >> 8 == 0xfb) { /* Facebook's numbers for the drafts that it rolled out */
        snprintf(room->text, sizeof(room->text), "TLSv1.3-fb%u", version & 0xffu);
        return room->text;
    }
    if (version >> 8 == 0x7e) { /* Google's experiments before the final version */
        snprintf(room->text, sizeof(room->text), "TLSv1.3-google%u", version & 0xffu);
        return room->text;
    }
    return names_code(room, version);
}

const char *names_cipher(struct name_room *room, uint16_t code)
{
    const char *name = cipher_suite_name(code);
    return name ? name : names_code(room, code);
}

const char *names_ssl2_code(struct name_room *room, uint32_t kind)
{
    const uint8_t bytes[] = {(uint8_t)(kind >> 16), (uint8_t)(kind >> 8), (uint8_t)kind};
    return hex(room, span_of(bytes, sizeof bytes));
}

const char *names_ssl2_cipher(struct name_room *room, uint32_t kind)
{
    static const struct {
        uint32_t kind;
        const char *name;
    } table[] = {
        {0x010080, "SSL_CK_RC4_128_WITH_MD5"},
        {0x020080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5"},
        {0x030080, "SSL_CK_RC2_128_CBC_WITH_MD5"},
        {0x040080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5"},
        {0x050080, "SSL_CK_IDEA_128_CBC_WITH_MD5"},
        {0x060040, "SSL_CK_DES_64_CBC_WITH_MD5"},
        {0x0700c0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (table[i].kind == kind)
            return table[i].name;
    }
    return names_ssl2_code(room, kind);
}

/* The registry "TLS Supported Groups", and two drafts of Kyber that browsers had rolled out. */
static const struct code_name groups[] = {
    {1, "sect163k1"},
    {2, "sect163r1"},
    {3, "sect163r2"},
    {4, "sect193r1"},
    {5, "sect193r2"},
    {6, "sect233k1"},
    {7, "sect233r1"},
    {8, "sect239k1"},
    {9, "sect283k1"},
    {10, "sect283r1"},
    {11, "sect409k1"},
    {12, "sect409r1"},
    {13, "sect571k1"},
    {14, "sect571r1"},
    {15, "secp160k1"},
    {16, "secp160r1"},
    {17, "secp160r2"},
    {18, "secp192k1"},
    {19, "secp192r1"},
    {20, "secp224k1"},
    {21, "secp224r1"},
    {22, "secp256k1"},
    {23, "secp256r1"},
    {24, "secp384r1"},
    {25, "secp521r1"},
    {26, "brainpoolP256r1"},
    {27, "brainpoolP384r1"},
    {28, "brainpoolP512r1"},
    {29, "x25519"},
    {30, "x448"},
    {31, "brainpoolP256r1tls13"},
    {32, "brainpoolP384r1tls13"},
    {33, "brainpoolP512r1tls13"},
    {34, "GC256A"},
    {35, "GC256B"},
    {36, "GC256C"},
    {37, "GC256D"},
    {38, "GC512A"},
    {39, "GC512B"},
    {40, "GC512C"},
    {41, "curveSM2"},
    {256, "ffdhe2048"},
    {257, "ffdhe3072"},
    {258, "ffdhe4096"},
    {259, "ffdhe6144"},
    {260, "ffdhe8192"},
    {512, "MLKEM512"},
    {513, "MLKEM768"},
    {514, "MLKEM1024"},
    {4587, "SecP256r1MLKEM768"},
    {4588, "X25519MLKEM768"},
    {4589, "SecP384r1MLKEM1024"},
    {4590, "curveSM2MLKEM768"},
    {25497, "X25519Kyber768Draft00"},
    {25498, "SecP256r1Kyber768Draft00"},
    {65281, "arbitrary_explicit_prime_curves"},
    {65282, "arbitrary_explicit_char2_curves"},
};

const char *names_group(struct name_room *room, uint16_t code)
{
    if (code - 1u < COUNT_OF(groups) && groups[code - 1u].code == code)
        return groups[code - 1u].name; /* one of the first, which have no gaps */
    const char *name = code_name_find(groups, COUNT_OF(groups), code);
    return name ? name : names_code(room, code);
}

static const struct code_name alerts[] = {
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {52, "too_many_cids_requested"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {117, "general_error"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
};

const char *names_alert(struct name_room *room, uint8_t description)
{
    const char *name = code_name_find(alerts, COUNT_OF(alerts), description);
    return name ? name : hex8(room, description);
}

const char *names_alert_level(struct name_room *room, uint8_t level)
{
    static const struct code_name table[] = {{1, "warning"}, {2, "fatal"}};
    const char *name = code_name_find(table, COUNT_OF(table), level);
    return name ? name : hex8(room, level);
}

const char *names_content_type(struct name_room *room, uint8_t type)
{
    static const struct code_name table[] = {
        {TLS_CHANGE_CIPHER_SPEC, "change_cipher_spec"},
        {TLS_ALERT, "alert"},
        {TLS_HANDSHAKE, "handshake"},
        {TLS_APPLICATION_DATA, "application_data"},
        {TLS_HEARTBEAT, "heartbeat"},
        {25, "tls12_cid"},
        {26, "ACK"},
    };
    const char *name = code_name_find(table, COUNT_OF(table), type);
    return name ? name : hex8(room, type);
}
