/* appid.h: nDPI's opinion of a flow, from its first packets. The only user of nDPI. */
#ifndef PUSHWATCH_DISSECT_APPID_H
#define PUSHWATCH_DISSECT_APPID_H

#include "segment.h"

/* nDPI itself: starting it takes tens of milliseconds and megabytes, so that it is started by the
 * first flow. */
struct appid;
/* One flow's state, some kilobytes: given back at the verdict. */
struct appid_flow;

MUST_CHECK struct appid *appid_new(void);
void appid_free(struct appid *appid);

/* appid_version gives the library's version, such as "4.2.0". */
const char *appid_version(void);

/* appid_take hands a packet of a flow to nDPI; *flow is NULL at first, and stays so while too many
 * flows wait for a verdict (limits.h). Returns true once there is
 * a verdict, in *label, and *flow is freed: pass no more. */
MUST_CHECK bool appid_take(struct app_label *label, struct appid *appid, struct appid_flow **flow,
                           const struct segment *segment);

/* appid_give_up takes nDPI's guess when no more packets are to come, and frees *flow. */
void appid_give_up(struct app_label *label, struct appid *appid, struct appid_flow **flow);

/* appid_forget frees *flow without a verdict. *flow may be NULL. */
void appid_forget(struct appid_flow **flow);

#endif
