/* fanout.h: packet sockets that share an interface's packets among them. */
#ifndef PUSHWATCH_CAPTURE_FANOUT_H
#define PUSHWATCH_CAPTURE_FANOUT_H

#include "base.h"

/* FANOUT_NEW stands for a group that there is not yet. */
enum { FANOUT_NEW = -1 };

/* fanout_join adds a bound packet socket to the group *group, or to a new one, whose number it
 * writes. From now on each packet goes to one of the group's sockets, and both directions of a
 * connection to the same; until then the socket got all packets. Returns false, with nothing
 * changed, where that can't be done: by another system than Linux, or another kind of socket. */
MUST_CHECK bool fanout_join(int *group, int fd);

#endif
