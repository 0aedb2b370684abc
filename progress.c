/* progress.c: see progress.h. */
#include "progress.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#define SHOW_AFTER NS_PER_SECOND
#define SHOW_EVERY (NS_PER_SECOND / 4)

static nanotime clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void progress_begin(struct progress *progress, FILE *out)
{
    *progress = (struct progress){.out = out && isatty(fileno(out)) ? out : NULL};
    progress->begun = clock_now();
}

void progress_update(struct progress *progress, const struct source *source, uint64_t packets)
{
    if (!progress->out)
        return;
    nanotime now = clock_now(), spent = now - progress->begun;
    if (spent < SHOW_AFTER || now - progress->shown < SHOW_EVERY)
        return;
    uint64_t done, total;
    source_progress(source, &done, &total);
    double seconds = (double)spent / (double)NS_PER_SECOND;
    fprintf(progress->out, "\r\033[K%" PRIu64 " packets, %.0f MB", packets, (double)done / 1e6);
    if (total && done && done <= total)
        fprintf(progress->out, " of %.0f MB (%.0f %%), %.0f s left", (double)total / 1e6,
                100.0 * (double)done / (double)total,
                seconds * (double)(total - done) / (double)done);
    fprintf(progress->out, ", %.0f MB/s", (double)done / 1e6 / seconds);
    fflush(progress->out);
    progress->shown = now;
}

void progress_end(struct progress *progress)
{
    if (progress->out && progress->shown)
        fputs("\r\033[K", progress->out);
}
