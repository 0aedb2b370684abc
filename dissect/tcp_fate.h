/* tcp_fate.h: whether a segment belongs to a connection, or begins another with the same addresses
 * and ports. */
#ifndef PUSHWATCH_DISSECT_TCP_FATE_H
#define PUSHWATCH_DISSECT_TCP_FATE_H

#include "tcp.h"

/* What a segment is to a connection that is already there. */
enum tcp_fate {
    TCP_BELONGS, /* it is part of it */
    TCP_ANEW,    /* it begins another: the old one has ended */
    TCP_PENDING, /* a SYN with another sequence number while this one lives: keep it until its
                    answer tells */
    TCP_REPLACED /* a SYN-ACK or RST that answers the kept SYN: the old one has ended without a
                    trace */
};

/* tcp_fate judges a segment sent by end `from` before tcp_take gets it. `pending` is the SYN kept
 * after TCP_PENDING, if its peer sent it, or NULL. */
MUST_CHECK enum tcp_fate tcp_fate(const struct tcp *tcp, unsigned from,
                                  const struct segment *segment, const struct segment *pending);

#endif
