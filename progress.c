/* progress.c: see progress.h. */
#include "progress.h"

#include <time.h>
#include <unistd.h>

#define SHOW_AFTER NS_PER_SECOND
#define SHOW_EVERY (NS_PER_SECOND / 4)

enum { COLUMNS = 80 };

static nanotime clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void progress_begin(struct progress *progress, FILE *out)
{
    *progress = (struct progress){.out = out && isatty(fileno(out)) ? out : NULL};
    progress->moments[progress->moment_count++].time = clock_now();
}

/* A number in few columns. */
static const char *count_text(char *room, size_t size, double count)
{
    if (count < 1e6)
        snprintf(room, size, "%.0f", count);
    else if (count < 1e9)
        snprintf(room, size, "%.1f M", count / 1e6);
    else if (count < 1e12)
        snprintf(room, size, "%.1f G", count / 1e9);
    else
        snprintf(room, size, "%.1f T", count / 1e12);
    return room;
}

static const char *duration_text(char *room, size_t size, double seconds)
{
    enum { MINUTE = 60, HOUR = 3600 };
    if (seconds < 2 * MINUTE)
        snprintf(room, size, "%.0f s", seconds);
    else if (seconds < 2 * HOUR)
        snprintf(room, size, "%.0f min", seconds / MINUTE);
    else
        snprintf(room, size, "%.0f h", seconds / HOUR);
    return room;
}

/* A line that is too long loses its end. */
static void show(FILE *out, const struct progress_moment *since, const struct progress_moment *now,
                 uint64_t total, uint64_t flows)
{
    char line[256], percent[16] = "", left[40] = "", a[32], b[32], c[32];
    double seconds = (double)(now->time - since->time) / (double)NS_PER_SECOND;
    double bytes = (double)(now->done - since->done) / seconds;
    double packets = (double)(now->packets - since->packets) / seconds;
    if (total && now->done <= total)
        snprintf(percent, sizeof percent, "%3.0f %%, ", 100 * (double)now->done / (double)total);
    if (total && now->done <= total && bytes > 0)
        snprintf(left, sizeof left, ", %s left",
                 duration_text(a, sizeof a, (double)(total - now->done) / bytes));
    snprintf(line, sizeof line, "%s%s packets, %s flows, %s packets/s, %.0f MB/s%s", percent,
             count_text(a, sizeof a, (double)now->packets), count_text(b, sizeof b, (double)flows),
             count_text(c, sizeof c, packets), bytes / 1e6, left);
    fprintf(out, "\r\033[K%.*s", COLUMNS - 1, line);
    fflush(out);
}

void progress_update(struct progress *progress, uint64_t done, uint64_t total, uint64_t packets,
                     uint64_t flows)
{
    if (!progress->out)
        return;
    const struct progress_moment now = {clock_now(), done, packets};
    size_t n = progress->moment_count;
    if (now.time - progress->moments[(n - 1) % PROGRESS_MOMENTS].time < SHOW_EVERY)
        return;
    /* In a full ring, the place of this moment is still the oldest one's. */
    const struct progress_moment since =
        progress->moments[n < PROGRESS_MOMENTS ? 0 : n % PROGRESS_MOMENTS];
    progress->moments[n % PROGRESS_MOMENTS] = now;
    progress->moment_count++;
    if (n < PROGRESS_MOMENTS && now.time - since.time < SHOW_AFTER)
        return;
    show(progress->out, &since, &now, total, flows);
    progress->shown = true;
}

void progress_end(struct progress *progress)
{
    if (!progress->out || !progress->shown)
        return;
    fputs("\r\033[K", progress->out);
    fflush(progress->out);
    progress->shown = false;
}
