/* tcp_state.c: RFC 9293 figure 5 as a table, as somebody on the wire sees it. */
#include "tcp_state.h"

/* One row for each event: the states it moves, and where to. At most four states know an event. */
struct move {
    bool used;
    uint8_t from, to;
};

enum { MOVES_MAX = 4 };

#define MOVE(from, to)                                                                             \
    {                                                                                              \
        true, SIDE_##from, SIDE_##to                                                               \
    }

static const struct move moves[TCP_EVENTS][MOVES_MAX] = {
    [EVENT_JOINED] = {MOVE(CLOSED, ESTABLISHED)},
    [EVENT_SENDS_SYN] = {MOVE(CLOSED, SYN_SENT)},
    /* From SYN_SENT: a simultaneous open (RFC 9293 figure 7). */
    [EVENT_SENDS_SYN_ACK] = {MOVE(CLOSED, SYN_RECEIVED), MOVE(SYN_SENT, SYN_RECEIVED)},
    [EVENT_ACKS_SYN] = {MOVE(SYN_SENT, ESTABLISHED)},
    [EVENT_SYN_ACKED] = {MOVE(SYN_RECEIVED, ESTABLISHED)},
    [EVENT_ACKS_FIN] = {MOVE(SYN_RECEIVED, CLOSE_WAIT), MOVE(ESTABLISHED, CLOSE_WAIT),
                        MOVE(FIN_WAIT_1, CLOSING), MOVE(FIN_WAIT_2, TIME_WAIT)},
    [EVENT_SENDS_FIN] = {MOVE(SYN_RECEIVED, FIN_WAIT_1), MOVE(ESTABLISHED, FIN_WAIT_1),
                         MOVE(CLOSE_WAIT, LAST_ACK)},
    [EVENT_FIN_ACKED] = {MOVE(FIN_WAIT_1, FIN_WAIT_2), MOVE(CLOSING, TIME_WAIT),
                         MOVE(LAST_ACK, CLOSED)},
    [EVENT_HAD_FIN] = {MOVE(FIN_WAIT_1, LAST_ACK), MOVE(FIN_WAIT_2, CLOSED)},
    [EVENT_HAD_NO_FIN] = {MOVE(LAST_ACK, CLOSING), MOVE(CLOSED, TIME_WAIT)},
};

enum tcp_state tcp_state_after(enum tcp_state state, enum tcp_event event)
{
    if (event == EVENT_RESET)
        return SIDE_CLOSED;
    for (unsigned i = 0; i < MOVES_MAX && moves[event][i].used; i++)
        if (moves[event][i].from == state)
            return (enum tcp_state)moves[event][i].to;
    return state;
}
