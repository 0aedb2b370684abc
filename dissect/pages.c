/* pages.c: a list of regions; what is taken is cut off the latest. */
#include "pages.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

struct pages {
    pthread_mutex_t lock; /* over all that follows */
    uint8_t **regions;
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
    pages->regions[pages->count++] = region;
    pages->taken = 0;
}

void *pages_take(struct pages *pages, size_t size)
{
    size = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    pthread_mutex_lock(&pages->lock);
    if (PAGES_REGION - pages->taken < size)
        add_region(pages);
    void *memory = pages->regions[pages->count - 1] + pages->taken;
    pages->taken += size;
    pthread_mutex_unlock(&pages->lock);
    return memory;
}

size_t pages_drop(void *memory, size_t size)
{
    const size_t begin = ((uintptr_t)memory + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    const size_t end = ((uintptr_t)memory + size) / PAGE_BYTES * PAGE_BYTES;
    uint8_t *first = (uint8_t *)memory + (begin - (uintptr_t)memory);
    return end > begin && madvise(first, end - begin, MADV_DONTNEED) == 0 ? end - begin : 0;
}

void pages_free(struct pages *pages)
{
    if (!pages)
        return;
    for (size_t i = 0; i < pages->count; i++)
        free(pages->regions[i]);
    free(pages->regions);
    pthread_mutex_destroy(&pages->lock);
    free(pages);
}
