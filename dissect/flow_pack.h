/* flow_pack.h: a flow at rest, in a fraction of its room. */
#ifndef PUSHWATCH_DISSECT_FLOW_PACK_H
#define PUSHWATCH_DISSECT_FLOW_PACK_H

#include "flow.h"

/* Bytes behind a block that are read, though not used. */
enum { FLOW_PACK_MARGIN = 8 };

/* flow_pack moves a flow, with its TLS session, into a block that the caller owns, and returns the
 * block; *size is its length, FLOW_PACK_MARGIN not counted. The flow is gone then; what it had
 * allocated is the block's. */
MUST_CHECK uint8_t *flow_pack(size_t *size, struct flow *flow);

/* flow_unpack moves it back. The block's bytes are the caller's to free, and mean nothing any more.
 */
void flow_unpack(struct flow *flow, const uint8_t *block, struct tls_store *store);

#endif
