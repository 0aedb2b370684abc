/* tls_facts.h: what is known of one TLS session. Made by tls.c, read by everyone above.
 *
 * Directions are numbered 0 and 1 as the flow numbers its ends: who of them is the TLS client is
 * itself a fact (tls_facts.client). */
#ifndef PUSHWATCH_DISSECT_TLS_FACTS_H
#define PUSHWATCH_DISSECT_TLS_FACTS_H

#include "cert.h"

/* Protocol versions on the wire (RFC 8446 section 4.2.1); drafts of TLS 1.3 are 0x7f00 + draft. */
enum {
    TLS_VERSION_SSL2 = 0x0002,
    TLS_VERSION_SSL3 = 0x0300,
    TLS_VERSION_10 = 0x0301,
    TLS_VERSION_11 = 0x0302,
    TLS_VERSION_12 = 0x0303,
    TLS_VERSION_13 = 0x0304
};

/* Type, version and length before each record's body (RFC 8446 section 5.1). */
enum { TLS_RECORD_HEADER = 5 };

/* Level and description (RFC 8446 section 6): an alert's record that is longer is encrypted. */
enum { TLS_ALERT_BYTES = 2 };

/* Content types (RFC 8446 section 5.1, RFC 6520). */
enum {
    TLS_CHANGE_CIPHER_SPEC = 20,
    TLS_ALERT = 21,
    TLS_HANDSHAKE = 22,
    TLS_APPLICATION_DATA = 23,
    TLS_HEARTBEAT = 24
};

enum tls_progress {
    TLS_MIDSTREAM,  /* records, but no hello: joined after the handshake */
    TLS_INCOMPLETE, /* begun, neither completed nor failed */
    TLS_COMPLETE,   /* both ends have sent Finished, as far as that can be seen */
    TLS_FAILED      /* a fatal alert, or an end that closed, before it was complete */
};

/* How the certificates were had, or why there are none. */
enum certs_via {
    CERTS_UNKNOWN, /* nothing to say: no handshake was seen */
    CERTS_PLAIN,
    CERTS_KEYLOG,
    CERTS_ENCRYPTED,    /* TLS 1.3 */
    CERTS_RESUMED,      /* an abbreviated handshake sends none */
    CERTS_NOT_CAPTURED, /* the handshake, or that direction of it, is not in the capture */
    CERTS_GAP,          /* bytes of the message are missing in the capture */
    CERTS_MALFORMED,
    CERTS_NOT_REACHED, /* the handshake ended before the message was due */
    CERTS_ANONYMOUS /* the cipher suite uses none (PSK, anon), or a pre-shared key does without */
};

enum close_notify { CLOSE_NOTIFY_NO, CLOSE_NOTIFY_YES, CLOSE_NOTIFY_LIKELY };

struct tls_alert {
    uint8_t direction;
    uint8_t level, description; /* RFC 8446 section 6; meaningless if encrypted */
    bool encrypted;
    uint64_t frame;
};

/* A ClientHello (RFC 8446 section 4.1.2), apart from what differs between two connections of the
 * same client: equal ones are shared between flows. */
struct client_hello {
    uint16_t legacy_version;
    uint16_t version; /* the highest one offered, GREASE left out (RFC 8701) */
    struct text_list alpn;
    char ja3[33]; /* MD5 in hex; like ja4 "" for a hello in SSLv2's format */
    char ja4[37]; /* github.com/FoxIO-LLC/ja4, technical_details/JA4.md */
    bool ech;     /* encrypted_client_hello that is an outer one (RFC 9849), or a decoy */
    bool esni;    /* encrypted_server_name, a draft of it */
    bool early_data;
    bool external_keys; /* every pre-shared key that is offered was agreed on by other means */
};

/* A ServerHello (RFC 8446 section 4.1.3). */
struct server_hello {
    uint16_t version; /* supported_versions if present, else legacy_version */
    uint16_t cipher;  /* 0 in SSLv2, where the client says which: tls_extras.ssl2_cipher */
    uint16_t group;   /* of key_share; 0 if none */
    struct span alpn;
    char ja3s[33]; /* MD5 in hex; "" for SSLv2's */
};

/* Heartbeat records (RFC 6520), by direction. */
struct tls_heartbeats {
    uint32_t records[2];
    uint64_t bytes[2];  /* of their bodies */
    uint32_t overreads; /* requests in the clear whose payload_length is beyond their record's end:
                           what CVE-2014-0160 takes; an answer as long shows that it was had */
    uint64_t first_frame, first_overread_frame;
};

/* Handshakes after the first one, which TLS up to 1.2 hides (RFC 5246 section 7.4.1.1). */
struct tls_renegotiation {
    uint32_t records;    /* handshake records after data or ChangeCipherSpec that were encrypted */
    uint32_t changes[2]; /* encrypted ChangeCipherSpec, by direction: with one from either end a
                            handshake came to its end */
    uint64_t first_frame;
};

/* CertificateType (RFC 7250, IANA, TLS Certificate Types). */
enum certificate_type { CERTIFICATE_X509, CERTIFICATE_OPENPGP, CERTIFICATE_RAW_KEY };

/* What became of an Encrypted ClientHello (RFC 9849), which can mostly not be told without keys. */
enum ech_status {
    ECH_UNDECIDED,
    ECH_NOT_ACCEPTED, /* the server does not know it, or could not read it, or it was a decoy */
    ECH_REJECTED,     /* the server knows ECH, and could not read this one */
    ECH_LIKELY_ACCEPTED
};

/* What became of a session's encrypted records where a key log has secrets of it. */
enum decryption_status {
    DECRYPTION_NONE,     /* no secrets, or nothing that was encrypted */
    DECRYPTION_COMPLETE, /* every record was opened */
    DECRYPTION_PARTIAL,  /* some were not */
    DECRYPTION_FAILED    /* none was */
};
enum decryption_trouble {
    TROUBLE_NONE,
    TROUBLE_WRONG_SECRET,   /* the records are not of these keys */
    TROUBLE_MISSING_SECRET, /* the key log has others of the session, not what these records need */
    TROUBLE_SUITE,          /* a cipher suite that is not known here */
    TROUBLE_VERSION,        /* a version whose records are not opened: SSLv3 */
    TROUBLE_GAP,            /* bytes are missing in the capture */
    TROUBLE_LATE,           /* the secrets came when the records were gone */
    TROUBLE_DAMAGED         /* a record that does not open among others that do */
};
struct tls_decryption {
    uint32_t opened[2], closed[2]; /* encrypted records by direction: opened, and not */
    uint8_t trouble;               /* enum decryption_trouble: why the first one was not */
};

/* A command of an APNs stream. */
struct apns_field {
    uint8_t *value; /* `have` bytes of `length` */
    uint16_t length, have;
    uint8_t id;
};
struct apns_command {
    nanotime time;
    uint64_t frame;
    struct apns_field *fields; /* field_count of them, where values were asked for */
    uint32_t length;           /* of its body, as its header says */
    int32_t interval;          /* of a keep-alive: minutes; -1 if not given */
    int16_t status;            /* of the answer to a connect; -1 if not given */
    uint8_t command, direction, field_count;
    bool cut, malformed; /* the capture misses a part of it; its fields do not fit into it */
};
struct apns_facts {
    struct apns_command *commands; /* the first ones */
    uint16_t count, room;
    bool malformed;     /* what follows the last one of a direction is none */
    uint32_t gaps;      /* holes between commands */
    uint64_t more;      /* commands beyond those that are kept */
    size_t value_bytes; /* that all fields hold */
};

/* What few sessions have. */
struct tls_extras {
    struct tls_heartbeats heartbeats;
    struct tls_renegotiation renegotiation;
    /* The server's for its leaf; NULL if none was seen. Shared like the rest of the facts. */
    const struct ocsp_staple *staple;
    const struct raw_key *server_key, *client_key; /* in a certificate's place; NULL if none */
    struct span alpn;     /* chosen in what TLS 1.3 encrypts; n is 0 if none */
    uint32_t ssl2_cipher; /* three bytes of CIPHER-KIND; 0 if none was seen */
    uint16_t scts;        /* that came in a TLS extension */
    uint16_t compression; /* CertificateCompressionAlgorithm of the server's chain, 0 if none */
    uint8_t certificate_types[2]; /* enum certificate_type, of the client and of the server */
    bool early_data_accepted;     /* known by decryption alone, like all that follows */
    uint8_t inside; /* enum plain_protocol of what the records hold; PLAIN_NONE if not known */
    struct tls_decryption decryption;
    struct apns_facts *apns; /* NULL if it is no APNs stream */
};

enum { TLS_ALERTS_MAX = 8 };

/* Small numbers are packed: an idle flow keeps one of these. */
enum { TLS_CAS_UNKNOWN = UINT16_MAX };

struct tls_facts {
    int8_t client;    /* direction of the ClientHello's sender, or the peer of the ServerHello's, or
                         what other messages tell that only one end sends; -1 if unknown */
    bool negotiated;  /* a ServerHello was seen, or a HelloRetryRequest, which decides as much */
    uint16_t version; /* negotiated; else the offered one (client_hello) or, midstream, that of the
                         records; 0 if unknown */
    uint16_t group;   /* key_share or ServerKeyExchange; 0 if unknown */
    uint16_t acceptable_cas; /* in the CertificateRequest; TLS_CAS_UNKNOWN if it was not whole */
    enum tls_progress progress : 8;
    enum certs_via certs_via : 8; /* of the server's */
    enum ech_status ech : 8;      /* of client_hello->ech */
    bool resumed;                 /* on positive evidence only */
    bool hello_retry;
    bool early_data; /* offered; sent as far as can be seen */
    bool certificate_requested;
    bool server_chain_cut, client_chain_cut; /* the capture misses the rest of the message */
    uint8_t server_cert_count, client_cert_count;
    uint8_t alert_count;                     /* at most TLS_ALERTS_MAX; further ones are dropped */
    uint8_t close_notify[2];                 /* enum close_notify, by direction */
    uint8_t data : 2;                        /* a bit for each direction with application data */
    bool client_key_exchange : 1;            /* the client went on after the server's messages, in
                                                TLS up to 1.2 */
    const struct client_hello *client_hello; /* NULL if not seen; shared, owned by the tls_store */
    const struct server_hello *server_hello; /* likewise; a HelloRetryRequest until the real one */
    struct span sni; /* host_name as sent; n is 0 if none; shared likewise */
    /* Chain as sent, whole certificates only: of a chain that is cut or malformed those before the
     * damage. Shared likewise. */
    const struct cert *const *server_certs, *const *client_certs;
    struct tls_alert *alerts;
    struct tls_extras *extras; /* NULL if there is nothing in it */
    /* Frames that prove it; 0 where not seen. */
    uint64_t client_hello_frame, server_hello_frame, certificate_frame, client_certificate_frame,
        complete_frame;
    uint64_t gap_bytes; /* missing in the capture, both directions */
    uint32_t missed[2]; /* by direction: handshake messages that were among them for certain, a bit
                           for each HandshakeType (RFC 8446 section 4) */
};

/* tls_alpn gives the protocol that was chosen, where that can be read; n is 0 if none. */
static inline struct span tls_alpn(const struct tls_facts *facts)
{
    if (facts->server_hello && facts->server_hello->alpn.n > 0)
        return facts->server_hello->alpn;
    return facts->extras ? facts->extras->alpn : span_of(NULL, 0);
}

static inline enum decryption_status tls_decryption_status(const struct tls_decryption *decryption)
{
    const uint32_t *opened = decryption->opened, *closed = decryption->closed;
    if (opened[0] + opened[1] == 0)
        return closed[0] + closed[1] == 0 ? DECRYPTION_NONE : DECRYPTION_FAILED;
    return closed[0] + closed[1] == 0 ? DECRYPTION_COMPLETE : DECRYPTION_PARTIAL;
}

#endif
