/* pages.h: memory for what grows with the number of connections, a piece at a time. It comes in
 * regions of 2 MiB, each one page where the system has pages of that size (Linux: transparent huge
 * pages). Of all shards together, so that only the latest region is there in vain. */
#ifndef PUSHWATCH_DISSECT_PAGES_H
#define PUSHWATCH_DISSECT_PAGES_H

#include "../capture/base.h"

/* The most that may be taken at once. */
enum { PAGES_REGION = 1 << 21 };

struct pages;

struct pages *pages_new(void);

/* pages_take gives `size` bytes, from the beginning of a cache line on, which stay until
 * pages_free. Several threads may call it. */
void *pages_take(struct pages *pages, size_t size);

/* pages_drop leaves the system the whole pages in a part of what was taken, and returns their
 * bytes: 0 where it can't, or where the memory is not of these. What was in it may be lost; it
 * stays the caller's. */
size_t pages_drop(struct pages *pages, void *memory, size_t size);

void pages_free(struct pages *pages);

#endif
