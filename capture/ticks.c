/* ticks.c: conversion of pcapng time stamps. Every step saturates: the numbers come from a file. */
#include "ticks.h"

#include "savefile.h"

/* 10^19 is the largest power of ten in 64 bits, 2^63 the largest power of two. */
enum { DECIMAL_MAX = 19, BINARY_MAX = 63, BINARY_FLAG = 0x80 };

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent--)
        power *= 10;
    return power;
}

static nanotime seconds_to_time(int64_t seconds)
{
    const int64_t most = SAVEFILE_TIME_MAX / NS_PER_SECOND;
    if (seconds > most)
        seconds = most;
    if (seconds < -most)
        seconds = -most;
    return seconds * NS_PER_SECOND;
}

bool ticks_init(struct ticks *ticks, uint8_t resolution, int64_t offset_seconds)
{
    *ticks = (struct ticks){.offset = seconds_to_time(offset_seconds)};
    unsigned exponent = resolution & (BINARY_FLAG - 1u);
    if (resolution & BINARY_FLAG) {
        ticks->shift = exponent;
        return exponent <= BINARY_MAX;
    }
    if (exponent <= 9)
        ticks->multiplier = power_of_ten(9 - exponent);
    else if (exponent <= DECIMAL_MAX)
        ticks->divisor = power_of_ten(exponent - 9);
    return exponent <= DECIMAL_MAX;
}

static uint64_t binary_to_ns(unsigned shift, uint64_t count)
{
    uint64_t seconds = count >> shift, fraction = count - (seconds << shift);
    if (seconds > (uint64_t)(SAVEFILE_TIME_MAX / NS_PER_SECOND))
        return SAVEFILE_TIME_MAX;
    /* 10^9 is below 2^30, so that 34 bits of fraction can be multiplied by it; those below them
     * are worth less than 0.1 ns. */
    if (shift > 34) {
        fraction >>= shift - 34;
        shift = 34;
    }
    return seconds * (uint64_t)NS_PER_SECOND + (fraction * (uint64_t)NS_PER_SECOND >> shift);
}

nanotime ticks_to_time(const struct ticks *ticks, uint64_t count)
{
    uint64_t ns;
    if (LIKELY(ticks->multiplier)) {
        if (__builtin_mul_overflow(count, ticks->multiplier, &ns))
            ns = SAVEFILE_TIME_MAX;
    } else if (ticks->divisor) {
        ns = count / ticks->divisor;
    } else {
        ns = binary_to_ns(ticks->shift, count);
    }
    if (ns > (uint64_t)SAVEFILE_TIME_MAX)
        ns = (uint64_t)SAVEFILE_TIME_MAX;
    nanotime time = (nanotime)ns + ticks->offset; /* both below 2^62 */
    if (UNLIKELY(time < 0))
        return 0;
    return time > SAVEFILE_TIME_MAX ? SAVEFILE_TIME_MAX : time;
}
