/* crew.h: threads that share out numbered tasks among them. */
#ifndef PUSHWATCH_DISSECT_CREW_H
#define PUSHWATCH_DISSECT_CREW_H

#include "../capture/base.h"

struct crew;

/* A task: `number` counts from 0, `thread` tells which of the crew runs it, 0 being the caller of
 * crew_finish. */
typedef void crew_task(void *context, unsigned number, unsigned thread);

/* crew_new starts threads - 1 threads, or fewer if the system has no more: crew_size tells. They
 * take no signals. Free with crew_free. */
MUST_CHECK struct crew *crew_new(unsigned threads);

unsigned crew_size(const struct crew *crew);

/* crew_each has each thread run one task, the one with its own number, and returns when all are
 * done: what a thread had in its cache the last time may still be there. */
void crew_each(struct crew *crew, crew_task *task, void *context);

/* crew_start begins tasks 0 to count - 1, in any order and at the same time. crew_finish must
 * follow. */
void crew_start(struct crew *crew, unsigned count, crew_task *task, void *context);

/* crew_finish lends a hand, and returns when all tasks are done. What they wrote can be read then.
 * Without a crew_start before it does nothing. */
void crew_finish(struct crew *crew);

void crew_free(struct crew *crew);

#endif
