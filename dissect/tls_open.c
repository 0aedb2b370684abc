/* tls_open.c: which keys a record is of, and which number it has. Behind a hole neither is known:
 * the next ones are tried in turn. */
#include "tls_opener.h"

#include "limits.h"
#include "tls_decrypt.h"

/* Numbers that one record may have, and changes of keys that a hole may hide. */
enum { SLACK_MAX = 256, UPDATES_TRIED = 3 };

/* The least that a protected record takes: header, a byte of content, and a short tag. */
enum { RECORD_LEAST = TLS_RECORD_HEADER + 1 + 8 };

/* Whose secret opens what, by enum opener_phase. */
static enum keylog_label label_of(enum opener_phase phase, bool from_client)
{
    static const enum keylog_label labels[][2] = {
        [PHASE_EARLY] = {KEYLOG_CLIENT_EARLY, KEYLOG_CLIENT_EARLY},
        [PHASE_HANDSHAKE] = {KEYLOG_SERVER_HANDSHAKE, KEYLOG_CLIENT_HANDSHAKE},
        [PHASE_TRAFFIC] = {KEYLOG_SERVER_TRAFFIC, KEYLOG_CLIENT_TRAFFIC},
    };
    return labels[phase][from_client];
}

static const struct keylog *keylog_of(const struct tls *tls)
{
    return tls_store_openers(tls->store)->keylog;
}

static bool from_client(const struct tls *tls, unsigned direction)
{
    return tls->facts.client == (int)direction;
}

static bool is_13(const struct tls *tls)
{
    return tls_is_13(tls->opener->handshakes[0].session.version);
}

/* --- counting --- */

static void count_opened(struct tls *tls, unsigned direction)
{
    struct tls_decryption *facts = &tls_session_extras(tls)->decryption;
    if (facts->opened[direction]++ == 0 && facts->closed[direction] == 0)
        tls->directions[direction].opened = true;
    tls->changed = true;
}

static void count_closed(struct tls *tls, unsigned direction, enum decryption_trouble trouble)
{
    struct tls_decryption *facts = &tls_session_extras(tls)->decryption;
    facts->closed[direction]++;
    if (facts->trouble == TROUBLE_NONE)
        facts->trouble = (uint8_t)trouble;
    tls->directions[direction].opened = false;
    tls->changed = true;
}

/* --- keys of TLS 1.3 --- */

static void set_keys(struct opener_direction *d, struct decrypt_keys *keys, enum opener_phase phase)
{
    decrypt_keys_free(d->keys);
    d->keys = keys;
    d->phase = (uint8_t)phase;
    d->number = 0;
}

/* keys_of makes the keys of a phase; NULL if there is no secret for it. */
static struct decrypt_keys *keys_of(const struct tls *tls, struct tls_secret *secret,
                                    unsigned direction, enum opener_phase phase)
{
    const struct decrypt_session *session = &tls->opener->handshakes[0].session;
    const struct tls_secret *found = keylog_find(
        keylog_of(tls), label_of(phase, from_client(tls, direction)), session->client_random);
    if (!found)
        return NULL;
    *secret = *found;
    return decrypt_keys_13(session->suite, session->version, found);
}

/* go_on moves a direction to a phase. */
static void go_on(struct tls *tls, unsigned direction, enum opener_phase phase)
{
    struct opener_direction *d = &tls->opener->directions[direction];
    set_keys(d, NULL, phase);
    d->slack = 0;
}

void tls_open_finished(struct tls *tls, unsigned direction)
{
    tls->directions[direction].finished = true;
    if (is_13(tls))
        go_on(tls, direction, PHASE_TRAFFIC);
}

void tls_open_end_early(struct tls *tls, unsigned direction)
{
    if (is_13(tls) && tls->opener->directions[direction].phase == PHASE_EARLY)
        go_on(tls, direction, PHASE_HANDSHAKE);
}

void tls_open_update(struct tls *tls, unsigned direction)
{
    struct tls_opener *opener = tls->opener;
    struct opener_direction *d = &opener->directions[direction];
    if (!is_13(tls) || d->phase != PHASE_TRAFFIC || !d->keys)
        return;
    const struct decrypt_session *session = &opener->handshakes[0].session;
    decrypt_next_secret(&d->secret, session->suite, &d->secret);
    set_keys(d, decrypt_keys_13(session->suite, session->version, &d->secret), PHASE_TRAFFIC);
}

/* --- trials --- */

static struct decrypt_record sealed_of(const struct opener_record *record)
{
    return (struct decrypt_record){record->type, record->version, record->body};
}

/* try_numbers opens a record with one of the numbers from *number on. A trial beyond the first is
 * paid for. */
static bool try_numbers(struct span *plain, struct tls *tls, struct opener_direction *d,
                        struct decrypt_keys *keys, uint64_t *number,
                        const struct opener_record *record)
{
    struct buf *room = &tls_store_openers(tls->store)->room;
    const struct decrypt_record sealed = sealed_of(record);
    for (uint32_t i = 0; i <= d->slack; i++) {
        if (i > 0 && d->trials++ >= LIMIT_DECRYPT_TRIALS)
            return false;
        if (decrypt_open(plain, room, keys, &sealed, *number + i)) {
            *number += i;
            return true;
        }
    }
    return false;
}

/* try_current opens a record with the keys at hand. */
static bool try_current(struct span *plain, struct tls *tls, struct opener_direction *d,
                        const struct opener_record *record)
{
    return d->keys && try_numbers(plain, tls, d, d->keys, &d->number, record);
}

/* try_keys_take opens a record with other keys, which take the place of those at hand if they do.
 */
static bool try_keys_take(struct span *plain, struct tls *tls, struct opener_direction *d,
                          struct decrypt_keys *keys, enum opener_phase phase,
                          const struct opener_record *record)
{
    uint64_t number = 0;
    if (!keys)
        return false;
    if (d->trials++ >= LIMIT_DECRYPT_TRIALS || !try_numbers(plain, tls, d, keys, &number, record)) {
        decrypt_keys_free(keys);
        return false;
    }
    set_keys(d, keys, phase);
    d->number = number;
    return true;
}

/* try_later opens a record with the keys of a later phase, or the next ones of the last. */
static bool try_later(struct span *plain, struct tls *tls, unsigned direction,
                      const struct opener_record *record)
{
    const struct decrypt_session *session = &tls->opener->handshakes[0].session;
    struct opener_direction *d = &tls->opener->directions[direction];
    struct tls_secret secret;
    for (unsigned phase = d->phase + 1u; phase <= PHASE_TRAFFIC; phase++) {
        struct decrypt_keys *keys = keys_of(tls, &secret, direction, (enum opener_phase)phase);
        if (try_keys_take(plain, tls, d, keys, (enum opener_phase)phase, record)) {
            d->secret = secret;
            if (phase == PHASE_TRAFFIC) /* its Finished fell into the hole */
                tls->directions[direction].finished = true;
            return true;
        }
    }
    secret = d->secret;
    for (unsigned i = 0; i < UPDATES_TRIED && d->phase == PHASE_TRAFFIC && d->keys; i++) {
        decrypt_next_secret(&secret, session->suite, &secret);
        struct decrypt_keys *keys = decrypt_keys_13(session->suite, session->version, &secret);
        if (try_keys_take(plain, tls, d, keys, PHASE_TRAFFIC, record)) {
            d->secret = secret;
            return true;
        }
    }
    return false;
}

/* --- records --- */

static void add_slack(struct opener_direction *d, uint32_t records)
{
    d->slack = d->slack + records < SLACK_MAX ? d->slack + records : SLACK_MAX;
}

static void opened(struct tls *tls, unsigned direction, uint8_t type, struct span content,
                   const struct opener_record *record)
{
    struct opener_direction *d = &tls->opener->directions[direction];
    d->number++;
    d->slack = 0;
    d->unsure = false;
    d->ccs = true; /* a hole may have taken it */
    count_opened(tls, direction);
    tls_inside_take(tls, direction, type, content, record);
}

/* not_opened: behind a hole the next record has another chance. It may have a number more, and one
 * more again, so that the trials catch up with records that nobody counted: what is passed over in
 * search of a record may have held some. */
static void not_opened(struct tls *tls, unsigned direction, enum decryption_trouble trouble)
{
    struct opener_direction *d = &tls->opener->directions[direction];
    bool any = tls->facts.extras && tls->facts.extras->decryption.opened[direction] > 0;
    if (!d->unsure && trouble == TROUBLE_WRONG_SECRET) {
        trouble = any ? TROUBLE_DAMAGED : trouble;
        d->dead = !any;
    }
    count_closed(tls, direction, d->unsure ? TROUBLE_GAP : trouble);
    tls_inside_lose(tls, direction);
    d->dead = d->dead || d->trials >= LIMIT_DECRYPT_TRIALS;
    d->unsure = true;
    add_slack(d, 2);
}

/* strip takes the padding and the type off a record's content: RFC 8446 section 5.4. */
static bool strip(struct span *content, uint8_t *type)
{
    while (content->n > 0 && content->p[content->n - 1] == 0)
        content->n--;
    if (content->n == 0)
        return false;
    *type = content->p[--content->n];
    return true;
}

/* Application data alone is protected in TLS 1.3. Early data that the server rejects is not
 * followed by a message that says so: handshake keys are tried, too. */
static bool open_13(struct tls *tls, unsigned direction, const struct opener_record *record,
                    bool last)
{
    struct tls_opener *opener = tls->opener;
    struct opener_direction *d = &opener->directions[direction];
    struct span content;
    uint8_t type;
    if (record->type != TLS_APPLICATION_DATA)
        return true;
    if (!d->keys) {
        d->keys = keys_of(tls, &d->secret, direction, (enum opener_phase)d->phase);
    }
    if (!d->keys && keylog_may_grow(keylog_of(tls)) && !last && d->phase != PHASE_EARLY)
        return false;
    bool known = d->keys != NULL;
    bool good = try_current(&content, tls, d, record);
    if (!good && (d->unsure || !known || d->phase == PHASE_EARLY))
        good = try_later(&content, tls, direction, record);
    if (good && strip(&content, &type)) {
        opened(tls, direction, type, content, record);
    } else if (d->phase == PHASE_EARLY) { /* rejected, or its secret is not there */
        count_closed(tls, direction, TROUBLE_MISSING_SECRET);
        d->dead = d->trials >= LIMIT_DECRYPT_TRIALS;
    } else {
        not_opened(tls, direction, known ? TROUBLE_WRONG_SECRET : TROUBLE_MISSING_SECRET);
    }
    return true;
}

/* start_12 has a direction use the keys of the latest handshake. Returns false if a hello that went
 * the other way, or the secret, is still to come. */
static bool start_12(struct tls *tls, unsigned direction, bool last)
{
    struct tls_opener *opener = tls->opener;
    struct opener_direction *d = &opener->directions[direction];
    const struct opener_handshake *next = opener_next(opener, direction);
    const struct decrypt_session *session = &next->session;
    bool known = next->client_hello == d->changes + 1 && next->server_hello == d->changes + 1;
    if (!known && !last && !opener->directions[!direction].dead)
        return false;
    const struct tls_secret *master =
        known ? keylog_find(keylog_of(tls), KEYLOG_MASTER, session->client_random) : NULL;
    if (!master && keylog_may_grow(keylog_of(tls)) && !last)
        return false;
    bool usable = master && session->suite;
    set_keys(d, usable ? decrypt_keys_12(session, master, !from_client(tls, direction)) : NULL,
             PHASE_TRAFFIC);
    d->changes++;
    return true;
}

static bool open_12(struct tls *tls, unsigned direction, const struct opener_record *record,
                    bool last)
{
    struct tls_opener *opener = tls->opener;
    struct opener_direction *d = &opener->directions[direction];
    struct span content;
    bool change = record->type == TLS_CHANGE_CIPHER_SPEC;
    if (d->changes == 0) {
        bool wanted = change || d->unsure;
        if (wanted && !start_12(tls, direction, last))
            return false;
        if (!wanted)
            return true;
    }
    if (change && record->body.n == 1) { /* this one is in the clear */
        d->number = 0;
        d->slack = 0;
        return true;
    }
    if (d->changing) { /* it was opened, and what follows it had to wait */
        if (!start_12(tls, direction, last))
            return false;
        d->changing = false;
    }
    if (!d->keys) {
        count_closed(tls, direction, TROUBLE_MISSING_SECRET);
        return true;
    }
    const struct decrypt_record sealed = sealed_of(record);
    bool good = try_current(&content, tls, d, record);
    decrypt_follow(d->keys, &sealed);
    if (!good && d->unsure && !d->ccs)
        return true; /* it may have been in the clear */
    if (!good) {
        not_opened(tls, direction, TROUBLE_WRONG_SECRET);
        return true;
    }
    opened(tls, direction, record->type, content, record);
    d->changing = change;
    return true;
}

/* How many records a hole can have held, at most, with the one whose end is in it, and the one of
 * which it took the beginning. */
static uint32_t records_in(uint64_t bytes)
{
    uint64_t records = bytes / RECORD_LEAST + 2;
    return records < SLACK_MAX ? (uint32_t)records : SLACK_MAX;
}

static void pass_hole(struct tls *tls, unsigned direction, const struct opener_record *record)
{
    struct opener_direction *d = &tls->opener->directions[direction];
    if (record->item == ITEM_LOST && d->keys) {
        d->number++;
        count_closed(tls, direction, TROUBLE_GAP);
    }
    /* A lost record may have had keys that are not there yet, or have changed them: then those that
     * come next have opened it, or not. */
    add_slack(d, record->item == ITEM_GAP ? records_in(record->gap) : 1);
    d->unsure = true;
    tls_inside_lose(tls, direction);
}

bool tls_open_record(struct tls *tls, unsigned direction, const struct opener_record *record,
                     bool last)
{
    struct tls_opener *opener = tls->opener;
    struct opener_direction *d = &opener->directions[direction];
    const struct keylog *keylog = keylog_of(tls);
    if (!opener->has_client || !opener->has_server ||
        (keylog_may_grow(keylog) && !last && !keylog_knows(keylog, opener->first_random)))
        return false;
    if (d->dead) {
        if (record->item == ITEM_RECORD && record->type == TLS_APPLICATION_DATA)
            count_closed(tls, direction, TROUBLE_WRONG_SECRET);
        return true;
    }
    if (record->item != ITEM_RECORD) {
        pass_hole(tls, direction, record);
        return true;
    }
    if (!opener->handshakes[0].session.suite) {
        bool old = opener->handshakes[0].session.version < TLS_VERSION_10;
        if (record->type == TLS_APPLICATION_DATA)
            count_closed(tls, direction, old ? TROUBLE_VERSION : TROUBLE_SUITE);
        return true;
    }
    return is_13(tls) ? open_13(tls, direction, record, last)
                      : open_12(tls, direction, record, last);
}
