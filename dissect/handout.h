/* handout.h: a shard's flows that have ended, on their way out: in the order of their first
 * segments, behind those that have not ended yet, or in the order of their ends. When too many
 * wait, they do so on disk. */
#ifndef PUSHWATCH_DISSECT_HANDOUT_H
#define PUSHWATCH_DISSECT_HANDOUT_H

#include "awake.h"
#include "sink.h"
#include "spill.h"

/* Flows prepared at once: a few, so that what is prepared stays near, for it is large. */
enum { HANDOUT_MAX = 16 };

/* A flow that is prepared. */
struct outgoing {
    uint64_t order;
    unsigned steps;      /* of the sink, that it has taken */
    struct awake *awake; /* its own, or NULL: */
    uint32_t kept;       /* live: the connection whose flow it is */
    struct flow_record record;
    void *item; /* the sink's */
};

struct handout {
    const struct sink *sink;
    struct awake_list *awake;
    bool in_order;
    size_t most_waiting; /* bytes of ended flows in memory, beyond which they are spilled */
    size_t waiting_bytes;
    bool over;            /* nothing goes on */
    bool no_disk;         /* to spill to */
    uint32_t first, last; /* in order: all connections; else those that have ended. By `next` */
    uint32_t open;        /* in order: the first of them that has not ended */
    struct spill *spill;  /* NULL until it is needed */
    struct buf block;
    struct dissect_counts counts;
    struct outgoing *snapshot;          /* of a flow that goes on; NULL until it is needed */
    struct outgoing *outgoing;          /* a ring of HANDOUT_MAX; likewise */
    uint32_t head, prepared, committed; /* those committed come first */
};

void handout_init(struct handout *handout, const struct sink *sink, struct awake_list *awake,
                  bool in_order, size_t most_waiting);

/* handout_begun says that a connection has begun: each once, in the order of their first segments.
 */
void handout_begun(struct handout *handout, uint32_t connection);

/* handout_ended says that one has ended, and is in no other list any more: its `ended`, end_reason
 * and connection_end are set. */
void handout_ended(struct handout *handout, uint32_t connection);

/* handout_over says that no segments come any more: what ends now and was at rest waits in the
 * memory that it had, however many there are. Those that had to be woken for it may take more. */
void handout_over(struct handout *handout);

/* handout_now prepares a flow that goes on to exist, if there is room: handout_has_room. */
bool handout_has_room(const struct handout *handout);
void handout_now(struct handout *handout, uint32_t connection, nanotime now,
                 const struct flow_context *context);

/* handout_prepare, in the order of ends, prepares as many flows as there is room for. */
void handout_prepare(struct handout *handout, const struct flow_context *context);

/* In the order of first segments, one flow at a time, in a place of the caller's: handout_describe
 * makes the record of the flow that handout_next tells, which must have ended. Returns false if it
 * cannot be read from disk: it is lost, and another one next. handout_step has the sink prepare it
 * and, called again, render it; handout_give gives it to the sink as number n; handout_let_go frees
 * it. All but handout_give are the business of the shard's thread. */
MUST_CHECK bool handout_describe(struct handout *handout, struct outgoing *place,
                                 const struct flow_context *context);
void handout_step(const struct sink *sink, struct outgoing *place);
void handout_give(const struct sink *sink, struct outgoing *place, uint64_t n);
void handout_let_go(struct handout *handout, struct outgoing *place,
                    const struct flow_context *context);

/* handout_places makes such places, with the sink's items; handout_places_free frees them. */
struct outgoing *handout_places(const struct sink *sink, size_t count);
void handout_places_free(const struct sink *sink, struct outgoing *places, size_t count);

/* handout_next gives the lowest place in the order of those that are not prepared, whether they
 * have ended or not; `otherwise` if there are none. */
uint64_t handout_next(const struct handout *handout, uint64_t otherwise);

/* handout_open gives the place in the order of the first flow that has not ended, `otherwise` if
 * there is none: those before it are ready as far as this shard is concerned. */
uint64_t handout_open(const struct handout *handout, uint64_t otherwise);

/* handout_prepared gives the place in the order of the prepared flow that is next, UINT64_MAX if
 * there is none. */
uint64_t handout_prepared(const struct handout *handout);

/* handout_commit gives the prepared flow of that place to the sink as number n. */
void handout_commit(struct handout *handout, uint64_t n);

/* handout_release frees what has been committed. */
void handout_release(struct handout *handout, const struct flow_context *context);

/* handout_snapshot gives a flow that has not ended to the sink at once, as of `now`, as number n.
 */
void handout_snapshot(struct handout *handout, uint32_t connection, nanotime now, uint64_t n,
                      const struct flow_context *context);

/* handout_is_ready tells, in the order of ends, that everything prepared was committed, and that
 * there is more. */
bool handout_is_ready(const struct handout *handout);

/* handout_is_tight tells that those which wait take more than they may. handout_waits tells that
 * some that have ended wait for their turn, handout_overflows that they are too many and there is
 * no disk for them. handout_first_open gives the first one in the order if that has not ended, or
 * SLAB_NONE. */
bool handout_is_tight(const struct handout *handout);
bool handout_waits(const struct handout *handout);
bool handout_overflows(const struct handout *handout);
uint32_t handout_first_open(const struct handout *handout);

/* handout_lost counts flows that were to be read from disk and could not. */
uint64_t handout_lost(const struct handout *handout);

/* handout_is_empty tells that nothing has ended that was not committed. */
bool handout_is_empty(const struct handout *handout);

void handout_done(struct handout *handout, const struct flow_context *context);

#endif
