/* explain.h: what the table of findings says of one, for people. */
#ifndef PUSHWATCH_REPORT_EXPLAIN_H
#define PUSHWATCH_REPORT_EXPLAIN_H

#include "finding.h"

/* explain_named appends what is to be said in general of each of the findings named, at most 80
 * columns wide; without a name, a line for each that there is: id, usual severity, title. Returns
 * false if a name is none: *out then says so, in a line. */
MUST_CHECK bool explain_named(struct buf *out, char *const *names, size_t count);

#endif
