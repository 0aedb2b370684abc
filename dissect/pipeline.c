/* pipeline.c: finds each packet's flow, ends flows by packet time, hands out records in order. */
#include "pipeline.h"

#include <stdlib.h>

#include "decode.h"
#include "early.h"
#include "flow.h"
#include "limits.h"

/* Flows of one kind, by when they got into it. */
struct queue {
    struct flow *oldest, *newest;
};

struct pipeline {
    struct pipeline_options options;
    const struct sink *sink;
    struct flow_context context;
    struct flow_table *table;
    struct cert_store *certs;
    struct queue queues[FLOW_KINDS];
    struct flow *first, *last; /* all not yet reported, in order of first packets; offline */
    size_t waiting;            /* of those, ended */
    uint64_t watched[65536 / 64];
    struct dissect_counts counts;
    size_t reasm_held; /* by all flows */
    uint64_t flows_begun;
    nanotime now; /* the latest packet time: never goes back */
};

static const nanotime timeouts[FLOW_KINDS] = {
    [FLOW_SYN] = LIMIT_SYN_IDLE_S * NS_PER_SECOND,
    [FLOW_OPEN] = LIMIT_OPEN_IDLE_S * NS_PER_SECOND,
    [FLOW_LINGER] = LIMIT_LINGER_S * NS_PER_SECOND,
    [FLOW_CLOSED] = LIMIT_CLOSED_IDLE_S * NS_PER_SECOND,
};

/* --- ports --- */

static bool is_watched(void *context, uint16_t port)
{
    const struct pipeline *pipeline = context;
    return pipeline->watched[port / 64] >> (port % 64) & 1;
}

/* --- queues --- */

static void queue_remove(struct pipeline *p, struct flow *flow)
{
    struct queue *queue = &p->queues[flow->kind];
    *(flow->earlier ? &flow->earlier->later : &queue->oldest) = flow->later;
    *(flow->later ? &flow->later->earlier : &queue->newest) = flow->earlier;
    flow->earlier = flow->later = NULL;
}

static void queue_put(struct pipeline *p, struct flow *flow, enum flow_kind kind)
{
    struct queue *queue = &p->queues[kind];
    flow->kind = (uint8_t)kind;
    flow->kind_since = p->now;
    flow->earlier = queue->newest;
    *(queue->newest ? &queue->newest->later : &queue->oldest) = flow;
    queue->newest = flow;
}

/* The kind a flow should be in: a live one that has ended is first reported, after a while. */
static enum flow_kind wanted_kind(const struct pipeline *p, const struct flow *flow)
{
    enum flow_kind kind = flow_kind_of(flow);
    return kind == FLOW_CLOSED && p->options.live && !flow->reported ? FLOW_LINGER : kind;
}

static void requeue(struct pipeline *p, struct flow *flow)
{
    enum flow_kind kind = wanted_kind(p, flow);
    if (kind == (enum flow_kind)flow->kind)
        return;
    queue_remove(p, flow);
    queue_put(p, flow, kind);
}

/* --- reporting --- */

static void report(struct pipeline *p, const struct flow *flow, nanotime now)
{
    struct flow_record record;
    flow_describe(&record, flow, now, &p->context);
    p->sink->flow(p->sink->context, &record);
}

static void count_flow(struct pipeline *p, struct flow *flow)
{
    p->counts.flows++;
    const struct tcp_end *ends = flow->tcp.ends;
    p->counts.matched += ends[0].packets + ends[1].packets;
}

/* Hands out the ended flows at the head of the order. */
static void report_in_order(struct pipeline *p)
{
    while (p->first && p->first->ended) {
        struct flow *flow = p->first;
        report(p, flow, flow->ended_at);
        p->first = flow->next;
        if (!p->first)
            p->last = NULL;
        p->waiting--;
        flow_free(flow, &p->context);
    }
}

/* Ends a flow: takes it from the table and hands it out, or lets it wait for its turn. */
static void end_flow(struct pipeline *p, struct flow *flow, enum end_reason reason, nanotime now)
{
    flow_table_remove(p->table, flow);
    queue_remove(p, flow);
    if (flow->reported) {
        flow_free(flow, &p->context);
        return;
    }
    flow_end(flow, reason, now, &p->context);
    count_flow(p, flow);
    if (p->options.live) {
        report(p, flow, now);
        flow_free(flow, &p->context);
        return;
    }
    p->waiting++;
    report_in_order(p);
}

/* Live: reports a flow that has ended and keeps its tuple, so that stray segments make no new one.
 */
static void report_and_keep(struct pipeline *p, struct flow *flow)
{
    flow_end(flow, ENDED_CLOSED, p->now, &p->context);
    count_flow(p, flow);
    report(p, flow, p->now);
    flow_strip(flow, &p->context);
    flow->reported = true;
    queue_remove(p, flow);
    queue_put(p, flow, FLOW_CLOSED);
}

/* --- time --- */

static bool is_due(const struct flow *flow, enum flow_kind kind, nanotime now)
{
    return now - flow->tcp.last_time > timeouts[kind];
}

/* Ends a flow that is due, as of when it became so: whoever notices it, and when, changes nothing.
 */
static void expire(struct pipeline *p, struct flow *flow)
{
    enum flow_kind kind = (enum flow_kind)flow->kind;
    p->counts.flows_expired += kind != FLOW_CLOSED;
    end_flow(p, flow, ENDED_IDLE, flow->tcp.last_time + timeouts[kind]);
}

static void expire_kind(struct pipeline *p, enum flow_kind kind)
{
    struct flow *flow;
    while ((flow = p->queues[kind].oldest) && p->now - flow->kind_since > timeouts[kind]) {
        if (!is_due(flow, kind, p->now)) { /* it was active since: look again later */
            queue_remove(p, flow);
            queue_put(p, flow, kind);
        } else if (kind == FLOW_LINGER) {
            report_and_keep(p, flow);
        } else {
            expire(p, flow);
        }
    }
}

static void advance(struct pipeline *p, nanotime now)
{
    if (now <= p->now)
        return;
    p->now = now;
    for (unsigned kind = 0; kind < FLOW_KINDS; kind++)
        expire_kind(p, (enum flow_kind)kind);
}

/* --- room --- */

/* Ends the least valuable flow: a lone SYN, else one that has closed, else one long silent. When
 * ended flows wait for an old one that does not end, that one goes. */
static void make_room(struct pipeline *p)
{
    static const enum flow_kind order[] = {FLOW_SYN, FLOW_CLOSED, FLOW_LINGER, FLOW_OPEN};
    struct flow *victim = p->waiting > LIMIT_FLOWS / 2 ? p->first : NULL;
    for (unsigned i = 0; !victim && i < COUNT_OF(order); i++)
        victim = p->queues[order[i]].oldest;
    if (!victim)
        return;
    p->counts.flows_evicted += !victim->reported;
    end_flow(p, victim, ENDED_EVICTED, p->now);
}

static struct flow *begin_flow(struct pipeline *p, const struct flow_key *key, unsigned from,
                               const struct segment *segment)
{
    while (flow_table_count(p->table) + p->waiting >= LIMIT_FLOWS)
        make_room(p);
    struct flow *flow = flow_begin(key, from, segment);
    flow->n = ++p->flows_begun;
    flow_table_add(p->table, flow);
    queue_put(p, flow, FLOW_OPEN);
    if (!p->options.live) {
        *(p->last ? &p->last->next : &p->first) = flow;
        p->last = flow;
    }
    return flow;
}

/* --- segments --- */

static void take(struct pipeline *p, struct flow *flow, unsigned from,
                 const struct segment *segment)
{
    if (flow->reported)
        p->counts.matched++; /* the flow's own packets were counted when it was reported */
    flow_take(flow, from, segment, &p->context);
    requeue(p, flow);
}

/* The SYN that a flow has kept, sent by end `from`, was answered: it began another. */
static struct flow *replace_flow(struct pipeline *p, struct flow *old, const struct flow_key *key,
                                 unsigned from)
{
    struct segment syn = *old->pending_syn;
    free(old->pending_syn);
    old->pending_syn = NULL;
    end_flow(p, old, ENDED_PORT_REUSED, syn.time);
    struct flow *flow = begin_flow(p, key, from, &syn);
    take(p, flow, from, &syn);
    return flow;
}

static void take_segment(struct pipeline *p, const struct segment *segment)
{
    unsigned from;
    struct flow_key key = flow_key_make(&from, &segment->from, &segment->to);
    struct flow *flow = flow_table_find(p->table, &key);
    if (flow && flow->kind != FLOW_LINGER &&
        is_due(flow, (enum flow_kind)flow->kind, segment->time)) {
        expire(p, flow);
        flow = NULL;
    }
    if (flow && flow_has_seen(flow, from, segment)) {
        p->counts.skipped[NOTE_DUPLICATE]++;
        return;
    }
    enum tcp_fate fate =
        flow ? tcp_fate(&flow->tcp, from, segment, flow_syn_kept_for(flow, from)) : TCP_ANEW;
    if (fate == TCP_PENDING) {
        flow_keep_syn(flow, from, segment);
        return;
    }
    if (fate == TCP_REPLACED) {
        flow = replace_flow(p, flow, &key, !from);
    } else if (fate == TCP_ANEW) {
        if (flow)
            end_flow(p, flow, ENDED_PORT_REUSED, segment->time);
        flow = begin_flow(p, &key, from, segment);
    }
    take(p, flow, from, segment);
}

void pipeline_skip(struct pipeline *p, const struct packet *packet, enum note reason)
{
    struct dissect_counts *counts = &p->counts;
    counts->packets++;
    if (packet->time && (!counts->first_time || packet->time < counts->first_time))
        counts->first_time = packet->time;
    if (packet->time > counts->last_time)
        counts->last_time = packet->time;
    p->counts.bytes += packet->len;
    p->counts.skipped[reason]++;
    advance(p, packet->time);
}

/* On a busy link most packets are of no interest: those are told by their ports alone. */
static enum note look(struct pipeline *p, struct segment *segment, const struct packet *packet)
{
    uint16_t ports[2];
    bool any = p->options.port_count == 0;
    if (!any && early_ports(ports, packet) && !is_watched(p, ports[0]) && !is_watched(p, ports[1]))
        return NOTE_NOT_WATCHED;
    enum note note = decode_packet(segment, packet);
    if (note == NOTE_NONE && !any && !is_watched(p, segment->from.port) &&
        !is_watched(p, segment->to.port))
        return NOTE_NOT_WATCHED;
    return note;
}

void pipeline_packet(struct pipeline *p, const struct packet *packet)
{
    struct segment segment;
    enum note note = look(p, &segment, packet);
    pipeline_skip(p, packet, note);
    if (note != NOTE_NONE)
        return;
    p->counts.cut_payload += segment.payload.n < segment.length;
    take_segment(p, &segment);
}

/* --- the outside --- */

struct pipeline *pipeline_new(const struct pipeline_options *options, const struct sink *sink)
{
    struct pipeline *p = xcalloc(1, sizeof *p);
    const struct hash_key key = {options->hash_key[0], options->hash_key[1]};
    p->options = *options;
    p->options.ports = NULL;
    p->sink = sink;
    p->table = flow_table_new(&key);
    p->certs = cert_store_new();
    for (size_t i = 0; i < options->port_count; i++)
        p->watched[options->ports[i] / 64] |= UINT64_C(1) << (options->ports[i] % 64);
    p->context = (struct flow_context){.store = tls_store_new(p->certs),
                                       .held = &p->reasm_held,
                                       .appid = options->ndpi ? appid_new(NULL) : NULL,
                                       .appid_pool = appid_pool_new(),
                                       .interface_name = options->interface_name,
                                       .interface_context = options->interface_context,
                                       .is_watched = is_watched,
                                       .watch_context = p};
    return p;
}

void pipeline_advance(struct pipeline *p, nanotime now)
{
    advance(p, now);
}

void pipeline_snapshot(struct pipeline *p, nanotime now)
{
    static const enum flow_kind going_on[] = {FLOW_SYN, FLOW_OPEN};
    for (unsigned i = 0; i < COUNT_OF(going_on); i++)
        for (const struct flow *flow = p->queues[going_on[i]].oldest; flow; flow = flow->later)
            report(p, flow, now);
}

static void end_all(struct pipeline *p, nanotime now)
{
    for (unsigned kind = 0; kind < FLOW_KINDS; kind++)
        while (p->queues[kind].oldest) {
            struct flow *flow = p->queues[kind].oldest;
            if (kind != FLOW_LINGER && is_due(flow, (enum flow_kind)kind, now))
                expire(p, flow);
            else
                end_flow(p, flow, ENDED_END_OF_CAPTURE, now);
        }
}

void pipeline_finish(struct pipeline *p, nanotime now)
{
    end_all(p, now ? now : p->counts.last_time);
}

void pipeline_certs(const struct pipeline *p, uint64_t after,
                    void (*visit)(void *context, const struct cert *cert), void *context)
{
    (void)after; /* the store knows what was visited */
    cert_store_visit_new(p->certs, visit, context);
}

uint64_t pipeline_cert_count(const struct pipeline *p)
{
    return cert_store_count(p->certs);
}

struct dissect_counts pipeline_counts(const struct pipeline *p)
{
    struct dissect_counts counts = p->counts;
    counts.certificates_dropped = cert_store_dropped(p->certs);
    return counts;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    for (unsigned kind = 0; p->options.live && kind < FLOW_KINDS; kind++)
        while (p->queues[kind].oldest) {
            struct flow *flow = p->queues[kind].oldest;
            queue_remove(p, flow);
            flow_free(flow, &p->context);
        }
    while (p->first) { /* offline the order holds all of them */
        struct flow *flow = p->first;
        p->first = flow->next;
        flow_free(flow, &p->context);
    }
    flow_table_free(p->table);
    appid_free(p->context.appid);
    appid_pool_free(p->context.appid_pool);
    tls_store_free(p->context.store);
    cert_store_free(p->certs);
    free(p);
}
