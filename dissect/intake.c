/* intake.c: on a busy link most packets are of no interest: those are told by their ports alone. */
#include "intake.h"

#include "cursor.h"
#include "decode.h"
#include "early.h"
#include "fragments.h"

/* A round ends after so many packets that are looked at more closely, or bytes of them; or so many
 * of any kind: the progress line does not wait longer. */
enum { ROUND_PACKETS = 1 << 16, ROUND_BYTES = 1 << 25, ROUND_SEEN = 1 << 16 };

/* One of a large capture is longer where few packets are watched: what they are worked on for is
 * worth all threads' while. The first ones are smaller: what a capture is like, and that several
 * threads are worth their while, is known early then. */
enum { ROUND_SEEN_MOST = 1 << 18, ROUND_SEEN_FIRST = 1 << 14 };

/* Where memory is scarce a round may end in between: what it makes takes several times its bytes.
 */
enum { ROUND_PARTS = 8 };

/* The batch of a window: together with the packets in it, it fits into a second-level cache. */
enum { WINDOW_STEP = 1 };

/* Frames of one packet that are looked at: far more than an A-MSDU of 11,454 bytes has. For so many
 * there is room whenever a packet is taken. */
enum { FRAMES_MAX = 64 };

void intake_learn(struct intake *intake, const struct intake *from)
{
    fragments_free(intake->decoder.fragments);
    intake->decoder.fragments = fragments_copy(from->decoder.fragments);
}

struct dissect_counts intake_counts(const struct intake *intake)
{
    struct dissect_counts counts = intake->counts;
    if (intake->mine == 0)
        counts.fragments = fragments_counts(intake->decoder.fragments);
    return counts;
}

/* Has packets and bytes of a round come up to the end of its part. */
static void limit_part(struct intake *intake)
{
    intake->most = ROUND_PACKETS / ROUND_PARTS * intake->part;
    intake->room = ROUND_BYTES / ROUND_PARTS * intake->part;
}

bool intake_goes_on(const struct intake *intake)
{
    return intake->was_full && intake->part < ROUND_PARTS;
}

void intake_next_part(struct intake *intake)
{
    intake->part++;
    limit_part(intake);
    intake->was_full = false;
}

void intake_begin(struct intake *intake, struct batch *batch, unsigned step)
{
    bool large = intake->windows && step == BATCH_STEPS;
    batch_clear(batch, intake->windows ? WINDOW_STEP : step);
    intake->batch = batch;
    intake->seen_most = !intake->windows      ? ROUND_SEEN
                        : !large              ? ROUND_SEEN_FIRST
                        : intake->long_rounds ? ROUND_SEEN_MOST
                                              : ROUND_SEEN;
    intake->most = batch_segments(step) - FRAMES_MAX;
    intake->room = batch_bytes(step);
    intake->part = large && intake->parts ? 1 : ROUND_PARTS;
    if (large)
        limit_part(intake);
    intake->taken = 0;
    intake->bytes = 0;
    intake->seen = 0;
    intake->was_full = false;
}

void intake_window(struct intake *intake)
{
    batch_clear(intake->batch, WINDOW_STEP);
}

/* A packet without a time (0) moves no clock. It is none of the round, which others begin with the
 * packet behind those that are passed. */
void intake_pass(struct intake *intake, const struct packet *packet)
{
    intake->next_frame = packet->frame + 1;
    if (packet->time > intake->now)
        intake->now = packet->time;
}

/* What is counted of all packets, whatever becomes of them: by the first intake. */
struct tally {
    uint64_t bytes;
    nanotime first; /* the earliest time, 0 before there is one */
    nanotime last;
};

/* Before packets are added: the earliest time is that of the first that has one, unless time goes
 * back. */
static struct tally tally_of(const struct intake *intake, const struct packet *packets,
                             size_t count)
{
    nanotime first = intake->counts.first_time;
    for (size_t i = 0; first == 0 && i < count; i++)
        first = packets[i].time;
    return (struct tally){.first = first, .last = intake->now};
}

static inline void tally_add(struct tally *tally, const struct packet *packet)
{
    tally->bytes += packet->len;
    if (LIKELY(packet->time >= tally->last))
        tally->last = packet->time;
    else if (packet->time != 0 && packet->time < tally->first)
        tally->first = packet->time;
}

/* Counts packets up to `last`. */
static void see(struct intake *intake, const struct tally *tally, size_t count,
                const struct packet *last)
{
    struct dissect_counts *counts = &intake->counts;
    intake->seen += (uint32_t)count;
    intake->next_frame = last->frame + 1;
    intake->now = tally->last;
    if (intake->mine != 0)
        return;
    counts->packets += count;
    counts->bytes += tally->bytes;
    counts->first_time = tally->first;
    counts->last_time = intake->now;
}

static void skip(struct intake *intake, enum note reason, size_t count)
{
    if (intake->mine == 0)
        intake->counts.skipped[reason] += count;
}

void intake_skip(struct intake *intake, const struct packet *packet, enum note reason)
{
    struct tally tally = tally_of(intake, packet, 1);
    tally_add(&tally, packet);
    see(intake, &tally, 1, packet);
    skip(intake, reason, 1);
}

/* An end of a connection as a number: of IPv6, not all of it. */
static uint64_t end_of(const uint8_t *address, bool ipv6, uint16_t port)
{
    uint64_t words[2];
    if (LIKELY(!ipv6))
        return flow_key_ipv4(address, port);
    memcpy(words, address, sizeof words);
    return (words[0] ^ words[1]) + port;
}

/* The same for both directions. The seed of an offline run is a fixed one, so that not even what
 * goes first when a limit is reached differs from run to run. */
static unsigned shard_of(const struct intake *intake, uint64_t from, uint64_t to)
{
    uint64_t mixed = ((from + to) ^ intake->shard_seed) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(mixed >> 60) % SHARDS;
}

static unsigned shard_of_segment(const struct intake *intake, const struct segment *segment)
{
    const struct endpoint *from = &segment->from, *to = &segment->to;
    return shard_of(intake, end_of(from->ip, from->ipv6, from->port),
                    end_of(to->ip, to->ipv6, to->port));
}

static bool is_mine(const struct intake *intake, unsigned shard)
{
    return intake->owners == 1 || shard % intake->owners == intake->mine;
}

/* Has the batch no place for another packet, whatever it holds? */
static bool has_window_ended(const struct intake *intake)
{
    return batch_count(intake->batch) + FRAMES_MAX > intake->batch->most ||
           intake->batch->used > intake->batch->room / 2;
}

/* Whether the round is over depends on the packets alone, not on whose they are. Where they are
 * shared out, there are no more than fit in. */
static bool is_full(struct intake *intake, const struct packet *packet)
{
    size_t bytes = packet->caplen + BATCH_BESIDE;
    intake->was_full =
        !intake->shares && (intake->taken >= intake->most ||
                            (intake->taken > 0 && intake->bytes + bytes > intake->room));
    return intake->was_full || (intake->windows && !intake->shares && has_window_ended(intake));
}

/* What may be taken before it has to be asked again whether there is room: counted in advance. */
struct grant {
    uint32_t packets;
    size_t bytes;
};

static struct grant give_back(struct intake *intake, struct grant grant)
{
    intake->taken -= grant.packets;
    intake->bytes -= grant.bytes;
    return (struct grant){0};
}

/* For how many packets, this one included, is_full would say no: if their bytes are not too many,
 * and each is one segment whose bytes need not be copied. */
static uint32_t room_for(const struct intake *intake)
{
    if (intake->shares)
        return SHARE_PACKETS;
    uint32_t round = intake->most - intake->taken;
    if (!intake->windows)
        return round;
    uint32_t window = intake->batch->most - FRAMES_MAX - batch_count(intake->batch) + 1;
    return !intake->stays ? 1 : window < round ? window : round;
}

/* Asks for room for a packet that takes so many bytes, and perhaps for more. Nothing is granted if
 * there is none. */
static NOINLINE struct grant ask(struct intake *intake, struct grant left,
                                 const struct packet *packet, size_t bytes)
{
    struct grant grant = give_back(intake, left);
    if (is_full(intake, packet))
        return grant;
    grant.packets = room_for(intake);
    grant.bytes = intake->shares ? SIZE_MAX / 2 : intake->room - intake->bytes;
    if (grant.bytes < bytes) /* of one for which any room would be too small */
        grant.bytes = bytes;
    intake->taken += grant.packets;
    intake->bytes += grant.bytes;
    return grant;
}

/* Looks at both checksums. Returns false if the segment is not to be used for them. */
static bool pass_checksums(struct intake *intake, struct segment *segment)
{
    struct checksum_counts *counts = &intake->counts.checksums;
    if (intake->checksums == CHECKSUMS_IGNORE)
        return true;
    enum checksum tcp = checksum_of_tcp(segment), ip = checksum_of_ip(segment);
    segment->checksum = (uint8_t)tcp;
    if (tcp < CHECKSUM_LEFT_OUT && ip < CHECKSUM_LEFT_OUT)
        return true;
    counts->left_out += tcp == CHECKSUM_LEFT_OUT;
    counts->wrong += tcp == CHECKSUM_WRONG;
    counts->ip_wrong += ip == CHECKSUM_WRONG;
    return intake->checksums == CHECKSUMS_AUTO;
}

/* The same, and counts a segment that is used though it was cut. */
static NOINLINE bool pass(struct intake *intake, struct segment *segment)
{
    bool passes = pass_checksums(intake, segment);
    intake->counts.cut_payload += passes && segment->payload.n < segment->length;
    return passes;
}

/* The same, of what early_look has found: nearly all are whole, with sums that are right. */
static ALWAYS_INLINE bool pass_early(struct intake *intake, struct segment *segment,
                                     const uint8_t *tcp, bool ipv6)
{
    const uint32_t length = segment->tcp_header + segment->length;
    bool is_whole = segment->headers != 0 && segment->payload.n >= segment->length;
    if (UNLIKELY(!is_whole || intake->checksums == CHECKSUMS_IGNORE))
        return pass(intake, segment);
    if (UNLIKELY(!(ipv6 ? checksum_is_right_ipv6 : checksum_is_right_ipv4)(tcp, length)))
        return pass(intake, segment);
    segment->checksum = CHECKSUM_RIGHT;
    return true;
}

/* What is known of the segment in the batch's next place. */
struct finding {
    unsigned shard;
    struct flow_key_place place;
};

/* Gives it to its shard; `stays`: its bytes do, until the window ends; `now` is the latest packet
 * time. A packet that has no time among others that have one came no earlier than those before it.
 */
static ALWAYS_INLINE void enter(struct intake *intake, struct segment *segment,
                                const struct finding *found, bool stays, nanotime now)
{
    if (UNLIKELY(segment->time == 0))
        segment->time = now;
    if (!stays)
        batch_keep(intake->batch);
    batch_add(intake->batch, found->shard, found->place.from, found->place.hash, now);
}

/* Does all that a segment points to lie in the packet, and not in what was put together of it? */
static bool is_of_packet(const struct segment *segment, const struct packet *packet)
{
    uintptr_t at = (uintptr_t)segment->payload.p, begin = (uintptr_t)packet->bytes;
    return !segment->outer &&
           (segment->payload.n == 0 || (at > begin && at < begin + packet->caplen));
}

/* Takes what was decoded into the batch's next place, if it is of use. A packet that was put
 * together of fragments takes more room than the one at hand, if the batch is that of the round. */
static enum note take(struct intake *intake, const struct packet *packet, enum note note,
                      bool is_first)
{
    struct segment *segment = batch_next(intake->batch);
    if (note == NOTE_NONE && !ports_have(intake->watched, segment->from.port) &&
        !ports_have(intake->watched, segment->to.port))
        note = NOTE_NOT_WATCHED;
    if (note != NOTE_NONE)
        return note;
    if (UNLIKELY(segment->payload.n > packet->caplen) && !intake->windows)
        intake->bytes += segment->payload.n;
    struct finding found = {.shard = shard_of_segment(intake, segment)};
    if (!is_mine(intake, found.shard))
        return NOTE_NONE;
    found.place = flow_key_place(&intake->key, &segment->from, &segment->to);
    bool passes = pass(intake, segment);
    if (passes)
        enter(intake, segment, &found, intake->stays && is_of_packet(segment, packet), intake->now);
    if (is_first)
        intake->counts.skipped[passes ? NOTE_NONE : NOTE_CHECKSUM]++;
    return NOTE_NONE;
}

/* The other frames of a packet. It counts once: for its first segment. */
static NOINLINE enum note take_more(struct intake *intake, const struct packet *packet,
                                    enum note note)
{
    struct decoder *decoder = &intake->decoder;
    for (unsigned i = 1; decode_has_more(decoder); i++) {
        if (i == FRAMES_MAX) {
            decoder->more.more.left = 0;
            break;
        }
        if (!intake->windows) {
            intake->taken++;
            intake->bytes += BATCH_BESIDE;
        }
        enum note next = decode_next(batch_next(intake->batch), decoder, packet);
        next = take(intake, packet, next, note != NOTE_NONE);
        if (next == NOTE_NONE)
            note = NOTE_NONE;
    }
    return note;
}

/* A packet that early_look has looked at. */
static ALWAYS_INLINE void take_early(struct intake *intake, const struct packet *packet,
                                     const uint8_t *tcp, bool ipv6, nanotime now)
{
    struct segment *segment = batch_next(intake->batch);
    const unsigned size = ipv6 ? 16 : 4;
    uint64_t from = end_of(tcp - 2 * size, ipv6, be16(tcp));
    uint64_t to = end_of(tcp - size, ipv6, be16(tcp + 2));
    struct finding found = {.shard = shard_of(intake, from, to)};
    if (!is_mine(intake, found.shard))
        return;
    if (ipv6) {
        decode_early_ipv6(segment, tcp, packet);
        found.place = flow_key_place(&intake->key, &segment->from, &segment->to);
    } else {
        decode_early_ipv4(segment, tcp, packet);
        found.place = flow_key_place_ipv4(&intake->key, from, to);
    }
    if (UNLIKELY(!pass_early(intake, segment, tcp, ipv6))) {
        intake->counts.skipped[NOTE_CHECKSUM]++;
        return;
    }
    enter(intake, segment, &found, intake->stays, now);
    intake->counts.skipped[NOTE_NONE]++;
}

static NOINLINE void take_early_ipv6(struct intake *intake, const struct packet *packet,
                                     const uint8_t *tcp, nanotime now)
{
    take_early(intake, packet, tcp, true, now);
}

/* Any other. What depends on packets that others were given has to wait. */
static NOINLINE void take_late(struct intake *intake, const struct packet *packet)
{
    struct decoder *decoder = &intake->decoder;
    enum note note = decode_packet(batch_next(intake->batch), decoder, packet);
    if (decoder->defers && (decoder->deferred || decode_has_more(decoder))) {
        decoder->deferred = false;
        decoder->more.more.left = 0;
        aside_put(&intake->aside, packet, intake->now);
        return;
    }
    note = take(intake, packet, note, true);
    if (UNLIKELY(decode_has_more(decoder)))
        note = take_more(intake, packet, note);
    if (note != NOTE_NONE)
        skip(intake, note, 1);
}

size_t intake_packets(struct intake *intake, const struct packet *packets, size_t count)
{
    size_t not_watched = 0, not_tcp = 0;
    size_t most = intake->seen < intake->seen_most ? intake->seen_most - intake->seen : 0;
    const struct packet *packet = packets, *end = packets + (count < most ? count : most);
    struct tally tally = tally_of(intake, packets, count);
    struct grant grant = {0};
    for (; packet < end; packet++) {
        const uint8_t *tcp = early_look(packet);
        if (LIKELY(tcp) ? !ports_have_any(intake->watched, tcp) : early_is_udp(packet)) {
            if (LIKELY(tcp))
                not_watched++;
            else
                not_tcp++;
            tally_add(&tally, packet);
            continue;
        }
        const size_t bytes = packet->caplen + BATCH_BESIDE;
        if (UNLIKELY(grant.packets == 0 || bytes > grant.bytes)) {
            grant = ask(intake, grant, packet, bytes);
            if (grant.packets == 0)
                break;
        }
        grant.packets--;
        grant.bytes -= bytes;
        tally_add(&tally, packet);
        if (LIKELY(early_is_ipv4(packet, tcp))) {
            take_early(intake, packet, tcp, false, tally.last);
        } else if (tcp) {
            take_early_ipv6(intake, packet, tcp, tally.last);
        } else {
            intake->now = tally.last;
            take_late(intake, packet);
            grant = give_back(intake, grant);
        }
    }
    (void)give_back(intake, grant);
    const size_t taken = (size_t)(packet - packets);
    if (taken == 0)
        return 0;
    see(intake, &tally, taken, packet - 1);
    skip(intake, NOTE_NOT_WATCHED, not_watched);
    skip(intake, NOTE_NOT_TCP, not_tcp);
    return taken;
}

bool intake_is_over(const struct intake *intake)
{
    return intake->was_full || intake->seen >= intake->seen_most;
}

/* --- packets that are shared out --- */

struct intake_left intake_left(const struct intake *intake)
{
    if (intake_is_over(intake) || intake->taken >= intake->most || intake->bytes >= intake->room)
        return (struct intake_left){0};
    return (struct intake_left){.seen = intake->seen_most - intake->seen,
                                .taken = intake->most - intake->taken,
                                .bytes = intake->room - intake->bytes};
}

void intake_share(struct intake *intake, struct batch *batch)
{
    aside_clear(&intake->aside);
    intake->batch = batch;
    intake->owners = 1;
    intake->mine = 0;
    intake->stays = false;
    intake->shares = intake->decoder.defers = true;
}

void intake_share_end(struct intake *intake, unsigned owners, unsigned mine)
{
    intake->owners = owners;
    intake->mine = mine;
    intake->shares = intake->decoder.defers = false;
}

void intake_fork(struct intake *intake, const struct intake *from)
{
    *intake = (struct intake){.watched = from->watched,
                              .key = from->key,
                              .shard_seed = from->shard_seed,
                              .checksums = from->checksums,
                              .windows = from->windows,
                              .long_rounds = from->long_rounds,
                              .seen_most = from->seen_most,
                              .aside = intake->aside};
}

void intake_round_add(struct intake_round *sum, const struct intake *part)
{
    sum->seen += part->seen;
    sum->taken += part->taken;
    sum->bytes += part->bytes;
    if (part->now > sum->now)
        sum->now = part->now;
    if (part->next_frame > sum->next_frame)
        sum->next_frame = part->next_frame;
}

void intake_round_set(struct intake *intake, const struct intake_round *round)
{
    intake->seen = round->seen;
    intake->taken = round->taken;
    intake->bytes = round->bytes;
    intake->now = round->now;
    intake->next_frame = round->next_frame;
}

void intake_join(struct intake *intake, const struct intake *part)
{
    struct intake_round sum = {0};
    intake_round_add(&sum, intake);
    intake_round_add(&sum, part);
    intake_round_set(intake, &sum);
    dissect_counts_add(&intake->counts, &part->counts);
}

/* What is put aside is taken one by one in the end: soon, that is. */
bool intake_has_room(const struct intake *intake)
{
    enum { ASIDE_BYTES = 1 << 20 };
    const struct batch *batch = intake->batch;
    return batch_count(batch) + SHARE_PACKETS <= batch->most && batch->used < batch->room / 2 &&
           intake->aside.packets.n + intake->aside.bytes.n < ASIDE_BYTES;
}

void intake_aside(struct intake *intake, const struct packet *packet, nanotime now)
{
    if (batch_count(intake->batch) + FRAMES_MAX > intake->batch->most)
        batch_grow(intake->batch);
    intake->now = now;
    intake->decoder.defers = false;
    take_late(intake, packet);
}

void intake_done(struct intake *intake)
{
    decoder_done(&intake->decoder);
    aside_done(&intake->aside);
}

void dissect_counts_add(struct dissect_counts *sum, const struct dissect_counts *part)
{
    sum->packets += part->packets;
    sum->bytes += part->bytes;
    sum->matched += part->matched;
    for (unsigned i = 0; i < NOTES; i++)
        sum->skipped[i] += part->skipped[i];
    sum->cut_payload += part->cut_payload;
    sum->fragments.fragments += part->fragments.fragments;
    sum->fragments.packets += part->fragments.packets;
    sum->fragments.overlapping += part->fragments.overlapping;
    sum->fragments.timed_out += part->fragments.timed_out;
    sum->fragments.evicted += part->fragments.evicted;
    sum->fragments.malformed += part->fragments.malformed;
    sum->checksums.left_out += part->checksums.left_out;
    sum->checksums.wrong += part->checksums.wrong;
    sum->checksums.ip_wrong += part->checksums.ip_wrong;
    sum->flows += part->flows;
    sum->flows_evicted += part->flows_evicted;
    sum->flows_expired += part->flows_expired;
    sum->certificates_dropped += part->certificates_dropped;
    if (part->first_time && (!sum->first_time || part->first_time < sum->first_time))
        sum->first_time = part->first_time;
    if (part->last_time > sum->last_time)
        sum->last_time = part->last_time;
}
