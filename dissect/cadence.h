/* cadence.h: the small records with which the ends of a long connection tell each other, now and
 * then, that they are still there. What is in them need not be read: a keep-alive is what one end
 * sends after a silence, always as long. */
#ifndef PUSHWATCH_DISSECT_CADENCE_H
#define PUSHWATCH_DISSECT_CADENCE_H

#include "flow_record.h"

/* A silence of less than this ends all the time, for other reasons. */
#define CADENCE_SILENCE_MIN (10 * NS_PER_SECOND)

/* Records that are longer carry something. */
enum { CADENCE_LENGTH_MAX = 512 };

/* Times of one end's records of one length: the last ones. 68 bytes, for flows that live long. */
enum { CADENCE_TIMES = 12 };
struct cadence {
    uint32_t times[CADENCE_TIMES]; /* a ring, in units since the flow's start */
    uint32_t count;
    uint32_t answers;       /* of the peer's */
    uint32_t answered;      /* count when the last of them came */
    uint16_t length;        /* of their bodies */
    uint16_t answer_length; /* of the last answer */
    uint8_t direction;
    uint8_t votes; /* how many more of these than of others came: one that has none left gives way
                      to another (Boyer and Moore) */
};

/* cadence_note takes an application data record: the length of its body, when it was sent, and for
 * how long nothing had come from either end. *cadence is made at the first that may be a
 * keep-alive; free it with free(). Returns whether it was made. */
bool cadence_note(struct cadence **cadence, unsigned direction, uint16_t length, nanotime start,
                  nanotime time, nanotime silence);

/* cadence_facts gives what came of it. Returns false if too few came to tell. */
MUST_CHECK bool cadence_facts(struct keepalive_facts *out, const struct cadence *cadence,
                              nanotime start);

#endif
