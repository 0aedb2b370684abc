/* filter.h: BPF filter expressions, compiled and run by libpcap. */
#ifndef PUSHWATCH_CAPTURE_FILTER_H
#define PUSHWATCH_CAPTURE_FILTER_H

#include "packet.h"

/* Compiled lazily, once for each link type that turns up. */
struct filter;

/* filter_new compiles an expression for Ethernet to see that it is one. Returns NULL with the
 * compiler's message in error (size bytes) if not. Free with filter_free. */
MUST_CHECK struct filter *filter_new(char *error, size_t size, const char *expression);

/* filter_match tells whether a packet passes. An expression that can't be compiled for the
 * packet's link type (such as `ether host` on raw IP) matches nothing there. Any thread may ask. */
bool filter_match(struct filter *filter, const struct packet *packet);

void filter_free(struct filter *filter);

/* filter_library_version gives libpcap's name and version. */
const char *filter_library_version(void);

#endif
