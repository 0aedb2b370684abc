/* merge.c: several saved captures as one, in order of time.
 *
 * Rotated captures come by the hundred, so a file is opened, its first packet looked at, and closed
 * again until that packet's turn comes; only files that overlap in time have a buffer together. The
 * descriptor is kept, as long as there are enough: the right to open a file may be given up before
 * its turn, and the file renamed. What can't be read twice (a pipe) stays open. */
#include "savefile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct part {
    char *path;
    size_t order;                /* among the arguments: decides between equal times */
    struct source *source;       /* NULL while closed, and once it has ended */
    int kept;                    /* the file's descriptor while closed; -1 for none */
    struct packet head;          /* the packet that is next; without bytes while closed */
    bool stale;                  /* head was handed out, or is none yet: ask for the next */
    uint64_t size, done;         /* in bytes; size 0 if unknown, done only kept while closed */
    struct savefile_noted noted; /* while closed */
};

struct merge {
    struct source source; /* first member: the one is cast to the other */
    struct part *parts;
    size_t count;
    struct part **heap; /* of the parts that go on, by time of head; heap[0] is next */
    size_t going;
    size_t keepable; /* descriptors that may be kept yet */
    size_t broken, unsaid;
};

static bool earlier(const struct part *a, const struct part *b)
{
    if (a->head.time != b->head.time)
        return a->head.time < b->head.time;
    return a->order < b->order;
}

static void sift_down(struct merge *merge, size_t i)
{
    struct part *part = merge->heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= merge->going)
            break;
        if (child + 1 < merge->going && earlier(merge->heap[child + 1], merge->heap[child]))
            child++;
        if (!earlier(merge->heap[child], part))
            break;
        merge->heap[i] = merge->heap[child];
        i = child;
    }
    merge->heap[i] = part;
}

/* Adds a part's damage to the merged source's, as long as there is room. */
static void note_damage(struct merge *merge, const char *text)
{
    char *all = merge->source.error.text;
    const size_t used = strlen(all), reserve = sizeof "; and 18446744073709551615 more";
    if (used + strlen(text) + sizeof "; " + reserve > sizeof merge->source.error.text)
        merge->unsaid++;
    else
        snprintf(all + used, sizeof merge->source.error.text - used, "%s%s", used ? "; " : "",
                 text);
    merge->broken++;
}

static void close_part(struct part *part)
{
    if (!part->source)
        return;
    uint64_t total;
    source_progress(part->source, &part->done, &total);
    source_close(part->source);
    part->source = NULL;
}

static void remove_first(struct merge *merge)
{
    close_part(merge->heap[0]);
    merge->heap[0] = merge->heap[--merge->going];
    if (merge->going)
        sift_down(merge, 0);
}

/* Has heap[0] move on to its next packet. Returns false if it has none at the moment: then nobody
 * can tell what comes next. */
static bool advance(struct merge *merge)
{
    struct part *part = merge->heap[0];
    switch (source_next(part->source, &part->head)) {
    case SOURCE_PAUSED: /* it keeps nothing */
    case SOURCE_IDLE:
        return false;
    case SOURCE_PACKET:
        part->stale = false;
        sift_down(merge, 0);
        return true;
    case SOURCE_BROKEN:
        note_damage(merge, source_error(part->source));
        break;
    case SOURCE_END:
        break;
    }
    remove_first(merge);
    return true;
}

/* Leaves half of the descriptors that this process may have to others. */
static size_t keepable_descriptors(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (size_t)(limit.rlim_cur / 2) : 0;
}

/* Closes a part, a regular file, until its turn comes. */
static void put_aside(struct merge *merge, struct part *part)
{
    const struct savefile *file = (const struct savefile *)part->source;
    part->noted = file->noted;
    part->noted.to = reader_offset(&file->reader);
    if (merge->keepable > 0) {
        part->kept = fcntl(file->reader.fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        merge->keepable -= part->kept >= 0;
    }
    close_part(part);
    part->done = 0; /* it will be read again */
}

static struct source *open_again(struct source_error *error, struct merge *merge, struct part *part)
{
    int fd = part->kept;
    part->kept = -1;
    if (fd < 0)
        return savefile_open(error, part->path, READER_BLOCK, merge->source.shared);
    (void)lseek(fd, 0, SEEK_SET); /* can't fail for a regular file */
    return savefile_open_fd(error, fd, part->path, READER_BLOCK, merge->source.shared);
}

/* Opens a part again whose turn has come. */
static bool reopen(struct merge *merge, struct part *part)
{
    struct source_error error;
    const nanotime expected = part->head.time;
    part->source = open_again(&error, merge, part);
    if (!part->source) {
        note_damage(merge, error.text);
        return false;
    }
    struct savefile *file = (struct savefile *)part->source;
    file->noted = part->noted;
    file->input = (uint32_t)part->order;
    enum source_status status = source_next(part->source, &part->head);
    if (status == SOURCE_PACKET && part->head.time == expected) {
        if (part->size > 0)
            reader_end_at(&file->reader, part->size); /* it may have grown */
        return true;
    }
    if (status == SOURCE_BROKEN) {
        note_damage(merge, source_error(part->source));
    } else if (!merge->source.shared->stop) {
        source_error_set(&error, "%s: has changed while it was being read", part->path);
        note_damage(merge, error.text);
    }
    return false;
}

static enum source_status finish(struct merge *merge)
{
    char *all = merge->source.error.text;
    size_t used = strlen(all);
    if (merge->unsaid)
        snprintf(all + used, sizeof merge->source.error.text - used, "; and %zu more",
                 merge->unsaid);
    return merge->broken ? SOURCE_BROKEN : SOURCE_END;
}

static enum source_status merge_next(struct source *source, struct packet *packet)
{
    struct merge *merge = (struct merge *)source;
    while (merge->going) {
        struct part *part = merge->heap[0];
        if (part->stale) {
            if (!advance(merge))
                return SOURCE_IDLE;
        } else if (LIKELY(part->source != NULL) || reopen(merge, part)) {
            *packet = part->head;
            part->stale = true;
            return SOURCE_PACKET;
        } else {
            remove_first(merge);
        }
        /* A part that was told to stop looks like one that has ended. */
        if (source->shared->stop)
            return SOURCE_END;
    }
    return source->shared->stop ? SOURCE_END : finish(merge);
}

/* It is the first part that makes the merge idle. */
static struct source_waiting merge_waiting(const struct source *source)
{
    const struct merge *merge = (const struct merge *)source;
    const struct part *first = merge->going ? merge->heap[0] : NULL;
    if (first && first->source && first->stale)
        return savefile_waiting(first->source);
    return (struct source_waiting){.fd = -1, .most_ms = 0};
}

static void merge_progress(const struct source *source, uint64_t *done, uint64_t *total)
{
    const struct merge *merge = (const struct merge *)source;
    bool known = true;
    *done = *total = 0;
    for (size_t i = 0; i < merge->count; i++) {
        const struct part *part = &merge->parts[i];
        uint64_t part_done = part->done, ignored;
        if (part->source)
            source_progress(part->source, &part_done, &ignored);
        *done += part_done;
        *total += part->size;
        known = known && part->size;
    }
    if (!known)
        *total = 0;
}

static void merge_close(struct source *source)
{
    struct merge *merge = (struct merge *)source;
    for (size_t i = 0; i < merge->count; i++) {
        close_part(&merge->parts[i]);
        if (merge->parts[i].kept >= 0)
            close(merge->parts[i].kept);
        free(merge->parts[i].path);
    }
    free(merge->parts);
    free(merge->heap);
}

/* Opens a part and looks at its first packet. Returns false if it can't be opened: that is damage
 * like any other, and keeps nobody from the other files. */
static bool look_at(struct merge *merge, struct part *part)
{
    struct source_error error;
    part->source = savefile_open(&error, part->path, READER_BLOCK_SMALL, merge->source.shared);
    if (!part->source) {
        note_damage(merge, error.text);
        return false;
    }
    ((struct savefile *)part->source)->input = (uint32_t)part->order;
    source_progress(part->source, &part->done, &part->size);
    if (savefile_is_regular(part->source))
        source_preface(part->source);
    enum source_status status = source_next(part->source, &part->head);
    /* A pipe whose first packet has not come yet has a head of time 0, before which none can be. */
    part->stale = status == SOURCE_IDLE;
    bool goes_on = status == SOURCE_PACKET || status == SOURCE_IDLE;
    if (goes_on)
        merge->heap[merge->going++] = part;
    if (status == SOURCE_BROKEN)
        note_damage(merge, source_error(part->source));
    if (!goes_on)
        close_part(part);
    else if (savefile_is_regular(part->source) && strcmp(part->path, "-") != 0)
        put_aside(merge, part);
    return true;
}

struct source *source_open_files(struct source_error *error, char *const *paths, size_t count)
{
    static const struct source_ops ops = {
        .next = merge_next,
        .waiting = merge_waiting,
        .progress = merge_progress,
        .close = merge_close,
    };
    if (count == 1)
        return source_open_file(error, paths[0]);
    struct merge *merge = xcalloc(1, sizeof *merge);
    source_base_init(&merge->source, &ops, NULL);
    merge->parts = xcalloc(count, sizeof *merge->parts);
    merge->heap = xcalloc(count, sizeof(struct part *));
    merge->keepable = keepable_descriptors();
    size_t pipes = 0, opened = 0;
    for (; merge->count < count; merge->count++) {
        struct part *part = &merge->parts[merge->count];
        part->path = xstrdup(paths[merge->count]);
        part->order = merge->count;
        part->kept = -1;
        pipes += strcmp(part->path, "-") == 0;
        if (pipes > 1) {
            source_error_set(error, "standard input: can be read only once");
            merge->count++; /* this one is to be freed as well */
            source_close(&merge->source);
            return NULL;
        }
        opened += look_at(merge, part);
    }
    if (opened == 0) {
        (void)finish(merge);
        *error = merge->source.error;
        source_close(&merge->source);
        return NULL;
    }
    for (size_t i = merge->going / 2; i-- > 0;)
        sift_down(merge, i);
    return &merge->source;
}
