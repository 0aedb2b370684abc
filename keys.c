/* keys.c: a program that uses TLS appends to its key log whenever it likes, starts it anew, or has
 * not begun it yet. */
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, LINE_MAX_KEPT = 64 << 10 /* what is longer is no line of a key log */ };

/* A pipe that is followed must not be waited for. */
static bool open_file(struct keys *keys)
{
    keys->fd = open(keys->path, O_RDONLY | O_CLOEXEC | (keys->follow ? O_NONBLOCK : 0));
    keys->opened = keys->fd >= 0;
    keys->offset = 0;
    keys->rest.n = 0;
    return keys->opened;
}

bool keys_open(struct keys *keys, const char *path, bool follow)
{
    keys->path = path;
    keys->follow = follow;
    return open_file(keys) || (follow && errno == ENOENT);
}

static void close_file(struct keys *keys)
{
    if (keys->opened)
        close(keys->fd);
    keys->opened = false;
}

void keys_close(struct keys *keys)
{
    close_file(keys);
    buf_done(&keys->rest);
}

/* look_again notices that the file was begun anew, shorter or under the same name. */
static void look_again(struct keys *keys)
{
    struct stat here, there;
    if (keys->opened && fstat(keys->fd, &here) == 0 && S_ISREG(here.st_mode)) {
        bool replaced = stat(keys->path, &there) == 0 &&
                        (there.st_ino != here.st_ino || there.st_dev != here.st_dev);
        if (!replaced && (uint64_t)here.st_size >= keys->offset)
            return;
        close_file(keys);
    }
    if (!keys->opened)
        (void)open_file(keys);
}

/* take_lines hands over what has come: whole lines, or all of it. */
static void take_lines(struct keys *keys, struct pipeline *pipeline, bool all)
{
    struct buf *rest = &keys->rest;
    const uint8_t *end = rest->n > 0 ? memrchr(rest->p, '\n', rest->n) : NULL;
    size_t n = end ? (size_t)(end + 1 - rest->p) : 0;
    if (all || (!end && rest->n > LINE_MAX_KEPT))
        n = rest->n;
    if (n == 0)
        return;
    pipeline_secrets(pipeline, &keys->in_file, span_of(rest->p, n));
    memmove(rest->p, rest->p + n, rest->n - n);
    rest->n -= n;
}

static bool take_file(struct keys *keys, struct pipeline *pipeline, bool last)
{
    ssize_t n = 0;
    if (keys->follow)
        look_again(keys);
    while (keys->opened) {
        buf_reserve(&keys->rest, CHUNK);
        n = read(keys->fd, keys->rest.p + keys->rest.n, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        keys->rest.n += (size_t)n;
        keys->offset += (size_t)n;
        take_lines(keys, pipeline, false);
    }
    take_lines(keys, pipeline, last);
    return n >= 0 || errno == EAGAIN;
}

bool keys_take(struct keys *keys, struct pipeline *pipeline, bool last)
{
    struct source_secrets block;
    while (keys->source && source_secrets(keys->source, &block, keys->blocks)) {
        pipeline_secrets(pipeline, &keys->in_capture, block.text);
        source_secrets_forget(keys->source, keys->blocks++);
    }
    pipeline_expect_secrets(pipeline, keys->follow || (keys->pipe && keys->blocks > 0));
    return !keys->path || take_file(keys, pipeline, last);
}

void keys_tell(struct run_keys *told, const struct keys *keys)
{
    const struct keylog_counts *file = &keys->in_file, *capture = &keys->in_capture;
    *told = (struct run_keys){.path = keys->path,
                              .secrets = file->secrets,
                              .capture_secrets = capture->secrets,
                              .ignored = file->ignored + capture->ignored,
                              .malformed = file->malformed + capture->malformed,
                              .first_malformed = file->first_malformed,
                              .dropped = file->dropped + capture->dropped};
}
