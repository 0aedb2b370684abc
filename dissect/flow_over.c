/* flow_over.c: one description of what is kept, for both ways. What follows from the rest is not
 * kept, and all else is zero: whether that is true of a flow is not asked field by field, but what
 * was written is read again and compared. */
#include "flow_over.h"

#include "keep.h"
#include "seq.h"

/* Times and frames lie between the flow's first and last one, and sequence numbers between those of
 * a SYN and a FIN: as many bytes as the longest takes, and bits of the header. */
struct form {
    uint8_t *at;
    unsigned time, frame, seq;
    uint8_t bits;
};

/* What is there, and whether the connection went on after it was over. */
enum {
    HAS_TLS = 1 << 3,
    HAS_LABEL = 1 << 4,
    HAS_SYN_TIME = 1 << 5,
    HAS_STRAYS = 1 << 6,
    HAS_LINK = 1 << 7
};

/* Bytes of what takes as many in every flow; hardly a window has more. */
enum { COUNT = 1, WINDOW = 3 };

static ALWAYS_INLINE void walk_numbers(struct form *form, bool back, struct tcp_end *x)
{
    KEEP_BYTES(&x->state, 8); /* to mss: its bits are asked below */
    KEEP(x->isn, SEQ_ORIGIN, sizeof(uint32_t));
    KEEP(x->next, x->isn, form->seq);
    SAME(x->una, x->next);
    KEEP(x->edge, x->next, WINDOW);
    KEEP(x->window, 0, WINDOW);
    SAME(x->sent, x->next - x->fin);
    SAME(x->bytes, x->sent - x->isn - 1);
    SAME(x->reasm.next, x->sent);
    SAME(x->reasm.started, true);
}

static ALWAYS_INLINE void walk_fin(struct form *form, bool back, const struct flow *flow,
                                   struct tcp_end *x, const struct tcp_end *y)
{
    SAME(x->fins, 1);
    SAME(x->fin_at, x->sent);
    KEEP(x->fin_ack, y->isn, form->seq);
    KEEP(x->fin_time, flow->start, form->time);
    SAME(x->fin_last_time, x->fin_time);
    KEEP(x->fin_frame, flow->first_frame, form->frame);
    SAME(x->fin_last_frame, x->fin_frame);
    if (x->fin_acked)
        KEEP(x->fin_acked_frame, flow->first_frame, form->frame);
}

static ALWAYS_INLINE void walk_reset(struct form *form, bool back, const struct flow *flow,
                                     struct tcp_end *x)
{
    KEEP(x->una, x->isn, form->seq);
    KEEP(x->unacked_at_reset, 0, form->seq);
    KEEP(x->rsts, 0, COUNT);
    SAME(x->rst_frame, x->rsts ? flow->tcp.reset_frame : 0);
}

static ALWAYS_INLINE void walk_end(struct form *form, bool back, const struct flow *flow,
                                   struct tcp_end *x, const struct tcp_end *y)
{
    KEEP(x->packets, 0, form->frame);
    KEEP(x->last_time, flow->start, form->time);
    KEEP(x->last_frame, flow->first_frame, form->frame);
    KEEP(x->retransmits, 0, COUNT);
    KEEP(x->out_of_order, 0, COUNT);
    KEEP(x->dup_acks, 0, COUNT);
    KEEP(x->flight.acked_time, flow->start, form->time);
    KEEP(x->flight.acked_frame, flow->first_frame, form->frame);
    if (x->fin)
        walk_fin(form, back, flow, x, y);
    if (flow->tcp.reset_by >= 0)
        walk_reset(form, back, flow, x);
}

static ALWAYS_INLINE void walk_zeek_reset(struct form *form, bool back, struct zeek_rest *rest)
{
    KEEP(rest->last_rst, 0, sizeof rest->last_rst);
    KEEP(rest->zero_windows, 0, COUNT); /* a RST says so */
}

static ALWAYS_INLINE void walk_zeek(struct form *form, bool back, struct zeek_words *zeek,
                                    unsigned i, const struct tcp_end *x)
{
    KEEP_BYTES(&zeek->ends[i].seen, 3); /* to cut */
    SAME(zeek->ends[i].last, x->next);
    SAME(zeek->rest[i].last_syn, x->isn);
    SAME(zeek->rest[i].last_fin, x->fin_at);
    KEEP(zeek->rest[i].retransmits, 0, COUNT);
    if (x->rsts)
        walk_zeek_reset(form, back, &zeek->rest[i]);
}

static ALWAYS_INLINE void walk_letters(struct form *form, bool back, struct zeek_words *zeek)
{
    KEEP_BYTES(&zeek->count, 4); /* to flipped */
    KEEP_BYTES(&zeek->letters[0], 8);
    if (zeek->count > 8)
        KEEP_BYTES(&zeek->letters[8], 8);
}

static ALWAYS_INLINE void walk_tcp(struct form *form, bool back, struct flow *flow)
{
    struct tcp *tcp = &flow->tcp;
    SAME(tcp->syn_time, form->bits & HAS_SYN_TIME ? flow->start : 0);
    KEEP_KNOWN(tcp->syn_ack_time, flow->start, form->time);
    KEEP_KNOWN(tcp->ack_time, flow->start, form->time);
    KEEP(tcp->idle_before_close, -1, form->time);
    KEEP(tcp->max_idle, -1, form->time);
    KEEP_BYTES(&tcp->opener, 8); /* to joined */
    if (tcp->reset_by >= 0) {
        KEEP(tcp->reset_frame, flow->first_frame, form->frame);
        KEEP_POINTER(tcp->signs);
    }
    SAME(tcp->ends[0].since, tcp->last_time);
    if (form->bits & HAS_STRAYS)
        KEEP(tcp->ends[0].since, flow->start, form->time);
    SAME(tcp->ends[1].since, tcp->ends[0].since);
    for (unsigned i = 0; i < 2; i++)
        walk_numbers(form, back, &tcp->ends[i]);
    for (unsigned i = 0; i < 2; i++)
        walk_end(form, back, flow, &tcp->ends[i], &tcp->ends[!i]);
}

/* All but what the header tells. */
static ALWAYS_INLINE void walk(struct form *form, bool back, struct flow *flow)
{
    walk_tcp(form, back, flow);
    for (unsigned i = 0; i < 2; i++)
        walk_zeek(form, back, &flow->zeek, i, &flow->tcp.ends[i]);
    walk_letters(form, back, &flow->zeek);
    KEEP_BYTES(&flow->plain, 7); /* to end_reason */
    if (form->bits & HAS_LINK) {
        KEEP(flow->interface, 0, sizeof flow->interface);
        KEEP(flow->vlans[0], 0, sizeof flow->vlans[0]);
    }
    if (form->bits & HAS_LABEL)
        KEEP_POINTER(flow->label);
}

/* The header: two widths in a byte that is not 0; the third one and the bits; how long the flow
 * lasted. */
enum { IS_OVER = 1 << 7, FRAME_SHIFT = 3, WIDTH_LESS_ONE = 7 };

static unsigned bits_of(const struct flow *flow)
{
    const struct tcp *tcp = &flow->tcp;
    return (flow->tls ? HAS_TLS : 0u) | (flow->label ? HAS_LABEL : 0u) |
           (tcp->syn_time ? HAS_SYN_TIME : 0u) |
           (tcp->ends[0].since != tcp->last_time ? HAS_STRAYS : 0u) |
           (flow->interface | flow->vlans[0] ? HAS_LINK : 0u);
}

size_t flow_over_put(uint8_t *out, struct flow *flow, nanotime time, uint64_t frame)
{
    const struct tcp_end *a = &flow->tcp.ends[0], *b = &flow->tcp.ends[1];
    uint64_t last_frame = a->last_frame > b->last_frame ? a->last_frame : b->last_frame;
    uint64_t duration = (uint64_t)time - (uint64_t)flow->start;
    struct form form = {.at = out + 2,
                        .time = keep_width(duration + 1),
                        .frame = keep_width(last_frame - frame),
                        .seq = keep_width((a->next - a->isn) | (b->next - b->isn)),
                        .bits = (uint8_t)bits_of(flow)};
    out[0] = (uint8_t)(IS_OVER | (form.frame - 1) << FRAME_SHIFT | (form.time - 1));
    out[1] = (uint8_t)(form.bits | (form.seq - 1));
    pack_put(form.at, duration);
    form.at += form.time;
    walk(&form, false, flow);
    struct flow again;
    flow_over_get(&again, out, time, frame);
    again.tls = flow->tls;
    bool is_same = memcmp(&again, flow, offsetof(struct flow, recent)) == 0;
    return is_same ? (size_t)(form.at - out) : 0;
}

size_t flow_over_get(struct flow *flow, const uint8_t *in, nanotime time, uint64_t frame)
{
    struct form form = {.at = (uint8_t *)(uintptr_t)in + 2,
                        .time = (in[0] & WIDTH_LESS_ONE) + 1u,
                        .frame = (in[0] >> FRAME_SHIFT & WIDTH_LESS_ONE) + 1u,
                        .seq = (in[1] & WIDTH_LESS_ONE) + 1u,
                        .bits = in[1]};
    memset(flow, 0, offsetof(struct flow, recent));
    flow->first_frame = frame;
    flow->tcp.last_time = time;
    flow->start = (nanotime)((uint64_t)time - (pack_get(form.at) & keep_mask(form.time)));
    form.at += form.time;
    if (form.bits & HAS_TLS) /* any number says that one follows */
        flow->tls = (struct tls *)1;
    walk(&form, true, flow);
    return (size_t)(form.at - in);
}
