/* early.h: a look at fixed offsets that spares most packets of a busy link the decoder. */
#ifndef PUSHWATCH_DISSECT_EARLY_H
#define PUSHWATCH_DISSECT_EARLY_H

#include "../capture/packet.h"

/* Source, then destination. */
struct early {
    uint16_t ports[2];
    const uint8_t *addresses[2]; /* in the packet */
    uint32_t address_size;       /* 4 or 16; the TCP header follows the second address */
    uint32_t length;             /* of the TCP segment on the wire, header and payload */
};

/* early_look finds the endpoints of a packet of the commonest shapes: Ethernet without tags, IPv4
 * without options or IPv6 without extension headers, not a fragment, TCP. Where it returns true,
 * decode_packet would find a segment with these endpoints, and decode_early finds the same one
 * faster; where it returns false it says nothing. */
MUST_CHECK bool early_look(struct early *out, const struct packet *packet);

#endif
