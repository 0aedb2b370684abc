/* chance.h: numbers that look drawn by chance and are the same in each run. */
#ifndef PUSHWATCH_TESTS_CHANCE_H
#define PUSHWATCH_TESTS_CHANCE_H

#include <stddef.h>
#include <stdint.h>

/* Any seed will do. */
struct chance {
    uint64_t state;
};

/* chance_below draws a number from 0 to n - 1: splitmix64 (Steele, Lea, Flood 2014). n is not 0. */
static inline size_t chance_below(struct chance *chance, size_t n)
{
    uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)((z ^ z >> 31) % n);
}

#endif
