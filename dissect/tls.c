/* tls.c: the way of the bytes: framing, finding the place again, the verdict whether it is TLS. */
#include "tls.h"

#include "limits.h"
#include "tls_decrypt.h"
#include "tls_outcome.h"
#include "tls_session.h"

#include <stdlib.h>

struct tls *tls_new(struct tls_store *store, bool midstream)
{
    struct tls *tls = tls_store_session(store, sizeof *tls);
    *tls = (struct tls){0};
    tls->store = store;
    tls->facts.client = -1;
    for (unsigned i = 0; i < 2 && midstream; i++) {
        tls->directions[i].framer.state = FRAMING_SEARCH;
        tls->directions[i].unsure = true;
    }
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    tls_session_done(tls);
    tls_store_session_free(tls->store, tls, sizeof *tls);
}

/* is_plain: the direction has begun as something else. */
static bool is_plain(const struct tls_direction *d)
{
    return d->framer.state == FRAMING_NONE;
}

/* decide says whether the flow is TLS, once that is sure: one direction's records do. It is not
 * where both begin as something else, or one does and the other stays silent for long. */
static void decide(struct tls *tls)
{
    const struct tls_direction *d = tls->directions;
    if (tls->is_tls || tls->is_other)
        return;
    unsigned searched = (unsigned)d[0].searched + d[1].searched;
    tls->is_tls = d[0].framer.proven || d[1].framer.proven;
    if (!tls->is_tls)
        tls->is_other = (is_plain(&d[0]) && is_plain(&d[1])) ||
                        ((is_plain(&d[0]) || is_plain(&d[1])) && searched >= LIMIT_TLS_PLAIN) ||
                        searched >= LIMIT_TLS_SEARCH;
}

/* In a stream that was joined midway the records' version is all there is. TLS 1.3 has the number
 * of 1.2 in its records (RFC 8446 section 5.1), but shows no encrypted record as an alert. */
static void take_record_version(struct tls *tls, const struct tls_direction *d)
{
    if (tls->facts.version != 0 || !d->framer.proven)
        return;
    uint16_t version = tls_framer_version(&d->framer);
    bool sure = version != TLS_VERSION_12 || (tls_framer_type(&d->framer) == TLS_ALERT &&
                                              tls_framer_length(&d->framer) > TLS_ALERT_BYTES);
    if (sure)
        tls->facts.version = version;
}

static void update(struct tls *tls, uint64_t frame)
{
    decide(tls);
    if (!tls->is_tls || !tls->changed)
        return;
    tls_outcome_note(tls, frame);
    tls->changed = false;
    tls->stale = true;
}

/* arrived does what is left to do after bytes or a gap. */
static void arrived(struct tls *tls, struct tls_direction *d, const struct tls_where *where)
{
    d->any_bytes = true;
    d->last_frame = where->frame;
    d->last_time = d->joiner.have > 0 ? where->time : 0;
    if (UNLIKELY(tls->changed || !tls->is_tls))
        update(tls, where->frame);
}

/* not_tls: what began like a record is none. Its bytes are dropped from here on. */
static void not_tls(struct tls *tls, struct tls_direction *d)
{
    tls_joiner_reset(&d->joiner, tls_store_pool(tls->store));
    d->framer = (struct tls_framer){.state = FRAMING_NONE};
}

void tls_lose(struct tls *tls, unsigned direction)
{
    struct tls_direction *d = &tls->directions[direction & 1];
    d->framer.state = FRAMING_SEARCH;
    d->unsure = true;
}

void tls_plain(struct tls *tls, unsigned direction)
{
    not_tls(tls, &tls->directions[direction & 1]);
    tls->directions[direction & 1].any_bytes = true;
    decide(tls);
}

/* begin_record takes the header of a record that begins at a stream offset. */
static void begin_record(struct tls *tls, unsigned direction, uint64_t offset,
                         const struct tls_record *record, const struct tls_where *where,
                         const struct tls_observer *observer)
{
    if (observer && !(record->type & TLS_SSL2_HELLO))
        observer->record(observer->context, direction, offset, record->type, record->length);
    if (UNLIKELY(tls->early_offered))
        tls->unheard = observer && observer->unheard(observer->context, direction);
    tls_session_header(tls, direction, record, where);
}

static void take_body(struct tls *tls, unsigned direction, const struct tls_record *record,
                      const struct tls_where *where)
{
    if (UNLIKELY(tls->opener != NULL))
        tls_decrypt_body(tls, direction, record->body, where);
    if (record->type != TLS_APPLICATION_DATA && !tls_session_body(tls, direction, record, where))
        not_tls(tls, tls_direction_of(tls, direction));
}

/* lose_record: bytes that are no record are as good as a gap of unknown length. Returns false if
 * no record is found behind it. */
static NOINLINE bool lose_record(struct tls *tls, unsigned direction, struct cursor *in,
                                 const struct tls_where *where)
{
    struct tls_direction *d = &tls->directions[direction];
    if (UNLIKELY(tls->opener != NULL))
        tls_decrypt_gap(tls, direction, 1, false, where);
    tls_session_gap(tls, direction, 1, false, where);
    return d->framer.state == FRAMING_SEARCH && tls_framer_find(&d->framer, in);
}

/* read_records reads what is left, `in`, of a segment whose last byte is before the stream offset
 * `end`. */
static void read_records(struct tls *tls, unsigned direction, struct cursor in, uint64_t end,
                         const struct tls_where *where, const struct tls_observer *observer)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    struct tls_record record;
    while (!cursor_done(&in)) {
        enum tls_frame frame = tls_framer_next(&d->framer, &in, &record);
        if (frame == FRAME_MORE)
            return;
        if (UNLIKELY(frame == FRAME_LOST)) {
            struct cursor rest = in;
            if (!lose_record(tls, direction, &rest, where))
                return;
            in = rest;
            continue;
        }
        if (LIKELY(frame == FRAME_RECORD))
            begin_record(tls, direction, end - in.left - record.body.n - TLS_RECORD_HEADER, &record,
                         where, observer);
        if (record.body.n > 0)
            take_body(tls, direction, &record, where);
        take_record_version(tls, d);
    }
}

/* count_search counts the segments of a direction that have shown no record. */
static void count_search(struct tls_direction *d)
{
    if ((d->framer.state == FRAMING_SEARCH || is_plain(d)) && d->searched < UINT8_MAX)
        d->searched++;
}

/* find_record gives what there is from the next record on: nothing if none is found. */
static NOINLINE struct cursor find_record(struct tls_framer *framer, struct cursor in)
{
    return tls_framer_find(framer, &in) ? in : cursor_of(span_of(NULL, 0));
}

void tls_data(struct tls *tls, unsigned direction, struct span bytes, const struct tls_where *where,
              const struct tls_observer *observer)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    struct cursor in = cursor_of(bytes);
    if (tls->is_other || bytes.n == 0)
        return;
    if (UNLIKELY(d->framer.state == FRAMING_SEARCH))
        in = find_record(&d->framer, in);
    read_records(tls, direction & 1, in, where->offset + bytes.n, where, observer);
    if (UNLIKELY(d->framer.state != FRAMING_RECORDS))
        count_search(d);
    arrived(tls, d, where);
}

void tls_gap(struct tls *tls, unsigned direction, uint64_t length, const struct tls_where *where)
{
    struct tls_direction *d = &tls->directions[direction & 1];
    if (tls->is_other || length == 0)
        return;
    tls->facts.gap_bytes += length;
    d->holes = true;
    d->gap = d->gap || (!d->ccs && !d->data);
    bool framed = tls_framer_gap(&d->framer, length);
    if (UNLIKELY(tls->opener != NULL))
        tls_decrypt_gap(tls, direction & 1, length, framed, where);
    tls_session_gap(tls, direction & 1, length, framed, where);
    arrived(tls, d, where);
}

/* ends_with_alert tells whether the last record of a direction was an encrypted alert, or in TLS
 * 1.3 one that may be. */
static bool ends_with_alert(const struct tls *tls, const struct tls_direction *d)
{
    const struct tls_facts *facts = &tls->facts;
    if (!tls_framer_between(&d->framer) || !d->framer.proven)
        return false;
    uint16_t length = tls_framer_length(&d->framer);
    switch (tls_framer_type(&d->framer)) {
    case TLS_ALERT:
        return length > TLS_ALERT_BYTES;
    case TLS_APPLICATION_DATA:
        return tls_alert_sized(tls, length) && (!facts->negotiated || tls_is_13(facts->version));
    default:
        return false;
    }
}

void tls_fin(struct tls *tls, unsigned direction)
{
    struct tls_direction *d = &tls->directions[direction & 1];
    if (tls->is_other || d->fin)
        return;
    tls_session_end(tls, direction & 1);
    d->fin = true;
    d->last_alert = ends_with_alert(tls, d);
    tls->changed = true;
    update(tls, d->last_frame);
}

void tls_prefetch(const struct tls *tls)
{
    prefetch(tls, offsetof(struct tls, facts));
}

bool tls_holds(const struct tls *tls)
{
    return tls->opener || tls->directions[0].joiner.body || tls->directions[1].joiner.body;
}

void tls_finish(struct tls *tls)
{
    if (tls->is_other)
        return;
    uint64_t frame = 0;
    for (unsigned i = 0; i < 2; i++) {
        tls_session_end(tls, i);
        if (tls->directions[i].last_frame > frame)
            frame = tls->directions[i].last_frame;
    }
    tls_decrypt_finish(tls);
    tls->changed = true;
    update(tls, frame);
    tls->is_other = !tls->is_tls;
}

enum tls_verdict tls_verdict(const struct tls *tls)
{
    return tls->is_tls ? TLS_IS : tls->is_other ? TLS_IS_NOT : TLS_UNDECIDED;
}

const struct tls_facts *tls_facts(struct tls *tls)
{
    if (tls->stale)
        tls_outcome_judge(tls);
    tls->stale = false;
    return &tls->facts;
}
