/* cert_store.h: each distinct certificate of a run once, and how it was used: shared by all
 * threads, each of which may call anything here at any time.
 *
 * What a certificate says (cert.h) does not change and is read without further ado. How it was used
 * may change at any moment: it is read in a visit only.
 *
 * Nothing of that depends on the order in which threads come, not even which certificates have
 * room: each shard has a share of what is left at the beginning of a round, and what others take in
 * the same round it neither finds nor misses. */
#ifndef PUSHWATCH_DISSECT_CERT_STORE_H
#define PUSHWATCH_DISSECT_CERT_STORE_H

#include "cert.h"

struct cert_store;

/* cert_store_new makes an empty store, for certificates of up to `most` bytes in all, and of no
 * more than LIMIT_CERT_BYTES. Free with cert_store_free, which frees the certificates. */
MUST_CHECK struct cert_store *cert_store_new(size_t most);
void cert_store_free(struct cert_store *store);

/* A shard's share of a store: what it may add in this round. Each is used by one thread at a time.
 */
struct cert_share {
    struct cert_store *store;
    unsigned number;
    uint64_t round;      /* in which this is left: */
    size_t bytes, certs; /* of new ones, and of names */
};
enum { CERT_SHARES_MAX = 64 };

/* cert_share_init takes a share, before the first round: there are CERT_SHARES_MAX at most. */
void cert_share_init(struct cert_share *share, struct cert_store *store);

/* cert_store_round begins a round, while nobody uses a share. */
void cert_store_round(struct cert_store *store);

/* cert_store_get returns the certificate with this DER, parsed when it is first seen. It lives as
 * long as the store. NULL if it is new in this round and the share is used up. */
MUST_CHECK const struct cert *cert_store_get(struct cert_share *share, struct span der);

/* cert_store_seen notes that a flow has shown a chain, leaf first, in a message that was whole with
 * this frame. A certificate that is in the chain twice counts once. */
void cert_store_seen(const struct cert_share *share, const struct cert *const *chain,
                     unsigned count, nanotime time, uint64_t frame);

/* cert_store_presented notes by whom a chain was presented (CERT_FROM_CLIENT or CERT_FROM_SERVER),
 * and a server's under which name; sni.n is 0 if none is known. */
void cert_store_presented(struct cert_share *share, const struct cert *const *chain, unsigned count,
                          unsigned by, struct span sni);

/* cert_store_visit_new calls visit for each certificate that some flow has shown and that was not
 * visited before, in order of first frames and within a frame leaf first. Once all threads are done
 * that order depends on the capture alone. The store is locked meanwhile: visit calls nothing here.
 */
void cert_store_visit_new(struct cert_store *store,
                          void (*visit)(void *context, const struct cert *cert), void *context);

/* cert_store_count gives the number of distinct certificates kept so far, cert_store_dropped that
 * of those that were not kept because a cap was reached, counted each time. */
uint64_t cert_store_count(struct cert_store *store);
uint64_t cert_store_dropped(struct cert_store *store);

#endif
