/* relay.c: who has the baton walks alone; all else is done at the same time. */
#include "relay.h"

#include "pcap_record.h"
#include "savefile.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* What is read beyond a window: the rest of its last record, mostly, and always that one's header,
 * so that the one who has the baton need not read. */
enum { BEYOND = 2048 };

struct baton {
    uint64_t offset; /* of the next record */
    uint64_t frame;  /* of the last packet before */
    nanotime now;    /* the latest time so far */
    struct relay_limits left;
    bool ended; /* nobody goes on from here */
};

struct runner {
    uint8_t *buffer;
    size_t capacity, have; /* bytes in it */
    uint64_t window;       /* of the file, that is in it */
    uint64_t from;         /* offset in the file of the first of them */
    const uint8_t *next;   /* record in it that is handed out next */
    uint32_t packets;      /* that are left */
    uint64_t frame;        /* of the last that was handed out */
    nanotime now;
} APART;

struct relay {
    pthread_mutex_t lock; /* over what follows, up to the runners */
    pthread_cond_t passed;
    uint64_t taken;     /* the window that is taken next */
    uint64_t turn;      /* the one whose turn it is to have the baton, */
    struct baton baton; /* which belongs to that runner alone */
    int fd;
    struct pcap_format format;
    uint64_t size; /* of the file: what is beyond is not read */
    size_t window;
    unsigned count;
    struct runner runners[];
};

struct relay *relay_new(const struct source *source, unsigned runners, size_t window)
{
    const struct pcap_format *format = savefile_pcap_format(source);
    const struct savefile *file = (const struct savefile *)source;
    if (!format || format->link == LINK_PKTAP || format->link == LINK_UNSUPPORTED ||
        !file->reader.regular || file->reader.decoder)
        return NULL;
    struct relay *relay = xaligned(sizeof *relay + runners * sizeof *relay->runners);
    relay->fd = file->reader.fd;
    relay->format = *format;
    relay->size = file->reader.size;
    relay->window = window;
    relay->count = runners;
    pthread_mutex_init(&relay->lock, NULL);
    pthread_cond_init(&relay->passed, NULL);
    for (unsigned i = 0; i < runners; i++) {
        relay->runners[i].capacity = window + BEYOND;
        relay->runners[i].buffer = xmalloc(window + BEYOND);
    }
    return relay;
}

void relay_begin(struct relay *relay, struct source *source, const struct packet *at_hand,
                 size_t count, nanotime now, const struct relay_limits *limits)
{
    struct reader *reader = &((struct savefile *)source)->reader;
    if (count > 0) /* they still lie in its buffer */
        reader->next = at_hand->bytes - relay->format.header_bytes;
    relay->baton = (struct baton){.offset = reader_offset(reader),
                                  .frame = source->frames - count,
                                  .now = now,
                                  .left = *limits};
    relay->taken = relay->turn = relay->baton.offset / relay->window;
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
        runner->buffer = xrealloc(runner->buffer, needs);
        runner->capacity = needs;
    }
    read_up_to(relay, runner, runner->from + needs);
    return runner->have >= needs;
}

/* Has the baton pass the records that begin before offset `end`. */
static void walk(const struct relay *relay, struct runner *runner, struct baton *baton,
                 uint64_t end)
{
    const struct pcap_format format = relay->format;
    const uint32_t header = format.header_bytes;
    size_t at = (size_t)(baton->offset - runner->from);
    for (size_t stop = (size_t)(end - runner->from); at < stop; runner->packets++) {
        baton->ended = true;
        if (runner->packets == RELAY_PACKETS_MAX || baton->left.packets == 0 ||
            (at + header > runner->have && !read_rest(relay, runner, at + header)))
            break;
        const uint8_t *record = runner->buffer + at;
        const uint32_t captured = pcap_lengths_of(&format, record).captured;
        const size_t behind = at + header + captured;
        const uint64_t takes = (uint64_t)captured + baton->left.beside;
        if (captured > SAVEFILE_CAPLEN_MAX || takes > baton->left.bytes)
            break;
        nanotime time = pcap_time_of(&format, record);
        if (UNLIKELY(behind > runner->have) && !read_rest(relay, runner, behind))
            break;
        if (time > baton->now)
            baton->now = time;
        baton->left.packets--;
        baton->left.bytes -= takes;
        baton->ended = false;
        at = behind;
    }
    baton->offset = runner->from + at;
    baton->frame += runner->packets;
}

/* Waits for the baton, walks, and hands it on. Returns false if it came to its end before. */
static bool take_turn(struct relay *relay, struct runner *runner, uint64_t window)
{
    pthread_mutex_lock(&relay->lock);
    while (relay->turn != window)
        pthread_cond_wait(&relay->passed, &relay->lock);
    struct baton baton = relay->baton;
    pthread_mutex_unlock(&relay->lock);
    const bool goes = !baton.ended;
    uint64_t first = baton.offset, end = (window + 1) * relay->window;
    runner->packets = 0;
    runner->frame = baton.frame;
    runner->now = baton.now;
    if (goes && first < end)
        walk(relay, runner, &baton, end);
    runner->next = runner->packets ? runner->buffer + (first - runner->from) : NULL;
    if (baton.left.packets == 0 || baton.offset >= relay->size)
        baton.ended = true;
    pthread_mutex_lock(&relay->lock);
    relay->baton = baton;
    relay->turn++;
    pthread_cond_broadcast(&relay->passed);
    pthread_mutex_unlock(&relay->lock);
    return goes;
}

/* What a large record has taken is not kept: there may be many runners. */
static void give_back(const struct relay *relay, struct runner *runner)
{
    if (LIKELY(runner->capacity == relay->window + BEYOND))
        return;
    free(runner->buffer);
    runner->capacity = relay->window + BEYOND;
    runner->buffer = xmalloc(runner->capacity);
}

bool relay_claim(struct relay *relay, unsigned number)
{
    struct runner *runner = &relay->runners[number];
    pthread_mutex_lock(&relay->lock);
    const uint64_t window = relay->taken, begun = relay->baton.offset;
    const bool ended = relay->baton.ended;
    relay->taken += !ended;
    pthread_mutex_unlock(&relay->lock);
    give_back(relay, runner);
    /* Of the first window, only what is behind where it all began. */
    const uint64_t begin = window * relay->window;
    runner->from = begun > begin ? begun : begin;
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

size_t relay_packets(struct relay *relay, unsigned number, struct packet *packets, size_t most)
{
    struct runner *runner = &relay->runners[number];
    const struct pcap_format format = relay->format;
    const uint8_t *record = runner->next;
    size_t count = runner->packets < most ? runner->packets : most;
    for (size_t i = 0; i < count; i++) {
        struct pcap_lengths lengths = pcap_lengths_of(&format, record);
        pcap_packet_of(&packets[i], &format, record, lengths);
        packets[i].frame = runner->frame + i + 1;
        record += format.header_bytes + lengths.captured;
    }
    runner->next = record;
    runner->frame += count;
    runner->packets -= (uint32_t)count;
    return count;
}

void relay_end(const struct relay *relay, struct source *source)
{
    reader_seek(&((struct savefile *)source)->reader, relay->baton.offset);
    source->frames = relay->baton.frame;
}

uint64_t relay_frame(const struct relay *relay)
{
    return relay->baton.frame;
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    for (unsigned i = 0; i < relay->count; i++)
        free(relay->runners[i].buffer);
    pthread_mutex_destroy(&relay->lock);
    pthread_cond_destroy(&relay->passed);
    free(relay);
}
