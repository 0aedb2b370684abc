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

static struct interned **set_of(struct intern *intern, const struct hash_digest *digest)
{
    return intern->sets[digest->low % INTERN_SETS];
}

static void release(struct intern *intern, struct interned *interned)
{
    if (!interned || --interned->users > 0)
        return;
    intern->memory -= sizeof *interned + interned->size;
    free(interned);
}

/* put_first moves the places before `at` back by one and puts a thing in front. */
static void put_first(struct interned **set, unsigned at, struct interned *interned)
{
    for (; at > 0; at--)
        set[at] = set[at - 1];
    set[0] = interned;
}

void *intern_new(struct intern *intern, size_t size)
{
    struct interned *interned = xcalloc(1, sizeof *interned + size);
    interned->users = 1;
    interned->size = (uint32_t)size;
    intern->memory += sizeof *interned + size;
    return interned->thing;
}

void intern_add(struct intern *intern, void *thing, const struct hash_digest *digest)
{
    struct interned *interned = header_of(thing), **set = set_of(intern, digest);
    interned->digest = *digest;
    interned->users++;
    release(intern, set[INTERN_WAYS - 1]);
    put_first(set, INTERN_WAYS - 1, interned);
}

void *intern_find(struct intern *intern, const struct hash_digest *digest)
{
    struct interned **set = set_of(intern, digest);
    for (unsigned i = 0; i < INTERN_WAYS && set[i]; i++) {
        struct interned *interned = set[i];
        if (interned->digest.low != digest->low || interned->digest.high != digest->high)
            continue;
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
            release(intern, intern->sets[i][j]);
    }
    *intern = (struct intern){0};
}
