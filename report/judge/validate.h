/* validate.h: validates the chain that a server sent: as it was sent, at the time of its packets,
 * against the certificates that are trusted. Nothing is fetched. */
#ifndef PUSHWATCH_REPORT_JUDGE_VALIDATE_H
#define PUSHWATCH_REPORT_JUDGE_VALIDATE_H

#include "../../dissect/flow_record.h"
#include "trust.h"
#include "validation.h"

struct validator;

/* validator_new makes a validator for one run. `at` is the time for which chains are judged, 0 for
 * that of each connection's first packet. trust is borrowed and must outlive it. Free with
 * validator_free. */
MUST_CHECK struct validator *validator_new(struct trust *trust, nanotime at);
void validator_free(struct validator *validator);

/* validate judges the chain of a record's server by RFC 5280 section 6, its leaf's names by RFC
 * 9525 (against the SNI), and the stapled OCSP response by RFC 6960. What was found once is
 * remembered. Several threads may call it at once; what it finds does not depend on them. */
void validate(struct validator *validator, struct validation *out,
              const struct flow_record *record);

#endif
