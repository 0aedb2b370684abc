/* tcp.h: tracks one TCP connection from the segments seen on the wire. */
#ifndef PUSHWATCH_DISSECT_TCP_H
#define PUSHWATCH_DISSECT_TCP_H

#include "flight.h"
#include "reasm.h"
#include "resends.h"
#include "segment.h"

/* One end, as a sender: its sequence numbers (extended, seq.h), and what its peer said of them.
 * What segments need most often lies in three cache lines: the first for each segment, from
 * whichever end; the second for its own payload; the third for what it has in flight. */
struct tcp_end {
    uint64_t next; /* behind the last that it sent, SYN and FIN included */
    uint64_t una;  /* the oldest that its peer has not acknowledged */
    uint64_t edge; /* beyond what its peer allows it to send */
    uint64_t packets;
    nanotime last_time;
    uint64_t last_frame;
    uint32_t window; /* it last advertised, in bytes */
    uint32_t probes; /* since the peer's last answer (keep-alives), or since its window closed */
    uint8_t state;   /* enum tcp_state */
    int8_t wscale;
    uint8_t ttl_min, ttl_max;
    /* Bits: with a byte for each an idle connection took 12 bytes more. */
    bool known : 1; /* next and una mean something */
    bool seen : 1;  /* it has sent something */
    bool heard : 1; /* never seen, but its peer acknowledges more and more of it: it does answer */
    bool syn : 1;
    bool sack : 1, timestamps : 1, syn_ack : 1;
    bool fin : 1;
    bool fin_acked : 1;
    /* What the other lines would tell. */
    bool syn_waits : 1;     /* its SYN is not acknowledged: una <= isn */
    bool whole : 1;         /* nothing before `next` is missing in reasm; false: who knows */
    bool window_closed : 1; /* zero_since is known */
    bool has_tried : 1;     /* tries > 0 */
    bool has_resent : 1;    /* resends may not be NULL */
    uint16_t mss;

    uint64_t isn;            /* of its SYN */
    nanotime zero_since;     /* when it closed its window */
    struct resends *resends; /* NULL while it sends nothing again that was acknowledged */

    uint64_t fin_at;  /* of its FIN */
    uint64_t fin_ack; /* that its FIN acknowledged; the least, if it was sent again */
    nanotime since;   /* of its state */
    nanotime fin_time, fin_last_time;
    uint64_t fin_frame, fin_last_frame, fin_acked_frame, rst_frame;
    uint64_t unacked_at_reset;
    uint64_t first; /* payload that was seen, if its SYN was not */

    /* Transmissions of the oldest unacknowledged byte after the first. */
    uint32_t tries, tries_since_answer, answers;
    uint32_t corrupt; /* segments not used for their checksums */
    nanotime last_try;
    uint64_t last_try_frame;
    nanotime probe_first, probe_last;
    uint64_t probe_first_frame, probe_last_frame;

    uint64_t zero_frame;

    uint32_t retransmits, out_of_order, dup_acks, keepalives, zero_windows, window_probes;
    uint32_t fins, rsts;
    uint32_t marked_retransmits, marked_keepalives; /* as the sending kernel says */

    uint64_t zero[3]; /* so that what is below lies in as few lines: flow.h */
    struct reasm reasm;
    uint64_t sent;  /* behind the last payload that was seen; 0 before any */
    uint64_t bytes; /* payload, each once */
    struct flight flight;
};

/* tcp_prefetch_fin brings near what only a FIN of that end needs. */
static inline void tcp_prefetch_fin(const struct tcp_end *x)
{
    prefetch_line(&x->fin_at);
    prefetch_line(&x->fin_frame);
    prefetch_line(&x->fins);
}

/* Ends are numbered as the flow numbers them; who is the client is not decided here. Nothing points
 * into it, so that it may be moved. */
struct tcp {
    nanotime idle_before_close; /* if first_closer is known; -1 if nothing was before it */
    nanotime syn_time, syn_ack_time,
        ack_time; /* 0 where not seen, or not certain (RFC 6298: Karn) */
    uint64_t reset_frame;
    struct reset_signs *signs; /* of the RST; NULL before there is one */
    struct tcp_end ends[2];
    nanotime last_time;       /* from here on, each segment needs it */
    nanotime max_idle;        /* -1 before there are two times */
    int8_t opener;            /* the end whose SYN, or whose peer's SYN-ACK, was seen; -1 */
    int8_t first_closer;      /* the end whose FIN or RST came first; -1 */
    int8_t reset_by;          /* the end that sent the RST that ended it; -1 */
    bool both_closed_at_once; /* each sent its FIN before it had the other's */
    bool refused, reset_in_handshake, reset_after_fin;
    bool joined; /* the first segment was not a SYN */
};

/* tcp_init begins a connection of which nothing was seen yet. */
void tcp_init(struct tcp *tcp);

/* tcp_take processes a segment sent by end `from`. Payload comes out of `out` in order, possibly
 * later or never; `out->context` is told by the caller which end it is. */
void tcp_take(struct tcp *tcp, unsigned from, const struct segment *segment,
              const struct reasm_out *out);

/* tcp_is_over tells that both ends have closed (TIME_WAIT counts), or that a RST ended it. */
static inline bool tcp_is_over(const struct tcp *tcp)
{
    return tcp->reset_by >= 0 || (tcp->ends[0].fin_acked && tcp->ends[1].fin_acked);
}

/* tcp_unacked gives the payload bytes that an end has sent and its peer has not acknowledged. */
uint64_t tcp_unacked(const struct tcp_end *end);

/* tcp_done frees what is held; `all_held` is that of struct reasm_out. */
void tcp_done(struct tcp *tcp, size_t *all_held);

#endif
