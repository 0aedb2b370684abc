/* progress.h: a line on the terminal while packets are read. */
#ifndef PUSHWATCH_PROGRESS_H
#define PUSHWATCH_PROGRESS_H

#include "capture/base.h"

#include <stdio.h>

/* Rates are those of the last few seconds: so many moments, a quarter of a second apart. */
enum { PROGRESS_MOMENTS = 16 };

struct progress_moment {
    nanotime time;
    uint64_t done, packets;
};

struct progress {
    FILE *out; /* NULL: none is shown */
    bool shown;
    struct progress_moment moments[PROGRESS_MOMENTS]; /* a ring; the first is the beginning */
    size_t moment_count;                              /* taken so far */
};

/* progress_begin starts the clock. Nothing is shown unless `out`, which may be NULL, is a terminal,
 * and nothing in the first second. `out` must outlive progress_end. */
void progress_begin(struct progress *progress, FILE *out);

/* progress_update shows how far it is, at most four times a second; call it now and then. `done`
 * and `total` are bytes of the input; a total of 0 is unknown. The line has less than 80 columns.
 */
void progress_update(struct progress *progress, uint64_t done, uint64_t total, uint64_t packets,
                     uint64_t flows);

/* progress_end wipes the line. */
void progress_end(struct progress *progress);

#endif
