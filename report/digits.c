/* digits.c: two decimal digits at a time, out of a table. */
#include "digits.h"

const char digits_pairs[200] = {
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899"};

static unsigned count_digits(uint64_t number)
{
    static const uint64_t powers[DIGITS_MAX] = {
        UINT64_C(1),
        UINT64_C(10),
        UINT64_C(100),
        UINT64_C(1000),
        UINT64_C(10000),
        UINT64_C(100000),
        UINT64_C(1000000),
        UINT64_C(10000000),
        UINT64_C(100000000),
        UINT64_C(1000000000),
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000),
    };
    /* 1233 / 4096 is the logarithm of 2 to base 10, near enough for 64 bits. */
    unsigned bits = 64 - (unsigned)__builtin_clzll(number | 1);
    unsigned least = bits * 1233 >> 12;
    return least + (number >= powers[least]);
}

char *digits_decimal(char *at, uint64_t number)
{
    if (number < 10) {
        *at = (char)('0' + number);
        return at + 1;
    }
    char *end = at + count_digits(number), *next = end;
    for (; number >= 100; number /= 100) {
        next -= 2;
        digits_two(next, (unsigned)(number % 100));
    }
    if (number >= 10)
        digits_two(at, (unsigned)number);
    else
        *at = (char)('0' + number);
    return end;
}

char *digits_hex(char *at, struct span bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.n; i++) {
        *at++ = digits[bytes.p[i] >> 4];
        *at++ = digits[bytes.p[i] & 15];
    }
    return at;
}
