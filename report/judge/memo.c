/* memo.c: a few places for each hash of a key, so that two that are asked for by turns do not drive
 * each other out. A lock for all: it is held for a comparison. */
#include "memo.h"

#include "mix.h"

#include <pthread.h>
#include <stdlib.h>

enum { WAYS = 4, SETS = MEMO_PLACES / WAYS };

struct place {
    uint8_t *key; /* NULL: free */
    size_t n;
    uint64_t hash;
    uint8_t *value;
};

struct set {
    struct place places[WAYS];
    unsigned next; /* whose turn it is to go */
};

struct memo {
    size_t value_size;
    pthread_mutex_t lock; /* of the sets */
    struct set sets[SETS];
};

struct memo *memo_new(size_t value_size)
{
    struct memo *memo = xcalloc(1, sizeof *memo);
    memo->value_size = value_size;
    pthread_mutex_init(&memo->lock, NULL);
    return memo;
}

void memo_free(struct memo *memo)
{
    if (!memo)
        return;
    for (size_t i = 0; i < MEMO_PLACES; i++) {
        struct place *place = &memo->sets[i / WAYS].places[i % WAYS];
        free(place->key);
        free(place->value);
    }
    pthread_mutex_destroy(&memo->lock);
    free(memo);
}

/* Whoever finds keys that share a set has what they say found anew each time: no more than with
 * keys that are all different. */
static struct set *set_of(struct memo *memo, uint64_t hash)
{
    return &memo->sets[mix_slot(hash, SETS)];
}

static struct place *find(struct set *set, uint64_t hash, struct span key)
{
    for (size_t i = 0; i < WAYS; i++) {
        struct place *place = &set->places[i];
        if (place->key && place->hash == hash && span_equal(span_of(place->key, place->n), key))
            return place;
    }
    return NULL;
}

bool memo_find(struct memo *memo, void *value, struct span key)
{
    uint64_t hash = mix_bytes(0, key);
    struct set *set = set_of(memo, hash);
    pthread_mutex_lock(&memo->lock);
    const struct place *place = find(set, hash, key);
    if (place)
        memcpy(value, place->value, memo->value_size);
    pthread_mutex_unlock(&memo->lock);
    return place;
}

void memo_put(struct memo *memo, struct span key, const void *value)
{
    if (key.n > MEMO_KEY_MAX)
        return;
    uint64_t hash = mix_bytes(0, key);
    struct set *set = set_of(memo, hash);
    uint8_t *copy = xmemdup(key.p, key.n), *old;
    pthread_mutex_lock(&memo->lock);
    struct place *place = find(set, hash, key);
    if (!place)
        place = &set->places[set->next++ % WAYS];
    old = place->key;
    place->key = copy;
    place->n = key.n;
    place->hash = hash;
    if (!place->value)
        place->value = xmalloc(memo->value_size);
    memcpy(place->value, value, memo->value_size);
    pthread_mutex_unlock(&memo->lock);
    free(old);
}
