/* load.h: integers out of bytes, in a file's byte order, at any alignment. The caller has made sure
 * that the bytes are there (reader_peek, or the length of a span). */
#ifndef PUSHWATCH_CAPTURE_LOAD_H
#define PUSHWATCH_CAPTURE_LOAD_H

#include "base.h"

/* load16, load32, load64 read an integer in this machine's byte order, or, if `swapped`, in the
 * other one. */
static inline uint16_t load16(const uint8_t *bytes, bool swapped)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t load32(const uint8_t *bytes, bool swapped)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return swapped ? __builtin_bswap32(value) : value;
}

static inline uint64_t load64(const uint8_t *bytes, bool swapped)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return swapped ? __builtin_bswap64(value) : value;
}

#endif
