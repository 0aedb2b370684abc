/* staple.h: checks a stapled OCSP response: RFC 6960. Private to report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_STAPLE_H
#define PUSHWATCH_REPORT_JUDGE_STAPLE_H

#include "../../dissect/cert.h"
#include "stretch.h"
#include "validation.h"

#include <openssl/x509.h>

/* staple_check tells whether a response speaks of the leaf, is signed by the leaf's issuer or by
 * one whom that has authorised (RFC 6960 section 4.2.2.2), and is meant for the time stretch->at.
 * issuer is NULL if it is not at hand; `sent` are the certificates among which a signer may be. The
 * stretch is narrowed to the one for which the answer holds. */
enum staple_check staple_check(const struct ocsp_staple *staple, struct stretch *stretch,
                               X509 *leaf, X509 *issuer, STACK_OF(X509) * sent);

#endif
