/* trust.h: the certificates that a chain may lead to: the system's, and files or folders of the
 * user's. Read once, before privileges are given up; never fetched. */
#ifndef PUSHWATCH_REPORT_JUDGE_TRUST_H
#define PUSHWATCH_REPORT_JUDGE_TRUST_H

#include "../../capture/base.h"

/* One store of anchors. Texts live as long as the trust. */
struct trust_store {
    const char *name;   /* as asked for: "system", or a path */
    const char *path;   /* where it is; NULL if the system has none */
    uint8_t sha256[32]; /* of the file's bytes; of a folder those of its files that hold
                           certificates, in the order of their names */
    size_t anchors;     /* certificates in it */
};

struct trust;
struct anchors;

MUST_CHECK struct trust *trust_new(void);

/* trust_add reads a store: "system", a file in PEM (several certificates) or DER (one), or a folder
 * of such files. The system's is looked for in OpenSSL's place and in those of common systems; it
 * is no error if there is none. All certificates but the system's are checked. Returns false with a
 * line in error if a file can't be read, is too large, holds no certificate, or one that can't be
 * parsed. */
MUST_CHECK bool trust_add(struct trust *trust, char *error, size_t size, const char *name);

/* trust_count and trust_at give what was added, in that order. */
size_t trust_count(const struct trust *trust);
const struct trust_store *trust_at(const struct trust *trust, size_t i);

/* trust_is_own tells that stores of the user's are among them. */
bool trust_is_own(const struct trust *trust);

/* trust_anchors gives the certificates (anchors.h), and reads the system's first if that was not
 * done yet. Several threads may call it at once. */
struct anchors *trust_anchors(struct trust *trust);

/* trust_free ends it. NULL is fine. */
void trust_free(struct trust *trust);

#endif
