/* verdict.h: what all findings come to, in words for somebody who does not know networks. */
#ifndef PUSHWATCH_REPORT_JUDGE_VERDICT_H
#define PUSHWATCH_REPORT_JUDGE_VERDICT_H

#include "../report.h"
#include "../summary.h"

/* What is going on. The order means nothing. */
enum verdict_kind {
    VERDICT_NOTHING_SEEN,  /* no packets, or no connections */
    VERDICT_HEALTHY,       /* nothing above `info` */
    VERDICT_CAPTURE_HOLES, /* the same, but the capture has holes */
    VERDICT_PATH_DEAD,     /* stuck: sent again and again, no answer */
    VERDICT_PATH_DROPS,    /* stuck: the peer acknowledges less than was sent */
    VERDICT_ANSWERS_LOST,  /* stuck: what the peer acknowledges does not reach the sender */
    VERDICT_SENDER_GONE,   /* stuck: nothing is sent again */
    VERDICT_NOT_READ,      /* stuck: the peer's window stays closed */
    VERDICT_UNREACHABLE,   /* SYNs, or the answers to them, get lost */
    VERDICT_PATH,          /* something else between the ends */
    VERDICT_REFUSED,       /* nothing listens */
    VERDICT_CUT_OFF,       /* resets */
    VERDICT_NOT_CLOSED,    /* half-closed */
    VERDICT_PEER,          /* something else that an end does */
    VERDICT_NO_HANDSHAKE,  /* TLS did not come about */
    VERDICT_IMPOSTOR,      /* a critical doubt whether an end is who it says it is, or its issuer */
    VERDICT_IDENTITY,      /* a lesser one */
    VERDICT_NOT_TLS,       /* something else on this port */
    VERDICT_READABLE,      /* it works, but others can read or learn too much */
    VERDICT_RHYTHM,        /* it works, and something repeats */
    /* Without a capture, from socket tables and logs. */
    VERDICT_LISTED_PILE,   /* many sockets wait for an acknowledgment of their FIN */
    VERDICT_LISTED_LEAK,   /* many sockets that their program does not close */
    VERDICT_LOG_DISTRUST,  /* the log says that handshakes fail */
    VERDICT_LISTED_NOTHING /* none of these */
};
enum { VERDICTS = VERDICT_LISTED_NOTHING + 1 };

/* How sure that is. */
enum verdict_surety { SURETY_CERTAIN, SURETY_LIKELY, SURETY_POSSIBLE };

/* Texts are whole sentences. They may hold names from the wire: whoever prints them escapes them.
 * Zero-initialise it; free with verdict_done. */
struct verdict {
    enum verdict_kind kind;
    enum verdict_surety surety;
    struct buf sentence;    /* the verdict, and what it stands on */
    struct buf sure;        /* how sure that is, and why */
    const char *change;     /* what would change it: static, a clause; NULL if nothing */
    struct buf works;       /* how does it work here? Empty if no connection was seen */
    const char *misbehaves; /* is it misbehaving? Static */
    const char *check;      /* how to check; static */
};

/* verdict_reach draws the conclusion from the findings that belong to no single flow, and from what
 * the summary counts of all: a pure function. */
void verdict_reach(struct verdict *out, const struct run_meta *meta, const struct summary *summary,
                   const struct findings *findings, const struct run_end *end);

/* verdict_healthy tells whether there is no more to say than that all is well. */
bool verdict_healthy(const struct verdict *verdict);

void verdict_done(struct verdict *verdict);

const char *verdict_name(enum verdict_kind kind);            /* such as "path-dead" */
const char *verdict_surety_name(enum verdict_surety surety); /* such as "likely" */

#endif
