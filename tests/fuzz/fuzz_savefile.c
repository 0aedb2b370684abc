/* fuzz_savefile.c: any bytes as a capture file, read to their end.
 *
 * Blocks of one byte keep the reader's buffer as small as what is peeked at, so that a read beyond
 * that is seen. What comes out is checked against what struct packet promises. The same has to come
 * out in large blocks, several packets at a time; and by a relay of any windows, where the source
 * reads what that does not. */
#include "../../capture/relay.h"
#include "../../capture/savefile.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What came out. */
struct reading {
    uint64_t frames, sum; /* packets, and a hash of all that they say */
    nanotime now;         /* the latest time */
    enum source_status status;
    char error[sizeof(struct source_error)];
    struct capture_facts facts; /* without what its pointers mean */
    uint64_t comments;          /* a hash of the frames that have them */
};

static int file_of(const uint8_t *data, size_t size)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    return fd;
}

static struct source *source_of(const uint8_t *data, size_t size, size_t block)
{
    struct source_error error;
    struct source *source = savefile_open_fd(&error, file_of(data, size), "fuzz", block, NULL);
    if (source)
        source_preface(source);
    else if (!*error.text)
        abort();
    return source;
}

static void mix(uint64_t *sum, uint64_t value)
{
    *sum = (*sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    *sum ^= *sum >> 29;
}

static void take(struct reading *reading, const struct source *source, const struct packet *packet)
{
    if (packet->frame != ++reading->frames || packet->caplen > packet->len || packet->time < 0 ||
        packet->time > SAVEFILE_TIME_MAX || packet->caplen > SAVEFILE_CAPLEN_MAX)
        abort();
    const uint64_t fields[] = {(uint64_t)packet->time, packet->caplen,      packet->len,
                               packet->link,           packet->link_number, packet->interface,
                               packet->marks};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        mix(&reading->sum, fields[i]);
    for (uint32_t i = 0; i < packet->caplen; i++)
        mix(&reading->sum, packet->bytes[i]);
    if (packet->time > reading->now)
        reading->now = packet->time;
    const char *name = source_interface_name(source, packet->interface);
    if (name && (*name == '\0' || strlen(name) > INTERFACE_NAME_BYTES_MAX))
        abort();
    struct packet_process process = {.pid = 0};
    if (source_process(source, &process, packet->interface) && !process.name &&
        !process.effective_name && !process.pid && !process.effective_pid)
        abort();
}

/* Notes how it ended, and closes the source. */
static void end(struct reading *reading, struct source *source, enum source_status status)
{
    const struct capture_facts *facts = source_facts(source);
    if (facts->section_count > FACT_SECTIONS_MAX || facts->interface_count > FACT_INTERFACES_MAX ||
        facts->name_count > FACT_NAMES_MAX || facts->comment_count > FACT_COMMENTS_MAX)
        abort();
    reading->status = status;
    memcpy(reading->error, source_error(source), sizeof reading->error);
    for (size_t i = 0; i < facts->comment_count; i++)
        mix(&reading->comments, facts->comments[i].frame);
    for (size_t i = 0; i < facts->interface_count; i++)
        for (size_t n = 0; n < FACT_COUNTERS; n++)
            mix(&reading->comments, facts->interfaces[i].counters[n]);
    reading->facts = *facts;
    reading->facts.sections = NULL;
    reading->facts.interfaces = NULL;
    reading->facts.names = NULL;
    reading->facts.comments = NULL;
    source_close(source);
}

static void same(const struct reading *one, const struct reading *other)
{
    if (one->frames != other->frames || one->sum != other->sum || one->now != other->now ||
        one->status != other->status || strcmp(one->error, other->error) != 0 ||
        memcmp(&one->facts, &other->facts, sizeof one->facts) != 0 ||
        one->comments != other->comments)
        abort();
}

static void read_some(struct reading *reading, struct source *source)
{
    struct packet packets[4];
    size_t count;
    enum source_status status;
    while ((status = source_next_some(source, packets, COUNT_OF(packets), &count)) == SOURCE_PACKET)
        for (size_t i = 0; i < count; i++)
            take(reading, source, &packets[i]);
    end(reading, source, status);
}

/* Two runners by turns, up to where the relay ends. Returns false if there was nothing. */
static bool run_relay(struct reading *reading, struct relay *relay, const struct source *source)
{
    const uint64_t before = reading->frames;
    const struct packet *packets;
    for (unsigned runner = 0; relay_claim(relay, runner) && relay_read(relay, runner);
         runner = !runner) {
        if (relay_now(relay, runner) != reading->now)
            abort();
        size_t count = relay_packets(relay, runner, &packets);
        for (size_t i = 0; i < count; i++)
            take(reading, source, &packets[i]);
    }
    return reading->frames > before;
}

/* Between two legs of the relay the source reads some packets, of which the last may not be taken:
 * the next leg begins with it. */
static void read_by_relay(struct reading *reading, struct source *source, size_t window)
{
    struct relay *relay = relay_new(source, 2, window);
    struct packet packets[3];
    size_t count = 0, left = 0;
    if (!relay) {
        read_some(reading, source);
        return;
    }
    enum source_status status = SOURCE_PACKET;
    for (unsigned leg = 0; status == SOURCE_PACKET; leg++) {
        const struct relay_limits limits = {.packets = leg % 3 ? UINT64_MAX : 5,
                                            .bytes = leg % 5 ? UINT64_MAX / 2 : 300,
                                            .before = INT64_MAX};
        relay_begin(relay, source, &packets[count - left], left, reading->now, &limits);
        bool any = run_relay(reading, relay, source);
        relay_end(relay, source);
        count = left = 0;
        if (relay_frame(relay) != reading->frames)
            abort();
        if (any && leg % 2)
            continue;
        status = source_next_some(source, packets, 1 + leg % COUNT_OF(packets), &count);
        left = any ? count / 2 : 0;
        for (size_t i = 0; i < count - left; i++)
            take(reading, source, &packets[i]);
    }
    relay_free(relay);
    end(reading, source, status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source *source = source_of(data, size, 1);
    if (!source)
        return 0;
    struct reading alone = {0}, some = {0}, relayed = {0};
    struct packet packet;
    uint64_t done, total;
    enum source_status status;
    while ((status = source_next(source, &packet)) == SOURCE_PACKET)
        take(&alone, source, &packet);
    source_progress(source, &done, &total);
    if ((status == SOURCE_END && (done != size || *source_error(source))) ||
        (status == SOURCE_BROKEN && !*source_error(source)) || status == SOURCE_IDLE)
        abort();
    /* How much comes out before the damage of what is compressed, its pieces' size decides. */
    const bool same_for_all = status != SOURCE_BROKEN || !savefile_is_compressed(source);
    end(&alone, source, status);
    if (!same_for_all)
        return 0;
    source = source_of(data, size, READER_BLOCK_SMALL);
    if (!source)
        abort();
    read_some(&some, source);
    same(&some, &alone);
    source = source_of(data, size, READER_BLOCK_SMALL);
    if (!source)
        abort();
    read_by_relay(&relayed, source, 16 + size % 199);
    same(&relayed, &alone);
    return 0;
}
