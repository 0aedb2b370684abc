/* lanes.h: flows on their way out in the order in which they began. Each thread makes those of its
 * own shards ready, in their order, in a lane of its own, while the caller's puts the lanes
 * together and hands out: what is ready is handed out soon, and few are ready at a time, for what
 * is made of a flow is large. */
#ifndef PUSHWATCH_DISSECT_LANES_H
#define PUSHWATCH_DISSECT_LANES_H

#include "crew.h"
#include "shard.h"
#include "sink.h"

struct lanes;

/* lanes_new makes a lane for each of the crew. Crew, shards (SHARDS of them) and sink must outlive
 * it. Free with lanes_free. */
MUST_CHECK struct lanes *lanes_new(struct crew *crew, struct shard *const *shards,
                                   const struct sink *sink);

/* Called now and then, with the number of flows handed out. */
typedef void lanes_progress(void *context, uint64_t flows);

/* lanes_hand_out hands out all flows with places below `ready`, which must all have ended, with
 * numbers from *handed_out + 1 on, and counts them there. Not while anything else is done with the
 * shards. `progress` may be NULL. */
void lanes_hand_out(struct lanes *lanes, uint64_t ready, uint64_t *handed_out,
                    lanes_progress *progress, void *context);

void lanes_free(struct lanes *lanes);

#endif
