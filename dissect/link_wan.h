/* link_wan.h: headers of lines between networks. Each function passes over what its name says and
 * sets l->next. */
#ifndef PUSHWATCH_DISSECT_LINK_WAN_H
#define PUSHWATCH_DISSECT_LINK_WAN_H

#include "layers.h"

MUST_CHECK enum note link_ppp(struct layers *l);           /* RFC 1661, RFC 1662 */
MUST_CHECK enum note link_ppp_hdlc(struct layers *l);      /* or Cisco HDLC */
MUST_CHECK enum note link_ppp_direction(struct layers *l); /* behind a byte of direction */
MUST_CHECK enum note link_ppp_pppd(struct layers *l);      /* that stands for the address byte */
MUST_CHECK enum note link_pppoe(struct layers *l);         /* RFC 2516 */
MUST_CHECK enum note link_cisco_hdlc(struct layers *l);    /* RFC 1547 section 4.3.1 */
MUST_CHECK enum note link_slip(struct layers *l);          /* RFC 1055, with libpcap's header */
MUST_CHECK enum note link_frame_relay(struct layers *l);   /* RFC 2427 */
MUST_CHECK enum note link_mpls(struct layers *l);          /* RFC 3032 */
MUST_CHECK enum note link_sun_atm(struct layers *l);
MUST_CHECK enum note link_juniper_ethernet(struct layers *l);
MUST_CHECK enum note link_juniper_ppp(struct layers *l);
MUST_CHECK enum note link_juniper_hdlc(struct layers *l);
MUST_CHECK enum note link_juniper_frame_relay(struct layers *l);

#endif
