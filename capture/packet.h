/* packet.h: one captured packet, as every source hands it out. */
#ifndef PUSHWATCH_CAPTURE_PACKET_H
#define PUSHWATCH_CAPTURE_PACKET_H

#include "base.h"

/* Link-layer header types, ours, so that nothing above the readers knows pcap's numbers
 * (https://www.tcpdump.org/linktypes.html). */
enum link_type {
    LINK_UNSUPPORTED,
    LINK_ETHERNET,   /* 1 */
    LINK_NULL,       /* 0: BSD loopback, 32-bit family in the writer's byte order */
    LINK_LOOP,       /* 108: OpenBSD loopback, 32-bit family in network byte order */
    LINK_RAW,        /* 12, 14, 101: an IPv4 or IPv6 packet */
    LINK_IPV4,       /* 228 */
    LINK_IPV6,       /* 229 */
    LINK_LINUX_SLL,  /* 113 */
    LINK_LINUX_SLL2, /* 276 */
    LINK_PKTAP       /* 258, 149: never handed out by a source: pktap.c takes it off */
};

/* Who told the process that a packet belongs to. */
enum process_source { PROCESS_BY_PKTAP, PROCESS_BY_PCAPNG };

/* A process, and the one on whose behalf it acts. Names are a stranger's bytes, NULL if there is
 * none; numbers are 0 if not known. */
struct packet_process {
    const char *name, *effective_name;
    uint32_t pid, effective_pid;
    enum process_source told_by;
};

/* A packet's interface has this bit if the process is known too. */
enum { PACKET_HAS_PROCESS = 0x8000 };

/* The bytes belong to the source, and live until it is asked for the next packet. */
struct packet {
    nanotime time; /* 0 to 2^62 - 1, so that differences fit; 0 where the capture gives none */
    const uint8_t *bytes;
    uint32_t caplen; /* bytes that were captured; never more than len */
    uint32_t len;    /* bytes that were on the wire */
    enum link_type link;
    uint16_t link_number; /* the LINKTYPE_ value that the file gave, for messages */
    uint16_t interface;   /* index for source_interface_name, and for source_process: */
    uint64_t frame;       /* 1-based position in the capture, counted by the source */
};

#endif
