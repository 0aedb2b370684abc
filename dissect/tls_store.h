/* tls_store.h: what TLS sessions share: each distinct certificate once, each distinct hello once.
 * Its public part is in tls.h. */
#ifndef PUSHWATCH_DISSECT_TLS_STORE_H
#define PUSHWATCH_DISSECT_TLS_STORE_H

#include "tls.h"
#include "tls_hello.h"

/* tls_store_cert returns the certificate with this DER, parsed when it is first seen. It lives as
 * long as the store. NULL if it is a new one and a cap is reached. The caller counts cert->flows.
 */
MUST_CHECK struct cert *tls_store_cert(struct tls_store *store, struct span der, nanotime time,
                                       uint64_t frame);

/* tls_store_presented notes by whom a certificate was presented (CERT_FROM_CLIENT or
 * CERT_FROM_SERVER), and a server's under which name; sni.n is 0 if none is known. */
void tls_store_presented(struct tls_store *store, const struct cert *cert, unsigned by,
                         struct span sni);

/* tls_store_client_hello and tls_store_server_hello return the facts of a hello, shared by all
 * sessions with an equal one. Each needs one tls_store_release. */
MUST_CHECK const struct client_hello *tls_store_client_hello(struct tls_store *store,
                                                             const struct tls_hello *hello);
MUST_CHECK const struct server_hello *tls_store_server_hello(struct tls_store *store,
                                                             const struct tls_hello *hello);

/* tls_store_release gives a hello back, which is freed with its last user. NULL is fine. */
void tls_store_release(struct tls_store *store, const void *hello);

/* tls_store_held is the count of bytes that all sessions' joiners buffer. */
size_t *tls_store_held(struct tls_store *store);

#endif
