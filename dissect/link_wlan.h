/* link_wlan.h: IEEE 802.11 data frames, and what capture tools put before them. Each function
 * passes over what its name says and sets l->next. */
#ifndef PUSHWATCH_DISSECT_LINK_WLAN_H
#define PUSHWATCH_DISSECT_LINK_WLAN_H

#include "layers.h"

/* link_wlan passes over the header of a data frame. Of an A-MSDU (IEEE 802.11 section 9.3.2.2) the
 * first frame is next and the others are in l->more, for link_wlan_more. */
MUST_CHECK enum note link_wlan(struct layers *l);

/* link_wlan_more goes on with the next frame in l->more, which is not empty. */
MUST_CHECK enum note link_wlan_more(struct layers *l);

MUST_CHECK enum note link_radiotap(struct layers *l); /* https://www.radiotap.org */
MUST_CHECK enum note link_prism(struct layers *l);
MUST_CHECK enum note link_avs(struct layers *l);
MUST_CHECK enum note link_ppi(struct layers *l); /* CACE Per-Packet Information */

#endif
