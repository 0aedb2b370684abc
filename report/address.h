/* address.h: IP addresses and ports as text. */
#ifndef PUSHWATCH_REPORT_ADDRESS_H
#define PUSHWATCH_REPORT_ADDRESS_H

#include "../dissect/flow_record.h"

/* Room for `[` an IPv6 address `]:65535`. */
struct address_room {
    char text[64];
};

/* address_put writes the address alone, IPv6 as RFC 5952 wants it, without a NUL, and returns where
 * it ends. What is behind that is spoilt: there is room for all of an address_room. */
char *address_put(char *at, const struct endpoint *end);

/* address_host gives the same as text. */
const char *address_host(struct address_room *room, const struct endpoint *end);

/* address_text gives address and port: `192.0.2.1:5223`, `[2001:db8::1]:5223`. */
const char *address_text(struct address_room *room, const struct endpoint *end);

/* address_same_host compares addresses without ports, address_same with them. */
static inline bool address_same_host(const struct endpoint *a, const struct endpoint *b)
{
    if (a->ipv6 != b->ipv6)
        return false;
    return a->ipv6 ? memcmp(a->ip, b->ip, 16) == 0 : memcmp(a->ip, b->ip, 4) == 0;
}

static inline bool address_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && address_same_host(a, b);
}

#endif
