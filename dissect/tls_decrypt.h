/* tls_decrypt.h: opens the records of sessions whose secrets a key log gives. Internal to the files
 * of a session, which know nothing of keys: they tell of hellos, records and holes. All that a
 * session without secrets pays is a look at tls->opener.
 *
 * Secrets may come after the records that they open: those wait, up to limits (limits.h). */
#ifndef PUSHWATCH_DISSECT_TLS_DECRYPT_H
#define PUSHWATCH_DISSECT_TLS_DECRYPT_H

#include "tls_session.h"

/* tls_decrypt_client_hello and tls_decrypt_server_hello tell of the hellos that were taken, that is
 * the first of each kind, and no HelloRetryRequest. */
void tls_decrypt_client_hello(struct tls *tls, const struct tls_hello *hello);
void tls_decrypt_server_hello(struct tls *tls, const struct tls_hello *hello);

/* tls_decrypt_body takes a piece of the body of the current record, before tls_session_body. */
void tls_decrypt_body(struct tls *tls, unsigned direction, struct span piece,
                      const struct tls_where *where);

/* tls_decrypt_gap tells of missing bytes, as tls_session_gap. */
void tls_decrypt_gap(struct tls *tls, unsigned direction, uint64_t length, bool framed,
                     const struct tls_where *where);

/* tls_decrypt_finish says that nothing more comes: what waits is opened or given up. The opener is
 * gone then. */
void tls_decrypt_finish(struct tls *tls);

/* tls_decrypt_free drops an opener as it is. */
void tls_decrypt_free(struct tls *tls);

#endif
