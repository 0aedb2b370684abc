/* fuzz_decode.c: any bytes as packets, which share a decoder so that fragments meet. Before each
 * packet: its length (16 bits), its link type, and how much longer than captured it was. */
#include <stdlib.h>

#include "../../dissect/decode.h"
#include "../../dissect/early.h"

enum { HEADER = 4 };

static void check(const struct segment *segment)
{
    if (segment->payload.n > segment->length || segment->vlan_count > VLANS_MAX ||
        segment->wscale > 14 || (segment->outer && segment->outer->count > TUNNELS_MAX))
        abort();
    /* All that is pointed at is read, so that a sanitizer sees what is not there. */
    struct span ip = segment->payload.n ? segment_ip(segment) : span_of(NULL, 0);
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < ip.n; i++)
        sum = (uint8_t)(sum + ip.p[i]);
}

static void check_early(const uint8_t *tcp, const struct packet *packet,
                        const struct segment *whole)
{
    struct segment segment;
    decode_early(&segment, tcp, packet);
    check(&segment);
    if (segment.identity != whole->identity || segment.payload.p != whole->payload.p ||
        segment.payload.n != whole->payload.n || segment.length != whole->length ||
        segment.headers != whole->headers || segment.mss != whole->mss ||
        segment.wscale != whole->wscale || segment.from.port != whole->from.port ||
        segment.to.port != whole->to.port || segment.ttl != whole->ttl ||
        memcmp(segment.from.ip, whole->from.ip, sizeof segment.from.ip) != 0 ||
        memcmp(segment.to.ip, whole->to.ip, sizeof segment.to.ip) != 0)
        abort();
}

static void decode(struct decoder *decoder, const struct packet *packet)
{
    struct segment segment;
    const uint8_t *tcp = early_look(packet);
    enum note note = decode_packet(&segment, decoder, packet);
    if (note == NOTE_NONE)
        check(&segment);
    if (tcp && (note != NOTE_NONE || early_is_ipv4(packet, tcp) == segment.from.ipv6))
        abort();
    if (!tcp && early_is_udp(packet) && note != NOTE_NOT_TCP)
        abort();
    if (tcp)
        check_early(tcp, packet, &segment);
    for (unsigned i = 0; decode_has_more(decoder); i++) {
        if (i > packet->caplen)
            abort();
        if (decode_next(&segment, decoder, packet) == NOTE_NONE)
            check(&segment);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decoder decoder = {0};
    for (uint64_t frame = 1; size >= HEADER; frame++) {
        size_t n = (size_t)data[0] << 8 | data[1];
        if (n > size - HEADER)
            n = size - HEADER;
        uint8_t *bytes = xmemdup(data + HEADER, n); /* in just its size */
        const struct packet packet = {.time = (nanotime)frame * NS_PER_SECOND,
                                      .bytes = bytes,
                                      .caplen = (uint32_t)n,
                                      .len = (uint32_t)n + data[3],
                                      .link = (enum link_type)(data[2] % LINK_TYPES),
                                      .frame = frame};
        decode(&decoder, &packet);
        free(bytes);
        data += HEADER + n;
        size -= HEADER + n;
    }
    decoder_done(&decoder);
    return 0;
}
