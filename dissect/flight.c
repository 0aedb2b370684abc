/* flight.c: two queues, both in order of sequence numbers. */
#include "flight.h"

#include "limits.h"

struct sent {
    uint64_t seq;
    nanotime time;
    uint64_t frame;
};

struct record {
    uint64_t seq;
    uint16_t length;
    uint8_t type;
};

static uint64_t record_end(const struct record *record)
{
    return record->seq + TLS_RECORD_HEADER + record->length;
}

void flight_sent(struct flight *flight, uint64_t seq, nanotime time, uint64_t frame)
{
    const struct sent sent = {seq, time, frame};
    /* At the cap a segment counts as part of the one before it. */
    (void)fifo_push(&flight->segments, &sent, sizeof sent, LIMIT_FLIGHT_SEGMENTS);
}

void flight_record(struct flight *flight, uint64_t seq, uint8_t type, uint16_t length)
{
    const struct record record = {seq, length, type};
    if (!fifo_push(&flight->records, &record, sizeof record, LIMIT_FLIGHT_RECORDS))
        flight->records_lost = true;
}

void flight_acked(struct flight *flight, uint64_t una, uint64_t next)
{
    const struct sent *first = fifo_at(&flight->segments, 0, sizeof *first), *second;
    if (first && first->seq < una) {
        flight->acked_time = first->time;
        flight->acked_frame = first->frame;
    }
    while ((second = fifo_at(&flight->segments, 1, sizeof *second)) && second->seq <= una)
        fifo_pop(&flight->segments);
    if (una >= next && flight->segments.count)
        fifo_pop(&flight->segments);
    const struct record *record;
    while ((record = fifo_at(&flight->records, 0, sizeof *record)) && record_end(record) <= una)
        fifo_pop(&flight->records);
    if (flight->records.count == 0)
        flight->records_lost = false;
}

bool flight_first(const struct flight *flight, nanotime *time, uint64_t *frame)
{
    const struct sent *first = fifo_at(&flight->segments, 0, sizeof *first);
    if (!first)
        return false;
    *time = first->time;
    *frame = first->frame;
    return true;
}

uint8_t flight_pending(struct pending_record *out, bool *more, const struct flight *flight,
                       uint64_t una, uint64_t next)
{
    uint8_t count = 0;
    const struct record *record;
    *more = flight->records_lost;
    for (uint32_t i = 0; (record = fifo_at(&flight->records, i, sizeof *record)); i++) {
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
