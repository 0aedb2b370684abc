/* packet.h: one captured packet, as every source hands it out. */
#ifndef PUSHWATCH_CAPTURE_PACKET_H
#define PUSHWATCH_CAPTURE_PACKET_H

#include "base.h"

/* Link-layer header types, ours, so that nothing above the readers knows pcap's numbers
 * (https://www.tcpdump.org/linktypes.html). */
enum link_type {
    LINK_UNSUPPORTED,
    LINK_ETHERNET,  /* 1 */
    LINK_NULL,      /* 0: BSD loopback, 32-bit family in the writer's byte order */
    LINK_LOOP,      /* 108: OpenBSD loopback, 32-bit family in network byte order */
    LINK_RAW,       /* 12, 14, 101: an IPv4 or IPv6 packet */
    LINK_IPV4,      /* 228 */
    LINK_IPV6,      /* 229 */
    LINK_LINUX_SLL, /* 113 */
    LINK_LINUX_SLL2 /* 276 */
};

/* The bytes belong to the source, and live until it is asked for the next packet. */
struct packet {
    nanotime time; /* 0 to 2^62 - 1, so that differences fit; 0 where the capture gives none */
    const uint8_t *bytes;
    uint32_t caplen; /* bytes that were captured; never more than len */
    uint32_t len;    /* bytes that were on the wire */
    enum link_type link;
    uint16_t link_number; /* the LINKTYPE_ value that the file gave, for messages */
    uint16_t interface;   /* index for source_interface_name */
    uint64_t frame;       /* 1-based position in the capture, counted by the source */
};

#endif
