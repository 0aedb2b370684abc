/* tcp_outcome.h: what a connection has come to: pure functions of what tcp.c has tracked. */
#ifndef PUSHWATCH_DISSECT_TCP_OUTCOME_H
#define PUSHWATCH_DISSECT_TCP_OUTCOME_H

#include "tcp.h"

/* tcp_outcome fills in all of a record's `tcp` but Zeek's words and reset_phase's distinction
 * between a TLS handshake and data. `client` is the number of the client's end; `now` the time up
 * to which nothing more was seen: the end of the capture. */
void tcp_outcome(struct tcp_record *out, const struct tcp *tcp, unsigned client, nanotime now);

/* tcp_teardown tells how it ended. */
enum teardown tcp_teardown(const struct tcp *tcp);

#endif
