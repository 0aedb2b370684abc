/* belt.h: packets that are shared out among threads, where many are watched: what one of them has
 * read all work on, each on what is of its own shards, in the order of the capture.
 *
 * A window of packets stays where it was read until all have worked on it. There are a few such
 * places, one behind the other: who has worked on all that is there fills the next that is free, so
 * that a thread waits for another only where it is far ahead, and finds in its cache what it works
 * on. */
#ifndef PUSHWATCH_DISSECT_BELT_H
#define PUSHWATCH_DISSECT_BELT_H

#include "crew.h"
#include "intake.h"
#include "pipeline.h"
#include "shard.h"

struct belt;

/* belt_new is for the threads of a crew, each of which has the shards whose number leaves its own
 * when divided by theirs. All must outlive it. Free with belt_free. */
MUST_CHECK struct belt *belt_new(const struct pipeline_sharing *sharing, struct crew *crew,
                                 struct shard *const *shards);

/* belt_run has the threads take all that is shared out, as packets that the intake was given: it
 * counts them, and knows what it would know of them. Returns whether that is more than it says
 * itself: others are to learn (intake_learn) of it. */
MUST_CHECK bool belt_run(struct belt *belt, struct intake *intake);

void belt_free(struct belt *belt);

#endif
