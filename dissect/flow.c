/* flow.c: joins TCP, TLS and the rest for one connection. */
#include "flow.h"

#include <stdlib.h>

#include "limits.h"
#include "plain.h"
#include "reset_signs.h"
#include "tcp_in_order.h"
#include "tls_record.h"
#include "tls_store.h"

void flow_begin(struct flow *flow, unsigned from, const struct segment *segment)
{
    *flow = (struct flow){.start = segment->time,
                          .first_frame = segment->frame,
                          .first_from = from & 1,
                          .unsteady = true,
                          .interface = segment->interface,
                          .vlan_count = segment->vlan_count};
    memcpy(flow->vlans, segment->vlans, sizeof flow->vlans);
    tcp_init(&flow->tcp);
}

/* A SYN-ACK or RST comes from no socket yet or any more, so that two of them are alike. */
static bool is_anonymous(const struct segment *segment)
{
    return segment->flags & FLAG_RST || (segment->flags & FLAG_SYN && segment->flags & FLAG_ACK);
}

bool flow_has_seen(struct flow *flow, unsigned from, const struct segment *segment)
{
    if (segment->time - flow->tcp.ends[from].last_time > RECENT_WITHIN && !flow->has_kept_syn)
        return false; /* none is later than that */
    if (is_anonymous(segment) && !flow->seen_twice)
        return false;
    if (LIKELY(!recent_has(&flow->recent[from], segment)))
        return false;
    flow->seen_twice = true;
    return true;
}

/* --- stream bytes: to TLS, or to a name for what they are --- */

/* What the callbacks of the reassembler, and of TLS, need. */
struct stream {
    struct flow *flow;
    unsigned end;
    bool told; /* TLS was told something */
    const struct flow_context *context;
    nanotime time; /* of the segment that brought the bytes at hand */
};

static void name_plain(struct flow *flow, struct span bytes)
{
    enum plain_protocol name = plain_name(bytes);
    if (flow->plain <= PLAIN_UNKNOWN && name > PLAIN_NONE)
        flow->plain = (uint8_t)name;
}

/* The session that a stream's bytes go to; NULL where they are known not to be TLS. */
static struct tls *session_of(struct stream *stream)
{
    struct flow *flow = stream->flow;
    stream->told = true;
    if (!flow->tls && !flow->not_tls)
        flow->tls = tls_new(stream->context->store, flow->tcp.joined);
    return flow->tls;
}

/* Follows with the shard's count what a prologue holds. */
static void charge(const struct flow_context *context, size_t before, size_t after)
{
    if (context->held)
        *context->held += after - before;
}

static void see_in_flight(struct tcp_end *end, uint64_t offset, uint8_t type, uint16_t length)
{
    if (offset + TLS_RECORD_HEADER + length > end->una && end->state != SIDE_CLOSED)
        flight_record(&end->flight, offset, type, length);
}

/* A record that may be a keep-alive, before the packet's time is the connection's last. */
static NOINLINE void see_data(const struct stream *stream, unsigned direction, uint64_t offset,
                              uint16_t length)
{
    struct flow *flow = stream->flow;
    if (cadence_note(&flow->cadence, direction, length, flow->start, stream->time,
                     stream->time - flow->tcp.last_time))
        charge(stream->context, 0, sizeof *flow->cadence);
    see_in_flight(&flow->tcp.ends[direction], offset, TLS_APPLICATION_DATA, length);
}

static void see_record(void *context, unsigned direction, uint64_t offset, uint8_t type,
                       uint16_t length)
{
    const struct stream *stream = context;
    struct flow *flow = stream->flow;
    if (type == TLS_APPLICATION_DATA &&
        UNLIKELY(flow->cadence || stream->time - flow->tcp.last_time >= CADENCE_SILENCE_MIN))
        see_data(stream, direction, offset, length);
    else
        see_in_flight(&flow->tcp.ends[direction], offset, type, length);
}

static bool has_heard_nothing(void *context, unsigned direction)
{
    const struct stream *stream = context;
    const struct tcp_end *peer = &stream->flow->tcp.ends[!direction];
    return peer->syn && peer->una <= peer->isn + 1;
}

static void drop_cadence(struct flow *flow, const struct flow_context *context)
{
    if (!flow->cadence)
        return;
    charge(context, sizeof *flow->cadence, 0);
    free(flow->cadence);
    flow->cadence = NULL;
}

static void drop_prologue(struct flow *flow, const struct flow_context *context)
{
    if (!flow->prologue)
        return;
    charge(context, prologue_memory(flow->prologue), 0);
    prologue_free(flow->prologue);
    flow->prologue = NULL;
    flow->has_prologue = false;
}

/* A flow that does not begin with a record may come to TLS later. */
static void begin_prologue(const struct stream *stream, struct span bytes)
{
    struct flow *flow = stream->flow;
    const size_t *held = stream->context->held;
    if (flow->tls || flow->not_tls || flow->prologue || tls_record_may_begin(bytes) ||
        (held && *held > LIMIT_PROLOGUES_HELD) || (flow->tcp.joined && !prologue_recognises(bytes)))
        return;
    flow->prologue = prologue_new(flow->tcp.opener, flow->tcp.joined);
    flow->has_prologue = true;
    charge(stream->context, 0, prologue_memory(flow->prologue));
}

/* Tells TLS how a direction has left the prologue. */
static void leave_prologue(struct stream *stream, enum prologue_verdict verdict,
                           const struct tls_where *where)
{
    struct flow *flow = stream->flow;
    struct tls *tls = session_of(stream);
    uint64_t missing = prologue_missing(flow->prologue, stream->end);
    if (!tls)
        return;
    if (verdict == PROLOGUE_LOST) {
        tls_lose(tls, stream->end);
        tls_gap(tls, stream->end, missing, where);
    }
    if (verdict == PROLOGUE_PLAIN)
        tls_plain(tls, stream->end);
    if (verdict == PROLOGUE_ONE_SIDED ||
        (verdict == PROLOGUE_PLAIN && prologue_has_begun(flow->prologue, !stream->end)))
        tls_plain(tls, !stream->end);
}

/* Takes what is of the prologue. Returns false if nothing is left for TLS. */
static bool take_prologue(struct stream *stream, struct cursor *in, struct tls_where *where)
{
    struct flow *flow = stream->flow;
    size_t left = in->left, before = prologue_memory(flow->prologue);
    enum prologue_verdict verdict = prologue_take(flow->prologue, stream->end, in, where->frame);
    if (verdict == PROLOGUE_MORE && flow->plain <= PLAIN_UNKNOWN)
        flow->plain = (uint8_t)prologue_protocol(flow->prologue);
    where->offset += left - in->left;
    if (verdict != PROLOGUE_MORE)
        leave_prologue(stream, verdict, where);
    charge(stream->context, before, prologue_memory(flow->prologue));
    if (!prologue_is_at_work(flow->prologue) && !prologue_facts(flow->prologue))
        drop_prologue(flow, stream->context);
    return verdict != PROLOGUE_MORE && !cursor_done(in);
}

static NOINLINE void give_to_tls(struct stream *stream, struct tls *tls, struct span bytes,
                                 const struct tls_where *where)
{
    const struct tls_observer observer = {stream, see_record, has_heard_nothing};
    stream->time = where->time;
    tls_data(tls, stream->end, bytes, where, &observer);
}

static void take_bytes(void *context, uint64_t seq, struct span bytes,
                       const struct reasm_from *from)
{
    struct stream *stream = context;
    struct flow *flow = stream->flow;
    if (!flow->tls || tls_verdict(flow->tls) != TLS_IS) {
        name_plain(flow, bytes);
        begin_prologue(stream, bytes);
    }
    struct tls_where where = {seq, from->frame, from->time};
    struct cursor in = cursor_of(bytes);
    if (UNLIKELY(flow->has_prologue) && !take_prologue(stream, &in, &where))
        return;
    struct tls *tls = session_of(stream);
    if (tls)
        give_to_tls(stream, tls, cursor_rest(&in), &where);
}

static void take_gap(void *context, uint64_t seq, uint64_t length, const struct reasm_from *from)
{
    struct stream *stream = context;
    struct prologue *prologue = stream->flow->prologue;
    if (UNLIKELY(prologue != NULL) && prologue_gap(prologue, stream->end, length))
        return;
    struct tls *tls = session_of(stream);
    const struct tls_where where = {seq, from->frame, from->time};
    if (tls)
        tls_gap(tls, stream->end, length, &where);
}

static struct reasm_out stream_out(struct stream *stream)
{
    static const struct reasm_receiver receiver = {take_bytes, take_gap};
    return (struct reasm_out){&receiver, stream, stream->context->held};
}

/* Once the bytes are known not to be TLS, nobody needs them. */
static NOINLINE void drop_tls(struct flow *flow, const struct flow_context *context)
{
    tls_free(flow->tls);
    flow->tls = NULL;
    flow->not_tls = true;
    for (unsigned i = 0; i < 2; i++)
        reasm_forget(&flow->tcp.ends[i].reasm, context->held);
}

static inline void settle_tls(struct flow *flow, const struct flow_context *context)
{
    if (flow->tls && UNLIKELY(tls_verdict(flow->tls) == TLS_IS_NOT))
        drop_tls(flow, context);
}

/* Has all come that precedes an end's FIN, or has it reset the connection? */
static bool has_closed(const struct flow *flow, unsigned end)
{
    const struct tcp_end *x = &flow->tcp.ends[end];
    return (x->fin && x->reasm.next >= x->fin_at) || flow->tcp.reset_by == (int)end;
}

/* Tells TLS, once, that an end has closed. */
static inline void tell_fin(struct flow *flow, unsigned end)
{
    if (!flow->tls || flow->fin_told >> end & 1 || !has_closed(flow, end))
        return;
    flow->fin_told = (flow->fin_told | 1u << end) & 3;
    tls_fin(flow->tls, end);
}

/* --- segments --- */

static void set_label(struct flow *flow, const struct app_label *label)
{
    flow->label = label;
    flow->has_label = label != NULL;
}

static void ask_ndpi(struct flow *flow, const struct segment *segment,
                     const struct flow_context *context)
{
    if (context->appid && segment->payload.n && !flow->has_label && !flow->ended)
        set_label(flow, appid_take(context->appid, context->appid_pool, &flow->appid, segment,
                                   tls_store_hello_seen(context->store)));
}

/* Did the segment acknowledge bytes of its peer that the capture misses, up to now? */
static bool reveals_gap(const struct tcp_end *peer, uint64_t una_before)
{
    if (LIKELY(peer->whole))
        return false;
    uint64_t have = peer->reasm.next + (peer->fin ? 1 : 0);
    return peer->reasm.started && peer->una > una_before && peer->una > have && una_before <= have;
}

/* Not each packet of a connection tells its process: the first that does is asked. */
static void see_process(struct flow *flow, const struct segment *segment)
{
    if (!(flow->interface & PACKET_HAS_PROCESS))
        flow->interface = segment->interface;
}

/* A tunnel is no part of a connection's key: its two directions often come in different ones (each
 * has its own GTP tunnel id; a mirror port or a load balancer may wrap one of them only), and a
 * capture at a tunnel's end has each packet both inside and outside. */
static NOINLINE void take_outer(struct flow *flow, unsigned from, const struct segment *segment,
                                const struct flow_context *context)
{
    struct span bytes = span_of(segment->outer, sizeof *segment->outer);
    if (flow->outer)
        return;
    flow->outer = (const struct outer *)(const void *)tls_store_name(context->store, bytes);
    flow->outer_from = (uint8_t)from;
}

/* A wrong checksum before any right one is how the capture was made: no card was asked for it, or
 * addresses were changed. */
static inline void note_checksum(struct flow *flow, unsigned from, const struct segment *segment)
{
    if (LIKELY(flow->honest == 3)) /* both ends are */
        return;
    if (segment->checksum == CHECKSUM_RIGHT)
        flow->honest = (flow->honest | 1u << from) & 3;
    else if (segment->checksum == CHECKSUM_WRONG && !(flow->honest >> from & 1))
        flow->careless = (flow->careless | 1u << from) & 3;
}

/* A RST's IP identification, and those of the two packets before it. */
static NOINLINE void compare_ids(struct flow *flow, const struct recent *recent)
{
    const struct recent_packet *packets = recent->packets;
    const uint16_t before[2] = {(uint16_t)packets[2].time_and_id, (uint16_t)packets[1].time_and_id};
    reset_signs_id(flow->tcp.signs, (uint16_t)packets[0].time_and_id, before);
}

void flow_take(struct flow *flow, unsigned from, const struct segment *segment,
               const struct flow_context *context)
{
    struct stream stream = {.flow = flow, .end = from, .context = context, .time = segment->time};
    const struct reasm_out out = stream_out(&stream);
    const struct tcp_end *sender = &flow->tcp.ends[from], *peer = &flow->tcp.ends[from ^ 1];
    uint64_t una_before = peer->una;
    flow->unsteady = true;
    if (segment->flags & FLAG_FIN) /* its checksum and Zeek come first: meanwhile it gets near */
        tcp_prefetch_fin(sender);
    recent_add(&flow->recent[from], segment);
    if (UNLIKELY(segment->interface & PACKET_HAS_PROCESS))
        see_process(flow, segment);
    if (UNLIKELY(segment->outer))
        take_outer(flow, from, segment, context);
    note_checksum(flow, from, segment);
    zeek_take(&flow->zeek, from, segment);
    bool reset_before = flow->tcp.reset_by >= 0;
    tcp_take(&flow->tcp, from, segment, &out);
    if (UNLIKELY(segment->flags & FLAG_RST) && !reset_before)
        compare_ids(flow, &flow->recent[from]);
    if (reveals_gap(peer, una_before))
        zeek_gap(&flow->zeek, !from);
    if (stream.told || flow->fin_told) /* nothing else changes what it thinks */
        settle_tls(flow, context);
    if (UNLIKELY(sender->fin || flow->tcp.reset_by >= 0))
        tell_fin(flow, from);
    ask_ndpi(flow, segment, context);
}

/* --- segments in order --- */

/* What most segments are by themselves. */
static inline bool is_plain(const struct segment *segment)
{
    static const struct segment asked = {.flags = FLAG_SYN | FLAG_FIN | FLAG_RST | FLAG_ACK,
                                         .marks = UINT8_MAX,
                                         .interface = PACKET_HAS_PROCESS};
    static const struct segment plain = {.flags = FLAG_ACK};
    return (segment_traits(segment) & segment_traits(&asked)) == segment_traits(&plain) &&
           segment->payload.n == segment->length && segment->checksum != CHECKSUM_WRONG &&
           !segment->outer;
}

/* A flow is steady where any plain segment that is in order to TCP is so to all others, and a flow
 * that is stays so until flow_take or flow_keep_doubt has changed it. */
static NOINLINE bool becomes_steady(struct flow *flow)
{
    const struct tcp_end *ends = flow->tcp.ends;
    flow->unsteady = flow->has_doubted || !tcp_is_steady(&flow->tcp) ||
                     !zeek_is_steady(&flow->zeek, (uint32_t)ends[0].next, (uint32_t)ends[1].next);
    return !flow->unsteady;
}

/* The payload of a segment in order from x. */
static void take_payload(struct flow *flow, const struct tcp_end *x, unsigned from,
                         const struct segment *segment, const struct flow_context *context)
{
    struct stream stream = {.flow = flow, .end = from, .context = context};
    uint64_t seq = x->next - segment->length;
    if (LIKELY(flow->tls && tls_verdict(flow->tls) == TLS_IS && !flow->has_prologue)) {
        const struct tls_where where = {seq, segment->frame, segment->time};
        give_to_tls(&stream, flow->tls, segment->payload, &where);
        return;
    }
    const struct reasm_from at = {segment->frame, segment->time};
    take_bytes(&stream, seq, segment->payload, &at);
    settle_tls(flow, context);
}

/* Like take in tcp.c, so that the two ends are pointers at hand. */
static NOINLINE bool take_in_order(struct flow *flow, struct tcp_end *x, struct tcp_end *y,
                                   unsigned from, const struct segment *segment,
                                   const struct flow_context *context)
{
    if (!tcp_take_in_order(&flow->tcp, x, y, segment))
        return false;
    recent_add(&flow->recent[from], segment);
    note_checksum(flow, from, segment);
    zeek_take_in_order(&flow->zeek, from, segment);
    if (segment->length && !x->reasm.count_only)
        take_payload(flow, x, from, segment, context);
    tcp_pass_time(&flow->tcp, segment->time);
    ask_ndpi(flow, segment, context);
    return true;
}

bool flow_take_in_order(struct flow *flow, unsigned from, const struct segment *segment,
                        const struct flow_context *context)
{
    struct tcp_end *ends = flow->tcp.ends;
    return is_plain(segment) && !recent_may_have(&flow->recent[from], segment) &&
           (!flow->unsteady || becomes_steady(flow)) &&
           take_in_order(flow, &ends[from], &ends[from ^ 1], from, segment, context);
}

/* --- segments with a wrong checksum --- */

static void drop_doubt(struct flow *flow, unsigned from)
{
    flow->tcp.ends[from].corrupt++;
    zeek_corrupt(&flow->zeek, from);
}

bool flow_keep_doubt(struct flow *flow, unsigned from, const struct segment *segment,
                     const struct flow_context *context)
{
    if (!doubts_can_be_confirmed(segment)) {
        drop_doubt(flow, from);
        return true;
    }
    flow->has_doubted = flow->unsteady = true;
    if (doubts_add(&flow->doubts, from, segment, context->held))
        return true;
    flow->careless = (flow->careless | 1u << from) & 3;
    return false;
}

struct doubt *flow_settle_doubts(struct flow *flow, unsigned from, const struct segment *segment,
                                 const struct flow_context *context)
{
    struct doubt *doubt;
    while ((doubt = doubts_refuted(&flow->doubts, from, segment))) {
        drop_doubt(flow, doubt->from);
        doubt_free(doubt, context->held);
    }
    return doubts_confirmed(&flow->doubts, from, segment);
}

static void drop_doubts(struct flow *flow, const struct flow_context *context)
{
    struct doubt *doubt;
    while ((doubt = doubts_next(&flow->doubts))) {
        drop_doubt(flow, doubt->from);
        doubt_free(doubt, context->held);
    }
}

static void count_pending(struct flow *flow)
{
    if (flow->pending_syn)
        flow->tcp.ends[flow->pending_from].packets++;
    free(flow->pending_syn);
    flow->pending_syn = NULL;
}

void flow_keep_syn(struct flow *flow, unsigned from, const struct segment *segment)
{
    recent_add(&flow->recent[from], segment);
    if (flow->pending_syn && flow->pending_syn->seq == segment->seq) {
        flow->tcp.ends[from].packets++; /* sent again: the first time counts */
        return;
    }
    count_pending(flow);
    flow->has_kept_syn = true;
    flow->pending_from = (uint8_t)from;
    flow->pending_syn = xmalloc(sizeof *segment);
    *flow->pending_syn = *segment;
    flow->pending_syn->payload = span_of(NULL, 0);
    flow->pending_syn->outer = NULL;
}

const struct segment *flow_syn_kept_for(const struct flow *flow, unsigned from)
{
    return flow->pending_from != from ? flow->pending_syn : NULL;
}

enum tcp_fate flow_fate(const struct flow *flow, unsigned from, const struct segment *segment)
{
    if (LIKELY(!(segment->flags & (FLAG_SYN | FLAG_RST))))
        return TCP_BELONGS; /* it neither begins one nor answers a SYN */
    return tcp_fate(&flow->tcp, from, segment, flow_syn_kept_for(flow, from));
}

/* --- the end --- */

/* Why a flow ended that simply came to the end of what was seen of it. */
static enum end_reason own_reason(const struct flow *flow, enum end_reason otherwise)
{
    if (flow->tcp.reset_by >= 0)
        return ENDED_RESET;
    return tcp_is_over(&flow->tcp) ? ENDED_CLOSED : otherwise;
}

/* Gives up all holes of an end, also one that no bytes follow but a FIN or an acknowledgment. */
static void flush_end(struct flow *flow, unsigned end, const struct flow_context *context)
{
    struct stream stream = {.flow = flow, .end = end, .context = context};
    const struct reasm_out out = stream_out(&stream);
    struct tcp_end *x = &flow->tcp.ends[end];
    const struct reasm_from last = {x->last_frame, x->last_time};
    reasm_flush(&x->reasm, &out);
    if (x->fin)
        reasm_end(&x->reasm, &out, x->fin_at, &last);
    else if (x->una != x->reasm.next + 1) /* one alone is rather a FIN */
        reasm_end(&x->reasm, &out, x->una, &last);
}

bool flow_holds(const struct flow *flow)
{
    return flow->pending_syn || flow->doubts || flow->appid ||
           (flow->prologue && prologue_is_at_work(flow->prologue)) ||
           flow->tcp.ends[0].reasm.held || flow->tcp.ends[1].reasm.held ||
           (flow->tls && tls_holds(flow->tls));
}

static void end_prologue(struct flow *flow, const struct flow_context *context)
{
    if (!flow->prologue)
        return;
    size_t before = prologue_memory(flow->prologue);
    prologue_end(flow->prologue);
    charge(context, before, prologue_memory(flow->prologue));
    if (!prologue_facts(flow->prologue))
        drop_prologue(flow, context);
}

void flow_end(struct flow *flow, enum end_reason reason, const struct flow_context *context)
{
    for (unsigned end = 0; end < 2; end++) {
        flush_end(flow, end, context);
        settle_tls(flow, context);
        tell_fin(flow, end);
    }
    count_pending(flow);
    drop_doubts(flow, context);
    end_prologue(flow, context);
    if (flow->tls)
        tls_finish(flow->tls);
    settle_tls(flow, context);
    if (flow->appid)
        set_label(flow, appid_give_up(context->appid, &flow->appid));
    flow->ended = true;
    flow->end_reason = (uint8_t)own_reason(flow, reason);
}

void flow_strip(struct flow *flow, const struct flow_context *context)
{
    tls_free(flow->tls);
    flow->tls = NULL;
    flow->not_tls = true;
    appid_forget(&flow->appid);
    set_label(flow, NULL);
    tls_store_release(context->store, flow->outer);
    flow->outer = NULL;
    free(flow->pending_syn);
    flow->pending_syn = NULL;
    drop_doubts(flow, context);
    drop_prologue(flow, context);
    drop_cadence(flow, context);
    tcp_done(&flow->tcp, context->held);
    for (unsigned i = 0; i < 2; i++)
        reasm_forget(&flow->tcp.ends[i].reasm, context->held);
}
