/* handout.c: one list, a ring of prepared flows at its head, and a spill behind it. */
#include "handout.h"

#include <stdlib.h>

/* Bytes of a flow at rest, as measured on average: of a connection that is over, and of others. */
enum { PACKED_OVER = 235, PACKED_ABOUT = 320 };

static struct connection *connection_of(const struct handout *handout, uint32_t number)
{
    return slab_at(handout->awake->connections, number);
}

void handout_init(struct handout *handout, const struct sink *sink, struct awake_list *awake,
                  bool in_order, size_t most_waiting)
{
    *handout = (struct handout){
        .sink = sink, .awake = awake, .in_order = in_order, .most_waiting = most_waiting};
}

struct outgoing *handout_places(const struct sink *sink, size_t count)
{
    struct outgoing *outgoing = xcalloc(count, sizeof *outgoing);
    for (size_t i = 0; sink->item_new && i < count; i++)
        outgoing[i].item = sink->item_new(sink->context);
    return outgoing;
}

void handout_places_free(const struct sink *sink, struct outgoing *outgoing, size_t count)
{
    for (size_t i = 0; outgoing && sink->item_free && i < count; i++)
        sink->item_free(sink->context, outgoing[i].item);
    free(outgoing);
}

/* --- the list --- */

static void append(struct handout *handout, uint32_t number)
{
    connection_of(handout, number)->next = SLAB_NONE;
    if (handout->last != SLAB_NONE)
        connection_of(handout, handout->last)->next = number;
    else
        handout->first = number;
    handout->last = number;
}

/* prefetch_packed brings a flow at rest near: it is far away, for it rests since long ago. */
static void prefetch_packed(const struct connection *c)
{
    if (c->form == FORM_PACKED)
        prefetch(c->packed, c->packed_size);
}

/* The next one has its turn when the other shards had theirs; the one behind it tells then where
 * its flow is. */
static void prefetch_first(const struct handout *handout)
{
    const struct connection *c = connection_of(handout, handout->first);
    prefetch_packed(c);
    if (c->next != SLAB_NONE)
        prefetch(connection_of(handout, c->next), sizeof *c);
}

static void remove_first(struct handout *handout)
{
    handout->first = connection_of(handout, handout->first)->next;
    if (handout->first == SLAB_NONE)
        handout->last = SLAB_NONE;
    else
        prefetch_first(handout);
}

void handout_begun(struct handout *handout, uint32_t number)
{
    if (!handout->in_order)
        return;
    append(handout, number);
    if (handout->open == SLAB_NONE)
        handout->open = number;
}

/* None that has ended goes on again, so that each is passed once. */
static void pass_ended(struct handout *handout)
{
    while (handout->open != SLAB_NONE && connection_of(handout, handout->open)->ended)
        handout->open = connection_of(handout, handout->open)->next;
}

uint64_t handout_open(const struct handout *handout, uint64_t otherwise)
{
    return handout->open != SLAB_NONE ? connection_of(handout, handout->open)->order : otherwise;
}

/* What one that waits costs: by its form it would be more exact, but that changes. */
static size_t memory_of(const struct connection *c)
{
    bool is_over = c->kind == KIND_CLOSED || c->kind == KIND_LINGER;
    return sizeof *c + (c->form == FORM_SYN ? 0 : is_over ? PACKED_OVER : PACKED_ABOUT);
}

/* --- on disk --- */

static void spill_one(struct handout *handout, uint32_t number)
{
    struct connection *c = connection_of(handout, number);
    handout->waiting_bytes -= memory_of(c);
    if (c->form == FORM_AWAKE)
        awake_pack(handout->awake, c);
    handout->block.n = 0;
    buf_append(&handout->block, c, sizeof *c);
    if (c->form == FORM_PACKED) {
        buf_append(&handout->block, c->packed, c->packed_size);
        awake_forget_packed(handout->awake, c);
    }
    spill_add(handout->spill, c->order, span_of(handout->block.p, handout->block.n));
    slab_free(handout->awake->connections, number);
}

/* Moves all that have ended to disk. */
static void spill_ended(struct handout *handout)
{
    if (!handout->spill)
        handout->spill = spill_new();
    if (!spill_begin(handout->spill)) {
        handout->no_disk = true;
        return;
    }
    uint32_t before = SLAB_NONE, next;
    for (uint32_t i = handout->first; i != SLAB_NONE; i = next) {
        struct connection *c = connection_of(handout, i);
        next = c->next;
        if (!c->ended) {
            before = i;
            continue;
        }
        *(before != SLAB_NONE ? &connection_of(handout, before)->next : &handout->first) = next;
        spill_one(handout, i);
    }
    handout->last = before;
    spill_end(handout->spill);
}

void handout_ended(struct handout *handout, uint32_t number)
{
    if (!handout->in_order)
        append(handout, number);
    pass_ended(handout);
    struct connection *c = connection_of(handout, number);
    const size_t memory = memory_of(c);
    handout->waiting_bytes += memory;
    if (handout->over && c->form != FORM_AWAKE)
        handout->most_waiting += memory; /* it was in use already */
    if (c->form == FORM_AWAKE)
        awake_pack_soon(handout->awake, c);
    if (handout->in_order && handout_is_tight(handout) && !handout->no_disk)
        spill_ended(handout);
}

void handout_over(struct handout *handout)
{
    handout->over = true;
}

/* Gives a flow that comes back from disk a connection again. */
static uint32_t read_back(struct handout *handout)
{
    struct buf *block = &handout->block;
    if (!spill_take(handout->spill, block))
        return SLAB_NONE;
    uint32_t number = slab_new(handout->awake->connections);
    struct connection *c = connection_of(handout, number);
    memcpy(c, block->p, sizeof *c);
    if (c->form == FORM_PACKED)
        awake_recall_packed(handout->awake, c, block->p + sizeof *c);
    return number;
}

/* --- preparing --- */

static struct outgoing *outgoing_at(const struct handout *handout, uint32_t i)
{
    return &handout->outgoing[(handout->head + i) % HANDOUT_MAX];
}

bool handout_has_room(const struct handout *handout)
{
    return handout->prepared < HANDOUT_MAX;
}

static struct outgoing *next_place(struct handout *handout)
{
    if (!handout->outgoing)
        handout->outgoing = handout_places(handout->sink, HANDOUT_MAX);
    return outgoing_at(handout, handout->prepared++);
}

static void describe(struct handout *handout, struct outgoing *out, uint32_t number,
                     enum end_reason reason, nanotime end, const struct flow_context *context)
{
    struct flow *flow = awake_flow(handout->awake, number, context);
    const struct connection *c = connection_of(handout, number);
    if (!flow->ended)
        flow_end(flow, reason, context);
    out->order = c->order;
    out->steps = 0;
    out->awake = NULL;
    out->kept = SLAB_NONE;
    flow_describe(&out->record, flow, &c->key, end, context);
    handout->counts.flows++;
    handout->counts.matched += flow->tcp.ends[0].packets + flow->tcp.ends[1].packets;
}

void handout_step(const struct sink *sink, struct outgoing *out)
{
    void (*step)(void *, const struct flow_record *, void *) =
        out->steps++ == 0 ? sink->prepare : sink->render;
    if (step)
        step(sink->context, &out->record, out->item);
}

static void take_steps(const struct handout *handout, struct outgoing *out)
{
    handout_step(handout->sink, out);
    handout_step(handout->sink, out);
}

void handout_now(struct handout *handout, uint32_t number, nanotime now,
                 const struct flow_context *context)
{
    struct outgoing *out = next_place(handout);
    describe(handout, out, number, ENDED_CLOSED, now, context);
    out->kept = number;
    take_steps(handout, out);
}

static void describe_ended(struct handout *handout, struct outgoing *out, uint32_t number,
                           const struct flow_context *context)
{
    struct connection *c = connection_of(handout, number);
    describe(handout, out, number, (enum end_reason)c->end_reason, connection_end(c), context);
    out->awake = awake_detach(handout->awake, c);
    slab_free(handout->awake->connections, number);
}

/* The next one, on disk or at the head of the list. SLAB_NONE: there is none, or it is lost. */
static uint32_t take_next(struct handout *handout)
{
    uint64_t spilled;
    uint32_t number = handout->first;
    const struct connection *c = number ? connection_of(handout, number) : NULL;
    if (handout->spill && spill_first(handout->spill, &spilled) && (!c || spilled < c->order))
        return read_back(handout);
    if (!c)
        return SLAB_NONE;
    remove_first(handout);
    handout->waiting_bytes -= memory_of(c);
    return number;
}

void handout_prepare(struct handout *handout, const struct flow_context *context)
{
    uint32_t number, before = handout->prepared;
    while (handout_has_room(handout) && (number = take_next(handout)) != SLAB_NONE)
        describe_ended(handout, next_place(handout), number, context);
    for (unsigned step = 0; step < 2; step++)
        for (uint32_t i = before; i < handout->prepared; i++)
            handout_step(handout->sink, outgoing_at(handout, i));
}

bool handout_describe(struct handout *handout, struct outgoing *place,
                      const struct flow_context *context)
{
    uint32_t number = take_next(handout);
    if (number != SLAB_NONE)
        describe_ended(handout, place, number, context);
    return number != SLAB_NONE;
}

/* --- handing out --- */

uint64_t handout_next(const struct handout *handout, uint64_t otherwise)
{
    uint64_t next = otherwise, spilled;
    if (handout->first != SLAB_NONE)
        next = connection_of(handout, handout->first)->order;
    if (handout->spill && spill_first(handout->spill, &spilled) && spilled < next)
        next = spilled;
    return next;
}

uint64_t handout_prepared(const struct handout *handout)
{
    bool any = handout->committed < handout->prepared;
    return any ? outgoing_at(handout, handout->committed)->order : UINT64_MAX;
}

void handout_give(const struct sink *sink, struct outgoing *place, uint64_t n)
{
    place->record.n = n;
    sink->flow(sink->context, &place->record, place->item);
}

void handout_let_go(struct handout *handout, struct outgoing *place,
                    const struct flow_context *context)
{
    awake_free(handout->awake, place->awake, context);
}

void handout_commit(struct handout *handout, uint64_t n)
{
    handout_give(handout->sink, outgoing_at(handout, handout->committed++), n);
}

void handout_release(struct handout *handout, const struct flow_context *context)
{
    for (uint32_t i = 0; i < handout->committed; i++) {
        const struct outgoing *out = outgoing_at(handout, i);
        if (out->awake)
            awake_free(handout->awake, out->awake, context);
        else
            flow_strip(awake_flow(handout->awake, out->kept, context), context);
    }
    handout->head = (handout->head + handout->committed) % HANDOUT_MAX;
    handout->prepared -= handout->committed;
    handout->committed = 0;
    if (handout->prepared == 0) /* the same place again, which is near */
        handout->head = 0;
}

/* A lone SYN stays one: its flow is made for the occasion. */
void handout_snapshot(struct handout *handout, uint32_t number, nanotime now, uint64_t n,
                      const struct flow_context *context)
{
    const struct connection *c = connection_of(handout, number);
    if (!handout->snapshot)
        handout->snapshot = handout_places(handout->sink, 1);
    struct outgoing *out = handout->snapshot;
    struct flow lone, *flow = &lone;
    if (c->form == FORM_SYN)
        connection_grow(&lone, c, context);
    else
        flow = awake_flow(handout->awake, number, context);
    flow_describe(&out->record, flow, &c->key, now, context);
    out->steps = 0;
    take_steps(handout, out);
    handout_give(handout->sink, out, n);
    sink_settle(handout->sink);
    if (flow == &lone)
        flow_strip(&lone, context);
}

bool handout_is_ready(const struct handout *handout)
{
    return handout->committed == handout->prepared && handout->first != SLAB_NONE;
}

bool handout_waits(const struct handout *handout)
{
    uint64_t order;
    return handout->waiting_bytes > 0 || (handout->spill && spill_first(handout->spill, &order));
}

bool handout_is_tight(const struct handout *handout)
{
    return handout->waiting_bytes > handout->most_waiting;
}

bool handout_overflows(const struct handout *handout)
{
    return handout->no_disk && handout_is_tight(handout);
}

uint32_t handout_first_open(const struct handout *handout)
{
    uint32_t first = handout->in_order ? handout->first : SLAB_NONE;
    return first != SLAB_NONE && connection_of(handout, first)->ended ? SLAB_NONE : first;
}

uint64_t handout_lost(const struct handout *handout)
{
    return handout->spill ? spill_lost(handout->spill) : 0;
}

bool handout_is_empty(const struct handout *handout)
{
    uint64_t order;
    return handout->first == SLAB_NONE && handout->committed == handout->prepared &&
           !(handout->spill && spill_first(handout->spill, &order));
}

void handout_done(struct handout *handout, const struct flow_context *context)
{
    handout->committed = handout->prepared;
    handout_release(handout, context);
    for (uint32_t i = handout->first, next; i != SLAB_NONE; i = next) {
        next = connection_of(handout, i)->next;
        if (connection_of(handout, i)->ended)
            awake_release(handout->awake, connection_of(handout, i), context);
    }
    handout_places_free(handout->sink, handout->snapshot, 1);
    handout_places_free(handout->sink, handout->outgoing, HANDOUT_MAX);
    spill_free(handout->spill);
    buf_done(&handout->block);
}
