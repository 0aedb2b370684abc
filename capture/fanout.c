/* fanout.c: Linux's PACKET_FANOUT (packet(7)), and nothing for other systems. */
#include "fanout.h"

#ifdef __linux__

#include <linux/if_packet.h>
#include <sys/socket.h>

/* The kernel's hash is over protocol, addresses and ports, and symmetric since Linux 4.7
 * (net/core/flow_dissector.c, __skb_get_hash_symmetric). Group numbers are the network namespace's,
 * so that the kernel has to choose a free one, which it does since 4.12: older ones refuse the
 * flag.
 *
 * PACKET_FANOUT_FLAG_DEFRAG is left out: it replaces IPv4 fragments by the whole packet, which no
 * saved capture does, nor a single ring. Fragments go by their addresses alone, all to one ring. */
bool fanout_join(int *group, int fd)
{
    uint32_t choice = (uint32_t)PACKET_FANOUT_HASH << 16;
    choice |= *group == FANOUT_NEW ? (uint32_t)PACKET_FANOUT_FLAG_UNIQUEID << 16 : (uint32_t)*group;
    if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &choice, sizeof choice) != 0)
        return false;
    socklen_t size = sizeof choice;
    if (getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &choice, &size) != 0)
        return false;
    *group = (int)(choice & 0xffff);
    return true;
}

#else

bool fanout_join(int *group, int fd)
{
    (void)group;
    (void)fd;
    return false;
}

#endif
