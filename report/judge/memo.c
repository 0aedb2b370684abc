/* memo.c: one place for each hash of a key. A lock for all: it is held for a comparison. */
#include "memo.h"

#include <pthread.h>
#include <stdlib.h>

struct place {
    uint8_t *key; /* NULL: free */
    size_t n;
    uint8_t *value;
};

struct memo {
    size_t value_size;
    pthread_mutex_t lock; /* of the places */
    struct place places[MEMO_PLACES];
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
        free(memo->places[i].key);
        free(memo->places[i].value);
    }
    pthread_mutex_destroy(&memo->lock);
    free(memo);
}

/* Whoever finds keys that share a place has what they say found anew each time: no more than with
 * keys that are all different. */
static struct place *place_of(struct memo *memo, struct span key)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ key.n;
    size_t at = 0;
    for (uint64_t word; at + sizeof word <= key.n; at += sizeof word) {
        memcpy(&word, key.p + at, sizeof word);
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    for (; at < key.n; at++)
        hash = (hash ^ key.p[at]) * UINT64_C(0xff51afd7ed558ccd);
    return &memo->places[(hash >> 40) % MEMO_PLACES];
}

bool memo_find(struct memo *memo, void *value, struct span key)
{
    const struct place *place = place_of(memo, key);
    pthread_mutex_lock(&memo->lock);
    bool found = place->key && span_equal(span_of(place->key, place->n), key);
    if (found)
        memcpy(value, place->value, memo->value_size);
    pthread_mutex_unlock(&memo->lock);
    return found;
}

void memo_put(struct memo *memo, struct span key, const void *value)
{
    if (key.n > MEMO_KEY_MAX)
        return;
    struct place *place = place_of(memo, key);
    uint8_t *copy = xmemdup(key.p, key.n), *old;
    pthread_mutex_lock(&memo->lock);
    old = place->key;
    place->key = copy;
    place->n = key.n;
    if (!place->value)
        place->value = xmalloc(memo->value_size);
    memcpy(place->value, value, memo->value_size);
    pthread_mutex_unlock(&memo->lock);
    free(old);
}
