/* keepalive.h: how regularly an end tells the other that it is still there. */
#ifndef PUSHWATCH_REPORT_KEEPALIVE_H
#define PUSHWATCH_REPORT_KEEPALIVE_H

#include "../dissect/flow_record.h"
#include "judge/period.h"

/* keepalive_period finds the period of what a flow's record.keepalive lists. Returns false if there
 * is none: small records that end silences at any time are no keep-alives. */
MUST_CHECK bool keepalive_period(struct period *out, const struct flow_record *record);

#endif
