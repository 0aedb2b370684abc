/* tcp_in_order.c: see tcp_in_order.h. x is the end that sent the segment and y its peer. */
#include "tcp_in_order.h"

#include "tcp_end.h"

/* What tells of an end whether nothing of it is missing, sent again or held up: one word. */
static inline uint64_t condition(const struct tcp_end *x)
{
    uint64_t word;
    _Static_assert(offsetof(struct tcp_end, state) + sizeof word ==
                       offsetof(struct tcp_end, mss) + sizeof x->mss,
                   "a condition is a word");
    memcpy(&word, (const uint8_t *)x + offsetof(struct tcp_end, state), sizeof word);
    return word;
}

static bool is_steady(const struct tcp_end *x)
{
    static const struct tcp_end asked = {.state = UINT8_MAX,
                                         .known = true,
                                         .seen = true,
                                         .heard = true,
                                         .syn = true,
                                         .fin = true,
                                         .syn_waits = true,
                                         .whole = true,
                                         .window_closed = true,
                                         .has_tried = true,
                                         .has_resent = true};
    static const struct tcp_end steady = {
        .state = SIDE_ESTABLISHED, .known = true, .seen = true, .syn = true, .whole = true};
    return (condition(x) & condition(&asked)) == condition(&steady) && x->una <= x->next;
}

bool tcp_is_steady(const struct tcp *tcp)
{
    return tcp->last_time != 0 && is_steady(&tcp->ends[0]) && is_steady(&tcp->ends[1]);
}

/* `left` is what of y's the segment does not acknowledge. */
static inline bool is_in_order(const struct tcp *tcp, const struct tcp_end *x,
                               const struct tcp_end *y, const struct segment *s, uint32_t left)
{
    uint64_t unacked = y->next - y->una;
    return s->seq == (uint32_t)x->next && left <= INT32_MAX && left <= unacked &&
           (s->length | (unacked - left)) != 0 && s->window != 0 && s->ttl == x->ttl_max &&
           s->time >= tcp->last_time;
}

bool tcp_take_in_order(const struct tcp *tcp, struct tcp_end *x, struct tcp_end *y,
                       const struct segment *s)
{
    uint32_t left = (uint32_t)y->next - s->ack;
    if (!is_in_order(tcp, x, y, s, left))
        return false;
    uint64_t acked = y->next - left;
    uint32_t window = end_window(x, y, s->window);
    uint64_t edge = acked + window;
    x->packets++;
    x->last_time = s->time;
    x->last_frame = s->frame;
    x->window = window;
    y->probes = 0;
    y->edge = edge > y->edge ? edge : y->edge;
    if (acked > y->una) {
        y->una = acked;
        flight_acked(&y->flight, acked, y->next);
    }
    if (s->length) {
        flight_sent(&x->flight, x->next, s->time, s->frame);
        x->next += s->length;
        x->sent = x->reasm.next = x->next;
        x->bytes += s->length;
    }
    return true;
}

void tcp_pass_time(struct tcp *tcp, nanotime time)
{
    nanotime idle = time - tcp->last_time;
    tcp->max_idle = idle > tcp->max_idle ? idle : tcp->max_idle;
    tcp->last_time = time;
}
