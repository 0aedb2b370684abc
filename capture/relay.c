/* relay.c: who has the baton walks alone; all else is done at the same time. */
#include "relay.h"

#include "pcap_record.h"
#include "pcapng_block.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* What is read beyond a window: the rest of its last record, mostly, and always that one's header,
 * so that the one who has the baton need not read. */
enum { BEYOND = 2048 };

/* A runner reads its windows to so many places by turns, so many bytes behind the offset in a page
 * that they have in the file (xpages): some processors take longer to copy to what is still in the
 * second-level cache, or to that very offset. Measured: docs/performance.md. */
enum { PLACES = 3, ASIDE = 240 };

/* Bytes of a place: before a window, there may be what precedes it in a page. */
static size_t place_bytes(size_t window)
{
    return (ASIDE + PAGE_BYTES + window + BEYOND + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

struct baton {
    uint64_t offset; /* of the next record */
    uint64_t frame;  /* of the last packet before */
    nanotime now;    /* the latest time so far */
    struct relay_limits left;
    bool ended;   /* nobody goes on from here, */
    bool refused; /* for the next record is none to be handed out */
};

struct runner {
    uint8_t *places;
    unsigned place;
    uint8_t *larger;        /* than a place, for a large record; else NULL */
    uint8_t *buffer;        /* in either, */
    size_t capacity, have;  /* and bytes in it */
    uint64_t window;        /* of the file, that is in it */
    uint64_t from;          /* offset in the file of the first of them: where a page begins */
    struct packet *packets; /* in it: */
    uint32_t count;
    nanotime now;
    unsigned looks; /* for its turn, at most, before it sleeps */
} APART;

struct relay {
    pthread_mutex_t lock; /* over what follows, up to the runners */
    pthread_cond_t passed;
    uint64_t taken;                 /* the window that is taken next */
    _Atomic uint64_t turn;          /* the one whose turn it is to have the baton, */
    struct baton baton;             /* which belongs to that runner alone, and so does: */
    struct savefile *file;          /* the one that notes what stands beside packets */
    const struct pcap_format *pcap; /* one of the two is NULL */
    const struct pcapng_format *pcapng;
    int fd;
    uint64_t size;       /* of the file: what is beyond is not read */
    size_t window, most; /* bytes of it, and how many it may have */
    unsigned count;
    struct runner runners[];
};

struct relay *relay_new(const struct source *source, unsigned runners, size_t most)
{
    const struct pcap_format *pcap = savefile_pcap_format(source);
    const struct pcapng_format *pcapng = savefile_pcapng_format(source);
    const struct savefile *file = (const struct savefile *)source;
    if (!(pcap ? pcap->link != LINK_PKTAP && pcap->link != LINK_UNSUPPORTED : pcapng != NULL) ||
        !file->reader.regular || file->reader.decoder)
        return NULL;
    struct relay *relay = xaligned(sizeof *relay + runners * sizeof *relay->runners);
    relay->fd = file->reader.fd;
    relay->pcap = pcap;
    relay->pcapng = pcapng;
    relay->size = file->reader.size;
    relay->most = most;
    relay->count = runners;
    pthread_mutex_init(&relay->lock, NULL);
    pthread_cond_init(&relay->passed, NULL);
    for (unsigned i = 0; i < runners; i++) {
        relay->runners[i].places = xpages(PLACES * place_bytes(most));
        relay->runners[i].packets = xmalloc(RELAY_PACKETS_MAX * sizeof(struct packet));
    }
    return relay;
}

/* Goes back to a packet that still lies in the reader's buffer. */
static void go_back(const struct relay *relay, const struct packet *packet)
{
    if (relay->pcapng)
        pcapng_go_back(relay->file, packet);
    else
        relay->file->reader.next = packet->bytes - relay->pcap->header_bytes;
}

/* Has the source read what stands before the next packet, unless it has ended. */
static void go_to_packet(struct source *source, struct reader *reader)
{
    enum source_status status = source->ended == SOURCE_PACKET ? SOURCE_PAUSED : source->ended;
    while (status == SOURCE_PAUSED) {
        reader_release(reader);
        status = source->ops->preface(source);
    }
    if (status != SOURCE_PACKET)
        source->ended = status;
}

void relay_begin(struct relay *relay, struct source *source, const struct packet *at_hand,
                 size_t count, nanotime now, const struct relay_limits *limits)
{
    struct savefile *file = (struct savefile *)source;
    struct reader *reader = &file->reader;
    relay->file = file;
    if (count > 0)
        go_back(relay, at_hand);
    else if (relay->pcapng && (relay->pcapng->skip_length || relay->baton.refused))
        go_to_packet(source, reader);
    relay->baton = (struct baton){.offset = reader_offset(reader),
                                  .frame = source->frames - count,
                                  .now = now,
                                  .left = *limits,
                                  .ended = source->ended != SOURCE_PACKET};
    relay->window = limits->window ? limits->window : relay->most;
    relay->taken = relay->baton.offset / relay->window;
    relay->turn = relay->taken;
}

/* Reads on up to offset `to`, or to the end. */
static void read_up_to(const struct relay *relay, struct runner *runner, uint64_t to)
{
    if (to > relay->size)
        to = relay->size;
    while (runner->from + runner->have < to) {
        uint64_t at = runner->from + runner->have;
        ssize_t got = pread(relay->fd, runner->buffer + runner->have, (size_t)(to - at), (off_t)at);
        if (got > 0)
            runner->have += (size_t)got;
        else if (got == 0 || errno != EINTR)
            return; /* who reads on from here sees that */
    }
}

/* The last record of a window has its end far behind it. */
static NOINLINE bool read_rest(const struct relay *relay, struct runner *runner, size_t needs)
{
    if (runner->from + needs > relay->size)
        return false;
    if (needs > runner->capacity) {
        uint8_t *larger = xpages(needs);
        memcpy(larger, runner->buffer, runner->have);
        for (uint32_t i = 0; i < runner->count; i++)
            runner->packets[i].bytes = larger + (runner->packets[i].bytes - runner->buffer);
        free(runner->larger);
        runner->larger = runner->buffer = larger;
        runner->capacity = needs;
    }
    read_up_to(relay, runner, runner->from + needs);
    return runner->have >= needs;
}

/* --- the walk --- */

/* What a format says of its records. */
struct records {
    /* The size of one whose header is there. 0 if it is none to be handed out. */
    size_t (*size)(const void *format, const uint8_t *record);
    /* The packet in it, whose `bytes` are NULL if there is none in such a record. False as above.
     */
    bool (*packet)(struct packet *packet, const void *format, const uint8_t *record, size_t size);
    /* What stands behind the packet, which is handed out: it begins at an offset of the file. NULL:
     * nothing. */
    void (*behind)(struct savefile *file, struct packet *packet, uint64_t offset,
                   const uint8_t *record, size_t size);
};

/* Has the baton pass the records that begin before offset `end`. Inlined for each format. */
static ALWAYS_INLINE void walk(const struct relay *relay, struct runner *runner,
                               struct baton *baton, uint64_t end, const struct records *records,
                               const void *format, uint32_t header)
{
    size_t at = (size_t)(baton->offset - runner->from), size;
    const size_t stop = (size_t)(end - runner->from);
    for (; at < stop; at += size) {
        if (runner->count == RELAY_PACKETS_MAX || baton->left.packets == 0 ||
            (at + header > runner->have && !read_rest(relay, runner, at + header)))
            break;
        size = records->size(format, runner->buffer + at);
        if (UNLIKELY(at + size > runner->have) && !read_rest(relay, runner, at + size))
            break;
        struct packet *packet = &runner->packets[runner->count];
        const uint8_t *record = runner->buffer + at;
        baton->refused = size == 0 || !records->packet(packet, format, record, size);
        if (baton->refused)
            break;
        if (!packet->bytes)
            continue;
        const uint64_t takes = (uint64_t)packet->caplen + baton->left.beside;
        if (takes > baton->left.bytes || packet->time >= baton->left.before)
            break;
        packet->frame = ++baton->frame;
        if (records->behind)
            records->behind(relay->file, packet, runner->from + at, record, size);
        if (packet->time > baton->now)
            baton->now = packet->time;
        baton->left.packets--;
        baton->left.bytes -= takes;
        runner->count++;
    }
    baton->ended = at < stop;
    baton->offset = runner->from + at;
}

static size_t pcap_size(const void *format, const uint8_t *record)
{
    const struct pcap_format *pcap = format;
    const uint32_t captured = pcap_lengths_of(pcap, record).captured;
    return captured <= SAVEFILE_CAPLEN_MAX ? (size_t)pcap->header_bytes + captured : 0;
}

static bool pcap_packet(struct packet *packet, const void *format, const uint8_t *record,
                        size_t size)
{
    (void)size;
    pcap_packet_of(packet, format, record, pcap_lengths_of(format, record));
    return true;
}

static size_t pcapng_size(const void *format, const uint8_t *block)
{
    return pcapng_plain_size(format, block);
}

static bool pcapng_packet(struct packet *packet, const void *format, const uint8_t *block,
                          size_t size)
{
    return pcapng_plain_packet(packet, format, block, size);
}

static void walk_any(const struct relay *relay, struct runner *runner, struct baton *baton,
                     uint64_t end)
{
    static const struct records pcap = {.size = pcap_size, .packet = pcap_packet};
    static const struct records pcapng = {
        .size = pcapng_size, .packet = pcapng_packet, .behind = pcapng_plain_behind};
    if (relay->pcap) {
        const struct pcap_format format = *relay->pcap;
        walk(relay, runner, baton, end, &pcap, &format, format.header_bytes);
    } else {
        const struct pcapng_format format = *relay->pcapng;
        walk(relay, runner, baton, end, &pcapng, &format, BLOCK_HEADER);
    }
}

/* Leaves the core to what else runs on it. */
static inline void relax(void)
{
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
}

/* Whoever has the baton mostly hands it on within some microseconds: to sleep and to be woken takes
 * longer. Where it does not, as with more runners than cores, it is not looked for as long again.
 */
static void look_for_turn(const struct relay *relay, struct runner *runner, uint64_t window)
{
    enum { LOOKS = 1 << 12 }; /* twenty to two hundred microseconds, by what a pause takes */
    for (unsigned i = 0; i <= runner->looks; i++) {
        if (atomic_load_explicit(&relay->turn, memory_order_relaxed) == window) {
            runner->looks = LOOKS;
            return;
        }
        relax();
    }
    runner->looks /= 2;
}

/* Waits for the baton, walks, and hands it on. Returns false if it came to its end before. */
static bool take_turn(struct relay *relay, struct runner *runner, uint64_t window)
{
    look_for_turn(relay, runner, window);
    pthread_mutex_lock(&relay->lock);
    while (relay->turn != window)
        pthread_cond_wait(&relay->passed, &relay->lock);
    struct baton baton = relay->baton;
    pthread_mutex_unlock(&relay->lock);
    const bool goes = !baton.ended;
    const uint64_t end = (window + 1) * relay->window;
    runner->count = 0;
    runner->now = baton.now;
    if (goes && baton.offset < end)
        walk_any(relay, runner, &baton, end);
    if (baton.left.packets == 0 || baton.offset >= relay->size)
        baton.ended = true;
    pthread_mutex_lock(&relay->lock);
    relay->baton = baton;
    relay->turn++;
    pthread_mutex_unlock(&relay->lock);
    pthread_cond_broadcast(&relay->passed);
    return goes;
}

/* The next place. What a large record has taken is not kept: there may be many runners. */
static void change_place(const struct relay *relay, struct runner *runner)
{
    free(runner->larger);
    runner->larger = NULL;
    runner->place = (runner->place + 1) % PLACES;
    runner->buffer = runner->places + runner->place * place_bytes(relay->most) + ASIDE;
    runner->capacity = place_bytes(relay->most) - ASIDE;
}

bool relay_claim(struct relay *relay, unsigned number)
{
    struct runner *runner = &relay->runners[number];
    pthread_mutex_lock(&relay->lock);
    const uint64_t window = relay->taken, begun = relay->baton.offset;
    const bool ended = relay->baton.ended;
    relay->taken += !ended;
    pthread_mutex_unlock(&relay->lock);
    change_place(relay, runner);
    /* Of the first window, only what is behind where it all began. */
    const uint64_t begin = window * relay->window;
    runner->from = (begun > begin ? begun : begin) / PAGE_BYTES * PAGE_BYTES;
    runner->have = 0;
    runner->window = window;
    return !ended;
}

bool relay_read(struct relay *relay, unsigned number)
{
    struct runner *runner = &relay->runners[number];
    read_up_to(relay, runner, (runner->window + 1) * relay->window + BEYOND);
    return take_turn(relay, runner, runner->window);
}

nanotime relay_now(const struct relay *relay, unsigned runner)
{
    return relay->runners[runner].now;
}

size_t relay_packets(const struct relay *relay, unsigned number, const struct packet **packets)
{
    *packets = relay->runners[number].packets;
    return relay->runners[number].count;
}

void relay_end(const struct relay *relay, struct source *source)
{
    struct savefile *file = (struct savefile *)source;
    reader_seek(&file->reader, relay->baton.offset);
    source->frames = relay->baton.frame;
    source->ended = relay->file->source.ended;
    if (relay->pcapng && file != relay->file)
        pcapng_catch_up(file, relay->file);
}

uint64_t relay_frame(const struct relay *relay)
{
    return relay->baton.frame;
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    for (unsigned i = 0; i < relay->count; i++) {
        free(relay->runners[i].places);
        free(relay->runners[i].larger);
        free(relay->runners[i].packets);
    }
    pthread_mutex_destroy(&relay->lock);
    pthread_cond_destroy(&relay->passed);
    free(relay);
}
