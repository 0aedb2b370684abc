/* spool.h: text that is made now and printed later: in memory while it is small, then in a
 * temporary file, so that a report's summary can stand above a table of any length. */
#ifndef PUSHWATCH_REPORT_SPOOL_H
#define PUSHWATCH_REPORT_SPOOL_H

#include "../capture/base.h"

#include <stdio.h>

/* A report on some 100,000 flows fits into this. */
enum { SPOOL_MEMORY_MAX = 16 << 20 };

/* Zero-initialise it; free with spool_done. */
struct spool {
    struct buf memory;
    FILE *file;   /* NULL while everything is in memory */
    bool no_file; /* none can be had: everything stays in memory */
    bool failed;
};

/* spool_add appends the buffer's bytes and empties it. */
void spool_add(struct spool *spool, struct buf *text);

/* spool_empty tells whether nothing was added. */
bool spool_empty(const struct spool *spool);

/* spool_print writes everything, in order, to `out`. Returns false if the temporary file could not
 * hold it all; then something is missing. */
MUST_CHECK bool spool_print(struct spool *spool, FILE *out);

/* spool_done frees memory and file. */
void spool_done(struct spool *spool);

#endif
