/* appid_kinds.c: a small cache. Whether something is in it changes what a label costs, not what it
 * says. */
#include "appid_kinds.h"

static bool same(const struct appid_kind *a, const struct appid_kind *b)
{
    return a->payload.low == b->payload.low && a->payload.high == b->payload.high &&
           a->ends[0] == b->ends[0] && a->ends[1] == b->ends[1] && a->length == b->length &&
           a->headers == b->headers && a->port == b->port && a->flags == b->flags &&
           a->ipv6 == b->ipv6 && a->upwards == b->upwards;
}

/* A kind's place: mostly by its payload, in which hundreds of servers have the same one. */
static size_t place_of(const struct appid_kind *kind)
{
    uint64_t other = kind->ends[1] ^ kind->port ^ (uint64_t)kind->upwards << 16;
    return (kind->payload.low ^ other * UINT64_C(0x9e3779b97f4a7c15) >> 32) % APPID_KINDS;
}

const struct app_label *appid_kinds_find(const struct appid_kinds *kinds,
                                         const struct appid_kind *kind)
{
    const struct appid_known *known = &kinds->known[place_of(kind)];
    return known->label && same(&known->kind, kind) ? known->label : NULL;
}

void appid_kinds_add(struct appid_kinds *kinds, const struct appid_kind *kind,
                     const struct app_label *label)
{
    kinds->known[place_of(kind)] = (struct appid_known){*kind, label};
}
