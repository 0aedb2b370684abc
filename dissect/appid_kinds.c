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

static uint64_t mix_word(uint64_t mixed, uint64_t word)
{
    return ((mixed << 32 | mixed >> 32) ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The last word has bytes of the one before it. */
static uint64_t mix(uint64_t mixed, struct span bytes)
{
    uint64_t word;
    size_t at = 0;
    for (; at + sizeof word <= bytes.n; at += sizeof word) {
        memcpy(&word, bytes.p + at, sizeof word);
        mixed = mix_word(mixed, word);
    }
    if (bytes.n >= sizeof word) {
        memcpy(&word, bytes.p + bytes.n - sizeof word, sizeof word);
        return mix_word(mixed, word);
    }
    for (; at < bytes.n; at++)
        mixed = mix_word(mixed, bytes.p[at]);
    return mixed;
}

static void words_of(uint64_t words[KIND_WORDS], const struct appid_kind *kind)
{
    words[0] = (uint64_t)kind->length << 32 | (uint64_t)kind->headers << 16 | kind->port;
    words[1] = (uint64_t)kind->distance << 32 | (uint64_t)kind->flags << 24 |
               (uint64_t)kind->passed << 16 | (uint64_t)kind->ipv6 << 8 | kind->upwards;
    words[2] = kind->after;
    words[3] = kind->hello;
    words[4] = kind->ends[0];
    words[5] = kind->ends[1];
}

static uint64_t mix_words(const uint64_t words[KIND_WORDS])
{
    uint64_t mixed = 0;
    for (size_t i = 0; i < KIND_WORDS; i++)
        mixed = (mixed ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return mixed;
}

/* The hellos for hundreds of servers and networks are alike but for a few bytes. intern_key_of
 * looks at some of the bytes for a place, and always at the last ones: these are made of all the
 * others. Answers are long, and those of two servers differ in many places. */
struct intern_key appid_kinds_key(struct appid_kinds *kinds, const struct appid_kind *kind)
{
    uint64_t words[KIND_WORDS + 1];
    words_of(words, kind);
    words[KIND_WORDS] = mix_words(words);
    if (kind->after == 0)
        words[KIND_WORDS] = mix(words[KIND_WORDS], kind->payload);
    kinds->key.n = 0;
    buf_append(&kinds->key, kind->payload.p, kind->payload.n);
    buf_append(&kinds->key, words, sizeof words);
    return intern_key_of(&kinds->steps, 0, span_of(kinds->key.p, kinds->key.n));
}

/* What the ends are is not asked: so the place is known before. */
static size_t set_of(const struct appid_kind *hello)
{
    return mix(hello->hello, hello->payload) >> 32 & (KIND_HELLO_SETS - 1);
}

void appid_kinds_prefetch_hello(const struct appid_kinds *kinds, const struct appid_kind *hello)
{
    const struct appid_known_hello *set = kinds->hellos[set_of(hello)];
    prefetch(set, sizeof *set);
    prefetch_line(&set[1]);
}

static bool is_same(const struct appid_known_hello *known, const uint64_t words[KIND_WORDS],
                    struct span name)
{
    uint64_t differing = 0;
    for (size_t i = 0; i < KIND_WORDS; i++)
        differing |= known->words[i] ^ words[i];
    return differing == 0 && span_equal(span_of(known->name, known->n), name);
}

const struct app_label *appid_kinds_find_hello(const struct appid_kinds *kinds,
                                               const struct appid_kind *hello, uint32_t now)
{
    uint64_t words[KIND_WORDS];
    words_of(words, hello);
    const struct appid_known_hello *set = kinds->hellos[set_of(hello)];
    for (unsigned i = 0; i < KIND_HELLO_WAYS && set[i].label; i++)
        if (is_same(&set[i], words, hello->payload))
            return appid_stretch_has(&set[i].times, now) ? set[i].label : NULL;
    return NULL;
}

void appid_kinds_keep_hello(struct appid_kinds *kinds, const struct appid_kind *hello,
                            const struct appid_step *step)
{
    struct appid_known_hello made = {
        .label = step->label, .times = step->times, .n = (uint8_t)hello->payload.n};
    if (!step->label || hello->payload.n > KIND_NAME_MOST)
        return;
    words_of(made.words, hello);
    if (hello->payload.n > 0)
        memcpy(made.name, hello->payload.p, hello->payload.n);
    struct appid_known_hello *set = kinds->hellos[set_of(hello)];
    if (!is_same(&set[0], made.words, hello->payload))
        set[1] = set[0];
    set[0] = made;
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
