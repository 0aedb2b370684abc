/* tls_ssl2.h: sessions of SSLv2 ("The SSL Protocol", Hickman 1995), after their hellos. Internal to
 * tls_session.c. */
#ifndef PUSHWATCH_DISSECT_TLS_SSL2_H
#define PUSHWATCH_DISSECT_TLS_SSL2_H

#include "tls_session.h"

/* tls_ssl2_header begins a record of SSLv2: a hello, which is joined like a handshake message of
 * its kind, or what follows it. Does nothing for any other record. */
void tls_ssl2_header(struct tls *tls, struct tls_direction *d);

/* tls_ssl2_body takes a piece of the body of a record that follows the hello. */
void tls_ssl2_body(struct tls *tls, struct tls_direction *d, struct span piece);

#endif
