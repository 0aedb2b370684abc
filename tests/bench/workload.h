/* workload.h: the kinds of traffic that are measured. */
#ifndef PUSHWATCH_BENCH_WORKLOAD_H
#define PUSHWATCH_BENCH_WORKLOAD_H

#include "tally.h"

/* What connections are made of, and what is counted of them. */
struct maker {
    const struct sessions *sessions;
    struct piece bulk, noise, question, answer; /* TLS records; random bytes; DNS */
    struct random random;
    struct tally tally;
    uint64_t connections; /* of the whole workload */
};

struct workload {
    const char *name, *what;
    uint64_t connections; /* at size 1 */
    int64_t duration;     /* in which all of them begin, at size 1; microseconds */
    bool same_duration;   /* at every size: more connections come faster */
    void (*make)(struct dialogue *dialogue, struct maker *maker, uint64_t number);
};

/* workload_find returns NULL if there is none of the name; workload_at if there are no more. */
const struct workload *workload_find(const char *name);
const struct workload *workload_at(size_t index);

void maker_init(struct maker *maker, const struct sessions *sessions, uint64_t seed);
void maker_done(struct maker *maker);

#endif
