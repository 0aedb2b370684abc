/* awake.c: a list from the newest used to the oldest. */
#include "awake.h"

#include <stdlib.h>

#include "flow_pack.h"
#include "limits.h"

/* What each begins with a cache line, of which there are an odd number: so the same lines of
 * several do not compete for the same places of a cache. */
enum { ROOM = 25 * CACHE_LINE };
_Static_assert(sizeof(struct awake) <= ROOM, "there is room");
#define BEGINS_LINE(field) (offsetof(struct flow, field) % CACHE_LINE == 0)
_Static_assert(offsetof(struct awake, flow) == 0 && BEGINS_LINE(tcp.ends[0]) &&
                   BEGINS_LINE(tcp.ends[0].reasm.held) && BEGINS_LINE(tcp.ends[0].flight.segment) &&
                   BEGINS_LINE(tcp.ends[1]) && BEGINS_LINE(tcp.last_time) &&
                   BEGINS_LINE(recent[0]) && BEGINS_LINE(recent[1]) &&
                   offsetof(struct flow, zeek.rest) - offsetof(struct flow, tcp.last_time) ==
                       CACHE_LINE,
               "what is used at a time lies in few lines");

static struct connection *connection_of(const struct awake_list *list, uint32_t number)
{
    return slab_at(list->connections, number);
}

/* --- the list --- */

static void unlink_awake(struct awake_list *list, struct awake *awake)
{
    *(awake->newer ? &awake->newer->older : &list->newest) = awake->older;
    *(awake->older ? &awake->older->newer : &list->oldest) = awake->newer;
}

static void link_newest(struct awake_list *list, struct connection *connection)
{
    struct awake *awake = connection->awake;
    connection->turn = list->turn++;
    awake->newer = NULL;
    awake->older = list->newest;
    *(list->newest ? &list->newest->newer : &list->oldest) = awake;
    list->newest = awake;
}

/* Is it still in the newer half of the list? Then it can stay where it is: to move it is to touch
 * two others, which are far away. */
static bool is_new(const struct awake_list *list, const struct connection *connection)
{
    return list->turn - connection->turn <= LIMIT_AWAKE / 2;
}

static void link_oldest(struct awake_list *list, struct connection *connection)
{
    struct awake *awake = connection->awake;
    connection->turn = list->turn - LIMIT_AWAKE;
    awake->older = NULL;
    awake->newer = list->oldest;
    *(list->oldest ? &list->oldest->older : &list->newest) = awake;
    list->oldest = awake;
}

static void leave(struct awake_list *list, struct awake *awake)
{
    unlink_awake(list, awake);
    list->count--;
    if (list->over == awake->connection)
        list->over = SLAB_NONE;
}

static void drop(struct awake_list *list, struct awake *awake)
{
    leave(list, awake);
    blocks_free(&list->rooms, awake, ROOM);
}

/* --- forms --- */

static NOINLINE size_t weigh_own(const struct tcp *tcp, const struct segment *pending_syn)
{
    size_t bytes = flight_memory(&tcp->ends[0].flight) + flight_memory(&tcp->ends[1].flight);
    for (unsigned i = 0; i < 2; i++)
        bytes += tcp->ends[i].resends ? sizeof(struct resends) + MALLOC_BESIDE : 0;
    bytes += tcp->signs ? sizeof *tcp->signs + MALLOC_BESIDE : 0;
    return bytes + (pending_syn ? sizeof *pending_syn + MALLOC_BESIDE : 0);
}

/* What a flow has of its own that nobody else counts: hardly any has. */
static inline size_t own_memory(const struct flow *flow)
{
    const struct tcp_end *a = &flow->tcp.ends[0], *b = &flow->tcp.ends[1];
    const uintptr_t any = (uintptr_t)a->flight.segment_block | (uintptr_t)a->flight.record_block |
                          (uintptr_t)b->flight.segment_block | (uintptr_t)b->flight.record_block |
                          (uintptr_t)a->resends | (uintptr_t)b->resends |
                          (uintptr_t)flow->tcp.signs | (uintptr_t)flow->pending_syn;
    return LIKELY(!any) ? 0 : weigh_own(&flow->tcp, flow->pending_syn);
}

void awake_weigh_own(struct awake_list *list, struct awake *awake)
{
    const size_t counted = awake->own, holds = own_memory(&awake->flow);
    list->own += holds - counted;
    awake->own = (uint32_t)holds;
}

static bool has_long_flight(const struct awake *awake)
{
    const struct tcp_end *ends = awake->flow.tcp.ends;
    return awake->own > 0 && (flight_is_long(&ends[0].flight) || flight_is_long(&ends[1].flight));
}

void awake_end_flights(struct awake_list *list, struct awake *awake)
{
    awake_weigh_own(list, awake); /* its end may have brought bytes from behind a hole */
    if (!has_long_flight(awake))
        return;
    for (unsigned i = 0; i < 2; i++) {
        struct tcp_end *end = &awake->flow.tcp.ends[i];
        flight_end(&end->flight, end->una, end->next);
    }
    awake_weigh_own(list, awake);
}

void awake_pack(struct awake_list *list, struct connection *connection)
{
    struct awake *awake = connection->awake;
    awake_weigh_own(list, awake);
    connection->holds = flow_holds(&awake->flow) || has_long_flight(awake);
    uint8_t room[FLOW_PACK_ROOM];
    size_t cost,
        size = flow_pack(room, &cost, &awake->flow, connection->last_time, connection->order);
    connection->packed = blocks_new(&list->memory, size);
    connection->packed_size = (uint16_t)size;
    connection->packed_cost = (uint16_t)cost;
    list->packed_cost += cost;
    connection->form = FORM_PACKED;
    memcpy(connection->packed, room, size);
    drop(list, awake);
}

void awake_pack_soon(struct awake_list *list, struct connection *connection)
{
    unlink_awake(list, connection->awake);
    link_oldest(list, connection);
}

void awake_rest(struct awake_list *list, nanotime now)
{
    if (list->over == SLAB_NONE)
        return;
    struct connection *connection = connection_of(list, list->over);
    if (now - connection->last_time > AWAKE_OVER)
        awake_pack(list, connection);
}

void awake_over(struct awake_list *list, uint32_t number, nanotime now)
{
    if (list->over != number)
        awake_rest(list, now);
    if (list->over == SLAB_NONE && list->count > LIMIT_AWAKE / 2)
        list->over = number;
    else
        awake_pack_soon(list, connection_of(list, number));
}

void awake_forget_packed(struct awake_list *list, struct connection *connection)
{
    blocks_free(&list->memory, connection->packed, connection->packed_size);
    list->packed_cost -= connection->packed_cost;
    connection->packed = NULL;
}

void awake_recall_packed(struct awake_list *list, struct connection *connection,
                         const uint8_t *copy)
{
    connection->packed = blocks_new(&list->memory, connection->packed_size);
    memcpy(connection->packed, copy, connection->packed_size);
    list->packed_cost += connection->packed_cost;
}

/* What was not used for long is far away. The next one is fetched in two steps, of which the second
 * needs what the first has fetched. */
static void pack_oldest(struct awake_list *list)
{
    awake_pack(list, connection_of(list, list->oldest->connection));
    const struct awake *next = list->oldest;
    prefetch(connection_of(list, next->connection), sizeof(struct connection));
    flow_prefetch_tls(&next->flow);
    prefetch(next->newer, sizeof *next->newer);
}

struct flow *awake_new(struct awake_list *list, uint32_t number)
{
    struct connection *connection = connection_of(list, number);
    if (list->count >= LIMIT_AWAKE)
        pack_oldest(list);
    struct awake *awake = blocks_new(&list->rooms, ROOM);
    awake->connection = number;
    awake->own = 0;
    connection->awake = awake;
    connection->form = FORM_AWAKE;
    link_newest(list, connection);
    list->count++;
    return &awake->flow;
}

static struct flow *unpack(struct awake_list *list, uint32_t number,
                           const struct flow_context *context)
{
    struct connection *connection = connection_of(list, number);
    uint8_t *packed = connection->packed;
    uint32_t size = connection->packed_size;
    list->packed_cost -= connection->packed_cost;
    struct flow *flow = awake_new(list, number); /* takes the place of the pointer */
    flow_unpack(flow, packed, context->store, connection->last_time, connection->order);
    connection->awake->own = (uint32_t)own_memory(flow);
    blocks_free(&list->memory, packed, size);
    return flow;
}

static struct flow *grow(struct awake_list *list, uint32_t number,
                         const struct flow_context *context)
{
    struct connection syn = *connection_of(list, number);
    struct flow *flow = awake_new(list, number);
    connection_grow(flow, &syn, context);
    return flow;
}

static NOINLINE struct flow *wake(struct awake_list *list, enum connection_form form,
                                  uint32_t number, const struct flow_context *context)
{
    return form == FORM_SYN ? grow(list, number, context) : unpack(list, number, context);
}

struct flow *awake_flow_of(struct awake_list *list, struct connection *connection, uint32_t number,
                           const struct flow_context *context)
{
    if (UNLIKELY(connection->form != FORM_AWAKE))
        return wake(list, (enum connection_form)connection->form, number, context);
    if (!is_new(list, connection)) {
        unlink_awake(list, connection->awake);
        link_newest(list, connection);
    }
    return &connection->awake->flow;
}

struct flow *awake_flow(struct awake_list *list, uint32_t number,
                        const struct flow_context *context)
{
    return awake_flow_of(list, connection_of(list, number), number, context);
}

void awake_release(struct awake_list *list, struct connection *connection,
                   const struct flow_context *context)
{
    if (connection->form == FORM_PACKED) {
        struct flow flow;
        flow_unpack(&flow, connection->packed, context->store, connection->last_time,
                    connection->order);
        list->own -= own_memory(&flow);
        flow_strip(&flow, context);
        awake_forget_packed(list, connection);
    } else if (connection->form == FORM_AWAKE) {
        flow_strip(&connection->awake->flow, context);
        list->own -= connection->awake->own;
        drop(list, connection->awake);
    }
    connection->form = FORM_NONE;
}

struct awake *awake_detach(struct awake_list *list, struct connection *connection)
{
    struct awake *awake = connection->awake;
    leave(list, awake);
    list->own -= awake->own;
    connection->form = FORM_NONE;
    return awake;
}

void awake_free(struct awake_list *list, struct awake *awake, const struct flow_context *context)
{
    flow_strip(&awake->flow, context);
    blocks_free(&list->rooms, awake, ROOM);
}

size_t awake_memory(const struct awake_list *list)
{
    return list->rooms.used + list->packed_cost + list->own;
}

void awake_spare(struct awake_list *list, size_t most)
{
    if (slab_held(list->connections) + list->memory.held + list->rooms.held + list->own <= most)
        return;
    slab_give_back(list->connections);
    blocks_give_back(&list->memory);
}

void awake_done(struct awake_list *list)
{
    blocks_done(&list->memory);
    blocks_done(&list->rooms);
}
