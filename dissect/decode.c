/* decode.c: IP and TCP headers. Lengths come in pairs here: what was on the wire (layers_wire), and
 * what the snap length left of it (the cursor). A header that the first allows but the second cuts
 * is NOTE_CUT, one that the first forbids is NOTE_MALFORMED. The fixed part of a header is taken as
 * a whole, with one check, and its fields are then read at their offsets. */
#include "decode.h"

#include "checksum.h"
#include "fragments.h"
#include "link.h"
#include "link_wlan.h"
#include "tunnel.h"

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
static bool bound(struct layers *l, uint32_t total, uint32_t header)
{
    uint32_t wire = layers_wire(l);
    if (total == 0 || total > wire) /* 0: segmentation offload, not known yet */
        total = wire;
    if (total < header)
        return false;
    if (l->c.left > total)
        l->c.left = total;
    l->cut = total - (uint32_t)l->c.left;
    return true;
}

/* What decode_ipv4 and decode_ipv6 find out beside the segment. */
struct network {
    const uint8_t *header;
    const uint8_t *said; /* the byte that says what the cursor stands on: IPv6 */
    uint8_t protocol;
    uint16_t id;     /* of IPv4 */
    bool redirected; /* IPv6 */
};

/* version and IHL, DSCP, total length; identification, flags and offset; TTL, protocol, checksum;
 * source; destination; options. */
static enum note decode_ipv4(struct segment *out, struct network *network, struct layers *l)
{
    enum { TOTAL = 2, ID = 4, FRAGMENT = 6, TTL = 8, PROTOCOL = 9, SOURCE = 12, DESTINATION = 16 };
    struct cursor ahead = l->c;
    struct span fixed;
    if (layers_wire(l) < IPV4_HEADER_MIN)
        return NOTE_MALFORMED;
    if (!cursor_bytes(&ahead, &fixed, IPV4_HEADER_MIN))
        return NOTE_CUT;
    const uint8_t *ip = fixed.p;
    uint32_t header = (ip[0] & 0xfu) * 4;
    if (ip[0] >> 4 != 4 || header < IPV4_HEADER_MIN || !bound(l, be16(ip + TOTAL), header))
        return NOTE_MALFORMED;
    if (!layers_skip(l, header))
        return NOTE_CUT;
    network->header = ip;
    network->protocol = ip[PROTOCOL];
    network->id = be16(ip + ID);
    network->redirected = false;
    out->ttl = ip[TTL];
    out->from.ipv6 = out->to.ipv6 = false;
    memcpy(out->from.ip, ip + SOURCE, 4);
    memcpy(out->to.ip, ip + DESTINATION, 4);
    /* more fragments, or an offset */
    return UNLIKELY(be16(ip + FRAGMENT) & 0x3fff) ? NOTE_FRAGMENT : NOTE_NONE;
}

static bool is_extension(uint8_t next)
{
    return next == EXT_HOP_BY_HOP || next == EXT_ROUTING || next == EXT_DESTINATION ||
           next == EXT_AUTHENTICATION || next == EXT_MOBILITY;
}

/* Extension: next header, length (of 8 bytes beyond the first 8; of 4 bytes less 2 for
 * Authentication). A Fragment header of a packet that is whole (RFC 6946) is passed over. */
static enum note pass_extensions(struct network *network, struct layers *l)
{
    uint8_t *next = &network->protocol;
    for (unsigned i = 0; is_extension(*next) || *next == EXT_FRAGMENT; i++) {
        struct cursor ahead = l->c;
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
        if (size > layers_wire(l))
            return NOTE_MALFORMED;
        /* A destination option may hold a home address, which TCP's checksum covers (RFC 6275). */
        if (*next == EXT_ROUTING || *next == EXT_DESTINATION)
            network->redirected = true;
        network->said = l->c.p;
        if (!layers_skip(l, size))
            return NOTE_CUT;
        *next = following;
    }
    return NOTE_NONE;
}

/* version, class, flow label; payload length, next header, hop limit; source; destination. */
static enum note decode_ipv6(struct segment *out, struct network *network, struct layers *l)
{
    enum { LENGTH = 4, NEXT = 6, HOPS = 7, SOURCE = 8, DESTINATION = 24 };
    struct cursor ahead = l->c;
    struct span fixed;
    if (layers_wire(l) < IPV6_HEADER)
        return NOTE_MALFORMED;
    if (!cursor_bytes(&ahead, &fixed, IPV6_HEADER))
        return NOTE_CUT;
    const uint8_t *ip = fixed.p;
    uint16_t length = be16(ip + LENGTH);
    uint32_t total = length ? (uint32_t)length + IPV6_HEADER : 0;
    if (ip[0] >> 4 != 6 || !bound(l, total, IPV6_HEADER))
        return NOTE_MALFORMED;
    if (!layers_skip(l, IPV6_HEADER))
        return NOTE_CUT;
    network->header = ip;
    network->said = ip + NEXT;
    network->protocol = ip[NEXT];
    network->id = 0;
    network->redirected = false;
    out->ttl = ip[HOPS];
    out->from.ipv6 = out->to.ipv6 = true;
    memcpy(out->from.ip, ip + SOURCE, 16);
    memcpy(out->to.ip, ip + DESTINATION, 16);
    return pass_extensions(network, l);
}

/* Options (RFC 9293 section 3.2; RFC 7323 sections 2 and 3; RFC 2018): kind, length, value. One
 * that does not fit ends the list: what was read stays. */
static NOINLINE void read_options(struct segment *out, struct cursor c)
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

/* What a packet keeps from interface to interface, unlike TTL, VLAN and link layer: TCP's header
 * behind the ports, without options, which its checksum covers with all the rest; length, and in
 * IPv4 the identification, which senders change with each transmission. Odd factors mix them. */
static uint64_t identity_of(const uint8_t *tcp, uint32_t length, uint16_t id)
{
    enum { NUMBERS = 4, REST = 12 };
    uint64_t numbers, rest;
    memcpy(&numbers, tcp + NUMBERS, sizeof numbers);
    memcpy(&rest, tcp + REST, sizeof rest);
    /* Not over the checksum, which may count down as the identification counts up. */
    rest += (uint64_t)id << 48 | length;
    return numbers * 0x9e3779b97f4a7c15 ^ rest * 0xc2b2ae3d27d4eb4f;
}

/* Ports, which the caller reads; sequence number; acknowledgment number; data offset, control bits,
 * window; checksum, urgent pointer; options. Of the `wire` bytes, at least those of the header
 * without options were captured. */
static ALWAYS_INLINE void read_tcp(struct segment *out, const uint8_t *tcp, uint32_t captured,
                                   uint32_t wire, const uint8_t *ip, uint16_t id)
{
    enum { SEQ = 4, ACK = 8, OFFSET = 12, FLAGS = 13, WINDOW = 14 };
    uint32_t header = (tcp[OFFSET] >> 4) * 4u;
    out->seq = be32(tcp + SEQ);
    out->ack = be32(tcp + ACK);
    out->flags = tcp[FLAGS];
    out->window = be16(tcp + WINDOW);
    out->length = wire - header;
    out->tcp_header = (uint8_t)header;
    out->identity = identity_of(tcp, out->length, id);
    out->ip_id = id;
    if (UNLIKELY(captured < header)) {
        /* Options cut by the snap length: what is needed of the header is there. */
        out->payload = span_of(NULL, 0);
        out->headers = 0;
        return;
    }
    if (out->flags & (FLAG_SYN | FLAG_RST))
        read_options(out, cursor_of(span_of(tcp + TCP_HEADER_MIN, header - TCP_HEADER_MIN)));
    out->payload = span_of(tcp + header, captured - header);
    out->headers = (uint16_t)(out->payload.p - ip);
}

static enum note decode_tcp(struct segment *out, const struct network *network,
                            const struct layers *l)
{
    enum { TO = 2, OFFSET = 12 };
    uint32_t wire = layers_wire(l);
    struct cursor ahead = l->c;
    struct span fixed;
    if (wire < TCP_HEADER_MIN)
        return NOTE_MALFORMED;
    if (!cursor_bytes(&ahead, &fixed, TCP_HEADER_MIN))
        return NOTE_CUT;
    uint32_t header = (fixed.p[OFFSET] >> 4) * 4u;
    if (header < TCP_HEADER_MIN || header > wire)
        return NOTE_MALFORMED;
    out->from.port = be16(fixed.p);
    out->to.port = be16(fixed.p + TO);
    read_tcp(out, fixed.p, (uint32_t)l->c.left, wire, network->header, network->id);
    return NOTE_NONE;
}

/* What is not found in every packet. One by one: clearing the whole costs more than all the rest.
 */
static void begin(struct segment *out, const struct packet *packet)
{
    out->time = packet->time;
    out->frame = packet->frame;
    out->interface = packet->interface;
    out->marks = packet->marks;
    out->vlan_count = 0;
    memset(out->vlans, 0, sizeof out->vlans);
    out->mss = 0;
    out->wscale = -1;
    out->sack = out->timestamps = false;
    out->unused = 0;
    out->outer = NULL;
    out->checksum = CHECKSUM_UNKNOWN;
    out->redirected = out->reassembled = false;
}

/* Keeps the addresses of the outermost packet, when its tunnel is entered. */
static void keep_outermost(struct outer *outer, const struct segment *out)
{
    memset(outer, 0, sizeof *outer);
    outer->ipv6 = out->from.ipv6 != 0;
    memcpy(outer->ends[0], out->from.ip, sizeof outer->ends[0]);
    memcpy(outer->ends[1], out->to.ip, sizeof outer->ends[1]);
}

static enum note decode_network(struct segment *out, struct network *network, struct layers *l)
{
    out->from = out->to = (struct endpoint){.ipv6 = false};
    return LIKELY(l->next == ETHERTYPE_V4) ? decode_ipv4(out, network, l)
                                           : decode_ipv6(out, network, l);
}

/* IPv4 knows one extension header (RFC 4302). */
static enum note pass_authentication(struct network *network, struct layers *l)
{
    return network->protocol == EXT_AUTHENTICATION ? pass_extensions(network, l) : NOTE_NONE;
}

/* --- fragments --- */

/* IPv4 identification, flags (3 bits) and offset in units of eight bytes; the cursor stands behind
 * the header. */
static void fragment_of_ipv4(struct fragment *out, const struct network *network,
                             const struct layers *l)
{
    enum { FRAGMENT = 6, MORE = 0x2000, OFFSET = 0x1fff };
    uint16_t field = be16(network->header + FRAGMENT);
    out->id = network->id;
    out->more = field & MORE;
    out->offset = (uint16_t)((field & OFFSET) * 8);
    out->bytes = cursor_rest(&l->c);
    out->header = span_of(network->header, (size_t)(l->c.p - network->header));
}

/* RFC 8200 section 4.5: next header, reserved (8 bits each), offset (13 bits), 2 bits, more (1),
 * identification. The cursor stands on it. */
static bool fragment_of_ipv6(struct fragment *out, const struct network *network,
                             const struct layers *l)
{
    enum { OFFSET = 2, ID = 4, SIZE = 8 };
    struct cursor c = l->c;
    struct span header;
    if (!cursor_bytes(&c, &header, SIZE))
        return false;
    out->id = be32(header.p + ID);
    out->more = header.p[OFFSET + 1] & 1;
    out->offset = be16(header.p + OFFSET) & 0xfff8;
    out->bytes = cursor_rest(&c);
    out->header = span_of(network->header, (size_t)(l->c.p - network->header));
    out->next_at = (uint16_t)(network->said - network->header);
    out->next = header.p[0];
    return true;
}

/* Takes a fragment. On NOTE_NONE the cursor stands on the whole packet that it has completed. */
static enum note put_together(struct decoder *decoder, const struct segment *out,
                              const struct network *network, struct layers *l, nanotime now)
{
    struct fragment fragment = {.ipv6 = out->from.ipv6, .protocol = network->protocol};
    struct span whole;
    memcpy(fragment.ends[0], out->from.ip, sizeof fragment.ends[0]);
    memcpy(fragment.ends[1], out->to.ip, sizeof fragment.ends[1]);
    if (!fragment.ipv6)
        fragment_of_ipv4(&fragment, network, l);
    else if (!fragment_of_ipv6(&fragment, network, l))
        return NOTE_FRAGMENT;
    if (l->cut > 0) /* what the snap length took will not come */
        return NOTE_FRAGMENT;
    if (decoder->defers) {
        decoder->deferred = true;
        return NOTE_FRAGMENT;
    }
    if (!decoder->fragments)
        decoder->fragments = fragments_new();
    if (!fragments_add(decoder->fragments, &whole, &fragment, now))
        return NOTE_FRAGMENT;
    l->c = cursor_of(whole);
    return layers_to(l, fragment.ipv6 ? ETHERTYPE_V6 : ETHERTYPE_V4);
}

/* --- the packet as a whole --- */

/* From what l->next says to a TCP segment, through whatever carries it. */
static enum note decode_layers(struct segment *out, struct decoder *decoder,
                               const struct packet *packet, struct layers *l)
{
    struct outer *outer = &decoder->outer;
    bool reassembled = false;
    for (bool inside = l->depth > 0;;) {
        struct network network;
        bool alone = l->more.left == 0;
        enum note note = link_pass(l);
        if (alone && l->more.left > 0)
            l->depth = inside ? outer->count : 0;
        if (note != NOTE_NONE)
            return note;
        note = decode_network(out, &network, l);
        if (note == NOTE_FRAGMENT) {
            note = put_together(decoder, out, &network, l, packet->time);
            if (note == NOTE_NONE) {
                reassembled = true;
                continue;
            }
        }
        if (note == NOTE_NONE)
            note = pass_authentication(&network, l);
        if (note != NOTE_NONE)
            return note;
        if (network.protocol == PROTOCOL_TCP) {
            begin(out, packet);
            out->vlan_count = l->vlan_count;
            memcpy(out->vlans, l->vlans, sizeof out->vlans);
            out->redirected = network.redirected;
            out->reassembled = reassembled;
            out->outer = inside ? outer : NULL;
            return decode_tcp(out, &network, l);
        }
        if (!inside)
            keep_outermost(outer, out);
        inside = true;
        reassembled = false;
        note = tunnel_enter(l, outer, network.protocol);
        if (note != NOTE_NONE)
            return note == NOTE_CUT && !l->cut ? NOTE_MALFORMED : note;
    }
}

enum note decode_packet(struct segment *out, struct decoder *decoder, const struct packet *packet)
{
    uint32_t cut = packet->len > packet->caplen ? packet->len - packet->caplen : 0;
    struct layers l = {.c = cursor_of(span_of(packet->bytes, packet->caplen)), .cut = cut};
    enum note note = link_decode(&l, packet->link);
    if (note == NOTE_NONE)
        note = decode_layers(out, decoder, packet, &l);
    if (UNLIKELY(l.more.left > 0))
        decoder->more = l;
    return note;
}

enum note decode_next(struct segment *out, struct decoder *decoder, const struct packet *packet)
{
    struct layers l = decoder->more;
    enum note note = link_wlan_more(&l);
    decoder->outer.count = l.depth;
    if (note == NOTE_NONE)
        note = decode_layers(out, decoder, packet, &l);
    decoder->more = l;
    return note;
}

/* --- a packet at which was looked already --- */

/* By whole words: they are read as such, and soon. */
static void put_ipv4(struct endpoint *end, const uint8_t *address)
{
    uint32_t half;
    memcpy(&half, address, sizeof half);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t words[2] = {half, 0};
#else
    const uint64_t words[2] = {(uint64_t)half << 32, 0};
#endif
    memcpy(end->ip, words, sizeof end->ip);
}

static ALWAYS_INLINE void read_early(struct segment *out, const uint8_t *tcp,
                                     const struct packet *packet, bool ipv6)
{
    enum { TOTAL = 2, ID = 4, TTL = 8, LENGTH = 4, HOPS = 7, TO = 2 };
    const uint8_t *ip = tcp - (ipv6 ? IPV6_HEADER : IPV4_HEADER_MIN);
    uint32_t length = ipv6 ? be16(ip + LENGTH) : be16(ip + TOTAL) - (uint32_t)IPV4_HEADER_MIN;
    const uint16_t from = be16(tcp), to = be16(tcp + TO);
    uint32_t there = (uint32_t)(packet->bytes + packet->caplen - tcp);
    begin(out, packet);
    out->from.port = from;
    out->to.port = to;
    out->from.ipv6 = out->to.ipv6 = ipv6;
    if (ipv6) {
        memcpy(out->from.ip, tcp - 32, sizeof out->from.ip);
        memcpy(out->to.ip, tcp - 16, sizeof out->to.ip);
    } else {
        put_ipv4(&out->from, tcp - 8);
        put_ipv4(&out->to, tcp - 4);
    }
    out->ttl = ip[ipv6 ? HOPS : TTL];
    read_tcp(out, tcp, there < length ? there : length, length, ip, ipv6 ? 0 : be16(ip + ID));
}

void decode_early_ipv4(struct segment *out, const uint8_t *tcp, const struct packet *packet)
{
    read_early(out, tcp, packet, false);
}

void decode_early_ipv6(struct segment *out, const uint8_t *tcp, const struct packet *packet)
{
    read_early(out, tcp, packet, true);
}

void decode_early(struct segment *out, const uint8_t *tcp, const struct packet *packet)
{
    if (early_is_ipv4(packet, tcp))
        decode_early_ipv4(out, tcp, packet);
    else
        decode_early_ipv6(out, tcp, packet);
}

void decoder_done(struct decoder *decoder)
{
    fragments_free(decoder->fragments);
}
