/* shark_filter.h: display filters of Wireshark and tshark that show what a finding speaks of. */
#ifndef PUSHWATCH_REPORT_SHARK_FILTER_H
#define PUSHWATCH_REPORT_SHARK_FILTER_H

#include "finding.h"

#include "../dissect/flow_record.h"

/* shark_filter_flow appends a filter for one connection's packets. */
void shark_filter_flow(struct buf *out, const struct flow_record *record);

/* shark_filter_frames appends a filter for a finding's frames; nothing if it has none. */
void shark_filter_frames(struct buf *out, const struct finding *finding);

#endif
