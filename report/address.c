/* address.c: IPv4 by hand, as nearly all are; IPv6 by the C library's inet_ntop, which gives the
 * form of RFC 5952. */
#include "address.h"

#include "digits.h"

#include <arpa/inet.h>

/* Writes an address; returns where it ends, without a NUL. */
static char *put_host(char *at, const struct endpoint *end)
{
    if (end->ipv6) {
        if (!inet_ntop(AF_INET6, end->ip, at, INET6_ADDRSTRLEN))
            *at = '\0';
        return at + strlen(at);
    }
    for (unsigned i = 0; i < 4; i++) {
        at = digits_decimal(at, end->ip[i]);
        *at++ = '.';
    }
    return at - 1;
}

const char *address_host(struct address_room *room, const struct endpoint *end)
{
    *put_host(room->text, end) = '\0';
    return room->text;
}

const char *address_text(struct address_room *room, const struct endpoint *end)
{
    char *at = room->text;
    if (end->ipv6)
        *at++ = '[';
    at = put_host(at, end);
    if (end->ipv6)
        *at++ = ']';
    *at++ = ':';
    *digits_decimal(at, end->port) = '\0';
    return room->text;
}

bool address_same_host(const struct endpoint *a, const struct endpoint *b)
{
    return a->ipv6 == b->ipv6 && memcmp(a->ip, b->ip, a->ipv6 ? 16 : 4) == 0;
}

bool address_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && address_same_host(a, b);
}
