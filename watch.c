/* watch.c: two loops: a saved capture is read as fast as it can be, a live one as packets come. */
#include "watch.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "capture/savefile.h"
#include "dissect/intake.h"

enum { PROGRESS_PACKETS = 4096, IDLE_MS = 200 };

/* How often a live run with traffic looks whether flows are due. */
#define ADVANCE_EVERY (NS_PER_SECOND / 10)

/* Written by signal handlers, which can be handed nothing. Every thread asks for the end. */
static struct watch *volatile signal_watch;
static atomic_bool signal_end;
static volatile sig_atomic_t signal_snapshot;

static void on_end(int number)
{
    const struct watch *watch = signal_watch;
    (void)number;
    signal_end = true;
    if (watch && watch->same_input && watch->source_count > 1)
        return; /* all threads shall end with the same packet, and the round is over soon */
    for (size_t i = 0; watch && i < watch->source_count; i++)
        source_break(watch->sources[i].source);
}

static void on_snapshot(int number)
{
    (void)number;
    signal_snapshot = 1;
}

void watch_catch_signals(struct watch *watch)
{
    struct sigaction end = {.sa_handler = on_end}, snapshot = {.sa_handler = on_snapshot};
    signal_watch = watch;
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGUSR1, &snapshot, NULL);
}

void watch_leave_signals(void)
{
    signal_watch = NULL;
}

bool watch_was_signalled(void)
{
    return signal_end;
}

nanotime watch_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* A capture of a kind that is not read should not look like one in which nothing happened. */
static void note_link(struct watch *watch, const struct packet *packet)
{
    watch->has_unread_link = true;
    watch->unread_link = packet->link_number;
}

static bool has_ended(enum source_status status)
{
    return status == SOURCE_END || status == SOURCE_BROKEN;
}

/* --- a saved capture --- */

/* Is a packet past the --duration, counted from the first? */
static bool is_past(const struct watch *watch, const struct watched *from,
                    const struct packet *packet)
{
    return watch->options->duration && packet->time - from->first_time >= watch->options->duration;
}

static void count_packets(const struct watch *watch, struct watched *from, size_t count)
{
    from->packets += count;
    if (watch->options->count && from->packets == watch->options->count)
        from->stopped = true;
}

/* Secrets that stand before a packet are there for it, however the packets come. */
static bool has_new_secrets(const struct watch *watch)
{
    return UNLIKELY(source_secrets_count(watch->sources[0].source) > watch->keys->blocks);
}

static bool is_filtered(const struct watch *watch, const struct packet *packet)
{
    return watch->filter && !filter_match(watch->filter, packet);
}

/* Gets the next packets, no more than --count wants. */
static bool get_more(const struct watch *watch, struct watched *from)
{
    size_t most = PACKETS_AT_HAND;
    uint64_t wanted = watch->options->count - from->packets;
    if (watch->options->count && wanted < most)
        most = (size_t)wanted;
    from->next = 0;
    from->status = source_next_some(from->source, from->at_hand, most, &from->count);
    return from->count > 0;
}

/* How many of the packets at hand --duration leaves. */
static size_t packets_within(const struct watch *watch, const struct watched *from)
{
    size_t n = 0, most = from->count - from->next;
    if (!watch->options->duration)
        return most;
    while (n < most && !is_past(watch, from, &from->at_hand[from->next + n]))
        n++;
    return n;
}

static size_t pass_some(struct intake *intake, const struct packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        intake_pass(intake, &packets[i]);
    return count;
}

static size_t filter_some(const struct watch *watch, struct intake *intake,
                          const struct packet *packets, size_t count)
{
    size_t i = 0;
    for (; i < count; i++)
        if (is_filtered(watch, &packets[i]))
            intake_skip(intake, &packets[i], NOTE_FILTERED);
        else if (!intake_packet(intake, &packets[i]))
            break;
    return i;
}

static size_t take_some(const struct watch *watch, struct intake *intake,
                        const struct packet *packets, size_t count)
{
    return watch->filter ? filter_some(watch, intake, packets, count)
                         : intake_packets(intake, packets, count);
}

/* Gives packets to the intake. Returns how many it has taken. One of several threads that comes
 * later than the first passes what was there before. */
static size_t give(const struct watch *watch, const struct watched *from, struct intake *intake,
                   size_t count)
{
    const struct packet *packets = &from->at_hand[from->next];
    if (from->packets < watch->passed) {
        uint64_t before = watch->passed - from->packets;
        return pass_some(intake, packets, before < count ? (size_t)before : count);
    }
    return take_some(watch, intake, packets, count);
}

/* One of several threads that read the same capture. */
static bool fill_same(void *context, unsigned input, struct intake *intake)
{
    struct watch *watch = context;
    struct watched *from = &watch->sources[input];
    intake->stays = from->keeps;
    if (from->status == SOURCE_PAUSED)
        source_release(from->source);
    while (!from->stopped && !watch->halted) {
        if (from->next == from->count && !get_more(watch, from))
            return from->status == SOURCE_PAUSED;
        if (watch->source_count == 1 && has_new_secrets(watch))
            return false;
        if (from->packets == 0)
            from->first_time = from->at_hand->time;
        size_t count = packets_within(watch, from);
        if (count == 0) {
            from->stopped = true;
            return false;
        }
        size_t taken = give(watch, from, intake, count);
        if (taken == 0)
            return !intake_is_over(intake);
        if (UNLIKELY(from->at_hand[from->next].link == LINK_UNSUPPORTED) && input == 0)
            note_link(watch, &from->at_hand[from->next]);
        from->next += taken;
        count_packets(watch, from, taken);
    }
    return false;
}

static void take_packet(struct watch *watch, struct watched *from)
{
    const struct packet *packet = from->at_hand;
    if (from->packets == 0)
        from->first_time = packet->time;
    if (is_past(watch, from, packet)) {
        from->stopped = true;
        return;
    }
    if (UNLIKELY(packet->link == LINK_UNSUPPORTED))
        note_link(watch, packet);
    if (is_filtered(watch, packet))
        pipeline_skip(watch->pipeline, packet, NOTE_FILTERED);
    else
        pipeline_packet(watch->pipeline, packet);
    count_packets(watch, from, 1);
}

static void show_progress(struct watch *watch)
{
    uint64_t done, total;
    source_progress(watch->sources[0].source, &done, &total);
    progress_update(&watch->progress, done, total, watch->sources[0].packets,
                    pipeline_flows(watch->pipeline));
}

/* Secrets that were written down meanwhile. A file that can't be read any more is as one that does
 * not grow. */
static void take_secrets(struct watch *watch)
{
    keys_take(watch->keys, watch->pipeline, false);
}

/* Nothing that can be said waits for more to come. */
static void wait_for_more(struct watch *watch)
{
    take_secrets(watch);
    pipeline_flush(watch->pipeline);
    report_flush(watch->report);
    source_wait(&watch->sources[0].source, 1, IDLE_MS);
}

/* --- the same, each packet by one of the threads --- */

/* How far packets may be shared out: what --count and --duration leave out stays for who reads on.
 */
static struct relay_limits limits_of(const struct watch *watch, uint64_t packets, uint64_t bytes,
                                     uint32_t beside)
{
    const struct options *options = watch->options;
    const struct watched *first = &watch->sources[0];
    struct relay_limits limits = {
        .packets = packets, .bytes = bytes, .beside = beside, .before = INT64_MAX};
    if (options->count && options->count - first->packets < packets)
        limits.packets = options->count - first->packets;
    if (options->duration && options->duration < INT64_MAX - first->first_time)
        limits.before = first->first_time + options->duration;
    return limits;
}

static void begin_sharing(void *context, nanotime now, uint64_t packets, uint64_t bytes,
                          uint32_t beside, bool sparse)
{
    struct watch *watch = context;
    const struct watched *first = &watch->sources[0];
    struct relay_limits limits = limits_of(watch, packets, bytes, beside);
    limits.window = sparse ? RELAY_WINDOW_LARGE : RELAY_WINDOW;
    relay_begin(watch->relay, first->source, &first->at_hand[first->next],
                first->count - first->next, now, &limits);
}

_Static_assert((int)RELAY_PACKETS_MAX <= (int)SHARE_PACKETS &&
                   (int)RELAY_WINDOW_LARGE + (int)SAVEFILE_CAPLEN_MAX <= (int)SHARE_BYTES,
               "there is room for a window");

static bool claim_part(void *context, unsigned place)
{
    const struct watch *watch = context;
    return !signal_end && relay_claim(watch->relay, place);
}

static bool fill_part(void *context, unsigned place, struct intake *intake)
{
    const struct watch *watch = context;
    const struct packet *packets;
    if (!relay_read(watch->relay, place))
        return false;
    intake->now = relay_now(watch->relay, place);
    size_t count = relay_packets(watch->relay, place, &packets);
    return take_some(watch, intake, packets, count) == count; /* there is room */
}

static void end_sharing(void *context)
{
    struct watch *watch = context;
    watch->halted = signal_end;
    for (size_t i = 0; i < watch->source_count; i++) {
        struct watched *one = &watch->sources[i];
        relay_end(watch->relay, one->source);
        one->packets = 0;
        one->first_time = watch->sources[0].first_time;
        one->status = SOURCE_PACKET;
        one->next = one->count = 0;
        count_packets(watch, one, relay_frame(watch->relay));
    }
}

static void share(struct watch *watch)
{
    const struct pipeline_sharing sharing = {.begin = begin_sharing,
                                             .claim = claim_part,
                                             .fill = fill_part,
                                             .end = end_sharing,
                                             .context = watch};
    const unsigned places = (unsigned)watch->source_count * SHARE_PLACES;
    watch->relay = relay_new(watch->sources[0].source, places, RELAY_WINDOW_LARGE);
    if (watch->relay)
        pipeline_share(watch->pipeline, &sharing);
}

static enum source_status read_same(struct watch *watch)
{
    const struct watched *first = &watch->sources[0];
    for (size_t i = 0; i < watch->source_count; i++)
        watch->sources[i].keeps = source_keep(watch->sources[i].source);
    while (!first->stopped && !signal_end) {
        watch->passed = first->packets;
        pipeline_fill(watch->pipeline, fill_same, watch);
        if (has_ended(first->status))
            return first->status;
        if (has_new_secrets(watch))
            take_secrets(watch);
        if (first->status == SOURCE_IDLE)
            wait_for_more(watch);
        show_progress(watch);
    }
    return SOURCE_END;
}

static enum source_status read_saved(struct watch *watch)
{
    struct watched *from = &watch->sources[0];
    while (!from->stopped && !signal_end) {
        from->status = source_next(from->source, from->at_hand);
        if (has_ended(from->status))
            return from->status;
        if (has_new_secrets(watch))
            take_secrets(watch);
        if (from->status == SOURCE_IDLE)
            wait_for_more(watch);
        else
            take_packet(watch, from);
        if (from->packets % PROGRESS_PACKETS == 0) {
            if (watch->keys->follow)
                take_secrets(watch);
            show_progress(watch);
        }
    }
    return SOURCE_END;
}

/* --- a live one --- */

/* Takes what a ring holds, up to a batch. */
static bool fill(void *context, unsigned input, struct intake *intake)
{
    struct watch *watch = context;
    struct watched *from = &watch->sources[input];
    uint64_t most = watch->options->count ? watch->options->count : UINT64_MAX;
    while (from->packets < most) {
        if (!from->pending)
            from->status = source_next(from->source, from->at_hand);
        if (from->status != SOURCE_PACKET)
            return false;
        from->pending = !intake_packet(intake, from->at_hand);
        if (from->pending)
            return false;
        from->packets++;
    }
    return false;
}

static void snapshot(struct watch *watch, nanotime now)
{
    pipeline_snapshot(watch->pipeline, now);
    report_snapshot_end(watch->report, now);
}

static void look_at_clock(struct watch *watch, nanotime now)
{
    if (signal_snapshot) {
        signal_snapshot = 0;
        snapshot(watch, now);
    }
    if (watch->options->interval && now >= watch->next_snapshot) {
        if (watch->next_snapshot)
            snapshot(watch, now);
        watch->next_snapshot = now + watch->options->interval;
    }
    if (watch->options->duration && now - watch->first_time >= watch->options->duration)
        watch->stopped = true;
}

/* What all rings say together: the end of one is the end; idle are they if all are. */
static enum source_status status_of_all(const struct watch *watch)
{
    enum source_status all = SOURCE_IDLE;
    for (size_t i = 0; i < watch->source_count; i++) {
        const struct watched *one = &watch->sources[i];
        if (has_ended(one->status))
            return one->status;
        if (one->status == SOURCE_PACKET)
            all = SOURCE_PACKET;
    }
    return all;
}

static enum source_status read_live(struct watch *watch)
{
    struct source *sources[SOURCE_RINGS_MAX];
    nanotime advanced = 0;
    for (size_t i = 0; i < watch->source_count; i++)
        sources[i] = watch->sources[i].source;
    watch->first_time = watch_clock();
    while (!watch->stopped && !signal_end) {
        pipeline_fill(watch->pipeline, fill, watch);
        enum source_status status = status_of_all(watch);
        if (has_ended(status))
            return status;
        if (watch->options->count && watch->sources[0].packets >= watch->options->count)
            return SOURCE_END;
        if (status == SOURCE_IDLE)
            source_wait(sources, watch->source_count, IDLE_MS);
        nanotime now = watch_clock();
        if (now - advanced > ADVANCE_EVERY) {
            take_secrets(watch);
            pipeline_advance(watch->pipeline, now);
            advanced = now;
        }
        look_at_clock(watch, now);
    }
    return SOURCE_END;
}

bool watch_is_large(const struct watch *watch)
{
    enum { LARGE = 1 << 22 }; /* is read in a millisecond */
    uint64_t done, total;
    /* --duration is counted from the first packet, and pcapng does not begin with one. */
    if (!watch->same_input || watch->options->duration ||
        !savefile_pcap_format(watch->sources[0].source))
        return false;
    source_progress(watch->sources[0].source, &done, &total);
    return total >= LARGE;
}

enum source_status watch_run(struct watch *watch)
{
    if (watch->options->interface)
        return read_live(watch);
    if (!watch->same_input)
        return read_saved(watch);
    share(watch);
    enum source_status status = read_same(watch);
    relay_free(watch->relay);
    return status;
}

struct source_drops watch_drops(const struct watch *watch)
{
    struct source_drops all = {0};
    for (size_t i = 0; i < watch->source_count; i++) {
        struct source_drops one = source_drops(watch->sources[i].source);
        all.received += one.received;
        all.kernel += one.kernel;
        all.interface += one.interface;
    }
    return all;
}

const char *watch_interface_name(void *context, uint16_t interface)
{
    const struct watch *watch = context;
    return source_interface_name(watch->sources[0].source, interface);
}

bool watch_process(void *context, struct packet_process *out, uint16_t interface)
{
    const struct watch *watch = context;
    return source_process(watch->sources[0].source, out, interface);
}
