/* appid.h: nDPI's opinion of a flow, from its first packets. */
#ifndef PUSHWATCH_DISSECT_APPID_H
#define PUSHWATCH_DISSECT_APPID_H

#include "segment.h"

/* nDPI itself, which starts with the first flow: appid_ndpi.h. A flow's packets may go through any
 * thread; its label is the same whichever it was, and whatever else was seen. */
struct appid;
/* The undecided flows of one shard, and the labels that it has given. */
struct appid_pool;
/* One flow's state, some kilobytes: freed at the verdict. It knows its pool. */
struct appid_flow;
struct tls_hello_seen;

/* appid_new makes one for so many threads, which may use it at once, each with pools of its own. */
MUST_CHECK struct appid *appid_new(unsigned threads);
void appid_free(struct appid *appid);

/* appid_pool_new makes an empty pool, in which flows take `most` bytes and what one packet adds.
 * Free its flows before it (appid_forget); the labels end with it. appid_pool_free of NULL is fine.
 */
MUST_CHECK struct appid_pool *appid_pool_new(size_t most);

/* appid_pool_use_bytes has what kinds of packets are found by be there (shared_bytes.h). Before the
 * first of them. */
struct shared_bytes;
void appid_pool_use_bytes(struct appid_pool *pool, struct shared_bytes *bytes);
void appid_pool_free(struct appid_pool *pool);

/* appid_pool_memory gives about the bytes that the undecided flows take, and what is known of
 * others. */
size_t appid_pool_memory(const struct appid_pool *pool);

/* appid_version gives the library's version, such as "4.2.0". */
const char *appid_version(void);

/* appid_prepare starts nDPI, unless somebody has or does so at the moment: for a thread that knows
 * that it will be needed, while the others have something else to do. */
void appid_prepare(struct appid *appid);

/* appid_failed tells that nDPI was needed and does not start: flows have no labels. */
bool appid_failed(const struct appid *appid);

/* appid_take hands a packet of a flow to nDPI if it has payload. *flow is NULL at first, and stays
 * so while too many flows wait for a verdict (limits.h), or those that do take too much memory. It
 * returns the verdict, a label that belongs to the pool, once there is one, and *flow is NULL
 * again: pass no more. NULL: not yet. What TLS has seen, always of the same store for a pool
 * (tls.h), makes it cheaper if it was in this packet; NULL is fine. */
MUST_CHECK const struct app_label *appid_take(struct appid *appid, struct appid_pool *pool,
                                              struct appid_flow **flow,
                                              const struct segment *segment,
                                              const struct tls_hello_seen *seen);

/* appid_give_up takes nDPI's guess when no more packets are to come, and frees *flow. NULL if nDPI
 * has seen no payload of the flow (*flow is NULL): a guess from its port would be noise. */
MUST_CHECK const struct app_label *appid_give_up(struct appid *appid, struct appid_flow **flow);

/* appid_forget frees *flow without a verdict. *flow may be NULL. */
void appid_forget(struct appid_flow **flow);

#endif
