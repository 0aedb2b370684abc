/* decode.h: from a packet to its TCP segment. */
#ifndef PUSHWATCH_DISSECT_DECODE_H
#define PUSHWATCH_DISSECT_DECODE_H

#include "../capture/packet.h"
#include "note.h"
#include "segment.h"

/* What a decoder knows beside the packet at hand. Zero-initialise it. */
struct decoder {
    struct outer outer; /* of the segment found last, if it points here */
};

/* decode_packet finds the TCP segment in a packet: link layer, tunnels, IPv4 (RFC 791) or IPv6 with
 * its extension headers (RFC 8200 section 4), TCP (RFC 9293 section 3.1). Returns NOTE_NONE, or why
 * there is none. Ethernet padding is left out; a length field of 0, which segmentation offload
 * leaves in captures made on the sender, stands for all that was on the wire. */
MUST_CHECK enum note decode_packet(struct segment *out, struct decoder *decoder,
                                   const struct packet *packet);

#endif
