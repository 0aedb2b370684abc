/* flight.c: two queues, both in order of sequence numbers. */
#include "flight.h"

#include "limits.h"

static uint64_t record_end(const struct flight_tls_record *record)
{
    return record->seq + TLS_RECORD_HEADER + record->length;
}

void flight_sent(struct flight *flight, uint64_t seq, nanotime time, uint64_t frame)
{
    const struct flight_segment segment = {seq, time, frame};
    /* At the cap a segment counts as part of the one before it. */
    (void)fifo_push(&flight->segments, &flight->segment, &segment, sizeof segment,
                    LIMIT_FLIGHT_SEGMENTS);
}

void flight_record(struct flight *flight, uint64_t seq, uint8_t type, uint16_t length)
{
    const struct flight_tls_record record = {.seq = seq, .length = length, .type = type};
    if (!fifo_push(&flight->records, &flight->record, &record, sizeof record, LIMIT_FLIGHT_RECORDS))
        flight->records_lost = true;
}

static void segments_acked(struct flight *flight, uint64_t una, uint64_t next)
{
    struct flight_segment *first = &flight->segment;
    const struct flight_segment *second;
    if (first->seq < una) {
        flight->acked_time = first->time;
        flight->acked_frame = first->frame;
    }
    while ((second = fifo_second(&flight->segments, sizeof *second)) && second->seq <= una)
        fifo_pop(&flight->segments, first, sizeof *first);
    if (una >= next)
        fifo_pop(&flight->segments, first, sizeof *first);
}

void flight_acked(struct flight *flight, uint64_t una, uint64_t next)
{
    if (flight->segments.count)
        segments_acked(flight, una, next);
    while (flight->records.count && record_end(&flight->record) <= una)
        fifo_pop(&flight->records, &flight->record, sizeof flight->record);
    if (flight->records.count == 0)
        flight->records_lost = false;
}

bool flight_first(const struct flight *flight, nanotime *time, uint64_t *frame)
{
    if (!flight->segments.count)
        return false;
    *time = flight->segment.time;
    *frame = flight->segment.frame;
    return true;
}

uint8_t flight_pending(struct pending_record *out, bool *more, const struct flight *flight,
                       uint64_t una, uint64_t next)
{
    uint8_t count = 0;
    const struct flight_tls_record *record;
    *more = flight->records_lost;
    for (unsigned i = 0; (record = fifo_at(&flight->records, &flight->record, i, sizeof *record));
         i++) {
        if (record_end(record) <= una || record->seq >= next)
            continue;
        if (count == PENDING_RECORDS_MAX) {
            *more = true;
            break;
        }
        bool partial = record->seq < una || record_end(record) > next;
        out[count++] = (struct pending_record){record->type, record->length, partial};
    }
    return count;
}

void flight_done(struct flight *flight)
{
    fifo_done(&flight->segments);
    fifo_done(&flight->records);
}
