/* tls_inside.c: what protected records hold: messages, alerts, data. */
#include "tls_opener.h"

#include "limits.h"
#include "plain.h"
#include "tls_flight.h"

static struct tls_openers *shared_of(const struct tls *tls)
{
    return tls_store_openers(tls->store);
}

static struct tls_where where_of(const struct opener_record *record)
{
    return (struct tls_where){.frame = record->frame, .time = record->time};
}

/* --- messages --- */

/* take_next_hello takes a hello of a renegotiation, which the facts are not made of: RFC 5246
 * section 7.4.1. Keys follow from it with the next ChangeCipherSpec. */
static void take_next_hello(struct tls *tls, unsigned direction, const struct tls_message *message)
{
    struct tls_opener *opener = tls->opener;
    struct opener_handshake *next = opener_next(opener, direction);
    struct decrypt_session *session = &next->session;
    bool from_client = tls->facts.client == (int)direction;
    struct tls_hello hello;
    bool good = from_client ? tls_hello_client(&hello, message->body)
                            : tls_hello_server(&hello, message->body);
    if (!good || message->body.n < message->length ||
        tls_is_13(opener->handshakes[0].session.version))
        return;
    *(from_client ? &next->client_hello : &next->server_hello) =
        opener->directions[direction].changes + 1;
    if (from_client) {
        memcpy(session->client_random, hello.random.p, TLS_RANDOM_BYTES);
        return;
    }
    session->version = opener->handshakes[0].session.version;
    memcpy(session->server_random, hello.random.p, TLS_RANDOM_BYTES);
    session->suite = decrypt_suite_of(hello.cipher, session->version);
    session->encrypt_then_mac = hello.encrypt_then_mac;
}

static void take_message(struct tls *tls, unsigned direction, const struct tls_message *message,
                         bool lost, const struct tls_where *where)
{
    struct tls_direction *d = &tls->directions[direction];
    uint32_t clear = d->seen; /* what is said of messages in the clear must not change */
    switch (message->type) {
    case TLS_CLIENT_HELLO:
    case TLS_SERVER_HELLO:
        take_next_hello(tls, direction, message);
        break;
    case TLS_FINISHED:
        tls_open_finished(tls, direction);
        break;
    case TLS_KEY_UPDATE:
        tls_open_update(tls, direction);
        break;
    case TLS_END_OF_EARLY_DATA:
        tls_open_end_early(tls, direction);
        break;
    default:
        if (!tls_flight_take(tls, direction, message, lost, where))
            break;
    }
    d->seen = clear;
    tls->changed = true;
}

static void take_messages(struct tls *tls, unsigned direction, struct span content,
                          const struct opener_record *record)
{
    struct tls_joiner *joiner = &tls->opener->directions[direction].joiner;
    struct tls_joiner_pool *pool = tls_store_pool(tls->store);
    const struct tls_where where = where_of(record);
    struct cursor in = cursor_of(content);
    struct tls_message message;
    enum tls_join join;
    tls_joiner_resync(joiner);
    while ((join = tls_joiner_next(joiner, &message, &in, pool)) != JOIN_MORE)
        if (join != JOIN_HEADER)
            take_message(tls, direction, &message, false, &where);
}

/* --- data --- */

static bool starts_with(struct span text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.n >= n && memcmp(text.p, prefix, n) == 0;
}

/* take_commands reads an APNs stream: one whose protocol says so, or that begins like one where no
 * protocol was agreed on. */
static void take_commands(struct tls *tls, unsigned direction, struct span content,
                          const struct opener_record *record)
{
    struct tls_openers *shared = shared_of(tls);
    struct opener_direction *d = &tls->opener->directions[direction];
    struct span alpn = tls_alpn(&tls->facts);
    bool certain = starts_with(alpn, "apns-security-v");
    const struct apns_where where = {.time = record->time,
                                     .frame = record->frame,
                                     .direction = direction,
                                     .from_client = tls->facts.client == (int)direction};
    if (alpn.n > 0 && !certain)
        return;
    struct tls_extras *extras = tls_session_extras(tls);
    size_t before = apns_memory(extras->apns);
    apns_take(&d->apns, &extras->apns, content, &where, certain, shared->values);
    tls_store_charge(tls->store, before, apns_memory(extras->apns));
}

static void take_data(struct tls *tls, unsigned direction, struct span content,
                      const struct opener_record *record)
{
    struct opener_direction *d = &tls->opener->directions[direction];
    struct tls_extras *extras = tls_session_extras(tls);
    if (content.n == 0)
        return;
    if (!d->any_data && extras->inside <= PLAIN_UNKNOWN)
        extras->inside = (uint8_t)plain_name(content);
    d->any_data = true;
    take_commands(tls, direction, content, record);
}

/* --- alerts --- */

/* A server that refuses the client's certificate can say so only after its own Finished: its first
 * record after that is then a fatal alert, and the handshake has failed. */
static void take_alert(struct tls *tls, unsigned direction, struct span content,
                       const struct tls_where *where)
{
    const struct opener_direction *d = &tls->opener->directions[direction];
    bool from_server = tls->facts.client != (int)direction;
    if (content.n != TLS_ALERT_BYTES)
        return;
    tls_session_alert(tls, direction, content.p[0], content.p[1], true, where);
    if (from_server && tls->directions[direction].fatal && d->phase == PHASE_TRAFFIC &&
        d->number == 1 && tls_is_13(tls->facts.version)) {
        tls->directions[direction].finished = false;
        tls->completed = false;
        tls->facts.complete_frame = 0;
    }
}

/* --- the outside --- */

void tls_inside_take(struct tls *tls, unsigned direction, uint8_t type, struct span content,
                     const struct opener_record *record)
{
    const struct tls_where where = where_of(record);
    switch (type) {
    case TLS_HANDSHAKE:
        take_messages(tls, direction, content, record);
        break;
    case TLS_ALERT:
        take_alert(tls, direction, content, &where);
        break;
    case TLS_APPLICATION_DATA:
        take_data(tls, direction, content, record);
        break;
    default:
        break;
    }
}

static void cut_message(struct tls *tls, unsigned direction)
{
    struct opener_direction *d = &tls->opener->directions[direction];
    const struct tls_direction *outside = &tls->directions[direction];
    const struct tls_where where = {.frame = outside->last_frame, .time = outside->last_time};
    struct tls_message message;
    if (tls_joiner_gap(&d->joiner, &message, UINT64_MAX, tls_store_pool(tls->store)))
        take_message(tls, direction, &message, true, &where);
}

void tls_inside_lose(struct tls *tls, unsigned direction)
{
    struct opener_direction *d = &tls->opener->directions[direction];
    cut_message(tls, direction);
    if (d->any_data && tls->facts.extras)
        apns_gap(&d->apns, tls->facts.extras->apns);
}

void tls_inside_end(struct tls *tls, unsigned direction)
{
    struct opener_direction *d = &tls->opener->directions[direction];
    cut_message(tls, direction);
    if (d->any_data && tls->facts.extras)
        apns_end(&d->apns, tls->facts.extras->apns);
}
