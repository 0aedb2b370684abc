/* tcp_outcome.c: how a connection ended, who ended it, and what got stuck. */
#include "tcp_outcome.h"

/* Younger than this, what is unanswered is in flight: a round trip over a bad path. */
#define STUCK_AFTER (1 * NS_PER_SECOND)
/* Without any retransmission it takes longer to say so: RFC 1122 section 4.2.3.1 starts the timer
 * at three seconds, all later stacks below. */
#define SILENT_AFTER (3 * NS_PER_SECOND)

enum teardown tcp_teardown(const struct tcp *tcp)
{
    const struct tcp_end *a = &tcp->ends[0], *b = &tcp->ends[1];
    if (tcp->refused)
        return TEARDOWN_REFUSED;
    if (tcp->reset_by >= 0)
        return TEARDOWN_RESET;
    if (a->fin && b->fin)
        return a->fin_acked && b->fin_acked ? TEARDOWN_GRACEFUL : TEARDOWN_CLOSING;
    if (a->fin || b->fin)
        return (a->fin ? a : b)->fin_acked ? TEARDOWN_HALF_CLOSED : TEARDOWN_FIN_UNANSWERED;
    for (unsigned i = 0; i < 2; i++)
        if (tcp->ends[i].state == SIDE_SYN_SENT && !tcp->ends[!i].seen)
            return TEARDOWN_UNANSWERED;
    return TEARDOWN_OPEN;
}

static enum closed_by closed_by(const struct tcp *tcp, unsigned client)
{
    if (tcp->first_closer < 0)
        return CLOSED_BY_NOBODY;
    if (tcp->both_closed_at_once)
        return CLOSED_BY_BOTH;
    return (unsigned)tcp->first_closer == client ? CLOSED_BY_CLIENT : CLOSED_BY_SERVER;
}

static enum tcp_handshake handshake(const struct tcp *tcp)
{
    const struct tcp_end *a = &tcp->ends[0], *b = &tcp->ends[1];
    if (tcp->refused)
        return HANDSHAKE_REFUSED;
    if (!a->syn && !b->syn)
        return HANDSHAKE_MIDSTREAM;
    bool both = (a->syn || b->syn_ack) && (b->syn || a->syn_ack);
    if (!both)
        return HANDSHAKE_SYN_ONLY;
    /* Each SYN acknowledged, as far as it was seen. */
    if ((a->syn && a->una <= a->isn) || (b->syn && b->una <= b->isn))
        return HANDSHAKE_SYN_ACK;
    return HANDSHAKE_COMPLETE;
}

/* The round trip from the observation point to an end: the time from what was sent to it to its
 * answer. */
static nanotime round_trip(nanotime asked, nanotime answered)
{
    return asked && answered && answered >= asked ? answered - asked : -1;
}

static enum stuck_cause cause_of_tries(const struct tcp_end *x)
{
    /* The last attempt may still be on its way; two without an answer are not. */
    if (x->answers && x->tries_since_answer < 2)
        return STUCK_DUPLICATE_ACKS;
    return STUCK_UNANSWERED;
}

static struct stuck_record stuck_behind_window(const struct tcp_end *x, const struct tcp_end *y)
{
    nanotime last = x->probe_last > x->last_try ? x->probe_last : x->last_try;
    return (struct stuck_record){.cause = STUCK_WINDOW_CLOSED,
                                 .since = y->zero_since,
                                 .attempts = x->probes + x->tries,
                                 .last_attempt = last,
                                 .first_frame = y->zero_frame,
                                 .last_frame = x->last_frame};
}

static struct stuck_record stuck_unheard(const struct resends *resends)
{
    return (struct stuck_record){.cause = STUCK_ANSWERS_LOST,
                                 .since = resends->sent,
                                 .attempts = resends->count,
                                 .last_attempt = resends->last,
                                 .first_frame = resends->sent_frame,
                                 .last_frame = resends->last_frame};
}

/* What x has sent and y has not answered. Like end_outcome once for both ends, for little of the
 * code is still in the cache from the flow before. */
static NOINLINE struct stuck_record stuck_end(const struct tcp_end *x, const struct tcp_end *y,
                                              nanotime now)
{
    struct stuck_record stuck = {.cause = STUCK_NOT};
    if (resends_prove(x->resends))
        return stuck_unheard(x->resends);
    if (x->state == SIDE_CLOSED || x->state == SIDE_TIME_WAIT)
        return stuck;
    if (y->heard && !y->seen) /* its answers are not in the capture */
        return stuck;
    if (y->zero_since && x->probes + x->tries > 0)
        return stuck_behind_window(x, y);
    if (x->next > x->una && flight_first(&x->flight, &stuck.since, &stuck.first_frame)) {
        nanotime age = now - stuck.since;
        if (x->tries && age >= STUCK_AFTER)
            stuck.cause = cause_of_tries(x);
        else if (!x->tries && age >= SILENT_AFTER)
            stuck.cause = y->last_time > stuck.since ? STUCK_DUPLICATE_ACKS : STUCK_SILENCE;
        stuck.attempts = x->tries;
        stuck.last_attempt = x->last_try;
        stuck.last_frame = x->tries ? x->last_try_frame : stuck.first_frame;
    } else if (x->probes && now - x->probe_first >= STUCK_AFTER) {
        stuck = (struct stuck_record){.cause = STUCK_UNANSWERED,
                                      .since = x->probe_first,
                                      .attempts = x->probes,
                                      .last_attempt = x->probe_last,
                                      .first_frame = x->probe_first_frame,
                                      .last_frame = x->probe_last_frame};
    }
    return stuck;
}

static struct stuck_record stuck(const struct tcp *tcp, unsigned client, nanotime now)
{
    struct stuck_record both[2];
    for (unsigned side = 0; side < 2; side++) {
        unsigned end = side ^ client;
        both[side] = stuck_end(&tcp->ends[end], &tcp->ends[!end], now);
        both[side].end = (enum side)side;
    }
    if (both[CLIENT].cause == STUCK_NOT)
        return both[SERVER];
    if (both[SERVER].cause == STUCK_NOT)
        return both[CLIENT];
    return both[SERVER].since < both[CLIENT].since ? both[SERVER] : both[CLIENT];
}

/* The state before the acknowledgment of its FIN, which did not arrive. */
static enum tcp_state state_unheard(enum tcp_state state)
{
    switch (state) {
    case SIDE_FIN_WAIT_2:
        return SIDE_FIN_WAIT_1;
    case SIDE_TIME_WAIT:
        return SIDE_CLOSING;
    case SIDE_CLOSED:
        return SIDE_LAST_ACK;
    default:
        return state;
    }
}

/* What an end itself proves by sending again goes before what acknowledgments seem to say. */
static void correct_unheard(struct end_record *out, const struct tcp_end *end)
{
    const struct resends *resends = end->resends;
    uint64_t to = end->fin ? end->fin_at : end->next;
    if (!resends_prove(resends))
        return;
    out->unacked = to > resends->from ? to - resends->from : 0;
    if (end->fin_acked) {
        out->state = state_unheard(out->state);
        out->since = end->fin_time;
    }
}

static NOINLINE void end_outcome(struct end_record *out, const struct tcp_end *end)
{
    bool more = false;
    out->state = (enum tcp_state)end->state;
    out->since = end->since;
    out->packets = end->packets;
    out->bytes = end->bytes;
    out->unacked = tcp_unacked(end);
    out->unacked_at_reset = end->unacked_at_reset;
    out->retransmits = end->retransmits;
    out->out_of_order = end->out_of_order;
    out->dup_acks = end->dup_acks;
    out->keepalives = end->keepalives;
    out->zero_windows = end->zero_windows;
    out->window_probes = end->window_probes;
    out->gap_bytes = end->reasm.gap_bytes;
    out->fin = end->fins;
    out->rst = end->rsts;
    out->corrupt = end->corrupt;
    out->marked_retransmits = end->marked_retransmits;
    out->marked_keepalives = end->marked_keepalives;
    out->fin_frame = end->fin_frame;
    out->fin_last_frame = end->fin_last_frame;
    out->fin_acked_frame = end->fin_acked_frame;
    out->rst_frame = end->rst_frame;
    out->last_frame = end->last_frame;
    out->fin_time = end->fin_time;
    out->fin_last_time = end->fin_last_time;
    out->last_time = end->last_time;
    out->ttl_min = end->ttl_min;
    out->ttl_max = end->ttl_max;
    out->syn_seen = end->syn;
    out->mss = end->mss;
    out->wscale = end->wscale;
    out->sack = end->sack;
    out->timestamps = end->timestamps;
    out->pending_count = 0;
    if (out->unacked)
        out->pending_count = flight_pending(out->pending, &more, &end->flight, end->una,
                                            end->fin ? end->fin_at : end->next);
    out->pending_more = more;
    correct_unheard(out, end);
}

void tcp_outcome(struct tcp_record *out, const struct tcp *tcp, unsigned client, nanotime now)
{
    nanotime to_opener = round_trip(tcp->syn_ack_time, tcp->ack_time);
    nanotime to_other = round_trip(tcp->syn_time, tcp->syn_ack_time);
    bool opener_is_client = tcp->opener < 0 || (unsigned)tcp->opener == client;
    out->teardown = tcp_teardown(tcp);
    out->closed_by = closed_by(tcp, client);
    out->reset = tcp->reset_by >= 0;
    out->reset_by = (enum side)(tcp->reset_by >= 0 ? (unsigned)tcp->reset_by ^ client : 0);
    out->reset_phase = tcp->reset_after_fin      ? RESET_IN_CLOSING
                       : tcp->reset_in_handshake ? RESET_IN_SYN
                                                 : RESET_IN_DATA;
    out->reset_frame = tcp->reset_frame;
    out->reset_signs = tcp->reset_by >= 0 ? tcp->signs : NULL;
    out->handshake = handshake(tcp);
    out->rtt[CLIENT] = opener_is_client ? to_opener : to_other;
    out->rtt[SERVER] = opener_is_client ? to_other : to_opener;
    out->idle_before_close = tcp->first_closer >= 0 ? tcp->idle_before_close : -1;
    out->max_idle = tcp->max_idle;
    out->idle_at_end = tcp->first_closer < 0 || !tcp_is_over(tcp) ? now - tcp->last_time : -1;
    out->stuck = stuck(tcp, client, now);
    for (unsigned side = 0; side < 2; side++)
        end_outcome(&out->ends[side], &tcp->ends[side ^ client]);
}
