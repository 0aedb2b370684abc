/* link_lan.c: see link_lan.h. */
#include "link_lan.h"

/* Passes over `before` bytes and reads the ethertype behind them. */
static enum note ethertype_behind(struct layers *l, size_t before)
{
    struct cursor ahead = l->c;
    uint16_t type;
    if (!cursor_skip(&ahead, before) || !cursor_u16(&ahead, &type))
        return NOTE_CUT;
    l->c = ahead;
    return layers_to(l, type < ETHERTYPE_MIN ? NEXT_LLC : type);
}

/* Destination and source (6 bytes each), ethertype or length. */
enum note link_ethernet(struct layers *l)
{
    return ethertype_behind(l, 12);
}

/* IEEE 802.2: DSAP, SSAP, control, 8 bits each. SNAP (RFC 1042) has AA AA 03 there, then 24 bits
 * organisation and 16 bits protocol, which is an ethertype for organisation 0; FE FE 03 (RFC 2684)
 * 8 bits of ISO network layer id. SAP 06 is IPv4 by itself. */
enum note link_llc(struct layers *l)
{
    enum { SNAP = 0xaaaa03, ISO = 0xfefe03, IPV4 = 0x060603, NLPID_V4 = 0xcc, NLPID_V6 = 0x8e };
    enum { ETHERNET = 0, BRIDGE_TUNNEL = 0xf8, BRIDGED = 0x80c2 };
    uint32_t sap, organisation;
    uint16_t type;
    uint8_t nlpid;
    struct cursor *c = &l->c;
    if (!cursor_u24(c, &sap))
        return l->cut ? NOTE_CUT : NOTE_NOT_IP;
    if (sap == IPV4)
        return layers_to(l, ETHERTYPE_V4);
    if (sap == ISO) {
        if (!cursor_u8(c, &nlpid))
            return NOTE_CUT;
        return nlpid == NLPID_V4 || nlpid == NLPID_V6 ? layers_to(l, NEXT_IP) : NOTE_NOT_IP;
    }
    if (sap != SNAP)
        return NOTE_NOT_IP;
    if (!cursor_u24(c, &organisation) || !cursor_u16(c, &type))
        return NOTE_CUT;
    if (organisation == BRIDGED) { /* RFC 2684 section 5.2: with FCS (1) or without (7), padded */
        if (type != 1 && type != 7)
            return NOTE_NOT_IP;
        return layers_past(l, 2, ETHERTYPE_BRIDGED);
    }
    if ((organisation != ETHERNET && organisation != BRIDGE_TUNNEL) || type < ETHERTYPE_MIN)
        return NOTE_NOT_IP;
    return layers_to(l, type);
}

/* 16 bits: priority, drop eligibility, and the VLAN id in the low 12. */
enum note link_vlan(struct layers *l)
{
    struct cursor ahead = l->c;
    uint16_t tag;
    if (!cursor_u16(&ahead, &tag))
        return NOTE_CUT;
    if (l->vlan_count < VLANS_MAX)
        l->vlans[l->vlan_count++] = tag & 0xfff;
    return ethertype_behind(l, 2);
}

/* Version, number of options (8 bits each); options of a 16-bit type and a 16-bit value. */
enum note link_cisco_metadata(struct layers *l)
{
    struct cursor ahead = l->c;
    uint8_t options;
    if (!cursor_skip(&ahead, 1) || !cursor_u8(&ahead, &options))
        return NOTE_CUT;
    return ethertype_behind(l, 2 + options * 4u);
}

/* Tree and time to live, 16 bits; then the frame that is carried. */
enum note link_fabric_path(struct layers *l)
{
    return layers_past(l, 2, ETHERTYPE_BRIDGED);
}

/* Direction, destination and source interface: 32 bits. */
enum note link_vntag(struct layers *l)
{
    return ethertype_behind(l, 4);
}

/* Priorities, 24 bits of service id; then the customer's frame. */
enum note link_pbb(struct layers *l)
{
    return layers_past(l, 4, ETHERTYPE_BRIDGED);
}

enum note link_dsa_short(struct layers *l)
{
    return ethertype_behind(l, 12 + 4);
}

enum note link_dsa_long(struct layers *l)
{
    return ethertype_behind(l, 12 + 8);
}

enum note link_dsa_prepended(struct layers *l)
{
    return layers_past(l, 4, ETHERTYPE_BRIDGED);
}

/* Access and frame control, destination, source (6 bytes each); where the source's first bit is
 * set, a route, whose length is in the low five bits of its first byte. */
enum note link_token_ring(struct layers *l)
{
    enum { FRAME_CONTROL = 1, SOURCE = 8, SIZE = 14, LLC_FRAME = 0x40 };
    struct span header;
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_CUT;
    if ((header.p[FRAME_CONTROL] & 0xc0) != LLC_FRAME)
        return NOTE_NOT_IP;
    struct cursor ahead = l->c;
    uint8_t route = 0;
    if (header.p[SOURCE] & 0x80 && !cursor_u8(&ahead, &route))
        return NOTE_CUT;
    return layers_past(l, route & 0x1f, NEXT_LLC);
}

/* Frame control (01010xxx for LLC), destination, source (6 bytes each). */
enum note link_fddi(struct layers *l)
{
    uint8_t control;
    if (!cursor_u8(&l->c, &control))
        return NOTE_CUT;
    return (control & 0xf0) == 0x50 ? layers_past(l, 12, NEXT_LLC) : NOTE_NOT_IP;
}

/* Destination and source, 8 bytes each. */
enum note link_fibre_channel(struct layers *l)
{
    return layers_past(l, 16, NEXT_LLC);
}

/* RFC 1201: protocol, then 8 bits that are 0 in a packet that is in one piece, and a 16-bit number.
 * RFC 1051 has the protocol alone. */
static enum note arcnet_protocol(struct layers *l)
{
    enum { RFC1051_IPV4 = 240, RFC1201_IPV4 = 212, RFC1201_IPV6 = 196 };
    uint8_t protocol, split;
    if (!cursor_u8(&l->c, &protocol))
        return NOTE_CUT;
    if (protocol == RFC1051_IPV4)
        return layers_to(l, ETHERTYPE_V4);
    if (protocol != RFC1201_IPV4 && protocol != RFC1201_IPV6)
        return NOTE_NOT_IP;
    if (!cursor_u8(&l->c, &split))
        return NOTE_CUT;
    return split == 0 ? layers_past(l, 2, NEXT_IP) : NOTE_NOT_IP;
}

enum note link_arcnet(struct layers *l) /* source and destination, 8 bits each */
{
    return layers_skip(l, 2) ? arcnet_protocol(l) : NOTE_CUT;
}

enum note link_arcnet_linux(struct layers *l) /* and 16 bits of offset */
{
    return layers_skip(l, 4) ? arcnet_protocol(l) : NOTE_CUT;
}

/* 40 bytes with the addresses, ethertype, 16 bits reserved. */
enum note link_infiniband(struct layers *l)
{
    enum note note = ethertype_behind(l, 40);
    return note == NOTE_NONE && !layers_skip(l, 2) ? NOTE_CUT : note;
}

/* Destination and source, 8 bytes each, ethertype. */
enum note link_firewire_apple(struct layers *l)
{
    return ethertype_behind(l, 16);
}
