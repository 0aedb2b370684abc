/* tls_store.h: what TLS sessions share: each distinct hello once. Its public part is in tls.h. */
#ifndef PUSHWATCH_DISSECT_TLS_STORE_H
#define PUSHWATCH_DISSECT_TLS_STORE_H

#include "tls.h"
#include "tls_hello.h"

/* tls_store_certs is where the store's sessions put their certificates. */
struct cert_store *tls_store_certs(struct tls_store *store);

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
