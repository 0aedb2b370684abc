/* intern.c: a small cache with a few places for each part of the hash, so that a few things that
 * share it do not push each other out. */
#include "intern.h"

#include <stdlib.h>

struct interned {
    uint32_t users; /* one is the cache's */
    uint32_t size;  /* of the thing, without its key */
    uint16_t key_size;
    uint8_t kind;
    bool digested; /* the key is a digest */
    uint64_t thing[];
};

static struct interned *header_of(const void *thing)
{
    return (struct interned *)((char *)(uintptr_t)thing - offsetof(struct interned, thing));
}

/* The key lies behind the thing. */
static uint8_t *key_in(struct interned *interned)
{
    return (uint8_t *)interned->thing + interned->size;
}

static bool is_long(const struct intern_key *key)
{
    return key->bytes.n > INTERN_KEY_MOST;
}

static struct span kept(const struct intern_key *key)
{
    return is_long(key) ? span_of(&key->digest, sizeof key->digest) : key->bytes;
}

static struct intern_place *set_of(struct intern *intern, const struct intern_key *key)
{
    return intern->sets[(key->glance >> 32) % INTERN_SETS];
}

/* Some of the bytes do, for whoever makes things fall into one place only makes them be forgotten.
 */
static uint64_t glance_at(struct span bytes)
{
    uint64_t mixed = bytes.n, word;
    for (size_t at = 0; at + sizeof word <= bytes.n;
         at += sizeof word + bytes.n / 64 * sizeof word) {
        memcpy(&word, bytes.p + at, sizeof word);
        mixed = (mixed ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        mixed ^= mixed >> 32;
    }
    word = 0;
    if (bytes.n > 0)
        memcpy(&word, bytes.p + bytes.n - (bytes.n < sizeof word ? bytes.n : sizeof word),
               bytes.n < sizeof word ? bytes.n : sizeof word);
    return (mixed ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

void intern_init(struct intern *intern)
{
    *intern = (struct intern){0};
    hash_key_random(&intern->digests);
}

struct intern_key intern_key_of(const struct intern *intern, uint8_t kind, struct span bytes)
{
    struct intern_key key = {.bytes = bytes, .glance = glance_at(bytes), .kind = kind};
    __builtin_prefetch(intern->sets[(key.glance >> 32) % INTERN_SETS]);
    if (is_long(&key))
        key.digest = hash_digest(&intern->digests, bytes);
    return key;
}

static void release(struct intern *intern, struct interned *interned)
{
    if (!interned || --interned->users > 0)
        return;
    intern->memory -= sizeof *interned + interned->size + interned->key_size;
    free(interned);
}

/* put_first moves the places before `at` back by one and puts a thing in front. */
static void put_first(struct intern_place *set, unsigned at, struct intern_place first)
{
    for (; at > 0; at--)
        set[at] = set[at - 1];
    set[0] = first;
}

static void remember(struct intern *intern, struct interned *interned, const struct intern_key *key)
{
    struct intern_place *set = set_of(intern, key);
    struct span bytes = kept(key);
    interned->kind = key->kind;
    interned->digested = is_long(key);
    if (bytes.n > 0)
        memcpy(key_in(interned), bytes.p, bytes.n);
    interned->users++;
    release(intern, set[INTERN_WAYS - 1].interned);
    put_first(set, INTERN_WAYS - 1, (struct intern_place){key->glance, interned});
}

void *intern_new(struct intern *intern, size_t size, const struct intern_key *key)
{
    if (size > INTERN_THING_MOST)
        key = NULL;
    size_t key_size = key ? kept(key).n : 0;
    struct interned *interned = xcalloc(1, sizeof *interned + size + key_size);
    interned->users = 1;
    interned->size = (uint32_t)size;
    interned->key_size = (uint16_t)key_size;
    intern->memory += sizeof *interned + size + key_size;
    if (key)
        remember(intern, interned, key);
    return interned->thing;
}

static bool is_of(struct interned *interned, const struct intern_key *key)
{
    return interned->kind == key->kind && interned->digested == is_long(key) &&
           span_equal(span_of(key_in(interned), interned->key_size), kept(key));
}

void *intern_find(struct intern *intern, const struct intern_key *key)
{
    struct intern_place *set = set_of(intern, key);
    for (unsigned i = 0; i < INTERN_WAYS && set[i].interned; i++) {
        struct interned *interned = set[i].interned;
        if (set[i].glance != key->glance || !is_of(interned, key))
            continue;
        if (i > 0)
            put_first(set, i, set[i]);
        interned->users++;
        return interned->thing;
    }
    return NULL;
}

const void *intern_share(const void *thing)
{
    header_of(thing)->users++;
    return thing;
}

void intern_prefetch(const void *thing)
{
    __builtin_prefetch(header_of(thing), 1);
}

void intern_release(struct intern *intern, const void *thing)
{
    if (thing)
        release(intern, header_of(thing));
}

void intern_done(struct intern *intern)
{
    for (unsigned i = 0; i < INTERN_SETS; i++) {
        for (unsigned j = 0; j < INTERN_WAYS; j++)
            release(intern, intern->sets[i][j].interned);
    }
    *intern = (struct intern){0};
}
