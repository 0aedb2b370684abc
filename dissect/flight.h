/* flight.h: what one end has sent and its peer has not acknowledged: when each part was first sent,
 * and which TLS records it is. Holds no memory of its own while few of each are in flight. */
#ifndef PUSHWATCH_DISSECT_FLIGHT_H
#define PUSHWATCH_DISSECT_FLIGHT_H

#include "fifo.h"
#include "flow_record.h"

struct flight_segment {
    uint64_t seq;
    nanotime time;
    uint64_t frame;
};

struct flight_tls_record {
    uint64_t seq;
    uint16_t length;
    uint8_t type;
    uint8_t zero[5]; /* no byte left to chance: what packed flows take would depend on it */
};

/* How many of each lie here. In a twentieth of workload A 20,722 queues of segments become longer
 * than one, 63 longer than two; 35,556 queues of records longer than one, 2,391 longer than four.
 */
enum { FLIGHT_SEGMENTS = 2, FLIGHT_RECORDS = 4 };

/* Zero-initialise; free with flight_done. Sequence numbers are extended ones (seq.h). Two queues,
 * both in their order; their first elements lie here, and are zero where they are not in use. What
 * each segment and each acknowledgment needs is from `segment` to the first of `records`: the cache
 * line that begins there (tcp.h). */
struct flight {
    struct flight_segment later_segments[FLIGHT_SEGMENTS - 1];
    struct flight_segment segment; /* the oldest */
    uint16_t segment_count, record_count;
    bool records_lost;   /* more than were kept */
    uint8_t zero[3];     /* as above */
    nanotime acked_time; /* when the oldest part that the last acknowledgment covered was sent */
    uint64_t acked_frame;
    struct flight_tls_record records[FLIGHT_RECORDS]; /* the oldest first; most of the time there is
                                                         one at most */
    struct fifo_block *segment_block, *record_block;
};

/* flight_sent adds new sequence space that begins at `seq`. */
void flight_sent(struct flight *flight, uint64_t seq, nanotime time, uint64_t frame);

/* flight_record adds a TLS record whose header begins at `seq`. */
void flight_record(struct flight *flight, uint64_t seq, uint8_t type, uint16_t length);

/* flight_acked_some is for flight_acked below. */
void flight_acked_some(struct flight *flight, uint64_t una, uint64_t next);

static inline uint64_t flight_record_end(const struct flight_tls_record *record)
{
    return record->seq + TLS_RECORD_HEADER + record->length;
}

/* Is all of it acknowledged, and all of it here? The last record may be longer than what was sent
 * of it. */
static inline bool flight_is_all_acked(const struct flight *flight, uint64_t una, uint64_t next)
{
    unsigned count = flight->record_count;
    return una >= next && flight->segment_count <= FLIGHT_SEGMENTS && count <= FLIGHT_RECORDS &&
           flight_record_end(&flight->records[count - (count != 0)]) <= una;
}

/* flight_acked drops what ends before `una`; `next` is the end of what was sent. */
static inline void flight_acked(struct flight *flight, uint64_t una, uint64_t next)
{
    if (UNLIKELY(!flight_is_all_acked(flight, una, next))) {
        flight_acked_some(flight, una, next);
        return;
    }
    if (flight->segment_count && flight->segment.seq < una) {
        flight->acked_time = flight->segment.time;
        flight->acked_frame = flight->segment.frame;
    }
    if (flight->segment_count > 1) /* they lie in other cache lines */
        memset(flight->later_segments, 0, sizeof flight->later_segments);
    if (flight->record_count > 1)
        memset(flight->records, 0, sizeof flight->records);
    memset(&flight->segment, 0, sizeof flight->segment);
    memset(&flight->records[0], 0, sizeof flight->records[0]);
    flight->segment_count = flight->record_count = 0;
    flight->records_lost = false;
}

/* flight_first tells when, and in which frame, the oldest unacknowledged part was first sent.
 * Returns false if nothing is in flight. */
MUST_CHECK bool flight_first(const struct flight *flight, nanotime *time, uint64_t *frame);

/* flight_pending lists the TLS records that lie, in part or whole, in [una, next). Returns how many
 * are in `out`, which has room for PENDING_RECORDS_MAX; *more tells that there were others. */
uint8_t flight_pending(struct pending_record *out, bool *more, const struct flight *flight,
                       uint64_t una, uint64_t next);

/* flight_end says that nothing more is sent or acknowledged: what flight_first and flight_pending
 * do not need is let go. */
void flight_end(struct flight *flight, uint64_t una, uint64_t next);

/* flight_memory gives the bytes that it holds beside itself. */
static inline size_t flight_memory(const struct flight *flight)
{
    return fifo_memory(flight->segment_block, sizeof flight->segment) +
           fifo_memory(flight->record_block, sizeof *flight->records);
}

/* flight_is_long tells that it may hold any. */
static inline bool flight_is_long(const struct flight *flight)
{
    return flight->segment_count > FLIGHT_SEGMENTS || flight->record_count > FLIGHT_RECORDS;
}

/* flight_done frees what is held. */
void flight_done(struct flight *flight);

#endif
