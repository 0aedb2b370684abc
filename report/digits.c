/* digits.c: two digits at a time, out of tables. */
#include "digits.h"

const char digits_pairs[200] = {
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899"};

static uint64_t four_digits(uint32_t number)
{
    return digits_pair(number / 100) | digits_pair(number % 100) << 16;
}

static uint64_t eight_digits(uint32_t number)
{
    return four_digits(number / 10000) | four_digits(number % 10000) << 32;
}

enum { FOUR = 10000, EIGHT = 100000000 };

static NOINLINE char *put_more_than_eight(char *at, uint64_t number)
{
    at = digits_decimal(at, number / EIGHT);
    return digits_put_eight(at, eight_digits((uint32_t)(number % EIGHT)));
}

/* Digits are made all at once, as many as there may be; zeros at the front are shifted out. How
 * many those are is not told by the digits, so that what follows them need not wait for them. */
char *digits_of_large(char *at, uint64_t number)
{
    if (number < 100)
        return digits_two(at, (unsigned)number);
    if (number < FOUR) {
        unsigned zeros = number < 1000;
        return digits_put_eight(at, four_digits((uint32_t)number) >> 8 * zeros) - 4 - zeros;
    }
    if (UNLIKELY(number >= EIGHT))
        return put_more_than_eight(at, number);
    const uint32_t small = (uint32_t)number;
    unsigned zeros = small < 100000;
    zeros += small < 1000000;
    zeros += small < 10000000;
    return digits_put_eight(at, eight_digits(small) >> 8 * zeros) - zeros;
}

char *digits_hex(char *at, struct span bytes)
{
    static const char pairs[512] = {
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
        "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f"
        "505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f7071727374757677"
        "78797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7"
        "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
        "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"};
    for (size_t i = 0; i < bytes.n; i++, at += 2)
        memcpy(at, pairs + 2 * (size_t)bytes.p[i], 2);
    return at;
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static inline char *put_three(char *at, uint32_t three)
{
    at[0] = base64[three >> 18];
    at[1] = base64[three >> 12 & 63];
    at[2] = base64[three >> 6 & 63];
    at[3] = base64[three & 63];
    return at + 4;
}

char *digits_base64(char *at, struct span bytes)
{
    const uint8_t *p = bytes.p;
    size_t left = bytes.n;
    for (; left >= 3; left -= 3, p += 3)
        at = put_three(at, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
    if (left == 0)
        return at;
    at = put_three(at, (uint32_t)p[0] << 16 | (left == 2 ? (uint32_t)p[1] << 8 : 0));
    memset(at - (3 - left), '=', 3 - left);
    return at;
}
