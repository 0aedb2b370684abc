/* link_os.c: see link_os.h. */
#include "link_os.h"

/* The packet's own version field decides what all families that are none of IP leave open. AF_INET
 * is 2 everywhere, AF_INET6 is not. */
static enum note family_to(struct layers *l, uint32_t family)
{
    switch (family) {
    case 2:  /* AF_INET */
    case 10: /* AF_INET6: Linux */
    case 23: /* Windows */
    case 24: /* NetBSD, OpenBSD */
    case 26: /* Solaris */
    case 28: /* FreeBSD */
    case 30: /* Darwin */
        return layers_to(l, NEXT_IP);
    default:
        return NOTE_NOT_IP;
    }
}

/* NULL and LOOP: a 32-bit address family in somebody's byte order. */
enum note link_loopback(struct layers *l)
{
    uint32_t family;
    if (!cursor_u32(&l->c, &family))
        return NOTE_CUT;
    return family_to(l, family > 0xffff ? __builtin_bswap32(family) : family);
}

/* What the protocol of a cooked packet means depends on the kind of device (ARPHRD_ numbers). */
static enum note cooked_to(struct layers *l, uint16_t device, uint16_t protocol)
{
    enum { DEVICE_WLAN = 801, DEVICE_NETLINK = 824, PROTOCOL_LLC = 4 };
    if (device == DEVICE_NETLINK)
        return NOTE_NOT_IP;
    if (device == DEVICE_WLAN)
        return layers_to(l, NEXT_WLAN);
    if (protocol == PROTOCOL_LLC)
        return layers_to(l, NEXT_LLC);
    return protocol < ETHERTYPE_MIN ? NOTE_NOT_IP : layers_to(l, protocol);
}

/* LINUX_SLL: packet type, ARPHRD type, address length (16 bits each), address (8 bytes), protocol.
 */
enum note link_sll(struct layers *l)
{
    enum { DEVICE = 2, PROTOCOL = 14, SIZE = 16 };
    struct span header;
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_CUT;
    return cooked_to(l, be16(header.p + DEVICE), be16(header.p + PROTOCOL));
}

/* LINUX_SLL2: protocol, reserved (16 bits each), interface index (32), ARPHRD type (16), packet
 * type, address length (8 each), address (8 bytes). */
enum note link_sll2(struct layers *l)
{
    enum { PROTOCOL = 0, DEVICE = 8, SIZE = 20 };
    struct span header;
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_CUT;
    return cooked_to(l, be16(header.p + DEVICE), be16(header.p + PROTOCOL));
}

/* Family, version (8 bits each), resource id; then fields: length of all of it, type (16 bits each,
 * in the byte order of the host), value, padded to four bytes. One of them is the packet. */
enum note link_nflog(struct layers *l)
{
    enum { PAYLOAD = 9, FIELD_HEADER = 4 };
    struct cursor *c = &l->c, field;
    uint8_t family;
    if (!cursor_u8(c, &family) || !cursor_skip(c, 3))
        return NOTE_CUT;
    while (c->left >= FIELD_HEADER) {
        uint16_t size = __builtin_bswap16(be16(c->p)), type = __builtin_bswap16(be16(c->p + 2));
        if (size > 0xff && be16(c->p) <= 0xff && type > 0xff) { /* big-endian */
            size = be16(c->p);
            type = be16(c->p + 2);
        }
        if (size < FIELD_HEADER)
            return NOTE_MALFORMED;
        if (type == PAYLOAD) { /* the snap length may cut it, but nothing follows it then */
            uint32_t cut = size > c->left ? size - (uint32_t)c->left : 0;
            if (!cursor_sub(c, &field, size - cut) || !cursor_skip(&field, FIELD_HEADER))
                return NOTE_CUT;
            l->c = field;
            l->cut = cut;
            return family_to(l, family);
        }
        if (!cursor_skip(c, (size + 3u) & ~3u))
            return NOTE_CUT;
    }
    return c->left ? NOTE_CUT : NOTE_NOT_IP;
}

/* Version, family (8 bits each), hook (16), length, interface, group, zones (32 each). */
enum note link_ipnet(struct layers *l)
{
    enum { FAMILY = 1, SIZE = 24 };
    struct span header;
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_CUT;
    return family_to(l, header.p[FAMILY]);
}

/* Family in the host's byte order, security parameters index, flags: 32 bits each. */
enum note link_bsd_enc(struct layers *l)
{
    enum note note = link_loopback(l);
    return note == NOTE_NONE && !layers_skip(l, 8) ? NOTE_CUT : note;
}

/* Length of the header without its padding to four bytes, family: 8 bits each; and more. */
enum note link_bsd_pflog(struct layers *l)
{
    struct cursor ahead = l->c;
    uint8_t length, family;
    if (!cursor_u8(&ahead, &length) || !cursor_u8(&ahead, &family) ||
        !layers_skip(l, (length + 3u) & ~3u))
        return NOTE_CUT;
    return family_to(l, family);
}
