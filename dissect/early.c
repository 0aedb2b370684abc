/* early.c: see early.h. Nothing is read before the captured length was compared with all offsets.
 */
#include "early.h"

#include "cursor.h"

enum { IP_AT = 14, IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20, PROTOCOL_TCP = 6 };
enum { IPV4_ADDRESS = 4, IPV6_ADDRESS = 16 };

/* Addresses of `size` bytes end where the TCP header begins, in both versions of IP. Returns
 * whether `length` bytes of IP payload have room for that header. */
static bool endpoints_at(struct early *out, const uint8_t *tcp, uint32_t size, uint32_t length)
{
    uint32_t header = (tcp[12] >> 4) * 4u;
    out->ports[0] = be16(tcp);
    out->ports[1] = be16(tcp + 2);
    out->addresses[0] = tcp - 2 * size;
    out->addresses[1] = tcp - size;
    out->address_size = size;
    out->length = length;
    return header >= TCP_HEADER && header <= length;
}

bool early_look(struct early *out, const struct packet *packet)
{
    const uint8_t *ip = packet->bytes + IP_AT;
    if (packet->link != LINK_ETHERNET || packet->caplen < IP_AT + IPV4_HEADER + TCP_HEADER)
        return false;
    uint32_t wire = packet->len - IP_AT;
    uint32_t type = be32(ip - 2); /* ethertype; version and header length, DSCP */
    if ((type & 0xffffff00) == 0x08004500) {
        uint32_t total = be16(ip + 2);
        /* Not a fragment, and TCP: flags and offset, TTL, protocol. */
        return (be32(ip + 6) & 0x3fff00ff) == PROTOCOL_TCP && total >= IPV4_HEADER + TCP_HEADER &&
               total <= wire &&
               endpoints_at(out, ip + IPV4_HEADER, IPV4_ADDRESS, total - IPV4_HEADER);
    }
    if ((type & 0xfffff000) == 0x86dd6000 && packet->caplen >= IP_AT + IPV6_HEADER + TCP_HEADER) {
        uint32_t length = be16(ip + 4);
        return ip[6] == PROTOCOL_TCP && length >= TCP_HEADER && length + IPV6_HEADER <= wire &&
               endpoints_at(out, ip + IPV6_HEADER, IPV6_ADDRESS, length);
    }
    return false;
}
