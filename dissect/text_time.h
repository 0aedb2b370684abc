/* text_time.h: times as people's tools print them: in logs, and by date(1). */
#ifndef PUSHWATCH_DISSECT_TEXT_TIME_H
#define PUSHWATCH_DISSECT_TEXT_TIME_H

#include "cursor.h"

/* What was printed. Some tools leave out the year, and most the time zone. */
struct text_time {
    int16_t year; /* 0: not given */
    uint8_t month, day, hour, minute, second;
    uint32_t nanosecond;
    bool has_offset;
    int32_t offset; /* seconds east of UTC, where it is given */
};

/* Turns seconds of a clock on the wall since 1970-01-01 00:00 into those of UTC. */
struct wall_clock {
    int64_t (*utc)(void *context, int64_t wall);
    void *context;
};

/* text_time_stamp reads the time that a line of a log begins with: BSD syslog's
 * `May 25 00:48:01` (RFC 3164 section 4.1.2), or RFC 3339's in the looser forms of rsyslog,
 * journalctl and macOS's log (`2014-05-25 00:48:01.123456-0700`). Nothing is moved if there is
 * none. */
MUST_CHECK bool text_time_stamp(struct cursor *in, struct text_time *out);

/* text_time_date reads a line that date(1) printed (`Sun May 25 00:48:01 CEST 2014`, `Sun 25 May
 * 2014 12:48:01 AM UTC`), or that holds nothing but one of RFC 3339's times. False if it is
 * something else, a date without its year included. Of the names of time zones, those that RFC 5322
 * section 4.3 knows say how far they are from UTC. */
MUST_CHECK bool text_time_date(struct text_time *out, struct span line);

/* text_time_wall gives the clock on the wall as if it were UTC's, in the year that is given. */
nanotime text_time_wall(const struct text_time *time);

/* text_time_utc gives the moment. The year has to be known; the wall clock is asked where no offset
 * is given. */
nanotime text_time_utc(const struct text_time *time, const struct wall_clock *clock);

/* text_time_guess_year sets a year that is not given: the one that brings the time closest to a
 * moment, or, with `not_after`, the last one that does not bring it more than a day behind it. */
void text_time_guess_year(struct text_time *time, nanotime near, bool not_after,
                          const struct wall_clock *clock);

#endif
