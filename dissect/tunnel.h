/* tunnel.h: what carries packets inside of packets. */
#ifndef PUSHWATCH_DISSECT_TUNNEL_H
#define PUSHWATCH_DISSECT_TUNNEL_H

#include "layers.h"

/* tunnel_enter tells whether the payload of an IP packet, of a protocol that is not TCP, carries
 * packets, passes over what is before the first of them, and says in l->next what that begins with.
 * The cursor stands behind the IP header. What was passed is added to `outer`; its addresses are
 * the caller's to fill in before the first. Returns NOTE_NOT_TCP where it is no tunnel that we
 * know. Tunnels over UDP are known by their ports, and believed only if what is in them fits. */
MUST_CHECK enum note tunnel_enter(struct layers *l, struct outer *outer, uint8_t protocol);

/* tunnel_may_name tells whether a UDP port may be one by which a tunnel is known. False is sure. */
static inline bool tunnel_may_name(uint16_t port)
{
    enum { FIRST = 1701, LAST = 8472 };
    return port >= FIRST && port <= LAST;
}

#endif
