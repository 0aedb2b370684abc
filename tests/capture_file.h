/* capture_file.h: builds capture files byte by byte and reads them back. For the tests of capture/.
 *
 * Include cmocka.h before it. */
#ifndef PUSHWATCH_TESTS_CAPTURE_FILE_H
#define PUSHWATCH_TESTS_CAPTURE_FILE_H

#include "../capture/savefile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file under construction. `big` is its byte order. */
struct capture_file {
    struct buf bytes;
    bool big;
};

static inline void put(struct capture_file *file, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * (file->big ? width - 1 - i : i));
        buf_append(&file->bytes, &byte, 1);
    }
}

static inline void put16(struct capture_file *file, uint16_t value)
{
    put(file, value, 2);
}

static inline void put32(struct capture_file *file, uint32_t value)
{
    put(file, value, 4);
}

static inline void put64(struct capture_file *file, uint64_t value)
{
    put(file, value, 8);
}

/* Packet payload: n bytes that count up from `first`. */
static inline void put_payload(struct capture_file *file, size_t n, uint8_t first)
{
    for (size_t i = 0; i < n; i++)
        put(file, (uint8_t)(first + i), 1);
}

static inline void pcap_header(struct capture_file *file, uint32_t magic, uint16_t minor,
                               uint32_t network)
{
    put32(file, magic);
    put16(file, 2);
    put16(file, minor);
    put64(file, 0);
    put32(file, 65535);
    put32(file, network);
}

static inline void pcap_record(struct capture_file *file, uint32_t seconds, uint32_t fraction,
                               uint32_t caplen, uint32_t len)
{
    put32(file, seconds);
    put32(file, fraction);
    put32(file, caplen);
    put32(file, len);
    put_payload(file, caplen, (uint8_t)seconds);
}

/* Writes bytes to a new file and returns its path; end with remove_file. */
static inline char *write_file(const void *bytes, size_t n)
{
    char *path = xstrdup("/tmp/pushwatch-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    assert_int_equal(close(fd), 0);
    return path;
}

static inline void remove_file(char *path)
{
    unlink(path);
    free(path);
}

/* What came out of a source. */
enum { READING_PACKETS = 256 };
struct reading {
    struct packet packets[READING_PACKETS]; /* bytes are copies; NULL for caplen 0 */
    char *interfaces[READING_PACKETS];      /* NULL where there is none */
    size_t count;
    enum source_status status; /* of the last call */
    char error[sizeof(struct source_error)];
    bool opened;
};

static inline void reading_done(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        free((void *)(uintptr_t)reading->packets[i].bytes);
        free(reading->interfaces[i]);
    }
    free(reading);
}

/* Reads a source to its end and closes it; NULL stands for one that could not be opened. */
static inline struct reading *read_source(struct source *source, const struct source_error *error)
{
    struct reading *reading = xcalloc(1, sizeof *reading);
    reading->status = SOURCE_BROKEN;
    reading->opened = source;
    if (!source) {
        memcpy(reading->error, error->text, sizeof reading->error);
        return reading;
    }
    struct packet packet;
    while ((reading->status = source_next(source, &packet)) == SOURCE_PACKET ||
           reading->status == SOURCE_IDLE) {
        if (reading->status == SOURCE_IDLE) {
            source_wait(&source, 1, SOURCE_WAIT_MAX_MS);
            continue;
        }
        assert_in_range(reading->count, 0, READING_PACKETS - 1);
        assert_int_equal(packet.frame, reading->count + 1);
        const char *name = source_interface_name(source, packet.interface);
        reading->interfaces[reading->count] = name ? xstrdup(name) : NULL;
        packet.bytes = xmemdup(packet.bytes, packet.caplen);
        reading->packets[reading->count++] = packet;
    }
    snprintf(reading->error, sizeof reading->error, "%s", source_error(source));
    /* Nothing follows an end. */
    assert_int_equal(source_next(source, &packet), reading->status);
    source_close(source);
    return reading;
}

/* Reads a capture out of memory, as a file. With blocks of one byte the reader's buffer is no
 * larger than what is peeked at, so that a sanitizer sees each byte read beyond it. */
static inline struct reading *read_bytes(const void *bytes, size_t n)
{
    char *path = write_file(bytes, n);
    struct source_error error = {""};
    struct reading *reading = read_source(savefile_open(&error, path, 1, NULL), &error);
    /* The path differs from run to run: keep what stands behind it. */
    size_t prefix = strlen(path) + 2;
    if (strncmp(reading->error, path, prefix - 2) == 0)
        memmove(reading->error, reading->error + prefix, sizeof reading->error - prefix);
    remove_file(path);
    return reading;
}

static inline struct reading *read_capture(const struct capture_file *file)
{
    return read_bytes(file->bytes.p, file->bytes.n);
}

/* Forks a writer that sends bytes through a pipe, `piece` a time, and returns the end to read. Wait
 * for it with pipe_done. */
static inline int pipe_from(const void *bytes, size_t n, size_t piece, pid_t *writer)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    *writer = fork();
    assert_true(*writer >= 0);
    if (*writer == 0) {
        close(ends[0]);
        for (size_t at = 0; at < n; at += piece) {
            size_t some = n - at < piece ? n - at : piece;
            if (write(ends[1], (const char *)bytes + at, some) != (ssize_t)some)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

static inline void pipe_done(pid_t writer)
{
    int status;
    assert_int_equal(waitpid(writer, &status, 0), writer);
}

#endif
