/* craft.c: see craft.h. */
#include "craft.h"

#include <stdlib.h>

void craft_bytes(struct craft *craft, const void *bytes, size_t n)
{
    if (n > CRAFT_MAX - craft->n)
        abort();
    if (n)
        memcpy(craft->bytes + craft->n, bytes, n);
    craft->n += n;
}

void craft_u8(struct craft *craft, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    craft_bytes(craft, &byte, 1);
}

void craft_u16(struct craft *craft, unsigned value)
{
    craft_u8(craft, value >> 8 & 0xff);
    craft_u8(craft, value & 0xff);
}

void craft_u32(struct craft *craft, uint32_t value)
{
    craft_u16(craft, value >> 16);
    craft_u16(craft, value & 0xffff);
}

void craft_ethernet(struct craft *craft, unsigned ethertype)
{
    static const uint8_t addresses[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    craft_bytes(craft, addresses, sizeof addresses);
    craft_u16(craft, ethertype);
}

void craft_ipv4(struct craft *craft, unsigned protocol, size_t payload)
{
    static const uint8_t addresses[8] = {192, 0, 2, 1, 192, 0, 2, 2};
    craft_u16(craft, 0x4500);
    craft_u16(craft, (unsigned)(20 + payload));
    craft_u32(craft, 0);
    craft_u8(craft, 64);
    craft_u8(craft, protocol);
    craft_u16(craft, 0);
    craft_bytes(craft, addresses, sizeof addresses);
}

void craft_ipv6(struct craft *craft, unsigned next, size_t payload)
{
    static const uint8_t from[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
    static const uint8_t to[16] = {0x20, 1, 0xd, 0xb8, [15] = 2};
    craft_u32(craft, UINT32_C(6) << 28);
    craft_u16(craft, (unsigned)payload);
    craft_u8(craft, next);
    craft_u8(craft, 61);
    craft_bytes(craft, from, sizeof from);
    craft_bytes(craft, to, sizeof to);
}

void craft_tcp(struct craft *craft, unsigned from_port, unsigned to_port, uint32_t seq,
               uint32_t ack, unsigned flags, unsigned window, struct span options,
               struct span payload)
{
    craft_u16(craft, from_port);
    craft_u16(craft, to_port);
    craft_u32(craft, seq);
    craft_u32(craft, ack);
    craft_u8(craft, (unsigned)(5 + options.n / 4) << 4);
    craft_u8(craft, flags);
    craft_u16(craft, window);
    craft_u32(craft, 0);
    craft_bytes(craft, options.p, options.n);
    craft_bytes(craft, payload.p, payload.n);
}

struct packet craft_packet(const struct craft *craft, enum link_type link)
{
    uint8_t *bytes = malloc(craft->n ? craft->n : 1);
    if (!bytes)
        abort();
    memcpy(bytes, craft->bytes, craft->n);
    return (struct packet){.time = NS_PER_SECOND,
                           .bytes = bytes,
                           .caplen = (uint32_t)craft->n,
                           .len = (uint32_t)craft->n,
                           .link = link,
                           .frame = 1};
}
