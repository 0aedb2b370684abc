/* reader.h: a file or pipe in large blocks, through one buffer that is used again and again.
 *
 * Bytes are looked at with reader_peek and then skipped; what was peeked stays where it is until
 * the next peek that does not find its bytes in the buffer. Who needs them longer sets `keeps`:
 * such a peek then finds nothing, and sets `paused`, until reader_release. */
#ifndef PUSHWATCH_CAPTURE_READER_H
#define PUSHWATCH_CAPTURE_READER_H

#include "base.h"

struct codec;
struct decoder;

enum {
    /* One read. Measured on a 1 GB capture in the page cache: 64 KiB 87 ms, 128 KiB 72, 256 KiB 62,
     * 512 KiB 64, 1 MiB 76, against 43 for reading alone: less is more system calls, more does not
     * fit in the second-level cache. With all that is done with the packets, which has to fit in
     * there as well, 128 KiB takes 3 % less than 256 KiB, and 64 KiB 7 % more. */
    READER_BLOCK = 1 << 17,
    /* For a glance at a file's first packet. */
    READER_BLOCK_SMALL = 1 << 16,
    /* The most that can be peeked at, and so the most that the buffer grows to. Wireshark refuses
     * pcapng blocks above this size, so nothing sane writes them. */
    READER_PEEK_MAX = 1 << 24
};

struct reader {
    const uint8_t *next, *end; /* unread bytes in the buffer */
    uint64_t end_offset;       /* position of `end` in the file, decompressed */
    uint8_t *buffer;
    size_t capacity, block;
    int fd;
    struct decoder *decoder; /* NULL: what is read is what is peeked at */
    uint64_t size;           /* of a regular file when it was opened; 0 for anything else */
    uint64_t limit;          /* bytes of the file that are read at most: reader_end_at */
    bool regular, at_end;
    bool patient; /* wait for a pipe to have bytes; the caller sets it */
    bool keeps;   /* what was peeked stays until reader_release; the caller sets it */
    bool paused;  /* there may be more once it is released */
    bool released;
    int error;    /* errno of the read that failed, else 0 */
    bool damaged; /* the decoder can't go on */
};

/* reader_init begins to read at fd's position, which counts as offset 0, `block` bytes a time. It
 * takes fd over. */
void reader_init(struct reader *reader, int fd, size_t block);

/* reader_decode has all that is unread decompressed: nothing was skipped yet. Offsets are those of
 * the decompressed bytes from now on. */
void reader_decode(struct reader *reader, const struct codec *codec);

/* reader_end_at has the input end behind so many bytes of the file, as it is, also where more were
 * read already; of a compressed file those stay. */
void reader_end_at(struct reader *reader, uint64_t limit);

/* reader_done frees the buffer and closes the file, unless it is standard input. */
void reader_done(struct reader *reader);

/* reader_fill is the slow half of reader_peek. */
MUST_CHECK bool reader_fill(struct reader *reader, size_t n);

static inline size_t reader_unread(const struct reader *reader)
{
    return (size_t)(reader->end - reader->next);
}

/* reader_peek returns the next n bytes, at most READER_PEEK_MAX, in one piece, without skipping
 * them. NULL if there are fewer: the input has ended (`at_end`), a read failed (`error`), it can't
 * be decompressed (`damaged`) or, unless it is `patient`, a pipe has no more at the moment: then
 * what has come stays for the next call. reader_unread tells how many there are. */
MUST_CHECK static inline const uint8_t *reader_peek(struct reader *reader, size_t n)
{
    if (LIKELY(reader_unread(reader) >= n) || reader_fill(reader, n))
        return reader->next;
    return NULL;
}

/* reader_release says that nobody needs any more what was peeked. */
static inline void reader_release(struct reader *reader)
{
    reader->released = true;
    reader->paused = false;
}

/* reader_skip passes n bytes that have been peeked at. */
static inline void reader_skip(struct reader *reader, size_t n)
{
    reader->next += n;
}

/* reader_skip_far passes any number of bytes and counts *left down. Returns false, as reader_peek
 * does, if there are fewer: all that there were have been passed. */
MUST_CHECK bool reader_skip_far(struct reader *reader, uint64_t *left);

/* reader_seek goes to an offset of a regular file that is not compressed, and was opened at its
 * beginning. What was peeked is not needed any more. */
void reader_seek(struct reader *reader, uint64_t offset);

/* reader_position returns how many bytes of the file were read, reader_used how many of them were
 * handed out, as far as that is known: not decompressed. */
uint64_t reader_position(const struct reader *reader);
uint64_t reader_used(const struct reader *reader);

/* reader_offset returns the position of the next unread byte. */
static inline uint64_t reader_offset(const struct reader *reader)
{
    return reader->end_offset - reader_unread(reader);
}

#endif
