/* intern.h: things of which many are alike, made once and shared: found again by the bytes that
 * they were made of, counted by their users.
 *
 * At most INTERN_MAX are remembered, those found last, whether they have users or not: so what is
 * gone for a moment need not be made anew. What is forgotten lives on while it has users. */
#ifndef PUSHWATCH_DISSECT_INTERN_H
#define PUSHWATCH_DISSECT_INTERN_H

#include "blocks.h"
#include "shared_bytes.h"

enum { INTERN_SETS = 256, INTERN_WAYS = 4, INTERN_MAX = INTERN_SETS * INTERN_WAYS };

/* Of more bytes a digest is kept in their place. */
enum { INTERN_KEY_MOST = 768 };

/* What is larger is not remembered: things that nobody uses any more must not fill the memory that
 * there is for those that are in use. Only staples may be, and hardly one is. */
enum { INTERN_THING_MOST = 4096 };

/* What a thing is found by. Where it is remembered depends on its bytes alone, and so does who is
 * forgotten for it and how much memory there is: two runs are the same, though their digests
 * differ. */
struct intern_key {
    struct span bytes;
    uint64_t glance; /* what they tell at a glance: unkeyed, not of all bytes; in the lowest bits
                        the kind, and whether there is a digest */
    struct hash_digest digest; /* where there are more than INTERN_KEY_MOST; else zero */
};

/* Make it with intern_init; free with intern_done. */
struct intern {
    /* Each: that found last first. */
    struct intern_place {
        uint64_t glance;
        const void *key; /* of its own, or a digest: one of shared_bytes */
        struct interned *interned;
    } sets[INTERN_SETS][INTERN_WAYS];
    struct shared_bytes *keys; /* NULL: they are its own */
    struct blocks *blocks;     /* where things are; NULL: each is by itself */
    struct hash_key digests;   /* the key of all digests */
    size_t most;               /* bytes of a thing that is remembered */
    size_t memory;             /* of all things that have users, and of their keys: the same whether
                                  others have these, too */
};

void intern_init(struct intern *intern);

/* intern_use_keys has the keys be where others have theirs, too. Before the first thing. */
void intern_use_keys(struct intern *intern, struct shared_bytes *keys);

/* intern_use_memory has those that are remembered take no more than `most` bytes, but for their
 * keys: larger things than fit in that often are not remembered. */
void intern_use_memory(struct intern *intern, size_t most);

/* intern_use_blocks has the things be there: none outlives them. Before the first thing. */
void intern_use_blocks(struct intern *intern, struct blocks *blocks);

/* intern_key_of makes the key of bytes for things of one kind, a number below 128: those of other
 * kinds have nothing to do with them. The bytes are borrowed until the key has been used. The key's
 * place in `intern` is brought near. */
struct intern_key intern_key_of(const struct intern *intern, uint8_t kind, struct span bytes);

/* intern_new makes a thing of `size` bytes, all zero, with one user, that is remembered under a
 * key if there is one and it is not too large. It must own no memory but its own. */
MUST_CHECK void *intern_new(struct intern *intern, size_t size, const struct intern_key *key);

/* intern_find gives the thing of a key to one more user; NULL if none is remembered. */
MUST_CHECK void *intern_find(struct intern *intern, const struct intern_key *key);

/* intern_share gives a thing to one more user. */
MUST_CHECK const void *intern_share(const void *thing);

/* intern_prefetch brings near what intern_share needs of a thing. */
void intern_prefetch(const void *thing);

/* intern_release gives a thing back, which is freed with its last user once it is forgotten. NULL
 * is fine. */
void intern_release(struct intern *intern, const void *thing);

/* intern_forget_unused forgets the things that nobody uses any more. */
void intern_forget_unused(struct intern *intern);

/* intern_done forgets all things. */
void intern_done(struct intern *intern);

#endif
