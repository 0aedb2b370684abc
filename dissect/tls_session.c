/* tls_session.c: records to handshake messages, alerts and signs of encryption. */
#include "tls_session.h"

#include "apns.h"
#include "limits.h"
#include "tls_decrypt.h"
#include "tls_flight.h"
#include "tls_heartbeat.h"
#include "tls_outcome.h"
#include "tls_ssl2.h"

#include <stdlib.h>

enum { ALERT_WARNING = 1, ALERT_FATAL = 2, ALERT_CLOSE_NOTIFY = 0, ALERT_USER_CANCELED = 90 };
enum { CHANGE_CIPHER_SPEC_BYTES = 1, HELLO_MIN = 38 };

static bool negotiated_12(const struct tls *tls)
{
    return tls->facts.server_hello && !tls_is_13(tls->facts.server_hello->version);
}

/* --- Alerts --- */

/* The bytes for that many alerts: there is room for two at a time, since each end may send one as
 * it closes. */
static size_t alerts_size(unsigned count)
{
    return (count + 1u) / 2 * 2 * sizeof(struct tls_alert);
}

static void free_alerts(struct tls *tls)
{
    struct tls_facts *facts = &tls->facts;
    const size_t size = alerts_size(facts->alert_count);
    if (!facts->alerts)
        return;
    tls_store_let_go(tls->store, size);
    tls_store_session_free(tls->store, facts->alerts, size);
}

static void add_alert(struct tls *tls, const struct tls_alert *alert)
{
    struct tls_facts *facts = &tls->facts;
    const unsigned count = facts->alert_count;
    const size_t size = alerts_size(count + 1);
    tls->changed = true;
    if (count >= TLS_ALERTS_MAX)
        return;
    if (size > alerts_size(count)) {
        struct tls_alert *alerts = tls_store_session(tls->store, size);
        if (facts->alerts)
            memcpy(alerts, facts->alerts, count * sizeof *alerts);
        free_alerts(tls);
        tls_store_hold(tls->store, size);
        facts->alerts = alerts;
    }
    facts->alerts[facts->alert_count++] = *alert;
}

/* noted_as_encrypted finds an alert among those that could not be read. Its record was noted where
 * it began, which may be some frames before it was whole: it is the latest up to there. */
static struct tls_alert *noted_as_encrypted(struct tls_facts *facts, const struct tls_alert *alert)
{
    struct tls_alert *found = NULL;
    for (unsigned i = 0; i < facts->alert_count; i++) {
        struct tls_alert *noted = &facts->alerts[i];
        if (noted->encrypted && noted->direction == alert->direction &&
            noted->frame <= alert->frame && (!found || noted->frame > found->frame))
            found = noted;
    }
    return found;
}

/* AlertLevel level; AlertDescription description: RFC 8446 section 6. A level other than the two
 * is seen where a record is no alert at all. */
static bool take_alert(struct tls *tls, unsigned direction, struct span piece,
                       const struct tls_where *where)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    struct cursor c = cursor_of(piece);
    while (d->head_have < TLS_ALERT_BYTES && cursor_u8(&c, &d->head[d->head_have]))
        d->head_have++;
    if (d->head_have < TLS_ALERT_BYTES)
        return true;
    if (d->head[0] != ALERT_WARNING && d->head[0] != ALERT_FATAL)
        return d->framer.proven;
    d->framer.proven = true;
    tls_session_alert(tls, direction, d->head[0], d->head[1], false, where);
    return true;
}

void tls_session_alert(struct tls *tls, unsigned direction, uint8_t level, uint8_t description,
                       bool opened, const struct tls_where *where)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    d->close_notify = d->close_notify || description == ALERT_CLOSE_NOTIFY;
    /* TLS 1.3 ignores the level: section 6.2. */
    bool fatal = level == ALERT_FATAL || (tls_is_13(tls->facts.version) && tls->facts.negotiated &&
                                          description != ALERT_USER_CANCELED);
    d->fatal = d->fatal || (fatal && description != ALERT_CLOSE_NOTIFY);
    const struct tls_alert alert = {.direction = (uint8_t)direction,
                                    .level = level,
                                    .description = description,
                                    .frame = where->frame};
    struct tls_alert *noted = opened ? noted_as_encrypted(&tls->facts, &alert) : NULL;
    if (!noted) {
        add_alert(tls, &alert);
        return;
    }
    *noted = alert;
    tls->changed = true;
}

/* --- Handshake messages --- */

/* What surrounds a message's header. */
struct placement {
    size_t after;      /* bytes of the record behind the header */
    bool fills_record; /* header and body are exactly the record */
};

/* placement_of says it of a message behind whose header `left` bytes of the record were read. */
static struct placement placement_of(const struct tls_direction *d, size_t left,
                                     const struct tls_message *message)
{
    struct placement place = {.after = left + d->framer.left};
    place.fills_record = place.after == message->length &&
                         tls_framer_length(&d->framer) == place.after + TLS_MESSAGE_HEADER;
    return place;
}

static bool is_hello(const struct tls_message *message)
{
    return (message->type == TLS_CLIENT_HELLO || message->type == TLS_SERVER_HELLO) &&
           message->length >= HELLO_MIN && message->length <= LIMIT_TLS_MESSAGE;
}

/* After ChangeCipherSpec a message can be read only around a HelloRetryRequest, where TLS 1.3 sends
 * that record for the middleboxes' sake (RFC 8446 appendix D.4): the client's second hello, or the
 * server's real one. */
static bool clear_after_ccs(const struct tls *tls, const struct tls_direction *d,
                            const struct tls_message *message, const struct placement *place)
{
    const struct client_hello *client = tls->facts.client_hello;
    if (!is_hello(message) || !place->fills_record || negotiated_12(tls))
        return false;
    if (message->type == TLS_CLIENT_HELLO)
        return tls_flight_sent(d, TLS_CLIENT_HELLO) && client && tls_is_13(client->version);
    return tls->retry_only;
}

/* After a gap a record may be encrypted, its ChangeCipherSpec lost: then the first bytes are an
 * initialisation vector or a counter, and the length that they seem to give does not fit. */
static bool has_shape(const struct tls_message *message, const struct placement *place)
{
    switch (message->type) {
    case TLS_CLIENT_HELLO:
    case TLS_SERVER_HELLO:
        return is_hello(message);
    case TLS_HELLO_REQUEST:
        return message->length == 0 && place->fills_record;
    case TLS_SERVER_HELLO_DONE:
        return message->length == 0;
    case TLS_CERTIFICATE:
        return message->length <= LIMIT_TLS_MESSAGE;
    case TLS_NEW_SESSION_TICKET:
    case TLS_SERVER_KEY_EXCHANGE:
    case TLS_CERTIFICATE_REQUEST:
    case TLS_CERTIFICATE_VERIFY:
    case TLS_CLIENT_KEY_EXCHANGE:
    case TLS_CERTIFICATE_STATUS:
        return message->length > 0 && message->length <= place->after;
    default:
        return false;
    }
}

/* looks_clear tells whether what may be encrypted bytes is a message's header, behind which `left`
 * bytes of the record were read. */
static NOINLINE bool looks_clear(const struct tls *tls, const struct tls_direction *d,
                                 const struct tls_message *message, size_t left)
{
    const struct placement place = placement_of(d, left, message);
    return d->ccs ? clear_after_ccs(tls, d, message, &place) : has_shape(message, &place);
}

/* give_up_messages: the direction's handshake records can't be read from here on. Returns false if
 * it never was TLS. */
static bool give_up_messages(struct tls *tls, struct tls_direction *d)
{
    tls_joiner_reset(&d->joiner, tls_store_pool(tls->store));
    if (!d->framer.proven && !d->unsure)
        return false;
    d->finished = d->finished || d->ccs || d->unsure;
    d->encrypted = true;
    tls->changed = true;
    return true;
}

/* begin_message looks at a message's header, behind which `left` bytes of the record were read.
 * Returns false if it is none. */
static bool begin_message(struct tls *tls, struct tls_direction *d,
                          const struct tls_message *message, size_t left)
{
    if (UNLIKELY(d->ccs || d->unsure) && !looks_clear(tls, d, message, left))
        return false;
    if (LIKELY(d->framer.proven))
        return true;
    if (is_hello(message) && tls_framer_type(&d->framer) == TLS_HANDSHAKE)
        d->framer.proven = true;
    /* The first message of a stream is a hello, or the stream is not TLS. */
    return d->ccs || d->unsure || d->seen != 0 || is_hello(message);
}

static bool end_message(struct tls *tls, unsigned direction, const struct tls_message *message,
                        const struct tls_where *where)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    if (!tls_flight_take(tls, direction, message, false, where))
        return false;
    /* A hello in SSLv2's format is known only when it has been read. */
    if (UNLIKELY(tls_framer_is_ssl2(&d->framer)))
        d->framer.proven = true;
    return true;
}

/* is_finished tells at a glance what begin_message would say of the header in a piece: after
 * ChangeCipherSpec it is none, where nothing but an encrypted Finished can come. */
static bool is_finished(const struct tls *tls, const struct tls_direction *d, struct span piece)
{
    return d->ccs && negotiated_12(tls) && d->joiner.have == 0 && !d->joiner.lost &&
           piece.n >= TLS_MESSAGE_HEADER;
}

static bool take_handshake(struct tls *tls, unsigned direction, struct span piece,
                           const struct tls_where *where)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    struct cursor in = cursor_of(piece);
    struct tls_message message;
    bool good = !is_finished(tls, d, piece);
    while (good && !d->encrypted) {
        switch (tls_joiner_next(&d->joiner, &message, &in, tls_store_pool(tls->store))) {
        case JOIN_MORE:
            return true;
        case JOIN_WHOLE:
            good = begin_message(tls, d, &message, message.length + in.left) &&
                   end_message(tls, direction, &message, where);
            break;
        case JOIN_HEADER:
            good = begin_message(tls, d, &message, in.left);
            break;
        case JOIN_MESSAGE:
            good = end_message(tls, direction, &message, where);
            break;
        }
    }
    if (!good)
        return give_up_messages(tls, d);
    tls_joiner_reset(&d->joiner, tls_store_pool(tls->store));
    return true;
}

/* --- Records --- */

struct tls_extras *tls_session_extras(struct tls *tls)
{
    if (!tls->facts.extras)
        tls->facts.extras = tls_store_extras(tls->store);
    return tls->facts.extras;
}

/* note_later_handshake notes a record of a later handshake: a handshake record, or an encrypted
 * ChangeCipherSpec. A client's second encrypted handshake record may belong to the first handshake,
 * where NPN's and Channel ID's messages come before Finished: it needs one of these or data before
 * it. */
static void note_later_handshake(struct tls *tls, unsigned direction, bool change, uint64_t frame)
{
    const struct tls_facts *facts = &tls->facts;
    bool from_server = facts->client >= 0 && facts->client != (int)direction;
    bool sure = change || from_server || tls->directions[direction].data ||
                (facts->extras && facts->extras->renegotiation.changes[direction] > 0);
    if (!sure)
        return;
    struct tls_renegotiation *later = &tls_session_extras(tls)->renegotiation;
    later->records += !change;
    later->changes[direction] += change;
    if (later->first_frame == 0 || frame < later->first_frame)
        later->first_frame = frame;
}

static void begin_data(struct tls *tls, unsigned direction, uint16_t length,
                       const struct tls_where *where)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    struct tls_facts *facts = &tls->facts;
    if (length == 0)
        return;
    if (!d->many_data) {
        tls->changed = true;
        d->many_data = d->data;
        if (!d->data)
            d->first_data = length;
        d->data = true;
    }
    if (LIKELY(!tls->early_offered) || facts->client != (int)direction || tls->early_over)
        return;
    if (tls->early_first_frame == 0) {
        tls->early_first_frame = where->frame;
        tls->early_unheard = tls->unheard;
    }
    tls->early_last_frame = where->frame;
    if (facts->server_hello && where->frame > facts->server_hello_frame && !tls->unheard &&
        tls_finished_sized(tls, length)) {
        tls->early_over = true;
        tls->changed = true;
    }
}

void tls_session_header(struct tls *tls, unsigned direction, const struct tls_record *record,
                        const struct tls_where *where)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    switch (record->type) {
    case TLS_HANDSHAKE:
        tls_joiner_resync(&d->joiner);
        if (d->encrypted && d->finished)
            note_later_handshake(tls, direction & 1, false, where->frame);
        else if (d->encrypted)
            d->finished = tls->changed = true;
        break;
    case TLS_ALERT:
        d->head_have = 0;
        if (record->length != TLS_ALERT_BYTES && d->framer.proven)
            add_alert(tls, &(struct tls_alert){.direction = (uint8_t)direction,
                                               .encrypted = true,
                                               .frame = where->frame});
        break;
    case TLS_APPLICATION_DATA:
        begin_data(tls, direction, record->length, where);
        break;
    case TLS_HEARTBEAT:
        tls_heartbeat_begin(tls, direction, where->frame);
        break;
    default:
        tls_ssl2_header(tls, d);
        break;
    }
}

/* A ChangeCipherSpec that is longer is an encrypted one, in a later handshake. */
static void end_ccs(struct tls *tls, unsigned direction, uint64_t frame)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    bool encrypted = tls_framer_length(&d->framer) != CHANGE_CIPHER_SPEC_BYTES;
    if (d->framer.left > 0)
        return;
    if (encrypted && d->finished)
        note_later_handshake(tls, direction & 1, true, frame);
    if (encrypted || d->ccs)
        return;
    d->ccs = true;
    tls->changed = true;
    tls_joiner_reset(&d->joiner, tls_store_pool(tls->store));
}

bool tls_session_body(struct tls *tls, unsigned direction, const struct tls_record *record,
                      const struct tls_where *where)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    switch (record->type) {
    case TLS_HANDSHAKE:
    case TLS_SSL2_HELLO:
    case TLS_SSL2_SERVER_HELLO:
        return d->encrypted || take_handshake(tls, direction, record->body, where);
    case TLS_ALERT:
        return record->length != TLS_ALERT_BYTES || take_alert(tls, direction, record->body, where);
    case TLS_CHANGE_CIPHER_SPEC:
        end_ccs(tls, direction, where->frame);
        return true;
    case TLS_HEARTBEAT:
        tls_heartbeat_take(tls, direction, record->body, where->frame);
        return true;
    case TLS_SSL2_RECORD:
        tls_ssl2_body(tls, d, record->body);
        return true;
    default:
        return true;
    }
}

/* cut_message uses what there is of a message that misses its end; `lost` tells that the capture
 * does, and not what was sent. */
static void cut_message(struct tls *tls, unsigned direction, uint64_t length, bool lost,
                        const struct tls_where *where)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    struct tls_message message;
    if (!d->encrypted && !d->ccs &&
        tls_joiner_gap(&d->joiner, &message, length, tls_store_pool(tls->store)) &&
        !tls_flight_take(tls, direction, &message, lost, where))
        d->unsure = true;
}

void tls_session_gap(struct tls *tls, unsigned direction, uint64_t length, bool framed,
                     const struct tls_where *where)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    uint8_t type = tls_framer_type(&d->framer);
    tls->changed = true;
    if (!d->ccs && !d->data)
        d->unsure = true;
    if (!framed) {
        cut_message(tls, direction, UINT64_MAX, d->holes, where);
        tls_joiner_reset(&d->joiner, tls_store_pool(tls->store));
    } else if (type == TLS_HANDSHAKE || type == TLS_SSL2_HELLO || type == TLS_SSL2_SERVER_HELLO) {
        cut_message(tls, direction, length, true, where);
    } else if (type == TLS_CHANGE_CIPHER_SPEC) {
        end_ccs(tls, direction, where->frame);
    }
}

void tls_session_end(struct tls *tls, unsigned direction)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    const struct tls_where last = {.frame = d->last_frame, .time = d->last_time};
    if (d->joiner.have == 0 && !d->joiner.lost)
        return; /* between messages */
    cut_message(tls, direction, UINT64_MAX, true, &last);
    tls_joiner_reset(&d->joiner, tls_store_pool(tls->store));
}

static void release_extras(struct tls_store *store, struct tls_extras *extras)
{
    if (!extras)
        return;
    tls_store_release(store, extras->staple);
    tls_store_release(store, extras->server_key);
    tls_store_release(store, extras->client_key);
    tls_store_release(store, extras->alpn.p);
    tls_store_charge(store, apns_memory(extras->apns), 0);
    apns_free(extras->apns);
    tls_store_release(store, extras);
}

void tls_session_done(struct tls *tls)
{
    struct tls_facts *facts = &tls->facts;
    tls_decrypt_free(tls);
    for (unsigned i = 0; i < 2; i++)
        tls_joiner_reset(&tls->directions[i].joiner, tls_store_pool(tls->store));
    tls_store_release(tls->store, facts->client_hello);
    tls_store_release(tls->store, facts->server_hello);
    tls_store_release(tls->store, facts->sni.p);
    tls_store_release(tls->store, facts->server_certs);
    tls_store_release(tls->store, facts->client_certs);
    if (tls->held_chain)
        tls_store_release(tls->store, tls->held_chain->certs);
    release_extras(tls->store, facts->extras);
    free(tls->held_chain);
    free_alerts(tls);
}
