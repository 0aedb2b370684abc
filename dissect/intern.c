/* intern.c: a small cache with a few places for each part of the hash, so that a few things that
 * share it do not push each other out. */
#include "intern.h"

#include <stdlib.h>

struct interned {
    uint32_t users; /* one is the cache's */
    uint32_t size;  /* of the thing */
    uint64_t thing[];
};

static struct interned *header_of(const void *thing)
{
    return (struct interned *)((char *)(uintptr_t)thing - offsetof(struct interned, thing));
}

static bool is_long(struct span bytes)
{
    return bytes.n > INTERN_KEY_MOST;
}

static struct span kept(const struct intern_key *key)
{
    return is_long(key->bytes) ? span_of(&key->digest, sizeof key->digest) : key->bytes;
}

static struct intern_place *set_of(struct intern *intern, const struct intern_key *key)
{
    return intern->sets[(key->glance >> 32) % INTERN_SETS];
}

/* Some of the bytes do, for whoever makes things fall into one place only makes them be forgotten.
 */
static uint64_t glance_at(struct span bytes)
{
    uint64_t mixed = bytes.n, word = 0;
    for (size_t at = 0; at + sizeof word <= bytes.n;
         at += sizeof word + bytes.n / 64 * sizeof word) {
        memcpy(&word, bytes.p + at, sizeof word);
        mixed = (mixed ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        mixed ^= mixed >> 32;
    }
    if (LIKELY(bytes.n >= sizeof word))
        memcpy(&word, bytes.p + bytes.n - sizeof word, sizeof word);
    else if (bytes.n > 0)
        memcpy(&word, bytes.p, bytes.n);
    return (mixed ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* glance_of tells kinds, and digests from what is as long, by bits of their own. */
static uint64_t glance_of(uint8_t kind, struct span bytes)
{
    uint64_t mixed = glance_at(bytes);
    mixed ^= mixed >> 32; /* the upper bits, which most bytes reach, are shifted out */
    return mixed << 8 | (uint64_t)(kind << 1) | is_long(bytes);
}

void intern_init(struct intern *intern)
{
    *intern = (struct intern){.most = INTERN_THING_MOST};
    hash_key_random(&intern->digests);
}

void intern_use_keys(struct intern *intern, struct shared_bytes *keys)
{
    intern->keys = keys;
    if (keys)
        intern->digests = shared_bytes_key(keys);
}

void intern_use_memory(struct intern *intern, size_t most)
{
    if (most / INTERN_MAX < INTERN_THING_MOST)
        intern->most = most / INTERN_MAX;
}

void intern_use_blocks(struct intern *intern, struct blocks *blocks)
{
    intern->blocks = blocks;
}

struct intern_key intern_key_of(const struct intern *intern, uint8_t kind, struct span bytes)
{
    const uint64_t glance = glance_of(kind, bytes);
    prefetch_line(intern->sets[(glance >> 32) % INTERN_SETS]);
    if (LIKELY(!is_long(bytes))) /* no copy, which would wait for what was just stored */
        return (struct intern_key){.bytes = bytes, .glance = glance};
    return (struct intern_key){bytes, glance, hash_digest(&intern->digests, bytes)};
}

static void release(struct intern *intern, struct interned *interned)
{
    if (!interned || --interned->users > 0)
        return;
    const size_t size = sizeof *interned + interned->size;
    intern->memory -= size;
    if (intern->blocks)
        blocks_free(intern->blocks, interned, size);
    else
        free(interned);
}

static void forget(struct intern *intern, const struct intern_place *place)
{
    if (!place->interned)
        return;
    intern->memory -= shared_bytes_span(place->key).n;
    shared_bytes_release(intern->keys, place->key);
    release(intern, place->interned);
}

/* The places behind one that is forgotten move up, so that a set has no gaps. */
void intern_forget_unused(struct intern *intern)
{
    for (unsigned i = 0; i < INTERN_SETS; i++) {
        struct intern_place *set = intern->sets[i];
        unsigned left = 0;
        for (unsigned j = 0; j < INTERN_WAYS && set[j].interned; j++) {
            if (set[j].interned->users > 1)
                set[left++] = set[j];
            else
                forget(intern, &set[j]);
        }
        memset(set + left, 0, (INTERN_WAYS - left) * sizeof *set);
    }
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
    const void *bytes = shared_bytes_get(intern->keys, kept(key));
    intern->memory += shared_bytes_span(bytes).n;
    interned->users++;
    forget(intern, &set[INTERN_WAYS - 1]);
    put_first(set, INTERN_WAYS - 1, (struct intern_place){key->glance, bytes, interned});
}

void *intern_new(struct intern *intern, size_t size, const struct intern_key *key)
{
    const size_t all = sizeof(struct interned) + size;
    if (size > intern->most)
        key = NULL;
    struct interned *interned = intern->blocks ? blocks_new(intern->blocks, all) : xmalloc(all);
    memset(interned, 0, all);
    interned->users = 1;
    interned->size = (uint32_t)size;
    intern->memory += all;
    if (key)
        remember(intern, interned, key);
    return interned->thing;
}

void *intern_find(struct intern *intern, const struct intern_key *key)
{
    struct intern_place *set = set_of(intern, key);
    for (unsigned i = 0; i < INTERN_WAYS && set[i].interned; i++) {
        struct interned *interned = set[i].interned;
        if (set[i].glance != key->glance)
            continue;
        prefetch_line(interned);
        if (!span_equal(shared_bytes_span(set[i].key), kept(key)))
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
    prefetch_line(header_of(thing));
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
            forget(intern, &intern->sets[i][j]);
    }
    *intern = (struct intern){0};
}
