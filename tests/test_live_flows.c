/* test_live_flows.c: flows of a live run: each is told once, soon after its end, however many end
 * at the same moment and whatever comes with them; those that go on are in every snapshot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/handout.h"
#include "../dissect/limits.h"
#include "traffic.h"

/* More than are prepared at once, and more than are in working order, in each shard. */
enum { MANY = 3 * SHARDS * (LIMIT_AWAKE + HANDOUT_MAX) };
enum { SOON = LIMIT_LINGER_S + 2 };

static void begin(struct traffic *traffic, unsigned threads)
{
    traffic_begin(traffic, (struct pipeline_options){.live = true, .threads = threads});
    traffic->step = NS_PER_SECOND / 1000000;
}

static void expect_clients_once(const struct traffic *traffic, size_t from, uint32_t first,
                                uint32_t count)
{
    bool *seen = xcalloc(count, sizeof *seen);
    assert_int_equal(traffic->count - from, count);
    for (size_t i = from; i < traffic->count; i++) {
        uint32_t client = traffic->flows[i].client;
        assert_in_range(client, first, first + count - 1);
        assert_false(seen[client - first]);
        seen[client - first] = true;
    }
    free(seen);
}

static void many_end_at_once(void **state)
{
    (void)state;
    struct traffic t;
    for (unsigned threads = 1; threads <= 3; threads++) {
        begin(&t, threads);
        for (uint32_t i = 0; i < MANY; i++) {
            traffic_open(&t, i);
            traffic_close(&t, i);
        }
        pipeline_flush(t.pipeline);
        assert_int_equal(t.count, 0);
        t.now += SOON * NS_PER_SECOND;
        pipeline_advance(t.pipeline, t.now);
        expect_clients_once(&t, 0, 0, MANY);
        for (uint32_t i = 0; i < MANY; i++) /* too late to be a part of it, and no new one */
            traffic_send(&t, i, false, FLAG_ACK, 9002, 102);
        assert_true(pipeline_finish(t.pipeline, t.now, NULL, NULL));
        expect_clients_once(&t, 0, 0, MANY);
        for (size_t i = 0; i < t.count; i++) {
            assert_int_equal(t.flows[i].n, i + 1);
            assert_int_equal(t.flows[i].end_reason, ENDED_CLOSED);
            assert_true(t.flows[i].final);
        }
        assert_int_equal(pipeline_counts(t.pipeline).matched, 7 * MANY);
        traffic_end(&t);
    }
}

/* A connection with a ClientHello that its server resets. */
static void hello_and_reset(struct traffic *t, uint32_t client, uint32_t isn)
{
    traffic_send(t, client, true, FLAG_SYN, isn, 0);
    traffic_send(t, client, false, FLAG_SYN | FLAG_ACK, 9000, isn + 1);
    traffic_send(t, client, true, FLAG_ACK, isn + 1, 9001);
    traffic_hello(t, client, isn);
    traffic_send(t, client, false, FLAG_RST, 9001, 0);
}

static void expect_hellos(const struct traffic *t, uint32_t clients)
{
    for (size_t i = 0; i < t->count; i++) {
        assert_true(t->flows[i].client >= clients || t->flows[i].sni > 0);
        assert_true(t->flows[i].client >= clients || t->flows[i].packets == 5);
    }
}

/* A program that was stopped for a while finds all that at once: ends that are long past, the same
 * ports used again, and enough others that nothing stays in working order. */
static void ends_and_what_follows_in_one_batch(void **state)
{
    (void)state;
    enum { FEW = 200, OTHERS = 6000 };
    struct traffic t;
    for (unsigned end = 0; end < 3; end++) {
        begin(&t, 2);
        for (uint32_t i = 0; i < FEW; i++)
            hello_and_reset(&t, i, 100);
        pipeline_flush(t.pipeline);
        t.now += SOON * NS_PER_SECOND;
        traffic_ack(&t, FEW);
        for (uint32_t i = 0; i < FEW; i++)
            hello_and_reset(&t, i, 70000);
        for (uint32_t i = FEW; i < FEW + OTHERS; i++)
            traffic_ack(&t, i);
        pipeline_flush(t.pipeline);
        expect_clients_once(&t, 0, 0, FEW);
        expect_hellos(&t, FEW);
        if (end == 0)
            pipeline_snapshot(t.pipeline, t.now);
        if (end < 2) {
            t.count = 0;
            assert_true(pipeline_finish(t.pipeline, t.now, NULL, NULL));
            expect_clients_once(&t, 0, 0, FEW + OTHERS);
            expect_hellos(&t, FEW);
        }
        traffic_end(&t);
    }
}

/* The end of the run comes in the moment in which flows are due. */
static void the_end_when_flows_are_due(void **state)
{
    (void)state;
    struct traffic t;
    for (unsigned advance = 0; advance < 2; advance++) {
        begin(&t, 1);
        for (uint32_t i = 0; i < MANY; i++) {
            traffic_open(&t, i);
            traffic_close(&t, i);
        }
        t.now += SOON * NS_PER_SECOND;
        traffic_ack(&t, MANY);
        if (advance)
            pipeline_advance(t.pipeline, t.now);
        assert_true(pipeline_finish(t.pipeline, t.now + NS_PER_SECOND, NULL, NULL));
        expect_clients_once(&t, 0, 0, MANY + 1);
        traffic_end(&t);
    }
}

/* Lone SYNs, connections in working order, and such as have long been at rest. */
static void snapshots_show_all_that_go_on(void **state)
{
    (void)state;
    struct traffic t;
    begin(&t, 2);
    for (uint32_t i = 0; i < MANY; i++)
        traffic_open(&t, i);
    for (uint32_t i = MANY; i < 2 * MANY; i++)
        traffic_syn(&t, i);
    traffic_open(&t, 2 * MANY);
    traffic_close(&t, 2 * MANY); /* over, and not reported yet */
    for (unsigned round = 0; round < 2; round++) {
        size_t from = t.count;
        pipeline_snapshot(t.pipeline, t.now);
        expect_clients_once(&t, from, 0, 2 * MANY);
        for (size_t i = from; i < t.count; i++) {
            bool open = t.flows[i].client < MANY;
            assert_false(t.flows[i].final);
            assert_int_equal(t.flows[i].n, i + 1);
            assert_int_equal(t.flows[i].end_reason, ENDED_INTERVAL);
            assert_int_equal(t.flows[i].packets, open ? 3 + round : 1);
            assert_int_equal(t.flows[i].teardown, open ? TEARDOWN_OPEN : TEARDOWN_UNANSWERED);
        }
        for (uint32_t i = 0; i < MANY; i++)
            traffic_ack(&t, i);
    }
    assert_int_equal(pipeline_counts(t.pipeline).flows, 0);
    t.count = 0;
    assert_true(pipeline_finish(t.pipeline, t.now, NULL, NULL));
    expect_clients_once(&t, 0, 0, 2 * MANY + 1);
    for (size_t i = 0; i < t.count; i++)
        assert_int_equal(t.flows[i].n, i + 1);
    traffic_end(&t);
}

/* --- several inputs --- */

enum { INPUTS = 3, EACH = 5000, FRAMES = INPUTS * EACH };

/* Rings, each of which has its own clients, and counts its own packets. */
struct rings {
    struct traffic rings[INPUTS];
    uint32_t sent[INPUTS];
};

/* Fills the batch, or stops somewhere before. */
static bool fill(void *context, unsigned input, struct intake *intake)
{
    struct rings *rings = context;
    uint32_t *sent = &rings->sent[input], most = *sent + 1000 * (input + 1);
    bool fits = true;
    while (fits && *sent < most && *sent < EACH) {
        struct packet packet = traffic_packet(&rings->rings[input], *sent * INPUTS + input, true,
                                              FLAG_SYN, 100, 0, span_of(NULL, 0));
        packet.frame = *sent + 1;
        fits = intake_packet(intake, &packet);
        *sent += fits;
        free((void *)(uintptr_t)packet.bytes);
    }
    return false;
}

static void inputs_number_their_frames_together(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        struct traffic t;
        struct rings rings = {.sent = {0}};
        bool *seen = xcalloc(FRAMES + 1, sizeof *seen);
        traffic_begin(
            &t, (struct pipeline_options){.live = true, .threads = threads, .inputs = INPUTS});
        for (unsigned i = 0; i < INPUTS; i++) /* all at the same time */
            rings.rings[i] = (struct traffic){.now = t.now, .step = t.step};
        while (rings.sent[0] < EACH || rings.sent[1] < EACH || rings.sent[2] < EACH)
            pipeline_fill(t.pipeline, fill, &rings);
        pipeline_fill(t.pipeline, fill, &rings); /* nothing more */
        assert_int_equal(pipeline_counts(t.pipeline).packets, FRAMES);
        assert_true(pipeline_finish(t.pipeline, 0, NULL, NULL));
        assert_int_equal(t.count, FRAMES);
        for (size_t i = 0; i < t.count; i++) {
            uint64_t frame = t.flows[i].first_frame;
            assert_in_range(frame, 1, FRAMES);
            assert_int_equal(t.flows[i].last_frame, frame);
            assert_false(seen[frame]);
            seen[frame] = true;
        }
        free(seen);
        traffic_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_end_at_once),
        cmocka_unit_test(ends_and_what_follows_in_one_batch),
        cmocka_unit_test(the_end_when_flows_are_due),
        cmocka_unit_test(snapshots_show_all_that_go_on),
        cmocka_unit_test(inputs_number_their_frames_together),
    };
    return cmocka_run_group_tests_name("live_flows", tests, NULL, NULL);
}
