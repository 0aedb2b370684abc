/* slab.h: entries of one size, found by a 32-bit number, which takes half the room of a pointer.
 * An entry never moves. */
#ifndef PUSHWATCH_DISSECT_SLAB_H
#define PUSHWATCH_DISSECT_SLAB_H

#include "pages.h"

enum { SLAB_CHUNK = 256 }; /* entries */
enum { SLAB_NONE = 0 };    /* the number that no entry has */

/* Zero-initialise but for `size`, at least four bytes, and `pages`; free with slab_done. */
struct slab {
    size_t size;         /* of an entry */
    struct pages *pages; /* where all but the first chunk come from, or NULL */
    uint8_t **chunks;    /* of SLAB_CHUNK entries each */
    uint32_t chunk_count, used;
    uint32_t fresh;         /* entries that were handed out at least once */
    uint32_t free;          /* head of the list of free ones */
    struct slab_bare *bare; /* chunks whose memory was given back, `bare_count` of them, */
    uint32_t bare_count;
    size_t dropped;  /* and so many bytes of it */
    uint32_t barren; /* entries that were free, but not all of a chunk, at the last try */
};

/* slab_new gives the number of an entry, whose bytes are whatever they are. */
uint32_t slab_new(struct slab *slab);

/* slab_at gives the entry of a number, not SLAB_NONE. */
static inline void *slab_at(const struct slab *slab, uint32_t number)
{
    uint32_t i = number - 1;
    return slab->chunks[i / SLAB_CHUNK] + i % SLAB_CHUNK * slab->size;
}

/* slab_free takes an entry back. */
void slab_free(struct slab *slab, uint32_t number);

/* slab_held gives the bytes of all entries, without what was given back. */
static inline size_t slab_held(const struct slab *slab)
{
    return slab->fresh * slab->size - slab->dropped;
}

/* slab_give_back leaves the memory of chunks that are free to the system. It does nothing unless a
 * quarter of what is held is free; then it looks at each free entry, but not again before there are
 * many more. */
void slab_give_back(struct slab *slab);

void slab_done(struct slab *slab);

#endif
