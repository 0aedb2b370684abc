/* community_id.c: SHA-1 over the ordered 5-tuple, as Base64. The hash is a name here, not a
 * protection; its input always fits one block, so one round of the compression function is all
 * that is needed (FIPS 180-4 section 6.1.2). */
#include "community_id.h"

enum { BLOCK_SIZE = 64, DIGEST_SIZE = 20, PROTOCOL_TCP = 6 };

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word << by | word >> (32 - by);
}

static uint32_t mix(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20)
        return ((b & c) | (~b & d)) + 0x5a827999;
    if (round < 40)
        return (b ^ c ^ d) + 0x6ed9eba1;
    if (round < 60)
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    return (b ^ c ^ d) + 0xca62c1d6;
}

static void sha1_of_block(uint8_t digest[DIGEST_SIZE], const uint8_t block[BLOCK_SIZE])
{
    uint32_t w[80];
    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (unsigned i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);

    static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint32_t h[5];
    memcpy(h, start, sizeof(h));
    for (unsigned i = 0; i < 80; i++) {
        uint32_t next = rotate(h[0], 5) + mix(i, h[1], h[2], h[3]) + h[4] + w[i];
        h[4] = h[3];
        h[3] = h[2];
        h[2] = rotate(h[1], 30);
        h[1] = h[0];
        h[0] = next;
    }
    for (unsigned i = 0; i < 5; i++) {
        uint32_t word = h[i] + start[i];
        for (unsigned byte = 0; byte < 4; byte++)
            digest[4 * i + byte] = (uint8_t)(word >> (24 - 8 * byte));
    }
}

/* One group of Base64 (RFC 4648 section 4): up to three bytes to four characters. */
static void base64_group(char out[4], const uint8_t *bytes, unsigned n)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = (uint32_t)bytes[0] << 16;
    if (n > 1)
        bits |= (uint32_t)bytes[1] << 8;
    if (n > 2)
        bits |= bytes[2];
    for (unsigned i = 0; i < 4; i++)
        out[i] = i <= n ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
}

static bool in_order(const struct endpoint *a, const struct endpoint *b, size_t ip_size)
{
    int difference = memcmp(a->ip, b->ip, ip_size);
    return difference < 0 || (difference == 0 && a->port < b->port);
}

void community_id_of(char text[COMMUNITY_ID_SIZE], const struct endpoint ends[2])
{
    size_t ip_size = ends[0].ipv6 ? 16 : 4;
    const struct endpoint *first = &ends[0], *second = &ends[1];
    if (!in_order(first, second, ip_size)) {
        first = &ends[1];
        second = &ends[0];
    }

    /* Seed (2), both addresses, protocol, zero, both ports: all in network byte order. */
    uint8_t block[BLOCK_SIZE] = {0};
    size_t n = 2;
    memcpy(block + n, first->ip, ip_size);
    memcpy(block + n + ip_size, second->ip, ip_size);
    n += 2 * ip_size;
    block[n++] = PROTOCOL_TCP;
    block[n++] = 0;
    block[n++] = (uint8_t)(first->port >> 8);
    block[n++] = (uint8_t)first->port;
    block[n++] = (uint8_t)(second->port >> 8);
    block[n++] = (uint8_t)second->port;
    block[n] = 0x80; /* FIPS 180-4 section 5.1.1: a one bit, zeros, the length in bits */
    block[BLOCK_SIZE - 2] = (uint8_t)(n * 8 >> 8);
    block[BLOCK_SIZE - 1] = (uint8_t)(n * 8);

    uint8_t digest[DIGEST_SIZE];
    sha1_of_block(digest, block);

    memcpy(text, "1:", 2);
    char *out = text + 2;
    for (unsigned i = 0; i < DIGEST_SIZE; i += 3, out += 4)
        base64_group(out, digest + i, DIGEST_SIZE - i < 3 ? DIGEST_SIZE - i : 3);
    *out = '\0';
}
