/* queue_records.h: which TLS records a queue of unacknowledged bytes may hold, from its size alone.
 * Private to report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_QUEUE_RECORDS_H
#define PUSHWATCH_REPORT_JUDGE_QUEUE_RECORDS_H

#include "../../capture/base.h"

/* A size of queue, and how many have it. */
struct queue_size {
    uint64_t bytes, count;
};

/* Two sizes that differ by a close_notify: the smaller holds a message alone. */
struct queue_reading {
    const char *suites;            /* what encrypts like this: static */
    struct queue_size with, alone; /* with the close_notify, and without it */
    uint64_t close_notify;         /* bytes of that record */
    uint64_t first, rest;          /* records of the message; first is 0 where it is one */
    uint64_t least, most;          /* bytes of the message before it was encrypted */
};

/* queue_records_read looks for two sizes whose difference is exactly one encrypted close_notify of
 * some protocol version and cipher suite, and of which the smaller is exactly one message under the
 * same. Where several kinds of suites would do, or none, it returns false: one size alone fits
 * almost anything. */
MUST_CHECK bool queue_records_read(struct queue_reading *out, const struct queue_size *sizes,
                                   size_t count);

#endif
