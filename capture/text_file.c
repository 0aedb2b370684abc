/* text_file.c: see text_file.h. */
#include "text_file.h"

#include "decoder.h"
#include "foreign.h"
#include "reader.h"
#include "source_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* Any number of seconds may stand in a file system; up to the year 2200 they are nanoseconds, too.
 */
static nanotime modified_at(time_t seconds)
{
    const nanotime most = 7258118400;
    if (seconds < 0)
        return 0;
    return (seconds > most ? most : (nanotime)seconds) * NS_PER_SECOND;
}

/* Opens it and looks what it is. */
static int open_text(struct text_file *out, struct source_error *error, const char *path)
{
    int fd = STDIN_FILENO;
    struct stat status;
    if (strcmp(path, "-") != 0)
        do
            fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        while (fd < 0 && errno == EINTR);
    if (fd < 0 || fstat(fd, &status) < 0)
        source_error_set(error, "%s: %s", path, strerror(errno));
    else if (S_ISDIR(status.st_mode))
        source_error_set(error, "%s: is a folder", path);
    else if (isatty(fd))
        source_error_set(error, "%s: a terminal, not a file", path);
    else {
        out->modified = modified_at(status.st_mtime);
        return fd;
    }
    if (fd > STDIN_FILENO)
        close(fd);
    return -1;
}

static bool begin(struct reader *reader, struct source_error *error, const char *path)
{
    const uint8_t *magic = reader_peek(reader, 4);
    const struct codec *codec = magic ? decoder_codec_of(magic) : NULL;
    if (codec) {
        reader_decode(reader, codec);
        magic = reader_peek(reader, 4);
    }
    const char *command, *name = magic ? foreign_compression(&command, magic) : NULL;
    if (name)
        source_error_set(error, "%s: compressed with %s: decompress it first, e.g. %s %s", path,
                         name, command, path);
    else if (magic && foreign_guess(magic))
        source_error_set(error, "%s: not a text (%s)", path, foreign_guess(magic));
    else if (!magic && reader_unread(reader) == 0 && !reader->error && !reader->damaged)
        source_error_set(error, "%s: empty file", path);
    else
        return true;
    return false;
}

static bool no_text(struct source_error *error, const char *path, uint64_t offset)
{
    source_error_set(error, "%s: not a text: a NUL at byte %" PRIu64, path, offset);
    return false;
}

/* Everything up to the end; the reader stays at what could not be read. */
static bool read_all(struct buf *text, struct reader *reader, struct source_error *error,
                     const char *path)
{
    for (;;) {
        size_t n = reader_unread(reader);
        const uint8_t *bytes = n ? reader->next : NULL;
        if (n == 0 && (bytes = reader_peek(reader, 1)) == NULL)
            return true;
        n = reader_unread(reader);
        const uint8_t *nul = memchr(bytes, '\0', n);
        if (nul)
            return no_text(error, path, text->n + (uint64_t)(nul - bytes));
        if (text->n + n > TEXT_FILE_MAX) {
            source_error_set(error, "%s: longer than %" PRIu64 " MiB", path, TEXT_FILE_MAX >> 20);
            return false;
        }
        buf_append(text, bytes, n);
        reader_skip(reader, n);
    }
}

bool text_file_read(struct text_file *out, struct source_error *error, const char *path)
{
    struct reader reader;
    *out = (struct text_file){0};
    int fd = open_text(out, error, path);
    if (fd < 0)
        return false;
    reader_init(&reader, fd, READER_BLOCK);
    reader.patient = true;
    bool good = begin(&reader, error, path) && read_all(&out->text, &reader, error, path);
    if (good && reader.error) {
        source_error_set(error, "%s: read error: %s", path, strerror(reader.error));
        good = false;
    } else if (good && reader.damaged) {
        struct buf why = {0};
        decoder_explain(&why, reader.decoder);
        source_error_set(error, "%s: %s", path, buf_text(&why));
        buf_done(&why);
        good = false;
    }
    reader_done(&reader);
    if (!good)
        text_file_done(out);
    return good;
}

void text_file_done(struct text_file *file)
{
    buf_done(&file->text);
}
