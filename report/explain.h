/* explain.h: what the table of findings says of one, for people. */
#ifndef PUSHWATCH_REPORT_EXPLAIN_H
#define PUSHWATCH_REPORT_EXPLAIN_H

#include "finding.h"

/* explain_finding appends all that is to be said of a finding in general, at most 80 columns wide.
 */
void explain_finding(struct buf *out, enum finding_id id);

/* explain_list appends a line for each finding: id, usual severity, title. */
void explain_list(struct buf *out);

#endif
