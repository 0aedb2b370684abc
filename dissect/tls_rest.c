/* tls_rest.c: a session at rest, as words that are mostly small. */
#include "pack.h"
#include "tls_session.h"

_Static_assert(sizeof(struct tls) <= TLS_WORDS * sizeof(uint64_t), "a session fits");

typedef uint64_t change(uint64_t value, uint64_t base);

static void change_all(struct tls *tls, nanotime time, uint64_t frame, change *how)
{
    struct tls_facts *facts = &tls->facts;
    uint64_t *const frames[] = {&facts->client_hello_frame,    &facts->server_hello_frame,
                                &facts->certificate_frame,     &facts->client_certificate_frame,
                                &facts->complete_frame,        &tls->early_first_frame,
                                &tls->early_last_frame,        &tls->directions[0].last_frame,
                                &tls->directions[1].last_frame};
    for (unsigned i = 0; i < COUNT_OF(frames); i++)
        *frames[i] = how(*frames[i], frame);
    for (unsigned i = 0; i < 2; i++) {
        nanotime *last = &tls->directions[i].last_time;
        *last = (nanotime)how((uint64_t)*last, (uint64_t)time);
    }
}

/* Words that are pointers: blocks of one shard lie near its store, or near one another. */
static const uint16_t pointers[] = {
#define POINTER(field) offsetof(struct tls, field) / sizeof(uint64_t)
    POINTER(facts.client_hello),
    POINTER(facts.server_hello),
    POINTER(facts.sni.p),
    POINTER(facts.server_certs),
    POINTER(facts.client_certs),
    POINTER(facts.alerts),
    POINTER(facts.extras),
    POINTER(held_chain),
    POINTER(opener),
    POINTER(directions[0].joiner.body),
    POINTER(directions[1].joiner.body),
#undef POINTER
};

unsigned tls_rest(uint64_t *words, struct tls *tls, bool small, nanotime time, uint64_t frame)
{
    struct tls_store *store = tls->store;
    unsigned slack = 0;
    if (small)
        change_all(tls, time, frame, pack_near);
    tls->store = NULL;
    memset(words, 0, TLS_WORDS * sizeof *words);
    memcpy(words, tls, sizeof *tls);
    for (unsigned i = 0; i < COUNT_OF(pointers); i++) {
        if (small)
            words[pointers[i]] = pack_near(words[pointers[i]], (uintptr_t)store);
        slack += pack_slack(words[pointers[i]]);
    }
    tls_store_session_free(store, tls, sizeof *tls);
    return slack;
}

struct tls *tls_resume(uint64_t *words, struct tls_store *store, bool small, nanotime time,
                       uint64_t frame)
{
    struct tls *tls = tls_store_session(store, sizeof *tls);
    for (unsigned i = 0; small && i < COUNT_OF(pointers); i++)
        words[pointers[i]] = unpack_near(words[pointers[i]], (uintptr_t)store);
    memcpy(tls, words, sizeof *tls);
    tls->store = store;
    if (small)
        change_all(tls, time, frame, unpack_near);
    return tls;
}
