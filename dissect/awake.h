/* awake.h: which of a shard's flows are in working order. Only so many are; the one that was not
 * used for the longest time is packed when another one wakes. */
#ifndef PUSHWATCH_DISSECT_AWAKE_H
#define PUSHWATCH_DISSECT_AWAKE_H

#include "blocks.h"
#include "connection.h"

/* Zero-initialise but for the slab; free with awake_done when all flows are released. */
struct awake_list {
    struct slab *connections;
    struct awake *newest, *oldest;
    uint32_t count;
    uint32_t turn;        /* flows that became the newest so far; may wrap */
    uint32_t over;        /* a connection in working order that is over: awake_rest; or SLAB_NONE */
    struct blocks memory; /* of flows at rest, and of what they share: tls_store_use_blocks */
    struct blocks rooms;  /* of those in working order: cache lines from end to end */
    size_t packed_cost;   /* about the bytes of those at rest: flow_pack */
    size_t own;           /* bytes that flows have allocated and nobody else counts */
};

/* awake_new gives a connection a flow, whose content is to be set, in working order. */
struct flow *awake_new(struct awake_list *list, uint32_t connection);

/* awake_flow gives a connection's flow in working order, whatever form it had. It stays so until
 * LIMIT_AWAKE / 2 others have been asked for, or awake_rest packs it. */
struct flow *awake_flow(struct awake_list *list, uint32_t connection,
                        const struct flow_context *context);

/* awake_flow_of is awake_flow for a connection that is at hand. */
struct flow *awake_flow_of(struct awake_list *list, struct connection *connection, uint32_t number,
                           const struct flow_context *context);

/* awake_end_flights has a flow that has ended let go what it holds for what is in flight, but for
 * what is told of it. */
void awake_end_flights(struct awake_list *list, struct awake *awake);

/* awake_weigh is to be called when an end of a flow in working order has sent `length` bytes: what
 * the flow holds for them is counted then. Other memory of its own, and that it holds less, is seen
 * by awake_weigh_own, or when it is put to rest. */
void awake_weigh_own(struct awake_list *list, struct awake *awake);
static inline void awake_weigh(struct awake_list *list, struct awake *awake, unsigned from,
                               uint32_t length)
{
    if (length && UNLIKELY(flight_is_long(&awake->flow.tcp.ends[from].flight)))
        awake_weigh_own(list, awake);
}

/* awake_pack puts a flow in working order to rest; awake_pack_soon has it be the next one. */
void awake_pack(struct awake_list *list, struct connection *connection);
void awake_pack_soon(struct awake_list *list, struct connection *connection);

/* awake_over is for one that has closed at packet time `now`. awake_rest packs it, while it is
 * near, once more than AWAKE_OVER has passed since its last packet: where packets come in the order
 * of their times, no copy of that comes by another interface then. Where they may not, it matters
 * once many are awake: with up to LIMIT_AWAKE / 2, or while another one waits for this, one that
 * closes is packed as by awake_pack_soon. */
#define AWAKE_OVER RECENT_WITHIN
void awake_over(struct awake_list *list, uint32_t connection, nanotime now);
void awake_rest(struct awake_list *list, nanotime now);

/* awake_forget_packed frees the bytes of a flow at rest, of which a copy was made;
 * awake_recall_packed makes a flow at rest of such a copy. */
void awake_forget_packed(struct awake_list *list, struct connection *connection);
void awake_recall_packed(struct awake_list *list, struct connection *connection,
                         const uint8_t *copy);

/* awake_release frees a connection's flow, in whatever form it is. */
void awake_release(struct awake_list *list, struct connection *connection,
                   const struct flow_context *context);

/* awake_detach takes a connection's flow out of the list, in working order: it stays where it is
 * until awake_free. The connection is without a flow then. */
struct awake *awake_detach(struct awake_list *list, struct connection *connection);
void awake_free(struct awake_list *list, struct awake *awake, const struct flow_context *context);

/* awake_memory gives the bytes that all flows take, about those of the ones at rest. */
size_t awake_memory(const struct awake_list *list);

/* awake_spare leaves memory of connections that are gone to the system, once what was taken for
 * connections and flows at rest is more than `most`. Whoever may still look at those that are gone
 * (nearby.h) must not. */
void awake_spare(struct awake_list *list, size_t most);

void awake_done(struct awake_list *list);

#endif
