/* craft.h: builds packets and segments for tests. */
#ifndef PUSHWATCH_TESTS_CRAFT_H
#define PUSHWATCH_TESTS_CRAFT_H

#include "../capture/packet.h"
#include "../dissect/segment.h"

enum { CRAFT_MAX = 2048 };

/* A packet and the room for its bytes. */
struct craft {
    uint8_t bytes[CRAFT_MAX];
    size_t n;
};

/* craft_bytes, craft_u8, craft_u16, craft_u32 append, in network byte order. */
void craft_bytes(struct craft *craft, const void *bytes, size_t n);
void craft_u8(struct craft *craft, unsigned value);
void craft_u16(struct craft *craft, unsigned value);
void craft_u32(struct craft *craft, uint32_t value);

/* craft_ethernet appends an Ethernet header with an ethertype. */
void craft_ethernet(struct craft *craft, unsigned ethertype);

/* craft_ipv4 appends a header without options for `payload` bytes from 192.0.2.1 to 192.0.2.2. */
void craft_ipv4(struct craft *craft, unsigned protocol, size_t payload);

/* craft_ipv6 appends a header for `payload` bytes from 2001:db8::1 to 2001:db8::2. */
void craft_ipv6(struct craft *craft, unsigned next, size_t payload);

/* craft_tcp appends a header with options (a multiple of four bytes), then the payload. */
void craft_tcp(struct craft *craft, unsigned from_port, unsigned to_port, uint32_t seq,
               uint32_t ack, unsigned flags, unsigned window, struct span options,
               struct span payload);

/* craft_packet makes a packet of the bytes, on the heap in just their size, so that a reader that
 * goes beyond is caught. Free packet.bytes with free(). */
struct packet craft_packet(const struct craft *craft, enum link_type link);

#endif
