/* spill.c: all runs are parts of one unnamed temporary file; of each the next block is known. */
#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What precedes a block in the file. */
struct head {
    uint64_t order;
    uint64_t size;
};

struct run {
    struct head next;  /* of the block whose turn is next */
    uint64_t at, to;   /* where that block begins, and where the run ends */
    uint64_t blocks;   /* left, that one included */
    struct buf window; /* read ahead from window_at; empty until it is needed */
    uint64_t window_at;
};

enum { READ_AHEAD = 8192, WRITE_MAX = 1 << 16 };

struct spill {
    int file;         /* -1 until it is needed */
    struct run *runs; /* a heap by next.order */
    size_t count, room;
    struct run fresh; /* that is being written */
    struct buf unwritten;
    uint64_t written; /* bytes of the file */
    bool broken;      /* some of the fresh run could not be written */
    uint64_t lost;
};

struct spill *spill_new(void)
{
    struct spill *spill = xcalloc(1, sizeof *spill);
    spill->file = -1;
    return spill;
}

/* --- the heap --- */

static bool precedes(const struct spill *spill, size_t a, size_t b)
{
    return spill->runs[a].next.order < spill->runs[b].next.order;
}

static void swap(struct spill *spill, size_t a, size_t b)
{
    struct run run = spill->runs[a];
    spill->runs[a] = spill->runs[b];
    spill->runs[b] = run;
}

static void sift_down(struct spill *spill)
{
    for (size_t i = 0, child; (child = 2 * i + 1) < spill->count; i = child) {
        if (child + 1 < spill->count && precedes(spill, child + 1, child))
            child++;
        if (!precedes(spill, child, i))
            return;
        swap(spill, i, child);
    }
}

static void push(struct spill *spill, struct run run)
{
    if (spill->count == spill->room) {
        spill->room = spill->room ? spill->room * 2 : 8;
        spill->runs = xrealloc(spill->runs, spill->room * sizeof *spill->runs);
    }
    size_t i = spill->count++;
    spill->runs[i] = run;
    for (; i > 0 && precedes(spill, i, (i - 1) / 2); i = (i - 1) / 2)
        swap(spill, i, (i - 1) / 2);
}

static void pop(struct spill *spill)
{
    buf_done(&spill->runs[0].window);
    spill->runs[0] = spill->runs[--spill->count];
    sift_down(spill);
    if (spill->count == 0) { /* begin the file anew; if that fails it only stays long */
        if (ftruncate(spill->file, 0) == 0)
            spill->written = 0;
    }
}

/* --- writing --- */

/* A file without a name, where the user wants such files: gone with the process. Returns -1 if it
 * can't be had. */
static int open_unnamed(void)
{
    char path[PATH_MAX];
    const char *folder = getenv("TMPDIR");
    int n =
        snprintf(path, sizeof path, "%s/pushwatch-XXXXXX", folder && *folder ? folder : P_tmpdir);
    if (n < 0 || (size_t)n >= sizeof path)
        return -1;
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    return file;
}

bool spill_begin(struct spill *spill)
{
    if (spill->file < 0)
        spill->file = open_unnamed();
    if (spill->file < 0)
        return false;
    spill->fresh = (struct run){.at = spill->written};
    spill->broken = false;
    return true;
}

/* What can't be written is found missing when it is read. Nothing may follow it then, though the
 * disk has room again: it would be taken for what is missing. */
static void write_out(struct spill *spill)
{
    const uint8_t *from = spill->unwritten.p;
    for (size_t left = spill->unwritten.n; left > 0 && !spill->broken;) {
        ssize_t n = pwrite(spill->file, from, left, (off_t)spill->written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            spill->broken = true;
            break;
        }
        from += n;
        left -= (size_t)n;
        spill->written += (uint64_t)n;
    }
    spill->unwritten.n = 0;
}

void spill_add(struct spill *spill, uint64_t order, struct span block)
{
    const struct head head = {order, block.n};
    if (spill->fresh.blocks++ == 0)
        spill->fresh.next = head;
    buf_append(&spill->unwritten, &head, sizeof head);
    buf_append(&spill->unwritten, block.p, block.n);
    if (spill->unwritten.n > WRITE_MAX)
        write_out(spill);
}

void spill_end(struct spill *spill)
{
    write_out(spill);
    buf_done(&spill->unwritten);
    spill->fresh.to = spill->written;
    spill->fresh.at += sizeof(struct head);
    if (spill->fresh.blocks > 0)
        push(spill, spill->fresh);
}

/* --- reading --- */

bool spill_first(const struct spill *spill, uint64_t *order)
{
    if (spill->count == 0)
        return false;
    *order = spill->runs[0].next.order;
    return true;
}

/* Has n bytes from `at` on in the window, or returns NULL. */
static const uint8_t *look(struct spill *spill, struct run *run, uint64_t at, size_t n)
{
    struct buf *window = &run->window;
    if (at + n > run->to)
        return NULL;
    if (at < run->window_at || at + n > run->window_at + window->n) {
        size_t most = n > READ_AHEAD ? n : READ_AHEAD;
        window->n = 0;
        buf_reserve(window, most);
        ssize_t got = pread(spill->file, window->p, most, (off_t)at);
        if (got < (ssize_t)n)
            return NULL;
        window->n = (size_t)got;
        run->window_at = at;
    }
    return window->p + (at - run->window_at);
}

/* A part of the file that is missing takes all that follows in its run. */
static bool lose(struct spill *spill)
{
    spill->lost += spill->runs[0].blocks;
    pop(spill);
    return false;
}

bool spill_take(struct spill *spill, struct buf *block)
{
    struct run *run = &spill->runs[0];
    const uint8_t *bytes = look(spill, run, run->at, run->next.size);
    block->n = 0;
    if (!bytes)
        return lose(spill);
    buf_append(block, bytes, run->next.size);
    if (--run->blocks == 0) {
        pop(spill);
        return true;
    }
    run->at += run->next.size;
    bytes = look(spill, run, run->at, sizeof run->next);
    if (!bytes) {
        lose(spill);
        return true;
    }
    memcpy(&run->next, bytes, sizeof run->next);
    run->at += sizeof run->next;
    sift_down(spill);
    return true;
}

uint64_t spill_lost(const struct spill *spill)
{
    return spill->lost;
}

void spill_free(struct spill *spill)
{
    if (!spill)
        return;
    for (size_t i = 0; i < spill->count; i++)
        buf_done(&spill->runs[i].window);
    free(spill->runs);
    buf_done(&spill->unwritten);
    if (spill->file >= 0)
        close(spill->file);
    free(spill);
}
