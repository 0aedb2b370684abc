/* reader.c: refills the buffer. read() into a buffer that is used again beats mapping the file,
 * which pays a page fault for each page of it, and serves pipes as well. */
#include "reader.h"

#include "decoder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void reader_init(struct reader *reader, int fd, size_t block)
{
    *reader = (struct reader){.fd = fd, .block = block, .capacity = block, .limit = UINT64_MAX};
    reader->buffer = xpages(PAGE_BYTES + block);
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
    decoder_free(reader->decoder);
    *reader = (struct reader){.fd = -1};
}

void reader_decode(struct reader *reader, const struct codec *codec)
{
    struct span unread = span_of(reader->next, reader_unread(reader));
    reader->decoder = decoder_new(codec, unread, reader->block);
    reader->next = reader->end = reader->buffer;
    reader->end_offset = 0;
}

void reader_end_at(struct reader *reader, uint64_t limit)
{
    reader->limit = limit;
    if (reader->decoder || reader->end_offset <= limit)
        return;
    size_t beyond = (size_t)(reader->end_offset - limit), unread = reader_unread(reader);
    beyond = beyond < unread ? beyond : unread;
    reader->end -= beyond;
    reader->end_offset -= beyond;
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

/* Reads once, up to `most` bytes. Returns how many came; 0 at the end, on an error, and when there
 * is nothing at the moment. */
static size_t read_file(struct reader *reader, uint8_t *to, size_t most)
{
    const uint64_t position = reader_position(reader);
    const uint64_t left = reader->limit > position ? reader->limit - position : 0;
    if (most > left)
        most = (size_t)left;
    for (;;) {
        if (!is_ready(reader))
            return 0;
        ssize_t got = read(reader->fd, to, most);
        if (got > 0)
            return (size_t)got;
        if (got == 0) {
            reader->at_end = true;
            return 0;
        }
        if (errno == EAGAIN && !reader->patient)
            return 0;
        if (errno != EINTR && errno != EAGAIN) {
            reader->error = errno;
            return 0;
        }
    }
}

/* Decompresses up to `most` bytes; reads what that takes. Returns as read_file does. */
static size_t decode(struct reader *reader, uint8_t *to, size_t most)
{
    struct decoder *decoder = reader->decoder;
    for (;;) {
        size_t got = decoder_run(decoder, to, most), room;
        if (got > 0)
            return got;
        reader->damaged = decoder_failed(decoder);
        if (reader->damaged)
            return 0;
        uint8_t *in = decoder_room(decoder, &room);
        size_t fed = read_file(reader, in, room);
        if (fed > 0 || reader->at_end)
            decoder_fed(decoder, fed);
        reader->damaged = decoder_failed(decoder);
        if (fed == 0)
            return 0;
    }
}

/* Reads once into the space behind `end`. Returns false where nothing came. */
static bool read_once(struct reader *reader, size_t most)
{
    uint8_t *to = reader->buffer + (reader->end - reader->buffer);
    size_t got = UNLIKELY(reader->decoder) ? decode(reader, to, most) : read_file(reader, to, most);
    reader->end += got;
    reader->end_offset += got;
    return got > 0;
}

/* Moves the unread bytes to the front, and makes room for n in all. They have the offset in a page
 * that they have in the file: see xpages. */
static void make_room(struct reader *reader, size_t n)
{
    size_t unread = reader_unread(reader);
    uint8_t *buffer = reader->buffer;
    if (n > reader->capacity) {
        buffer = xpages(PAGE_BYTES + n);
        reader->capacity = n;
    }
    uint8_t *front = buffer + reader_offset(reader) % PAGE_BYTES;
    memmove(front, reader->next, unread);
    if (buffer != reader->buffer) {
        free(reader->buffer);
        reader->buffer = buffer;
    }
    reader->next = front;
    reader->end = front + unread;
}

bool reader_fill(struct reader *reader, size_t n)
{
    if (n > READER_PEEK_MAX || reader->at_end || reader->error || reader->damaged)
        return reader_unread(reader) >= n;
    reader->paused = reader->keeps && !reader->released;
    if (reader->paused)
        return false;
    make_room(reader, n);
    while (reader_unread(reader) < n) {
        size_t room = reader->capacity - reader_unread(reader);
        /* Once grown for a large block, the buffer is still filled by small ones. */
        if (!read_once(reader, room < reader->block ? room : reader->block))
            return false;
    }
    reader->released = false;
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

void reader_seek(struct reader *reader, uint64_t offset)
{
    if (lseek(reader->fd, (off_t)offset, SEEK_SET) < 0)
        reader->error = errno;
    reader->next = reader->end = reader->buffer;
    reader->end_offset = offset;
    reader->at_end = false;
    reader_release(reader);
}

uint64_t reader_position(const struct reader *reader)
{
    return reader->decoder ? decoder_taken(reader->decoder) : reader->end_offset;
}

uint64_t reader_used(const struct reader *reader)
{
    return reader->decoder ? decoder_used(reader->decoder) : reader_offset(reader);
}
