/* base.h: the ground floor: spans, compiler attributes, checked allocation.
 *
 * Included by every other file and including none of them. */
#ifndef PUSHWATCH_CAPTURE_BASE_H
#define PUSHWATCH_CAPTURE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NORETURN          __attribute__((noreturn))
/* What one thread writes all the time must not lie in a cache line with what another one needs: two
 * lines, since some processors fetch them in pairs. */
#define APART_BYTES 128
#define APART       __attribute__((aligned(APART_BYTES)))
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
/* For what is rare: so that it takes no room in what is not. */
#define NOINLINE __attribute__((noinline))
/* For what is to be made for each constant that it is called with. */
#define ALWAYS_INLINE   inline __attribute__((always_inline))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { CACHE_LINE = 64 };

/* What malloc takes beside the bytes that it is asked for, about: its own word, and what is lost to
 * steps of 16. */
enum { MALLOC_BESIDE = 16 };

/* prefetch_line has the cache line of p fetched, for use soon after; prefetch has those of n bytes.
 * gcc takes a function that does nothing else for one without effect, and drops calls of it: an
 * empty asm is an effect. */
static inline void prefetch_line(const void *p)
{
    __builtin_prefetch(p);
    __asm__ volatile("");
}
static inline void prefetch(const void *p, size_t n)
{
    for (size_t at = 0; at < n; at += CACHE_LINE)
        prefetch_line((const char *)p + at);
    if ((uintptr_t)p % CACHE_LINE != 0)
        prefetch_line((const char *)p + n - 1);
}

#define NS_PER_SECOND INT64_C(1000000000)

/* A time: nanoseconds since 1970-01-01 00:00 UTC, or a difference of two. */
typedef int64_t nanotime;

/* Bytes that somebody else owns. An empty span may have a NULL pointer. */
struct span {
    const uint8_t *p;
    size_t n;
};

static inline struct span span_of(const void *bytes, size_t n)
{
    return (struct span){bytes, n};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* xmalloc, xcalloc, xrealloc return memory that the caller frees with free(). They end the process
 * with exit status 4 when there is none: every buffer here has a cap, so that only a machine that
 * is out of memory gets there. A size of 0 is served as 1. */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull));

/* xtrim leaves what was freed to the system, as far as it takes whole pages. */
void xtrim(void);

/* xmalloc_aligned is xmalloc of a multiple of `alignment`, a power of two. */
void *xmalloc_aligned(size_t alignment, size_t size) __attribute__((malloc, returns_nonnull));

/* xaligned is xmalloc for what is APART, all zero. */
void *xaligned(size_t size) __attribute__((malloc, returns_nonnull));

/* xpages is xmalloc for what a file is read into. It begins a page: so bytes can lie where they
 * have the same offset in a page as in the file. A processor that finds a load some bytes behind a
 * store that is not done, in whatever page, may take it for the same address and wait: with the
 * memory 1 to 31 bytes behind, as malloc gives it for large sizes, copying took three times as
 * long. */
enum { PAGE_BYTES = 4096 };
void *xpages(size_t size) __attribute__((malloc, returns_nonnull));

/* xmemdup returns a copy of n bytes with a NUL behind it; the caller frees it. */
void *xmemdup(const void *bytes, size_t n) __attribute__((malloc, returns_nonnull));

/* xstrdup returns a copy of a string; the caller frees it. */
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));

/* A growing byte buffer that owns its bytes. Zero-initialise it; free with buf_done. */
struct buf {
    uint8_t *p;
    size_t n, cap;
};

/* buf_reserve makes room for n bytes more. */
void buf_reserve(struct buf *buf, size_t n);

/* buf_append copies n bytes to the end. The caller keeps the buffer below its cap. */
static inline void buf_append(struct buf *buf, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    if (UNLIKELY(buf->cap - buf->n < n))
        buf_reserve(buf, n);
    memcpy(buf->p + buf->n, bytes, n);
    buf->n += n;
}

/* buf_printf appends formatted text, without its NUL. */
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* buf_vprintf is buf_printf for a va_list. */
void buf_vprintf(struct buf *buf, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* buf_text returns the bytes as a NUL-terminated string, valid until the next call on buf. */
const char *buf_text(struct buf *buf);

/* buf_done frees the bytes and leaves an empty buffer that can be used again. */
void buf_done(struct buf *buf);

#endif
