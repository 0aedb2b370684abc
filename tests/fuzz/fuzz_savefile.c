/* fuzz_savefile.c: any bytes as a capture file, read to their end.
 *
 * Blocks of one byte keep the reader's buffer as small as what is peeked at, so that a read beyond
 * that is seen. What comes out is checked against what struct packet promises. */
#include "../../capture/savefile.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int file_of(const uint8_t *data, size_t size)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    return fd;
}

static void check(struct source *source, const struct packet *packet, uint64_t frame)
{
    uint32_t touched = 0;
    if (packet->frame != frame || packet->caplen > packet->len || packet->time < 0 ||
        packet->time > SAVEFILE_TIME_MAX || packet->caplen > SAVEFILE_CAPLEN_MAX)
        abort();
    for (uint32_t i = 0; i < packet->caplen; i++)
        touched += packet->bytes[i];
    const char *name = source_interface_name(source, packet->interface);
    if (name && (*name == '\0' || strlen(name) > INTERFACE_NAME_BYTES_MAX))
        abort();
    struct packet_process process = {.pid = 0};
    if (source_process(source, &process, packet->interface) && !process.name &&
        !process.effective_name && !process.pid && !process.effective_pid)
        abort();
    __asm__ volatile("" : : "r"(touched)); /* or the reads above could be left out */
}

/* Reads it again, in large blocks and several packets at a time: no other end, no other number. */
static void check_some(int fd, enum source_status end, uint64_t frames)
{
    struct source_error error;
    struct source *source = savefile_open_fd(&error, fd, "fuzz", READER_BLOCK_SMALL, NULL);
    struct packet packets[4];
    uint64_t frame = 0;
    size_t count;
    enum source_status status;
    if (!source)
        abort();
    source_preface(source);
    while ((status = source_next_some(source, packets, COUNT_OF(packets), &count)) == SOURCE_PACKET)
        for (size_t i = 0; i < count; i++)
            check(source, &packets[i], ++frame);
    if (status != end || frame != frames)
        abort();
    source_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source_error error = {""};
    struct source *source = savefile_open_fd(&error, file_of(data, size), "fuzz", 1, NULL);
    if (!source) {
        if (!*error.text)
            abort();
        return 0;
    }
    source_preface(source);
    struct packet packet;
    uint64_t frame = 0, done, total;
    enum source_status status;
    while ((status = source_next(source, &packet)) == SOURCE_PACKET)
        check(source, &packet, ++frame);
    source_progress(source, &done, &total);
    if ((status == SOURCE_END && (done != size || *source_error(source))) ||
        (status == SOURCE_BROKEN && !*source_error(source)) || status == SOURCE_IDLE)
        abort();
    const struct capture_facts *facts = source_facts(source);
    if (facts->section_count > FACT_SECTIONS_MAX || facts->interface_count > FACT_INTERFACES_MAX ||
        facts->name_count > FACT_NAMES_MAX || facts->comment_count > FACT_COMMENTS_MAX)
        abort();
    source_close(source);
    check_some(file_of(data, size), status, frame);
    return 0;
}
