/* base.c: checked allocation and the growing buffer. The one place that gives up when memory is
 * out: nothing above it can do better, and a half-written report would be worse than none. */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { EXIT_INTERNAL = 4 };

static NORETURN void out_of_memory(size_t size)
{
    fprintf(stderr, "pushwatch: out of memory (%zu bytes wanted)\n", size);
    exit(EXIT_INTERNAL);
}

void *xmalloc(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        out_of_memory(size);
    return memory;
}

void *xmalloc_aligned(size_t alignment, size_t size)
{
    void *memory = aligned_alloc(alignment, size);
    if (!memory)
        out_of_memory(size);
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        out_of_memory(size);
    return memory;
}

void *xrealloc(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        out_of_memory(size);
    return memory;
}

void xtrim(void)
{
#ifdef __GLIBC__ /* others do by themselves, or can't */
    malloc_trim(0);
#endif
}

void *xaligned(size_t size)
{
    size = (size + APART_BYTES - 1) / APART_BYTES * APART_BYTES;
    return memset(xmalloc_aligned(APART_BYTES, size), 0, size);
}

void *xpages(size_t size)
{
    return xmalloc_aligned(PAGE_BYTES, (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);
}

void *xmemdup(const void *bytes, size_t n)
{
    char *copy = xmalloc(n + 1);
    if (n)
        memcpy(copy, bytes, n);
    copy[n] = '\0';
    return copy;
}

char *xstrdup(const char *text)
{
    return xmemdup(text, strlen(text));
}

void buf_reserve(struct buf *buf, size_t n)
{
    if (buf->cap - buf->n >= n)
        return;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap - buf->n < n)
        cap *= 2;
    buf->p = xrealloc(buf->p, cap);
    buf->cap = cap;
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (length > 0) {
        buf_reserve(buf, (size_t)length + 1);
        vsnprintf((char *)buf->p + buf->n, (size_t)length + 1, format, again);
        buf->n += (size_t)length;
    }
    va_end(again);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
}

const char *buf_text(struct buf *buf)
{
    buf_reserve(buf, 1);
    buf->p[buf->n] = '\0';
    return (const char *)buf->p;
}

void buf_done(struct buf *buf)
{
    free(buf->p);
    *buf = (struct buf){0};
}
