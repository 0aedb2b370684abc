/* tcp_fate.c: a new connection on the same tuple. */
#include "tcp_fate.h"

enum tcp_fate tcp_fate(const struct tcp *tcp, unsigned from, const struct segment *segment,
                       const struct segment *pending)
{
    const struct tcp_end *x = &tcp->ends[from], *y = &tcp->ends[!from];
    bool ack = segment->flags & FLAG_ACK;
    if (ack && pending && segment->flags & (FLAG_SYN | FLAG_RST) &&
        segment->ack == pending->seq + 1)
        return TCP_REPLACED;
    if (!(segment->flags & FLAG_SYN) || segment->flags & FLAG_RST)
        return TCP_BELONGS;
    if (x->syn && (uint32_t)x->isn == segment->seq)
        return TCP_BELONGS; /* sent again */
    if (!x->seen && !tcp_is_over(tcp))
        return TCP_BELONGS; /* the other end's SYN was first, or comes late */
    if (tcp_is_over(tcp))
        return TCP_ANEW;
    if (!y->seen && x->state == SIDE_SYN_SENT)
        return TCP_BELONGS; /* nobody answered the first: it tries again with another number */
    return ack ? TCP_BELONGS : TCP_PENDING;
}
