/* intake.h: from packets to batches of segments that are watched. One intake for each thread that
 * reads packets. */
#ifndef PUSHWATCH_DISSECT_INTAKE_H
#define PUSHWATCH_DISSECT_INTAKE_H

#include "../capture/packet.h"
#include "aside.h"
#include "batch.h"
#include "checksum.h"
#include "decode.h"
#include "flow_table.h"
#include "note.h"
#include "sink.h"

/* A set of TCP ports, each with the number that its two bytes in a header are when they are loaded
 * as they lie there. Most often there is one, and two comparisons tell. */
struct ports {
    uint64_t bits[65536 / 64];
    unsigned added;
    uint16_t last; /* that was added */
};

static inline uint16_t ports_as_in_header(uint16_t port)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(port) : port;
}

static inline void ports_add(struct ports *ports, uint16_t port)
{
    port = ports_as_in_header(port);
    ports->bits[port / 64] |= UINT64_C(1) << (port % 64);
    ports->last = port;
    ports->added++;
}

static inline void ports_add_all(struct ports *ports)
{
    memset(ports->bits, 0xff, sizeof ports->bits);
    ports->added = 65536;
}

static inline bool ports_have(const struct ports *ports, uint16_t port)
{
    port = ports_as_in_header(port);
    return ports->bits[port / 64] >> (port % 64) & 1;
}

/* ports_have_any tells whether one of the two ports with which a TCP header begins is in the set.
 * Both are looked at: which of the two it is, no branch can be expected to know. */
static inline bool ports_have_any(const struct ports *ports, const uint8_t *tcp)
{
    uint16_t from, to;
    memcpy(&from, tcp, sizeof from);
    memcpy(&to, tcp + sizeof from, sizeof to);
    if (ports->added == 1)
        return (from == ports->last) | (to == ports->last);
    return (ports->bits[from / 64] >> (from % 64) | ports->bits[to / 64] >> (to % 64)) & 1;
}

/* Several intakes may be given the same packets: then each takes those of its own shards, and all
 * end a round with the same packet. A round of theirs has several windows: what is in the batch is
 * worked on, and the batch is filled again. */
struct intake {
    const struct ports *watched;
    struct hash_key key; /* of flow_key_hash */
    uint64_t shard_seed; /* 0: a connection is always given to the same shard */
    unsigned owners;     /* that share the packets: */
    unsigned mine;       /* the shards whose number leaves this when divided by that */
    enum checksum_mode checksums;
    bool stays;           /* the bytes of packets stay where they are until the window ends */
    bool windows;         /* a round has several */
    bool parts;           /* a round that is not one of the first has several parts */
    bool long_rounds;     /* whoever gives packets does so for all of a round at the same cost */
    struct batch *batch;  /* where segments go */
    uint32_t taken, most; /* packets of this round that had to be looked at more closely */
    size_t bytes, room;   /* of those, and how many there may be */
    unsigned part;        /* which of them it is; of a round without any, the last */
    bool was_full;        /* one more did not fit into the round, or its part */
    uint32_t seen;        /* packets of this round, of any kind, */
    uint32_t seen_most;   /* and how many there may be */
    nanotime now;         /* the latest packet time so far */
    uint64_t next_frame;  /* behind the last packet */
    struct decoder decoder;
    bool shares;        /* others are given other packets: intake_share */
    struct aside aside; /* those that have to wait for them */
    struct dissect_counts counts;
};

/* intake_learn gives an intake what another one knows of the packets before: fragments. */
void intake_learn(struct intake *intake, const struct intake *from);

/* intake_counts gives what was counted so far. What all intakes of the same packets see is counted
 * by the first. */
struct dissect_counts intake_counts(const struct intake *intake);

/* intake_done frees what an intake holds; not its batch. */
void intake_done(struct intake *intake);

/* intake_begin begins a round of the size of a step, whose segments go to `batch`; intake_window
 * another window of the round: what was in the batch is not needed any more. */
void intake_begin(struct intake *intake, struct batch *batch, unsigned step);
void intake_window(struct intake *intake);

/* intake_goes_on tells that only a part of the round is over, intake_next_part goes on with the
 * next one. With and without parts, rounds end with the same packets. */
bool intake_goes_on(const struct intake *intake);
void intake_next_part(struct intake *intake);

/* intake_packets counts packets, and puts their segments into the batch if they are watched.
 * Returns how many it has taken: not all of them if the window is over. Give the others to the next
 * one, or to the next round if intake_is_over says that this one is. intake_packet tells whether it
 * has taken a single one. */
MUST_CHECK size_t intake_packets(struct intake *intake, const struct packet *packets, size_t count);
MUST_CHECK static inline bool intake_packet(struct intake *intake, const struct packet *packet)
{
    return intake_packets(intake, packet, 1) == 1;
}
bool intake_is_over(const struct intake *intake);

/* intake_skip counts a packet that is left out for a reason decided elsewhere. */
void intake_skip(struct intake *intake, const struct packet *packet, enum note reason);

/* intake_pass passes a packet that another intake has counted already. */
void intake_pass(struct intake *intake, const struct packet *packet);

/* Packets of a round may be shared out among intakes instead, each of which takes those that it is
 * given for all shards. How many there may be in the round intake_left tells.
 *
 * intake_share begins with a batch that was cleared. intake_packets takes all packets then; they
 * follow those before, and `now` is to be set to the latest time before them. There is room for
 * SHARE_PACKETS more while intake_has_room says so. What depends on packets that others were given
 * is put aside, for intake_aside, once all others before it have been taken; it was `now` when it
 * came. intake_share_end makes the shards of number `mine` of `owners` its own again. */
enum { SHARE_PACKETS = BATCH_SEGMENTS / 2, SHARE_BYTES = 1 << 19 };
struct intake_left {
    uint64_t seen, taken; /* packets: of any kind, and those looked at more closely */
    uint64_t bytes;       /* of the latter, to which each adds BATCH_BESIDE */
};
struct intake_left intake_left(const struct intake *intake);
void intake_share(struct intake *intake, struct batch *batch);
MUST_CHECK bool intake_has_room(const struct intake *intake);
void intake_aside(struct intake *intake, const struct packet *packet, nanotime now);
void intake_share_end(struct intake *intake, unsigned owners, unsigned mine);

/* How far an intake is in its round, and in the capture: intake_round_add adds that of a part of it
 * to a sum, which begins as zero; intake_round_set has an intake be there. */
struct intake_round {
    uint32_t seen, taken; /* packets: of any kind, and those looked at more closely */
    size_t bytes;         /* of the latter */
    nanotime now;         /* the latest packet time */
    uint64_t next_frame;
};
void intake_round_add(struct intake_round *sum, const struct intake *part);
void intake_round_set(struct intake *intake, const struct intake_round *round);

/* intake_fork makes an intake, zero or made so before, for such packets of another one's round;
 * intake_join gives that one what it has counted. */
void intake_fork(struct intake *intake, const struct intake *from);
void intake_join(struct intake *intake, const struct intake *part);

/* dissect_counts_add adds what another part has counted. */
void dissect_counts_add(struct dissect_counts *sum, const struct dissect_counts *part);

#endif
