/* known_certs.h: which certificates servers have shown, by name: of earlier runs, or of this one.
 */
#ifndef PUSHWATCH_REPORT_JUDGE_KNOWN_CERTS_H
#define PUSHWATCH_REPORT_JUDGE_KNOWN_CERTS_H

#include "../../dissect/flow_record.h"

enum {
    KNOWN_CERTS_MAX = 8192,  /* many times what the servers of one service have */
    KNOWN_OF_NAME_MAX = 16,  /* of one name: those that were seen last */
    KNOWN_TEXT_MAX = 1024,   /* bytes of an issuer, a subject, a list of names */
    KNOWN_NAME_MAX = 253 + 1 /* RFC 1035 section 2.3.4, with a NUL */
};

/* A server's certificate under one name. Texts are UTF-8 without control characters. */
struct known_cert {
    char name[KNOWN_NAME_MAX]; /* as asked for, in lower case; without SNI the address and port */
    uint8_t sha256[32], spki_sha256[32];
    uint8_t issuer_spki[32]; /* the key of the issuer's certificate, if that was sent along */
    bool has_issuer_spki;
    char subject[KNOWN_TEXT_MAX + 1], issuer[KNOWN_TEXT_MAX + 1];
    char key[64];                   /* such as "RSA 2048" */
    char names[KNOWN_TEXT_MAX + 1]; /* its subjectAltName, with ", " between */
    char valid[32];                 /* such as "2014-02-14 to 2015-02-14" */
    nanotime first_seen, last_seen; /* of the capture's time, from 1970 to 2261 */
};

/* known_cert_of fills in the certificate that a flow's server has shown. Returns false if it showed
 * none that is whole, or was asked for by a name that is no name of a host. */
MUST_CHECK bool known_cert_of(struct known_cert *out, const struct flow_record *record);

struct known_certs;
MUST_CHECK struct known_certs *known_certs_new(void);
void known_certs_free(struct known_certs *certs);

/* known_certs_add takes a copy. One that is there already under this name only gets its times
 * widened; one older than KNOWN_OF_NAME_MAX others is left out. Returns false if there are
 * KNOWN_CERTS_MAX. */
bool known_certs_add(struct known_certs *certs, const struct known_cert *cert);

/* known_certs_merge adds all of another list, and returns for how many there was no room. */
size_t known_certs_merge(struct known_certs *certs, const struct known_certs *others);

/* known_certs_find returns the one of this name with this hash, known_certs_latest that of this
 * name which was seen last; NULL if there is none. Several threads may ask at once. */
const struct known_cert *known_certs_find(const struct known_certs *certs, const char *name,
                                          const uint8_t sha256[32]);
const struct known_cert *known_certs_latest(const struct known_certs *certs, const char *name);

/* All of them, in the order of names, then of hashes. */
size_t known_certs_count(const struct known_certs *certs);
const struct known_cert *known_certs_at(const struct known_certs *certs, size_t i);

/* What a run takes up for later ones. */
struct learning {
    struct known_certs *learned;
    bool all;         /* other issuers than before, too */
    uint64_t refused; /* connections whose certificate was not taken for what was found */
    uint64_t dropped; /* those for which there was no room */
};

#endif
