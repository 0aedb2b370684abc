/* asn1.h: what all who use OpenSSL to read certificates need of it. */
#ifndef PUSHWATCH_DISSECT_ASN1_H
#define PUSHWATCH_DISSECT_ASN1_H

#include "../capture/base.h"

#include <openssl/asn1.h>
#include <openssl/x509.h>

/* asn1_bytes gives a string's bytes, borrowed; none for NULL. */
struct span asn1_bytes(const ASN1_STRING *string);

/* asn1_name appends a name as RFC 4514 writes it, UTF-8 kept as it is. */
void asn1_name(struct buf *out, const X509_NAME *name);

/* asn1_time converts UTCTime and GeneralizedTime (RFC 5280 section 4.1.2.5), also with an offset or
 * without seconds. What 64 bits of nanoseconds can't hold is clamped: 9999-12-31 means "never".
 * Returns false if it is no time. */
MUST_CHECK bool asn1_time(nanotime *out, const ASN1_TIME *when);

/* asn1_count_scts counts the timestamps in an extension that holds them in an OCTET STRING (RFC
 * 6962 section 3.3), of a certificate or an OCSP response. NULL has none. */
unsigned asn1_count_scts(const X509_EXTENSION *extension);

#endif
