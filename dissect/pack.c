/* pack.c: 64 words at a time: a bit for each tells whether it is not zero; then half a byte for
 * each of those how many bytes it has, less one; then those bytes, the lowest first. */
#include "pack.h"

enum { MAP_WORDS = 64 };

/* The lowest `count` bits, 1 to 64. */
static uint64_t low_bits(size_t count)
{
    return UINT64_MAX >> (MAP_WORDS - count);
}

/* Bits that are set: a builtin calls a function where the machine may lack the instruction. */
static unsigned count_bits(uint64_t bits)
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (unsigned)(bits * UINT64_C(0x0101010101010101) >> 56);
}

/* Which of up to 64 words are not zero. The sum is less by a bit for each that is zero: a
 * comparison, a subtraction with borrow and a shift for each. */
static uint64_t which_are_some(const pack_word *words, size_t count)
{
    uint64_t sum = 0;
    size_t at = count;
    for (; at % 8 != 0; at--)
        sum = sum + sum - (words[at - 1] == 0);
    for (; at > 0; at -= 8) {
#pragma GCC unroll 8
        for (unsigned i = 1; i <= 8; i++)
            sum = sum + sum - (words[at - i] == 0);
    }
    return ~(0 - sum) & low_bits(count);
}

/* Bytes of the bits, and of the lengths. */
static size_t map_bytes(size_t count)
{
    return (count + 7) / 8;
}

static size_t length_bytes(uint64_t map)
{
    return (count_bits(map) + 1) / 2;
}

/* Writes the first word of those in `left`. Returns its length. */
static inline unsigned put_next(uint8_t **to, const pack_word *words, uint64_t *left)
{
    uint64_t word = words[(unsigned)__builtin_ctzll(*left)];
    unsigned more = (63 ^ (unsigned)__builtin_clzll(word)) / 8;
    *left &= *left - 1;
    pack_put(*to, word);
    *to += more + 1;
    return more;
}

static uint8_t *pack_some(uint8_t *out, const pack_word *words, size_t count)
{
    uint64_t left = which_are_some(words, count);
    uint8_t *length = out + map_bytes(count), *to = length + length_bytes(left);
    pack_put(out, left); /* what is too much is overwritten */
    while (left & (left - 1)) {
        unsigned first = put_next(&to, words, &left), second = put_next(&to, words, &left);
        *length++ = (uint8_t)(first | second << 4);
    }
    if (left)
        *length = (uint8_t)put_next(&to, words, &left);
    return to;
}

size_t pack_words(uint8_t *out, const pack_word *words, size_t count)
{
    uint8_t *to = out;
    for (size_t at = 0; at < count; at += MAP_WORDS)
        to = pack_some(to, words + at, count - at < MAP_WORDS ? count - at : MAP_WORDS);
    return (size_t)(to - out);
}

/* What is left of eight bytes where a word has fewer, by its length. */
static const uint64_t parts[] = {0xff,
                                 0xffff,
                                 0xffffff,
                                 0xffffffff,
                                 UINT64_C(0xffffffffff),
                                 UINT64_C(0xffffffffffff),
                                 UINT64_C(0xffffffffffffff),
                                 UINT64_MAX};

/* Reads the first word of those in `left`. */
static inline void get_next(const uint8_t **from, pack_word *words, uint64_t *left, unsigned length)
{
    words[(unsigned)__builtin_ctzll(*left)] = pack_get(*from) & parts[length];
    *left &= *left - 1;
    *from += length + 1;
}

static const uint8_t *unpack_some(pack_word *words, size_t count, const uint8_t *in)
{
    uint64_t left = pack_get(in) & low_bits(count);
    const uint8_t *length = in + map_bytes(count), *from = length + length_bytes(left);
    while (left & (left - 1)) {
        unsigned both = *length++;
        get_next(&from, words, &left, both & 7);
        get_next(&from, words, &left, both >> 4 & 7);
    }
    if (left)
        get_next(&from, words, &left, *length & 7);
    return from;
}

size_t unpack_words(pack_word *words, size_t count, const uint8_t *in)
{
    const uint8_t *from = in;
    memset(words, 0, count * sizeof *words);
    for (size_t at = 0; at < count; at += MAP_WORDS)
        from = unpack_some(words + at, count - at < MAP_WORDS ? count - at : MAP_WORDS, from);
    return (size_t)(from - in);
}
