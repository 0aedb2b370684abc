/* digits.h: numbers as digits, without printf: a report is mostly numbers.
 *
 * All of these write at `at`, without a NUL, and return where they ended. */
#ifndef PUSHWATCH_REPORT_DIGITS_H
#define PUSHWATCH_REPORT_DIGITS_H

#include "../capture/base.h"

enum { DIGITS_MAX = 20 }; /* of a 64-bit number */

/* "00" to "99", one after the other. */
extern const char digits_pairs[200];

/* digits_two writes a number below 100 in two digits. */
static inline char *digits_two(char *at, unsigned number)
{
    memcpy(at, digits_pairs + 2 * (size_t)number, 2);
    return at + 2;
}

/* digits_pair gives the same two as characters of a number: the first in the lowest byte, as in
 * what digits_put_eight writes. What is put together so, in a register, can be stored at once. */
static inline uint64_t digits_pair(unsigned number)
{
    uint16_t pair;
    memcpy(&pair, digits_pairs + 2 * (size_t)number, sizeof pair);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? pair : __builtin_bswap16(pair);
}

static inline char *digits_put_eight(char *at, uint64_t characters)
{
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        characters = __builtin_bswap64(characters);
    memcpy(at, &characters, sizeof characters);
    return at + sizeof characters;
}

/* digits_six gives those of a number below 1,000,000 so, and two zeros. */
static inline uint64_t digits_six(unsigned number)
{
    return digits_pair(number / 10000) | digits_pair(number / 100 % 100) << 16 |
           digits_pair(number % 100) << 32;
}

/* digits_decimal writes a number in as many digits as it has. What is behind them is spoilt: there
 * is room for DIGITS_MAX. digits_of_large does so from 10 on. */
char *digits_of_large(char *at, uint64_t number);

static inline char *digits_decimal(char *at, uint64_t number)
{
    if (number >= 10)
        return digits_of_large(at, number);
    *at = (char)('0' + number);
    return at + 1;
}

/* digits_hex writes bytes as lower-case hex, two digits each. */
char *digits_hex(char *at, struct span bytes);

/* digits_base64 writes bytes as base64 with padding (RFC 4648 section 4), in BASE64_ROOM. */
#define BASE64_ROOM(n) (((n) + 2) / 3 * 4)
char *digits_base64(char *at, struct span bytes);

#endif
