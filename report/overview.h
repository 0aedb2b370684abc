/* overview.h: what all flows of a run have in common, gathered for the verdict. */
#ifndef PUSHWATCH_REPORT_OVERVIEW_H
#define PUSHWATCH_REPORT_OVERVIEW_H

#include "finding.h"

#include "../dissect/flow_record.h"

enum { OVERVIEW_NAMED = 3, STUCK_CAUSES = STUCK_ANSWERS_LOST + 1 };

/* The first few different addresses of many. */
struct few_hosts {
    struct endpoint items[OVERVIEW_NAMED];
    unsigned count;
    bool more;
};

/* Zero-initialise it; free with overview_done. */
struct overview {
    uint64_t by_worst[FINDINGS]; /* flows whose worst finding, notice or above, is this */
    uint64_t troubled;           /* flows with any such finding */

    uint64_t stuck;        /* of those: an end waits for an answer that is overdue */
    uint64_t stuck_fin;    /* of those: it has sent its FIN */
    uint64_t stuck_window; /* of the others: the peer's window is closed */
    uint64_t stuck_by_cause[STUCK_CAUSES]; /* STUCK_NOT: a FIN without any of the causes */
    nanotime stuck_since, stuck_longest;
    struct few_hosts stuck_servers;

    struct few_hosts clients; /* ports mean nothing */
    struct few_hosts servers;
    struct buf names[OVERVIEW_NAMED]; /* of servers, as asked for: from the wire */
    unsigned name_count;
    bool more_names, apns;
    nanotime longest; /* duration of a flow */

    uint64_t midstream;           /* flows whose beginning is not in the capture */
    uint64_t hidden_certificates; /* flows in which TLS 1.3 hides them */
};

/* overview_add counts a flow that has ended. */
void overview_add(struct overview *overview, const struct flow_record *record,
                  const struct findings *findings);

/* overview_list appends addresses, with ports if asked for, as "A, B and others". */
void overview_list(struct buf *out, const struct few_hosts *hosts, bool ports);

void overview_done(struct overview *overview);

#endif
