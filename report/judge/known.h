/* known.h: certificates of servers against those of earlier runs: unrecognized-leaf. Private to
 * report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_KNOWN_H
#define PUSHWATCH_REPORT_JUDGE_KNOWN_H

#include "../finding.h"
#include "../report.h"
#include "known_certs.h"

/* known_judge says what has changed where a name is known and shows a certificate that is not. What
 * the policy says of the flow is in `out` already, as is the chain's validation; a finding of the
 * policy's about the same certificate is completed. */
void known_judge(const struct known_certs *known, struct findings *out,
                 const struct flow_record *record);

/* known_learn adds a flow's certificate to those of this run, unless what was found speaks against
 * it: then it is counted. */
void known_learn(struct learning *learning, const struct known_certs *known,
                 const struct flow_record *record, const struct findings *findings);

#endif
