/* linktype.h: the LINKTYPE_ numbers of capture files (https://www.tcpdump.org/linktypes.html). */
#ifndef PUSHWATCH_CAPTURE_LINKTYPE_H
#define PUSHWATCH_CAPTURE_LINKTYPE_H

#include "packet.h"

/* linktype_of returns the link type that a number stands for, or LINK_UNSUPPORTED. It takes
 * LINKTYPE_ numbers, as files hold them, and DLT_ numbers, as libpcap gives them: where the two
 * differ (DLT_RAW is 12 or 14, LINKTYPE_RAW is 101) both are known. */
enum link_type linktype_of(uint16_t number);

/* linktype_name returns a number's name for a message, such as "Ethernet"; "unknown" for a number
 * that is not in the table. */
const char *linktype_name(uint16_t number);

#endif
