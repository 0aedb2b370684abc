/* sink.h: how facts leave dissect/: a table of functions that a reporter fills in. */
#ifndef PUSHWATCH_DISSECT_SINK_H
#define PUSHWATCH_DISSECT_SINK_H

#include "flow_record.h"
#include "note.h"

struct sink {
    void *context;
    /* A flow that ended, or a snapshot of one that goes on (record->final false), and what was made
     * of it before. Flows come in the order that was asked for; record->n is set. The record is
     * borrowed for the call, the item until `settle`. */
    void (*flow)(void *context, struct flow_record *record, void *item);
    /* Lets go of all items that `flow` was given. NULL if it keeps none. */
    void (*settle)(void *context);
    /* The work that needs no order, in two steps: several flows take the first before they take the
     * second, so that the code of each stays in the cache. Called from several threads at once, for
     * different items, also while `flow` takes another. The four are NULL where there is none. */
    void (*prepare)(void *context, const struct flow_record *record, void *item);
    void (*render)(void *context, const struct flow_record *record, void *item);
    void *(*item_new)(void *context);
    void (*item_free)(void *context, void *item);
};

static inline void sink_settle(const struct sink *sink)
{
    if (sink->settle)
        sink->settle(sink->context);
}

/* What became of IP fragments: dissect/fragments.h. */
struct fragment_counts {
    uint64_t fragments;                       /* seen */
    uint64_t packets;                         /* put together of them */
    uint64_t overlapping, timed_out, evicted; /* packets given up, and why */
    uint64_t malformed;                       /* fragments that no host sends */
};

/* Checksums of watched packets that were not right: checksum.h. */
struct checksum_counts {
    uint64_t left_out; /* TCP's, to the network card */
    uint64_t wrong;    /* TCP's */
    uint64_t ip_wrong; /* IPv4's */
};

/* What a pipeline counted. */
struct dissect_counts {
    uint64_t packets, bytes; /* handed in; bytes as on the wire */
    uint64_t matched;        /* packets that belong to a reported flow */
    uint64_t skipped[NOTES]; /* by reason */
    uint64_t cut_payload;    /* matched packets whose payload the snap length cut */
    struct fragment_counts fragments;
    struct checksum_counts checksums;
    uint64_t flows, flows_evicted, flows_expired;
    uint64_t certificates_dropped;
    bool ndpi_failed;               /* it was needed and does not start: flows have no labels */
    nanotime first_time, last_time; /* of all packets handed in; 0 if none */
};

#endif
