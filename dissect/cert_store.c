/* cert_store.c: distinct certificates under one lock. It is held for a look-up or a few additions;
 * a certificate is parsed outside, and once too often if two threads meet it at the same moment. */
#include "cert_store.h"

#include "hash_table.h"
#include "keyed_hash.h"
#include "limits.h"
#include "x509.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct cert_entry {
    struct hash_node node; /* first: a node is cast back */
    struct cert *cert;
    uint64_t takers;   /* shares that have paid for it in the round in which it came */
    unsigned position; /* in its chain, at first sight */
    bool visited;
};

/* What a certificate takes here: its entry, and its places in arrays that double. */
enum { ENTRY_COST = sizeof(struct cert_entry) + CERT_MALLOC_COST + 4 * sizeof(void *) };

struct cert_store {
    struct hash_key key;
    pthread_mutex_t lock; /* of all that follows */
    struct hash_table certs;
    struct cert_entry **by_ordinal; /* certs.count of them */
    size_t room, memory, most;      /* memory: bytes, and the limit of it */
    size_t parsed;                  /* bytes of those that are kept in OpenSSL's form */
    size_t fresh;                   /* shown by a flow, and not visited */
    uint64_t dropped;
    unsigned shares;
    uint64_t round;
    size_t settled;                  /* certificates that were there when it began */
    size_t share_bytes, share_certs; /* what each share may add in it */
};

struct cert_store *cert_store_new(size_t most)
{
    struct cert_store *store = xcalloc(1, sizeof *store);
    store->most = most < LIMIT_CERT_BYTES ? most : LIMIT_CERT_BYTES;
    hash_key_random(&store->key);
    pthread_mutex_init(&store->lock, NULL);
    return store;
}

static void free_cert(struct cert *cert)
{
    for (size_t i = 0; i < cert->names.count; i++)
        free((void *)cert->names.items[i].p);
    free(cert->names.items);
    x509_free(cert);
}

void cert_store_free(struct cert_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->certs.count; i++) {
        free_cert(store->by_ordinal[i]->cert);
        free(store->by_ordinal[i]);
    }
    free(store->by_ordinal);
    hash_table_done(&store->certs);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

/* --- shares --- */

static size_t share_of(const struct cert_store *store, size_t used, size_t most)
{
    return used < most ? (most - used) / store->shares : 0;
}

static void begin_round(struct cert_store *store)
{
    store->round++;
    store->settled = store->certs.count;
    store->share_bytes = share_of(store, store->memory, store->most);
    store->share_certs = share_of(store, store->certs.count, LIMIT_CERTS);
}

void cert_share_init(struct cert_share *share, struct cert_store *store)
{
    pthread_mutex_lock(&store->lock);
    *share = (struct cert_share){.store = store, .number = store->shares++};
    assert(share->number < CERT_SHARES_MAX);
    begin_round(store);
    pthread_mutex_unlock(&store->lock);
}

void cert_store_round(struct cert_store *store)
{
    pthread_mutex_lock(&store->lock);
    begin_round(store);
    pthread_mutex_unlock(&store->lock);
}

static void renew(struct cert_share *share)
{
    const struct cert_store *store = share->store;
    if (share->round == store->round)
        return;
    share->round = store->round;
    share->bytes = store->share_bytes;
    share->certs = store->share_certs;
}

/* Takes bytes of a share, or what is left of them: the last certificate may be larger. */
static void pay(struct cert_share *share, size_t bytes)
{
    share->bytes -= bytes < share->bytes ? bytes : share->bytes;
}

/* Whether a certificate can be used, and who has paid for it, does not depend on other shares. */
static bool is_paid(const struct cert_share *share, const struct cert_entry *entry)
{
    return entry->cert->ordinal <= share->store->settled || entry->takers >> share->number & 1;
}

static bool has_room(const struct cert_share *share, struct span der)
{
    return share->certs > 0 && der.n <= share->bytes;
}

static void pay_for(struct cert_share *share, struct cert_entry *entry)
{
    entry->takers |= UINT64_C(1) << share->number;
    share->certs--;
    pay(share, entry->cert->memory);
}

/* --- finding --- */

static struct cert_entry *find(const struct cert_store *store, struct span der, uint64_t hash)
{
    for (struct hash_node *node = hash_table_first(&store->certs, hash); node;
         node = hash_table_next(node)) {
        struct cert_entry *entry = (struct cert_entry *)node;
        if (span_equal(entry->cert->der, der))
            return entry;
    }
    return NULL;
}

static struct cert_entry *add_take(struct cert_store *store, struct cert *cert, uint64_t hash)
{
    struct cert_entry *entry = xcalloc(1, sizeof *entry);
    entry->node.hash = hash;
    entry->cert = cert;
    cert->memory += ENTRY_COST;
    if (store->certs.count == store->room) {
        store->room = store->room ? store->room * 2 : 64;
        store->by_ordinal = xrealloc(store->by_ordinal, store->room * sizeof(struct cert_entry *));
    }
    store->by_ordinal[store->certs.count] = entry;
    hash_table_add(&store->certs, &entry->node);
    store->memory += cert->memory;
    cert->ordinal = store->certs.count;
    if (cert->parsed && cert->der.n <= LIMIT_CERT_PARSED &&
        cert->der.n <= LIMIT_CERTS_PARSED - store->parsed)
        store->parsed += cert->der.n;
    else
        x509_forget(cert);
    return entry;
}

const struct cert *cert_store_get(struct cert_share *share, struct span der)
{
    struct cert_store *store = share->store;
    uint64_t hash = hash_bytes(&store->key, der);
    struct cert *mine = NULL;
    const struct cert_entry *found;
    for (;;) {
        pthread_mutex_lock(&store->lock);
        renew(share);
        struct cert_entry *entry = find(store, der, hash);
        bool paid = entry && is_paid(share, entry), full = !paid && !has_room(share, der);
        store->dropped += full;
        if (!entry && !full && mine) {
            entry = add_take(store, mine, hash);
            mine = NULL;
        }
        if (entry && !paid && !full)
            pay_for(share, entry);
        pthread_mutex_unlock(&store->lock);
        found = full ? NULL : entry;
        if (found || full)
            break;
        mine = x509_new(der);
    }
    x509_free(mine); /* another thread was first */
    return found ? found->cert : NULL;
}

/* --- use --- */

static struct cert_entry *entry_of(const struct cert_store *store, const struct cert *cert)
{
    return store->by_ordinal[cert->ordinal - 1];
}

/* is_earlier compares sights: bytes that waited for others come later than they were sent. */
static bool is_earlier(const struct cert_entry *entry, nanotime time, uint64_t frame,
                       unsigned position)
{
    const struct cert *cert = entry->cert;
    if (time != cert->first_seen)
        return time < cert->first_seen;
    if (frame != cert->first_frame)
        return frame < cert->first_frame;
    return position < entry->position;
}

static void note_sight(struct cert_store *store, struct cert_entry *entry, nanotime time,
                       uint64_t frame, unsigned position)
{
    struct cert *cert = entry->cert;
    bool first = cert->flows == 0;
    cert->flows++;
    store->fresh += first;
    if (first || is_earlier(entry, time, frame, position)) {
        cert->first_seen = time;
        cert->first_frame = frame;
        entry->position = position;
    }
    if (first || time > cert->last_seen)
        cert->last_seen = time;
}

static bool is_among(const struct cert *cert, const struct cert *const *chain, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (chain[i] == cert)
            return true;
    }
    return false;
}

void cert_store_seen(const struct cert_share *share, const struct cert *const *chain,
                     unsigned count, nanotime time, uint64_t frame)
{
    struct cert_store *store = share->store;
    pthread_mutex_lock(&store->lock);
    for (unsigned i = 0; i < count; i++) {
        if (!is_among(chain[i], chain, i))
            note_sight(store, entry_of(store, chain[i]), time, frame, i);
    }
    pthread_mutex_unlock(&store->lock);
}

static int compare_names(struct span a, struct span b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* Most certificates have one name, and so an array for it alone. */
static size_t name_cost(struct span name)
{
    return sizeof name + CERT_MALLOC_COST + name.n + CERT_MALLOC_COST;
}

/* add_name keeps the names that are the least by their bytes, sorted: so which ones they are does
 * not depend on who came first. For the same reason each time is paid for. */
static void add_name(struct cert_share *share, struct text_list *names, struct span name)
{
    struct cert_store *store = share->store;
    size_t at = 0;
    int order = 1;
    if (name.n > share->bytes)
        return;
    pay(share, name_cost(name));
    while (at < names->count && (order = compare_names(names->items[at], name)) < 0)
        at++;
    if (order == 0 || at == LIMIT_CERT_NAMES)
        return;
    if (names->count == LIMIT_CERT_NAMES) {
        names->count--;
        store->memory -= name_cost(names->items[names->count]);
        free((void *)names->items[names->count].p);
    }
    names->items = xrealloc(names->items, (names->count + 1) * sizeof *names->items);
    memmove(names->items + at + 1, names->items + at, (names->count - at) * sizeof *names->items);
    names->items[at] = span_of(xmemdup(name.p, name.n), name.n);
    names->count++;
    store->memory += name_cost(name);
}

void cert_store_presented(struct cert_share *share, const struct cert *const *chain, unsigned count,
                          unsigned by, struct span sni)
{
    struct cert_store *store = share->store;
    pthread_mutex_lock(&store->lock);
    renew(share);
    for (unsigned i = 0; i < count; i++) {
        struct cert *cert = entry_of(store, chain[i])->cert;
        cert->presented_by |= by;
        if (by == CERT_FROM_SERVER && sni.n > 0)
            add_name(share, &cert->names, sni);
    }
    pthread_mutex_unlock(&store->lock);
}

/* --- reporting --- */

static int by_first_sight(const void *a, const void *b)
{
    const struct cert_entry *x = *(struct cert_entry *const *)a,
                            *y = *(struct cert_entry *const *)b;
    if (x->cert->first_frame != y->cert->first_frame)
        return x->cert->first_frame < y->cert->first_frame ? -1 : 1;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return memcmp(x->cert->sha256, y->cert->sha256, sizeof x->cert->sha256);
}

void cert_store_visit_new(struct cert_store *store,
                          void (*visit)(void *context, const struct cert *cert), void *context)
{
    pthread_mutex_lock(&store->lock);
    struct cert_entry **fresh =
        store->fresh ? xcalloc(store->fresh, sizeof(struct cert_entry *)) : NULL;
    size_t count = 0;
    for (size_t i = 0; fresh && i < store->certs.count; i++) {
        struct cert_entry *entry = store->by_ordinal[i];
        if (entry->cert->flows == 0 || entry->visited)
            continue;
        entry->visited = true;
        fresh[count++] = entry;
    }
    store->fresh = 0;
    if (count > 0)
        qsort(fresh, count, sizeof *fresh, by_first_sight);
    for (size_t i = 0; i < count; i++)
        visit(context, fresh[i]->cert);
    pthread_mutex_unlock(&store->lock);
    free(fresh);
}

uint64_t cert_store_count(struct cert_store *store)
{
    pthread_mutex_lock(&store->lock);
    uint64_t count = store->certs.count;
    pthread_mutex_unlock(&store->lock);
    return count;
}

uint64_t cert_store_dropped(struct cert_store *store)
{
    pthread_mutex_lock(&store->lock);
    uint64_t dropped = store->dropped;
    pthread_mutex_unlock(&store->lock);
    return dropped;
}
