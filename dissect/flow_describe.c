/* flow_describe.c: the record of a flow. */
#include "flow.h"
#include "tcp_outcome.h"

static unsigned client_of(enum client_by *by, const struct flow *flow, const struct flow_key *key,
                          const struct flow_context *context)
{
    *by = BY_SYN;
    if (flow->tcp.opener >= 0)
        return (unsigned)flow->tcp.opener;
    *by = BY_CLIENT_HELLO;
    if (flow->tls && tls_verdict(flow->tls) == TLS_IS && tls_facts(flow->tls)->client >= 0)
        return (unsigned)tls_facts(flow->tls)->client;
    uint16_t ports[2] = {key->ends[0].port, key->ends[1].port};
    bool watched[2];
    for (unsigned i = 0; i < 2; i++)
        watched[i] = context->is_watched(context->watch_context, ports[i]);
    *by = BY_WATCHED_PORT;
    if (watched[0] != watched[1])
        return watched[0] ? 1 : 0;
    *by = BY_PORT_ORDER;
    if (ports[0] != ports[1])
        return ports[0] > ports[1] ? 0 : 1;
    return flow->first_from;
}

/* What the record points to and nobody needs before it is judged. */
static void prefetch_for_report(const struct flow *flow, const struct tls_facts *tls)
{
    if (tls && tls->alert_count > 0)
        prefetch_line(tls->alerts);
    if (flow->tcp.signs)
        prefetch_line(flow->tcp.signs);
}

void flow_describe(struct flow_record *out, const struct flow *flow, const struct flow_key *key,
                   nanotime now, const struct flow_context *context)
{
    enum client_by by;
    unsigned client = client_of(&by, flow, key, context);
    const struct tls_facts *tls =
        flow->tls && tls_verdict(flow->tls) == TLS_IS ? tls_facts(flow->tls) : NULL;
    const struct tcp_end *a = &flow->tcp.ends[0], *b = &flow->tcp.ends[1];
    prefetch_for_report(flow, tls);
    out->n = 0;
    out->start = flow->start;
    out->end = flow->tcp.last_time;
    out->first_frame = flow->first_frame;
    out->last_frame = a->last_frame > b->last_frame ? a->last_frame : b->last_frame;
    out->ends[CLIENT] = key->ends[client];
    out->ends[SERVER] = key->ends[!client];
    out->client_by = by;
    out->interface = context->interface_name(context->interface_context, flow->interface);
    out->has_process = UNLIKELY(flow->interface & PACKET_HAS_PROCESS) && context->process &&
                       context->process(context->interface_context, &out->process, flow->interface);
    memcpy(out->vlans, flow->vlans, sizeof out->vlans);
    out->vlan_count = flow->vlan_count;
    out->outer = flow->outer;
    out->outer_client = flow->outer_from != client;
    out->tls = tls;
    out->client_direction = client;
    if (!tls || !cadence_facts(&out->keepalive, flow->cadence, flow->start))
        out->keepalive.time_count = 0;
    out->prologue = tls && flow->prologue ? prologue_facts(flow->prologue) : NULL;
    out->plain = (enum plain_protocol)flow->plain;
    out->ndpi = flow->label;
    out->end_reason = flow->ended ? (enum end_reason)flow->end_reason : ENDED_INTERVAL;
    out->final = flow->ended;
    tcp_outcome(&out->tcp, &flow->tcp, client, now);
    out->tcp.conn_state = zeek_conn_state(&flow->zeek, client);
    zeek_history(out->tcp.history, sizeof out->tcp.history, &flow->zeek, client);
    if (out->tcp.reset && out->tcp.reset_phase == RESET_IN_DATA && tls &&
        (tls->progress == TLS_INCOMPLETE || tls->progress == TLS_FAILED))
        out->tcp.reset_phase = RESET_IN_TLS_HANDSHAKE;
}
