/* slab.c: chunks that are never given back: what was needed once is needed again. */
#include "slab.h"

#include <stdlib.h>

/* Many captures do not fill the first. */
static bool is_of_pages(const struct slab *slab, uint32_t chunk)
{
    return slab->pages && chunk > 0;
}

static uint8_t *new_chunk(const struct slab *slab)
{
    size_t size = SLAB_CHUNK * slab->size;
    return is_of_pages(slab, slab->chunk_count) ? pages_take(slab->pages, size) : xmalloc(size);
}

uint32_t slab_new(struct slab *slab)
{
    uint32_t number = slab->free;
    slab->used++;
    if (number != SLAB_NONE) {
        memcpy(&slab->free, slab_at(slab, number), sizeof slab->free);
        return number;
    }
    if (slab->fresh == slab->chunk_count * SLAB_CHUNK) {
        if ((slab->chunk_count & (slab->chunk_count - 1)) == 0) {
            size_t room = slab->chunk_count ? slab->chunk_count * 2 : 1;
            slab->chunks = xrealloc(slab->chunks, room * sizeof *slab->chunks);
        }
        slab->chunks[slab->chunk_count] = new_chunk(slab);
        slab->chunk_count++;
    }
    return ++slab->fresh;
}

void slab_free(struct slab *slab, uint32_t number)
{
    memcpy(slab_at(slab, number), &slab->free, sizeof slab->free);
    slab->free = number;
    slab->used--;
}

void slab_done(struct slab *slab)
{
    for (uint32_t i = 0; i < slab->chunk_count; i++)
        if (!is_of_pages(slab, i))
            free(slab->chunks[i]);
    free(slab->chunks);
    *slab = (struct slab){.size = slab->size, .pages = slab->pages};
}
