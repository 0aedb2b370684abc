/* flight.c: two queues, both in order of sequence numbers. */
#include "flight.h"

#include "limits.h"

/* The two queues: also of one that is only read. */
static inline struct fifo segments_of(const struct flight *flight)
{
    struct flight *f = (void *)(uintptr_t)flight;
    return (struct fifo){&f->segment_count, &f->segment_block, &f->segment,
                         f->later_segments, FLIGHT_SEGMENTS,   sizeof f->segment};
}

static inline struct fifo records_of(const struct flight *flight)
{
    struct flight *f = (void *)(uintptr_t)flight;
    return (struct fifo){&f->record_count, &f->record_block, &f->records[0],
                         &f->records[1],   FLIGHT_RECORDS,   sizeof *f->records};
}

static const struct flight_segment *segment_at(const struct flight *flight, unsigned i)
{
    return fifo_at(segments_of(flight), i);
}

static const struct flight_tls_record *record_at(const struct flight *flight, unsigned i)
{
    return fifo_at(records_of(flight), i);
}

void flight_sent(struct flight *flight, uint64_t seq, nanotime time, uint64_t frame)
{
    struct flight_segment *segment = fifo_add(segments_of(flight), LIMIT_FLIGHT_SEGMENTS);
    if (!segment)
        return; /* it counts as part of the one before it */
    segment->seq = seq;
    segment->time = time;
    segment->frame = frame;
}

static void set_record(struct flight_tls_record *record, uint64_t seq, uint8_t type,
                       uint16_t length)
{
    record->seq = seq;
    record->length = length;
    record->type = type;
}

static NOINLINE void add_record(struct flight *flight, uint64_t seq, uint8_t type, uint16_t length)
{
    struct flight_tls_record *record = fifo_add(records_of(flight), LIMIT_FLIGHT_RECORDS);
    if (record)
        set_record(record, seq, type, length);
    else
        flight->records_lost = true;
}

void flight_record(struct flight *flight, uint64_t seq, uint8_t type, uint16_t length)
{
    if (LIKELY(flight->record_count < FLIGHT_RECORDS))
        set_record(&flight->records[flight->record_count++], seq, type, length);
    else
        add_record(flight, seq, type, length);
}

/* A segment ends where the next one begins. */
static unsigned segments_before(const struct flight *flight, uint64_t una, uint64_t next)
{
    const struct flight_segment *second;
    unsigned count = 0;
    if (LIKELY(una >= next))
        return flight->segment_count;
    while ((second = segment_at(flight, count + 1)) && second->seq <= una)
        count++;
    return count;
}

static void segments_acked(struct flight *flight, uint64_t una, uint64_t next)
{
    if (flight->segment.seq < una) {
        flight->acked_time = flight->segment.time;
        flight->acked_frame = flight->segment.frame;
    }
    unsigned count = segments_before(flight, una, next);
    if (LIKELY(count > 0))
        fifo_drop(segments_of(flight), count);
}

static unsigned records_before(const struct flight *flight, uint64_t una)
{
    unsigned count = flight->record_count;
    if (LIKELY(flight_record_end(record_at(flight, count - 1)) <= una))
        return count;
    for (count = 0; flight_record_end(record_at(flight, count)) <= una;)
        count++;
    return count;
}

static void records_acked(struct flight *flight, uint64_t una)
{
    unsigned count = records_before(flight, una);
    if (LIKELY(count > 0))
        fifo_drop(records_of(flight), count);
    if (flight->record_count == 0)
        flight->records_lost = false;
}

void flight_acked_some(struct flight *flight, uint64_t una, uint64_t next)
{
    if (flight->segment_count)
        segments_acked(flight, una, next);
    if (flight->record_count)
        records_acked(flight, una);
}

bool flight_first(const struct flight *flight, nanotime *time, uint64_t *frame)
{
    if (!flight->segment_count)
        return false;
    *time = flight->segment.time;
    *frame = flight->segment.frame;
    return true;
}

static bool is_pending(const struct flight_tls_record *record, uint64_t una, uint64_t next)
{
    return flight_record_end(record) > una && record->seq < next;
}

uint8_t flight_pending(struct pending_record *out, bool *more, const struct flight *flight,
                       uint64_t una, uint64_t next)
{
    uint8_t count = 0;
    const struct flight_tls_record *record;
    *more = flight->records_lost;
    for (unsigned i = 0; (record = record_at(flight, i)); i++) {
        if (!is_pending(record, una, next))
            continue;
        if (count == PENDING_RECORDS_MAX) {
            *more = true;
            break;
        }
        bool partial = record->seq < una || flight_record_end(record) > next;
        out[count++] = (struct pending_record){record->type, record->length, partial};
    }
    return count;
}

/* One more than are listed, which tells that there are others. */
void flight_end(struct flight *flight, uint64_t una, uint64_t next)
{
    const struct flight_tls_record *record;
    unsigned keep = 0, pending = 0;
    while (pending <= PENDING_RECORDS_MAX && (record = record_at(flight, keep))) {
        pending += is_pending(record, una, next);
        keep++;
    }
    fifo_keep(records_of(flight), keep);
    fifo_keep(segments_of(flight), 1);
}

void flight_done(struct flight *flight)
{
    fifo_done(segments_of(flight));
    fifo_done(records_of(flight));
}
