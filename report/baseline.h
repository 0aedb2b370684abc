/* baseline.h: what a former report found already. */
#ifndef PUSHWATCH_REPORT_BASELINE_H
#define PUSHWATCH_REPORT_BASELINE_H

#include "../capture/base.h"

#include <stdio.h>

/* Findings kept of a report; those beyond count as new. */
enum { BASELINE_FINDINGS_MAX = 1 << 20, BASELINE_LINE_MAX = 4 << 20 };

struct baseline;

/* baseline_read reads a report in JSON, as `-o json` wrote it, of this version or another. Returns
 * NULL with a line for the user in `error`, which says where, if it is none. The stream stays the
 * caller's. Free with baseline_free. */
MUST_CHECK struct baseline *baseline_read(FILE *in, char *error, size_t size);

/* baseline_knows tells whether the report has a finding of this identity (identity.h). Several
 * threads may ask at once. */
bool baseline_knows(const struct baseline *baseline, struct span identity);

size_t baseline_count(const struct baseline *baseline); /* different identities */

void baseline_free(struct baseline *baseline);

#endif
