/* summary.h: counts over all flows of a run. */
#ifndef PUSHWATCH_REPORT_SUMMARY_H
#define PUSHWATCH_REPORT_SUMMARY_H

#include "finding.h"
#include "overview.h"
#include "testimony.h"

#include "../dissect/flow_record.h"

/* A count for each name that turns up. Names are static strings. */
enum { TALLY_MAX = 32 };
struct tally {
    struct {
        const char *name;
        uint64_t count;
    } items[TALLY_MAX];
    size_t used;
};

/* Zero-initialise it; free with summary_done. */
struct summary {
    uint64_t flows, tls_flows;
    uint64_t by_teardown[TEARDOWNS];
    uint64_t by_state[2][SIDE_STATES];
    uint64_t by_cause[STUCK_ANSWERS_LOST + 1];
    uint64_t by_progress[TLS_FAILED + 1];
    uint64_t by_finding[FINDINGS];
    uint64_t by_severity[SEVERITIES];
    uint64_t by_about[ABOUTS][SEVERITIES];
    uint64_t known; /* of all: a baseline has them */
    struct overview overview;
    struct tally conn_states; /* Zeek has 13 of them */
    struct {
        uint16_t version;
        uint64_t count;
    } versions[TALLY_MAX]; /* ascending; what does not fit is in versions_other */
    size_t version_count;
    uint64_t versions_other;
    uint64_t certificates;
    const struct testimony *testimony; /* of other witnesses than the wire; NULL if none */
};

/* summary_add_flow counts a flow that has ended, and the findings about it. */
void summary_add_flow(struct summary *summary, const struct flow_record *record,
                      const struct findings *findings);

/* summary_add_findings counts findings that belong to no single flow. */
void summary_add_findings(struct summary *summary, const struct findings *findings);

void summary_done(struct summary *summary);

#endif
