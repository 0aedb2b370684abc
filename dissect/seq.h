/* seq.h: TCP sequence numbers without their wrap-around (RFC 9293 section 3.4).
 *
 * Each direction's 32-bit numbers are extended to 64 bits: a number is taken for the one nearest to
 * a place already known. The first number of a direction gets SEQ_ORIGIN added, so that what comes
 * before it can be told as well. */
#ifndef PUSHWATCH_DISSECT_SEQ_H
#define PUSHWATCH_DISSECT_SEQ_H

#include <stdint.h>

#define SEQ_ORIGIN (UINT64_C(1) << 32)

/* seq_first gives the extended form of a direction's first number. */
static inline uint64_t seq_first(uint32_t seq)
{
    return SEQ_ORIGIN + seq;
}

/* seq_near gives the extended form of seq that is nearest to `known`, less than 2^31 away. */
static inline uint64_t seq_near(uint64_t known, uint32_t seq)
{
    int32_t delta = (int32_t)(seq - (uint32_t)known);
    if (delta < 0 && known < (uint64_t) - (int64_t)delta)
        return seq; /* would be before zero: only a forged number gets here */
    return known + (uint64_t)(int64_t)delta;
}

#endif
