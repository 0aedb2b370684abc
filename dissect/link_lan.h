/* link_lan.h: headers of local networks, and tags that their switches put in. Each function passes
 * over what its name says and sets l->next, as link_pass needs it. */
#ifndef PUSHWATCH_DISSECT_LINK_LAN_H
#define PUSHWATCH_DISSECT_LINK_LAN_H

#include "layers.h"

MUST_CHECK enum note link_ethernet(struct layers *l);
MUST_CHECK enum note link_llc(struct layers *l);            /* IEEE 802.2, with SNAP */
MUST_CHECK enum note link_vlan(struct layers *l);           /* IEEE 802.1Q */
MUST_CHECK enum note link_cisco_metadata(struct layers *l); /* TrustSec's security group tag */
MUST_CHECK enum note link_fabric_path(struct layers *l);    /* Cisco FabricPath */
MUST_CHECK enum note link_vntag(struct layers *l);          /* Cisco's interface tag: 802.1BR */
MUST_CHECK enum note link_pbb(struct layers *l);            /* IEEE 802.1ah */
MUST_CHECK enum note link_dsa_short(struct layers *l);      /* 4 bytes before the ethertype */
MUST_CHECK enum note link_dsa_long(struct layers *l);       /* 8 bytes there */
MUST_CHECK enum note link_dsa_prepended(struct layers *l);  /* 4 bytes before all */
MUST_CHECK enum note link_token_ring(struct layers *l);     /* IEEE 802.5 */
MUST_CHECK enum note link_fddi(struct layers *l);           /* ISO 9314-2 */
MUST_CHECK enum note link_fibre_channel(struct layers *l);  /* RFC 2625 */
MUST_CHECK enum note link_arcnet(struct layers *l);         /* RFC 1201 */
MUST_CHECK enum note link_arcnet_linux(struct layers *l);
MUST_CHECK enum note link_infiniband(struct layers *l);     /* RFC 4391 */
MUST_CHECK enum note link_firewire_apple(struct layers *l); /* RFC 2734, as Darwin shows it */

#endif
