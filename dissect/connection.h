/* connection.h: what is always in memory of a connection: its tuple, its places in the shard's
 * lists, and one of several forms of the rest. A million of them shall cost little. */
#ifndef PUSHWATCH_DISSECT_CONNECTION_H
#define PUSHWATCH_DISSECT_CONNECTION_H

#include "flow.h"

/* Kinds, by the timeout they are under (limits.h). */
enum connection_kind {
    KIND_SYN,    /* nobody answered its SYN */
    KIND_OPEN,   /* anything else that has not ended */
    KIND_LINGER, /* live: ended, not reported yet */
    KIND_CLOSED  /* ended; its tuple is remembered */
};
enum { KINDS = KIND_CLOSED + 1 };

enum connection_form {
    FORM_SYN,    /* one plain SYN, and nothing else */
    FORM_AWAKE,  /* a flow in working order */
    FORM_PACKED, /* a flow at rest: flow_pack.h */
    FORM_NONE    /* its flow is not here any more */
};

/* A SYN without payload: what of a struct segment is not in the connection. */
struct lone_syn {
    uint64_t identity;
    uint32_t seq;
    uint16_t window, mss, interface;
    int8_t wscale;
    uint8_t ttl, flags;
    uint8_t from : 1, sack : 1, timestamps : 1, checksum : 2;
};

/* A flow in working order, in the shard's list of those. */
struct awake {
    struct flow flow;
    struct awake *newer, *older;
    uint32_t connection;
    uint32_t own; /* bytes of awake_list.own that are its */
};

struct connection {
    /* What each segment needs, up to the pointer. */
    struct flow_key key; /* first: flow_table.h. Its two ends are 0 and 1 everywhere */
    nanotime last_time;  /* of its packets */
    uint8_t kind;        /* enum connection_kind */
    uint8_t form;        /* enum connection_form */
    uint8_t end_reason;
    bool ended : 1;    /* no more segments are taken: waits to be handed out */
    bool reported : 1; /* live: kept for its tuple only */
    bool holds : 1;    /* packed: it has memory that its end lets go */
    uint32_t turn;     /* awake: when it became the newest */
    union {
        struct lone_syn syn;
        struct awake *awake;
        struct {
            uint8_t *packed;
            uint16_t packed_size, packed_cost; /* flow_pack */
        };
    };
    uint64_t order; /* the frame that began it */
    union {
        struct {                     /* until it has ended */
            uint32_t later, earlier; /* of its kind, by when it got there */
            uint32_t since;          /* when that was: seconds, shard.c */
        };
        struct {                            /* from then on */
            uint32_t ended_low, ended_high; /* packet time up to which it was watched */
        };
    };
    uint32_t next; /* in order of first segments, or of ends */
};

static inline void connection_set_end(struct connection *c, nanotime at)
{
    c->ended_low = (uint32_t)(uint64_t)at;
    c->ended_high = (uint32_t)((uint64_t)at >> 32);
}

static inline nanotime connection_end(const struct connection *c)
{
    return (nanotime)((uint64_t)c->ended_high << 32 | c->ended_low);
}

/* connection_is_lone_syn tells that a first segment is a SYN that lone_syn can hold. */
bool connection_is_lone_syn(const struct segment *segment);

/* connection_put_syn stores such a segment, sent by end `from`. */
void connection_put_syn(struct connection *c, unsigned from, const struct segment *segment);

/* connection_grow makes the flow that has taken a stored SYN, as it would have been made then. */
void connection_grow(struct flow *flow, const struct connection *c,
                     const struct flow_context *context);

#endif
