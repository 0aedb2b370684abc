/* pack.h: words that are mostly zero or small, in few bytes. For memory of our own, not for what
 * comes from the wire. */
#ifndef PUSHWATCH_DISSECT_PACK_H
#define PUSHWATCH_DISSECT_PACK_H

#include "../capture/base.h"

/* Room that `count` words may take at worst. */
#define PACK_ROOM(count) (((count) + 7) / 8 * 69 + 8)

enum { PACK_WORDS_MAX = 256 };

/* A word of whatever object. */
typedef uint64_t pack_word __attribute__((may_alias));

/* pack_put writes a word, the lowest byte first, and pack_get reads one: eight bytes, whatever of
 * them is meant. */
static inline void pack_put(uint8_t *out, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(out, &word, sizeof word);
}

static inline uint64_t pack_get(const uint8_t *in)
{
    uint64_t word;
    memcpy(&word, in, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* pack_words writes `count` words, at most PACK_WORDS_MAX, to `out`, which has PACK_ROOM(count)
 * bytes. Returns how many it took. */
size_t pack_words(uint8_t *out, const pack_word *words, size_t count);

/* unpack_words reads them back, and returns how many bytes it took. Up to seven bytes behind those
 * are read, too. */
size_t unpack_words(pack_word *words, size_t count, const uint8_t *in);

/* pack_bytes tells how many bytes a word takes beside those that tell how many. */
static inline unsigned pack_bytes(uint64_t word)
{
    return word ? (71 - (unsigned)__builtin_clzll(word)) / 8 : 0;
}

/* pack_slack tells how many bytes a pointer is short of the most it may take: a sum that counts
 * them does not depend on where memory lies. */
static inline unsigned pack_slack(uint64_t pointer)
{
    return pointer ? (unsigned)sizeof pointer - pack_bytes(pointer) : 0;
}

/* pack_difference makes a number small that is near another one, and 0 if they are equal;
 * unpack_difference is its inverse. */
static inline uint64_t pack_difference(uint64_t value, uint64_t base)
{
    uint64_t difference = value - base;
    return difference << 1 ^ (0 - (difference >> 63));
}

static inline uint64_t unpack_difference(uint64_t packed, uint64_t base)
{
    return (packed >> 1 ^ (0 - (packed & 1))) + base;
}

/* pack_near does the same, but leaves 0 as it is, for a number that may not be known. Good for
 * differences below 2^62. */
static inline uint64_t pack_near(uint64_t value, uint64_t base)
{
    return value ? pack_difference(value, base) + 1 : 0;
}

static inline uint64_t unpack_near(uint64_t packed, uint64_t base)
{
    return packed ? unpack_difference(packed - 1, base) : 0;
}

#endif
