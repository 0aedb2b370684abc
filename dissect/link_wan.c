/* link_wan.c: see link_wan.h. */
#include "link_wan.h"

#include "limits.h"

/* --- PPP --- */

/* Address and control FF 03, which may have been agreed away, as may the protocol's first byte
 * where it is 0 (RFC 1661 section 6.5, RFC 1662 section 3.2); protocol. */
enum note link_ppp(struct layers *l)
{
    enum { ADDRESS_CONTROL = 0xff03, IPV4 = 0x0021, IPV6 = 0x0057, MPLS = 0x0281, MPLS_2 = 0x0283 };
    struct cursor *c = &l->c, ahead = *c;
    uint16_t protocol;
    uint8_t first;
    if (cursor_u16(&ahead, &protocol) && protocol == ADDRESS_CONTROL)
        *c = ahead;
    ahead = *c;
    if (!cursor_u8(&ahead, &first))
        return NOTE_CUT;
    protocol = first;
    if (first & 1)
        *c = ahead;
    else if (!cursor_u16(c, &protocol))
        return NOTE_CUT;
    switch (protocol) {
    case IPV4:
    case IPV6:
        return layers_to(l, NEXT_IP);
    case MPLS:
    case MPLS_2:
        return layers_to(l, ETHERTYPE_MPLS);
    default:
        return NOTE_NOT_IP;
    }
}

enum note link_ppp_hdlc(struct layers *l)
{
    enum { CISCO_UNICAST = 0x0f, CISCO_MULTICAST = 0x8f };
    struct cursor ahead = l->c;
    uint8_t first;
    if (!cursor_u8(&ahead, &first))
        return NOTE_CUT;
    if (first == CISCO_UNICAST || first == CISCO_MULTICAST)
        return link_cisco_hdlc(l);
    return layers_to(l, NEXT_PPP);
}

enum note link_ppp_direction(struct layers *l)
{
    return layers_past(l, 1, NEXT_PPP);
}

enum note link_ppp_pppd(struct layers *l)
{
    struct cursor ahead = l->c;
    uint8_t control;
    if (!cursor_skip(&ahead, 1) || !cursor_u8(&ahead, &control))
        return NOTE_CUT;
    return layers_past(l, control == 0x03 ? 2 : 1, NEXT_PPP);
}

/* Version and type, code (0: a session's data), session id, length. */
enum note link_pppoe(struct layers *l)
{
    struct cursor *c = &l->c;
    uint8_t version_type, code;
    if (!cursor_u8(c, &version_type) || !cursor_u8(c, &code) || !cursor_skip(c, 4))
        return NOTE_CUT;
    return version_type == 0x11 && code == 0 ? layers_to(l, NEXT_PPP) : NOTE_NOT_IP;
}

/* --- other lines --- */

/* Address, control (8 bits each), protocol, mostly an ethertype. */
enum note link_cisco_hdlc(struct layers *l)
{
    uint16_t protocol;
    if (!cursor_skip(&l->c, 2) || !cursor_u16(&l->c, &protocol))
        return NOTE_CUT;
    return protocol < ETHERTYPE_MIN ? NOTE_NOT_IP : layers_to(l, protocol);
}

/* Direction (8 bits), then how the header was compressed (15 bytes), as which it is not shown. */
enum note link_slip(struct layers *l)
{
    return layers_past(l, 16, NEXT_IP);
}

/* Q.922 address: two bytes or more, the last one is odd. Then control 03 and a network layer id
 * (RFC 2427 section 3), or an ethertype as Cisco does it. */
enum note link_frame_relay(struct layers *l)
{
    enum { ADDRESS_MAX = 4, UI = 0x03, PAD = 0, IPV4 = 0xcc, IPV6 = 0x8e, SNAP = 0x80 };
    struct cursor *c = &l->c;
    uint8_t byte = 0, id;
    for (unsigned i = 0; !(byte & 1); i++) {
        if (i == ADDRESS_MAX)
            return NOTE_MALFORMED;
        if (!cursor_u8(c, &byte))
            return NOTE_CUT;
    }
    struct cursor ahead = *c;
    if (!cursor_u8(&ahead, &byte))
        return NOTE_CUT;
    if (byte != UI) {
        uint16_t type;
        if (!cursor_u16(c, &type))
            return NOTE_CUT;
        return type < ETHERTYPE_MIN ? NOTE_NOT_IP : layers_to(l, type);
    }
    *c = ahead;
    if (!cursor_u8(c, &id) || (id == PAD && !cursor_u8(c, &id)))
        return NOTE_CUT;
    if (id == IPV4 || id == IPV6)
        return layers_to(l, NEXT_IP);
    uint32_t organisation;
    uint16_t type;
    if (id != SNAP)
        return NOTE_NOT_IP;
    if (!cursor_u24(c, &organisation) || !cursor_u16(c, &type))
        return NOTE_CUT;
    return organisation == 0 && type >= ETHERTYPE_MIN ? layers_to(l, type) : NOTE_NOT_IP;
}

/* Is there an Ethernet header `at` bytes on, whose ethertype is one of those that matter? */
static bool is_ethernet_ahead(const struct layers *l, size_t at)
{
    enum { ETHERTYPE = 12, SIZE = 14, VLAN = 0x8100, SERVICE_VLAN = 0x88a8 };
    if (l->c.left < at + SIZE)
        return false;
    uint16_t type = be16(l->c.p + at + ETHERTYPE);
    return type == ETHERTYPE_V4 || type == ETHERTYPE_V6 || type == VLAN || type == SERVICE_VLAN;
}

/* 20 bits label, 3 traffic class, 1 bottom of stack, 8 time to live. What is below the stack has no
 * type. It is taken for IP if it looks like it; a first four bits of 0 are a pseudowire's control
 * word (RFC 4385), behind which an Ethernet frame is the likeliest (RFC 4448), as it is without:
 * most addresses begin with 0, too. */
enum note link_mpls(struct layers *l)
{
    enum { CONTROL_WORD = 4, ASSOCIATED_CHANNEL = 1 };
    struct cursor *c = &l->c;
    uint32_t entry = 0;
    uint8_t first;
    for (unsigned entries = 0; !(entry & 0x100); entries++) {
        if (entries == LIMIT_LAYERS)
            return NOTE_MALFORMED;
        if (!cursor_u32(c, &entry))
            return NOTE_CUT;
    }
    struct cursor ahead = *c;
    if (!cursor_u8(&ahead, &first))
        return NOTE_CUT;
    switch (first >> 4) {
    case 4:
    case 6:
        return layers_to(l, NEXT_IP);
    case 0:
        if (is_ethernet_ahead(l, 0) && !is_ethernet_ahead(l, CONTROL_WORD))
            return layers_to(l, ETHERTYPE_BRIDGED);
        return layers_past(l, CONTROL_WORD, ETHERTYPE_BRIDGED);
    case ASSOCIATED_CHANNEL:
        return NOTE_NOT_IP;
    default:
        return layers_to(l, ETHERTYPE_BRIDGED);
    }
}

/* Flags, of which the low four bits are the kind of traffic, VPI (8 bits each), VCI. */
enum note link_sun_atm(struct layers *l)
{
    enum { KIND_LLC = 2 };
    uint8_t flags;
    if (!cursor_u8(&l->c, &flags))
        return NOTE_CUT;
    return (flags & 0xf) == KIND_LLC ? layers_past(l, 3, NEXT_LLC) : NOTE_NOT_IP;
}

/* --- Juniper --- */

/* "MGC", flags; if they say so, a length and as many bytes. Returns whether the link's own header
 * follows in *has_link. */
static enum note pass_juniper(struct layers *l, bool *has_link)
{
    enum { MAGIC = 0x4d4743, NO_LINK = 0x02, EXTENDED = 0x80 };
    struct cursor *c = &l->c;
    uint32_t magic;
    uint8_t flags;
    uint16_t length = 0;
    if (!cursor_u24(c, &magic) || !cursor_u8(c, &flags))
        return NOTE_CUT;
    if (magic != MAGIC)
        return NOTE_MALFORMED;
    if (flags & EXTENDED && (!cursor_u16(c, &length) || !cursor_skip(c, length)))
        return NOTE_CUT;
    *has_link = !(flags & NO_LINK);
    return NOTE_NONE;
}

/* Where there is no link header, 32 bits of family stand for it. */
static enum note juniper(struct layers *l, enum note (*link)(struct layers *l))
{
    bool has_link;
    enum note note = pass_juniper(l, &has_link);
    if (note != NOTE_NONE)
        return note;
    return has_link ? link(l) : layers_past(l, 4, NEXT_IP);
}

static enum note to_ethernet(struct layers *l)
{
    return layers_to(l, ETHERTYPE_BRIDGED);
}

enum note link_juniper_ethernet(struct layers *l)
{
    return juniper(l, to_ethernet);
}

enum note link_juniper_ppp(struct layers *l)
{
    return juniper(l, link_ppp);
}

enum note link_juniper_hdlc(struct layers *l)
{
    return juniper(l, link_cisco_hdlc);
}

enum note link_juniper_frame_relay(struct layers *l)
{
    return juniper(l, link_frame_relay);
}
