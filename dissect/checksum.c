/* checksum.c: ones' complement sums. They come out the same in either byte order, but for the order
 * of the sum's own two bytes (RFC 1071 section 2): words are added as they lie in memory. */
#include "checksum.h"

#include "cursor.h"

enum { PROTOCOL_TCP = 6, CHECKSUM_AT = 16, IPV4_CHECKSUM_AT = 10 };

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

/* Adds a word to a sum of many: the carries are counted apart. */
struct sum {
    uint64_t low, carries;
};

static inline void add_word(struct sum *sum, const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    sum->low += word;
    sum->carries += sum->low < word;
}

/* Adds n bytes, fewer than eight; an odd one is the first of a pair. */
static uint64_t add_tail(uint64_t sum, const uint8_t *p, size_t n)
{
    uint16_t pair;
    if (n & 4) {
        sum += half_at(p);
        p += 4;
    }
    if (n & 2) {
        memcpy(&pair, p, sizeof pair);
        sum += pair;
        p += 2;
    }
    return n & 1 ? sum + in_memory((uint32_t)p[0] << 8) : sum;
}

/* Adds bytes. Eight at a time are an addition and one of the carry. */
static uint64_t add_bytes(uint64_t sum, const uint8_t *p, size_t n)
{
    struct sum words = {0, 0};
    for (; n >= 32; p += 32, n -= 32) {
        add_word(&words, p);
        add_word(&words, p + 8);
        add_word(&words, p + 16);
        add_word(&words, p + 24);
    }
    for (; n >= 8; p += 8, n -= 8)
        add_word(&words, p);
    sum += (words.low & UINT32_MAX) + (words.low >> 32) + words.carries;
    return add_tail(sum, p, n);
}

/* Adds what consists of n whole 32-bit words: addresses and headers, which are so short that
 * anything else takes longer to begin. */
static uint64_t add_halves(uint64_t sum, const uint8_t *p, size_t n)
{
    for (; n >= 4; p += 4, n -= 4)
        sum += half_at(p);
    return sum;
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)sum;
}

/* The pseudo-header without the length: addresses, protocol. */
static uint64_t pseudo(const struct segment *s)
{
    size_t n = s->from.ipv6 ? 16 : 4;
    return add_halves(add_halves(in_memory(PROTOCOL_TCP), s->from.ip, n), s->to.ip, n);
}

static const uint8_t *tcp_of(const struct segment *s)
{
    return s->payload.p - s->tcp_header;
}

enum checksum checksum_of_tcp(const struct segment *s)
{
    if (s->headers == 0 || s->payload.n < s->length || s->redirected)
        return CHECKSUM_UNKNOWN;
    const uint8_t *tcp = tcp_of(s);
    uint32_t length = s->tcp_header + s->length;
    uint64_t partial = pseudo(s);
    /* The length may have more than 16 bits: RFC 2675 section 4. */
    uint64_t whole = partial + in_memory(length >> 16) + in_memory(length & UINT16_MAX);
    if (fold(add_bytes(whole, tcp, length)) == UINT16_MAX)
        return CHECKSUM_RIGHT;
    uint16_t given;
    memcpy(&given, tcp + CHECKSUM_AT, sizeof given);
    bool left_out = given == 0 || given == fold(whole) || given == fold(partial) ||
                    s->headers + s->length > ETHERNET_MTU;
    return left_out ? CHECKSUM_LEFT_OUT : CHECKSUM_WRONG;
}

enum checksum checksum_of_ip(const struct segment *s)
{
    if (s->headers == 0 || s->from.ipv6 || s->reassembled)
        return CHECKSUM_UNKNOWN;
    const uint8_t *ip = s->payload.p - s->headers;
    size_t header = (size_t)(s->headers - s->tcp_header);
    if (fold(add_halves(0, ip, header)) == UINT16_MAX)
        return CHECKSUM_RIGHT;
    return be16(ip + IPV4_CHECKSUM_AT) == 0 ? CHECKSUM_LEFT_OUT : CHECKSUM_WRONG;
}
