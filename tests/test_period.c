/* test_period.c: periods are found where there are some, and nowhere else. */
#include "../report/judge/period.h"
#include "chance.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MINUTE (60 * NS_PER_SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

enum { TIMES_MAX = 2048 };
static const nanotime start = INT64_C(1400978881) * NS_PER_SECOND; /* 2014-05-25 00:48:01 UTC */

struct times {
    nanotime at[TIMES_MAX];
    size_t count;
    struct chance chance;
};

/* From 0 up to, not including, 1. */
static double draw(struct times *times)
{
    return (double)chance_below(&times->chance, UINT32_MAX) / (double)UINT32_MAX;
}

/* Of mean 1: the distance of events that come by chance. */
static double draw_wait(struct times *times)
{
    return -log(1 - draw(times));
}

static void begin(struct times *times, uint64_t seed)
{
    times->count = 0;
    times->chance.state = seed * 1000003;
}

static void add(struct times *times, nanotime time)
{
    if (times->count < TIMES_MAX)
        times->at[times->count++] = time;
}

/* Each event begins the next one's time: jitter adds up. */
static void add_series(struct times *times, nanotime period, double jitter, double lost,
                       nanotime from, nanotime until)
{
    for (nanotime at = from; at < until;) {
        if (draw(times) >= lost)
            add(times, at);
        at += (nanotime)((double)period * (1 + jitter * (2 * draw(times) - 1)));
    }
}

static bool find(struct period *out, const struct times *times)
{
    return period_find(out, times->at, times->count);
}

static void check_near(nanotime value, nanotime expected, nanotime tolerance)
{
    if (value < expected - tolerance || value > expected + tolerance)
        fail_msg("%.3f s is not %.3f s", (double)value / 1e9, (double)expected / 1e9);
}

/* --- what has a period --- */

static void exact(void **state)
{
    (void)state;
    struct times times;
    struct period period;
    begin(&times, 1);
    for (int i = 0; i < 4; i++)
        add(&times, start + i * 90 * MINUTE);
    assert_true(find(&period, &times));
    assert_int_equal(period.period, 90 * MINUTE);
    assert_int_equal(period.jitter, 0);
    assert_int_equal(period.repetitions, 4);
    assert_int_equal(period.missed, 0);
    assert_int_equal(period.first, start);
    assert_int_equal(period.last, start + 270 * MINUTE);
    assert_true(period.confidence >= 0.999 && period.confidence <= 1);

    times.count = 3; /* two distances that are alike may be chance */
    assert_false(find(&period, &times));
}

static void any_order(void **state)
{
    (void)state;
    struct times times;
    struct period ordered, mixed;
    begin(&times, 2);
    add_series(&times, 15 * MINUTE, 0.02, 0.2, start, start + DAY);
    assert_true(find(&ordered, &times));
    for (size_t i = times.count - 1; i > 0; i--) {
        size_t other = chance_below(&times.chance, i + 1);
        nanotime time = times.at[i];
        times.at[i] = times.at[other];
        times.at[other] = time;
    }
    assert_true(find(&mixed, &times));
    assert_memory_equal(&ordered, &mixed, sizeof(ordered));
}

/* Of several days with a period of 90 minutes, a third of the events is lost. */
static void a_third_lost(void **state)
{
    (void)state;
    struct times times;
    struct period period;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        begin(&times, seed);
        add_series(&times, 90 * MINUTE, 0.005, 1.0 / 3, start, start + 4 * DAY);
        if (!find(&period, &times))
            fail_msg("seed %u: not found in %zu events", (unsigned)seed, times.count);
        check_near(period.period, 90 * MINUTE, MINUTE);
        assert_true(period.repetitions * 10 >= times.count * 9);
        assert_true(period.jitter < MINUTE);
        assert_in_range(period.missed, 4, 40);
    }
}

static void jitter(void **state)
{
    (void)state;
    struct times times;
    struct period period;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        begin(&times, seed);
        add_series(&times, 90 * MINUTE, 0.1, 1.0 / 5, start, start + 7 * DAY);
        if (!find(&period, &times))
            fail_msg("seed %u: not found in %zu events", (unsigned)seed, times.count);
        check_near(period.period, 90 * MINUTE, 3 * MINUTE);
        check_near(period.jitter, 5 * MINUTE, 3 * MINUTE);
    }
}

/* The period grows by a tenth in all. */
static void drift(void **state)
{
    (void)state;
    struct times times;
    struct period period;
    begin(&times, 3);
    nanotime at = start;
    for (int i = 0; i < 100; i++, at += 10 * MINUTE + i * MINUTE / 100)
        add(&times, at);
    assert_true(find(&period, &times));
    check_near(period.period, 10 * MINUTE + 30 * NS_PER_SECOND, 15 * NS_PER_SECOND);
}

/* Three connections within some seconds, each time. */
static void bursts(void **state)
{
    (void)state;
    struct times times;
    struct period period;
    begin(&times, 4);
    for (int i = 0; i < 40; i++)
        for (int k = 0; k < 3; k++)
            add(&times, start + i * 15 * MINUTE + (nanotime)(draw(&times) * 1e10));
    assert_true(find(&period, &times));
    check_near(period.period, 15 * MINUTE, 2 * NS_PER_SECOND);
    assert_int_equal(period.repetitions, 40);
}

static void two_periods(void **state)
{
    (void)state;
    struct times times;
    struct period period;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        begin(&times, seed);
        add_series(&times, 90 * MINUTE, 0.005, 0.1, start, start + 4 * DAY);
        add_series(&times, 37 * MINUTE, 0.005, 0.1, start + 5 * MINUTE, start + 4 * DAY);
        assert_true(find(&period, &times));
        check_near(period.period, 37 * MINUTE, MINUTE); /* the more frequent one */
    }
}

static void among_others(void **state)
{
    (void)state;
    struct times times;
    struct period period;
    size_t found = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        begin(&times, seed);
        add_series(&times, HOUR, 0.005, 0, start, start + 4 * DAY);
        for (nanotime at = start; at < start + 4 * DAY;
             at += (nanotime)(draw_wait(&times) * (double)(2 * HOUR)))
            add(&times, at);
        if (!find(&period, &times))
            continue;
        found++;
        check_near(period.period, HOUR, MINUTE);
    }
    assert_true(found >= 198);
}

static void pauses(void **state)
{
    (void)state;
    struct times times;
    struct period period;
    begin(&times, 5);
    for (int day = 0; day < 5; day++) /* a laptop in the office */
        for (int i = 0; i < 8; i++)
            add(&times, start + day * DAY + day * 7 * MINUTE + i * HOUR);
    assert_true(find(&period, &times));
    assert_int_equal(period.period, HOUR);
    assert_int_equal(period.repetitions, 40);
    assert_int_equal(period.missed, 0);
}

/* --- what has none --- */

enum chance_kind { POISSON, SECONDS, NIGHT_AND_DAY, RANDOM_BURSTS, HEAVY_TAIL, UNIFORM, KINDS };
static const char *const kind_names[KINDS] = {"Poisson",       "whole seconds", "night and day",
                                              "random bursts", "heavy tail",    "uniform"};

static void add_chance(struct times *times, enum chance_kind kind, size_t count)
{
    nanotime at = start;
    while (times->count < count) {
        double wait = draw_wait(times);
        switch (kind) {
        case POISSON:
            at += (nanotime)(wait * (double)HOUR);
            break;
        case SECONDS: /* as syslog has them */
            at += (nanotime)(wait * 20) * NS_PER_SECOND;
            break;
        case NIGHT_AND_DAY:
            at += (nanotime)(wait * (double)((at - start) % DAY < DAY / 3 ? 3 * HOUR : HOUR / 4));
            break;
        case RANDOM_BURSTS:
            if (draw(times) < 0.8)
                at += (nanotime)(wait * 10e9);
            else
                at += (nanotime)(wait * (double)HOUR);
            break;
        case HEAVY_TAIL:
            at += (nanotime)(exp(12 * draw(times)) * 1e9);
            break;
        case UNIFORM:
            at = start + (nanotime)(draw(times) * (double)DAY);
            break;
        case KINDS:
            break;
        }
        add(times, at);
    }
}

/* Of thousands of sequences without a period, at most one in a thousand may be called periodic. */
static void by_chance(void **state)
{
    (void)state;
    static const size_t counts[] = {4, 5, 7, 10, 20, 50, 120, 300};
    enum { SEEDS = 400 };
    for (unsigned kind = 0; kind < KINDS; kind++) {
        size_t called = 0;
        for (size_t i = 0; i < COUNT_OF(counts); i++)
            for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                struct times times;
                struct period period;
                begin(&times, seed * 64 + kind * 8 + i);
                add_chance(&times, (enum chance_kind)kind, counts[i]);
                if (!find(&period, &times))
                    continue;
                called++;
                print_message("%s, %zu events, seed %u: %.3f s, jitter %.3f s, %u times\n",
                              kind_names[kind], counts[i], (unsigned)seed,
                              (double)period.period / 1e9, (double)period.jitter / 1e9,
                              period.repetitions);
            }
        print_message("%s: %zu of %zu\n", kind_names[kind], called, COUNT_OF(counts) * SEEDS);
        assert_true(called <= COUNT_OF(counts) * SEEDS / 1000);
    }
}

/* Waits that double, as those of retransmissions. */
static void back_off(void **state)
{
    (void)state;
    struct times times;
    struct period period;
    begin(&times, 6);
    nanotime at = start;
    for (int i = 0; i < 12; i++, at += NS_PER_SECOND << i)
        add(&times, at);
    assert_false(find(&period, &times));
}

/* --- what nobody means --- */

static void extreme_times(void **state)
{
    (void)state;
    struct period period;
    const nanotime same[] = {start, start, start, start, start, start};
    assert_false(period_find(&period, same, COUNT_OF(same)));
    assert_false(period_find(&period, same, 0));
    nanotime far[12];
    for (size_t i = 0; i < COUNT_OF(far); i++)
        far[i] = i % 2 ? INT64_MAX - (nanotime)i : INT64_MIN + (nanotime)i;
    assert_false(period_find(&period, far, COUNT_OF(far)));
    for (size_t i = 0; i < COUNT_OF(far); i++)
        far[i] = INT64_MAX - (nanotime)i;
    assert_false(period_find(&period, far, COUNT_OF(far))); /* of nanoseconds nothing is known */
}

static void bounded_memory(void **state)
{
    (void)state;
    struct period_events events = {0};
    struct period period;
    enum { MANY = 100000 };
    for (nanotime i = 0; i < MANY; i++)
        period_events_add(&events, start + i * MINUTE);
    assert_int_equal(events.count, MANY);
    assert_int_equal(events.used, PERIOD_EVENTS_MAX);
    assert_true(period_find(&period, events.times, events.used));
    assert_int_equal(period.period, MINUTE);
    assert_int_equal(period.first, start);
    assert_int_equal(period.last, start + (MANY - 1) * MINUTE);
    assert_int_equal(period.missed, 0); /* those in the middle were not missed, but not kept */
    period_events_done(&events);
    assert_int_equal(events.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact),         cmocka_unit_test(any_order),
        cmocka_unit_test(a_third_lost),  cmocka_unit_test(jitter),
        cmocka_unit_test(drift),         cmocka_unit_test(bursts),
        cmocka_unit_test(two_periods),   cmocka_unit_test(among_others),
        cmocka_unit_test(pauses),        cmocka_unit_test(by_chance),
        cmocka_unit_test(back_off),      cmocka_unit_test(extreme_times),
        cmocka_unit_test(bounded_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
