/* tls.h: both directions of a TLS session, from in-order stream bytes to facts. */
#ifndef PUSHWATCH_DISSECT_TLS_H
#define PUSHWATCH_DISSECT_TLS_H

#include "cert_store.h"
#include "tls_facts.h"

/* What the sessions of one shard share, and what they reuse. */
struct tls_store;
struct blocks;
struct keylog;
struct pages;

/* tls_store_new makes a store whose sessions put their certificates into `certs`, which must
 * outlive it. One thread at a time uses it and its sessions. Free with tls_store_free, after all
 * sessions. */
MUST_CHECK struct tls_store *tls_store_new(struct cert_store *certs);
void tls_store_free(struct tls_store *store);

/* tls_store_use_keys has sessions that begin later be opened with the secrets of a key log, which
 * must outlive the store; NULL is none. With `values` what is inside is kept as well. */
void tls_store_use_keys(struct tls_store *store, const struct keylog *keylog, bool values);

/* tls_store_use_memory has messages that are put together from pieces take no more than that many
 * bytes, nor more than LIMIT_TLS_HELD. */
void tls_store_use_memory(struct tls_store *store, size_t most);

/* tls_store_use_pages has the memory of sessions come from there. Before the first of them. */
void tls_store_use_pages(struct tls_store *store, struct pages *pages);

/* tls_store_use_blocks has hellos, names and chains be there: what they leave is of use to others,
 * and the other way round. Before the first of them; the store is freed before the blocks. */
void tls_store_use_blocks(struct tls_store *store, struct blocks *blocks);

/* tls_store_use_bytes has what hellos, names and chains are found by be there (shared_bytes.h).
 * Before the first of them. */
struct shared_bytes;
void tls_store_use_bytes(struct tls_store *store, struct shared_bytes *bytes);

/* The ClientHello that was read last: what reads hellos, too, need not do so again for each that is
 * like an earlier one. */
struct tls_hello_seen {
    uint64_t kind;    /* it shares this number with hellos that differ from it in no more than
                         tls_kinds.h tells, and with no other; 0: with none */
    uint64_t frame;   /* of the segment that brought its last byte */
    struct span body; /* where the message was, without its header, and the server's name in it: */
    struct span name; /* as long as that segment's bytes are there */
};
const struct tls_hello_seen *tls_store_hello_seen(const struct tls_store *store);

/* tls_store_spare forgets what is remembered in case that it comes again, and nobody uses. */
void tls_store_spare(struct tls_store *store);

/* tls_store_memory gives the bytes that all its sessions hold beside themselves. */
size_t tls_store_memory(const struct tls_store *store);

/* Where some stream bytes came from. */
struct tls_where {
    uint64_t offset; /* stream offset of the first byte, any origin, growing */
    uint64_t frame;  /* of the segment that brought them */
    nanotime time;
};

/* record is called for each record header, before the record's body: RFC 8446 section 5.1. `offset`
 * is that of the header's first byte, `length` that of the body. unheard is asked where early data
 * may come: had the sender of these bytes nothing of its peer's stream yet, as far as is known? */
struct tls_observer {
    void *context;
    void (*record)(void *context, unsigned direction, uint64_t offset, uint8_t type,
                   uint16_t length);
    bool (*unheard)(void *context, unsigned direction);
};

enum tls_verdict {
    TLS_UNDECIDED, /* not enough bytes yet */
    TLS_IS,
    TLS_IS_NOT /* the bytes can be forgotten: pass no more */
};

struct tls;

/* tls_new begins a session. `midstream` tells that the capture joined after the TCP handshake, so
 * that the first bytes need not be the first of the stream. The store must outlive it. */
MUST_CHECK struct tls *tls_new(struct tls_store *store, bool midstream);

/* tls_data takes the next bytes of a direction, in order, borrowed for the call. */
void tls_data(struct tls *tls, unsigned direction, struct span bytes, const struct tls_where *where,
              const struct tls_observer *observer);

/* tls_lose says, before a direction's first bytes, that nobody knows where its first record begins;
 * tls_plain, that it has begun as something else. */
void tls_lose(struct tls *tls, unsigned direction);
void tls_plain(struct tls *tls, unsigned direction);

/* tls_gap says that `length` bytes of a direction are missing in the capture. */
void tls_gap(struct tls *tls, unsigned direction, uint64_t length, const struct tls_where *where);

/* tls_fin says that a direction has sent its FIN or that the flow is over for it; call it in order
 * with the data. Decides close_notify's "likely", and whether a handshake failed. */
void tls_fin(struct tls *tls, unsigned direction);

/* tls_prefetch brings what tls_data needs near, for calls soon after. */
void tls_prefetch(const struct tls *tls);

/* tls_holds tells that a part of a message waits for the rest of it. */
bool tls_holds(const struct tls *tls);

/* tls_finish says that the flow is over: what is still undecided is decided. */
void tls_finish(struct tls *tls);

enum tls_verdict tls_verdict(const struct tls *tls);

/* tls_facts gives what is known so far, valid until the next call for the session. */
const struct tls_facts *tls_facts(struct tls *tls);

/* tls_rest moves a session into TLS_WORDS words, most of which are zero, or small if they shall be,
 * and tls_resume back; `time` and `frame` are some of about its beginning, the same for both. What
 * the session had allocated stays so, and belongs to the words. tls_rest returns the slack of
 * pointers among them: pack_slack. */
enum { TLS_WORDS = 40 };
unsigned tls_rest(uint64_t *words, struct tls *tls, bool small, nanotime time, uint64_t frame);
MUST_CHECK struct tls *tls_resume(uint64_t *words, struct tls_store *store, bool small,
                                  nanotime time, uint64_t frame);

/* tls_over_put moves a session whose connection is over to `out`, which has TLS_OVER_ROOM bytes, if
 * it is like most of them, and tls_over_get back; `frame` is the connection's first. Returns how
 * many bytes it took, of which the first is not 0; or 0, and the session stays as it is. Up to
 * seven bytes behind those are read. */
enum { TLS_OVER_ROOM = 256 };
MUST_CHECK size_t tls_over_put(uint8_t *out, struct tls *tls, uint64_t frame);
MUST_CHECK struct tls *tls_over_get(const uint8_t *in, struct tls_store *store, uint64_t frame);

/* tls_free ends a session. NULL is fine. */
void tls_free(struct tls *tls);

#endif
