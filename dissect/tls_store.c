/* tls_store.c: hellos that are counted by their users. What is looked up comes from the wire, so
 * that it is hashed under a secret key; nothing that is reported depends on the hash. */
#include "tls_store.h"

#include "cursor.h"
#include "fingerprint.h"
#include "hash_table.h"
#include "keyed_hash.h"
#include "limits.h"

#include <stdlib.h>

/* A hello with its key: the bytes that make it distinct. */
struct hello_entry {
    struct hash_node node; /* first: a node is cast back */
    size_t users;
    struct span key;
    union {
        struct client_hello client;
        struct server_hello server;
    } facts;
};

struct tls_store {
    struct hash_key key;
    struct cert_store *certs;
    struct hash_table hellos;
    size_t held;
    struct buf scratch;
};

struct tls_store *tls_store_new(struct cert_store *certs)
{
    struct tls_store *store = xcalloc(1, sizeof *store);
    store->certs = certs;
    hash_key_random(&store->key);
    return store;
}

static void free_hello(struct hello_entry *entry)
{
    if (entry->key.p[0] == CERT_FROM_CLIENT)
        free(entry->facts.client.alpn.items);
    free((void *)entry->key.p);
    free(entry);
}

void tls_store_free(struct tls_store *store)
{
    if (!store)
        return;
    /* Every session has released its hellos by now: it must not outlive the store. */
    hash_table_done(&store->hellos);
    buf_done(&store->scratch);
    free(store);
}

struct cert_store *tls_store_certs(struct tls_store *store)
{
    return store->certs;
}

size_t *tls_store_held(struct tls_store *store)
{
    return &store->held;
}

/* share finds the hello of a key, or adds one whose facts are still empty. It takes the key's
 * bytes. *fresh tells which. */
static struct hello_entry *share_take(struct tls_store *store, struct buf *key, bool *fresh)
{
    uint64_t hash = hash_bytes(&store->key, span_of(key->p, key->n));
    for (struct hash_node *node = hash_table_first(&store->hellos, hash); node;
         node = hash_table_next(node)) {
        struct hello_entry *entry = (struct hello_entry *)node;
        if (span_equal(entry->key, span_of(key->p, key->n))) {
            buf_done(key);
            entry->users++;
            *fresh = false;
            return entry;
        }
    }
    struct hello_entry *entry = xcalloc(1, sizeof *entry);
    entry->node.hash = hash;
    entry->users = 1;
    entry->key = span_of(key->p, key->n);
    hash_table_add(&store->hellos, &entry->node);
    *fresh = true;
    return entry;
}

/* put_part appends a part of a key with its length, so that no two lists of parts look alike. */
static void put_part(struct buf *key, struct span part)
{
    uint32_t n = (uint32_t)part.n;
    buf_append(key, &n, sizeof n);
    buf_append(key, part.p, part.n);
}

/* kept_alpn is the part of a ProtocolNameList that is kept. */
static struct span kept_alpn(struct span list)
{
    struct cursor c = cursor_of(list), name;
    size_t n = 0;
    for (unsigned i = 0; i < LIMIT_TLS_ALPN && cursor_vec8(&c, &name); i++) {
        if (list.n - c.left > LIMIT_TLS_ALPN_BYTES)
            break;
        n = list.n - c.left;
    }
    return span_of(list.p, n);
}

static void begin_key(struct buf *key, uint8_t kind, const struct tls_hello *hello)
{
    const uint8_t flags[] = {kind, hello->ech, hello->early_data, hello->external_keys};
    const uint16_t numbers[] = {hello->legacy_version, hello->version, hello->cipher, hello->group};
    buf_append(key, flags, sizeof flags);
    buf_append(key, numbers, sizeof numbers);
    put_part(key, kept_alpn(hello->alpn));
}

/* put_values appends a list of numbers without those of RFC 8701, which are other ones each time.
 */
static void put_values(struct buf *out, struct span values)
{
    struct cursor c = cursor_of(values);
    uint16_t value;
    uint32_t count = 0;
    for (; cursor_u16(&c, &value); count++) {
        if (!tls_is_grease(value))
            buf_append(out, &value, sizeof value);
    }
    buf_append(out, &count, sizeof count);
}

static void put_extension_types(struct buf *out, struct span extensions)
{
    struct cursor c = cursor_of(extensions), body;
    uint16_t type;
    uint32_t count = 0;
    for (; tls_hello_extension(&c, &type, &body); count++) {
        if (!tls_is_grease(type))
            buf_append(out, &type, sizeof type);
    }
    buf_append(out, &count, sizeof count);
}

/* put_digest appends to a key what the fingerprints are made of besides ALPN, as 128 bits of a
 * keyed hash: nobody without the key can find two hellos that share them. So a fingerprint is
 * computed once for each kind of hello, and a hello of 100 kB costs no more than another. */
static void put_digest(struct buf *key, struct tls_store *store, const struct tls_hello *hello)
{
    const struct hash_key other = {store->key.k0 ^ UINT64_MAX, store->key.k1};
    struct buf *all = &store->scratch;
    all->n = 0;
    buf_append(all, &hello->ssl2, sizeof hello->ssl2);
    buf_append(all, &hello->highest, sizeof hello->highest);
    put_values(all, hello->ciphers);
    put_extension_types(all, hello->extensions);
    put_values(all, hello->groups);
    put_part(all, hello->point_formats);
    put_values(all, hello->signature_algorithms);
    const uint64_t digest[] = {hash_bytes(&store->key, span_of(all->p, all->n)),
                               hash_bytes(&other, span_of(all->p, all->n))};
    buf_append(key, digest, sizeof digest);
}

/* split_alpn makes a list of the names in a ProtocolNameList. */
static void split_alpn(struct text_list *out, struct span list)
{
    struct cursor c = cursor_of(list), name;
    struct span items[LIMIT_TLS_ALPN];
    out->count = 0;
    while (out->count < LIMIT_TLS_ALPN && cursor_vec8(&c, &name))
        items[out->count++] = cursor_rest(&name);
    out->items = out->count ? xmemdup(items, out->count * sizeof *items) : NULL;
}

/* The names lie in the key; finds them there again by the place that begin_key gave them. */
static struct span alpn_in(struct span key)
{
    struct cursor c = cursor_of(key);
    struct span length, list = {NULL, 0};
    uint32_t n;
    if (cursor_skip(&c, 4 + 4 * sizeof(uint16_t)) && cursor_bytes(&c, &length, sizeof n)) {
        memcpy(&n, length.p, sizeof n);
        if (!cursor_bytes(&c, &list, n))
            return span_of(NULL, 0);
    }
    return list;
}

const struct client_hello *tls_store_client_hello(struct tls_store *store,
                                                  const struct tls_hello *hello)
{
    struct buf key = {0};
    struct client_hello facts = {.legacy_version = hello->legacy_version,
                                 .version = hello->version,
                                 .ech = hello->ech,
                                 .early_data = hello->early_data,
                                 .external_keys = hello->external_keys};
    bool fresh;
    begin_key(&key, CERT_FROM_CLIENT, hello);
    put_digest(&key, store, hello);
    struct hello_entry *entry = share_take(store, &key, &fresh);
    if (fresh) {
        fingerprint_client(facts.ja3, facts.ja4, hello);
        split_alpn(&facts.alpn, alpn_in(entry->key));
        entry->facts.client = facts;
    }
    return &entry->facts.client;
}

const struct server_hello *tls_store_server_hello(struct tls_store *store,
                                                  const struct tls_hello *hello)
{
    struct buf key = {0};
    struct server_hello facts = {
        .version = hello->version, .cipher = hello->cipher, .group = hello->group};
    bool fresh;
    begin_key(&key, CERT_FROM_SERVER, hello);
    put_digest(&key, store, hello);
    struct hello_entry *entry = share_take(store, &key, &fresh);
    if (fresh) {
        fingerprint_server(facts.ja3s, hello);
        struct cursor list = cursor_of(alpn_in(entry->key)), name;
        if (cursor_vec8(&list, &name))
            facts.alpn = cursor_rest(&name);
        entry->facts.server = facts;
    }
    return &entry->facts.server;
}

void tls_store_release(struct tls_store *store, const void *hello)
{
    if (!hello)
        return;
    struct hello_entry *entry =
        (struct hello_entry *)((const char *)hello - offsetof(struct hello_entry, facts));
    if (--entry->users > 0)
        return;
    hash_table_remove(&store->hellos, &entry->node);
    free_hello(entry);
}
