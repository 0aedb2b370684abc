/* intake.c: on a busy link most packets are of no interest: those are told by their ports alone. */
#include "intake.h"

#include "decode.h"
#include "early.h"

static bool is_watched(const struct ports *watched, uint16_t one, uint16_t other)
{
    return watched->any || ports_have(watched, one) || ports_have(watched, other);
}

static bool is_of_no_interest(const struct intake *intake, const struct packet *packet)
{
    uint16_t ports[2];
    return !intake->watched->any && early_ports(ports, packet) &&
           !is_watched(intake->watched, ports[0], ports[1]);
}

/* A packet without a time (0) moves no clock. */
static void count(struct intake *intake, const struct packet *packet)
{
    struct dissect_counts *counts = &intake->counts;
    counts->packets++;
    counts->bytes += packet->len;
    if (UNLIKELY(packet->time && (!counts->first_time || packet->time < counts->first_time)))
        counts->first_time = packet->time;
    if (packet->time > counts->last_time)
        counts->last_time = packet->time;
    if (packet->time > intake->now)
        intake->now = packet->time;
}

void intake_skip(struct intake *intake, const struct packet *packet, enum note reason)
{
    count(intake, packet);
    intake->counts.skipped[reason]++;
}

/* The same for both directions. The seed of an offline run is a fixed one, so that not even what
 * goes first when a limit is reached differs from run to run. */
static unsigned shard_of(const struct intake *intake, const struct endpoint *a,
                         const struct endpoint *b)
{
    uint64_t of_a[2], of_b[2];
    memcpy(of_a, a->ip, sizeof of_a);
    memcpy(of_b, b->ip, sizeof of_b);
    uint64_t sum = (of_a[0] ^ of_a[1]) + (of_b[0] ^ of_b[1]), ports = (uint64_t)a->port * b->port;
    uint64_t mixed =
        (sum ^ ports << 40 ^ ports << 8 ^ intake->shard_seed) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(mixed >> 60) % SHARDS;
}

bool intake_packet(struct intake *intake, const struct packet *packet)
{
    if (is_of_no_interest(intake, packet)) {
        intake_skip(intake, packet, NOTE_NOT_WATCHED);
        return true;
    }
    struct segment *segment = batch_next(intake->batch);
    if (!segment)
        return false;
    enum note note = decode_packet(segment, packet);
    if (note == NOTE_NONE && !is_watched(intake->watched, segment->from.port, segment->to.port))
        note = NOTE_NOT_WATCHED;
    if (note != NOTE_NONE) {
        intake_skip(intake, packet, note);
        return true;
    }
    bool is_cut = segment->payload.n < segment->length;
    const struct endpoint *ends[2] = {&segment->from, &segment->to};
    unsigned from = flow_key_from(ends[0], ends[1]);
    uint64_t hash = flow_key_hash(&intake->key, ends[from], ends[!from]);
    nanotime now = packet->time > intake->now ? packet->time : intake->now;
    if (!batch_add(intake->batch, shard_of(intake, ends[0], ends[1]), from, hash, now))
        return false;
    intake_skip(intake, packet, NOTE_NONE);
    intake->counts.cut_payload += is_cut;
    return true;
}

void dissect_counts_add(struct dissect_counts *sum, const struct dissect_counts *part)
{
    sum->packets += part->packets;
    sum->bytes += part->bytes;
    sum->matched += part->matched;
    for (unsigned i = 0; i < NOTES; i++)
        sum->skipped[i] += part->skipped[i];
    sum->cut_payload += part->cut_payload;
    sum->flows += part->flows;
    sum->flows_evicted += part->flows_evicted;
    sum->flows_expired += part->flows_expired;
    sum->certificates_dropped += part->certificates_dropped;
    if (part->first_time && (!sum->first_time || part->first_time < sum->first_time))
        sum->first_time = part->first_time;
    if (part->last_time > sum->last_time)
        sum->last_time = part->last_time;
}
