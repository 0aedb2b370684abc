/* test_batch.c: segments in a batch keep their bytes, wherever those lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/batch.h"

enum { HEADERS = 40, LARGE = 60000 };

/* Puts a segment of `n` payload bytes of one value into the batch's next place. */
static uint8_t *put(struct batch *batch, uint8_t value, size_t n)
{
    uint8_t *ip = xmalloc(HEADERS + n);
    memset(ip, value, HEADERS + n);
    *batch_next(batch) =
        (struct segment){.payload = span_of(ip + HEADERS, n), .headers = HEADERS, .seq = value};
    return ip;
}

static void assert_holds(const struct batch *batch, uint32_t i, size_t n)
{
    struct span ip = segment_ip(&batch->segments[i]);
    assert_int_equal(ip.n, HEADERS + n);
    for (size_t at = 0; at < ip.n; at++)
        assert_int_equal(ip.p[at], batch->segments[i].seq);
}

/* Far more than there is room for: those that were there before don't move. */
static void bytes_beyond_the_room(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    struct batch batch = {0};
    batch_clear(&batch, 0);
    assert_true(batch.room < (size_t)COUNT * LARGE);
    for (unsigned i = 0; i < COUNT; i++) {
        uint8_t *ip = put(&batch, (uint8_t)i, LARGE);
        batch_keep(&batch);
        memset(ip, 0xff, HEADERS + LARGE);
        free(ip);
        batch_add(&batch, i % SHARDS, 0, i, 0);
    }
    for (unsigned i = 0; i < COUNT; i++)
        assert_holds(&batch, i, LARGE);
    for (unsigned i = 0; i < COUNT; i++)
        assert_ptr_equal(batch.of[i % SHARDS].first[i / SHARDS].segment, &batch.segments[i]);
    assert_int_equal(batch.of[0].end - batch.of[0].first, (COUNT + SHARDS - 1) / SHARDS);
    batch_clear(&batch, 0);
    assert_ptr_equal(batch.of[0].first, batch.of[0].end);
    batch_done(&batch);
}

static void bytes_that_stay_are_not_copied(void **state)
{
    (void)state;
    struct batch batch = {0};
    batch_clear(&batch, 0);
    uint8_t *ip = put(&batch, 7, 100);
    batch_add(&batch, 0, 0, 0, 0);
    assert_ptr_equal(segment_ip(&batch.segments[0]).p, ip);
    assert_int_equal(batch.used, 0);
    batch_done(&batch);
    free(ip);
}

static void what_a_tunnel_said_is_kept(void **state)
{
    (void)state;
    struct batch batch = {0};
    struct outer outer = {.ends = {{1, 2, 3}}};
    batch_clear(&batch, 0);
    *batch_next(&batch) = (struct segment){.outer = &outer};
    batch_keep(&batch);
    batch_add(&batch, 0, 0, 0, 0);
    memset(&outer, 0, sizeof outer);
    assert_int_equal(batch.segments[0].outer->ends[0][2], 3);
    batch_done(&batch);
}

/* Three batches of two shards, one of them grown; some at a time, and not all batches have as many.
 */
static void merged_in_the_order_of_frames(void **state)
{
    (void)state;
    enum { FROM = 3, COUNT = 3000, SHARD = 4, OTHER = 5 };
    enum { SOME = 256 };
    struct batch batches[FROM] = {0};
    struct arrivals left[FROM];
    struct arrival merged[SOME];
    for (unsigned i = 0; i < FROM; i++)
        batch_clear(&batches[i], 0);
    for (uint64_t frame = 1; frame <= COUNT; frame++) {
        struct batch *batch = &batches[frame * frame % 7 % FROM];
        if (batch_count(batch) == batch->most)
            batch_grow(batch);
        *batch_next(batch) = (struct segment){.frame = frame};
        batch_add(batch, frame % 10 ? SHARD : OTHER, frame & 1, (uint32_t)frame * 2,
                  (nanotime)frame * 3);
    }
    for (unsigned i = 0; i < FROM; i++)
        left[i] = batches[i].of[SHARD];
    uint64_t frame = 0;
    size_t n;
    do {
        n = arrivals_merge(merged, SOME, left, FROM);
        for (const struct arrival *a = merged; a < merged + n; a++) {
            frame += frame % 10 == 9 ? 2 : 1;
            assert_int_equal(a->segment->frame, frame);
            assert_int_equal(a->from, frame & 1);
            assert_int_equal(a->hash, frame * 2);
            assert_int_equal(a->now, frame * 3);
        }
    } while (n == SOME);
    assert_int_equal(frame, COUNT - 1);
    for (unsigned i = 0; i < FROM; i++)
        batch_done(&batches[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_beyond_the_room),
        cmocka_unit_test(bytes_that_stay_are_not_copied),
        cmocka_unit_test(what_a_tunnel_said_is_kept),
        cmocka_unit_test(merged_in_the_order_of_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
