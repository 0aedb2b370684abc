/* dialogue.h: what the two ends of one connection send each other, packet by packet. */
#ifndef PUSHWATCH_BENCH_DIALOGUE_H
#define PUSHWATCH_BENCH_DIALOGUE_H

#include "sessions.h"

enum { FLAG_FIN = 0x01, FLAG_SYN = 0x02, FLAG_RST = 0x04, FLAG_PSH = 0x08, FLAG_ACK = 0x10 };

#define BENCH_MICROSECOND INT64_C(1)
#define BENCH_MILLISECOND (1000 * BENCH_MICROSECOND)
#define BENCH_SECOND      (1000 * BENCH_MILLISECOND)

/* One packet. */
struct step {
    int64_t time;              /* microseconds from the dialogue's start */
    const struct piece *piece; /* NULL: no payload */
    uint32_t at, length;       /* of the payload, in the piece */
    uint32_t seq, ack;         /* counted from each end's initial sequence number */
    uint32_t sack[2];          /* selective acknowledgement, from and to; 0 if none */
    uint8_t from;              /* BY_CLIENT or BY_SERVER */
    uint8_t flags;
};

/* Who talks: all that is the same in each packet. Addresses are in network byte order, IPv4 in the
 * first four bytes. Indexed by end. */
struct parties {
    bool ipv6, udp;
    bool bare; /* no TCP options, as a flood's SYNs */
    uint8_t ip[2][16];
    uint16_t port[2];
    uint32_t isn[2];
    uint8_t ttl[2];
    uint16_t ip_id[2];      /* of the next packet */
    uint32_t clock[2];      /* TCP timestamp at the start */
    uint32_t last_tsval[2]; /* and of the last packet */
    uint64_t fresh;         /* seed of what is fresh in hellos */
};

struct dialogue {
    struct parties parties;
    struct step *steps;
    uint32_t count, room;
    uint32_t next;    /* first that is not written yet */
    int64_t start;    /* microseconds since the epoch */
    uint64_t ordinal; /* settles who goes first at the same time */
};

/* How connections end. */
enum ending {
    GRACEFUL_BY_CLIENT,
    GRACEFUL_BY_SERVER,
    GRACEFUL_BY_BOTH,
    RESET_BY_CLIENT,
    RESET_BY_SERVER,
    RESET_AFTER_FIN,
    RESET_IN_TLS_HANDSHAKE,
    FIN_UNANSWERED_BY_CLIENT,
    FIN_UNANSWERED_BY_SERVER,
    HALF_CLOSED_BY_CLIENT,
    HALF_CLOSED_BY_SERVER,
    LAST_FIN_UNANSWERED,
    IDLE_OPEN,
    REFUSED,
    UNANSWERED
};
enum { ENDINGS = UNANSWERED + 1 };

/* What was done to packets on their way. */
struct disorder {
    uint64_t swapped, late, retransmitted, duplicate_acks, keepalives;
};

/* What a connection is to be like. */
struct course {
    const struct session *session; /* NULL: no TLS */
    enum ending ending;
    unsigned exchanges;       /* messages of the application each way */
    bool orderly;             /* nothing gets lost or swapped */
    const struct piece *bulk; /* what the server sends after the handshake, again and again, */
    unsigned bulk_count;      /* so often */
};

/* dialogue_tcp writes a TCP connection's steps, in order of time. Who the parties are has to be set
 * before. The pieces must outlive the dialogue. */
void dialogue_tcp(struct dialogue *dialogue, struct disorder *disorder, struct random *random,
                  const struct course *course);

/* dialogue_udp appends a datagram. */
void dialogue_udp(struct dialogue *dialogue, int64_t time, unsigned from, const struct piece *piece,
                  uint32_t at, uint32_t length);

/* dialogue_syn makes it a lone SYN. */
void dialogue_syn(struct dialogue *dialogue);

#endif
