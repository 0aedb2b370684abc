/* savefile.c: opens a saved capture, tells the formats apart, and words what is wrong with it. */
#include "savefile.h"

#include "decoder.h"
#include "foreign.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum source_status savefile_damaged(struct savefile *file, const char *format, ...)
{
    char text[sizeof file->source.error.text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct source_error before = file->source.error;
    if (*before.text)
        source_error_set(&file->source.error, "%s; %s", before.text, text);
    else /* bytes are counted in what comes out of the decoder, unless it is that which failed */
        source_error_set(&file->source.error, "%s%s: %s", file->name,
                         file->reader.decoder && !file->reader.damaged ? " (decompressed)" : "",
                         text);
    return SOURCE_BROKEN;
}

void savefile_damaged_more(struct savefile *file, uint64_t count)
{
    savefile_damaged(file, "and %" PRIu64 " more", count);
}

/* What is damaged is what the capture was compressed to. */
static enum source_status compression_damaged(struct savefile *file)
{
    struct buf text = {0};
    decoder_explain(&text, file->reader.decoder);
    savefile_damaged(file, "%s", buf_text(&text));
    buf_done(&text);
    return SOURCE_BROKEN;
}

enum source_status savefile_short(struct savefile *file, const char *what, uint64_t start,
                                  uint64_t needs)
{
    uint64_t left = file->reader.end_offset - start;
    if (file->reader.paused)
        return SOURCE_PAUSED;
    if (file->reader.error)
        return savefile_damaged(file, "read error at byte %" PRIu64 ": %s",
                                reader_position(&file->reader), strerror(file->reader.error));
    if (file->reader.damaged)
        return compression_damaged(file);
    if (!file->reader.at_end)
        return SOURCE_IDLE;
    if (left == 0)
        return SOURCE_END;
    return savefile_damaged(file,
                            "truncated: %s at byte %" PRIu64 " needs %" PRIu64
                            " bytes, only %" PRIu64 " are left",
                            what, start, needs, left);
}

void savefile_progress(const struct source *source, uint64_t *done, uint64_t *total)
{
    const struct savefile *file = (const struct savefile *)source;
    *done = reader_used(&file->reader);
    *total = file->reader.size;
}

struct source_waiting savefile_waiting(const struct source *source)
{
    const struct savefile *file = (const struct savefile *)source;
    if (file->reader.regular)
        return (struct source_waiting){.fd = -1, .most_ms = 0};
    return (struct source_waiting){.fd = file->reader.fd, .most_ms = SOURCE_WAIT_MAX_MS};
}

bool savefile_keep(struct source *source)
{
    ((struct savefile *)source)->reader.keeps = true;
    return true;
}

void savefile_release(struct source *source)
{
    reader_release(&((struct savefile *)source)->reader);
}

struct process_memo *savefile_memo(struct savefile *file)
{
    if (!file->memo)
        file->memo = xcalloc(1, sizeof *file->memo);
    return file->memo;
}

bool savefile_is_compressed(const struct source *source)
{
    return ((const struct savefile *)source)->reader.decoder != NULL;
}

bool savefile_is_regular(const struct source *source)
{
    return ((const struct savefile *)source)->reader.regular;
}

void savefile_close(struct source *source)
{
    struct savefile *file = (struct savefile *)source;
    reader_done(&file->reader);
    free(file->name);
    free(file->memo);
    free(file->format);
}

/* Says what a file that is no capture is instead. */
static void explain_magic(struct savefile *file, const uint8_t magic[4])
{
    const char *command, *compression = foreign_compression(&command, magic);
    if (compression) {
        savefile_damaged(file, "compressed with %s: decompress it first, e.g. %s %s | pushwatch -",
                         compression, command,
                         file->reader.fd == STDIN_FILENO ? "FILE" : file->name);
        return;
    }
    const char *guess = foreign_guess(magic);
    bool text = true;
    for (size_t i = 0; i < 4; i++)
        text = text && (isprint(magic[i]) || isspace(magic[i]));
    if (!guess && text)
        guess = "a text?";
    savefile_damaged(file, "not a capture file: it begins with %02x %02x %02x %02x%s%s%s", magic[0],
                     magic[1], magic[2], magic[3], guess ? " (" : "", guess ? guess : "",
                     guess ? ")" : "");
}

static bool begin(struct savefile *file)
{
    const uint8_t *magic = reader_peek(&file->reader, 4);
    const struct codec *codec = magic ? decoder_codec_of(magic) : NULL;
    if (codec) {
        reader_decode(&file->reader, codec);
        magic = reader_peek(&file->reader, 4);
    }
    size_t left = reader_unread(&file->reader);
    if (!magic) {
        if (file->reader.error)
            savefile_damaged(file, "%s", strerror(file->reader.error));
        else if (file->reader.damaged)
            compression_damaged(file);
        else if (left == 0)
            savefile_damaged(file, "empty file, not a capture");
        else
            savefile_damaged(file, "not a capture file: it has only %zu bytes", left);
        return false;
    }
    if (savefile_pcap_is(magic))
        return savefile_pcap_begin(file);
    if (savefile_pcapng_is(magic))
        return savefile_pcapng_begin(file);
    if (codec && decoder_codec_of(magic))
        savefile_damaged(file, "compressed twice: not read");
    else
        explain_magic(file, magic);
    return false;
}

/* A capture that is still being written ends where it ended when it was opened, for all who read
 * it. What says that it has no size, as files of /proc do, is read to its end. */
static void end_at_size(struct reader *reader)
{
    off_t position = reader->regular ? lseek(reader->fd, 0, SEEK_CUR) : -1;
    if (position >= 0 && (uint64_t)position < reader->size)
        reader_end_at(reader, reader->size - (uint64_t)position);
}

struct source *savefile_open_fd(struct source_error *error, int fd, const char *name, size_t block,
                                struct source_shared *shared)
{
    struct savefile *file = xcalloc(1, sizeof *file);
    source_base_init(&file->source, NULL, shared);
    reader_init(&file->reader, fd, block);
    end_at_size(&file->reader);
    file->name = xstrdup(name);
    file->reader.patient = true;
    bool begun = begin(file);
    file->reader.patient = false;
    if (begun)
        return &file->source;
    *error = file->source.error;
    savefile_close(&file->source);
    source_base_done(&file->source);
    free(file);
    return NULL;
}

struct source *savefile_open(struct source_error *error, const char *path, size_t block,
                             struct source_shared *shared)
{
    if (strcmp(path, "-") == 0) {
        if (isatty(STDIN_FILENO)) {
            source_error_set(error, "standard input: a terminal, not a capture");
            return NULL;
        }
        return savefile_open_fd(error, STDIN_FILENO, "standard input", block, shared);
    }
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        source_error_set(error, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (S_ISDIR(status.st_mode)) {
        source_error_set(error, "%s: is a folder", path);
        close(fd);
        return NULL;
    }
    return savefile_open_fd(error, fd, path, block, shared);
}

struct source *source_open_file(struct source_error *error, const char *path)
{
    return savefile_open(error, path, READER_BLOCK, NULL);
}

static bool is_regular(const char *path)
{
    struct stat status;
    return strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

size_t source_open_file_often(struct source_error *error, struct source **out, size_t count,
                              const char *path)
{
    size_t opened = 0;
    bool often = is_regular(path);
    size_t most = often ? count : 1;
    for (; opened < most; opened++) {
        struct source_shared *shared = opened > 0 ? out[0]->shared : NULL;
        out[opened] = savefile_open(error, path, READER_BLOCK, shared);
        if (!out[opened])
            break;
        struct savefile *file = (struct savefile *)out[opened];
        if (opened > 0) { /* it may have grown since the first was opened */
            file->noted = (struct savefile_noted){.to = UINT64_MAX, .looked_ahead = true};
            reader_end_at(&file->reader, ((struct savefile *)out[0])->reader.limit);
        }
        if (savefile_is_compressed(out[opened]))
            return opened + 1;
        out[opened]->opens_often = often;
    }
    return opened;
}
