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
    assert_null(f.segments.block);
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
    assert_int_equal(f.records.count, LIMIT_FLIGHT_RECORDS);
    assert_int_equal(flight_pending(out, &more, &f, 0, 1000000), PENDING_RECORDS_MAX);
    assert_true(more);
    flight_acked(&f, 2 * LIMIT_FLIGHT_RECORDS * 105, 2 * LIMIT_FLIGHT_RECORDS * 105);
    assert_int_equal(f.records.count, 0);
    for (uint64_t i = 0; i < 2 * LIMIT_FLIGHT_SEGMENTS; i++)
        flight_sent(&f, i * 100, 1, i);
    assert_int_equal(f.segments.count, LIMIT_FLIGHT_SEGMENTS);
    flight_done(&f);
}

/* One segment and one record are what a quiet connection has in flight at most. */
static void one_of_each_holds_no_memory(void **state)
{
    (void)state;
    static const struct flight idle;
    struct flight f = {0};
    flight_sent(&f, 100, 1, 11);
    flight_record(&f, 100, 23, 95);
    assert_null(f.segments.block);
    assert_null(f.records.block);
    flight_sent(&f, 200, 2, 12);
    flight_record(&f, 200, 23, 95);
    struct flight moved = f;
    flight_acked(&moved, 200, 300);
    assert_null(moved.segments.block);
    assert_null(moved.records.block);
    flight_acked(&moved, 300, 300);
    assert_int_equal(moved.acked_frame, 12);
    moved.acked_frame = 0;
    moved.acked_time = 0;
    assert_memory_equal(&moved, &idle, sizeof idle);
    flight_done(&moved);
}

/* A queue that is filled and emptied for long stays small. */
static void a_moving_queue_stays_small(void **state)
{
    (void)state;
    struct fifo fifo = {0};
    uint32_t first = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        assert_true(fifo_push(&fifo, &first, &i, sizeof i, 10));
        if (i >= 3) {
            assert_int_equal(first, i - 3);
            assert_int_equal(*(const uint32_t *)fifo_second(&fifo, sizeof i), i - 2);
            assert_ptr_equal(fifo_at(&fifo, &first, 0, sizeof i), &first);
            assert_int_equal(*(const uint32_t *)fifo_at(&fifo, &first, 3, sizeof i), i);
            fifo_pop(&fifo, &first, sizeof i);
        }
    }
    assert_true(fifo.room <= 16);
    assert_null(fifo_at(&fifo, &first, 3, sizeof first));
    fifo_done(&fifo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_first),
        cmocka_unit_test(records_in_flight),
        cmocka_unit_test(many_records),
        cmocka_unit_test(one_of_each_holds_no_memory),
        cmocka_unit_test(a_moving_queue_stays_small),
    };
    return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
