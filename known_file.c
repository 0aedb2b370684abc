/* known_file.c: a new file beside the old one takes its place. */
#include "known_file.h"

#include "capture/text_file.h"
#include "report/known_text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(struct source_error *error, const char *path, const char *why)
{
    snprintf(error->text, sizeof error->text, "%s: %s", path, why);
    return false;
}

bool known_file_read(struct known_certs *out, struct source_error *error, const char *path,
                     bool to_be_written)
{
    struct text_file file = {0};
    struct stat status;
    char wrong[128];
    if (stat(path, &status) != 0 && errno == ENOENT && to_be_written)
        return true;
    if (!text_file_read(&file, error, path))
        return false;
    bool fine = known_text_read(out, wrong, sizeof wrong, span_of(file.text.p, file.text.n));
    text_file_done(&file);
    return fine || fail(error, path, wrong);
}

/* Where a path leads to: through a link, to what it points to. A file that is not there yet stands
 * for itself. Freed by the caller. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : xstrdup(path);
}

bool known_file_writable(struct source_error *error, const char *path)
{
    struct stat status;
    char *real = resolve(path), *copy = xstrdup(real);
    bool fine = true;
    if (stat(real, &status) == 0 && !S_ISREG(status.st_mode))
        fine = fail(error, path, "is no ordinary file");
    else if (access(dirname(copy), W_OK | X_OK) != 0)
        fine = fail(error, path, strerror(errno));
    free(copy);
    free(real);
    return fine;
}

static bool write_whole(int fd, struct span bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = span_of(bytes.p + n, bytes.n - (size_t)n);
    }
    return true;
}

/* What was renamed is there after a crash only once its folder is written, too. Not all file
 * systems can do that. */
static void sync_folder(const char *real)
{
    char *copy = xstrdup(real);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(copy);
}

/* The new file gets the old one's owner, as far as may be, and its mode; without an old one, the
 * usual mode. */
static bool take_over(int fd, const char *real)
{
    struct stat old;
    if (stat(real, &old) != 0) {
        mode_t mask = umask(0);
        umask(mask);
        return fchmod(fd, 0666 & ~mask) == 0;
    }
    if (fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM)
        return false;
    return fchmod(fd, old.st_mode & 0777) == 0;
}

/* `beside` ends in XXXXXX: a name of the process's number would be there already after a crash, or
 * in use by another container. */
static bool replace(const char *real, char *beside, struct span bytes)
{
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return false;
    bool fine = take_over(fd, real) && write_whole(fd, bytes) && fsync(fd) == 0;
    int first = errno;
    fine = close(fd) == 0 && fine;
    if (fine && rename(beside, real) == 0)
        return true;
    first = fine ? errno : first;
    unlink(beside);
    errno = first;
    return false;
}

bool known_file_write(struct source_error *error, const char *path, const struct known_certs *certs)
{
    char *real = resolve(path);
    struct buf text = {0}, beside = {0};
    buf_printf(&beside, "%s.new.XXXXXX", real);
    buf_append(&beside, "", 1);
    known_text_write(&text, certs);
    bool fine = replace(real, (char *)beside.p, span_of(text.p, text.n));
    if (fine)
        sync_folder(real);
    else
        (void)fail(error, path, strerror(errno));
    buf_done(&text);
    buf_done(&beside);
    free(real);
    return fine;
}
