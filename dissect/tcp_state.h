/* tcp_state.h: the state of one end of a connection, as RFC 9293 section 3.3.2 names it. */
#ifndef PUSHWATCH_DISSECT_TCP_STATE_H
#define PUSHWATCH_DISSECT_TCP_STATE_H

#include "flow_record.h"

/* What an end does, or what its peer's segments do to it. An end gets a segment only once it has
 * answered it, since one that was seen may still have been lost further on; an acknowledgment is
 * taken as got when it is seen. */
enum tcp_event {
    EVENT_JOINED, /* its first segment seen is neither a SYN nor a RST */
    EVENT_SENDS_SYN,
    EVENT_SENDS_SYN_ACK,
    EVENT_ACKS_SYN,  /* it acknowledges the peer's SYN */
    EVENT_SYN_ACKED, /* the peer acknowledges its SYN */
    EVENT_ACKS_FIN,  /* it acknowledges the peer's FIN: it has got it */
    EVENT_SENDS_FIN,
    EVENT_FIN_ACKED,  /* the peer acknowledges its FIN */
    EVENT_HAD_FIN,    /* it turns out that it had the peer's FIN when it sent its own */
    EVENT_HAD_NO_FIN, /* it turns out that it had not */
    EVENT_RESET       /* a RST that its receiver accepts, sent or received */
};
enum { TCP_EVENTS = EVENT_RESET + 1 };

/* tcp_state_after gives the state that follows. An event that has no place in a state leaves it as
 * it is. CLOSED before a connection and CLOSED after it are one state here: the caller passes no
 * EVENT_JOINED or EVENT_SENDS_SYN to an end that is over. */
enum tcp_state tcp_state_after(enum tcp_state state, enum tcp_event event);

#endif
