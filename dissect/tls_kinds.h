/* tls_kinds.h: hellos that read like an earlier one: equal to it in all bytes that anybody reads,
 * but for those that are other ones each time. Real clients and servers send the same hello again
 * and again.
 *
 * Others are randoms, session ids, the server's name, key shares, tickets, what ECH has encrypted,
 * and the values of RFC 8701 (each stands where another one stood). As all else is compared byte by
 * byte, reading the hello would come to the same. */
#ifndef PUSHWATCH_DISSECT_TLS_KINDS_H
#define PUSHWATCH_DISSECT_TLS_KINDS_H

#include "intern.h"
#include "tls_hello.h"

/* At most TLS_KINDS_MAX are remembered, those found last. A longer hello, or one with more that is
 * passed over, is none of them. */
enum { TLS_KIND_SETS = 32, TLS_KIND_WAYS = 4, TLS_KINDS_MAX = TLS_KIND_SETS * TLS_KIND_WAYS };
enum { TLS_KIND_MOST = 2048, TLS_KIND_RUNS = 60 };

/* Zero-initialise but for `shared`, where facts are; what tells a kind is where its keys are. Free
 * with tls_kinds_done. */
struct tls_kinds {
    struct intern *shared;
    size_t memory;  /* of what tells them, as in struct intern */
    uint64_t count; /* of all that there ever were */
    /* Each: that found last first. */
    struct tls_kind_place {
        uint64_t glance;
        const struct tls_kind *kind;
        const void *facts;
        uint64_t number; /* of no other kind, also if this one is forgotten */
    } sets[TLS_KIND_SETS][TLS_KIND_WAYS];
};

/* tls_kinds_find reads a hello as an earlier one was read: *hello as tls_hello_client, or
 * tls_hello_server, would set it, hello->known the facts of that one, borrowed until the next call,
 * and hello->kind its number. Returns false, and leaves *hello alone, if there was none like it. */
MUST_CHECK bool tls_kinds_find(struct tls_kinds *kinds, struct tls_hello *hello, bool server,
                               struct span body);

/* tls_kinds_add remembers a hello that was read out of `body`, with its facts, a thing of
 * kinds->shared; unless it is one that could not be told from others. */
void tls_kinds_add(struct tls_kinds *kinds, const struct tls_hello *hello, bool server,
                   const void *facts);

void tls_kinds_done(struct tls_kinds *kinds);

#endif
