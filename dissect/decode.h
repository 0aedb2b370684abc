/* decode.h: from a packet to its TCP segment. */
#ifndef PUSHWATCH_DISSECT_DECODE_H
#define PUSHWATCH_DISSECT_DECODE_H

#include "../capture/packet.h"
#include "early.h"
#include "layers.h"
#include "note.h"
#include "segment.h"

struct fragments;

/* What a decoder knows beside the packet at hand. Zero-initialise it; free with decoder_done. */
struct decoder {
    struct outer outer;          /* of the segment found last, if it points here */
    struct fragments *fragments; /* NULL before there are any */
    struct layers more;          /* decode_next */
    bool defers;                 /* fragments are not taken, but `deferred` is set: */
    bool deferred;               /* the packet is to be decoded once all before it were */
};

/* decode_packet finds the TCP segment in a packet: link layer, tunnels, IPv4 (RFC 791) or IPv6 with
 * its extension headers (RFC 8200 section 4), TCP (RFC 9293 section 3.1). Returns NOTE_NONE, or why
 * there is none. Ethernet padding is left out; a length field of 0, which segmentation offload
 * leaves in captures made on the sender, stands for all that was on the wire. Of an IP packet in
 * fragments, the segment is in the last that came; its bytes live until the next call then. */
MUST_CHECK enum note decode_packet(struct segment *out, struct decoder *decoder,
                                   const struct packet *packet);

/* decode_early gives the segment that decode_packet would find where early_look has found `tcp`:
 * one of the others, by what early_is_ipv4 says. */
void decode_early(struct segment *out, const uint8_t *tcp, const struct packet *packet);
void decode_early_ipv4(struct segment *out, const uint8_t *tcp, const struct packet *packet);
void decode_early_ipv6(struct segment *out, const uint8_t *tcp, const struct packet *packet);

/* decode_has_more tells that the packet holds more frames (IEEE 802.11 A-MSDU), and decode_next
 * does for the next of them what decode_packet has done for the first. */
static inline bool decode_has_more(const struct decoder *decoder)
{
    return UNLIKELY(decoder->more.more.left > 0);
}

MUST_CHECK enum note decode_next(struct segment *out, struct decoder *decoder,
                                 const struct packet *packet);

void decoder_done(struct decoder *decoder);

#endif
