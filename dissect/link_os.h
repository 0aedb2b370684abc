/* link_os.h: headers that an operating system puts before packets where the link has none, or that
 * are its own. Each function passes over what its name says and sets l->next. */
#ifndef PUSHWATCH_DISSECT_LINK_OS_H
#define PUSHWATCH_DISSECT_LINK_OS_H

#include "layers.h"

MUST_CHECK enum note link_loopback(struct layers *l); /* BSD */
MUST_CHECK enum note link_sll(struct layers *l);      /* Linux "cooked" */
MUST_CHECK enum note link_sll2(struct layers *l);
MUST_CHECK enum note link_nflog(struct layers *l);     /* Linux netfilter */
MUST_CHECK enum note link_ipnet(struct layers *l);     /* Solaris */
MUST_CHECK enum note link_bsd_enc(struct layers *l);   /* OpenBSD enc(4) */
MUST_CHECK enum note link_bsd_pflog(struct layers *l); /* OpenBSD pflog(4) */

#endif
