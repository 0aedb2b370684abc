/* plain.h: names the protocol of a stream that is not TLS by its first bytes. */
#ifndef PUSHWATCH_DISSECT_PLAIN_H
#define PUSHWATCH_DISSECT_PLAIN_H

#include "flow_record.h"

/* plain_name judges the first bytes that one end sent. PLAIN_UNKNOWN if they are nothing it knows.
 */
enum plain_protocol plain_name(struct span first_bytes);

#endif
