/* pack.c: a bit for each word tells whether it is not zero; then half a byte for each of those how
 * many bytes it has; then those bytes, the lowest first. */
#include "pack.h"

enum { MAP_WORDS = 64, MAPS_MAX = PACK_WORDS_MAX / MAP_WORDS };

static void put_word(uint8_t *out, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(out, &word, sizeof word);
}

/* The lowest `bytes` bytes, 1 to 8, of a word. */
static uint64_t get_word(const uint8_t *in, unsigned bytes)
{
    uint64_t word;
    memcpy(&word, in, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word & UINT64_MAX >> (64 - 8 * bytes);
}

/* Bits that are set: a builtin calls a function where the machine may lack the instruction. */
static unsigned count_bits(uint64_t bits)
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (unsigned)(bits * UINT64_C(0x0101010101010101) >> 56);
}

/* Which of up to 64 words are not zero. */
static uint64_t which_are_some(const pack_word *words, size_t count)
{
    uint64_t which = 0;
    size_t at = 0;
    for (; at + 8 <= count; at += 8) {
        unsigned eight = 0;
#pragma GCC unroll 8
        for (unsigned i = 0; i < 8; i++)
            eight |= (unsigned)(words[at + i] != 0) << i;
        which |= (uint64_t)eight << at;
    }
    for (; at < count; at++)
        which |= (uint64_t)(words[at] != 0) << at;
    return which;
}

/* Where the lengths begin, and where the bytes do. */
static size_t map_bytes(size_t count)
{
    return (count + 7) / 8;
}

static size_t length_bytes(unsigned some)
{
    return (some + 1) / 2;
}

size_t pack_words(uint8_t *out, const pack_word *words, size_t count)
{
    uint64_t maps[MAPS_MAX], sixteen = 0;
    uint8_t *lengths = out + map_bytes(count);
    unsigned some = 0, i = 0;
    for (size_t at = 0; at < count; at += MAP_WORDS) {
        uint64_t map = which_are_some(words + at, count - at < MAP_WORDS ? count - at : MAP_WORDS);
        put_word(out + at / 8, map); /* what is too much of the last one is overwritten */
        maps[at / MAP_WORDS] = map;
        some += count_bits(map);
    }
    uint8_t *to = lengths + length_bytes(some);
    for (size_t at = 0; at < count; at += MAP_WORDS)
        for (uint64_t left = maps[at / MAP_WORDS]; left; left &= left - 1, i++) {
            uint64_t word = words[at + (unsigned)__builtin_ctzll(left)];
            unsigned bytes = pack_bytes(word);
            sixteen |= (uint64_t)bytes << 4 * (i % 16);
            if (i % 16 == 15) {
                put_word(lengths + i / 16 * sizeof sixteen, sixteen);
                sixteen = 0;
            }
            put_word(to, word);
            to += bytes;
        }
    for (unsigned at = i / 16 * 8; at < length_bytes(some); at++, sixteen >>= 8)
        lengths[at] = (uint8_t)sixteen;
    return (size_t)(to - out);
}

size_t unpack_words(pack_word *words, size_t count, const uint8_t *in)
{
    uint64_t maps[MAPS_MAX], sixteen = 0;
    const uint8_t *lengths = in + map_bytes(count);
    unsigned some = 0, i = 0;
    for (size_t at = 0; at < count; at += MAP_WORDS) {
        size_t left = map_bytes(count - at);
        uint64_t map = get_word(in + at / 8, left < 8 ? (unsigned)left : 8);
        maps[at / MAP_WORDS] = map;
        some += count_bits(map);
    }
    const uint8_t *from = lengths + length_bytes(some);
    memset(words, 0, count * sizeof *words);
    for (size_t at = 0; at < count; at += MAP_WORDS)
        for (uint64_t left = maps[at / MAP_WORDS]; left; left &= left - 1, i++) {
            if (i % 16 == 0)
                sixteen = get_word(lengths + i / 2, sizeof sixteen);
            unsigned bytes = sixteen & 15;
            sixteen >>= 4;
            words[at + (unsigned)__builtin_ctzll(left)] = get_word(from, bytes);
            from += bytes;
        }
    return (size_t)(from - in);
}
