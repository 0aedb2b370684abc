/* flow.h: one connection: its TCP, what its bytes are, and the record made of it. */
#ifndef PUSHWATCH_DISSECT_FLOW_H
#define PUSHWATCH_DISSECT_FLOW_H

#include "appid.h"
#include "cadence.h"
#include "checksum.h"
#include "doubts.h"
#include "flow_table.h"
#include "prologue.h"
#include "recent.h"
#include "tcp.h"
#include "tcp_fate.h"
#include "tls.h"
#include "zeek_words.h"

/* It may be moved while it rests: nothing points to it or into it. Where it begins with a cache
 * line, what segments need most often lies in few: three of each end (tcp.h), the one from
 * tcp.last_time to zeek.ends, and its recent packets. */
struct flow {
    nanotime start;
    uint64_t first_frame;
    struct tcp tcp;
    struct tls *tls;         /* NULL before the first payload, and once it is not TLS */
    struct cadence *cadence; /* NULL before a record that may be a keep-alive */
    uint8_t plain;           /* enum plain_protocol */
    uint8_t first_from : 1;  /* end that sent its first packet */
    uint8_t honest : 2;      /* ends, by bit, that have shown a right checksum, */
    uint8_t careless : 2;    /* and such whose wrong ones say nothing: checksum.h */
    uint8_t fin_told : 2;    /* and for which tls_fin was called */
    bool not_tls : 1;
    bool seen_twice : 1;   /* some packet of it was captured on several interfaces */
    bool ended : 1;        /* no more packets are taken: waits to be reported */
    bool has_prologue : 1; /* it is not NULL */
    bool has_doubted : 1;  /* doubts may be there, */
    bool has_kept_syn : 1; /* and pending_syn */
    bool unsteady : 1;     /* who knows whether it is steady: flow_take_in_order */
    bool has_label : 1;    /* it is not NULL: asked of each payload, and label is far */
    uint8_t vlan_count;
    uint8_t pending_from;
    uint8_t outer_from; /* end that sent that packet */
    uint8_t end_reason; /* enum end_reason, once `ended` */
    struct zeek_words zeek;
    struct prologue *prologue;     /* NULL where the flow began with TLS, and once it is none */
    struct appid_flow *appid;      /* while nDPI makes up its mind */
    const struct app_label *label; /* its verdict; belongs to the pool */
    struct segment *pending_syn;   /* flow_keep_syn; its pointers are not valid */
    struct doubt *doubts;          /* NULL while there are none */
    const struct outer *outer;     /* of its first packet in a tunnel; belongs to the store */
    uint16_t vlans[VLANS_MAX];
    uint16_t interface;
    struct recent recent[2]; /* last: not kept while it rests, for it is of use for milliseconds */
};

/* What flows share. */
struct flow_context {
    struct tls_store *store;
    size_t *held;        /* memory held for reassembly: reasm.h */
    struct appid *appid; /* NULL: nDPI is not asked */
    struct appid_pool *appid_pool;
    const char *(*interface_name)(void *context, uint16_t interface);
    bool (*process)(void *context, struct packet_process *out, uint16_t interface); /* or NULL */
    void *interface_context;
    bool (*is_watched)(void *context, uint16_t port);
    void *watch_context;
};

/* flow_prefetch brings near what any segment of a flow in working order needs; then
 * flow_prefetch_tls, what TLS does. awake.c has it begin a cache line. */
static inline void flow_prefetch(const struct flow *flow)
{
    for (unsigned i = 0; i < 2; i++) {
        prefetch_line(&flow->tcp.ends[i]);
        prefetch_line(&flow->tcp.ends[i].reasm.held);
        prefetch_line(&flow->tcp.ends[i].flight.segment);
        prefetch_line(&flow->recent[i]);
    }
    prefetch_line(&flow->tcp.last_time);
    prefetch_line(&flow->zeek.rest);
    prefetch_line(&flow->zeek.count);
}
static inline void flow_prefetch_tls(const struct flow *flow)
{
    if (flow->tls)
        tls_prefetch(flow->tls);
}

/* flow_begin makes a flow of its first segment, sent by end `from`; flow_take must follow. Free
 * with flow_strip what it will hold. */
void flow_begin(struct flow *flow, unsigned from, const struct segment *segment);

/* flow_has_seen tells that a packet is one that the flow took a moment ago, captured again on
 * another interface: no retransmission, and no answer to anything. */
MUST_CHECK bool flow_has_seen(struct flow *flow, unsigned from, const struct segment *segment);

/* flow_take processes a segment sent by end `from`. */
void flow_take(struct flow *flow, unsigned from, const struct segment *segment,
               const struct flow_context *context);

/* flow_take_in_order takes most segments, and does all that is to be done with them: a packet
 * captured again is none of them, nor one that is in doubt, or begins or ends anything. Returns
 * false, and has done nothing, if it is another one: ask flow_has_seen and the others, then call
 * flow_take. */
MUST_CHECK bool flow_take_in_order(struct flow *flow, unsigned from, const struct segment *segment,
                                   const struct flow_context *context);

/* flow_doubts tells that a segment's checksum counts against it: keep it with flow_keep_doubt. */
static inline bool flow_doubts(const struct flow *flow, unsigned from,
                               const struct segment *segment)
{
    return UNLIKELY(segment->checksum == CHECKSUM_WRONG) &&
           (flow->honest & ~flow->careless) >> from & 1;
}

/* flow_keep_doubt keeps such a segment until others tell what it is, or drops it. Returns false if
 * there are too many of them: the sender's wrong checksums say nothing then. */
MUST_CHECK bool flow_keep_doubt(struct flow *flow, unsigned from, const struct segment *segment,
                                const struct flow_context *context);

/* flow_settle_doubts drops the kept segments that a new one refutes, and returns one that it
 * confirms: take it, free it with doubt_free, and ask again. NULL: there is none. */
MUST_CHECK struct doubt *flow_settle_doubts(struct flow *flow, unsigned from,
                                            const struct segment *segment,
                                            const struct flow_context *context);

/* flow_keep_syn keeps a SYN that tcp_fate calls TCP_PENDING: it counts as the flow's unless its
 * answer shows that it began another. */
void flow_keep_syn(struct flow *flow, unsigned from, const struct segment *segment);

/* flow_syn_kept_for gives the kept SYN that a segment sent by end `from` may answer, or NULL. */
const struct segment *flow_syn_kept_for(const struct flow *flow, unsigned from);

/* flow_fate tells what a segment is to the flow. */
enum tcp_fate flow_fate(const struct flow *flow, unsigned from, const struct segment *segment);

/* flow_holds tells that a flow has memory, beside what its record is made of, that flow_end lets
 * go.
 */
bool flow_holds(const struct flow *flow);

/* flow_end says that no more segments come: what was held is let go, what was undecided decided. */
void flow_end(struct flow *flow, enum end_reason reason, const struct flow_context *context);

/* flow_describe makes the record, as of packet time `now`, but for its `n`. It points into the
 * flow.
 */
void flow_describe(struct flow_record *out, const struct flow *flow, const struct flow_key *key,
                   nanotime now, const struct flow_context *context);

/* flow_strip frees all that the flow holds; what is left keeps its tuple's place in TCP. */
void flow_strip(struct flow *flow, const struct flow_context *context);

#endif
