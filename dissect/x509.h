/* x509.h: the facts of one certificate, out of its DER. */
#ifndef PUSHWATCH_DISSECT_X509_H
#define PUSHWATCH_DISSECT_X509_H

#include "cert.h"

/* What an allocation takes beside its bytes: its header, and rounding up. */
enum { CERT_MALLOC_COST = 16 };

/* x509_new reads a certificate (RFC 5280) and copies all it keeps. What OpenSSL does not accept, or
 * has bytes behind its end, gives a cert with `malformed`, hashes and DER only. The part about its
 * use in this run is zero. Free with x509_free. */
struct cert *x509_new(struct span der);

/* x509_forget frees its `parsed`, which takes some times as much as the certificate. */
void x509_forget(struct cert *cert);

/* x509_free frees a cert of x509_new, but not its `names`. NULL is fine. */
void x509_free(struct cert *cert);

/* x509_raw_key reads a SubjectPublicKeyInfo (RFC 5280 section 4.1) that stands alone. What OpenSSL
 * can't read has type "unknown" and its hash. */
void x509_raw_key(struct raw_key *key, struct span spki);

/* x509_library_version gives OpenSSL's name and version. */
const char *x509_library_version(void);

#endif
