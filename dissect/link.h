/* link.h: from the link layer to the network layer. */
#ifndef PUSHWATCH_DISSECT_LINK_H
#define PUSHWATCH_DISSECT_LINK_H

#include "../capture/packet.h"
#include "layers.h"

/* link_decode passes over the header of a link type; what follows is in l->next. Header layouts:
 * https://www.tcpdump.org/linktypes.html */
MUST_CHECK enum note link_decode(struct layers *l, enum link_type link);

/* link_pass passes over all that may stand between a link layer and IP: LLC and SNAP, VLAN tags
 * (IEEE 802.1Q and 802.1ad; those beyond VLANS_MAX are not kept), other tags, MPLS labels, PPPoE,
 * PPP, inner Ethernet headers. On NOTE_NONE l->next is ETHERTYPE_V4 or ETHERTYPE_V6 and the cursor
 * stands on such a header. */
MUST_CHECK enum note link_pass(struct layers *l);

#endif
