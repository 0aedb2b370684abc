/* parts.h: packets that are shared out among threads. Where few are watched, each takes many, then
 * the shards work on what was in all of them, in the order of the capture. Where many are: belt.h.
 */
#ifndef PUSHWATCH_DISSECT_PARTS_H
#define PUSHWATCH_DISSECT_PARTS_H

#include "crew.h"
#include "intake.h"
#include "pipeline.h"
#include "shard.h"

struct parts;

/* parts_new is for the threads of a crew, to each of which parts_add gives its intake. `appid` is
 * what the shards ask, or NULL. All must outlive it. Free with parts_free. */
MUST_CHECK struct parts *parts_new(const struct pipeline_sharing *sharing, struct crew *crew,
                                   struct shard *const *shards, struct appid *appid);
void parts_add(struct parts *parts, struct intake *intake);

/* parts_round shares out packets of the round that the intakes are in. All intakes know the same of
 * the capture before and after. The round goes on where that could not be done any more: unless
 * intake_is_over. */
void parts_round(struct parts *parts);

void parts_free(struct parts *parts);

#endif
