/* test_crew.c: every task once, never two at once under the same thread number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../dissect/crew.h"

enum { TASKS_MAX = 300, THREADS_MAX = 20, ROUNDS = 200 };

/* What happened. Plain ints are written without a lock: the thread sanitizer looks whether
 * crew_finish makes them safe to read. */
struct seen {
    unsigned size;
    int runs[TASKS_MAX];
    atomic_bool busy[THREADS_MAX];
    atomic_uint at_once, most_at_once, wrong;
    unsigned pause_us;
};

static void task(void *context, unsigned number, unsigned thread)
{
    struct seen *seen = context;
    if (thread >= seen->size || atomic_exchange(&seen->busy[thread], true)) {
        seen->wrong++; /* a failed assertion may not jump out of another thread */
        return;
    }
    unsigned now = ++seen->at_once;
    if (now > seen->most_at_once)
        seen->most_at_once = now;
    seen->runs[number]++;
    if (seen->pause_us)
        usleep(seen->pause_us);
    seen->at_once--;
    atomic_store(&seen->busy[thread], false);
}

static void run_rounds(unsigned threads, unsigned rounds, const unsigned *counts, size_t count_of)
{
    struct crew *crew = crew_new(threads);
    for (unsigned round = 0; round < rounds; round++) {
        struct seen *seen = xcalloc(1, sizeof *seen);
        unsigned count = counts[round % count_of];
        seen->size = crew_size(crew);
        crew_start(crew, count, task, seen);
        crew_finish(crew);
        assert_int_equal(seen->wrong, 0);
        for (unsigned i = 0; i < TASKS_MAX; i++)
            assert_int_equal(seen->runs[i], i < count);
        free(seen); /* nobody may use it any more */
    }
    crew_free(crew);
}

static void each_task_runs_once(void **state)
{
    (void)state;
    static const unsigned counts[] = {16, 1, 0, TASKS_MAX, 2, 17};
    for (unsigned threads = 1; threads <= THREADS_MAX; threads += 3)
        run_rounds(threads, ROUNDS, counts, COUNT_OF(counts));
}

static void more_threads_than_tasks(void **state)
{
    (void)state;
    static const unsigned counts[] = {1, 3};
    run_rounds(THREADS_MAX, ROUNDS, counts, COUNT_OF(counts));
}

static void tasks_run_at_the_same_time(void **state)
{
    (void)state;
    struct crew *crew = crew_new(4);
    struct seen *seen = xcalloc(1, sizeof *seen);
    seen->size = crew_size(crew);
    seen->pause_us = 20000;
    crew_start(crew, 8, task, seen);
    crew_finish(crew);
    assert_int_equal(seen->wrong, 0);
    assert_true(crew_size(crew) == 1 || seen->most_at_once > 1);
    free(seen);
    crew_free(crew);
}

static void own_task(void *context, unsigned number, unsigned thread)
{
    struct seen *seen = context;
    if (number != thread)
        seen->wrong++;
    else
        task(context, number, thread);
}

static void each_thread_runs_its_own_task(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= THREADS_MAX; threads += 3) {
        struct crew *crew = crew_new(threads);
        for (unsigned round = 0; round < ROUNDS; round++) {
            struct seen *seen = xcalloc(1, sizeof *seen);
            seen->size = crew_size(crew);
            crew_each(crew, own_task, seen);
            assert_int_equal(seen->wrong, 0);
            for (unsigned i = 0; i < TASKS_MAX; i++)
                assert_int_equal(seen->runs[i], i < seen->size);
            free(seen);
        }
        crew_free(crew);
    }
}

static void nothing_to_do(void **state)
{
    (void)state;
    crew_free(NULL);
    struct crew *crew = crew_new(3);
    assert_in_range(crew_size(crew), 1, 3);
    crew_finish(crew); /* without a start */
    crew_finish(crew);
    crew_free(crew); /* threads that never ran anything end, too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_runs_once),
        cmocka_unit_test(more_threads_than_tasks),
        cmocka_unit_test(tasks_run_at_the_same_time),
        cmocka_unit_test(each_thread_runs_its_own_task),
        cmocka_unit_test(nothing_to_do),
    };
    return cmocka_run_group_tests_name("crew", tests, NULL, NULL);
}
