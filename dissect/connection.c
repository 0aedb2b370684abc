/* connection.c: the form that costs least. */
#include "connection.h"

_Static_assert(sizeof(struct lone_syn) <= 24, "a lone SYN costs little");
_Static_assert(sizeof(struct connection) <= 104, "a connection costs little");

bool connection_is_lone_syn(const struct segment *s)
{
    return (s->flags & (FLAG_SYN | FLAG_ACK | FLAG_FIN | FLAG_RST)) == FLAG_SYN && s->length == 0 &&
           s->vlan_count == 0 && !s->outer && !s->marks;
}

void connection_put_syn(struct connection *c, unsigned from, const struct segment *s)
{
    c->form = FORM_SYN;
    c->order = s->frame;
    c->last_time = s->time;
    c->syn = (struct lone_syn){.identity = s->identity,
                               .seq = s->seq,
                               .window = s->window,
                               .mss = s->mss,
                               .interface = s->interface,
                               .wscale = s->wscale,
                               .ttl = s->ttl,
                               .flags = s->flags,
                               .from = from & 1,
                               .checksum = s->checksum & 3u,
                               .sack = s->sack,
                               .timestamps = s->timestamps};
}

static struct segment get_syn(const struct connection *c)
{
    const struct lone_syn *syn = &c->syn;
    return (struct segment){.time = c->last_time,
                            .frame = c->order,
                            .from = c->key.ends[syn->from],
                            .to = c->key.ends[!syn->from],
                            .seq = syn->seq,
                            .window = syn->window,
                            .flags = syn->flags,
                            .ttl = syn->ttl,
                            .mss = syn->mss,
                            .wscale = syn->wscale,
                            .sack = syn->sack,
                            .timestamps = syn->timestamps,
                            .interface = syn->interface,
                            .checksum = syn->checksum,
                            .identity = syn->identity};
}

void connection_grow(struct flow *flow, const struct connection *c,
                     const struct flow_context *context)
{
    const struct segment syn = get_syn(c);
    flow_begin(flow, c->syn.from, &syn);
    flow_take(flow, c->syn.from, &syn, context);
}
