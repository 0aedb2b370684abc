/* leaves.h: which certificates are shown for one name: leaf-changed. Private to report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_LEAVES_H
#define PUSHWATCH_REPORT_JUDGE_LEAVES_H

#include "../../dissect/flow_record.h"
#include "../finding.h"

struct leaves;

MUST_CHECK struct leaves *leaves_new(void);
void leaves_free(struct leaves *leaves);

/* leaves_add notes which certificate the server of a flow has shown for the name that it was asked
 * for. Nothing of the record is kept by reference. */
void leaves_add(struct leaves *leaves, const struct flow_record *record);

/* leaves_judge adds a finding for each name with several certificates, in order of first sight. */
void leaves_judge(const struct leaves *leaves, struct findings *out);

#endif
