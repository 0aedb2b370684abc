/* link.h: from the link layer to the network layer. */
#ifndef PUSHWATCH_DISSECT_LINK_H
#define PUSHWATCH_DISSECT_LINK_H

#include "../capture/packet.h"
#include "cursor.h"
#include "flow_record.h"
#include "note.h"

enum { ETHERTYPE_V4 = 0x0800, ETHERTYPE_V6 = 0x86dd };

struct link_layer {
    uint16_t ethertype; /* ETHERTYPE_V4 or ETHERTYPE_V6 */
    uint16_t vlans[VLANS_MAX];
    uint8_t vlan_count;
};

/* link_decode passes over a packet's link-layer header, VLAN tags (IEEE 802.1Q and 802.1ad; those
 * beyond VLANS_MAX are not kept), Cisco metadata, MPLS labels and PPPoE. On NOTE_NONE the cursor
 * stands on an IP header. Header layouts: https://www.tcpdump.org/linktypes.html */
MUST_CHECK enum note link_decode(struct link_layer *out, struct cursor *c, enum link_type link);

#endif
