/* early.h: a look at fixed offsets that spares most packets of a busy link the decoder. */
#ifndef PUSHWATCH_DISSECT_EARLY_H
#define PUSHWATCH_DISSECT_EARLY_H

#include "../capture/packet.h"

/* Where IP begins in a packet of one of these shapes. */
enum { EARLY_IP_AT = 14 };

/* early_look finds the TCP header of a packet of the commonest shapes: Ethernet without tags, IPv4
 * without options or IPv6 without extension headers, not a fragment, TCP. Its first 20 bytes are
 * there, and decode_packet would find a segment in it, which decode_early finds faster. NULL says
 * nothing. */
MUST_CHECK const uint8_t *early_look(const struct packet *packet);

/* early_is_udp tells of one in which early_look has found nothing that it is UDP and begins no
 * tunnel: decode_packet would say NOTE_NOT_TCP. False says nothing. */
MUST_CHECK bool early_is_udp(const struct packet *packet);

/* early_is_ipv4 tells that early_look has found TCP over IPv4, given what it said; if it has found
 * any, it is over IPv6 otherwise. Both addresses end where the TCP header begins. */
static inline bool early_is_ipv4(const struct packet *packet, const uint8_t *tcp)
{
    return tcp == packet->bytes + EARLY_IP_AT + 20;
}

#endif
