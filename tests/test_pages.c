/* test_pages.c: pieces that share no byte, for several threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>

#include "../dissect/pages.h"

enum { THREADS = 4, PIECES = 300 };

struct taker {
    struct pages *pages;
    unsigned number;
    pthread_t thread;
    uint8_t *pieces[PIECES];
};

/* From one byte to a whole region now and then. */
static size_t size_of(unsigned i)
{
    return i % 100 == 99 ? PAGES_REGION : i * i % 40000 + 1;
}

static uint8_t mark_of(const struct taker *taker, unsigned i)
{
    return (uint8_t)(taker->number * 61 + i);
}

static void *take(void *context)
{
    struct taker *taker = context;
    for (unsigned i = 0; i < PIECES; i++) {
        taker->pieces[i] = pages_take(taker->pages, size_of(i));
        memset(taker->pieces[i], mark_of(taker, i), size_of(i));
    }
    return NULL;
}

static void expect_marked(const struct taker *taker, unsigned i)
{
    assert_int_equal((uintptr_t)taker->pieces[i] % 64, 0);
    for (size_t at = 0; at < size_of(i); at++)
        if (taker->pieces[i][at] != mark_of(taker, i))
            fail_msg("piece %u of thread %u was written to by another", i, taker->number);
}

static void pieces_keep_apart(void **state)
{
    (void)state;
    static struct taker takers[THREADS];
    struct pages *pages = pages_new();
    for (unsigned n = 0; n < THREADS; n++) {
        takers[n] = (struct taker){.pages = pages, .number = n};
        assert_int_equal(pthread_create(&takers[n].thread, NULL, take, &takers[n]), 0);
    }
    for (unsigned n = 0; n < THREADS; n++)
        assert_int_equal(pthread_join(takers[n].thread, NULL), 0);
    for (unsigned n = 0; n < THREADS; n++)
        for (unsigned i = 0; i < PIECES; i++)
            expect_marked(&takers[n], i);
    pages_free(pages);
}

/* One behind the other: the shards' small pieces fill a region. */
static void a_region_is_filled(void **state)
{
    (void)state;
    struct pages *pages = pages_new();
    uint8_t *first = pages_take(pages, 100);
    for (size_t at = 128; at < PAGES_REGION; at += 128)
        assert_ptr_equal(pages_take(pages, 100), first + at);
    uint8_t *other = pages_take(pages, 1);
    assert_true(other < first || other >= first + PAGES_REGION);
    pages_free(pages);
    pages_free(NULL);
}

/* Linux: what was left to the system comes back as zeros, and nothing else was touched. */
static void what_is_dropped_is_gone(void **state)
{
    (void)state;
#ifdef __linux__
    struct pages *pages = pages_new();
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 20 * page;
    uint8_t *memory = pages_take(pages, size);
    memset(memory, 1, size);
    assert_int_equal(pages_drop(pages, memory + 1, page - 1), 0);
    assert_int_equal(pages_drop(pages, pages, 4 * page), 0); /* not of a region */
    const size_t dropped = pages_drop(pages, memory + 100, size - 200);
    assert_int_equal(dropped % page, 0);
    assert_in_range(dropped, size - 200 - 2 * page, size - 200);
    size_t zeros = 0;
    for (size_t i = 0; i < size; i++)
        zeros += memory[i] == 0;
    assert_int_equal(zeros, dropped);
    assert_int_equal(memory[99] + memory[size - 100], 2);
    pages_free(pages);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_keep_apart),
        cmocka_unit_test(a_region_is_filled),
        cmocka_unit_test(what_is_dropped_is_gone),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
