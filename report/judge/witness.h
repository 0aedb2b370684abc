/* witness.h: holds socket tables and logs against the wire. Private to report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_WITNESS_H
#define PUSHWATCH_REPORT_JUDGE_WITNESS_H

#include "../report.h"
#include "../testimony.h"

struct witness;

/* witness_new begins; `told` is borrowed. Times of logs need to be settled only when witness_hear
 * is called. */
MUST_CHECK struct witness *witness_new(const struct witnesses *told);

/* witness_add takes a connection that has ended, in order of their ordinals. */
void witness_add(struct witness *witness, const struct flow_record *record);

/* witness_hear compares, once all connections were added. The testimony lives as long as the
 * witness. */
const struct testimony *witness_hear(struct witness *witness, const struct run_end *end);

void witness_free(struct witness *witness);

/* witness_judge appends what is to be said of a testimony: witness_findings.c. */
void witness_judge(struct findings *out, const struct testimony *testimony,
                   const struct run_end *end);

#endif
