/* text_file.h: a text as a whole: a socket table, a log. */
#ifndef PUSHWATCH_CAPTURE_TEXT_FILE_H
#define PUSHWATCH_CAPTURE_TEXT_FILE_H

#include "source.h"

/* The most that is read of one, decompressed: a week of a busy system's log. */
#define TEXT_FILE_MAX (UINT64_C(256) << 20)

struct text_file {
    struct buf text;
    nanotime modified; /* when it was last written; of a pipe, now */
};

/* text_file_read reads a text to its end, also one that is compressed by gzip, zstd or lz4; "-" is
 * standard input. False, with a line for a person in *error, if that can't be done, if it is too
 * long, or if it is no text: what holds a NUL, UTF-16 too. The text is freed with text_file_done.
 */
MUST_CHECK bool text_file_read(struct text_file *out, struct source_error *error, const char *path);

void text_file_done(struct text_file *file);

#endif
