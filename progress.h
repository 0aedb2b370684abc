/* progress.h: a line on the terminal while a file is read. */
#ifndef PUSHWATCH_PROGRESS_H
#define PUSHWATCH_PROGRESS_H

#include "capture/source.h"

#include <stdio.h>

struct progress {
    FILE *out; /* NULL: none is shown */
    nanotime begun, shown;
};

/* progress_begin starts the clock. Nothing is shown unless `out` is a terminal, and nothing in the
 * first second. */
void progress_begin(struct progress *progress, FILE *out);

/* progress_update shows how far it is, at most a few times a second. Call it now and then. */
void progress_update(struct progress *progress, const struct source *source, uint64_t packets);

/* progress_end wipes the line. */
void progress_end(struct progress *progress);

#endif
