/* text_verdict.h: what stands at the top of the text report: the answer. */
#ifndef PUSHWATCH_REPORT_TEXT_VERDICT_H
#define PUSHWATCH_REPORT_TEXT_VERDICT_H

#include "report.h"
#include "terminal_text.h"

struct verdict;

/* text_verdict_print appends the verdict in a sentence or two, and, unless all is well, how sure it
 * is, what would change it, and the answers to three questions. */
void text_verdict_print(struct buf *out, const struct text_style *style,
                        const struct run_meta *meta, const struct verdict *verdict);

#endif
