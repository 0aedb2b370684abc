/* text_summary.h: the facts of the text report: below the verdict, and at the end. */
#ifndef PUSHWATCH_REPORT_TEXT_SUMMARY_H
#define PUSHWATCH_REPORT_TEXT_SUMMARY_H

#include "report.h"
#include "summary.h"
#include "terminal_text.h"

/* text_summary_print appends a few lines of facts; two, if that is to be brief. */
void text_summary_print(struct buf *out, const struct text_style *style,
                        const struct run_meta *meta, const struct summary *summary, bool brief,
                        const struct run_end *end);

/* text_limits_print appends what the capture does not show: skipped packets, drops, evictions,
 * connections joined midway, what TLS 1.3 hides. */
void text_limits_print(struct buf *out, const struct text_style *style,
                       const struct summary *summary, const struct run_end *end);

#endif
