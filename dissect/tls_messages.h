/* tls_messages.h: the handshake messages after the hellos, as far as they are visible. */
#ifndef PUSHWATCH_DISSECT_TLS_MESSAGES_H
#define PUSHWATCH_DISSECT_TLS_MESSAGES_H

#include "cursor.h"

/* A walk over the certificates of a Certificate message (RFC 5246 section 7.4.2, RFC 8446 section
 * 4.4.2). Certificates that are whole are given even where the message is cut or malformed. */
struct tls_chain {
    struct cursor list;
    bool tls13; /* each certificate is followed by extensions */
    bool whole; /* false: the message is malformed, or ends before it should */
};

/* tls_chain_open begins a walk over a message's body. */
void tls_chain_open(struct tls_chain *chain, struct span body, bool tls13);

/* tls_chain_next gives the next certificate, borrowed from the body. False at the end; then
 * chain->whole tells whether that was the right one. */
MUST_CHECK bool tls_chain_next(struct tls_chain *chain, struct span *der);

/* tls_count_authorities reads a CertificateRequest (RFC 5246 section 7.4.4) and counts its
 * certificate_authorities. `version` decides whether it lists signature algorithms. */
MUST_CHECK bool tls_count_authorities(uint16_t *count, struct span body, uint16_t version);

/* tls_named_curve reads the group out of a ServerKeyExchange (RFC 8422 section 5.4). False if it
 * names none, as for finite-field Diffie-Hellman. */
MUST_CHECK bool tls_named_curve(uint16_t *group, struct span body);

/* tls_suite_anonymous tells the cipher suites in which the server sends no certificate: pre-shared
 * keys, anonymous Diffie-Hellman, Kerberos, SRP by password (IANA, TLS Cipher Suites). */
bool tls_suite_anonymous(uint16_t suite);

#endif
