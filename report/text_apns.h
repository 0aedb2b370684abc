/* text_apns.h: the commands of APNs streams that a key log has opened. */
#ifndef PUSHWATCH_REPORT_TEXT_APNS_H
#define PUSHWATCH_REPORT_TEXT_APNS_H

#include "terminal_text.h"

#include "../dissect/flow_record.h"

/* text_apns_flow appends what a flow's stream held: a line for each kind of command and end, with
 * how many there were, how long their bodies were, and how often they came; then all in order. It
 * appends nothing where there is none. */
void text_apns_flow(struct buf *out, const struct text_style *style,
                    const struct flow_record *record);

#endif
