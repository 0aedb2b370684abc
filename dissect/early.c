/* early.c: see early.h. Nothing is read before the captured length was compared with all offsets.
 */
#include "early.h"

#include "cursor.h"
#include "tunnel.h"

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20, UDP_HEADER = 8 };
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

/* Ethertype; version and header length. */
static bool is_ipv4(const uint8_t *ip)
{
    return (be32(ip - 2) & 0xffffff00) == 0x08004500;
}

/* Ethertype; version. */
static bool is_ipv6(const uint8_t *ip)
{
    return be16(ip - 2) == 0x86dd && ip[0] >> 4 == 6;
}

/* Has the IP packet room for a TCP header, options and all, behind its own? */
static bool has_room(const uint8_t *tcp, uint32_t ip_header, uint32_t total)
{
    enum { OFFSET = 12, OFFSET_MIN = TCP_HEADER / 4 << 4 };
    return tcp[OFFSET] >= OFFSET_MIN && (tcp[OFFSET] >> 4) * 4u + ip_header <= total;
}

const uint8_t *early_look(const struct packet *packet)
{
    const uint8_t *ip = packet->bytes + EARLY_IP_AT;
    if (packet->link != LINK_ETHERNET || packet->caplen < EARLY_IP_AT + IPV4_HEADER + TCP_HEADER)
        return NULL;
    uint32_t wire = packet->len - EARLY_IP_AT, total;
    const uint8_t *tcp;
    if (LIKELY(is_ipv4(ip))) {
        /* Not a fragment, and TCP: flags and offset, TTL, protocol. */
        if ((be32(ip + 6) & 0x3fff00ff) != PROTOCOL_TCP)
            return NULL;
        tcp = ip + IPV4_HEADER;
        total = be16(ip + 2);
        return total <= wire && has_room(tcp, IPV4_HEADER, total) ? tcp : NULL;
    }
    if (!is_ipv6(ip) || ip[6] != PROTOCOL_TCP ||
        packet->caplen < EARLY_IP_AT + IPV6_HEADER + TCP_HEADER)
        return NULL;
    tcp = ip + IPV6_HEADER;
    total = IPV6_HEADER + be16(ip + 4);
    return total <= wire && has_room(tcp, IPV6_HEADER, total) ? tcp : NULL;
}

/* Is it one whose header and ports were captured, and name no tunnel? */
static bool is_plain_udp(const uint8_t *udp, uint32_t ip_header, uint32_t total)
{
    return total >= ip_header + UDP_HEADER && !tunnel_may_name(be16(udp)) &&
           !tunnel_may_name(be16(udp + 2));
}

bool early_is_udp(const struct packet *packet)
{
    const uint8_t *ip = packet->bytes + EARLY_IP_AT;
    if (packet->link != LINK_ETHERNET || packet->caplen < EARLY_IP_AT + IPV4_HEADER + UDP_HEADER)
        return false;
    if (is_ipv4(ip))
        return (be32(ip + 6) & 0x3fff00ff) == PROTOCOL_UDP &&
               is_plain_udp(ip + IPV4_HEADER, IPV4_HEADER, be16(ip + 2));
    return is_ipv6(ip) && ip[6] == PROTOCOL_UDP &&
           packet->caplen >= EARLY_IP_AT + IPV6_HEADER + UDP_HEADER &&
           is_plain_udp(ip + IPV6_HEADER, IPV6_HEADER, IPV6_HEADER + be16(ip + 4));
}
