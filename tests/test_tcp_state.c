/* test_tcp_state.c: every cell of the transition table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../dissect/tcp_state.h"

/* The whole table, state by state, written down a second time from RFC 9293 figure 5. */
static const enum tcp_state expected[SIDE_STATES][TCP_EVENTS] = {
#define ROW(state, joined, syn, syn_ack, acks_syn, syn_acked, acks_fin, fin, fin_acked, had_fin,   \
            had_no_fin)                                                                            \
    [SIDE_##state] = {[EVENT_JOINED] = SIDE_##joined,                                              \
                      [EVENT_SENDS_SYN] = SIDE_##syn,                                              \
                      [EVENT_SENDS_SYN_ACK] = SIDE_##syn_ack,                                      \
                      [EVENT_ACKS_SYN] = SIDE_##acks_syn,                                          \
                      [EVENT_SYN_ACKED] = SIDE_##syn_acked,                                        \
                      [EVENT_ACKS_FIN] = SIDE_##acks_fin,                                          \
                      [EVENT_SENDS_FIN] = SIDE_##fin,                                              \
                      [EVENT_FIN_ACKED] = SIDE_##fin_acked,                                        \
                      [EVENT_HAD_FIN] = SIDE_##had_fin,                                            \
                      [EVENT_HAD_NO_FIN] = SIDE_##had_no_fin,                                      \
                      [EVENT_RESET] = SIDE_CLOSED}
    ROW(CLOSED, ESTABLISHED, SYN_SENT, SYN_RECEIVED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED,
        TIME_WAIT),
    ROW(SYN_SENT, SYN_SENT, SYN_SENT, SYN_RECEIVED, ESTABLISHED, SYN_SENT, SYN_SENT, SYN_SENT,
        SYN_SENT, SYN_SENT, SYN_SENT),
    ROW(SYN_RECEIVED, SYN_RECEIVED, SYN_RECEIVED, SYN_RECEIVED, SYN_RECEIVED, ESTABLISHED,
        CLOSE_WAIT, FIN_WAIT_1, SYN_RECEIVED, SYN_RECEIVED, SYN_RECEIVED),
    ROW(ESTABLISHED, ESTABLISHED, ESTABLISHED, ESTABLISHED, ESTABLISHED, ESTABLISHED, CLOSE_WAIT,
        FIN_WAIT_1, ESTABLISHED, ESTABLISHED, ESTABLISHED),
    ROW(FIN_WAIT_1, FIN_WAIT_1, FIN_WAIT_1, FIN_WAIT_1, FIN_WAIT_1, FIN_WAIT_1, CLOSING, FIN_WAIT_1,
        FIN_WAIT_2, LAST_ACK, FIN_WAIT_1),
    ROW(FIN_WAIT_2, FIN_WAIT_2, FIN_WAIT_2, FIN_WAIT_2, FIN_WAIT_2, FIN_WAIT_2, TIME_WAIT,
        FIN_WAIT_2, FIN_WAIT_2, CLOSED, FIN_WAIT_2),
    ROW(CLOSE_WAIT, CLOSE_WAIT, CLOSE_WAIT, CLOSE_WAIT, CLOSE_WAIT, CLOSE_WAIT, CLOSE_WAIT,
        LAST_ACK, CLOSE_WAIT, CLOSE_WAIT, CLOSE_WAIT),
    ROW(CLOSING, CLOSING, CLOSING, CLOSING, CLOSING, CLOSING, CLOSING, CLOSING, TIME_WAIT, CLOSING,
        CLOSING),
    ROW(LAST_ACK, LAST_ACK, LAST_ACK, LAST_ACK, LAST_ACK, LAST_ACK, LAST_ACK, LAST_ACK, CLOSED,
        LAST_ACK, CLOSING),
    ROW(TIME_WAIT, TIME_WAIT, TIME_WAIT, TIME_WAIT, TIME_WAIT, TIME_WAIT, TIME_WAIT, TIME_WAIT,
        TIME_WAIT, TIME_WAIT, TIME_WAIT),
};

static void every_cell(void **state)
{
    (void)state;
    for (unsigned from = 0; from < SIDE_STATES; from++)
        for (unsigned event = 0; event < TCP_EVENTS; event++) {
            enum tcp_state got = tcp_state_after((enum tcp_state)from, (enum tcp_event)event);
            if (got != expected[from][event])
                fail_msg("state %u, event %u: %u, not %u", from, event, (unsigned)got,
                         (unsigned)expected[from][event]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell),
    };
    return cmocka_run_group_tests_name("tcp_state", tests, NULL, NULL);
}
