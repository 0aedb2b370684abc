/* early.h: a look at fixed offsets that spares most packets of a busy link the decoder. */
#ifndef PUSHWATCH_DISSECT_EARLY_H
#define PUSHWATCH_DISSECT_EARLY_H

#include "../capture/packet.h"

/* early_ports finds the ports of a packet of the commonest shapes: Ethernet without tags, IPv4
 * without options or IPv6 without extension headers, not a fragment, TCP. Where it returns true,
 * decode_packet would find a segment with these ports; where it returns false it says nothing. */
MUST_CHECK bool early_ports(uint16_t ports[2], const struct packet *packet);

#endif
