/* intern.c: a small cache with a few places for each part of the hash, so that a few things that
 * share it do not push each other out. */
#include "intern.h"

#include <stdlib.h>

struct interned {
    struct hash_digest digest;
    uint32_t users; /* one is the cache's */
    uint32_t size;  /* of the thing */
    uint64_t thing[];
};

static struct interned *header_of(const void *thing)
{
    return (struct interned *)((char *)(uintptr_t)thing - offsetof(struct interned, thing));
}

static struct intern_place *set_of(struct intern *intern, const struct intern_key *key)
{
    return intern->sets[key->place % INTERN_SETS];
}

/* Some of the bytes do, for whoever makes things fall into one place only makes them be forgotten.
 */
static uint32_t place_of(struct span bytes)
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
    return (uint32_t)((mixed ^ word) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

struct intern_key intern_key_of(const struct intern *intern, const struct hash_key *key,
                                struct span bytes)
{
    uint32_t place = place_of(bytes);
    __builtin_prefetch(intern->sets[place % INTERN_SETS]);
    return (struct intern_key){hash_digest(key, bytes), place};
}

static void release(struct intern *intern, struct interned *interned)
{
    if (!interned || --interned->users > 0)
        return;
    intern->memory -= sizeof *interned + interned->size;
    free(interned);
}

/* put_first moves the places before `at` back by one and puts a thing in front. */
static void put_first(struct intern_place *set, unsigned at, struct interned *interned)
{
    for (; at > 0; at--)
        set[at] = set[at - 1];
    set[0] = (struct intern_place){interned->digest.low, interned};
}

void *intern_new(struct intern *intern, size_t size)
{
    struct interned *interned = xcalloc(1, sizeof *interned + size);
    interned->users = 1;
    interned->size = (uint32_t)size;
    intern->memory += sizeof *interned + size;
    return interned->thing;
}

void intern_add(struct intern *intern, void *thing, const struct intern_key *key)
{
    struct interned *interned = header_of(thing);
    struct intern_place *set = set_of(intern, key);
    interned->digest = key->digest;
    interned->users++;
    release(intern, set[INTERN_WAYS - 1].interned);
    put_first(set, INTERN_WAYS - 1, interned);
}

void *intern_find(struct intern *intern, const struct intern_key *key)
{
    const struct hash_digest *digest = &key->digest;
    struct intern_place *set = set_of(intern, key);
    for (unsigned i = 0; i < INTERN_WAYS && set[i].interned; i++) {
        struct interned *interned = set[i].interned;
        if (set[i].low != digest->low || interned->digest.high != digest->high)
            continue;
        if (i > 0)
            put_first(set, i, interned);
        interned->users++;
        return interned->thing;
    }
    return NULL;
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
