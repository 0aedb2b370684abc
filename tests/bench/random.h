/* random.h: numbers that are the same for the same seed on every machine (splitmix64: Steele, Lea,
 * Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). */
#ifndef PUSHWATCH_BENCH_RANDOM_H
#define PUSHWATCH_BENCH_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t x = random->state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* random_below gives a number from 0 to n - 1; n > 0. */
static inline uint32_t random_below(struct random *random, uint32_t n)
{
    return (uint32_t)((random_next(random) >> 32) * n >> 32);
}

/* random_between gives a number from low to high, both included. */
static inline uint32_t random_between(struct random *random, uint32_t low, uint32_t high)
{
    return low + random_below(random, high - low + 1);
}

static inline bool random_chance(struct random *random, uint32_t per_mille)
{
    return random_below(random, 1000) < per_mille;
}

static inline void random_fill(struct random *random, uint8_t *bytes, size_t n)
{
    for (size_t at = 0; at < n; at += 8) {
        uint64_t x = random_next(random);
        memcpy(bytes + at, &x, n - at < 8 ? n - at : 8);
    }
}

#endif
