/* cert.h: what one X.509 certificate says. Made by x509.c, read by everyone above. */
#ifndef PUSHWATCH_DISSECT_CERT_H
#define PUSHWATCH_DISSECT_CERT_H

#include "../capture/base.h"

/* A list of strings taken from the wire: not NUL-free UTF-8 until a writer has escaped them. */
struct text_list {
    struct span *items;
    size_t count;
};

enum { CERT_FROM_CLIENT = 1, CERT_FROM_SERVER = 2 };

/* What an OCSP response says (RFC 6960 section 4.2.1): of a certificate, or of itself. */
enum staple_status {
    STAPLE_UNREAD, /* it is there, and bytes of it are missing */
    STAPLE_GOOD,
    STAPLE_REVOKED,
    STAPLE_UNKNOWN,
    STAPLE_MALFORMED_REQUEST,
    STAPLE_INTERNAL_ERROR,
    STAPLE_TRY_LATER,
    STAPLE_SIGNATURE_REQUIRED,
    STAPLE_UNAUTHORIZED,
    STAPLE_MALFORMED /* it can't be parsed */
};

/* A stapled OCSP response. Times are 0 if it gives none. */
struct ocsp_staple {
    enum staple_status status;
    bool other_certificate; /* it does not speak of the one that it came with */
    nanotime this_update, next_update, revoked_at;
    unsigned sct_count;
    struct span der;    /* the response; n is 0 if bytes of it are missing */
    uint8_t sha256[32]; /* of it */
};

/* A bare public key in a certificate's place: RFC 7250. */
struct raw_key {
    uint8_t spki_sha256[32]; /* of the SubjectPublicKeyInfo */
    const char *type;        /* as a certificate's key_type */
    unsigned bits;           /* 0 if not known */
    char curve[32];          /* "" where it does not apply */
};

/* Facts of one distinct certificate (RFC 5280), owned by the cert_store and alive as long as it.
 * A certificate that does not parse has `malformed` set, its hashes and `der`, and nothing else. */
struct cert {
    uint8_t sha256[32], sha1[20]; /* of the DER */
    uint8_t spki_sha256[32];      /* of the SubjectPublicKeyInfo; RFC 7469 section 2.4 */
    bool malformed;
    struct span der;
    struct span subject,
        issuer;         /* RFC 4514 strings, such as "CN=a,O=b,C=US"; UTF-8 kept as it is */
    struct span serial; /* the INTEGER's content bytes */
    unsigned version;   /* 1, 2 or 3 */
    nanotime not_before, not_after;
    struct text_list san; /* dNSName and rfc822Name as text, iPAddress in text form, URI */
    const char *key_type; /* "RSA", "EC", "Ed25519", … never NULL */
    unsigned key_bits;
    const char *key_curve; /* such as "P-256"; NULL where it does not apply */
    const char *signature_algorithm;
    bool is_ca, self_signed;
    struct text_list key_usage, extended_key_usage, policies, ocsp, crl;
    unsigned sct_count; /* RFC 6962 section 3.3 */

    struct x509_st *parsed; /* in OpenSSL's form, which nobody changes; NULL if it is not kept */
    size_t memory;          /* bytes that all of this takes, without it */
    uint64_t ordinal; /* from 1 and dense, in order of arrival: differs from run to run where there
                         are several threads, so that it is in no report */

    /* How it was used in this run: read it in a visit only (cert_store.h). */
    nanotime first_seen, last_seen;
    uint64_t first_frame;
    uint64_t flows;
    unsigned presented_by;  /* CERT_FROM_CLIENT | CERT_FROM_SERVER */
    struct text_list names; /* SNIs under which a server presented it, sorted; capped */
};

#endif
