/* resends.h: an end that sends again what its peer has acknowledged: the acknowledgments that the
 * capture has do not reach it. A firewall behind the capture point does that. */
#ifndef PUSHWATCH_DISSECT_RESENDS_H
#define PUSHWATCH_DISSECT_RESENDS_H

#include <stdlib.h>

#include "flight.h"

/* Allocated when the first such segment is seen, freed when the end goes on. */
struct resends {
    uint64_t from; /* the lowest extended sequence number sent again */
    uint32_t count;
    nanotime first, last;
    uint64_t last_frame;
    nanotime sent; /* when those bytes were sent for the first time */
    uint64_t sent_frame;
};

/* resends_note counts a segment that begins at `seq`, all of it acknowledged. */
void resends_note(struct resends **resends, const struct flight *flight, uint64_t seq,
                  nanotime time, uint64_t frame);

/* resends_forget says that the end has gone on: it got the acknowledgments. */
static inline void resends_forget(struct resends **resends)
{
    if (LIKELY(!*resends))
        return;
    free(*resends);
    *resends = NULL;
}

/* resends_prove tells that the acknowledgments did not arrive. One segment proves nothing: it may
 * have crossed with its acknowledgment; nor do several in one burst. NULL proves nothing. */
bool resends_prove(const struct resends *resends);

#endif
