/* intern.h: things of which many are alike, made once and shared: found again by a digest, counted
 * by their users.
 *
 * At most INTERN_MAX are remembered, those found last, whether they have users or not: so what is
 * gone for a moment need not be made anew. What is forgotten lives on while it has users. */
#ifndef PUSHWATCH_DISSECT_INTERN_H
#define PUSHWATCH_DISSECT_INTERN_H

#include "keyed_hash.h"

enum { INTERN_SETS = 256, INTERN_WAYS = 4, INTERN_MAX = INTERN_SETS * INTERN_WAYS };

/* What a thing is found by. Where it is remembered depends on its bytes alone, and so does who is
 * forgotten for it and how much memory there is: two runs are the same, though their keys differ.
 */
struct intern_key {
    struct hash_digest digest;
    uint32_t place;
};

/* Zero-initialise it; free with intern_done. */
struct intern {
    /* Each: that found last first. Half of the digests is here, so that others of a set
     * are not looked at. */
    struct intern_place {
        uint64_t low;
        struct interned *interned;
    } sets[INTERN_SETS][INTERN_WAYS];
    size_t memory; /* of all things that have users */
};

/* intern_key_of makes the key of bytes; nobody without the hash's key can find others that share
 * their digest. The key's place in `intern` is brought near. */
struct intern_key intern_key_of(const struct intern *intern, const struct hash_key *key,
                                struct span bytes);

/* intern_new makes a thing of `size` bytes, all zero, with one user, that is not remembered. It
 * must own no memory but its own. */
MUST_CHECK void *intern_new(struct intern *intern, size_t size);

/* intern_add remembers a thing made by intern_new under a key. */
void intern_add(struct intern *intern, void *thing, const struct intern_key *key);

/* intern_find gives the thing of a key to one more user; NULL if none is remembered. */
MUST_CHECK void *intern_find(struct intern *intern, const struct intern_key *key);

/* intern_release gives a thing back, which is freed with its last user once it is forgotten. NULL
 * is fine. */
void intern_release(struct intern *intern, const void *thing);

/* intern_done forgets all things. */
void intern_done(struct intern *intern);

#endif
