/* same_hello.h: whether two hellos that were read out of the same bytes, and the facts of two, are
 * the same, member by member. */
#ifndef PUSHWATCH_TESTS_SAME_HELLO_H
#define PUSHWATCH_TESTS_SAME_HELLO_H

#include "../dissect/tls_hello.h"

static inline bool same_span(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || a.p == b.p);
}

static inline bool same_hello(const struct tls_hello *a, const struct tls_hello *b)
{
    return same_span(a->body, b->body) && same_span(a->random, b->random) &&
           same_span(a->ciphers, b->ciphers) && same_span(a->extensions, b->extensions) &&
           same_span(a->sni, b->sni) && same_span(a->alpn, b->alpn) &&
           same_span(a->groups, b->groups) && same_span(a->point_formats, b->point_formats) &&
           same_span(a->signature_algorithms, b->signature_algorithms) &&
           same_span(a->scts, b->scts) && a->legacy_version == b->legacy_version &&
           a->highest == b->highest && a->version == b->version && a->cipher == b->cipher &&
           a->group == b->group && a->ssl2 == b->ssl2 && a->whole == b->whole &&
           a->retry == b->retry && a->pre_shared_key == b->pre_shared_key &&
           a->external_keys == b->external_keys && a->early_data == b->early_data &&
           a->ech == b->ech && a->ech_again == b->ech_again && a->ech_answered == b->ech_answered &&
           a->esni == b->esni && a->encrypt_then_mac == b->encrypt_then_mac &&
           memcmp(a->certificate_types, b->certificate_types, sizeof a->certificate_types) == 0;
}

static inline bool same_client(const struct client_hello *a, const struct client_hello *b)
{
    bool same = a->legacy_version == b->legacy_version && a->version == b->version &&
                strcmp(a->ja3, b->ja3) == 0 && strcmp(a->ja4, b->ja4) == 0 && a->ech == b->ech &&
                a->esni == b->esni && a->early_data == b->early_data &&
                a->external_keys == b->external_keys && a->alpn.count == b->alpn.count;
    for (size_t i = 0; same && i < a->alpn.count; i++)
        same = span_equal(a->alpn.items[i], b->alpn.items[i]);
    return same;
}

static inline bool same_server(const struct server_hello *a, const struct server_hello *b)
{
    return a->version == b->version && a->cipher == b->cipher && a->group == b->group &&
           span_equal(a->alpn, b->alpn) && strcmp(a->ja3s, b->ja3s) == 0;
}

#endif
