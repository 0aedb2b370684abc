/* tls_store.c: shared hellos, names and chains. What is looked up comes from the wire, so that it
 * is hashed under a secret key; nothing that is reported depends on the hash. */
#include "tls_store.h"

#include "blocks.h"
#include "cursor.h"
#include "fingerprint.h"
#include "intern.h"
#include "limits.h"
#include "ocsp.h"
#include "tls_kinds.h"
#include "tls_messages.h"
#include "tls_opener.h"
#include "x509.h"

#include <stdlib.h>

/* What is shared, by what it was made of. */
enum { OF_CLIENT_HELLO, OF_SERVER_HELLO, OF_NAME, OF_CHAIN, OF_STAPLE, OF_RAW_KEY };

struct tls_store {
    struct cert_share certs;
    struct tls_joiner_pool pool;
    struct blocks sessions;
    struct buf scratch;
    struct intern shared;
    struct tls_kinds kinds;
    struct tls_openers openers;
    struct tls_hello_seen seen;
    size_t held; /* bytes that sessions have allocated and nobody else counts */
};

struct tls_store *tls_store_new(struct cert_store *certs)
{
    struct tls_store *store = xcalloc(1, sizeof *store);
    if (certs)
        cert_share_init(&store->certs, certs);
    intern_init(&store->shared);
    store->kinds.shared = &store->shared;
    return store;
}

void tls_store_use_pages(struct tls_store *store, struct pages *pages)
{
    store->sessions.pages = pages;
}

void tls_store_use_blocks(struct tls_store *store, struct blocks *blocks)
{
    intern_use_blocks(&store->shared, blocks);
}

void tls_store_use_bytes(struct tls_store *store, struct shared_bytes *bytes)
{
    intern_use_keys(&store->shared, bytes);
}

void tls_store_use_memory(struct tls_store *store, size_t most)
{
    store->pool.most = most < LIMIT_TLS_HELD ? most : LIMIT_TLS_HELD;
    intern_use_memory(&store->shared, most);
}

void tls_store_free(struct tls_store *store)
{
    if (!store)
        return;
    blocks_done(&store->sessions);
    tls_kinds_done(&store->kinds);
    intern_done(&store->shared);
    tls_joiner_pool_done(&store->pool);
    buf_done(&store->scratch);
    buf_done(&store->openers.room);
    free(store);
}

struct cert_share *tls_store_certs(struct tls_store *store)
{
    return &store->certs;
}

struct tls_joiner_pool *tls_store_pool(struct tls_store *store)
{
    return &store->pool;
}

void tls_store_spare(struct tls_store *store)
{
    intern_forget_unused(&store->shared);
}

size_t tls_store_memory(const struct tls_store *store)
{
    return store->pool.held + store->shared.memory + store->kinds.memory + store->openers.held +
           store->held;
}

void tls_store_use_keys(struct tls_store *store, const struct keylog *keylog, bool values)
{
    store->openers.keylog = keylog;
    store->openers.values = values;
}

struct tls_openers *tls_store_openers(struct tls_store *store)
{
    return &store->openers;
}

void tls_store_charge(struct tls_store *store, size_t before, size_t after)
{
    store->openers.held += after - before;
}

void tls_store_hold(struct tls_store *store, size_t bytes)
{
    store->held += bytes;
}

void tls_store_let_go(struct tls_store *store, size_t bytes)
{
    store->held -= bytes;
}

void tls_store_release(struct tls_store *store, const void *shared)
{
    intern_release(&store->shared, shared);
}

struct tls_extras *tls_store_extras(struct tls_store *store)
{
    return intern_new(&store->shared, sizeof(struct tls_extras), NULL);
}

void *tls_store_session(struct tls_store *store, size_t size)
{
    return blocks_new(&store->sessions, size);
}

void tls_store_session_free(struct tls_store *store, void *session, size_t size)
{
    blocks_free(&store->sessions, session, size);
}

/* --- Hellos --- */

bool tls_store_read_client(struct tls_store *store, struct tls_hello *hello, struct span body)
{
    return tls_kinds_find(&store->kinds, hello, false, body) || tls_hello_client(hello, body);
}

bool tls_store_read_server(struct tls_store *store, struct tls_hello *hello, struct span body)
{
    return tls_kinds_find(&store->kinds, hello, true, body) || tls_hello_server(hello, body);
}

void tls_store_see_hello(struct tls_store *store, const struct tls_hello *hello, uint64_t frame)
{
    store->seen = (struct tls_hello_seen){hello->kind, frame, hello->body, hello->sni};
}

const struct tls_hello_seen *tls_store_hello_seen(const struct tls_store *store)
{
    return &store->seen;
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

/* Writes a part of a key where room for it was made; returns what is behind it. */
static uint8_t *put(uint8_t *at, const void *part, size_t n)
{
    if (n > 0)
        memcpy(at, part, n);
    return at + n;
}

/* put_part writes a part with its length, so that no two lists of parts look alike. */
static uint8_t *put_part(uint8_t *at, struct span part)
{
    uint32_t n = (uint32_t)part.n;
    return put(put(at, &n, sizeof n), part.p, part.n);
}

/* may_have_grease looks at four values at a time, as long as it can. */
static bool may_have_grease(struct span values)
{
    uint64_t four, any = 0;
    uint16_t value;
    size_t at = 0;
    for (; at + sizeof four <= values.n; at += sizeof four) {
        memcpy(&four, values.p + at, sizeof four);
        /* 0 where both bytes of a value end in 0xa: then its highest bit is borrowed from. */
        four = (four & UINT64_C(0x0f0f0f0f0f0f0f0f)) ^ UINT64_C(0x0a0a0a0a0a0a0a0a);
        any |= (four - UINT64_C(0x0001000100010001)) & UINT64_C(0x8000800080008000);
    }
    for (; at + sizeof value <= values.n; at += sizeof value) {
        memcpy(&value, values.p + at, sizeof value);
        any |= tls_is_grease(value);
    }
    return any;
}

/* How many of a list's values there are, and how many of them are kept: stands before these. */
struct list_head {
    uint16_t all, kept;
};

static uint8_t *put_value(uint8_t *at, struct list_head *head, uint16_t value)
{
    head->all++;
    if (tls_is_grease(value))
        return at;
    head->kept++;
    return put(at, &value, sizeof value);
}

/* put_values writes a list of numbers, as they are on the wire, without those of RFC 8701, which
 * are other ones each time. */
static uint8_t *put_values(uint8_t *at, struct span values)
{
    struct list_head head = {(uint16_t)(values.n / 2), (uint16_t)(values.n / 2)};
    uint8_t *list = at + sizeof head;
    if (!may_have_grease(values)) {
        put(at, &head, sizeof head);
        return put(list, values.p, values.n);
    }
    uint8_t *end = list;
    head = (struct list_head){0};
    for (size_t i = 0; i + sizeof(uint16_t) <= values.n; i += sizeof(uint16_t)) {
        uint16_t value;
        memcpy(&value, values.p + i, sizeof value);
        end = put_value(end, &head, value);
    }
    put(at, &head, sizeof head);
    return end;
}

static uint8_t *put_extension_types(uint8_t *at, struct span extensions)
{
    struct cursor c = cursor_of(extensions), body;
    struct list_head head = {0};
    uint8_t *end = at + sizeof head;
    uint16_t type;
    while (tls_hello_extension(&c, &type, &body))
        end = put_value(end, &head, type);
    put(at, &head, sizeof head);
    return end;
}

/* key_of makes a key of all that goes into a hello's facts. So a fingerprint is computed once
 * for each kind of hello, and a hello of 100 kB costs no more than another. */
static struct intern_key key_of(struct tls_store *store, uint8_t kind,
                                const struct tls_hello *hello)
{
    const uint16_t numbers[] = {hello->legacy_version, hello->highest, hello->version,
                                hello->cipher, hello->group};
    const uint8_t flags[] = {hello->ssl2, hello->ech, hello->esni, hello->early_data,
                             hello->external_keys};
    const struct span alpn = kept_alpn(hello->alpn);
    enum { LENGTHS = 2 * sizeof(uint32_t) + 4 * sizeof(struct list_head) };
    struct buf *all = &store->scratch;
    all->n = 0;
    /* An extension has four bytes at least, of which two are kept. */
    buf_reserve(all, sizeof numbers + sizeof flags + LENGTHS + alpn.n + hello->ciphers.n +
                         hello->extensions.n / 2 + hello->groups.n + hello->point_formats.n +
                         hello->signature_algorithms.n);
    uint8_t *end = put(all->p, numbers, sizeof numbers);
    end = put(end, flags, sizeof flags);
    end = put_part(end, alpn);
    end = put_extension_types(end, hello->extensions);
    if (kind == OF_CLIENT_HELLO) { /* a server's has no lists */
        end = put_values(end, hello->ciphers);
        end = put_values(end, hello->groups);
        end = put_part(end, hello->point_formats);
        end = put_values(end, hello->signature_algorithms);
    }
    return intern_key_of(&store->shared, kind, span_of(all->p, (size_t)(end - all->p)));
}

/* copy_to puts a copy of bytes behind a thing, where there is room for them. */
static struct span copy_to(void *room, struct span bytes)
{
    if (bytes.n > 0)
        memcpy(room, bytes.p, bytes.n);
    return span_of(room, bytes.n);
}

/* split_alpn splits a ProtocolNameList into at most LIMIT_TLS_ALPN names. Names of RFC 8701 are
 * nobody's. */
static size_t split_alpn(struct span items[LIMIT_TLS_ALPN], struct span list)
{
    struct cursor c = cursor_of(list), name;
    size_t count = 0;
    while (count < LIMIT_TLS_ALPN && cursor_vec8(&c, &name)) {
        struct span one = cursor_rest(&name);
        if (one.n != 2 || !tls_is_grease((uint16_t)(one.p[0] << 8 | one.p[1])))
            items[count++] = one;
    }
    return count;
}

/* A client's hello, the list of its ALPN names, and their bytes, in one piece. */
static struct client_hello *make_client_hello(struct tls_store *store, const struct intern_key *key,
                                              const struct tls_hello *hello)
{
    struct span items[LIMIT_TLS_ALPN], alpn = kept_alpn(hello->alpn);
    size_t list_size = split_alpn(items, alpn) * sizeof *items;
    struct client_hello *facts =
        intern_new(&store->shared, sizeof *facts + list_size + alpn.n, key);
    struct span *list = (struct span *)(facts + 1);
    facts->legacy_version = hello->legacy_version;
    facts->version = hello->version;
    facts->ech = hello->ech;
    facts->esni = hello->esni;
    facts->early_data = hello->early_data;
    facts->external_keys = hello->external_keys;
    facts->alpn.count = split_alpn(list, copy_to((uint8_t *)list + list_size, alpn));
    facts->alpn.items = list;
    fingerprint_client(facts->ja3, facts->ja4, hello);
    return facts;
}

const struct client_hello *tls_store_client_hello(struct tls_store *store,
                                                  const struct tls_hello *hello)
{
    if (hello->known)
        return intern_share(hello->known);
    struct intern_key key = key_of(store, OF_CLIENT_HELLO, hello);
    struct client_hello *facts = intern_find(&store->shared, &key);
    if (!facts)
        return make_client_hello(store, &key, hello);
    tls_kinds_add(&store->kinds, hello, false, facts); /* it has come again */
    return facts;
}

static struct server_hello *make_server_hello(struct tls_store *store, const struct intern_key *key,
                                              const struct tls_hello *hello)
{
    struct cursor list = cursor_of(kept_alpn(hello->alpn)), name;
    struct span alpn = cursor_vec8(&list, &name) ? cursor_rest(&name) : span_of(NULL, 0);
    struct server_hello *facts = intern_new(&store->shared, sizeof *facts + alpn.n, key);
    facts->version = hello->version;
    facts->cipher = hello->cipher;
    facts->group = hello->group;
    facts->alpn = copy_to(facts + 1, alpn);
    fingerprint_server(facts->ja3s, hello);
    return facts;
}

const struct server_hello *tls_store_server_hello(struct tls_store *store,
                                                  const struct tls_hello *hello)
{
    if (hello->known)
        return intern_share(hello->known);
    struct intern_key key = key_of(store, OF_SERVER_HELLO, hello);
    struct server_hello *facts = intern_find(&store->shared, &key);
    if (!facts)
        return make_server_hello(store, &key, hello);
    tls_kinds_add(&store->kinds, hello, true, facts);
    return facts;
}

/* --- Names --- */

const uint8_t *tls_store_name(struct tls_store *store, struct span name)
{
    struct intern_key key = intern_key_of(&store->shared, OF_NAME, name);
    uint8_t *shared = intern_find(&store->shared, &key);
    if (!shared) {
        shared = intern_new(&store->shared, name.n, &key);
        memcpy(shared, name.p, name.n);
    }
    return shared;
}

/* --- What few sessions have --- */

const struct ocsp_staple *tls_store_staple(struct tls_store *store, bool whole,
                                           struct span response, struct span serial)
{
    struct buf *all = &store->scratch;
    all->n = 0;
    buf_reserve(all, sizeof whole + 2 * sizeof(uint32_t) + serial.n + response.n);
    uint8_t *end = put(all->p, &whole, sizeof whole);
    end = put_part(end, serial);
    end = put_part(end, response);
    struct intern_key key =
        intern_key_of(&store->shared, OF_STAPLE, span_of(all->p, (size_t)(end - all->p)));
    struct ocsp_staple *staple = intern_find(&store->shared, &key);
    if (!staple) {
        size_t kept = whole ? response.n : 0;
        staple = intern_new(&store->shared, sizeof *staple + kept, &key);
        if (whole)
            ocsp_read(staple, response, serial);
        staple->der = copy_to(staple + 1, span_of(response.p, kept));
    }
    return staple;
}

const struct raw_key *tls_store_raw_key(struct tls_store *store, struct span spki)
{
    struct intern_key key = intern_key_of(&store->shared, OF_RAW_KEY, spki);
    struct raw_key *facts = intern_find(&store->shared, &key);
    if (!facts) {
        facts = intern_new(&store->shared, sizeof *facts, &key);
        x509_raw_key(facts, spki);
    }
    return facts;
}

/* --- Chains --- */

/* What tells a chain from most others, at the price of a few bytes: lengths, and the end of the
 * leaf, which is its signature. */
enum { SAMPLE_WORDS = 4 };

/* Returns false if there is no leaf. */
static bool sample(uint64_t words[SAMPLE_WORDS], struct span body, bool tls13)
{
    struct tls_chain chain;
    struct span der;
    words[0] = body.n;
    tls_chain_open(&chain, body, tls13);
    if (!tls_chain_next(&chain, &der) || der.n < 2 * sizeof *words)
        return false;
    words[1] = der.n;
    memcpy(words + 2, der.p + der.n - 2 * sizeof *words, 2 * sizeof *words);
    return true;
}

/* shows tells whether a message shows the certificates of a list that NULL ends, and no more. */
static bool shows(struct span body, bool tls13, const struct cert *const *list, uint8_t *count)
{
    struct tls_chain chain;
    struct span der;
    tls_chain_open(&chain, body, tls13);
    for (*count = 0; list[*count]; ++*count) {
        if (!tls_chain_next(&chain, &der) || !span_equal(list[*count]->der, der))
            return false;
    }
    return chain.whole && cursor_done(&chain.list);
}

/* look_up finds the certificates of a message one by one. *known tells that all of a message that
 * is whole were found. */
static unsigned look_up(const struct cert *list[LIMIT_TLS_CHAIN], bool *whole, bool *known,
                        struct tls_store *store, struct span body, bool tls13)
{
    struct tls_chain chain;
    struct span der;
    unsigned count = 0, shown = 0;
    tls_chain_open(&chain, body, tls13);
    while (count < LIMIT_TLS_CHAIN && tls_chain_next(&chain, &der)) {
        const struct cert *cert = cert_store_get(&store->certs, der);
        shown++;
        if (cert)
            list[count++] = cert;
    }
    *whole = chain.whole;
    *known = chain.whole && cursor_done(&chain.list) && count == shown;
    return count;
}

const struct cert *const *tls_store_chain(struct tls_store *store, uint8_t *count, bool *whole,
                                          struct span body, bool tls13)
{
    uint64_t words[SAMPLE_WORDS];
    bool known, sampled = sample(words, body, tls13);
    struct intern_key key =
        intern_key_of(&store->shared, OF_CHAIN, span_of(words, sampled ? sizeof words : 0));
    const struct cert **shared = sampled ? intern_find(&store->shared, &key) : NULL;
    if (shared && shows(body, tls13, shared, count)) {
        *whole = true;
        return shared;
    }
    /* One with the same sample, which is no accident, stays alone. */
    bool taken = shared;
    intern_release(&store->shared, shared);
    const struct cert *list[LIMIT_TLS_CHAIN];
    *count = (uint8_t)look_up(list, whole, &known, store, body, tls13);
    if (*count == 0)
        return NULL;
    shared = intern_new(&store->shared, (*count + 1u) * sizeof *shared,
                        known && sampled && !taken ? &key : NULL);
    memcpy(shared, list, *count * sizeof *shared);
    return shared;
}
