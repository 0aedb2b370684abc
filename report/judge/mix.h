/* mix.h: a quick hash for tables of bounded size, whose slots may be known to whoever likes: making
 * keys collide gains a walk over the table. Nothing that is reported depends on it. */
#ifndef PUSHWATCH_REPORT_JUDGE_MIX_H
#define PUSHWATCH_REPORT_JUDGE_MIX_H

#include "../../capture/base.h"

/* mix_bytes takes eight bytes at a time, the last of them once more where it does not come out
 * even. `hash` is that of what stands before them, or 0. The best of its bits are the upper ones.
 */
static inline uint64_t mix_bytes(uint64_t hash, struct span bytes)
{
    uint64_t word = 0;
    hash ^= UINT64_C(0x9e3779b97f4a7c15) + bytes.n;
    if (bytes.n < sizeof word) {
        for (size_t i = 0; i < bytes.n; i++)
            word = word << 8 | bytes.p[i];
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
        return hash ^ hash >> 32;
    }
    for (size_t at = 0; at < bytes.n; at += sizeof word) {
        size_t last = bytes.n - sizeof word;
        memcpy(&word, bytes.p + (at < last ? at : last), sizeof word);
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash;
}

/* mix_slot is the slot of a hash in a table of `slots`. */
static inline size_t mix_slot(uint64_t hash, size_t slots)
{
    return (size_t)((hash * UINT64_C(0xff51afd7ed558ccd)) >> 32) % slots;
}

#endif
