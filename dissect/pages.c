/* pages.c: a list of regions; what is taken is cut off the latest. */
#include "pages.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct region {
    uint8_t *memory;
    bool small; /* parts were dropped, so that it shall not be one page any more */
};

struct pages {
    pthread_mutex_t lock; /* over all that follows */
    struct region *regions;
    size_t count;
    size_t taken; /* of the latest */
};

struct pages *pages_new(void)
{
    struct pages *pages = xcalloc(1, sizeof *pages);
    pthread_mutex_init(&pages->lock, NULL);
    pages->taken = PAGES_REGION;
    return pages;
}

/* It will be used as a whole, so that it may come at once: even as small pages that takes a third
 * of the time that a fault for each takes. A system that can't do either gives each page when it is
 * written to. */
static void add_region(struct pages *pages)
{
    uint8_t *region = xmalloc_aligned(PAGES_REGION, PAGES_REGION);
#ifdef MADV_HUGEPAGE
    (void)madvise(region, PAGES_REGION, MADV_HUGEPAGE);
#endif
#ifdef MADV_POPULATE_WRITE
    (void)madvise(region, PAGES_REGION, MADV_POPULATE_WRITE);
#endif
    pages->regions = xrealloc(pages->regions, (pages->count + 1) * sizeof *pages->regions);
    pages->regions[pages->count++] = (struct region){.memory = region};
    pages->taken = 0;
}

void *pages_take(struct pages *pages, size_t size)
{
    size = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    pthread_mutex_lock(&pages->lock);
    if (PAGES_REGION - pages->taken < size)
        add_region(pages);
    void *memory = pages->regions[pages->count - 1].memory + pages->taken;
    pages->taken += size;
    pthread_mutex_unlock(&pages->lock);
    return memory;
}

#ifdef __linux__
/* Whether memory is of a region. Of such a one, the system would fill a large page again of which a
 * part is left: it is told not to. */
static bool make_small(struct pages *pages, const uint8_t *memory)
{
    size_t i = 0;
    pthread_mutex_lock(&pages->lock);
    while (i < pages->count &&
           (memory < pages->regions[i].memory || memory >= pages->regions[i].memory + PAGES_REGION))
        i++;
    bool found = i < pages->count;
    if (found && !pages->regions[i].small) {
        (void)madvise(pages->regions[i].memory, PAGES_REGION, MADV_NOHUGEPAGE);
        pages->regions[i].small = true;
    }
    pthread_mutex_unlock(&pages->lock);
    return found;
}

size_t pages_drop(struct pages *pages, void *memory, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t before = (page - (uintptr_t)memory % page) % page;
    const size_t whole = size > before ? (size - before) / page * page : 0;
    if (whole == 0 || !make_small(pages, memory) ||
        madvise((uint8_t *)memory + before, whole, MADV_DONTNEED) != 0)
        return 0;
    return whole;
}
#else
size_t pages_drop(struct pages *pages, void *memory, size_t size)
{
    (void)pages;
    (void)memory;
    (void)size;
    return 0; /* elsewhere it is not certain what that does */
}
#endif

void pages_free(struct pages *pages)
{
    if (!pages)
        return;
    for (size_t i = 0; i < pages->count; i++)
        free(pages->regions[i].memory);
    free(pages->regions);
    pthread_mutex_destroy(&pages->lock);
    free(pages);
}
