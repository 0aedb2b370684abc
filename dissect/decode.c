/* decode.c: IP and TCP headers. Lengths come in pairs here: what was on the wire (`wire`), and what
 * the snap length left of it (the cursor). A header that the first allows but the second cuts is
 * NOTE_CUT, one that the first forbids is NOTE_MALFORMED. The fixed part of a header is taken as a
 * whole, with one check, and its fields are then read at their offsets. */
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
static enum note decode_ipv4(struct segment *out, uint16_t *id, struct cursor *c, uint32_t *wire)
{
    enum { TOTAL = 2, ID = 4, FRAGMENT = 6, TTL = 8, PROTOCOL = 9, SOURCE = 12, DESTINATION = 16 };
    struct cursor ahead = *c;
    struct span fixed;
    if (*wire < IPV4_HEADER_MIN)
        return NOTE_MALFORMED;
    if (!cursor_bytes(&ahead, &fixed, IPV4_HEADER_MIN))
        return NOTE_CUT;
    const uint8_t *ip = fixed.p;
    uint32_t header = (ip[0] & 0xfu) * 4;
    if (ip[0] >> 4 != 4 || header < IPV4_HEADER_MIN || !bound(c, wire, be16(ip + TOTAL), header))
        return NOTE_MALFORMED;
    out->ip = cursor_rest(c);
    if (be16(ip + FRAGMENT) & 0x3fff) /* more fragments, or an offset */
        return NOTE_FRAGMENT;
    if (ip[PROTOCOL] != PROTOCOL_TCP)
        return NOTE_NOT_TCP;
    if (!cursor_skip(c, header))
        return NOTE_CUT;
    *wire -= header;
    *id = be16(ip + ID);
    out->ttl = ip[TTL];
    memcpy(out->from.ip, ip + SOURCE, 4);
    memcpy(out->to.ip, ip + DESTINATION, 4);
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
    enum { LENGTH = 4, NEXT = 6, HOPS = 7, SOURCE = 8, DESTINATION = 24 };
    struct cursor ahead = *c;
    struct span fixed;
    if (*wire < IPV6_HEADER)
        return NOTE_MALFORMED;
    if (!cursor_bytes(&ahead, &fixed, IPV6_HEADER))
        return NOTE_CUT;
    const uint8_t *ip = fixed.p;
    uint16_t length = be16(ip + LENGTH);
    uint8_t next = ip[NEXT];
    uint32_t total = length ? (uint32_t)length + IPV6_HEADER : 0;
    if (ip[0] >> 4 != 6 || !bound(c, wire, total, IPV6_HEADER))
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
    out->ttl = ip[HOPS];
    out->from.ipv6 = out->to.ipv6 = true;
    memcpy(out->from.ip, ip + SOURCE, 16);
    memcpy(out->to.ip, ip + DESTINATION, 16);
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
static uint64_t identity_of(const struct segment *s, uint16_t id, uint16_t checksum)
{
    uint64_t numbers = (uint64_t)s->seq << 32 | s->ack;
    uint64_t rest = (uint64_t)id << 48 | (uint64_t)checksum << 32 | (uint32_t)s->window << 16 |
                    (uint32_t)s->flags << 8;
    uint64_t mixed = numbers * 0x9e3779b97f4a7c15 ^ (rest + s->length) * 0xc2b2ae3d27d4eb4f;
    return mixed ^ mixed >> 32;
}

/* ports; sequence number; acknowledgment number; data offset, control bits, window; checksum,
 * urgent pointer; options. */
static enum note decode_tcp(struct segment *out, uint16_t id, struct cursor *c, uint32_t wire)
{
    enum { TO = 2, SEQ = 4, ACK = 8, OFFSET = 12, FLAGS = 13, WINDOW = 14, CHECKSUM = 16 };
    struct span fixed;
    struct cursor options;
    if (wire < TCP_HEADER_MIN)
        return NOTE_MALFORMED;
    if (!cursor_bytes(c, &fixed, TCP_HEADER_MIN))
        return NOTE_CUT;
    const uint8_t *tcp = fixed.p;
    uint32_t header = (tcp[OFFSET] >> 4) * 4u;
    if (header < TCP_HEADER_MIN || header > wire)
        return NOTE_MALFORMED;
    out->from.port = be16(tcp);
    out->to.port = be16(tcp + TO);
    out->seq = be32(tcp + SEQ);
    out->ack = be32(tcp + ACK);
    out->flags = tcp[FLAGS];
    out->window = be16(tcp + WINDOW);
    out->length = wire - header;
    out->identity = identity_of(out, id, be16(tcp + CHECKSUM));
    if (!cursor_sub(c, &options, header - TCP_HEADER_MIN)) {
        /* Options cut by the snap length: what is needed of the header is there. */
        out->payload = span_of(NULL, 0);
        return NOTE_NONE;
    }
    if (out->flags & FLAG_SYN)
        read_options(out, options);
    out->payload = cursor_rest(c);
    return NOTE_NONE;
}

/* What is not found in every packet. One by one: clearing the whole costs more than all the rest.
 */
static void begin(struct segment *out, const struct packet *packet, const struct link_layer *link)
{
    out->time = packet->time;
    out->frame = packet->frame;
    out->interface = packet->interface;
    out->vlan_count = link->vlan_count;
    memcpy(out->vlans, link->vlans, sizeof out->vlans);
    out->from = out->to = (struct endpoint){.ipv6 = false};
    out->mss = 0;
    out->wscale = -1;
    out->sack = out->timestamps = false;
}

enum note decode_packet(struct segment *out, const struct packet *packet)
{
    struct link_layer link;
    uint16_t id = 0;
    struct cursor c = cursor_of(span_of(packet->bytes, packet->caplen));
    uint32_t wire_all = packet->len > packet->caplen ? packet->len : packet->caplen;
    enum note note = link_decode(&link, &c, packet->link);
    if (note != NOTE_NONE)
        return note;
    uint32_t wire = wire_all - (packet->caplen - (uint32_t)c.left);
    begin(out, packet, &link);
    note = link.ethertype == ETHERTYPE_V4 ? decode_ipv4(out, &id, &c, &wire)
                                          : decode_ipv6(out, &c, &wire);
    return note == NOTE_NONE ? decode_tcp(out, id, &c, wire) : note;
}
