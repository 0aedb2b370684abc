/* tcp_end.h: changes of struct tcp_end that go with bits of its first cache line, for tcp.c. */
#ifndef PUSHWATCH_DISSECT_TCP_END_H
#define PUSHWATCH_DISSECT_TCP_END_H

#include "tcp.h"

/* end_set_una says that all before `una` is acknowledged, or that no more is. */
static inline void end_set_una(struct tcp_end *x, uint64_t una)
{
    x->una = una;
    x->syn_waits = x->syn && una <= x->isn;
}

/* end_know gives its first sequence number. */
static inline void end_know(struct tcp_end *x, uint64_t at)
{
    x->known = true;
    x->next = at;
    x->whole = false;
    end_set_una(x, at);
}

/* end_tries counts the oldest unacknowledged byte sent again; end_got_through says that it is
 * acknowledged. */
static inline void end_tries(struct tcp_end *x, nanotime time, uint64_t frame)
{
    x->has_tried = true;
    x->tries++;
    x->tries_since_answer++;
    x->last_try = time;
    x->last_try_frame = frame;
}

static inline void end_got_through(struct tcp_end *x)
{
    if (LIKELY(!x->has_tried))
        return;
    x->has_tried = false;
    x->tries = x->tries_since_answer = x->answers = 0;
    x->last_try = 0;
    x->last_try_frame = 0;
}

/* end_resends notes a segment sent again that was acknowledged; end_goes_on says that it sends
 * other things. */
static inline void end_resends(struct tcp_end *x, uint64_t seq, nanotime time, uint64_t frame)
{
    resends_note(&x->resends, &x->flight, seq, time, frame);
    x->has_resent = true;
}

static inline void end_goes_on(struct tcp_end *x)
{
    if (LIKELY(!x->has_resent))
        return;
    resends_forget(&x->resends);
    x->has_resent = false;
}

/* end_closes_window says that its window is 0, end_opens_window that it is not any more. */
static inline void end_closes_window(struct tcp_end *x, nanotime time, uint64_t frame)
{
    x->window_closed = time != 0;
    x->zero_since = time;
    x->zero_frame = frame;
}

static inline void end_opens_window(struct tcp_end *x)
{
    x->window_closed = false;
    x->zero_since = 0;
}

/* end_window gives the window in a segment of x's that is no SYN, in bytes: scaled only if both
 * ends offered it (RFC 7323 section 2.2). */
static inline uint32_t end_window(const struct tcp_end *x, const struct tcp_end *y, uint16_t window)
{
    /* No branch, for it is as good as random. */
    int one_has_none = (x->wscale | y->wscale) >> 7; /* -1 or 0 */
    return (uint32_t)window << (x->wscale & ~one_has_none);
}

/* end_look_for_holes is to be called when it has sent more. */
static inline void end_look_for_holes(struct tcp_end *x)
{
    x->whole = x->reasm.next + x->fin == x->next;
}

#endif
