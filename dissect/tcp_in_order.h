/* tcp_in_order.h: what TCP does with most segments: with what comes next of an end, bytes or an
 * acknowledgment of more than before, while both ends are established and nothing is missing, sent
 * again or held up. tcp_take does the same in more steps, since it asks for all that may be
 * otherwise. */
#ifndef PUSHWATCH_DISSECT_TCP_IN_ORDER_H
#define PUSHWATCH_DISSECT_TCP_IN_ORDER_H

#include "tcp.h"

/* tcp_is_steady tells that both ends are in that condition. They stay so while nothing but
 * tcp_take_in_order changes them. */
MUST_CHECK bool tcp_is_steady(const struct tcp *tcp);

/* tcp_take_in_order takes a segment from x to y, both steady, if it is one of those: its payload is
 * to be passed on then, if it is of use (reasm.count_only), and tcp_pass_time to be called. Of the
 * control bits that tell more the segment must have ACK alone, all of its payload must have been
 * captured, and the sending kernel have said nothing of it. It does not know a packet that was
 * captured again. */
MUST_CHECK bool tcp_take_in_order(const struct tcp *tcp, struct tcp_end *x, struct tcp_end *y,
                                  const struct segment *segment);
void tcp_pass_time(struct tcp *tcp, nanotime time);

#endif
