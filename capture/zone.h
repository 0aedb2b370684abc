/* zone.h: the time zone in which somebody else's clock was read. */
#ifndef PUSHWATCH_CAPTURE_ZONE_H
#define PUSHWATCH_CAPTURE_ZONE_H

#include "base.h"

struct zone {
    bool named;     /* the C library knows it; it is the process's zone now */
    int32_t offset; /* else: seconds east of UTC */
};

/* zone_read takes `UTC`, an offset (`+02:00`, `-0700`), a name of the tz database
 * (`America/Los_Angeles`) or `local`, the zone of this system. A named one becomes the process's:
 * call it once, before there are threads. False if it is none of them, or not known here. */
MUST_CHECK bool zone_read(struct zone *out, const char *text);

/* zone_utc turns seconds of a wall clock since 1970-01-01 00:00 into those of UTC. Of an hour that
 * a change of the clocks brings twice it takes either. */
int64_t zone_utc(const struct zone *zone, int64_t wall);

#endif
