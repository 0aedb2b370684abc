/* packet.h: one captured packet, as every source hands it out. */
#ifndef PUSHWATCH_CAPTURE_PACKET_H
#define PUSHWATCH_CAPTURE_PACKET_H

#include "base.h"

/* Link-layer header types, ours, so that nothing above the readers knows pcap's numbers
 * (https://www.tcpdump.org/linktypes.html; capture/linktype.c). */
enum link_type {
    LINK_UNSUPPORTED,
    LINK_ETHERNET,
    LINK_NULL, /* BSD loopback, 32-bit family in the writer's byte order */
    LINK_LOOP, /* OpenBSD loopback, 32-bit family in network byte order */
    LINK_RAW,  /* an IPv4 or IPv6 packet */
    LINK_IPV4,
    LINK_IPV6,
    LINK_LINUX_SLL,
    LINK_LINUX_SLL2,
    LINK_PKTAP, /* never handed out by a source: pktap.c takes it off */
    LINK_PPP,
    LINK_PPP_HDLC,      /* PPP or Cisco HDLC, as its first byte says */
    LINK_PPP_DIRECTION, /* a byte before PPP tells the direction */
    LINK_PPP_PPPD,      /* the direction stands in place of the address byte */
    LINK_PPPOE,
    LINK_CISCO_HDLC,
    LINK_SLIP,
    LINK_FRAME_RELAY,
    LINK_MPLS,
    LINK_TOKEN_RING,
    LINK_FDDI,
    LINK_ATM, /* RFC 2684 (1483), LLC encapsulation */
    LINK_SUN_ATM,
    LINK_FIBRE_CHANNEL, /* RFC 2625 */
    LINK_ARCNET,
    LINK_ARCNET_LINUX,
    LINK_WLAN, /* IEEE 802.11 */
    LINK_WLAN_RADIOTAP,
    LINK_WLAN_PRISM,
    LINK_WLAN_AVS,
    LINK_PPI,
    LINK_NFLOG,
    LINK_IPNET,
    LINK_INFINIBAND_IP, /* RFC 4391 */
    LINK_FIREWIRE_APPLE,
    LINK_BSD_ENC,
    LINK_BSD_PFLOG,
    LINK_DSA_BROADCOM, /* tags of switches, inside or before an Ethernet header */
    LINK_DSA_BROADCOM_PREPENDED,
    LINK_DSA_MARVELL,
    LINK_DSA_MARVELL_ETHERTYPE,
    LINK_JUNIPER_ETHERNET,
    LINK_JUNIPER_PPP,
    LINK_JUNIPER_HDLC,
    LINK_JUNIPER_FRAME_RELAY
};
enum { LINK_TYPES = LINK_JUNIPER_FRAME_RELAY + 1 };

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

/* What the sending kernel says of a packet: only Darwin's tells it to captures. */
enum { MARK_RETRANSMISSION = 1, MARK_KEEPALIVE = 2 };

/* The bytes belong to the source, and live until it is asked for the next packet. */
struct packet {
    nanotime time; /* 0 to 2^62 - 1, so that differences fit; 0 where the capture gives none */
    const uint8_t *bytes;
    uint32_t caplen; /* bytes that were captured; never more than len */
    uint32_t len;    /* bytes that were on the wire */
    enum link_type link;
    uint16_t link_number; /* the LINKTYPE_ value that the file gave, for messages */
    uint16_t interface;   /* index for source_interface_name, and for source_process: */
    uint8_t marks;        /* MARK_ bits */
    uint64_t frame;       /* 1-based position in the capture, counted by the source */
};

#endif
