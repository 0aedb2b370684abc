/* segment.h: one TCP segment, as decode.c finds it in a packet. */
#ifndef PUSHWATCH_DISSECT_SEGMENT_H
#define PUSHWATCH_DISSECT_SEGMENT_H

#include "flow_record.h"

/* Control bits (RFC 9293 section 3.1). */
enum { FLAG_FIN = 0x01, FLAG_SYN = 0x02, FLAG_RST = 0x04, FLAG_PSH = 0x08, FLAG_ACK = 0x10 };

/* Spans point into the packet and live as long as its bytes. Two cache lines: many are kept. */
struct segment {
    nanotime time;
    uint64_t frame;
    uint64_t identity; /* the same for a packet that was captured twice, and for hardly any other */
    struct span payload;       /* what was captured of it: `length` bytes or fewer */
    const struct outer *outer; /* what its packet came in; NULL: in no tunnel */
    union {
        struct {
            struct endpoint from, to;
        };
        struct endpoint ends[2];
    };
    uint32_t seq, ack;
    uint32_t length;    /* payload bytes on the wire */
    uint16_t window;    /* as in the header, not scaled */
    uint16_t ip_id;     /* its IPv4 identification; 0 in IPv6 */
    uint16_t headers;   /* bytes of its IP packet before the payload; 0 if they were not captured */
    uint8_t tcp_header; /* of those, bytes of TCP's */
    uint8_t flags;
    uint8_t ttl;   /* or hop limit */
    uint8_t marks; /* of struct packet */
    uint16_t interface;
    /* What most segments have not, side by side to be cleared at once. */
    uint16_t mss;                  /* 0 if not given. The four options are read from SYN and RST */
    int8_t wscale;                 /* -1 if not given */
    bool sack : 1, timestamps : 1; /* options */
    uint8_t unused : 6; /* 0: a byte of which bits are kept would have to be read first */
    uint8_t checksum;   /* enum checksum, of TCP's */
    bool redirected;    /* by IPv6: its last destination is another one */
    bool reassembled;   /* of fragments, so that its IP header is not one that was sent */
    uint8_t vlan_count;
    uint16_t vlans[VLANS_MAX]; /* the first vlan_count of them */
};

/* segment_traits gives `headers` to `interface` as one word, to be compared with those of another
 * segment. */
static inline uint64_t segment_traits(const struct segment *segment)
{
    uint64_t word;
    _Static_assert(offsetof(struct segment, headers) + sizeof word ==
                       offsetof(struct segment, interface) + sizeof segment->interface,
                   "traits are a word");
    memcpy(&word, (const uint8_t *)segment + offsetof(struct segment, headers), sizeof word);
    return word;
}

/* segment_ip gives the captured part of its IP packet, if it has payload. */
static inline struct span segment_ip(const struct segment *segment)
{
    return span_of(segment->payload.p - segment->headers, segment->payload.n + segment->headers);
}

#endif
