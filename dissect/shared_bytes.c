/* shared_bytes.c: a hash table under a lock, which is taken when a shard meets something new and
 * when it forgets something. Each shard remembers a bounded number, so that the table need not
 * grow. */
#include "shared_bytes.h"

#include <pthread.h>
#include <stdlib.h>

enum { CHAINS = 4096 };

struct entry {
    struct entry *next; /* in its chain */
    uint64_t hash;
    uint32_t users, n;
    uint8_t bytes[];
};

struct shared_bytes {
    struct hash_key key;
    pthread_mutex_t lock; /* of chains and users; bytes do not change */
    struct entry *chains[CHAINS];
};

struct shared_bytes *shared_bytes_new(void)
{
    struct shared_bytes *all = xcalloc(1, sizeof *all);
    hash_key_random(&all->key);
    pthread_mutex_init(&all->lock, NULL);
    return all;
}

void shared_bytes_free(struct shared_bytes *all)
{
    if (!all)
        return;
    pthread_mutex_destroy(&all->lock);
    free(all);
}

struct hash_key shared_bytes_key(const struct shared_bytes *all)
{
    return all->key;
}

static struct entry *entry_of(const void *bytes)
{
    return (struct entry *)((char *)(uintptr_t)bytes - offsetof(struct entry, bytes));
}

struct span shared_bytes_span(const void *bytes)
{
    return span_of(bytes, entry_of(bytes)->n);
}

static struct entry *make(struct span bytes)
{
    struct entry *made = xmalloc(sizeof *made + bytes.n);
    *made = (struct entry){.users = 1, .n = (uint32_t)bytes.n};
    if (bytes.n > 0)
        memcpy(made->bytes, bytes.p, bytes.n);
    return made;
}

/* The chain's link to what equals these bytes, or its last one. */
static struct entry **find(struct shared_bytes *all, uint64_t hash, struct span bytes)
{
    struct entry **link = &all->chains[hash % CHAINS];
    while (*link &&
           ((*link)->hash != hash || !span_equal(span_of((*link)->bytes, (*link)->n), bytes)))
        link = &(*link)->next;
    return link;
}

const void *shared_bytes_get(struct shared_bytes *all, struct span bytes)
{
    if (!all)
        return make(bytes)->bytes;
    uint64_t hash = hash_bytes(&all->key, bytes);
    pthread_mutex_lock(&all->lock);
    struct entry **link = find(all, hash, bytes);
    if (*link) {
        (*link)->users++;
    } else {
        *link = make(bytes);
        (*link)->hash = hash;
    }
    const void *got = (*link)->bytes;
    pthread_mutex_unlock(&all->lock);
    return got;
}

static void unlink_entry(struct shared_bytes *all, const struct entry *entry)
{
    struct entry **link = &all->chains[entry->hash % CHAINS];
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
}

void shared_bytes_release(struct shared_bytes *all, const void *bytes)
{
    struct entry *entry = entry_of(bytes);
    if (!all) {
        free(entry);
        return;
    }
    pthread_mutex_lock(&all->lock);
    bool last = --entry->users == 0;
    if (last)
        unlink_entry(all, entry);
    pthread_mutex_unlock(&all->lock);
    if (last)
        free(entry);
}
