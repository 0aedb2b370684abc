/* period.h: whether something comes again and again at a regular distance, from the times at which
 * it came. */
#ifndef PUSHWATCH_REPORT_JUDGE_PERIOD_H
#define PUSHWATCH_REPORT_JUDGE_PERIOD_H

#include "../../capture/base.h"

/* What was found. */
struct period {
    nanotime period;      /* mean distance of two events that follow one another */
    nanotime jitter;      /* standard deviation of these distances */
    uint32_t repetitions; /* events that keep the period; several close together count as one */
    uint32_t missed;      /* events that would have been due between these and did not come, where
                             fewer than PERIOD_PAUSE in a row are missing */
    nanotime first, last; /* of the events that keep it */
    double confidence;    /* 1 less the probability that events without any period would look as
                             regular as this: at least 0.999 */
};
enum { PERIOD_PAUSE = 8 };

/* Fewer events than this are not called periodic. */
enum { PERIOD_EVENTS_LEAST = 4 };

/* period_find looks for the period of events. Their times come in any order, with any number of
 * them missed, with others between them or with several in place of one. Returns false if none is
 * certain enough: out is then not set. Of more than PERIOD_EVENTS_MAX times, only the first and the
 * last ones are looked at. Takes some milliseconds at most. */
enum { PERIOD_EVENTS_MAX = 256 };
MUST_CHECK bool period_find(struct period *out, const nanotime *times, size_t count);

/* Times of events as they come, in bounded memory: the first and the last ones are kept.
 * Zero-initialise it; free with period_events_done. */
struct period_events {
    nanotime *times;
    uint32_t used, cap; /* of times: PERIOD_EVENTS_MAX at most */
    uint64_t count;     /* of all that came */
};

/* period_events_add takes the time of another event. */
void period_events_add(struct period_events *events, nanotime time);

/* period_events_done frees the memory; the events can be used again. */
void period_events_done(struct period_events *events);

#endif
