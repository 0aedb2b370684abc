/* memory.h: what becomes of the memory that a run may take. */
#ifndef PUSHWATCH_DISSECT_MEMORY_H
#define PUSHWATCH_DISSECT_MEMORY_H

#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

/* What everything else takes: batches, what is prepared, the libraries. */
#define MEMORY_BESIDE (UINT64_C(64) << 20)

/* With less than this what one round makes of its packets would be much of the memory. */
#define MEMORY_AMPLE (UINT64_C(512) << 20)

/* What nDPI takes, once for all threads, and what its heap is cut up by. */
#define MEMORY_NDPI (UINT64_C(16) << 20)

static inline bool memory_is_low(uint64_t most)
{
    return most && most <= 2 * MEMORY_BESIDE;
}

/* memory_shared gives what connections and certificates may take of `most` bytes in all; 0:
 * limits.h. Three quarters of it are for connections. Where the limit is low, each thread's own
 * share of the heap tells, and nDPI. */
static inline uint64_t memory_shared(uint64_t most, bool ndpi)
{
    uint64_t memory = most ? most : LIMIT_MEMORY;
    if (!memory_is_low(memory))
        return memory - MEMORY_BESIDE;
    return (memory - (ndpi ? MEMORY_NDPI : 0)) / 8 * 3;
}

static inline bool memory_is_scarce(uint64_t most)
{
    return memory_shared(most, false) < MEMORY_AMPLE;
}

#endif
