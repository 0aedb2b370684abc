/* tls_ssl2.h: sessions of SSLv2 ("The SSL Protocol", Hickman 1995), after their hellos. Internal to
 * tls_session.c. */
#ifndef PUSHWATCH_DISSECT_TLS_SSL2_H
#define PUSHWATCH_DISSECT_TLS_SSL2_H

#include "tls_session.h"

/* tls_ssl2_hello begins a hello, which is joined like a handshake message of its kind. */
void tls_ssl2_hello(struct tls *tls, struct tls_direction *d);

/* tls_ssl2_record begins a record after the hello; tls_ssl2_body takes a piece of its body. */
void tls_ssl2_record(struct tls *tls, struct tls_direction *d);
void tls_ssl2_body(struct tls *tls, struct tls_direction *d, struct span piece);

#endif
