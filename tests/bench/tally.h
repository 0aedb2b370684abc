/* tally.h: what a generated capture holds, so that an analyser's answers can be checked. */
#ifndef PUSHWATCH_BENCH_TALLY_H
#define PUSHWATCH_BENCH_TALLY_H

#include "wire.h"

/* All of connections to the watched port alone, but for `disorder`. */
struct tally {
    uint64_t endings[ENDINGS];
    uint64_t versions[5]; /* TLS connections, by what was negotiated, else offered: 1.0 to 1.3 */
    uint64_t resumed;     /* up to TLS 1.2 */
    bool certificates[IDENTITIES_MAX]; /* was seen in the clear */
    struct disorder disorder;
};

/* tally_connection counts one that takes this course. */
void tally_connection(struct tally *tally, const struct course *course);

/* tally_print writes it as JSON, in the terms of the report's summary. */
void tally_print(const struct tally *tally, const struct wire *wire);

#endif
