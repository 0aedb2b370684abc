/* tcp_in_order.h: what TCP does with most segments: with what comes next of an end, bytes or an
 * acknowledgment of more than before, while both ends are established and nothing is missing, sent
 * again or held up. tcp_take does the same in more steps, since it asks for all that may be
 * otherwise. */
#ifndef PUSHWATCH_DISSECT_TCP_IN_ORDER_H
#define PUSHWATCH_DISSECT_TCP_IN_ORDER_H

#include "tcp.h"

/* tcp_take_in_order takes a segment from x to y, all of whose payload was captured, if it is one of
 * those: its payload is to be passed on then, if it is of use (reasm.count_only), and tcp_pass_time
 * to be called. It does not know a packet that was captured again. */
MUST_CHECK bool tcp_take_in_order(const struct tcp *tcp, struct tcp_end *x, struct tcp_end *y,
                                  const struct segment *segment);
void tcp_pass_time(struct tcp *tcp, nanotime time);

#endif
