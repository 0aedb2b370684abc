/* checksum.c: ones' complement sums. They come out the same in either byte order, but for the order
 * of the sum's own two bytes (RFC 1071 section 2): words are added as they lie in memory. */
#include "checksum.h"

#include "cursor.h"

enum { PROTOCOL_TCP = 6, CHECKSUM_AT = 16, IPV4_HEADER = 20, IPV4_CHECKSUM_AT = 10 };

/* What an Ethernet packet holds; no network with larger ones is in front of a stack that has not
 * merged or not yet cut them, so far as a wrong checksum tells. */
enum { ETHERNET_MTU = 1500 };

/* A number as it would lie in memory. */
static uint16_t in_memory(uint32_t number)
{
    const uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    uint16_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint64_t half_at(const uint8_t *p)
{
    uint32_t half;
    memcpy(&half, p, sizeof half);
    return half;
}

/* A sum of many words, whose carries are counted apart. */
struct sum {
    uint64_t low, carries;
};

static inline void add(struct sum *sum, uint64_t word)
{
    sum->low += word;
    sum->carries += sum->low < word;
}

static inline void add_word(struct sum *sum, const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    add(sum, word);
}

/* Adds the bytes before `end`, fewer than eight of them, of eight that can be read. */
static inline void add_tail(struct sum *sum, const uint8_t *end, size_t n)
{
    uint64_t word;
    memcpy(&word, end - sizeof word, sizeof word);
    unsigned others = 8 * (unsigned)(sizeof word - n);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    add(sum, word >> others);
#else
    add(sum, word << others);
#endif
}

/* Adds n bytes, eight or more. */
static inline void add_bytes(struct sum *sum, const uint8_t *p, size_t n)
{
    for (; n >= 32; p += 32, n -= 32) {
        add_word(sum, p);
        add_word(sum, p + 8);
        add_word(sum, p + 16);
        add_word(sum, p + 24);
    }
    for (; n >= 8; p += 8, n -= 8)
        add_word(sum, p);
    if (n > 0)
        add_tail(sum, p + n, n);
}

/* Are all bits of the folded sum one? Folded it is the rest of a division by 65,535, of which all
 * ones are a multiple, as zero is: which no sum is where a protocol or a version was added. */
static inline bool is_right(struct sum sum)
{
    uint64_t whole = sum.low + sum.carries;
    whole += whole < sum.carries; /* 2^64 leaves 1 */
    return whole % UINT16_MAX == 0;
}

static uint16_t fold(struct sum sum)
{
    uint64_t folded = (sum.low & UINT32_MAX) + (sum.low >> 32) + sum.carries;
    while (folded >> 16)
        folded = (folded & UINT16_MAX) + (folded >> 16);
    return (uint16_t)folded;
}

/* The pseudo-header without the length: addresses, protocol. */
static inline struct sum pseudo(const struct segment *s)
{
    struct sum sum = {in_memory(PROTOCOL_TCP), 0};
    if (LIKELY(!s->from.ipv6)) {
        sum.low += half_at(s->from.ip) + half_at(s->to.ip);
        return sum;
    }
    add_word(&sum, s->from.ip);
    add_word(&sum, s->from.ip + 8);
    add_word(&sum, s->to.ip);
    add_word(&sum, s->to.ip + 8);
    return sum;
}

/* The length may have more than 16 bits: RFC 2675 section 4. */
static inline void add_length(struct sum *sum, uint32_t length)
{
    add(sum, (uint64_t)in_memory(length >> 16) + in_memory(length & UINT16_MAX));
}

static const uint8_t *tcp_of(const struct segment *s)
{
    return s->payload.p - s->tcp_header;
}

/* Of a segment whose checksum is not right. */
static NOINLINE bool is_left_out(const struct segment *s)
{
    struct sum sum = pseudo(s);
    uint16_t given, partial = fold(sum);
    add_length(&sum, s->tcp_header + s->length);
    memcpy(&given, tcp_of(s) + CHECKSUM_AT, sizeof given);
    return given == 0 || given == fold(sum) || given == partial ||
           s->headers + s->length > ETHERNET_MTU;
}

enum checksum checksum_of_tcp(const struct segment *s)
{
    if (s->headers == 0 || s->payload.n < s->length || s->redirected)
        return CHECKSUM_UNKNOWN;
    uint32_t length = s->tcp_header + s->length;
    struct sum sum = pseudo(s);
    add_length(&sum, length);
    add_bytes(&sum, tcp_of(s), length);
    if (LIKELY(is_right(sum)))
        return CHECKSUM_RIGHT;
    return is_left_out(s) ? CHECKSUM_LEFT_OUT : CHECKSUM_WRONG;
}

enum checksum checksum_of_ip(const struct segment *s)
{
    if (s->headers == 0 || s->from.ipv6 || s->reassembled)
        return CHECKSUM_UNKNOWN;
    const uint8_t *ip = s->payload.p - s->headers;
    struct sum sum = {half_at(ip + 16), 0};
    add_word(&sum, ip);
    add_word(&sum, ip + 8);
    for (unsigned at = IPV4_HEADER, end = (ip[0] & 0xfu) * 4; UNLIKELY(at < end); at += 4)
        add(&sum, half_at(ip + at)); /* options */
    if (LIKELY(is_right(sum)))
        return CHECKSUM_RIGHT;
    return be16(ip + IPV4_CHECKSUM_AT) == 0 ? CHECKSUM_LEFT_OUT : CHECKSUM_WRONG;
}
