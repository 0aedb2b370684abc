/* fanout.h: packet sockets that share an interface's packets among them (Linux's PACKET_FANOUT,
 * packet(7)). Elsewhere all of it fails.
 *
 * A socket that has joined a group gets its share of the packets; until then it gets all. So that
 * no packet comes twice, each socket is told to hold, then to join, then emptied, and released once
 * all others have joined as well. */
#ifndef PUSHWATCH_CAPTURE_FANOUT_H
#define PUSHWATCH_CAPTURE_FANOUT_H

#include "base.h"

/* fanout_hold keeps packets off a socket, by a filter in the kernel; any other filter replaces it.
 * Returns false if it can't be done. */
MUST_CHECK bool fanout_hold(int fd);

/* fanout_release lets the packets come. */
void fanout_release(int fd);

/* FANOUT_NEW stands for a group that there is not yet. */
enum { FANOUT_NEW = -1 };

/* fanout_join adds a bound socket to the group *group, or to a new one, whose number it writes.
 * Both directions of a connection go to the same socket. Returns false if it can't be done. */
MUST_CHECK bool fanout_join(int *group, int fd);

#endif
