/* tcp.c: follows both ends of a connection, segment by segment (RFC 9293 section 3.10.7).
 *
 * Everything is indexed by end: what holds for the client holds for the server. In each function x
 * is the end that sent the segment and y its peer. */
#include "tcp.h"

#include "limits.h"
#include "reset_signs.h"
#include "seq.h"
#include "tcp_end.h"
#include "tcp_state.h"

/* A number further ahead than this is not believed: no window is larger (RFC 7323 section 2.2). */
#define WINDOW_MAX (UINT64_C(1) << 30)

/* A segment with what was found out about it. */
struct arrival {
    const struct segment *segment;
    uint64_t seq;   /* extended, of the first payload byte */
    uint64_t end;   /* behind the payload, without a FIN */
    uint64_t acked; /* extended, if it has an ACK: all before it is acknowledged */
};

/* Has it one of these control bits? */
static bool has(const struct arrival *a, unsigned flags)
{
    return a->segment->flags & flags;
}

/* Does its sender's kernel say that it is a retransmission? */
static bool was_sent_before(const struct arrival *a)
{
    return UNLIKELY(a->segment->marks & MARK_RETRANSMISSION);
}

static unsigned number_of(const struct tcp *tcp, const struct tcp_end *end)
{
    return end == &tcp->ends[1];
}

void tcp_init(struct tcp *tcp)
{
    *tcp = (struct tcp){.opener = -1, .first_closer = -1, .reset_by = -1, .max_idle = -1};
    for (unsigned i = 0; i < 2; i++)
        tcp->ends[i].wscale = -1;
}

static void move(struct tcp_end *end, enum tcp_event event, nanotime time)
{
    enum tcp_state next = tcp_state_after((enum tcp_state)end->state, event);
    if (next != (enum tcp_state)end->state)
        end->since = time;
    end->state = (uint8_t)next;
}

uint64_t tcp_unacked(const struct tcp_end *end)
{
    if (end->state == SIDE_CLOSED || !end->known)
        return 0;
    uint64_t from = end->una, to = end->next;
    if (end->syn && from <= end->isn)
        from = end->isn + 1;
    if (end->fin && to > end->fin_at)
        to = end->fin_at;
    return to > from ? to - from : 0;
}

/* --- sequence space --- */

static void take_options(struct tcp_end *x, const struct segment *s)
{
    x->mss = s->mss;
    x->wscale = s->wscale;
    x->sack = s->sack;
    x->timestamps = s->timestamps;
}

static NOINLINE void take_syn(struct tcp *tcp, struct tcp_end *x, const struct arrival *a)
{
    unsigned from = number_of(tcp, x);
    uint64_t isn = a->seq - 1;
    if (x->syn && isn == x->isn) {
        if (has(a, FLAG_ACK) && !x->syn_ack) { /* a simultaneous open: RFC 9293 figure 7 */
            x->syn_ack = true;
            move(x, EVENT_SENDS_SYN_ACK, a->segment->time);
            return;
        }
        x->retransmits++;
        if (x->una > isn)
            return;
        end_tries(x, a->segment->time, a->segment->frame);
        if (has(a, FLAG_ACK)) /* which of them will the answer be to? */
            tcp->syn_ack_time = 0;
        else
            tcp->syn_time = 0;
        return;
    }
    if (x->syn ? x->una > x->isn : x->state != SIDE_CLOSED && x->una != isn + 1)
        return; /* a SYN inside a connection is not believed: RFC 5961 section 4 */
    if (!x->known || x->una != isn + 1) { /* the first, or again because nobody answered that */
        flight_acked(&x->flight, x->next, x->next);
        end_know(x, isn);
        end_got_through(x);
    }
    x->syn = true;
    x->syn_ack = has(a, FLAG_ACK);
    x->isn = isn;
    if (x->next < isn + 1)
        x->next = isn + 1;
    end_set_una(x, x->una);
    if (x->syn_waits)
        flight_sent(&x->flight, isn, a->segment->time, a->segment->frame);
    if (!x->reasm.started)
        reasm_start(&x->reasm, isn + 1);
    end_look_for_holes(x);
    take_options(x, a->segment);
    if (was_sent_before(a)) {
        x->retransmits++;
        end_tries(x, a->segment->time, a->segment->frame);
    }
    if (tcp->opener < 0)
        tcp->opener = (int8_t)(has(a, FLAG_ACK) ? !from : from);
    if (has(a, FLAG_ACK) && !was_sent_before(a))
        tcp->syn_ack_time = a->segment->time;
    else if (!has(a, FLAG_ACK) && (int)from == tcp->opener && !was_sent_before(a))
        tcp->syn_time = a->segment->time;
    move(x, has(a, FLAG_ACK) ? EVENT_SENDS_SYN_ACK : EVENT_SENDS_SYN, a->segment->time);
}

/* --- resets --- */

/* Is it of something that y has sent and that was not acknowledged yet? */
static bool acknowledges(const struct tcp_end *y, const struct arrival *a)
{
    return a->acked > y->una && a->acked <= y->next;
}

/* Would y accept a RST with this number? RFC 5961 section 3.2: only at the number that it expects
 * next, which lies between what it has acknowledged and what x has sent. One below is what some
 * stacks send after their FIN, and what receivers let pass. A SYN_SENT end wants its SYN
 * acknowledged instead (RFC 9293 section 3.10.7.3). */
static bool accepts_reset(const struct tcp_end *y, const struct tcp_end *x, const struct arrival *a)
{
    if (y->state == SIDE_SYN_SENT)
        return has(a, FLAG_ACK) && acknowledges(y, a);
    if (!x->known)
        return true;
    return a->seq + (x->fin ? 1 : 0) >= x->una && a->seq <= x->next;
}

static void note_close(struct tcp *tcp, const struct tcp_end *x, const struct arrival *a)
{
    if (tcp->first_closer >= 0)
        return;
    tcp->first_closer = (int8_t)number_of(tcp, x);
    tcp->idle_before_close = tcp->last_time ? a->segment->time - tcp->last_time : -1;
}

static NOINLINE void take_reset(struct tcp *tcp, struct tcp_end *x, struct tcp_end *y,
                                const struct arrival *a)
{
    x->rsts++;
    if (!x->rst_frame)
        x->rst_frame = a->segment->frame;
    if (!accepts_reset(y, x, a))
        return;
    if (tcp_is_over(tcp)) { /* only TIME_WAIT is left to be ended: RFC 9293 section 3.10.7.4 */
        if (tcp->reset_by < 0)
            move(y, EVENT_RESET, a->segment->time);
        return;
    }
    tcp->reset_after_fin = tcp->first_closer >= 0;
    note_close(tcp, x, a);
    tcp->reset_by = (int8_t)number_of(tcp, x);
    tcp->reset_frame = a->segment->frame;
    tcp->refused = y->state == SIDE_SYN_SENT && !x->syn;
    tcp->reset_in_handshake =
        (y->syn && y->state <= SIDE_SYN_RECEIVED) || (x->syn && x->state <= SIDE_SYN_RECEIVED);
    for (unsigned i = 0; i < 2; i++) {
        tcp->ends[i].unacked_at_reset = tcp_unacked(&tcp->ends[i]);
        move(&tcp->ends[i], EVENT_RESET, a->segment->time);
        flight_acked(&tcp->ends[i].flight, tcp->ends[i].next, tcp->ends[i].next);
        end_goes_on(&tcp->ends[i]);
    }
}

/* --- acknowledgments --- */

/* x has acknowledged y's FIN. */
static void fin_acked(struct tcp_end *x, struct tcp_end *y, const struct arrival *a)
{
    y->fin_acked = true;
    y->fin_acked_frame = a->segment->frame;
    move(x, EVENT_ACKS_FIN, a->segment->time);
    move(y, EVENT_FIN_ACKED, a->segment->time);
}

/* x's acknowledgment moves y's una forward. */
static void advance(struct tcp *tcp, struct tcp_end *x, struct tcp_end *y, uint64_t ack,
                    const struct arrival *a)
{
    end_goes_on(x);                /* it got something of y's */
    if (UNLIKELY(ack > y->next)) { /* of bytes that the capture misses */
        y->next = ack;
        y->whole = false;
    }
    y->una = ack;
    end_got_through(y);
    flight_acked(&y->flight, y->una, y->next);
    if (UNLIKELY(y->syn_waits)) {
        end_set_una(y, ack);
        if (x->state == SIDE_SYN_SENT && !has(a, FLAG_SYN))
            move(x, EVENT_ACKS_SYN, a->segment->time);
        move(y, EVENT_SYN_ACKED, a->segment->time);
        if (!has(a, FLAG_SYN) && tcp->syn_ack_time && !tcp->ack_time)
            tcp->ack_time = a->segment->time;
    }
    if (y->fin && !y->fin_acked && ack > y->fin_at)
        fin_acked(x, y, a);
}

/* The window in a segment of x's, in bytes. */
static uint32_t scaled_window(const struct tcp_end *x, const struct tcp_end *y,
                              const struct arrival *a)
{
    return has(a, FLAG_SYN) ? a->segment->window : end_window(x, y, a->segment->window);
}

/* Is it a pure acknowledgment that asks for what is missing (RFC 5681 section 2)? */
static bool is_duplicate_ack(const struct tcp_end *x, const struct tcp_end *y,
                             const struct arrival *a)
{
    return a->end == a->seq && !has(a, FLAG_SYN | FLAG_FIN) && y->next > y->una && x->packets > 1 &&
           x->window == scaled_window(x, y, a);
}

/* Where the capture misses y's answer to x's SYN, x itself tells that there was one: a SYN-ACK when
 * it acknowledges anything, or the handshake's ACK when it acknowledges more and more. */
static NOINLINE void infer_answer(struct tcp_end *x, struct tcp_end *y, const struct arrival *a)
{
    if (x->state != SIDE_SYN_SENT && !(y->heard && x->una <= x->isn))
        return;
    if (!has(a, FLAG_ACK) || has(a, FLAG_SYN) || !x->syn)
        return;
    y->heard |= !y->seen;
    if (x->una <= x->isn) {
        end_set_una(x, x->isn + 1);
        flight_acked(&x->flight, x->una, x->next);
    }
    move(x, x->syn_ack ? EVENT_SYN_ACKED : EVENT_ACKS_SYN, a->segment->time);
}

static void take_ack(struct tcp *tcp, struct tcp_end *x, struct tcp_end *y, const struct arrival *a)
{
    if (!y->known) {
        end_know(y, a->acked);
        return;
    }
    uint64_t ack = a->acked;
    if (ack > y->una && ack <= y->next + WINDOW_MAX) {
        if (UNLIKELY(ack > y->next) && y->state == SIDE_SYN_SENT)
            return; /* unacceptable: RFC 9293 section 3.10.7.3 */
        if (!y->seen) {
            y->heard = true;
            infer_answer(x, y, a);
        }
        advance(tcp, x, y, ack, a);
    } else if (ack <= y->una) {
        /* Joined midway, y is known from x's acknowledgments alone, and this one was overtaken; or
         * from what came first of it, and x has not said yet how much it has. */
        if (ack < y->una && (!y->seen || (!y->syn && x->packets == 1)))
            end_set_una(y, ack);
        if (ack == y->una && is_duplicate_ack(x, y, a))
            x->dup_acks++;
        if (y->has_tried && ack == y->una) {
            y->answers++;
            y->tries_since_answer = 0;
        }
    }
    /* In a simultaneous open the acknowledgment came before the SYN-ACK. */
    if (y->state == SIDE_SYN_RECEIVED && y->una > y->isn && !has(a, FLAG_SYN))
        move(y, EVENT_SYN_ACKED, a->segment->time);
}

/* --- windows and probes --- */

static void take_window(struct tcp_end *x, struct tcp_end *y, const struct arrival *a)
{
    x->window = scaled_window(x, y, a);
    if (has(a, FLAG_ACK)) {
        uint64_t size =
            x->syn && y->syn ? x->window : WINDOW_MAX; /* joined midway: scale unknown */
        uint64_t edge = a->acked + size;
        if (edge > y->edge)
            y->edge = edge;
    }
    if (x->window == 0 && !has(a, FLAG_SYN | FLAG_FIN)) {
        x->zero_windows++;
        if (!x->window_closed)
            end_closes_window(x, a->segment->time, a->segment->frame);
    } else if (x->window_closed) {
        end_opens_window(x);
        y->probes = 0;
    }
}

/* Is it the very byte that is missing? Its acknowledgment was captured before it. */
static bool is_missing_byte(const struct tcp_end *x, const struct arrival *a)
{
    return a->end > a->seq && x->reasm.started && x->reasm.next == a->seq;
}

/* A keep-alive (RFC 9293 section 3.8.4), or a probe of a closed window (section 3.8.6.1) that sends
 * nothing new: at most one byte, just before what comes next, and acknowledged already. */
static bool is_probe(const struct tcp_end *x, const struct arrival *a)
{
    bool marked = UNLIKELY(a->segment->marks & MARK_KEEPALIVE);
    if (LIKELY(a->seq + 1 != x->next && !marked) || has(a, FLAG_SYN | FLAG_FIN) ||
        a->end - a->seq > 1)
        return false;
    return marked || (x->known && x->una == x->next && x->state >= SIDE_ESTABLISHED &&
                      !is_missing_byte(x, a));
}

static void take_probe(struct tcp_end *x, const struct tcp_end *y, const struct arrival *a)
{
    if (y->window_closed)
        x->window_probes++;
    else
        x->keepalives++;
    if (x->probes++ == 0) {
        x->probe_first = a->segment->time;
        x->probe_first_frame = a->segment->frame;
    }
    x->probe_last = a->segment->time;
    x->probe_last_frame = a->segment->frame;
}

/* Anything from an end answers its peer's keep-alives. Probes of a closed window are answered only
 * when it opens (take_window). */
static void answer_probes(const struct tcp_end *x, struct tcp_end *y)
{
    if (!x->window_closed)
        y->probes = 0;
}

/* --- payload and FIN --- */

/* Forged or of another connection: beyond what the peer allows and not just where it left off. */
static bool is_out_of_window(const struct tcp_end *x, const struct arrival *a)
{
    return UNLIKELY(a->seq > x->next) && !has(a, FLAG_SYN) && x->edge &&
           a->end > x->edge + UINT16_MAX;
}

/* What was sent before the first that was seen: a capture that begins in the middle may begin with
 * segments that were overtaken, or lost before. Of the stream they are no part, since it has begun
 * behind them. Returns how many of the bytes are new. */
static NOINLINE uint64_t reach_back(struct tcp_end *x, const struct tcp_end *y,
                                    const struct arrival *a)
{
    uint64_t fresh = 0;
    if (a->seq < x->una && !y->packets) /* nobody has acknowledged anything yet */
        x->una = a->seq;
    if (a->seq < x->first) {
        fresh = (a->end < x->first ? a->end : x->first) - a->seq;
        x->first = a->seq;
    }
    return fresh;
}

static void take_payload(struct tcp_end *x, const struct tcp_end *y, const struct arrival *a,
                         const struct reasm_out *out)
{
    const struct reasm_from from = {a->segment->frame, a->segment->time};
    uint32_t length = (uint32_t)(a->end - a->seq);
    uint64_t old_next = x->next;
    if (a->end > x->sent)
        x->sent = a->end;
    if (!x->reasm.started) {
        reasm_start(&x->reasm, a->seq);
        x->first = a->seq;
    }
    if (a->end > x->next) {
        end_goes_on(x);
        flight_sent(&x->flight, a->seq > x->next ? a->seq : x->next, a->segment->time,
                    a->segment->frame);
        x->next = a->end;
        if (y->window_closed) /* new data into a closed window is a probe, too */
            x->window_probes++;
    }
    if (was_sent_before(a) && a->seq >= old_next) { /* the capture misses the first time */
        x->retransmits++;
        if (a->seq == x->una)
            end_tries(x, a->segment->time, a->segment->frame);
    }
    uint64_t fresh = reasm_add(&x->reasm, out, a->seq, length, a->segment->payload, &from);
    x->bytes += fresh;
    if (a->seq >= old_next)
        return;
    if (UNLIKELY(!x->syn)) {
        uint64_t before = reach_back(x, y, a);
        x->bytes += before;
        fresh += before;
    }
    if (fresh == length) {
        x->out_of_order++;
    } else {
        x->retransmits++;
        if (a->end <= x->una)
            end_resends(x, a->seq, a->segment->time, a->segment->frame);
        else if (a->seq <= x->una)
            end_tries(x, a->segment->time, a->segment->frame);
    }
}

/* Each end's FIN tells by what it acknowledges whether its sender had the other's, in whatever
 * order they were captured. */
static void compare_fins(struct tcp *tcp, struct tcp_end *x, struct tcp_end *y,
                         const struct arrival *a)
{
    if (!y->fin || x->fin_ack > y->fin_at || y->fin_ack > x->fin_at)
        return;
    tcp->both_closed_at_once = true;
    if (!x->rsts && !y->rsts)
        move(x, EVENT_HAD_NO_FIN, a->segment->time);
}

static NOINLINE void take_fin(struct tcp *tcp, struct tcp_end *x, struct tcp_end *y,
                              const struct arrival *a)
{
    x->fins++;
    x->fin_last_time = a->segment->time;
    x->fin_last_frame = a->segment->frame;
    if (x->fin) { /* again; with data it was counted as a retransmission already */
        if (a->end == a->seq)
            x->retransmits++;
        if (a->end == a->seq && x->fin_acked)
            end_resends(x, a->seq, a->segment->time, a->segment->frame);
        if (x->una == x->fin_at && !x->fin_acked && a->end == x->fin_at)
            end_tries(x, a->segment->time, a->segment->frame);
        if (has(a, FLAG_ACK) && a->acked < x->fin_ack) { /* was sent before that one */
            x->fin_ack = a->acked;
            compare_fins(tcp, x, y, a);
        }
        return;
    }
    if (a->end < x->sent || x->state <= SIDE_SYN_SENT)
        return; /* before what it has sent already, or with its SYN: no stack does that */
    x->fin = true;
    x->fin_at = a->end;
    x->fin_ack = has(a, FLAG_ACK) ? a->acked : y->una;
    x->fin_time = a->segment->time;
    x->fin_frame = a->segment->frame;
    x->next = a->end + 1;
    flight_sent(&x->flight, a->end, a->segment->time, a->segment->frame);
    if (was_sent_before(a) && a->end == a->seq) {
        x->retransmits++;
        if (x->una == x->fin_at)
            end_tries(x, a->segment->time, a->segment->frame);
    }
    note_close(tcp, x, a);
    move(x, EVENT_SENDS_FIN, a->segment->time);
    if (y->fin && x->una == x->next && y->fin_ack == x->next) {
        /* the capture has y's FIN first, which was the answer to this one */
        tcp->first_closer = (int8_t)number_of(tcp, x);
        move(y, EVENT_HAD_FIN, a->segment->time);
    }
    compare_fins(tcp, x, y, a);
    if (x->una == x->next) /* the capture has the acknowledgment first */
        fin_acked(y, x, a);
    else if (x->una > x->next) /* nothing comes behind a FIN: that acknowledgment was forged */
        end_set_una(x, a->end);
    if (x->una == x->next)
        flight_acked(&x->flight, x->una, x->next);
}

/* --- the segment as a whole --- */

static struct arrival arrive(const struct tcp_end *x, const struct tcp_end *y,
                             const struct segment *s)
{
    struct arrival a = {.segment = s};
    a.seq = LIKELY(x->known) ? seq_near(x->next, s->seq) : seq_first(s->seq);
    if (UNLIKELY(s->flags & FLAG_SYN))
        a.seq++;
    a.end = a.seq + s->length;
    a.acked = LIKELY(y->known) ? seq_near(y->next, s->ack) : seq_first(s->ack);
    return a;
}

/* One that is not the greatest so far, or the first. */
static NOINLINE void note_ttl(struct tcp_end *x, uint8_t ttl)
{
    if (!x->packets || ttl < x->ttl_min)
        x->ttl_min = ttl;
    if (ttl > x->ttl_max)
        x->ttl_max = ttl;
}

static void count_packet(struct tcp *tcp, struct tcp_end *x, const struct segment *s)
{
    if (UNLIKELY(s->ttl != x->ttl_max))
        note_ttl(x, s->ttl);
    x->packets++;
    if (UNLIKELY(s->marks)) {
        x->marked_retransmits += (s->marks & MARK_RETRANSMISSION) != 0;
        x->marked_keepalives += (s->marks & MARK_KEEPALIVE) != 0;
    }
    if (s->time > x->last_time)
        x->last_time = s->time;
    x->last_frame = s->frame;
    nanotime idle = s->time - tcp->last_time;
    if (UNLIKELY(idle > tcp->max_idle) && tcp->last_time)
        tcp->max_idle = idle;
}

/* The first segment of an end that is no SYN: the capture began in the middle. */
static void join(struct tcp *tcp, struct tcp_end *x, const struct tcp_end *y,
                 const struct arrival *a)
{
    if (!x->known) /* a keep-alive is one byte behind */
        end_know(x, a->seq + (a->segment->marks & MARK_KEEPALIVE ? 1 : 0));
    else if (!x->seen && a->seq > x->next && a->seq <= x->next + WINDOW_MAX)
        x->next = a->seq; /* it has sent more than its peer, from which it is known, has got */
    x->whole = false;
    if (!y->seen)
        tcp->joined = true;
    /* Some stacks acknowledge a SYN before their SYN-ACK: that does not make a connection yet. */
    if (x->state == SIDE_CLOSED && !tcp_is_over(tcp) &&
        !(y->syn && !y->syn_ack && a->end == a->seq))
        move(x, EVENT_JOINED, a->segment->time);
}

/* Apart from tcp_take so that the two ends are pointers at hand and not indices. */
static NOINLINE void take(struct tcp *tcp, struct tcp_end *x, struct tcp_end *y,
                          const struct segment *segment, const struct reasm_out *out)
{
    const struct arrival a = arrive(x, y, segment);
    if (UNLIKELY(has(&a, FLAG_RST) || tcp->reset_by >= 0))
        reset_signs_take(tcp, number_of(tcp, x), segment, a.seq, a.acked);
    count_packet(tcp, x, segment);
    if (UNLIKELY(has(&a, FLAG_RST))) {
        take_reset(tcp, x, y, &a);
    } else if (UNLIKELY(is_out_of_window(x, &a))) {
        x->out_of_order++;
    } else {
        if (UNLIKELY(has(&a, FLAG_SYN)))
            take_syn(tcp, x, &a);
        else if (UNLIKELY(!x->syn))
            join(tcp, x, y, &a);
        x->seen = true;
        bool probe = is_probe(x, &a);
        answer_probes(x, y);
        if (UNLIKELY(x->state == SIDE_SYN_SENT || y->heard))
            infer_answer(x, y, &a); /* first, for the ACK may be of a FIN, too */
        if (LIKELY(has(&a, FLAG_ACK)))
            take_ack(tcp, x, y, &a);
        take_window(x, y, &a);
        if (UNLIKELY(probe))
            take_probe(x, y, &a);
        else if (a.end > a.seq)
            take_payload(x, y, &a, out);
        if (UNLIKELY(has(&a, FLAG_FIN)))
            take_fin(tcp, x, y, &a);
        if (a.end > a.seq || UNLIKELY(has(&a, FLAG_FIN)))
            end_look_for_holes(x);
        if (UNLIKELY(!x->whole) && x->reasm.held)
            reasm_settle(&x->reasm, out, x->una,
                         segment->time - LIMIT_REASM_PATIENCE_S * NS_PER_SECOND);
    }
    if (UNLIKELY(tcp->reset_by >= 0)) /* what is still under way then proves nothing */
        end_goes_on(x);
    if (segment->time > tcp->last_time) /* a capture's clock may jump back */
        tcp->last_time = segment->time;
}

void tcp_take(struct tcp *tcp, unsigned from, const struct segment *segment,
              const struct reasm_out *out)
{
    take(tcp, &tcp->ends[from], &tcp->ends[from ^ 1], segment, out);
}

void tcp_done(struct tcp *tcp, size_t *all_held)
{
    for (unsigned i = 0; i < 2; i++) {
        reasm_done(&tcp->ends[i].reasm, all_held);
        flight_done(&tcp->ends[i].flight);
        end_goes_on(&tcp->ends[i]);
    }
    free(tcp->signs);
    tcp->signs = NULL;
}
