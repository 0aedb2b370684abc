/* tls_auth.h: Certificate and the messages that go with it, in the clear or decrypted: what an end
 * proves who it is with. Internal to tls_flight.c. */
#ifndef PUSHWATCH_DISSECT_TLS_AUTH_H
#define PUSHWATCH_DISSECT_TLS_AUTH_H

#include "tls_session.h"

/* tls_auth_certificate takes a Certificate, tls_auth_compressed a CompressedCertificate; `lost` as
 * for tls_flight_take. */
void tls_auth_certificate(struct tls *tls, unsigned direction, const struct tls_message *message,
                          bool lost, const struct tls_where *where);
void tls_auth_compressed(struct tls *tls, unsigned direction, const struct tls_message *message,
                         bool lost, const struct tls_where *where);

/* tls_auth_ssl2_certificate takes the certificate of a server that speaks SSLv2: it sends no chain.
 */
void tls_auth_ssl2_certificate(struct tls *tls, unsigned direction, struct span der,
                               const struct tls_where *where);

/* tls_auth_status takes the server's CertificateStatus. */
void tls_auth_status(struct tls *tls, const struct tls_message *message);

/* tls_auth_request takes the server's CertificateRequest. */
void tls_auth_request(struct tls *tls, const struct tls_message *message);

/* tls_auth_client_known publishes what was held until it was known which end is the client. */
void tls_auth_client_known(struct tls *tls);

#endif
