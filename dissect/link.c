/* link.c: link-layer headers. */
#include "link.h"

enum {
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_QINQ_OLD = 0x9100,
    ETHERTYPE_CISCO_METADATA = 0x8909, /* carries TrustSec's security group tag */
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_UPSTREAM = 0x8848,
    ETHERTYPE_PPPOE_SESSION = 0x8864,
    /* Below this the field is a length (IEEE 802.3): LLC follows, and no IP that we read. */
    ETHERTYPE_MIN = 0x0600,
    /* More tags than anyone stacks; a cap so that a packet full of tags costs little. */
    TAGS_MAX = 16
};

static bool is_tag(uint16_t ethertype)
{
    return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ ||
           ethertype == ETHERTYPE_QINQ_OLD || ethertype == ETHERTYPE_CISCO_METADATA;
}

/* 16 bits: priority, drop eligibility, and the VLAN id in the low 12. */
static bool pass_vlan(struct link_layer *out, struct cursor *c)
{
    uint16_t tag;
    if (!cursor_u16(c, &tag))
        return false;
    if (out->vlan_count < VLANS_MAX)
        out->vlans[out->vlan_count++] = tag & 0xfff;
    return true;
}

/* Version, number of options (8 bits each); options of a 16-bit type and a 16-bit value. */
static bool pass_cisco_metadata(struct cursor *c)
{
    uint8_t options;
    return cursor_skip(c, 1) && cursor_u8(c, &options) && cursor_skip(c, options * 4u);
}

/* The IP version is the first four bits of the packet. */
static enum note decode_raw(struct link_layer *out, const struct cursor *c)
{
    struct cursor ahead = *c;
    uint8_t first;
    if (!cursor_u8(&ahead, &first))
        return NOTE_CUT;
    if (first >> 4 == 4)
        out->ethertype = ETHERTYPE_V4;
    else if (first >> 4 == 6)
        out->ethertype = ETHERTYPE_V6;
    else
        return NOTE_NOT_IP;
    return NOTE_NONE;
}

/* RFC 3032: 20 bits label, 3 traffic class, 1 bottom of stack, 8 time to live. What is below the
 * stack has no type: it is taken for IP if it looks like it. */
static enum note decode_mpls(struct link_layer *out, struct cursor *c)
{
    uint32_t entry = 0;
    for (unsigned entries = 0; !(entry & 0x100); entries++) {
        if (entries == TAGS_MAX)
            return NOTE_MALFORMED;
        if (!cursor_u32(c, &entry))
            return NOTE_CUT;
    }
    return decode_raw(out, c);
}

/* RFC 2516: version and type, code, session id, length; RFC 1661: protocol. */
static enum note decode_pppoe(struct link_layer *out, struct cursor *c)
{
    enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };
    uint16_t protocol;
    if (!cursor_skip(c, 6) || !cursor_u16(c, &protocol))
        return NOTE_CUT;
    return protocol == PPP_IPV4 || protocol == PPP_IPV6 ? decode_raw(out, c) : NOTE_NOT_IP;
}

/* After each tag: 16 bits, the ethertype of what follows. */
static enum note pass_tags(struct link_layer *out, struct cursor *c, uint16_t ethertype)
{
    if (LIKELY(ethertype == ETHERTYPE_V4)) {
        out->ethertype = ethertype;
        return NOTE_NONE;
    }
    for (unsigned tags = 0; is_tag(ethertype); tags++) {
        if (tags == TAGS_MAX)
            return NOTE_MALFORMED;
        bool passed =
            ethertype == ETHERTYPE_CISCO_METADATA ? pass_cisco_metadata(c) : pass_vlan(out, c);
        if (!passed || !cursor_u16(c, &ethertype))
            return NOTE_CUT;
    }
    if (ethertype == ETHERTYPE_MPLS || ethertype == ETHERTYPE_MPLS_UPSTREAM)
        return decode_mpls(out, c);
    if (ethertype == ETHERTYPE_PPPOE_SESSION)
        return decode_pppoe(out, c);
    out->ethertype = ethertype;
    return ethertype == ETHERTYPE_V4 || ethertype == ETHERTYPE_V6 ? NOTE_NONE : NOTE_NOT_IP;
}

static enum note decode_ethernet(struct link_layer *out, struct cursor *c)
{
    enum { ETHERTYPE = 12, SIZE = 14 };
    struct span header;
    if (!cursor_bytes(c, &header, SIZE))
        return NOTE_CUT;
    uint16_t ethertype = be16(header.p + ETHERTYPE);
    if (ethertype < ETHERTYPE_MIN)
        return NOTE_NOT_IP;
    return pass_tags(out, c, ethertype);
}

/* LINUX_SLL: packet type, ARPHRD type, address length (16 bits each), address (8 bytes), protocol.
 */
static enum note decode_sll(struct link_layer *out, struct cursor *c)
{
    uint16_t protocol;
    if (!cursor_skip(c, 14) || !cursor_u16(c, &protocol))
        return NOTE_CUT;
    return pass_tags(out, c, protocol);
}

/* LINUX_SLL2: protocol, reserved (16 bits each), interface index (32), ARPHRD type (16), packet
 * type, address length (8 each), address (8 bytes). */
static enum note decode_sll2(struct link_layer *out, struct cursor *c)
{
    uint16_t protocol;
    if (!cursor_u16(c, &protocol) || !cursor_skip(c, 18))
        return NOTE_CUT;
    return pass_tags(out, c, protocol);
}

/* NULL and LOOP: a 32-bit address family in somebody's byte order. AF_INET is 2 everywhere,
 * AF_INET6 is not; the packet's own version field decides what all that are no family of IP leave
 * open. */
static enum note decode_loopback(struct link_layer *out, struct cursor *c)
{
    uint32_t family;
    if (!cursor_u32(c, &family))
        return NOTE_CUT;
    if (family > 0xffff) /* the other byte order */
        family = __builtin_bswap32(family);
    switch (family) {
    case 2:  /* AF_INET */
    case 10: /* AF_INET6: Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* Darwin */
        return decode_raw(out, c);
    default:
        return NOTE_NOT_IP;
    }
}

enum note link_decode(struct link_layer *out, struct cursor *c, enum link_type link)
{
    *out = (struct link_layer){0};
    switch (link) {
    case LINK_ETHERNET:
        return decode_ethernet(out, c);
    case LINK_LINUX_SLL:
        return decode_sll(out, c);
    case LINK_LINUX_SLL2:
        return decode_sll2(out, c);
    case LINK_NULL:
    case LINK_LOOP:
        return decode_loopback(out, c);
    case LINK_RAW:
        return decode_raw(out, c);
    case LINK_IPV4:
        out->ethertype = ETHERTYPE_V4;
        return NOTE_NONE;
    case LINK_IPV6:
        out->ethertype = ETHERTYPE_V6;
        return NOTE_NONE;
    case LINK_PKTAP:
    case LINK_UNSUPPORTED:
        break;
    }
    return NOTE_UNSUPPORTED_LINK;
}
