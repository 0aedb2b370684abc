/* headline.h: the sentences of a verdict that are made of counts. Private to report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_HEADLINE_H
#define PUSHWATCH_REPORT_JUDGE_HEADLINE_H

#include "../report.h"
#include "../summary.h"

/* headline_say appends what was seen, in one or two sentences. `findings` are those that belong to
 * no single flow. */
void headline_say(struct buf *text, const struct run_meta *meta, const struct summary *summary,
                  const struct findings *findings, const struct run_end *end);

/* headline_works appends who talks to whom here, and how; nothing if no connection was seen. It may
 * hold names from the wire. */
void headline_works(struct buf *text, const struct summary *summary);

#endif
