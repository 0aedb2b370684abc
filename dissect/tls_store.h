/* tls_store.h: what the TLS sessions of a shard share: hellos, names, chains, each distinct one
 * once; and the memory that they use in turn. Its public part is in tls.h. */
#ifndef PUSHWATCH_DISSECT_TLS_STORE_H
#define PUSHWATCH_DISSECT_TLS_STORE_H

#include "tls.h"
#include "tls_handshake.h"
#include "tls_hello.h"

/* tls_store_certs is where the store's sessions put their certificates. */
struct cert_share *tls_store_certs(struct tls_store *store);

/* tls_store_pool is what all sessions' joiners use. */
struct tls_joiner_pool *tls_store_pool(struct tls_store *store);

/* tls_store_read_client and tls_store_read_server read a hello like tls_hello_client and
 * tls_hello_server, at less cost where one that reads alike was there before. */
MUST_CHECK bool tls_store_read_client(struct tls_store *store, struct tls_hello *hello,
                                      struct span body);
MUST_CHECK bool tls_store_read_server(struct tls_store *store, struct tls_hello *hello,
                                      struct span body);

/* tls_store_client_hello and tls_store_server_hello return the facts of a hello, shared by all
 * sessions with an equal one. Each needs one tls_store_release. */
MUST_CHECK const struct client_hello *tls_store_client_hello(struct tls_store *store,
                                                             const struct tls_hello *hello);
MUST_CHECK const struct server_hello *tls_store_server_hello(struct tls_store *store,
                                                             const struct tls_hello *hello);

/* tls_store_see_hello has tls_store_hello_seen tell of a client's hello. */
void tls_store_see_hello(struct tls_store *store, const struct tls_hello *hello, uint64_t frame);

/* tls_store_name returns shared bytes that equal those of a server name, which is not empty. They
 * need one tls_store_release. */
MUST_CHECK const uint8_t *tls_store_name(struct tls_store *store, struct span name);

/* tls_store_chain returns the certificates of a Certificate message, *count of them, those that are
 * whole where it is cut or malformed; NULL if there is none. *whole tells whether the message could
 * be read to its end. `tls13` as for tls_chain_open. The list needs one tls_store_release. */
MUST_CHECK const struct cert *const *tls_store_chain(struct tls_store *store, uint8_t *count,
                                                     bool *whole, struct span body, bool tls13);

/* tls_store_staple returns what a stapled OCSP response says of the certificate with this serial
 * number (see ocsp_read); if it is not `whole`, that it is there. tls_store_raw_key returns what a
 * SubjectPublicKeyInfo says. Each needs one tls_store_release. */
MUST_CHECK const struct ocsp_staple *tls_store_staple(struct tls_store *store, bool whole,
                                                      struct span response, struct span serial);
MUST_CHECK const struct raw_key *tls_store_raw_key(struct tls_store *store, struct span spki);

/* tls_store_extras makes a session's extras, all zero. They need one tls_store_release. */
MUST_CHECK struct tls_extras *tls_store_extras(struct tls_store *store);

/* tls_store_release gives back what one of the functions above gave. NULL is fine. */
void tls_store_release(struct tls_store *store, const void *shared);

/* tls_store_charge follows what sessions hold of their own for what is opened. */
void tls_store_charge(struct tls_store *store, size_t before, size_t after);

/* tls_store_hold counts what a session has allocated, and tls_store_let_go what it frees. */
void tls_store_hold(struct tls_store *store, size_t bytes);
void tls_store_let_go(struct tls_store *store, size_t bytes);

/* tls_store_session gives memory of `size` bytes for a session or a part of one, not initialised;
 * tls_store_session_free takes it back. */
MUST_CHECK void *tls_store_session(struct tls_store *store, size_t size);
void tls_store_session_free(struct tls_store *store, void *session, size_t size);

#endif
