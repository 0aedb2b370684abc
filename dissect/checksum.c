/* checksum.c: ones' complement sums. They come out the same in either byte order, but for the order
 * of the sum's own two bytes (RFC 1071 section 2): words are added as they lie in memory. */
#include "checksum.h"

#include "cursor.h"

#ifdef __x86_64__
#include <x86intrin.h>
#endif

enum { PROTOCOL_TCP = 6, CHECKSUM_AT = 16, IPV4_HEADER = 20, IPV4_CHECKSUM_AT = 10 };

/* Where the addresses lie in a header. */
enum { IPV4_ADDRESSES_AT = 12, IPV6_ADDRESSES_AT = 8 };

/* What an Ethernet packet holds; no network with larger ones is in front of a stack that has not
 * merged or not yet cut them, so far as a wrong checksum tells. */
enum { ETHERNET_MTU = 1500 };

/* A number as it would lie in memory. */
static uint32_t in_memory(uint32_t number)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap32(number);
#else
    return number;
#endif
}

static uint64_t half_at(const uint8_t *p)
{
    uint32_t half;
    memcpy(&half, p, sizeof half);
    return half;
}

static uint64_t word_at(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Adds to a sum whose carry comes back in at its other end: that of eight bytes becomes that of
 * two when it is folded. */
static inline uint64_t plus(uint64_t sum, uint64_t word)
{
    sum += word;
    return sum + (sum < word);
}

/* Adds `count` words, a constant. Each takes the carry of the one before it, where that has an
 * instruction. */
static ALWAYS_INLINE uint64_t plus_words(uint64_t sum, const uint8_t *p, unsigned count)
{
#ifdef __x86_64__
    unsigned long long to = sum;
    unsigned char carry = 0;
#pragma GCC unroll 8
    for (unsigned i = 0; i < count; i++)
        carry = _addcarry_u64(carry, to, word_at(p + i * sizeof to), &to);
    return to + carry;
#else
    for (unsigned i = 0; i < count; i++)
        sum = plus(sum, word_at(p + i * sizeof sum));
    return sum;
#endif
}

/* Bytes that are added at a time. */
enum { STEP = 32 };

/* The last n bytes before `end`, fewer than a step, by a mask for all bytes of a step: what stands
 * before a segment can be read as well. */
static uint64_t tail_of(const uint8_t *end, size_t n)
{
    static const uint8_t masks[2 * STEP] = {[STEP... 2 * STEP - 1] = 0xff};
    const uint8_t *p = end - STEP, *mask = masks + n;
    uint64_t sum = word_at(p) & word_at(mask);
    for (unsigned at = sizeof sum; at < STEP; at += sizeof sum)
        sum = plus(sum, word_at(p + at) & word_at(mask + at));
    return n & 1 ? sum << 8 | sum >> 56 : sum; /* the first of an odd number lies as a second */
}

/* Adds n bytes of a segment, TCP's header first. How many they are is as good as random: no branch
 * asks for the last of them, and one sum need not wait for the other. In a function of its own
 * carries and sums stay in registers. */
static NOINLINE uint64_t plus_bytes(uint64_t sum, const uint8_t *p, size_t n)
{
    uint64_t other = tail_of(p + n, n % STEP);
    if (n & STEP) {
        other = plus_words(other, p, STEP / 8);
        p += STEP;
    }
    for (size_t left = n / (2 * STEP); left > 0; left--, p += 2 * STEP) {
        sum = plus_words(sum, p, STEP / 8);
        other = plus_words(other, p + STEP, STEP / 8);
    }
    return plus(sum, other);
}

/* Are all bits of the folded sum one? Folded it is the rest of a division by 65,535, of which all
 * ones are a multiple, as zero is: which no sum is where a protocol or a version was added. */
static inline bool is_right(uint64_t sum)
{
    return sum % UINT16_MAX == 0;
}

static uint16_t fold(uint64_t sum)
{
    sum = (sum & UINT32_MAX) + (sum >> 32);
    while (sum >> 16)
        sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)sum;
}

/* The pseudo-header. Its length may have more than 16 bits (RFC 2675 section 4), as the sum of it
 * and the protocol then has. */
static ALWAYS_INLINE uint64_t pseudo_of(const uint8_t *addresses, uint32_t length, bool ipv6)
{
    const uint64_t rest = in_memory(length + PROTOCOL_TCP);
    return ipv6 ? plus_words(rest, addresses, 4) : plus(rest, word_at(addresses));
}

static const uint8_t *ip_of(const struct segment *s)
{
    return s->payload.p - s->headers;
}

static const uint8_t *tcp_of(const struct segment *s)
{
    return s->payload.p - s->tcp_header;
}

static uint64_t pseudo(const struct segment *s, uint32_t length)
{
    return s->from.ipv6 ? pseudo_of(ip_of(s) + IPV6_ADDRESSES_AT, length, true)
                        : pseudo_of(ip_of(s) + IPV4_ADDRESSES_AT, length, false);
}

static uint32_t length_of(const struct segment *s)
{
    return s->tcp_header + s->length;
}

static bool is_tcp_right(const struct segment *s)
{
    uint32_t length = length_of(s);
    return is_right(plus_bytes(pseudo(s, length), tcp_of(s), length));
}

/* Of IPv4's header without options. */
static inline uint64_t ip_sum(const uint8_t *ip)
{
    return plus(plus(half_at(ip + 8), word_at(ip)), word_at(ip + IPV4_ADDRESSES_AT));
}

static bool is_ip_right(const uint8_t *ip)
{
    uint64_t sum = ip_sum(ip);
    for (unsigned at = IPV4_HEADER, end = (ip[0] & 0xfu) * 4; at < end; at += 4)
        sum = plus(sum, half_at(ip + at)); /* options */
    return is_right(sum);
}

/* Of a segment whose checksum is not right. */
static bool is_left_out(const struct segment *s)
{
    uint16_t given, partial = fold(pseudo(s, 0));
    memcpy(&given, tcp_of(s) + CHECKSUM_AT, sizeof given);
    return given == 0 || given == fold(pseudo(s, length_of(s))) || given == partial ||
           s->headers + s->length > ETHERNET_MTU;
}

/* Was all captured that the sums cover, and was all that they cover in one packet? */
static bool has_tcp_sum(const struct segment *s)
{
    return s->headers != 0 && s->payload.n >= s->length && !s->redirected;
}

static bool has_ip_sum(const struct segment *s)
{
    return s->headers != 0 && !s->from.ipv6 && !s->reassembled;
}

enum checksum checksum_of_tcp(const struct segment *s)
{
    if (!has_tcp_sum(s))
        return CHECKSUM_UNKNOWN;
    if (is_tcp_right(s))
        return CHECKSUM_RIGHT;
    return is_left_out(s) ? CHECKSUM_LEFT_OUT : CHECKSUM_WRONG;
}

enum checksum checksum_of_ip(const struct segment *s)
{
    if (!has_ip_sum(s))
        return CHECKSUM_UNKNOWN;
    const uint8_t *ip = ip_of(s);
    if (is_ip_right(ip))
        return CHECKSUM_RIGHT;
    return be16(ip + IPV4_CHECKSUM_AT) == 0 ? CHECKSUM_LEFT_OUT : CHECKSUM_WRONG;
}

bool checksum_is_right_ipv4(const uint8_t *tcp, uint32_t length)
{
    return is_right(ip_sum(tcp - IPV4_HEADER)) &&
           is_right(plus_bytes(pseudo_of(tcp - 8, length, false), tcp, length));
}

bool checksum_is_right_ipv6(const uint8_t *tcp, uint32_t length)
{
    return is_right(plus_bytes(pseudo_of(tcp - 32, length, true), tcp, length));
}
