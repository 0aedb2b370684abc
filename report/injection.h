/* injection.h: whether a RST was sent by somebody else than its source address says. */
#ifndef PUSHWATCH_REPORT_INJECTION_H
#define PUSHWATCH_REPORT_INJECTION_H

#include "../dissect/flow_record.h"

/* What speaks for it, strongest first. */
enum injection_sign {
    SIGN_TTL,        /* not the TTL of its sender's other packets */
    SIGN_ALIVE,      /* its sender went on with the connection */
    SIGN_TIMING,     /* it answers sooner than its sender could have */
    SIGN_SERIES,     /* several, with numbers beyond what its sender had sent */
    SIGN_NEAR_TTL,   /* off by one: another route does that, too */
    SIGN_ID,         /* IP identification */
    SIGN_WINDOW,     /* window */
    SIGN_SEQUENCE,   /* below what its sender had sent */
    SIGN_TIMESTAMPS, /* no timestamps option, though both ends use it */
    SIGNS
};

struct injection {
    unsigned score; /* the sum of the signs' weights; 0 if nothing speaks for it */
    bool signs[SIGNS];
    nanotime half_trip; /* half of the round trip to its sender, if SIGN_TIMING */
};

/* From this score on it may have been injected; from the second on it likely was. One strong sign
 * has the first, two the second; weak ones alone never have it. */
enum { INJECTION_POSSIBLE = 5, INJECTION_LIKELY = 8 };

/* injection_of weighs the RST that ended a connection; all zero if there is none. */
struct injection injection_of(const struct tcp_record *tcp);

/* injection_sign_name gives a sign's name in reports, injection_sign_weight its part of the score.
 */
const char *injection_sign_name(enum injection_sign sign);
unsigned injection_sign_weight(enum injection_sign sign);

#endif
