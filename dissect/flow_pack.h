/* flow_pack.h: a flow at rest, in a fraction of its room. */
#ifndef PUSHWATCH_DISSECT_FLOW_PACK_H
#define PUSHWATCH_DISSECT_FLOW_PACK_H

#include "flow.h"
#include "pack.h"

/* Words of a flow that are kept, and the room that they take at worst. Some bytes behind a packed
 * flow are read, though not used: BLOCK_SLACK of blocks.h. */
#define FLOW_WORDS     (offsetof(struct flow, recent) / sizeof(uint64_t))
#define FLOW_PACK_ROOM (1 + PACK_ROOM(FLOW_WORDS) + 1 + PACK_ROOM(TLS_WORDS))

/* flow_pack moves a flow, with its TLS session, into FLOW_PACK_ROOM bytes at `out`. Returns how
 * many it took; *cost is about that, but the same wherever memory lies. The flow is gone then; what
 * it had allocated belongs to those bytes. `time` and `frame` are some of it: the nearer to most of
 * its own, the less it takes. */
MUST_CHECK size_t flow_pack(uint8_t *out, size_t *cost, struct flow *flow, nanotime time,
                            uint64_t frame);

/* flow_unpack moves it back, given the same time and frame. The bytes mean nothing any more then.
 */
void flow_unpack(struct flow *flow, const uint8_t *packed, struct tls_store *store, nanotime time,
                 uint64_t frame);

#endif
