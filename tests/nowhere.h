/* nowhere.h: a direction whose bytes nobody wants. */
#ifndef PUSHWATCH_TESTS_NOWHERE_H
#define PUSHWATCH_TESTS_NOWHERE_H

#include "../dissect/reasm.h"

static inline void drop_bytes(void *context, uint64_t seq, struct span bytes,
                              const struct reasm_from *from)
{
    (void)context, (void)seq, (void)bytes, (void)from;
}

static inline void drop_gap(void *context, uint64_t seq, uint64_t length,
                            const struct reasm_from *from)
{
    (void)context, (void)seq, (void)length, (void)from;
}

static const struct reasm_receiver nobody = {drop_bytes, drop_gap};
static const struct reasm_out nowhere = {&nobody, NULL, NULL};

#endif
