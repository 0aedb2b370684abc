/* judge.h: from facts to findings. The only place that holds opinions. */
#ifndef PUSHWATCH_REPORT_JUDGE_JUDGE_H
#define PUSHWATCH_REPORT_JUDGE_JUDGE_H

#include "../finding.h"
#include "../report.h"
#include "../testimony.h"

struct judge;

/* judge_new begins a run. meta is borrowed and must outlive it. */
MUST_CHECK struct judge *judge_new(const struct run_meta *meta);

/* judge_flow appends what is to be said of one flow. Several threads may call it at once. */
void judge_flow(const struct judge *judge, struct findings *out, const struct flow_record *record);

/* judge_remember keeps what the patterns over many flows, and later runs, need of one that has
 * ended and of which this was found, and nothing of a snapshot. */
void judge_remember(struct judge *judge, const struct flow_record *record,
                    const struct findings *findings);

/* judge_finish appends what is to be said of the capture and of flows together. Returns what other
 * witnesses say, which lives as long as the judge; NULL if there is none. */
const struct testimony *judge_finish(struct judge *judge, struct findings *out,
                                     const struct run_end *end);

/* judge_free ends it. NULL is fine. */
void judge_free(struct judge *judge);

#endif
