/* early.c: see early.h. Nothing is read before the captured length was compared with all offsets.
 */
#include "early.h"

enum {
    ETHERTYPE_AT = 12,
    IP_AT = 14,
    IPV4_TCP_AT = IP_AT + 20,
    IPV6_TCP_AT = IP_AT + 40,
    TCP_HEADER = 20,
    PROTOCOL_TCP = 6
};

static uint16_t number_at(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* The header and its ports, if `length` bytes of IP payload have room for it. */
static bool ports_at(uint16_t ports[2], const uint8_t *tcp, uint32_t length)
{
    uint32_t header = (tcp[12] >> 4) * 4u;
    ports[0] = number_at(tcp);
    ports[1] = number_at(tcp + 2);
    return header >= TCP_HEADER && header <= length;
}

bool early_ports(uint16_t ports[2], const struct packet *packet)
{
    const uint8_t *p = packet->bytes, *ip = p + IP_AT;
    if (packet->link != LINK_ETHERNET || packet->caplen < IPV4_TCP_AT + TCP_HEADER)
        return false;
    if (number_at(p + ETHERTYPE_AT) == 0x0800) {
        uint32_t total = number_at(ip + 2);
        return ip[0] == 0x45 && ip[9] == PROTOCOL_TCP && (number_at(ip + 6) & 0x3fff) == 0 &&
               total >= 20 + TCP_HEADER && total <= packet->len - IP_AT &&
               ports_at(ports, p + IPV4_TCP_AT, total - 20);
    }
    if (number_at(p + ETHERTYPE_AT) == 0x86dd && packet->caplen >= IPV6_TCP_AT + TCP_HEADER) {
        uint32_t length = number_at(ip + 4);
        return ip[0] >> 4 == 6 && ip[6] == PROTOCOL_TCP && length >= TCP_HEADER &&
               length + 40 <= packet->len - IP_AT && ports_at(ports, p + IPV6_TCP_AT, length);
    }
    return false;
}
