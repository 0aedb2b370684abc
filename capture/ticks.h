/* ticks.h: pcapng's counted time to nanoseconds, for every resolution that a file may give. */
#ifndef PUSHWATCH_CAPTURE_TICKS_H
#define PUSHWATCH_CAPTURE_TICKS_H

#include "base.h"

/* What if_tsresol defaults to: microseconds. */
enum { TICKS_DEFAULT_RESOLUTION = 6 };

struct ticks {
    uint64_t
        multiplier;   /* nanoseconds a tick; 0 if a tick is shorter, or no whole number of them */
    uint64_t divisor; /* else, ticks a nanosecond; 0 for powers of two */
    unsigned shift;   /* else, 2^shift ticks a second */
    nanotime offset;
};

/* ticks_init takes the options if_tsresol (10^-n s, or 2^-n s if the top bit is set) and
 * if_tsoffset (seconds); draft-ietf-opsawg-pcapng section 4.2. Returns false for ticks so short
 * that 64 bits can't count a second of them. */
MUST_CHECK bool ticks_init(struct ticks *ticks, uint8_t resolution, int64_t offset_seconds);

/* ticks_to_time converts a packet's time. It rounds down, and keeps what no clock can have shown
 * within 0 and SAVEFILE_TIME_MAX. */
nanotime ticks_to_time(const struct ticks *ticks, uint64_t count);

#endif
