/* test_flight.c: what is in flight, and which TLS records that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../dissect/flight.h"
#include "../dissect/limits.h"

static void oldest_first(void **state)
{
    (void)state;
    struct flight f = {0};
    nanotime time;
    uint64_t frame;
    assert_false(flight_first(&f, &time, &frame));
    flight_sent(&f, 100, 1, 11);
    flight_sent(&f, 200, 2, 12);
    flight_sent(&f, 300, 3, 13);
    assert_true(flight_first(&f, &time, &frame));
    assert_int_equal(frame, 11);
    flight_acked(&f, 150, 400); /* half of the first */
    assert_true(flight_first(&f, &time, &frame));
    assert_int_equal(frame, 11);
    flight_acked(&f, 200, 400);
    assert_true(flight_first(&f, &time, &frame));
    assert_int_equal(frame, 12);
    assert_int_equal(time, 2);
    flight_acked(&f, 400, 400);
    assert_false(flight_first(&f, &time, &frame));
    assert_null(f.segment_block);
    flight_done(&f);
}

static void records_in_flight(void **state)
{
    (void)state;
    struct flight f = {0};
    struct pending_record out[PENDING_RECORDS_MAX];
    bool more;
    flight_record(&f, 1000, 23, 32); /* 1000 to 1037 */
    flight_record(&f, 1037, 23, 64); /* to 1106 */
    flight_record(&f, 1106, 21, 32); /* to 1143 */
    assert_int_equal(flight_pending(out, &more, &f, 1000, 1143), 3);
    assert_false(more);
    assert_int_equal(out[1].length, 64);
    assert_int_equal(out[2].type, 21);
    assert_false(out[0].partial || out[1].partial || out[2].partial);
    assert_int_equal(flight_pending(out, &more, &f, 1001, 1142), 3);
    assert_true(out[0].partial && !out[1].partial && out[2].partial);
    assert_int_equal(flight_pending(out, &more, &f, 1037, 1106), 1);
    flight_acked(&f, 1106, 1143);
    assert_int_equal(flight_pending(out, &more, &f, 1106, 1143), 1);
    assert_int_equal(out[0].type, 21);
    flight_done(&f);
}

static void many_records(void **state)
{
    (void)state;
    struct flight f = {0};
    struct pending_record out[PENDING_RECORDS_MAX];
    bool more;
    for (uint64_t i = 0; i < 2 * LIMIT_FLIGHT_RECORDS; i++)
        flight_record(&f, i * 105, 23, 100);
    assert_int_equal(f.record_count, LIMIT_FLIGHT_RECORDS);
    assert_int_equal(flight_pending(out, &more, &f, 0, 1000000), PENDING_RECORDS_MAX);
    assert_true(more);
    flight_acked(&f, 2 * LIMIT_FLIGHT_RECORDS * 105, 2 * LIMIT_FLIGHT_RECORDS * 105);
    assert_int_equal(f.record_count, 0);
    for (uint64_t i = 0; i < 2 * LIMIT_FLIGHT_SEGMENTS; i++)
        flight_sent(&f, i * 100, 1, i);
    assert_int_equal(f.segment_count, LIMIT_FLIGHT_SEGMENTS);
    flight_done(&f);
}

/* Once nothing more comes, less memory tells the same. */
static void only_what_is_told_stays(void **state)
{
    (void)state;
    for (uint64_t count = 0; count <= 2 * LIMIT_FLIGHT_RECORDS; count++) {
        const uint64_t una = count % 3 * 105 + count % 7, next = (count + 1) * 105;
        struct flight f = {0};
        struct pending_record before[PENDING_RECORDS_MAX] = {0}, after[PENDING_RECORDS_MAX] = {0};
        bool more_before, more_after;
        nanotime time;
        uint64_t frame;
        for (uint64_t i = 0; i < count; i++) {
            flight_sent(&f, i * 105, 1000 + (nanotime)i, 1 + i);
            flight_record(&f, i * 105, 23, 100);
        }
        const uint8_t pending = flight_pending(before, &more_before, &f, una, next);
        flight_end(&f, una, next);
        assert_int_equal(flight_pending(after, &more_after, &f, una, next), pending);
        assert_int_equal(more_after, more_before);
        assert_memory_equal(after, before, sizeof after);
        assert_int_equal(flight_first(&f, &time, &frame), count > 0);
        assert_true(count == 0 || (time == 1000 && frame == 1));
        assert_true(flight_memory(&f) < 512);
        flight_done(&f);
    }
}

/* What a connection has in flight most often. */
static void few_of_each_hold_no_memory(void **state)
{
    (void)state;
    static const struct flight idle;
    struct flight f = {0};
    for (unsigned i = 0; i < FLIGHT_SEGMENTS; i++)
        flight_sent(&f, 100 * (i + 1), 1 + i, 11 + i);
    for (unsigned i = 0; i < FLIGHT_RECORDS; i++)
        flight_record(&f, 100 + 50 * i, 23, 45);
    assert_null(f.segment_block);
    assert_null(f.record_block);
    flight_sent(&f, 300, 3, 13);
    flight_record(&f, 300, 23, 45);
    struct flight moved = f;
    assert_int_equal(flight_memory(&moved) > 0, 1);
    flight_acked(&moved, 200, 350);
    assert_int_equal(flight_memory(&moved), 0);
    flight_acked(&moved, 350, 350);
    assert_int_equal(moved.acked_frame, 12);
    moved.acked_frame = 0;
    moved.acked_time = 0;
    assert_memory_equal(&moved, &idle, sizeof idle);
    flight_done(&moved);
}

enum { NEAR = 3, MANY = 40 };

/* A queue and its owner. */
struct numbers {
    uint32_t others[NEAR - 1], first;
    uint16_t count;
    struct fifo_block *block;
};

static struct fifo queue_of(struct numbers *n)
{
    return (struct fifo){&n->count, &n->block, &n->first, n->others, NEAR, sizeof n->first};
}

static void add(struct fifo fifo, uint32_t number, unsigned most)
{
    uint32_t *place = fifo_add(fifo, most);
    assert_non_null(place);
    assert_int_equal(*place, 0);
    *place = number;
}

/* The queue holds the numbers from `from` to `to`, and nothing else is left in its owner. */
static void expect_numbers(struct numbers *n, uint32_t from, uint32_t to)
{
    struct fifo fifo = queue_of(n);
    assert_int_equal(n->count, to - from);
    for (uint32_t i = from; i < to; i++)
        assert_int_equal(*(const uint32_t *)fifo_at(fifo, i - from), i);
    assert_null(fifo_at(fifo, to - from));
    for (uint32_t i = to - from; i < NEAR; i++)
        assert_int_equal(*(const uint32_t *)(void *)fifo_near(fifo, i), 0);
    assert_int_equal(n->block != NULL, to - from > NEAR);
}

/* From each length to each shorter one, from where others have gone before. */
static void some_are_dropped(void **state)
{
    (void)state;
    for (uint32_t length = 1; length < MANY; length++)
        for (unsigned before = 0; before <= length; before++)
            for (unsigned then = 1; before + then <= length; then++) {
                struct numbers n = {0};
                struct fifo fifo = queue_of(&n);
                uint32_t number;
                for (number = 1; number <= length; number++)
                    add(fifo, number, MANY);
                if (before > 0)
                    fifo_drop(fifo, before);
                expect_numbers(&n, before + 1, number);
                add(fifo, number, MANY);
                fifo_drop(fifo, then);
                expect_numbers(&n, before + then + 1, number + 1);
                fifo_done(fifo);
            }
}

/* A queue that is filled and emptied for long stays small. */
static void a_moving_queue_stays_small(void **state)
{
    (void)state;
    struct numbers n = {0};
    struct fifo fifo = queue_of(&n);
    for (uint32_t i = 0; i < 100000; i++) {
        add(fifo, i, 10);
        if (i >= 4) {
            for (uint32_t j = 0; j < 5; j++)
                assert_int_equal(*(const uint32_t *)fifo_at(fifo, j), i - 4 + j);
            fifo_drop(fifo, 1);
        }
    }
    assert_in_range(fifo_memory(n.block, sizeof n.first), 1, 16 * sizeof n.first);
    fifo_done(fifo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_first),
        cmocka_unit_test(records_in_flight),
        cmocka_unit_test(only_what_is_told_stays),
        cmocka_unit_test(many_records),
        cmocka_unit_test(few_of_each_hold_no_memory),
        cmocka_unit_test(some_are_dropped),
        cmocka_unit_test(a_moving_queue_stays_small),
    };
    return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
