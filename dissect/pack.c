/* pack.c: words in groups of eight: a byte tells which of them are not zero, then half a byte for
 * each of those how many bytes it has, then those bytes, the lowest first. */
#include "pack.h"

enum { GROUP = 8 };

/* Bits set in a byte: a builtin calls a function where the machine may lack the instruction. */
static unsigned count_bits(unsigned byte)
{
    byte -= byte >> 1 & 0x55;
    byte = (byte & 0x33) + (byte >> 2 & 0x33);
    return (byte + (byte >> 4)) & 0x0f;
}

static void put_word(uint8_t *out, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(out, &word, sizeof word);
}

static uint64_t get_word(const uint8_t *in, unsigned bytes)
{
    uint64_t word;
    memcpy(&word, in, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return bytes == 8 ? word : word & ((UINT64_C(1) << 8 * bytes) - 1);
}

static unsigned which_are_some(const uint64_t *words)
{
    unsigned which = 0;
#pragma GCC unroll 8
    for (unsigned i = 0; i < GROUP; i++)
        which |= (unsigned)(words[i] != 0) << i;
    return which;
}

static size_t pack_group(uint8_t *out, const uint64_t *words)
{
    unsigned which = which_are_some(words), shift = 0;
    uint32_t lengths = 0;
    out[0] = (uint8_t)which;
    if (which == 0)
        return 1;
    unsigned length_bytes = (count_bits(which) + 1) / 2;
    uint8_t *to = out + 1 + length_bytes;
    for (unsigned left = which; left; left &= left - 1) {
        uint64_t word = words[__builtin_ctz(left)];
        unsigned bytes = pack_bytes(word);
        lengths |= bytes << shift;
        shift += 4;
        put_word(to, word);
        to += bytes;
    }
    for (unsigned i = 0; i < length_bytes; i++)
        out[1 + i] = (uint8_t)(lengths >> 8 * i);
    return (size_t)(to - out);
}

/* The last group is filled up with zeros. */
static size_t pack_rest(uint8_t *out, const uint64_t *words, size_t count)
{
    uint64_t group[GROUP] = {0};
    memcpy(group, words, count * sizeof *words);
    return pack_group(out, group);
}

size_t pack_words(uint8_t *out, const uint64_t *words, size_t count)
{
    size_t n = 0, whole = count / GROUP * GROUP;
    for (size_t i = 0; i < whole; i += GROUP)
        n += pack_group(out + n, words + i);
    return whole < count ? n + pack_rest(out + n, words + whole, count - whole) : n;
}

static size_t unpack_group(uint64_t *words, size_t count, const uint8_t *in)
{
    unsigned which = in[0], some = 0;
    const uint8_t *lengths = in + 1;
    const uint8_t *from = lengths + (count_bits(which) + 1) / 2;
    memset(words, 0, count * sizeof *words);
    if (which == 0)
        return 1;
    for (unsigned left = which; left; left &= left - 1, some++) {
        unsigned bytes = lengths[some / 2] >> 4 * (some % 2) & 15;
        words[__builtin_ctz(left)] = get_word(from, bytes);
        from += bytes;
    }
    return (size_t)(from - in);
}

size_t unpack_words(uint64_t *words, size_t count, const uint8_t *in)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i += GROUP)
        n += unpack_group(words + i, count - i < GROUP ? count - i : GROUP, in + n);
    return n;
}
