/* tls_over.c: a session at rest whose connection is over: see flow_over.c. */
#include "keep.h"
#include "tls_session.h"

/* Frames lie between the first of the connection and the last of the session. */
struct form {
    uint8_t *at;
    unsigned frame;
    uint64_t first_frame;
    uint8_t bits;
};

/* The header: the width, and what is there. An outcome is told once a report, or a later segment,
 * has asked for it. */
enum {
    WIDTH_LESS_ONE = 7,
    HAS_CERTS = 1 << 3,
    HAS_CLIENT_CERTS = 1 << 4,
    HAS_ALERTS = 1 << 5,
    HAS_OUTCOME = 1 << 6,
    IS_OVER = 1 << 7
};

/* Words of a session that have bits in them, which have no address. */
enum {
    WHO = offsetof(struct tls, facts) / sizeof(pack_word), /* to acceptable_cas */
    BITS = WHO - 1,
    OUTCOME = WHO + 1, /* to server_chain_cut */
    COUNTS = WHO + 2   /* to client_key_exchange */
};
#define WORD_OF(field) (offsetof(struct tls, field) / sizeof(pack_word))
_Static_assert(WORD_OF(store) == BITS - 1 && WORD_OF(facts.acceptable_cas) == WHO &&
                   WORD_OF(facts.resumed) == OUTCOME &&
                   WORD_OF(facts.server_chain_cut) == OUTCOME &&
                   WORD_OF(facts.client_chain_cut) == COUNTS &&
                   WORD_OF(facts.close_notify) == COUNTS,
               "words of a session");

static ALWAYS_INLINE void walk_direction(struct form *form, bool back, struct tls_direction *d)
{
    pack_word *last = (pack_word *)&d->seen; /* and first_data, and bits */
    KEEP_KNOWN(d->last_frame, form->first_frame, form->frame);
    KEEP_BYTES(&d->framer, 6); /* but for `left` */
    KEEP(*last, 0, sizeof *last);
}

static ALWAYS_INLINE void walk_certs(struct form *form, bool back, struct tls_facts *facts)
{
    if (form->bits & HAS_CERTS) {
        KEEP_POINTER(facts->server_certs);
        KEEP(facts->server_cert_count, 0, 1);
        KEEP(facts->certificate_frame, form->first_frame, form->frame);
    }
    if (form->bits & HAS_CLIENT_CERTS) {
        KEEP_POINTER(facts->client_certs);
        KEEP(facts->client_cert_count, 0, 1);
        KEEP(facts->client_certificate_frame, form->first_frame, form->frame);
    }
}

static ALWAYS_INLINE void walk(struct form *form, bool back, struct tls *tls)
{
    pack_word *words = (pack_word *)tls;
    struct tls_facts *facts = &tls->facts;
    for (unsigned i = 0; i < 2; i++)
        walk_direction(form, back, &tls->directions[i]);
    KEEP(words[BITS], 0, 2);
    KEEP(words[WHO], 0, sizeof *words);
    if (form->bits & HAS_OUTCOME) {
        KEEP(words[OUTCOME], 0, sizeof *words);
        KEEP(words[COUNTS], 0, sizeof *words);
    }
    KEEP_POINTER(facts->client_hello);
    KEEP_POINTER(facts->server_hello);
    KEEP_POINTER(facts->sni.p);
    KEEP(facts->sni.n, 0, 1);
    KEEP_KNOWN(facts->client_hello_frame, form->first_frame, form->frame);
    KEEP_KNOWN(facts->server_hello_frame, form->first_frame, form->frame);
    KEEP_KNOWN(facts->complete_frame, form->first_frame, form->frame);
    walk_certs(form, back, facts);
    if (form->bits & HAS_ALERTS) {
        KEEP_POINTER(facts->alerts);
        KEEP(facts->alert_count, 0, 1);
    }
}

static unsigned bits_of(const struct tls *tls)
{
    const pack_word *words = (const pack_word *)tls;
    const struct tls_facts *facts = &tls->facts;
    return (facts->server_certs ? HAS_CERTS : 0u) | (facts->client_certs ? HAS_CLIENT_CERTS : 0u) |
           (facts->alerts ? HAS_ALERTS : 0u) | (words[OUTCOME] ? HAS_OUTCOME : 0u);
}

static void get(struct tls *tls, const uint8_t *in, struct tls_store *store, uint64_t first_frame)
{
    struct form form = {.at = (uint8_t *)(uintptr_t)in + 1,
                        .frame = (*in & WIDTH_LESS_ONE) + 1u,
                        .first_frame = first_frame,
                        .bits = *in};
    memset(tls, 0, sizeof *tls);
    tls->store = store;
    walk(&form, true, tls);
}

size_t tls_over_put(uint8_t *out, struct tls *tls, uint64_t first_frame)
{
    uint64_t a = tls->directions[0].last_frame, b = tls->directions[1].last_frame;
    struct form form = {.at = out + 1,
                        .frame = keep_width((a > b ? a : b) - first_frame + 1),
                        .first_frame = first_frame,
                        .bits = (uint8_t)bits_of(tls)};
    *out = (uint8_t)(IS_OVER | form.bits | (form.frame - 1));
    walk(&form, false, tls);
    struct tls again;
    get(&again, out, tls->store, first_frame);
    if (memcmp(&again, tls, sizeof again) != 0)
        return 0;
    tls_store_session_free(tls->store, tls, sizeof *tls);
    return (size_t)(form.at - out);
}

struct tls *tls_over_get(const uint8_t *in, struct tls_store *store, uint64_t first_frame)
{
    struct tls *tls = tls_store_session(store, sizeof *tls);
    get(tls, in, store, first_frame);
    return tls;
}
