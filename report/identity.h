/* identity.h: what makes a finding the same one in the next capture. */
#ifndef PUSHWATCH_REPORT_IDENTITY_H
#define PUSHWATCH_REPORT_IDENTITY_H

#include "finding.h"

#include "../dissect/flow_record.h"

/* An identity is the finding's id and whom it concerns, in printable ASCII without blanks inside
 * its parts: of a connection the client's address and the server's name (or address) and port; of a
 * finding that belongs to no single flow those of its evidence's texts that name somebody. Not
 * frame numbers, times, counts or a client's port, which are others the next time. */

/* identity_of_flow appends the identity of a flow's finding. */
void identity_of_flow(struct buf *out, const struct flow_record *record,
                      const struct finding *finding);

/* identity_of_finding appends that of a finding that belongs to no single flow. */
void identity_of_finding(struct buf *out, const struct finding *finding);

/* identity_part appends one part, cut where a byte is not printable ASCII or has been escaped: what
 * a report says of it must give the same. Identities are put together from parts. */
void identity_part(struct buf *out, struct span part);

/* identity_names_somebody tells whether an evidence's text is a part: its key is one of these. */
bool identity_names_somebody(const char *key);

#endif
