/* tunnel.c: see tunnel.h. What is inside is read by link_pass and decode.c. */
#include "tunnel.h"

/* --- the list --- */

static enum note enter(struct layers *l, struct outer *outer, enum tunnel_kind kind, uint16_t next)
{
    if (outer->count == TUNNELS_MAX)
        return NOTE_TOO_DEEP;
    outer->tunnels[outer->count++] = (struct tunnel){.kind = (uint8_t)kind};
    return layers_to(l, next);
}

static enum note enter_number(struct layers *l, struct outer *outer, enum tunnel_kind kind,
                              uint32_t number, uint16_t next)
{
    enum note note = enter(l, outer, kind, next);
    if (note != NOTE_NONE)
        return note;
    outer->tunnels[outer->count - 1].numbered = true;
    outer->tunnels[outer->count - 1].number = number;
    return NOTE_NONE;
}

/* The first four bits of what the cursor stands on; 0 if there is nothing. */
static unsigned version_ahead(const struct layers *l)
{
    return l->c.left ? l->c.p[0] >> 4 : 0;
}

static bool is_ip_ahead(const struct layers *l)
{
    return version_ahead(l) == 4 || version_ahead(l) == 6;
}

/* --- GRE --- */

/* Cisco ERSPAN. Type I has no header. Type II: version (1) and VLAN, class of service and session
 * (10 bits), reserved and index; type III: version (2) and VLAN, class and session, time (32 bits),
 * group, frame type (5 bits), more, the last bit: 8 bytes follow.
 * https://datatracker.ietf.org/doc/html/draft-foschiano-erspan-03 */
static enum note enter_erspan(struct layers *l, struct outer *outer, bool sequenced, bool third)
{
    enum { SESSION = 2, SECOND_SIZE = 8, THIRD_SIZE = 12, LAST = 11, SUBHEADER = 8 };
    struct span header;
    if (!third && !sequenced)
        return enter(l, outer, TUNNEL_ERSPAN, ETHERTYPE_BRIDGED);
    if (!cursor_bytes(&l->c, &header, third ? THIRD_SIZE : SECOND_SIZE))
        return NOTE_CUT;
    if (third && header.p[LAST] & 1 && !layers_skip(l, SUBHEADER))
        return NOTE_CUT;
    uint16_t session = be16(header.p + SESSION) & 0x3ff;
    bool bare = third && (header.p[LAST - 1] >> 2 & 0x1f) == 2;
    return enter_number(l, outer, TUNNEL_ERSPAN, session, bare ? NEXT_IP : ETHERTYPE_BRIDGED);
}

/* Cisco WCCP: version 2 has 32 bits before the packet. */
static enum note enter_wccp(struct layers *l, struct outer *outer)
{
    if (version_ahead(l) != 4 && !layers_skip(l, 4))
        return NOTE_CUT;
    return enter(l, outer, TUNNEL_WCCP, ETHERTYPE_V4);
}

static enum note enter_gre_payload(struct layers *l, struct outer *outer, uint16_t protocol,
                                   bool sequenced)
{
    enum { ERSPAN = 0x88be, ERSPAN_III = 0x22eb, WCCP = 0x883e };
    enum { ARUBA_FIRST = 0x8200, ARUBA_LAST = 0x83ff, ARUBA = 0x9000 }; /* IEEE 802.11 frames */
    if (protocol == ERSPAN || protocol == ERSPAN_III)
        return enter_erspan(l, outer, sequenced, protocol == ERSPAN_III);
    if (protocol == WCCP)
        return enter_wccp(l, outer);
    if ((protocol >= ARUBA_FIRST && protocol <= ARUBA_LAST) || protocol == ARUBA)
        return layers_to(l, NEXT_WLAN);
    return protocol < ETHERTYPE_MIN ? NOTE_NOT_IP : layers_to(l, protocol);
}

/* RFC 2784, RFC 2890: flags and version, protocol; as the flags say: checksum and reserved, key,
 * sequence number. Version 1 (PPTP, RFC 2637): the key is a length and a call id, and an
 * acknowledgment may follow. A route (RFC 1701) is out of use. */
static enum note enter_gre(struct layers *l, struct outer *outer)
{
    enum { CHECKSUM = 0x8000, ROUTE = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACK = 0x0080 };
    struct cursor *c = &l->c;
    uint16_t flags, protocol;
    uint32_t key = 0;
    if (!cursor_u16(c, &flags) || !cursor_u16(c, &protocol))
        return NOTE_CUT;
    unsigned version = flags & 7;
    if (version > 1 || flags & ROUTE)
        return NOTE_NOT_TCP;
    if ((flags & CHECKSUM && !cursor_skip(c, 4)) || (flags & KEY && !cursor_u32(c, &key)) ||
        (flags & SEQUENCE && !cursor_skip(c, 4)) ||
        (version == 1 && flags & ACK && !cursor_skip(c, 4)))
        return NOTE_CUT;
    enum note note = version == 1  ? enter_number(l, outer, TUNNEL_PPTP, key & 0xffff, protocol)
                     : flags & KEY ? enter_number(l, outer, TUNNEL_GRE, key, protocol)
                                   : enter(l, outer, TUNNEL_GRE, protocol);
    return note == NOTE_NONE ? enter_gre_payload(l, outer, protocol, flags & SEQUENCE) : note;
}

/* --- over UDP: the cursor stands behind the UDP header --- */

/* RFC 7348: flags (I: 08), reserved (24), VNI (24), reserved. */
static enum note enter_vxlan(struct layers *l, struct outer *outer)
{
    enum { SIZE = 8, VNI = 4, I = 0x08 };
    struct span header;
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_CUT;
    if (!(header.p[0] & I))
        return NOTE_NOT_TCP;
    return enter_number(l, outer, TUNNEL_VXLAN, be32(header.p + VNI) >> 8, ETHERTYPE_BRIDGED);
}

/* draft-ietf-nvo3-vxlan-gpe: flags (version 2 bits, I: 08, P: 04), reserved (16), next protocol,
 * VNI (24), reserved. */
static enum note enter_vxlan_gpe(struct layers *l, struct outer *outer)
{
    enum { SIZE = 8, NEXT = 3, VNI = 4, VERSION = 0x30, I = 0x08, P = 0x04 };
    enum { IPV4 = 1, IPV6 = 2, ETHERNET = 3 };
    struct span header;
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_CUT;
    if (!(header.p[0] & I) || header.p[0] & VERSION)
        return NOTE_NOT_TCP;
    uint8_t protocol = header.p[0] & P ? header.p[NEXT] : ETHERNET;
    if (protocol < IPV4 || protocol > ETHERNET)
        return NOTE_NOT_TCP;
    return enter_number(l, outer, TUNNEL_VXLAN_GPE, be32(header.p + VNI) >> 8,
                        protocol == ETHERNET ? ETHERTYPE_BRIDGED : NEXT_IP);
}

/* RFC 8926: version (2 bits), length of options in 32-bit words (6); flags; protocol; VNI (24),
 * reserved; options. */
static enum note enter_geneve(struct layers *l, struct outer *outer)
{
    enum { SIZE = 8, PROTOCOL = 2, VNI = 4 };
    struct span header;
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_CUT;
    uint16_t protocol = be16(header.p + PROTOCOL);
    if (header.p[0] >> 6 || protocol < ETHERTYPE_MIN)
        return NOTE_NOT_TCP;
    if (!layers_skip(l, (header.p[0] & 0x3fu) * 4))
        return NOTE_CUT;
    return enter_number(l, outer, TUNNEL_GENEVE, be32(header.p + VNI) >> 8, protocol);
}

/* 3GPP TS 29.281 section 5: version (3 bits: 1), protocol type (1: GTP), flags; message type (255:
 * a packet), length, tunnel id. If any flag is set: sequence (16 bits), N-PDU (8), type of the next
 * extension (8). Extension: length in 32-bit words, content, type of the next. */
static enum note enter_gtp(struct layers *l, struct outer *outer)
{
    enum { SIZE = 8, TYPE = 1, TEID = 4, VERSION_GTP = 0x30, PACKET = 255 };
    enum { FLAGS = 0x07, EXTENDED = 0x04, EXTENSIONS_MAX = 8 };
    struct cursor *c = &l->c;
    struct span header;
    uint8_t next = 0;
    if (!cursor_bytes(c, &header, SIZE))
        return NOTE_CUT;
    if ((header.p[0] & 0xf0) != VERSION_GTP || header.p[TYPE] != PACKET)
        return NOTE_NOT_TCP;
    if (header.p[0] & FLAGS && (!cursor_skip(c, 3) || !cursor_u8(c, &next)))
        return NOTE_CUT;
    for (unsigned i = 0; header.p[0] & EXTENDED && next; i++) {
        uint8_t words;
        if (i == EXTENSIONS_MAX || !cursor_u8(c, &words) || words == 0)
            return NOTE_NOT_TCP;
        if (!cursor_skip(c, words * 4u - 2) || !cursor_u8(c, &next))
            return NOTE_CUT;
    }
    if (!is_ip_ahead(l))
        return NOTE_NOT_TCP;
    return enter_number(l, outer, TUNNEL_GTP_U, be32(header.p + TEID), NEXT_IP);
}

/* RFC 4380 section 5.1.1: an authentication (type 0001, lengths of id and value, both, a nonce of 8
 * bytes, confirmation), an origin (type 0000, port, address), each if it is there; then IPv6. */
static enum note enter_teredo(struct layers *l, struct outer *outer)
{
    enum { AUTHENTICATION = 0x0001, ORIGIN = 0x0000, IPV6_HEADER = 40 };
    struct cursor *c = &l->c, ahead = *c;
    uint16_t type;
    uint8_t id, value;
    if (cursor_u16(&ahead, &type) && type == AUTHENTICATION) {
        if (!cursor_u8(&ahead, &id) || !cursor_u8(&ahead, &value) ||
            !cursor_skip(&ahead, id + value + 9u))
            return NOTE_NOT_TCP;
        *c = ahead;
    }
    ahead = *c;
    if (cursor_u16(&ahead, &type) && type == ORIGIN) {
        if (!cursor_skip(&ahead, 6))
            return NOTE_NOT_TCP;
        *c = ahead;
    }
    if (version_ahead(l) != 6 || c->left < IPV6_HEADER ||
        be16(c->p + 4) + (uint32_t)IPV6_HEADER > layers_wire(l))
        return NOTE_NOT_TCP;
    return enter(l, outer, TUNNEL_TEREDO, ETHERTYPE_V6);
}

/* RFC 2661 section 3.1: flags (T: a control message, L: a length, S: sequence numbers, O: an
 * offset) and version (4 bits: 2); length; tunnel id, session id; Ns, Nr; size of an offset, the
 * offset; PPP. */
static enum note enter_l2tp(struct layers *l, struct outer *outer)
{
    enum { T = 0x8000, L = 0x4000, S = 0x0800, O = 0x0200, VERSION = 0xf };
    struct cursor *c = &l->c;
    uint16_t flags, session, offset = 0;
    if (!cursor_u16(c, &flags))
        return NOTE_CUT;
    if (flags & T || (flags & VERSION) != 2)
        return NOTE_NOT_TCP;
    if ((flags & L && !cursor_skip(c, 2)) || !cursor_skip(c, 2) || !cursor_u16(c, &session) ||
        (flags & S && !cursor_skip(c, 4)) ||
        (flags & O && (!cursor_u16(c, &offset) || !cursor_skip(c, offset))))
        return NOTE_CUT;
    return enter_number(l, outer, TUNNEL_L2TP, session, NEXT_PPP);
}

/* RFC 7510. */
static enum note enter_mpls(struct layers *l, struct outer *outer)
{
    return enter(l, outer, TUNNEL_MPLS, ETHERTYPE_MPLS);
}

/* RFC 9300 section 5.1: flags, nonce, instance: 8 bytes. */
static enum note enter_lisp(struct layers *l, struct outer *outer)
{
    if (!layers_skip(l, 8))
        return NOTE_CUT;
    return is_ip_ahead(l) ? enter(l, outer, TUNNEL_LISP, NEXT_IP) : NOTE_NOT_TCP;
}

/* draft-massar-v6ops-ayiya: length of the identity (a power of two, 4 bits) and its type; length of
 * the signature (in 32-bit words, 4 bits) and its method; authentication and operation (1:
 * forward); next header; time (32 bits); identity; signature. */
static enum note enter_ayiya(struct layers *l, struct outer *outer)
{
    enum { OPERATION = 2, NEXT = 3, SIZE = 8, FORWARD = 1, IPV6 = 41, IPV4 = 4 };
    struct span header;
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_CUT;
    if ((header.p[OPERATION] & 0xf) != FORWARD ||
        (header.p[NEXT] != IPV6 && header.p[NEXT] != IPV4))
        return NOTE_NOT_TCP;
    if (!layers_skip(l, ((size_t)1 << (header.p[0] >> 4)) + (header.p[1] >> 4) * 4u))
        return NOTE_CUT;
    return is_ip_ahead(l) ? enter(l, outer, TUNNEL_AYIYA, NEXT_IP) : NOTE_NOT_TCP;
}

/* The service name registry's ports. `both`: what is sent back comes from that port. */
static const struct {
    uint16_t port;
    bool both;
    enum note (*enter)(struct layers *l, struct outer *outer);
} services[] = {
    {4789, false, enter_vxlan},     {8472, false, enter_vxlan}, /* what Linux took before there was
                                                                   a number, and takes by default */
    {4790, false, enter_vxlan_gpe}, {6081, false, enter_geneve}, {2152, true, enter_gtp},
    {3544, true, enter_teredo},     {1701, true, enter_l2tp},    {6635, false, enter_mpls},
    {4754, false, enter_gre}, /* RFC 8086 */
    {4341, false, enter_lisp},      {5072, true, enter_ayiya},
};

/* Source and destination port, length, checksum. */
static enum note enter_udp(struct layers *l, struct outer *outer)
{
    enum { TO = 2, LENGTH = 4, SIZE = 8 };
    struct span header;
    enum note note = NOTE_NOT_TCP;
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_NOT_TCP; /* whatever it was */
    uint16_t from = be16(header.p), to = be16(header.p + TO);
    if (!tunnel_may_name(from) && !tunnel_may_name(to))
        return NOTE_NOT_TCP;
    for (size_t i = 0; i < COUNT_OF(services) && note == NOTE_NOT_TCP; i++)
        if (services[i].port == to || (services[i].both && services[i].port == from))
            note = services[i].enter(l, outer);
    return note == NOTE_CUT && !l->cut ? NOTE_NOT_TCP : note;
}

/* --- over IP --- */

/* RFC 3378: version (4 bits: 3), reserved; an Ethernet frame. */
static enum note enter_etherip(struct layers *l, struct outer *outer)
{
    if (version_ahead(l) != 3)
        return NOTE_NOT_TCP;
    if (!layers_skip(l, 2))
        return NOTE_CUT;
    return enter(l, outer, TUNNEL_ETHERIP, ETHERTYPE_BRIDGED);
}

enum note tunnel_enter(struct layers *l, struct outer *outer, uint8_t protocol)
{
    enum { IPV4 = 4, UDP = 17, IPV6 = 41, GRE = 47, IPIP = 94, ETHERIP = 97, MPLS = 137 };
    bool in_ipv4 = l->next == ETHERTYPE_V4;
    switch (protocol) {
    case UDP:
        return enter_udp(l, outer);
    case GRE:
        return enter_gre(l, outer);
    case IPV4:
    case IPIP:
        return enter(l, outer, in_ipv4 ? TUNNEL_IPIP : TUNNEL_4IN6, ETHERTYPE_V4);
    case IPV6:
        return enter(l, outer, in_ipv4 ? TUNNEL_6IN4 : TUNNEL_6IN6, ETHERTYPE_V6);
    case ETHERIP:
        return enter_etherip(l, outer);
    case MPLS:
        return enter_mpls(l, outer);
    default:
        return NOTE_NOT_TCP;
    }
}
