/* tls_messages.h: the handshake messages after the hellos, as far as they are visible. */
#ifndef PUSHWATCH_DISSECT_TLS_MESSAGES_H
#define PUSHWATCH_DISSECT_TLS_MESSAGES_H

#include "cursor.h"

/* A walk over the certificates of a Certificate message (RFC 5246 section 7.4.2, RFC 8446 section
 * 4.4.2). Certificates that are whole are given even where the message is cut or malformed. */
struct tls_chain {
    struct cursor list;
    bool tls13;             /* each certificate is followed by extensions */
    bool whole;             /* false: the message is malformed, or ends before it should */
    struct span extensions; /* of the certificate that was given last: TLS 1.3 */
};

/* tls_chain_open begins a walk over a message's body. */
void tls_chain_open(struct tls_chain *chain, struct span body, bool tls13);

/* tls_chain_next gives the next certificate, borrowed from the body. False at the end; then
 * chain->whole tells whether that was the right one. */
MUST_CHECK bool tls_chain_next(struct tls_chain *chain, struct span *der);

/* tls_raw_key reads a Certificate message that holds a bare public key (RFC 7250 section 3). The
 * key's SubjectPublicKeyInfo is borrowed. */
MUST_CHECK bool tls_raw_key(struct span *spki, struct span body, bool tls13);

/* tls_count_authorities reads a CertificateRequest (RFC 5246 section 7.4.4, RFC 8446 section 4.3.2)
 * and counts its certificate_authorities. `version` decides how it is built. */
MUST_CHECK bool tls_count_authorities(uint16_t *count, struct span body, uint16_t version);

/* tls_named_curve reads the group out of a ServerKeyExchange (RFC 8422 section 5.4). False if it
 * names none, as for finite-field Diffie-Hellman. */
MUST_CHECK bool tls_named_curve(uint16_t *group, struct span body);

/* tls_ocsp_response reads a CertificateStatus (RFC 6066 section 8, RFC 6961 section 2.2) and gives
 * the response for the leaf, borrowed. False if there is none. */
MUST_CHECK bool tls_ocsp_response(struct span *response, struct span body);

/* tls_count_scts counts the entries of a SignedCertificateTimestampList (RFC 6962 section 3.3). */
unsigned tls_count_scts(struct span list);

/* What a CompressedCertificate holds (RFC 8879 section 4): compressed bytes, borrowed. */
struct tls_compressed {
    uint16_t algorithm;
    uint32_t length; /* of the message before it was compressed, as its sender says */
    struct span bytes;
};
MUST_CHECK bool tls_compressed_read(struct tls_compressed *compressed, struct span body);

/* tls_suite_anonymous tells the cipher suites in which the server sends no certificate: pre-shared
 * keys, anonymous Diffie-Hellman, Kerberos, SRP by password (IANA, TLS Cipher Suites). */
bool tls_suite_anonymous(uint16_t suite);

#endif
