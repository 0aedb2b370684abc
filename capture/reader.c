/* reader.c: refills the buffer. read() into a buffer that is used again beats mapping the file,
 * which pays a page fault for each page of it, and serves pipes as well. */
#include "reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void reader_init(struct reader *reader, int fd, size_t block)
{
    *reader = (struct reader){.fd = fd, .block = block, .capacity = block, .limit = UINT64_MAX};
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

/* Would read() return at once? Its file may be shared with other programs, as standard input is,
 * so that it can't be made non-blocking. */
static bool is_ready(const struct reader *reader)
{
    if (reader->regular)
        return true;
    struct pollfd wait = {.fd = reader->fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&wait, 1, reader->patient ? -1 : 0);
    while (ready < 0 && (errno == EINTR || errno == EAGAIN));
    return ready != 0; /* an error is for read() to explain */
}

/* Reads once into the space behind `end`. Returns false at the end, on an error, and when there is
 * nothing at the moment. */
static bool read_once(struct reader *reader, size_t most)
{
    if (most > reader->limit - reader->end_offset)
        most = (size_t)(reader->limit - reader->end_offset);
    for (;;) {
        if (!is_ready(reader))
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
        if (errno == EAGAIN && !reader->patient)
            return false;
        if (errno != EINTR && errno != EAGAIN) {
            reader->error = errno;
            return false;
        }
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

bool reader_skip_far(struct reader *reader, uint64_t *left)
{
    while (*left > reader_unread(reader)) {
        *left -= reader_unread(reader);
        reader->next = reader->end;
        if (!reader_fill(reader, 1))
            return false;
    }
    reader_skip(reader, (size_t)*left);
    *left = 0;
    return true;
}
