/* reader.c: refills the buffer. read() into a buffer that is used again beats mapping the file,
 * which pays a page fault for each page of it, and serves pipes as well. */
#include "reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A signal that comes just before the wait must not be slept through for longer than this. */
enum { WAIT_MS = 250 };

void reader_init(struct reader *reader, int fd, size_t block, const volatile sig_atomic_t *stop)
{
    *reader = (struct reader){.fd = fd, .block = block, .capacity = block, .stop = stop};
    reader->buffer = xmalloc(block);
    reader->next = reader->end = reader->buffer;
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        reader->regular = true;
        reader->size = (uint64_t)status.st_size;
    }
}

void reader_done(struct reader *reader)
{
    if (reader->fd > STDIN_FILENO)
        close(reader->fd);
    free(reader->buffer);
    *reader = (struct reader){.fd = -1};
}

/* Waits for a pipe to have bytes. read() alone would sleep through a signal that came just before
 * it. Returns false when told to stop. */
static bool wait_for_bytes(const struct reader *reader)
{
    while (!*reader->stop) {
        struct pollfd wait = {.fd = reader->fd, .events = POLLIN};
        /* Anything but a time-out or a signal is for read() to explain. */
        int ready = poll(&wait, 1, WAIT_MS);
        if (ready > 0 || (ready < 0 && errno != EINTR && errno != EAGAIN))
            return true;
    }
    return false;
}

/* Reads once into the space behind `end`. Returns false at the end, on an error, when stopped. */
static bool read_once(struct reader *reader, size_t most)
{
    for (;;) {
        if (!reader->regular && !wait_for_bytes(reader))
            return false;
        ssize_t got = read(reader->fd, reader->buffer + (reader->end - reader->buffer), most);
        if (got > 0) {
            reader->end += got;
            reader->end_offset += (uint64_t)got;
            return true;
        }
        if (got == 0) {
            reader->at_end = true;
            return false;
        }
        if (errno != EINTR && errno != EAGAIN) {
            reader->error = errno;
            return false;
        }
        if (*reader->stop)
            return false;
    }
}

/* Moves the unread bytes to the front, and makes room for n in all. */
static void make_room(struct reader *reader, size_t n)
{
    size_t unread = reader_unread(reader);
    memmove(reader->buffer, reader->next, unread);
    if (n > reader->capacity) {
        reader->buffer = xrealloc(reader->buffer, n);
        reader->capacity = n;
    }
    reader->next = reader->buffer;
    reader->end = reader->buffer + unread;
}

bool reader_fill(struct reader *reader, size_t n)
{
    if (n > READER_PEEK_MAX || reader->at_end || reader->error)
        return reader_unread(reader) >= n;
    make_room(reader, n);
    while (reader_unread(reader) < n) {
        size_t room = reader->capacity - reader_unread(reader);
        /* Once grown for a large block, the buffer is still filled by small ones. */
        if (!read_once(reader, room < reader->block ? room : reader->block))
            return false;
    }
    return true;
}

bool reader_skip_far(struct reader *reader, uint64_t n)
{
    while (n > reader_unread(reader)) {
        n -= reader_unread(reader);
        reader->next = reader->end;
        if (!reader_fill(reader, 1))
            return false;
    }
    reader_skip(reader, (size_t)n);
    return true;
}
