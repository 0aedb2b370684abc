/* resends.c: see resends.h. */
#include "resends.h"

/* The least time that any stack waits before it sends again (RFC 6298 asks for a second, Linux
 * waits this long). */
#define RETRANSMISSION_TIMEOUT_MIN (NS_PER_SECOND / 5)

void resends_note(struct resends **resends, const struct flight *flight, uint64_t seq,
                  nanotime time, uint64_t frame)
{
    struct resends *r = *resends;
    if (flight->acked_time && time - flight->acked_time < RETRANSMISSION_TIMEOUT_MIN)
        return; /* no timer: it crossed with its acknowledgment, or was captured twice */
    if (!r) {
        r = *resends = xcalloc(1, sizeof *r);
        *r = (struct resends){.from = seq,
                              .first = time,
                              .sent = flight->acked_time ? flight->acked_time : time,
                              .sent_frame = flight->acked_frame ? flight->acked_frame : frame};
    }
    if (seq < r->from)
        r->from = seq;
    r->count++;
    r->last = time;
    r->last_frame = frame;
}

bool resends_prove(const struct resends *resends)
{
    return resends && resends->count >= 2 &&
           resends->last - resends->first >= RETRANSMISSION_TIMEOUT_MIN;
}
