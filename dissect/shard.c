/* shard.c: finds each segment's connection, and ends connections by packet time. */
#include "shard.h"

#include <stdlib.h>

#include "handout.h"
#include "limits.h"
#include "nearby.h"
#include "queues.h"
#include "tcp_outcome.h"

struct shard {
    const struct shard_options *options;
    struct flow_context context;
    struct slab connections;
    struct flow_table *table;
    struct queues queues;
    struct awake_list awake;
    struct handout handout;
    struct dissect_counts counts;
    size_t reassembly_held;
    nanotime begun, now; /* packet times: the first, and the latest, which never goes back */
    nanotime look_at;    /* when to look again for what is due, or shall rest */
    nanotime due_at;     /* when to look for the former */
    uint64_t weigh_at;   /* frame from which on to look whether the memory is full */
    bool spared;         /* since then: what nobody uses any more was forgotten */
    bool over;           /* no more segments come */
    bool more_linger;    /* live: more are due to be reported than there was room for */
    bool choked;         /* in this round: no room was made but by ending what is going on */
    bool round_over;     /* shard_work had no batch of it to follow */
};

static const nanotime timeouts[KINDS] = {
    [KIND_SYN] = LIMIT_SYN_IDLE_S * NS_PER_SECOND,
    [KIND_OPEN] = LIMIT_OPEN_IDLE_S * NS_PER_SECOND,
    [KIND_LINGER] = LIMIT_LINGER_S * NS_PER_SECOND,
    [KIND_CLOSED] = LIMIT_CLOSED_IDLE_S * NS_PER_SECOND,
};

static struct connection *connection_of(const struct shard *shard, uint32_t number)
{
    return slab_at(&shard->connections, number);
}

/* Whole seconds: they only say when to look at a connection again. */
static uint32_t seconds_now(const struct shard *shard)
{
    return (uint32_t)((shard->now - shard->begun) / NS_PER_SECOND);
}

static void queue_put(struct shard *shard, uint32_t number, enum connection_kind kind)
{
    queues_put(&shard->queues, number, kind, seconds_now(shard));
}

static void queue_again(struct shard *shard, uint32_t number, enum connection_kind kind)
{
    queues_again(&shard->queues, number, kind, seconds_now(shard));
}

static enum connection_kind kind_of(const struct shard *shard, const struct connection *c,
                                    const struct flow *flow)
{
    if (tcp_is_over(&flow->tcp))
        return shard->options->live && !c->reported ? KIND_LINGER : KIND_CLOSED;
    if (LIKELY(flow->tcp.ends[0].seen && flow->tcp.ends[1].seen))
        return KIND_OPEN;
    return tcp_teardown(&flow->tcp) == TEARDOWN_UNANSWERED ? KIND_SYN : KIND_OPEN;
}

static NOINLINE void change_kind(struct shard *shard, uint32_t number, enum connection_kind kind)
{
    queue_again(shard, number, kind);
    if (kind != KIND_CLOSED)
        return;
    awake_over(&shard->awake, number, shard->now);
    if (shard->look_at > shard->now + AWAKE_OVER)
        shard->look_at = shard->now + AWAKE_OVER + 1;
}

/* --- ends --- */

/* Hands a connection out, or lets it wait for its turn. */
static void leave(struct shard *shard, uint32_t number, enum end_reason reason, nanotime now)
{
    struct connection *c = connection_of(shard, number);
    c->ended = true;
    if (c->reported) {
        awake_release(&shard->awake, c, &shard->context);
        slab_free(&shard->connections, number);
        return;
    }
    if (c->form == FORM_AWAKE || (c->form == FORM_PACKED && c->holds)) { /* that is let go now */
        flow_end(awake_flow(&shard->awake, number, &shard->context), reason, &shard->context);
        awake_end_flights(&shard->awake, c->awake);
    }
    c->end_reason = (uint8_t)reason;
    connection_set_end(c, now);
    handout_ended(&shard->handout, number);
}

static void end(struct shard *shard, uint32_t number, enum end_reason reason, nanotime now)
{
    const struct flow_key *key = &connection_of(shard, number)->key;
    uint32_t hash = flow_key_hash(&shard->options->key, &key->ends[0], &key->ends[1]);
    flow_table_remove(shard->table, number, hash);
    queues_remove(&shard->queues, number);
    leave(shard, number, reason, now);
}

static nanotime due_time(const struct connection *c)
{
    return c->last_time + timeouts[c->kind];
}

/* Ended for its silence alone: also by which a port is used again after it. */
static bool is_due(const struct shard *shard, const struct connection *c)
{
    return shard->now > due_time(c);
}

/* Ends a connection that is due, as of when it became so: whoever notices it, and when, changes
 * nothing. */
static void expire(struct shard *shard, uint32_t number)
{
    const struct connection *c = connection_of(shard, number);
    shard->counts.flows_expired += c->kind != KIND_CLOSED;
    end(shard, number, ENDED_IDLE, due_time(c));
}

/* The next of a kind that is due, or SLAB_NONE. Those on the way that were active are put back. */
static uint32_t next_due(struct shard *shard, enum connection_kind kind)
{
    uint32_t number, timeout = (uint32_t)(timeouts[kind] / NS_PER_SECOND);
    while ((number = shard->queues.of[kind].oldest) != SLAB_NONE &&
           seconds_now(shard) - connection_of(shard, number)->since > timeout) {
        if (is_due(shard, connection_of(shard, number)))
            return number;
        queue_again(shard, number, kind);
    }
    return SLAB_NONE;
}

/* Live: reports connections that have ended and keeps their tuples, so that stray segments make no
 * new ones. Their records point into the flows, so that no segment may come before those are handed
 * out. */
static void report_lingering(struct shard *shard)
{
    uint32_t number;
    while ((number = next_due(shard, KIND_LINGER)) != SLAB_NONE &&
           handout_has_room(&shard->handout)) {
        handout_now(&shard->handout, number, shard->now, &shard->context);
        connection_of(shard, number)->reported = true;
        queue_again(shard, number, KIND_CLOSED);
    }
    shard->more_linger = number != SLAB_NONE;
}

static void advance(struct shard *shard, nanotime now)
{
    if (now <= shard->now)
        return;
    shard->now = now;
    if (LIKELY(now < shard->look_at))
        return;
    awake_rest(&shard->awake, now);
    shard->look_at = shard->due_at;
    if (now < shard->due_at)
        return;
    if (shard->due_at == 0)
        shard->begun = now;
    shard->look_at = shard->due_at = now + NS_PER_SECOND;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        uint32_t number;
        while (kind != KIND_LINGER &&
               (number = next_due(shard, (enum connection_kind)kind)) != SLAB_NONE) {
            nearby_prefetch_end(shard->table, &shard->connections, &shard->options->key, number);
            expire(shard, number);
        }
    }
}

/* --- room --- */

/* Ended ones that wait are not counted: they have a quarter to themselves, then go to disk. */
static bool memory_is_full(const struct shard *shard)
{
    size_t memory = shard->connections.used * sizeof(struct connection) +
                    flow_table_memory(shard->table) + awake_memory(&shard->awake) +
                    shard->reassembly_held + tls_store_memory(shard->context.store) +
                    appid_pool_memory(shard->context.appid_pool);
    return memory >= shard->options->max_memory / 4 * 3 + shard->handout.waiting_bytes;
}

static bool is_full(const struct shard *shard)
{
    uint64_t most = shard->options->max_flows;
    return (most && flow_table_count(shard->table) >= most) || memory_is_full(shard);
}

/* Ends the least valuable one: a lone SYN, else one that has closed, else one long silent. */
static bool evict(struct shard *shard)
{
    static const enum connection_kind order[] = {KIND_SYN, KIND_CLOSED, KIND_LINGER, KIND_OPEN};
    for (unsigned i = 0; i < COUNT_OF(order); i++) {
        uint32_t victim =
            queues_most_silent(&shard->queues, order[i], shard->begun, seconds_now(shard));
        if (victim == SLAB_NONE)
            continue;
        shard->counts.flows_evicted += !connection_of(shard, victim)->reported;
        end(shard, victim, ENDED_EVICTED, shard->now);
        return true;
    }
    return false;
}

static void evict_while(struct shard *shard, bool (*too_much)(const struct shard *))
{
    while (too_much(shard)) {
        if (!shard->spared && memory_is_full(shard)) {
            shard->spared = true;
            tls_store_spare(shard->context.store);
            continue;
        }
        if (shard->queues.of[KIND_SYN].oldest == SLAB_NONE &&
            shard->queues.of[KIND_CLOSED].oldest == SLAB_NONE)
            shard->choked = true;
        if (!evict(shard))
            break;
    }
}

/* Connections that are there grow, too, as when a thousand servers begin what they do not finish.
 * Looked at every 256 frames, which are the same for any number of threads, and after one that may
 * have brought more than WEIGHTY bytes that are held. */
enum { WEIGHTY = 4096 };
static NOINLINE void weigh(struct shard *shard, uint64_t frame)
{
    shard->weigh_at = frame + 256;
    shard->spared = false;
    evict_while(shard, memory_is_full);
}

bool shard_is_choked(struct shard *shard)
{
    if (handout_overflows(&shard->handout))
        return true;
    if (!shard->choked || !handout_waits(&shard->handout))
        return false;
    handout_release(&shard->handout, &shard->context);
    return memory_is_full(shard);
}

bool shard_is_tight(const struct shard *shard)
{
    return shard->choked || handout_is_tight(&shard->handout);
}

bool shard_unblock(struct shard *shard)
{
    uint32_t first = handout_first_open(&shard->handout);
    if (first == SLAB_NONE)
        return false;
    shard->counts.flows_evicted++;
    end(shard, first, ENDED_EVICTED, shard->now);
    return true;
}

/* --- segments --- */

/* Makes a connection whose first segment this is. Its place in the order is that of the segment
 * that shows that it has begun. */
static struct flow_table_entry begin(struct shard *shard, const struct arrival *arrived)
{
    evict_while(shard, is_full);
    uint32_t number = slab_new(&shard->connections);
    struct connection *c = connection_of(shard, number);
    *c = (struct connection){.key = {{*arrival_end(arrived, 0), *arrival_end(arrived, 1)}},
                             .order = arrived->segment->frame,
                             .form = FORM_NONE};
    flow_table_add(shard->table, number, arrived->hash);
    handout_begun(&shard->handout, number);
    return (struct flow_table_entry){c, number};
}

static ALWAYS_INLINE void take(struct shard *shard, struct flow_table_entry entry,
                               struct flow *flow, unsigned from, const struct segment *segment)
{
    struct connection *c = entry.at;
    shard->counts.matched += c->reported; /* its own were counted when it was reported */
    flow_take(flow, from, segment, &shard->context);
    awake_weigh(&shard->awake, c->awake, from, segment->length);
    c->last_time = flow->tcp.last_time;
    enum connection_kind kind = kind_of(shard, c, flow);
    if (UNLIKELY(kind != (enum connection_kind)c->kind))
        change_kind(shard, entry.number, kind);
}

static void begin_and_take(struct shard *shard, const struct arrival *arrived)
{
    const struct segment *segment = arrived->segment;
    struct flow_table_entry entry = begin(shard, arrived);
    if (connection_is_lone_syn(segment)) {
        connection_put_syn(entry.at, arrived->from, segment);
        queue_put(shard, entry.number, KIND_SYN);
        return;
    }
    struct flow *flow = awake_new(&shard->awake, entry.number);
    flow_begin(flow, arrived->from, segment);
    queue_put(shard, entry.number, KIND_OPEN);
    take(shard, entry, flow, arrived->from, segment);
}

/* The SYN that a flow has kept, sent by the peer of this segment's sender, was answered by it: it
 * began another connection. */
static void replace(struct shard *shard, uint32_t old, struct flow *old_flow,
                    const struct arrival *arrived)
{
    struct segment syn = *old_flow->pending_syn;
    unsigned from = arrived->from;
    free(old_flow->pending_syn);
    old_flow->pending_syn = NULL;
    end(shard, old, ENDED_PORT_REUSED, syn.time);
    struct flow_table_entry entry = begin(shard, arrived);
    struct flow *flow = awake_new(&shard->awake, entry.number);
    flow_begin(flow, !from, &syn);
    queue_put(shard, entry.number, KIND_OPEN);
    take(shard, entry, flow, !from, &syn);
    take(shard, entry, flow, from, arrived->segment);
}

/* Takes a segment that was in doubt. */
static void take_doubt(struct shard *shard, struct flow_table_entry entry, struct flow *flow,
                       struct doubt *doubt)
{
    shard->counts.skipped[NOTE_CHECKSUM]--;
    take(shard, entry, flow, doubt->from, &doubt->segment);
    doubt_free(doubt, shard->context.held);
}

/* A segment came that may tell what those in doubt are. */
static NOINLINE void settle_doubts(struct shard *shard, struct flow_table_entry entry,
                                   struct flow *flow, const struct arrival *arrived)
{
    struct doubt *doubt;
    while ((doubt = flow_settle_doubts(flow, arrived->from, arrived->segment, &shard->context)))
        take_doubt(shard, entry, flow, doubt);
}

/* Returns false if a segment is to be taken in spite of its checksum, after those that waited. */
static NOINLINE bool keep_doubt(struct shard *shard, struct flow_table_entry entry,
                                struct flow *flow, const struct arrival *arrived)
{
    struct doubt *doubt;
    if (flow_keep_doubt(flow, arrived->from, arrived->segment, &shard->context)) {
        shard->counts.skipped[NOTE_CHECKSUM]++;
        return true;
    }
    while ((doubt = doubts_next(&flow->doubts)))
        take_doubt(shard, entry, flow, doubt);
    return false;
}

/* Takes a segment of a connection, or the first of one. */
static void take_segment(struct shard *shard, const struct arrival *arrived,
                         struct flow_table_entry guess)
{
    const struct segment *segment = arrived->segment;
    struct flow_table_entry entry = nearby_find(shard->table, arrived, guess);
    struct connection *c = entry.at;
    if (c && c->kind != KIND_LINGER && is_due(shard, c)) {
        expire(shard, entry.number);
        c = NULL;
    }
    if (!c) {
        begin_and_take(shard, arrived);
        return;
    }
    struct flow *flow = awake_flow_of(&shard->awake, c, entry.number, &shard->context);
    if (LIKELY(flow_take_in_order(flow, arrived->from, segment, &shard->context))) {
        c->last_time = segment->time; /* its kind stays the same */
        awake_weigh(&shard->awake, c->awake, arrived->from, segment->length);
        return;
    }
    if (UNLIKELY(segment->length > WEIGHTY))
        shard->weigh_at = 0;
    if (flow_has_seen(flow, arrived->from, segment)) {
        shard->counts.skipped[NOTE_DUPLICATE]++;
        return;
    }
    if (UNLIKELY(flow->has_doubted))
        settle_doubts(shard, entry, flow, arrived);
    if (flow_doubts(flow, arrived->from, segment) && keep_doubt(shard, entry, flow, arrived))
        return;
    switch (flow_fate(flow, arrived->from, segment)) {
    case TCP_PENDING:
        flow_keep_syn(flow, arrived->from, segment);
        break;
    case TCP_REPLACED:
        replace(shard, entry.number, flow, arrived);
        break;
    case TCP_ANEW:
        end(shard, entry.number, ENDED_PORT_REUSED, segment->time);
        begin_and_take(shard, arrived);
        break;
    case TCP_BELONGS:
        take(shard, entry, flow, arrived->from, segment);
        break;
    }
}

/* --- the outside --- */

struct shard *shard_new(const struct shard_options *options)
{
    struct shard *shard = xaligned(sizeof *shard);
    shard->options = options;
    shard->connections.size = sizeof(struct connection);
    shard->connections.pages = shard->awake.memory.pages = shard->awake.rooms.pages =
        options->pages;
    shard->table = flow_table_new(&shard->connections);
    shard->awake.connections = shard->queues.connections = &shard->connections;
    handout_init(&shard->handout, options->sink, &shard->awake, options->in_order,
                 options->max_memory / 4);
    /* nDPI's undecided flows get an eighth of the memory: a label is the least to be missed. */
    shard->context = (struct flow_context){.store = tls_store_new(options->certs),
                                           .held = &shard->reassembly_held,
                                           .appid = options->appid,
                                           .appid_pool = appid_pool_new(options->max_memory / 8),
                                           .interface_name = options->interface_name,
                                           .process = options->process,
                                           .interface_context = options->interface_context,
                                           .is_watched = options->is_watched,
                                           .watch_context = options->watch_context};
    tls_store_use_memory(shard->context.store, options->max_memory / 4);
    tls_store_use_pages(shard->context.store, options->pages);
    tls_store_use_blocks(shard->context.store, &shard->awake.memory);
    tls_store_use_bytes(shard->context.store, options->bytes);
    appid_pool_use_bytes(shard->context.appid_pool, options->bytes);
    tls_store_use_keys(shard->context.store, options->keylog, options->show_secrets);
    return shard;
}

/* Takes what has arrived, a few at a time, and brings the next few near meanwhile. */
static void take_arrivals(struct shard *shard, struct arrivals arrivals, uint64_t frame_base)
{
    struct nearby nearby;
    nearby_prefetch(shard->table, arrivals);
    while (arrivals.first < arrivals.end) {
        struct arrivals some = arrivals_some(&arrivals, NEARBY);
        awake_spare(&shard->awake, shard->options->max_memory / 4 * 3);
        nearby_fetch(&nearby, shard->table, &shard->connections, some);
        nearby_prefetch(shard->table, arrivals);
        for (const struct flow_table_entry *guess = nearby.guesses; some.first < some.end;
             some.first++) {
            some.first->segment->frame += frame_base;
            advance(shard, some.first->now);
            if (UNLIKELY(some.first->segment->frame >= shard->weigh_at))
                weigh(shard, some.first->segment->frame);
            take_segment(shard, some.first, *guess++);
        }
    }
}

void shard_work(struct shard *shard, const struct arrivals *arrivals, uint64_t frame_base,
                nanotime now)
{
    handout_release(&shard->handout, &shard->context);
    if (arrivals) {
        shard->choked = shard->choked && !shard->round_over;
        take_arrivals(shard, *arrivals, frame_base);
    }
    advance(shard, now);
    shard->round_over = now != 0;
    if (now != 0)
        report_lingering(shard);
}

void shard_work_merged(struct shard *shard, struct arrivals *from, unsigned count)
{
    struct arrival merged[256];
    struct arrivals some = {merged, merged};
    do {
        some.end = merged + arrivals_merge(merged, COUNT_OF(merged), from, count);
        shard_work(shard, &some, 0, 0);
    } while (some.end == merged + COUNT_OF(merged));
}

void shard_prepare(struct shard *shard)
{
    handout_prepare(&shard->handout, &shard->context);
}

uint64_t shard_next(const struct shard *shard, uint64_t otherwise)
{
    return handout_next(&shard->handout, otherwise);
}

bool shard_describe(struct shard *shard, struct outgoing *place)
{
    return handout_describe(&shard->handout, place, &shard->context);
}

void shard_let_go(struct shard *shard, struct outgoing *place)
{
    handout_let_go(&shard->handout, place, &shard->context);
}

uint64_t shard_open(const struct shard *shard, uint64_t otherwise)
{
    return handout_open(&shard->handout, otherwise);
}

/* Nobody looks for a connection any more: none is taken from the table, which is not used again. */
static void end_all(struct shard *shard, enum connection_kind kind, nanotime now)
{
    uint32_t next = queues_empty(&shard->queues, kind), number;
    while ((number = next) != SLAB_NONE) {
        const struct connection *c = connection_of(shard, number);
        next = c->later; /* which leave() writes over */
        if (next != SLAB_NONE)
            prefetch(connection_of(shard, next), sizeof *c);
        bool is_idle = kind != KIND_LINGER && is_due(shard, c);
        shard->counts.flows_expired += is_idle && kind != KIND_CLOSED;
        leave(shard, number, is_idle ? ENDED_IDLE : ENDED_END_OF_CAPTURE,
              is_idle ? due_time(c) : now);
    }
}

void shard_end(struct shard *shard, nanotime now)
{
    if (shard->over)
        return;
    shard->over = true;
    shard->more_linger = false;
    handout_over(&shard->handout);
    if (now > shard->now)
        shard->now = now;
    for (unsigned kind = 0; kind < KINDS; kind++)
        end_all(shard, (enum connection_kind)kind, now);
}

bool shard_is_ready(const struct shard *shard)
{
    return shard->more_linger || handout_is_ready(&shard->handout);
}

bool shard_is_done(const struct shard *shard)
{
    return shard->over && handout_is_empty(&shard->handout);
}

uint64_t shard_prepared(const struct shard *shard)
{
    return handout_prepared(&shard->handout);
}

void shard_hand_out(struct shard *shard, uint64_t n)
{
    handout_commit(&shard->handout, n);
}

void shard_snapshot(struct shard *shard, nanotime now, uint64_t *n)
{
    static const enum connection_kind going_on[] = {KIND_SYN, KIND_OPEN};
    for (unsigned i = 0; i < COUNT_OF(going_on); i++)
        for (uint32_t number = shard->queues.of[going_on[i]].oldest; number != SLAB_NONE;
             number = connection_of(shard, number)->later)
            handout_snapshot(&shard->handout, number, now, ++*n, &shard->context);
}

struct dissect_counts shard_counts(const struct shard *shard)
{
    struct dissect_counts counts = shard->counts;
    dissect_counts_add(&counts, &shard->handout.counts);
    return counts;
}

uint64_t shard_lost(const struct shard *shard)
{
    return handout_lost(&shard->handout);
}

void shard_free(struct shard *shard)
{
    if (!shard)
        return;
    handout_done(&shard->handout, &shard->context);
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (uint32_t i = shard->queues.of[kind].oldest; i; i = connection_of(shard, i)->later)
            awake_release(&shard->awake, connection_of(shard, i), &shard->context);
    tls_store_free(shard->context.store);
    awake_done(&shard->awake);
    flow_table_free(shard->table);
    slab_done(&shard->connections);
    appid_pool_free(shard->context.appid_pool);
    free(shard);
}
