/* test_cadence.c: keep-alives are told from what else ends a silence. */
#include "../dissect/cadence.h"
#include "../report/keepalive.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#define MINUTE (60 * NS_PER_SECOND)

static const nanotime start = INT64_C(1400978880) * NS_PER_SECOND;

struct run {
    struct cadence *cadence;
    nanotime last; /* data of either end */
};

static void send(struct run *run, unsigned direction, uint16_t length, nanotime after_start)
{
    nanotime time = start + after_start;
    bool had = run->cadence != NULL;
    bool made = cadence_note(&run->cadence, direction, length, start, time, time - run->last);
    assert_int_equal(made, !had && run->cadence);
    run->last = time;
}

static bool finish(struct run *run, struct flow_record *record, struct period *period)
{
    static const struct tls_facts tls;
    *record = (struct flow_record){.tls = &tls};
    bool known = cadence_facts(&record->keepalive, run->cadence, start);
    free(run->cadence);
    run->cadence = NULL;
    return known && keepalive_period(period, record);
}

static void regular(void **state)
{
    (void)state;
    struct run run = {.last = start};
    struct flow_record record;
    struct period period;
    for (int i = 1; i <= 100; i++) {
        send(&run, 0, 37, i * 15 * MINUTE);
        send(&run, 1, 53, i * 15 * MINUTE + NS_PER_SECOND / 5);
    }
    assert_true(finish(&run, &record, &period));
    assert_int_equal(period.period, 15 * MINUTE);
    assert_int_equal(record.keepalive.count, 100);
    assert_int_equal(record.keepalive.answers, 100);
    assert_int_equal(record.keepalive.length, 37);
    assert_int_equal(record.keepalive.answer_length, 53);
    assert_int_equal(record.keepalive.direction, 0);
    assert_int_equal(record.keepalive.time_count, CADENCE_TIMES);
    assert_int_equal(record.keepalive.times[CADENCE_TIMES - 1], start + 1500 * MINUTE);
}

/* Notifications come between them, at any time and of any length, also before the first. */
static void among_data(void **state)
{
    (void)state;
    struct run run = {.last = start};
    struct flow_record record;
    struct period period;
    send(&run, 1, 200, MINUTE);
    for (int i = 1; i <= 40; i++) {
        send(&run, 0, 37, i * 10 * MINUTE);
        send(&run, 1, 37, i * 10 * MINUTE + NS_PER_SECOND / 10);
        if (i % 3 == 0)
            send(&run, 1, (uint16_t)(100 + i), i * 10 * MINUTE + i * 5 * NS_PER_SECOND);
        if (i % 5 == 0)
            send(&run, 1, 1200, i * 10 * MINUTE + 5 * MINUTE);
    }
    assert_true(finish(&run, &record, &period));
    assert_int_equal(period.period, 10 * MINUTE);
    assert_int_equal(record.keepalive.length, 37);
    assert_int_equal(record.keepalive.answers, 39); /* the first made way for these */
}

static void no_keepalives(void **state)
{
    (void)state;
    struct run run = {.last = start};
    struct flow_record record;
    struct period period;
    for (int i = 1; i <= 100; i++) /* never silent */
        send(&run, 0, 37, i * 9 * NS_PER_SECOND);
    assert_null(run.cadence);
    for (int i = 1; i <= 100; i++) /* long ones */
        send(&run, 0, CADENCE_LENGTH_MAX + 1, 20 * MINUTE + i * MINUTE);
    assert_null(run.cadence);
    for (int i = 1; i <= 100; i++) /* each of another length */
        send(&run, 0, (uint16_t)(37 + i), 200 * MINUTE + i * MINUTE);
    assert_false(finish(&run, &record, &period));
    for (int i = 1; i <= 30; i++) /* alike, and at no regular time */
        send(&run, 0, 37, 400 * MINUTE + i * i * MINUTE);
    assert_false(finish(&run, &record, &period));
    for (int i = 1; i <= 3; i++) /* too few */
        send(&run, 0, 37, 2000 * MINUTE + i * MINUTE);
    assert_false(finish(&run, &record, &period));
}

static void extreme_times(void **state)
{
    (void)state;
    struct cadence *cadence = NULL;
    struct keepalive_facts facts;
    const nanotime times[] = {INT64_MAX, INT64_MIN / 2, 0, -1, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(times); i++)
        (void)cadence_note(&cadence, 1, 37, 0, times[i], INT64_MAX);
    assert_true(cadence_facts(&facts, cadence, 0));
    assert_int_equal(facts.times[1], 0);
    free(cadence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(regular), cmocka_unit_test(among_data),
                                       cmocka_unit_test(no_keepalives),
                                       cmocka_unit_test(extreme_times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
