/* x509.h: the facts of one certificate, out of its DER. */
#ifndef PUSHWATCH_DISSECT_X509_H
#define PUSHWATCH_DISSECT_X509_H

#include "cert.h"

/* x509_new reads a certificate (RFC 5280) and copies all it keeps. What OpenSSL does not accept, or
 * has bytes behind its end, gives a cert with `malformed`, hashes and DER only. The part about its
 * use in this run is zero. Free with x509_free. */
struct cert *x509_new(struct span der);

/* x509_free frees a cert of x509_new, but not its `names`. NULL is fine. */
void x509_free(struct cert *cert);

/* x509_count_scts counts the signed certificate timestamps in a SignedCertificateTimestampList (RFC
 * 6962 section 3.3). */
unsigned x509_count_scts(struct span list);

/* x509_library_version gives OpenSSL's name and version. */
const char *x509_library_version(void);

#endif
