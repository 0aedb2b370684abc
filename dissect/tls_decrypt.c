/* tls_decrypt.c: the way of records to their keys: pieces joined, and those kept that came first.
 */
#include "tls_decrypt.h"

#include "limits.h"
#include "tls_opener.h"

#include <stdlib.h>

static struct tls_openers *shared_of(const struct tls *tls)
{
    return tls_store_openers(tls->store);
}

/* --- openers --- */

/* What an opener with its keys takes, about. */
enum { OPENER_COST = sizeof(struct tls_opener) + 2 * 1024 };

/* Room for a record in pieces that is kept for the next one. */
enum { PARTIAL_KEPT = 2048 };

/* opener_of gives the session's opener, made if there may be secrets for it. */
static struct tls_opener *opener_of(struct tls *tls)
{
    struct tls_openers *shared = shared_of(tls);
    if (tls->opener || !keylog_is_of_use(shared->keylog))
        return tls->opener;
    struct tls_opener *opener = tls->opener = xcalloc(1, sizeof *opener);
    for (unsigned i = 0; i < 2; i++) {
        opener->directions[i].phase = PHASE_HANDSHAKE;
        opener->directions[i].last = &opener->directions[i].first;
    }
    shared->held += OPENER_COST;
    return opener;
}

static void unlist(struct tls_openers *shared, struct tls_opener *opener)
{
    if (!opener->listed)
        return;
    *(opener->older ? &opener->older->newer : &shared->oldest) = opener->newer;
    *(opener->newer ? &opener->newer->older : &shared->newest) = opener->older;
    opener->listed = false;
}

static void list(struct tls_openers *shared, struct tls_opener *opener)
{
    if (opener->listed)
        return;
    opener->newer = NULL;
    opener->older = shared->newest;
    *(shared->newest ? &shared->newest->newer : &shared->oldest) = opener;
    shared->newest = opener;
    opener->listed = true;
}

static void drop_waiting(struct tls_openers *shared, struct tls_opener *opener)
{
    for (unsigned i = 0; i < 2; i++) {
        struct opener_direction *d = &opener->directions[i];
        for (struct opener_waiting *next; d->first; d->first = next) {
            next = d->first->next;
            free(d->first);
        }
        d->last = &d->first;
    }
    shared->held -= opener->waiting;
    shared->waiting -= opener->waiting;
    opener->waiting = 0;
    unlist(shared, opener);
}

/* give_up: its secrets, if they come at all, come too late. */
static void give_up(struct tls_openers *shared, struct tls_opener *opener)
{
    drop_waiting(shared, opener);
    opener->late = true;
}

void tls_decrypt_free(struct tls *tls)
{
    struct tls_opener *opener = tls->opener;
    if (!opener)
        return;
    struct tls_openers *shared = shared_of(tls);
    drop_waiting(shared, opener);
    for (unsigned i = 0; i < 2; i++) {
        struct opener_direction *d = &opener->directions[i];
        decrypt_keys_free(d->keys);
        tls_joiner_reset(&d->joiner, tls_store_pool(tls->store));
        shared->held -= d->partial.cap;
        buf_done(&d->partial);
    }
    shared->held -= OPENER_COST;
    free(opener);
    tls->opener = NULL;
}

/* --- waiting --- */

/* hold keeps a copy of a record until it can be opened. */
static void hold(struct tls_openers *shared, struct tls_opener *opener, unsigned direction,
                 const struct opener_record *record)
{
    struct opener_direction *d = &opener->directions[direction];
    struct opener_waiting *waiting = xmalloc(sizeof *waiting + record->body.n);
    size_t cost = sizeof *waiting + record->body.n;
    *waiting = (struct opener_waiting){.record = *record};
    waiting->record.body = span_of(waiting + 1, record->body.n);
    if (record->body.n > 0)
        memcpy(waiting + 1, record->body.p, record->body.n);
    *d->last = waiting;
    d->last = &waiting->next;
    opener->waiting += cost;
    shared->held += cost;
    shared->waiting += cost;
    list(shared, opener);
    if (opener->waiting > LIMIT_DECRYPT_WAITING)
        give_up(shared, opener);
    while (shared->waiting > LIMIT_DECRYPT_HELD && shared->oldest)
        give_up(shared, shared->oldest);
}

/* open_waiting opens what waits, as far as that can be done. What one direction held may be what
 * the other waits for. */
static void open_waiting(struct tls *tls, bool last)
{
    struct tls_opener *opener = tls->opener;
    struct tls_openers *shared = shared_of(tls);
    bool moved = opener->waiting > 0;
    while (moved) {
        moved = false;
        for (unsigned i = 0; i < 2; i++) {
            struct opener_direction *d = &opener->directions[i];
            struct opener_waiting *first;
            while ((first = d->first) != NULL && tls_open_record(tls, i, &first->record, last)) {
                size_t cost = sizeof *first + first->record.body.n;
                d->first = first->next;
                if (!d->first)
                    d->last = &d->first;
                opener->waiting -= cost;
                shared->held -= cost;
                shared->waiting -= cost;
                free(first);
                moved = true;
            }
        }
    }
    if (opener->waiting == 0)
        unlist(shared, opener);
}

static void offer(struct tls *tls, unsigned direction, const struct opener_record *record)
{
    struct tls_opener *opener = tls->opener;
    open_waiting(tls, false);
    if (opener->directions[direction].first || !tls_open_record(tls, direction, record, false))
        hold(shared_of(tls), opener, direction, record);
    else
        open_waiting(tls, false);
}

/* --- what is told --- */

/* forget_if_useless drops an opener whose session the key log, which does not grow, has no secrets
 * of. */
static void forget_if_useless(struct tls *tls)
{
    const struct keylog *keylog = shared_of(tls)->keylog;
    const struct tls_opener *opener = tls->opener;
    if (opener->has_client && !keylog_may_grow(keylog) &&
        !keylog_knows(keylog, opener->first_random))
        tls_decrypt_free(tls);
}

/* trust has what is inside tell how a session fares, and not what records look like, from when all
 * is there to open them. */
static void trust(struct tls *tls)
{
    const struct tls_opener *opener = tls->opener;
    if (opener->late || !opener->has_client || !opener->has_server ||
        !opener->handshakes[0].session.suite ||
        !keylog_knows(shared_of(tls)->keylog, opener->first_random))
        return;
    for (unsigned i = 0; i < 2; i++)
        tls->directions[i].opened = true;
}

void tls_decrypt_client_hello(struct tls *tls, const struct tls_hello *hello)
{
    struct tls_opener *opener = hello->random.n == TLS_RANDOM_BYTES ? opener_of(tls) : NULL;
    if (!opener)
        return;
    opener->has_client = true;
    opener->early_offered = hello->early_data;
    opener->handshakes[0].client_hello = 1;
    memcpy(opener->handshakes[0].session.client_random, hello->random.p, TLS_RANDOM_BYTES);
    memcpy(opener->first_random, hello->random.p, TLS_RANDOM_BYTES);
    if (hello->early_data)
        opener->directions[(unsigned)tls->facts.client & 1].phase = PHASE_EARLY;
    forget_if_useless(tls);
    if (!tls->opener)
        return;
    trust(tls);
    open_waiting(tls, false);
}

void tls_decrypt_server_hello(struct tls *tls, const struct tls_hello *hello)
{
    struct tls_opener *opener = hello->random.n == TLS_RANDOM_BYTES ? opener_of(tls) : NULL;
    if (!opener)
        return;
    opener->has_server = true;
    opener->handshakes[0].server_hello = 1;
    struct decrypt_session *session = &opener->handshakes[0].session;
    memcpy(session->server_random, hello->random.p, TLS_RANDOM_BYTES);
    session->version = hello->version;
    session->suite = decrypt_suite_of(hello->cipher, hello->version);
    session->encrypt_then_mac = hello->encrypt_then_mac;
    trust(tls);
    open_waiting(tls, false);
}

/* take tells whether a record is one that may be protected: application data always is, others are
 * after ChangeCipherSpec, or where a hole may have taken that. */
static bool may_be_protected(struct opener_direction *d, uint8_t type)
{
    bool after = d->ccs || d->unsure;
    if (type == TLS_CHANGE_CIPHER_SPEC)
        d->ccs = true;
    return after || type == TLS_APPLICATION_DATA || type == TLS_CHANGE_CIPHER_SPEC;
}

void tls_decrypt_body(struct tls *tls, unsigned direction, struct span piece,
                      const struct tls_where *where)
{
    const struct tls_framer *framer = &tls->directions[direction].framer;
    struct opener_direction *d = &tls->opener->directions[direction];
    if (tls->opener->late || tls_framer_is_ssl2(framer))
        return;
    size_t length = tls_framer_length(framer);
    bool whole = piece.n == length;
    size_t before = d->partial.cap;
    if (!whole && !d->spoiled)
        buf_append(&d->partial, piece.p, piece.n);
    tls_store_charge(tls->store, before, d->partial.cap);
    if (framer->left > 0)
        return;
    struct opener_record record = {.item = ITEM_RECORD,
                                   .type = tls_framer_type(framer),
                                   .version = tls_framer_version(framer),
                                   .frame = where->frame,
                                   .time = where->time,
                                   .body = whole ? piece : span_of(d->partial.p, d->partial.n)};
    if (record.body.n != length) {
        record.item = ITEM_LOST;
        record.body.n = 0;
    }
    if (may_be_protected(d, record.type))
        offer(tls, direction, &record);
    d->partial.n = 0;
    d->spoiled = false;
    if (d->partial.cap > PARTIAL_KEPT) {
        tls_store_charge(tls->store, d->partial.cap, 0);
        buf_done(&d->partial);
    }
}

void tls_decrypt_gap(struct tls *tls, unsigned direction, uint64_t length, bool framed,
                     const struct tls_where *where)
{
    struct tls_opener *opener = tls->opener;
    struct opener_direction *d = &opener->directions[direction];
    const struct tls_framer *framer = &tls->directions[direction].framer;
    struct opener_record record = {
        .item = ITEM_GAP, .gap = length, .frame = where->frame, .time = where->time};
    if (opener->late)
        return;
    d->spoiled = framed && framer->left > 0;
    d->partial.n = 0;
    if (d->spoiled)
        return;
    if (framed) {
        record.item = ITEM_LOST;
        record.type = tls_framer_type(framer);
        if (!may_be_protected(d, record.type))
            return;
    }
    offer(tls, direction, &record);
}

/* A session that was given up, or whose records could not be opened, and of which the key log
 * knows, says so. */
static void note_late(struct tls *tls)
{
    struct tls_opener *opener = tls->opener;
    if (!opener->late || !opener->has_client ||
        !keylog_knows(shared_of(tls)->keylog, opener->first_random))
        return;
    struct tls_decryption *facts = &tls_session_extras(tls)->decryption;
    facts->closed[(unsigned)tls->facts.client & 1]++;
    facts->trouble = TROUBLE_LATE;
    for (unsigned i = 0; i < 2; i++) /* what records look like is all there is to tell */
        tls->directions[i].opened = false;
}

/* Commands of the two directions, each in order, are put in the order in which they were sent. */
static void sort_commands(struct apns_facts *facts)
{
    for (unsigned i = 1; i < facts->count; i++) {
        struct apns_command one = facts->commands[i];
        unsigned at = i;
        for (; at > 0 && facts->commands[at - 1].frame > one.frame; at--)
            facts->commands[at] = facts->commands[at - 1];
        facts->commands[at] = one;
    }
}

void tls_decrypt_finish(struct tls *tls)
{
    if (!tls->opener)
        return;
    const struct tls_opener *opener = tls->opener;
    if (opener->has_client && opener->has_server && opener->waiting > 0 &&
        keylog_knows(shared_of(tls)->keylog, opener->first_random)) {
        open_waiting(tls, false); /* one direction may still wait for the other */
        open_waiting(tls, true);
    }
    note_late(tls);
    for (unsigned i = 0; i < 2; i++)
        tls_inside_end(tls, i);
    if (tls->facts.extras && tls->facts.extras->apns)
        sort_commands(tls->facts.extras->apns);
    tls_decrypt_free(tls);
}
