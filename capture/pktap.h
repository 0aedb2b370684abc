/* pktap.h: DLT_PKTAP, the header that Darwin's kernel puts before packets to tell the interface and
 * the process. */
#ifndef PUSHWATCH_CAPTURE_PKTAP_H
#define PUSHWATCH_CAPTURE_PKTAP_H

#include "source_ops.h"

/* pktap_open takes the header off a packet of LINK_PKTAP, whose link type, interface and process it
 * tells. What is no such header becomes a packet of LINK_UNSUPPORTED: the number was given to
 * PKTAP on Darwin only. */
void pktap_open(struct source *source, struct process_memo *memo, struct packet *packet);

#endif
