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
    struct span ip = segment_ip(&batch->segments[i].segment);
    assert_int_equal(ip.n, HEADERS + n);
    for (size_t at = 0; at < ip.n; at++)
        assert_int_equal(ip.p[at], batch->segments[i].segment.seq);
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
    assert_int_equal(batch.first[3]->segment.seq, 3);
    assert_ptr_equal(batch.link[3], &batch.segments[19].next);
    batch_clear(&batch, 0);
    assert_null(batch.first[3]);
    batch_done(&batch);
}

static void bytes_that_stay_are_not_copied(void **state)
{
    (void)state;
    struct batch batch = {0};
    batch_clear(&batch, 0);
    uint8_t *ip = put(&batch, 7, 100);
    batch_add(&batch, 0, 0, 0, 0);
    assert_ptr_equal(segment_ip(&batch.segments[0].segment).p, ip);
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
    assert_int_equal(batch.segments[0].segment.outer->ends[0][2], 3);
    batch_done(&batch);
}

/* Three batches of two shards, one of them grown; the merged one is too small for all at once. */
static void merged_in_the_order_of_frames(void **state)
{
    (void)state;
    enum { FROM = 3, COUNT = 3000, SHARD = 4, OTHER = 5 };
    struct batch batches[FROM] = {0}, merged = {0};
    const struct batch_segment *next[FROM];
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
        next[i] = batches[i].first[SHARD];
    uint64_t frame = 0;
    for (bool more = true; more;) {
        batch_clear(&merged, 0);
        more = batch_merge(&merged, SHARD, next, FROM);
        assert_true(more ? batch_count(&merged) == merged.most : batch_count(&merged) > 0);
        assert_null(merged.first[OTHER]);
        for (const struct batch_segment *s = merged.first[SHARD]; s; s = s->next) {
            frame += frame % 10 == 9 ? 2 : 1;
            assert_int_equal(s->segment.frame, frame);
            assert_int_equal(s->from, frame & 1);
            assert_int_equal(s->hash, frame * 2);
            assert_int_equal(s->now, frame * 3);
        }
    }
    assert_int_equal(frame, COUNT - 1);
    for (unsigned i = 0; i < FROM; i++)
        batch_done(&batches[i]);
    batch_done(&merged);
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
