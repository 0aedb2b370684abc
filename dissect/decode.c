/* decode.c: IP and TCP headers. Lengths come in pairs here: what was on the wire (`wire`), and what
 * the snap length left of it (the cursor). A header that the first allows but the second cuts is
 * NOTE_CUT, one that the first forbids is NOTE_MALFORMED. */
#include "decode.h"

#include "cursor.h"
#include "link.h"

enum {
    PROTOCOL_TCP = 6,
    IPV4_HEADER_MIN = 20,
    IPV6_HEADER = 40,
    TCP_HEADER_MIN = 20,
    /* More extension headers than RFC 8200 has kinds of; a cap against packets full of them. */
    EXTENSIONS_MAX = 10
};

/* IPv6 extension headers (RFC 8200 section 4.1, RFC 4302, RFC 6275). */
enum {
    EXT_HOP_BY_HOP = 0,
    EXT_ROUTING = 43,
    EXT_FRAGMENT = 44,
    EXT_AUTHENTICATION = 51,
    EXT_DESTINATION = 60,
    EXT_MOBILITY = 135
};

/* Cuts the cursor down to an IP packet of `total` bytes. A total above what the capture says was on
 * the wire is wrong, or a tool has cut packets and written the cut length for both: either way only
 * what was there is counted. */
static bool bound(struct cursor *c, uint32_t *wire, uint32_t total, uint32_t header)
{
    if (total == 0 || total > *wire) /* 0: segmentation offload, not known yet */
        total = *wire;
    if (total < header)
        return false;
    if (c->left > total)
        c->left = total;
    *wire = total;
    return true;
}

/* version and IHL, DSCP, total length; identification, flags and offset; TTL, protocol, checksum;
 * source; destination; options. */
static enum note decode_ipv4(struct segment *out, struct cursor *c, uint32_t *wire)
{
    struct cursor ip = *c;
    uint8_t first, ttl, protocol;
    uint16_t total, fragment;
    struct span source, destination;
    if (*wire < IPV4_HEADER_MIN)
        return NOTE_MALFORMED;
    if (!cursor_u8(&ip, &first) || !cursor_skip(&ip, 1) || !cursor_u16(&ip, &total) ||
        !cursor_skip(&ip, 2) || !cursor_u16(&ip, &fragment) || !cursor_u8(&ip, &ttl) ||
        !cursor_u8(&ip, &protocol) || !cursor_skip(&ip, 2) || !cursor_bytes(&ip, &source, 4) ||
        !cursor_bytes(&ip, &destination, 4))
        return NOTE_CUT;
    uint32_t header = (first & 0xfu) * 4;
    if (first >> 4 != 4 || header < IPV4_HEADER_MIN || !bound(c, wire, total, header))
        return NOTE_MALFORMED;
    out->ip = cursor_rest(c);
    if (fragment & 0x3fff) /* more fragments, or an offset */
        return NOTE_FRAGMENT;
    if (protocol != PROTOCOL_TCP)
        return NOTE_NOT_TCP;
    if (!cursor_skip(c, header))
        return NOTE_CUT;
    *wire -= header;
    out->ttl = ttl;
    memcpy(out->from.ip, source.p, 4);
    memcpy(out->to.ip, destination.p, 4);
    return NOTE_NONE;
}

static bool is_extension(uint8_t next)
{
    return next == EXT_HOP_BY_HOP || next == EXT_ROUTING || next == EXT_DESTINATION ||
           next == EXT_AUTHENTICATION || next == EXT_MOBILITY;
}

/* Extension: next header, length (of 8 bytes beyond the first 8; of 4 bytes less 2 for
 * Authentication). A Fragment header of a packet that is whole (RFC 6946) is passed over. */
static enum note pass_extensions(uint8_t *next, struct cursor *c, uint32_t *wire)
{
    for (unsigned i = 0; is_extension(*next) || *next == EXT_FRAGMENT; i++) {
        struct cursor ahead = *c;
        uint8_t following, length;
        if (i == EXTENSIONS_MAX)
            return NOTE_MALFORMED;
        if (!cursor_u8(&ahead, &following) || !cursor_u8(&ahead, &length))
            return NOTE_CUT;
        uint32_t size = (length + 1u) * 8;
        if (*next == EXT_AUTHENTICATION) {
            size = (length + 2u) * 4;
        } else if (*next == EXT_FRAGMENT) {
            uint16_t offset;
            size = 8;
            if (!cursor_u16(&ahead, &offset))
                return NOTE_CUT;
            if (offset & 0xfff9) /* an offset, or more fragments */
                return NOTE_FRAGMENT;
        }
        if (size > *wire)
            return NOTE_MALFORMED;
        if (!cursor_skip(c, size))
            return NOTE_CUT;
        *wire -= size;
        *next = following;
    }
    return NOTE_NONE;
}

/* version, class, flow label; payload length, next header, hop limit; source; destination. */
static enum note decode_ipv6(struct segment *out, struct cursor *c, uint32_t *wire)
{
    struct cursor ip = *c;
    uint32_t first;
    uint16_t length;
    uint8_t next, hops;
    struct span source, destination;
    if (*wire < IPV6_HEADER)
        return NOTE_MALFORMED;
    if (!cursor_u32(&ip, &first) || !cursor_u16(&ip, &length) || !cursor_u8(&ip, &next) ||
        !cursor_u8(&ip, &hops) || !cursor_bytes(&ip, &source, 16) ||
        !cursor_bytes(&ip, &destination, 16))
        return NOTE_CUT;
    uint32_t total = length ? (uint32_t)length + IPV6_HEADER : 0;
    if (first >> 28 != 6 || !bound(c, wire, total, IPV6_HEADER))
        return NOTE_MALFORMED;
    out->ip = cursor_rest(c);
    if (!cursor_skip(c, IPV6_HEADER))
        return NOTE_CUT;
    *wire -= IPV6_HEADER;
    enum note note = pass_extensions(&next, c, wire);
    if (note != NOTE_NONE)
        return note;
    if (next != PROTOCOL_TCP)
        return NOTE_NOT_TCP;
    out->ttl = hops;
    out->from.ipv6 = out->to.ipv6 = true;
    memcpy(out->from.ip, source.p, 16);
    memcpy(out->to.ip, destination.p, 16);
    return NOTE_NONE;
}

/* Options (RFC 9293 section 3.2; RFC 7323 sections 2 and 3; RFC 2018): kind, length, value. One
 * that does not fit ends the list: what was read stays. */
static void read_options(struct segment *out, struct cursor c)
{
    enum { END = 0, NOP = 1, MSS = 2, WINDOW_SCALE = 3, SACK_PERMITTED = 4, TIMESTAMPS = 8 };
    enum { WINDOW_SCALE_MAX = 14 };
    uint8_t kind, length;
    while (cursor_u8(&c, &kind) && kind != END) {
        struct cursor value;
        if (kind == NOP)
            continue;
        if (!cursor_u8(&c, &length) || length < 2 || !cursor_sub(&c, &value, length - 2u))
            return;
        uint8_t shift;
        if (kind == MSS && cursor_u16(&value, &out->mss))
            continue;
        if (kind == WINDOW_SCALE && cursor_u8(&value, &shift))
            out->wscale = (int8_t)(shift > WINDOW_SCALE_MAX ? WINDOW_SCALE_MAX : shift);
        else if (kind == SACK_PERMITTED)
            out->sack = true;
        else if (kind == TIMESTAMPS)
            out->timestamps = true;
    }
}

/* What a packet keeps from interface to interface, unlike TTL, VLAN and link layer: numbers,
 * length, the checksum, which covers all the rest, and in IPv4 the identification, which senders
 * change with each transmission. Odd factors mix them. */
static uint64_t identity_of(const struct segment *s, uint16_t checksum)
{
    uint16_t id = 0;
    struct cursor ip = cursor_of(s->ip);
    if (!s->from.ipv6 && cursor_skip(&ip, 4))
        (void)!cursor_u16(&ip, &id);
    uint64_t numbers = (uint64_t)s->seq << 32 | s->ack;
    uint64_t rest = (uint64_t)id << 48 | (uint64_t)checksum << 32 | (uint32_t)s->window << 16 |
                    (uint32_t)s->flags << 8;
    uint64_t mixed = numbers * 0x9e3779b97f4a7c15 ^ (rest + s->length) * 0xc2b2ae3d27d4eb4f;
    return mixed ^ mixed >> 32;
}

/* ports; sequence number; acknowledgment number; data offset, control bits, window; checksum,
 * urgent pointer; options. */
static enum note decode_tcp(struct segment *out, struct cursor *c, uint32_t wire)
{
    uint8_t offset;
    uint16_t checksum;
    struct cursor tcp = *c, options;
    if (wire < TCP_HEADER_MIN)
        return NOTE_MALFORMED;
    if (!cursor_u16(&tcp, &out->from.port) || !cursor_u16(&tcp, &out->to.port) ||
        !cursor_u32(&tcp, &out->seq) || !cursor_u32(&tcp, &out->ack) || !cursor_u8(&tcp, &offset) ||
        !cursor_u8(&tcp, &out->flags) || !cursor_u16(&tcp, &out->window) ||
        !cursor_u16(&tcp, &checksum) || !cursor_skip(&tcp, 2))
        return NOTE_CUT;
    uint32_t header = (offset >> 4) * 4u;
    if (header < TCP_HEADER_MIN || header > wire)
        return NOTE_MALFORMED;
    out->length = wire - header;
    out->identity = identity_of(out, checksum);
    if (!cursor_sub(&tcp, &options, header - TCP_HEADER_MIN)) {
        /* Options cut by the snap length: what is needed of the header is there. */
        out->payload = span_of(NULL, 0);
        return NOTE_NONE;
    }
    if (out->flags & FLAG_SYN)
        read_options(out, options);
    out->payload = cursor_rest(&tcp);
    return NOTE_NONE;
}

enum note decode_packet(struct segment *out, const struct packet *packet)
{
    struct link_layer link;
    struct cursor c = cursor_of(span_of(packet->bytes, packet->caplen));
    uint32_t wire_all = packet->len > packet->caplen ? packet->len : packet->caplen;
    enum note note = link_decode(&link, &c, packet->link);
    if (note != NOTE_NONE)
        return note;
    uint32_t wire = wire_all - (packet->caplen - (uint32_t)c.left);
    *out = (struct segment){.time = packet->time,
                            .frame = packet->frame,
                            .wscale = -1,
                            .interface = packet->interface,
                            .vlan_count = link.vlan_count};
    memcpy(out->vlans, link.vlans, sizeof out->vlans);
    note =
        link.ethertype == ETHERTYPE_V4 ? decode_ipv4(out, &c, &wire) : decode_ipv6(out, &c, &wire);
    return note == NOTE_NONE ? decode_tcp(out, &c, wire) : note;
}
