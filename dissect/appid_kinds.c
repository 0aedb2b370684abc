/* appid_kinds.c: a small cache. Whether something is in it changes what a label costs, not what it
 * says. */
#include "appid_kinds.h"

void appid_kinds_init(struct appid_kinds *kinds)
{
    *kinds = (struct appid_kinds){0};
    intern_init(&kinds->steps);
}

void appid_kinds_done(struct appid_kinds *kinds)
{
    intern_done(&kinds->steps);
    buf_done(&kinds->key);
}

static uint64_t mix(uint64_t mixed, struct span bytes)
{
    uint64_t word;
    size_t at = 0;
    for (; at + sizeof word <= bytes.n; at += sizeof word) {
        memcpy(&word, bytes.p + at, sizeof word);
        mixed = ((mixed << 32 | mixed >> 32) ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    }
    word = 0;
    if (at < bytes.n)
        memcpy(&word, bytes.p + at, bytes.n - at);
    return ((mixed << 32 | mixed >> 32) ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The hellos for hundreds of servers and networks are alike but for a few bytes. intern_key_of
 * looks at some of the bytes for a place, and always at the last ones: these are made of all the
 * others. Answers are long, and those of two servers differ in many places. */
struct intern_key appid_kinds_key(struct appid_kinds *kinds, const struct appid_kind *kind)
{
    uint64_t words[] = {(uint64_t)kind->length << 32 | (uint64_t)kind->headers << 16 | kind->port,
                        (uint64_t)kind->distance << 32 | (uint64_t)kind->flags << 24 |
                            (uint64_t)kind->passed << 16 | (uint64_t)kind->ipv6 << 8 |
                            kind->upwards,
                        kind->after,
                        kind->hello,
                        kind->ends[0],
                        kind->ends[1],
                        0};
    for (size_t i = 0; i + 1 < COUNT_OF(words); i++)
        words[COUNT_OF(words) - 1] =
            (words[COUNT_OF(words) - 1] ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    if (kind->after == 0)
        words[COUNT_OF(words) - 1] = mix(words[COUNT_OF(words) - 1], kind->payload);
    kinds->key.n = 0;
    buf_append(&kinds->key, kind->payload.p, kind->payload.n);
    buf_append(&kinds->key, words, sizeof words);
    return intern_key_of(&kinds->steps, 0, span_of(kinds->key.p, kinds->key.n));
}

const struct appid_step *appid_kinds_find(struct appid_kinds *kinds, const struct intern_key *key,
                                          uint32_t now)
{
    const struct appid_step *step = intern_find(&kinds->steps, key);
    intern_release(&kinds->steps, step); /* it stays remembered */
    return step && appid_stretch_has(&step->times, now) ? step : NULL;
}

void appid_kinds_add_known(struct appid_kinds *kinds, const struct intern_key *key,
                           const struct appid_step *known)
{
    const struct appid_step copy = *known; /* it may be forgotten now */
    struct appid_step *step = intern_new(&kinds->steps, sizeof *step, key);
    *step = copy;
    intern_release(&kinds->steps, step);
}

uint64_t appid_kinds_add(struct appid_kinds *kinds, const struct intern_key *key,
                         const struct appid_step *made)
{
    struct appid_step step = *made;
    step.number = ++kinds->count;
    appid_kinds_add_known(kinds, key, &step);
    return kinds->count;
}
