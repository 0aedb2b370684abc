/* text_summary.h: what stands at the top of the text report, and at its end. */
#ifndef PUSHWATCH_REPORT_TEXT_SUMMARY_H
#define PUSHWATCH_REPORT_TEXT_SUMMARY_H

#include "finding.h"
#include "report.h"
#include "summary.h"
#include "terminal_text.h"

enum { OVERVIEW_SERVERS = 3 };

/* Counts of flows by their worst finding, for the headline. Zero-initialise it. */
struct text_overview {
    uint64_t by_worst[FINDINGS]; /* flows whose worst finding, notice or above, is this */
    uint64_t troubled;           /* flows with any such finding */
    uint64_t stuck;              /* of those: an end waits for an answer that is overdue */
    uint64_t stuck_fin;          /* of those: it has sent its FIN */
    uint64_t stuck_window;       /* of the others: the peer's window is closed */
    nanotime stuck_since, stuck_longest;
    struct endpoint servers[OVERVIEW_SERVERS]; /* of the stuck ones */
    unsigned server_count;
    bool more_servers;
};

void text_overview_add(struct text_overview *overview, const struct flow_record *record,
                       const struct findings *findings);

/* text_summary_print appends the headline and a few lines of facts. `findings` are those that
 * belong to no single flow. */
void text_summary_print(struct buf *out, const struct text_style *style,
                        const struct run_meta *meta, const struct text_overview *overview,
                        const struct findings *findings, const struct summary *summary,
                        const struct run_end *end);

/* text_limits_print appends what the capture does not show: skipped packets, drops, evictions. */
void text_limits_print(struct buf *out, const struct text_style *style, const struct run_end *end);

#endif
