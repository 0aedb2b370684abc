/* keys.h: where TLS secrets come from: a key log file, which may grow, and what captures carry with
 * them. Hands their texts to the pipeline. */
#ifndef PUSHWATCH_KEYS_H
#define PUSHWATCH_KEYS_H

#include "capture/source.h"
#include "dissect/keylog.h"
#include "dissect/pipeline.h"
#include "report/report.h"

/* All zero at the start; free with keys_close. */
struct keys {
    const char *path; /* NULL: no file */
    int fd;           /* -1: not there yet */
    bool opened;      /* fd is valid */
    bool follow;      /* what is written to it later is read, too */
    uint64_t offset;
    struct buf rest; /* of a line whose end is not written yet */
    struct source *source;
    bool pipe;     /* it is one: secrets may come with any packet */
    size_t blocks; /* of the source's secrets that were taken */
    struct keylog_counts in_file, in_capture;
};

/* keys_open opens the file; where it is followed it need not be there yet. False with errno if it
 * can't be opened. */
MUST_CHECK bool keys_open(struct keys *keys, const char *path, bool follow);

/* keys_take hands over what is new. It is cheap when nothing is. `last` tells that nothing follows:
 * a last line needs no end then. Returns false with errno if the file can't be read. */
bool keys_take(struct keys *keys, struct pipeline *pipeline, bool last);

/* keys_tell gives what the report says of them. */
void keys_tell(struct run_keys *told, const struct keys *keys);

void keys_close(struct keys *keys);

#endif
