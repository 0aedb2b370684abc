/* address.c: the C library's inet_ntop, which gives the form of RFC 5952. */
#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>

const char *address_host(struct address_room *room, const struct endpoint *end)
{
    if (!inet_ntop(end->ipv6 ? AF_INET6 : AF_INET, end->ip, room->text, sizeof(room->text)))
        room->text[0] = '\0';
    return room->text;
}

const char *address_text(struct address_room *room, const struct endpoint *end)
{
    struct address_room host;
    const char *format = end->ipv6 ? "[%.45s]:%u" : "%.45s:%u";
    snprintf(room->text, sizeof(room->text), format, address_host(&host, end), end->port);
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
