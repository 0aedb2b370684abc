/* timetext.h: times and durations as text. Always UTC: a report is the same wherever it is made. */
#ifndef PUSHWATCH_REPORT_TIMETEXT_H
#define PUSHWATCH_REPORT_TIMETEXT_H

#include "../capture/base.h"

/* Room for any of the texts made here. */
struct time_room {
    char text[40];
};

/* The time that was written last: most times of a flow are of one day, many the same.
 * Zero-initialise it. */
struct timetext_last {
    nanotime time;
    nanotime midnight; /* when its day began */
    /* `2014-05-`, `25T` and five zeros, `00:48:01`, `.123456Z`: for digits_put_eight. */
    uint64_t month, day, clock, fraction;
    uint16_t beyond; /* nanoseconds beyond the microseconds */
    bool known;      /* there is one */
};

/* timetext_put_rfc3339 writes `2014-05-25T00:48:01.123456Z` (RFC 3339 section 5.6), with nine
 * decimals where the time is not a whole number of microseconds, without a NUL, and returns where
 * it ends. What is behind that is spoilt: there is room for TIMETEXT_RFC3339_ROOM bytes. */
enum { TIMETEXT_RFC3339_ROOM = 32 };
char *timetext_put_rfc3339(char *at, struct timetext_last *last, nanotime time);

/* timetext_read reads a day, `2014-05-25`, which begins at midnight UTC, or a time of RFC 3339 with
 * Z or an offset. Returns false if it is neither, or not within 1970 to 2261. */
MUST_CHECK bool timetext_read(nanotime *out, const char *text);

/* timetext_date gives `2014-05-25`. */
const char *timetext_date(struct time_room *room, nanotime time);

/* timetext_clock gives the time of day with as many decimals as asked for, 0 to 9, cut and not
 * rounded: `00:48:01.123`. */
const char *timetext_clock(struct time_room *room, nanotime time, unsigned decimals);

/* timetext_day_second gives `2014-05-25 00:48:01`. */
const char *timetext_day_second(struct time_room *room, nanotime time);

/* timetext_same_day tells whether two times fall on one day. */
bool timetext_same_day(nanotime a, nanotime b);

/* timetext_span gives a duration for people, in two units at most: `8 ms`, `58.2 s`, `12 min 3 s`,
 * `3 h 12 min`, `25 d 3 h`. */
const char *timetext_span(struct time_room *room, nanotime duration);

/* timetext_about gives the same of a duration that is only roughly known: rounded, where
 * timetext_span cuts. */
const char *timetext_about(struct time_room *room, nanotime duration);

#endif
