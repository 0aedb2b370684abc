/* parsed_certs.h: certificates in OpenSSL's form, for the next chain or name that asks for them:
 * those that do not have it already (`parsed` in cert.h). */
#ifndef PUSHWATCH_REPORT_JUDGE_PARSED_CERTS_H
#define PUSHWATCH_REPORT_JUDGE_PARSED_CERTS_H

#include "../../dissect/cert.h"

#include <openssl/x509.h>

/* So many are kept at most, within limits.h. What comes later takes the place of what came before.
 */
enum { PARSED_CERTS_MOST = 128 };

struct parsed_certs;

MUST_CHECK struct parsed_certs *parsed_certs_new(void);
void parsed_certs_free(struct parsed_certs *parsed);

/* parsed_certs_get returns a certificate of the run in OpenSSL's form, NULL if OpenSSL cannot parse
 * it. The caller gives it back, and only reads it: others may have the same. Several threads may
 * call both at once. */
MUST_CHECK X509 *parsed_certs_get(struct parsed_certs *parsed, const struct cert *cert);

/* parsed_certs_give_back is X509_free, NULL included, for one of them: whoever frees it comes after
 * all who have read it. OpenSSL's own count does not see to that in 3.0 on each machine, for it
 * goes down in relaxed order (include/internal/refcount.h). */
void parsed_certs_give_back(struct parsed_certs *parsed, X509 *x509);

#endif
