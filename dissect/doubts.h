/* doubts.h: segments with a wrong checksum, of an end that has shown a right one.
 *
 * Such a segment was damaged, or forged to be seen by whoever listens and by nobody else: its
 * receiver drops it. It waits for what proves that. The same bytes with a right checksum refute it;
 * an acknowledgment without them confirms that its receiver had it as it is: then only the checksum
 * is wrong, as of captures that somebody edited. What has no bytes to acknowledge is dropped. */
#ifndef PUSHWATCH_DISSECT_DOUBTS_H
#define PUSHWATCH_DISSECT_DOUBTS_H

#include "segment.h"

struct doubt {
    struct doubt *next;
    struct segment segment; /* its bytes lie behind it */
    unsigned from;          /* the end that sent it */
};

/* doubts_add appends a copy of a segment, sent by end `from`, to a list that is NULL before the
 * first. Returns false if it takes no more (limits.h), or if the segment can't be confirmed: then
 * it may be dropped. `held` counts memory, here and below; NULL: it is not counted. */
MUST_CHECK bool doubts_add(struct doubt **list, unsigned from, const struct segment *segment,
                           size_t *held);

/* doubts_can_be_confirmed tells that a segment has bytes, a SYN or a FIN to acknowledge. */
bool doubts_can_be_confirmed(const struct segment *segment);

/* doubts_refuted takes the first that a segment by end `from` refutes from the list; NULL: none. */
MUST_CHECK struct doubt *doubts_refuted(struct doubt **list, unsigned from,
                                        const struct segment *segment);

/* doubts_confirmed does the same with the first that it confirms. */
MUST_CHECK struct doubt *doubts_confirmed(struct doubt **list, unsigned from,
                                          const struct segment *segment);

/* doubts_next takes the first whatever it is; NULL: the list is empty. */
MUST_CHECK struct doubt *doubts_next(struct doubt **list);

/* doubt_free frees one that was taken. */
void doubt_free(struct doubt *doubt, size_t *held);

#endif
