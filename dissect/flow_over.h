/* flow_over.h: a flow at rest whose connection is over, in a form that most of those fit, and that
 * takes less room and time than the general one (flow_pack.h); how much: docs/performance.md. */
#ifndef PUSHWATCH_DISSECT_FLOW_OVER_H
#define PUSHWATCH_DISSECT_FLOW_OVER_H

#include "flow.h"

/* What it may take, and what is written and read behind it. */
enum { FLOW_OVER_ROOM = 512 };

/* flow_over_put writes to `out`, which has FLOW_OVER_ROOM bytes, what flow_over_get makes the same
 * flow of, given the same time and frame: those of its last and of its first packet. Of its `tls`
 * is told whether it is NULL, and `recent` is left out. Returns how many bytes it took, of which
 * the first one is not 0, or 0 if the flow is not like most; the flow stays as it is. */
MUST_CHECK size_t flow_over_put(uint8_t *out, struct flow *flow, nanotime time, uint64_t frame);

/* flow_over_get returns how many bytes it took. Up to seven bytes behind those are read, too. */
size_t flow_over_get(struct flow *flow, const uint8_t *in, nanotime time, uint64_t frame);

#endif
