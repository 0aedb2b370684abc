/* slab.c: chunks stay: what was needed once is needed again. Their memory may be given back. */
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

struct slab_bare {
    uint32_t chunk, dropped; /* dropped: bytes of it */
};

/* Has the entries of a chunk be in the list again, whose memory was given back. */
static void refill(struct slab *slab)
{
    const struct slab_bare *bare = &slab->bare[--slab->bare_count];
    uint32_t last = (bare->chunk + 1) * SLAB_CHUNK;
    slab->dropped -= bare->dropped;
    for (uint32_t i = 0; i < SLAB_CHUNK; i++) {
        memcpy(slab_at(slab, last - i), &slab->free, sizeof slab->free);
        slab->free = last - i;
    }
}

uint32_t slab_new(struct slab *slab)
{
    if (slab->free == SLAB_NONE && slab->bare_count > 0)
        refill(slab);
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

/* --- giving back --- */

static uint32_t chunk_of(uint32_t number)
{
    return (number - 1) / SLAB_CHUNK;
}

/* How many entries of each chunk are free, of those that can be given back. */
static uint16_t *count_free(const struct slab *slab)
{
    uint16_t *counts = xcalloc(slab->chunk_count, sizeof *counts);
    for (uint32_t number = slab->free; number != SLAB_NONE;) {
        counts[chunk_of(number)]++;
        memcpy(&number, slab_at(slab, number), sizeof number);
    }
    for (uint32_t chunk = 0; chunk < slab->chunk_count; chunk++)
        counts[chunk] = is_of_pages(slab, chunk) ? counts[chunk] : 0;
    return counts;
}

/* Takes the entries of chunks that are free out of the list. Returns how many are left. */
static uint32_t unlink_free(struct slab *slab, const uint16_t *counts)
{
    void *link = &slab->free;
    uint32_t number = slab->free, left = 0;
    while (number != SLAB_NONE) {
        uint32_t next;
        void *entry = slab_at(slab, number);
        memcpy(&next, entry, sizeof next);
        if (counts[chunk_of(number)] < SLAB_CHUNK) {
            memcpy(link, &number, sizeof number);
            link = entry;
            left++;
        }
        number = next;
    }
    memcpy(link, &number, sizeof number);
    return left;
}

void slab_give_back(struct slab *slab)
{
    const uint32_t held = slab->fresh - slab->bare_count * SLAB_CHUNK, idle = held - slab->used;
    if (idle < slab->barren)
        slab->barren = idle;
    if (!slab->pages || idle < held / 4 || idle - slab->barren < held / 8 || idle < 2 * SLAB_CHUNK)
        return;
    uint16_t *counts = count_free(slab);
    slab->barren = unlink_free(slab, counts);
    slab->bare = xrealloc(slab->bare, slab->chunk_count * sizeof *slab->bare);
    for (uint32_t chunk = 0; chunk < slab->chunk_count; chunk++) {
        if (counts[chunk] < SLAB_CHUNK)
            continue;
        size_t dropped = pages_drop(slab->pages, slab->chunks[chunk], SLAB_CHUNK * slab->size);
        slab->bare[slab->bare_count++] = (struct slab_bare){chunk, (uint32_t)dropped};
        slab->dropped += dropped;
    }
    free(counts);
}

void slab_done(struct slab *slab)
{
    for (uint32_t i = 0; i < slab->chunk_count; i++)
        if (!is_of_pages(slab, i))
            free(slab->chunks[i]);
    free(slab->chunks);
    free(slab->bare);
    *slab = (struct slab){.size = slab->size, .pages = slab->pages};
}
