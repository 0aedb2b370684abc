/* fanout.c: Linux's PACKET_FANOUT, and nothing for other systems. */
#include "fanout.h"

#ifdef __linux__

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

bool fanout_hold(int fd)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog program = {.len = 1, .filter = &nothing};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

void fanout_release(int fd)
{
    const int unused = 0;
    /* Fails only where there is nothing to detach. */
    (void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}

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

bool fanout_hold(int fd)
{
    (void)fd;
    return false;
}

void fanout_release(int fd)
{
    (void)fd;
}

bool fanout_join(int *group, int fd)
{
    (void)group;
    (void)fd;
    return false;
}

#endif
