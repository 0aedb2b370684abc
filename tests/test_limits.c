/* test_limits.c: what goes when there is too much, and that all is told in order and once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/limits.h"
#include "full_disk.h"
#include "traffic.h"

/* Limits hold for each shard, so that they have room for chance: clients of a kind are few beside
 * the limit, or many. */
enum { MAX_FLOWS = 1600, FEW = 200, MANY = 5000 };

static void finish(struct traffic *traffic)
{
    assert_true(pipeline_finish(traffic->pipeline, 0, NULL, NULL));
}

/* Each client from 0 on is told of once, with rising n, in the order of first packets unless it was
 * asked for otherwise. Gives them by client; the caller frees it. */
static struct traffic_flow *by_client(const struct traffic *traffic, uint32_t clients,
                                      bool in_order)
{
    struct traffic_flow *found = xcalloc(clients, sizeof *found);
    assert_int_equal(traffic->count, clients);
    for (size_t i = 0; i < traffic->count; i++) {
        const struct traffic_flow *flow = &traffic->flows[i];
        assert_int_equal(flow->n, i + 1);
        assert_in_range(flow->client, 0, clients - 1);
        assert_int_equal(found[flow->client].n, 0);
        assert_true(flow->final);
        if (in_order && i > 0)
            assert_true(flow->first_frame > flow[-1].first_frame);
        found[flow->client] = *flow;
    }
    return found;
}

static uint32_t evicted(const struct traffic_flow *flows, uint32_t first, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = first; i < first + count; i++)
        sum += flows[i].end_reason == ENDED_EVICTED;
    return sum;
}

static void lone_syns_go_first(void **state)
{
    (void)state;
    struct traffic t;
    for (unsigned order_end = 0; order_end < 2; order_end++) {
        traffic_begin(&t,
                      (struct pipeline_options){.max_flows = MAX_FLOWS, .order_end = order_end});
        for (uint32_t i = 0; i < FEW; i++)
            traffic_open(&t, i);
        for (uint32_t i = FEW; i < 2 * FEW; i++) {
            traffic_open(&t, i);
            traffic_close(&t, i);
        }
        for (uint32_t i = 2 * FEW; i < 2 * FEW + MANY; i++)
            traffic_syn(&t, i);
        finish(&t);
        struct traffic_flow *flows = by_client(&t, 2 * FEW + MANY, !order_end);
        for (uint32_t i = 0; i < 2 * FEW; i++)
            assert_int_equal(flows[i].end_reason, i < FEW ? ENDED_END_OF_CAPTURE : ENDED_CLOSED);
        uint32_t gone = evicted(flows, 2 * FEW, MANY);
        assert_in_range(gone, MANY + 2 * FEW - MAX_FLOWS, MANY);
        struct dissect_counts counts = pipeline_counts(t.pipeline);
        assert_int_equal(counts.flows_evicted, gone);
        assert_int_equal(counts.flows, 2 * FEW + MANY);
        assert_int_equal(counts.matched, FEW * 3 + FEW * 6 + MANY);
        free(flows);
        traffic_end(&t);
    }
}

/* What has closed is over: its record says so, though it was made early. */
static void then_those_that_have_closed(void **state)
{
    (void)state;
    struct traffic t;
    traffic_begin(&t, (struct pipeline_options){.max_flows = MAX_FLOWS});
    for (uint32_t i = 0; i < FEW; i++)
        traffic_open(&t, i);
    for (uint32_t i = FEW; i < FEW + MANY; i++) {
        traffic_open(&t, i);
        traffic_close(&t, i);
    }
    finish(&t);
    struct traffic_flow *flows = by_client(&t, FEW + MANY, true);
    for (uint32_t i = 0; i < FEW + MANY; i++) {
        assert_int_equal(flows[i].end_reason, i < FEW ? ENDED_END_OF_CAPTURE : ENDED_CLOSED);
        assert_int_equal(flows[i].packets, i < FEW ? 3 : 6);
    }
    assert_in_range(pipeline_counts(t.pipeline).flows_evicted, MANY + FEW - MAX_FLOWS, MANY);
    free(flows);
    traffic_end(&t);
}

/* The oldest ones are those that are busy, and stay. */
static void then_those_silent_the_longest(void **state)
{
    (void)state;
    struct traffic t;
    traffic_begin(&t, (struct pipeline_options){.max_flows = MAX_FLOWS});
    for (uint32_t i = 0; i < 2 * FEW; i++)
        traffic_open(&t, i);
    for (uint32_t i = 2 * FEW; i < 2 * FEW + MANY; i++) {
        t.now += NS_PER_SECOND;
        traffic_open(&t, i);
        if (i % 200 == 0)
            for (uint32_t busy = 0; busy < FEW; busy++)
                traffic_ack(&t, busy);
    }
    finish(&t);
    struct traffic_flow *flows = by_client(&t, 2 * FEW + MANY, true);
    assert_int_equal(evicted(flows, 0, FEW), 0);
    assert_int_equal(evicted(flows, FEW, FEW), FEW);
    assert_int_equal(evicted(flows, FEW, FEW + MANY), pipeline_counts(t.pipeline).flows_evicted);
    free(flows);
    traffic_end(&t);
}

static void memory_is_a_limit_too(void **state)
{
    (void)state;
    enum { FLOOD = 400 * 1000 }; /* lone SYNs of 100 bytes and more each, for 24 MiB */
    struct traffic t;
    traffic_begin(&t,
                  (struct pipeline_options){.max_memory = UINT64_C(64) << 20, .order_end = true});
    for (uint32_t i = 0; i < FEW; i++)
        traffic_open(&t, i);
    for (uint32_t i = FEW; i < FEW + FLOOD; i++)
        traffic_syn(&t, i);
    finish(&t);
    struct traffic_flow *flows = by_client(&t, FEW + FLOOD, false);
    assert_int_equal(evicted(flows, 0, FEW), 0);
    assert_in_range(evicted(flows, FEW, FLOOD), FLOOD / 4, FLOOD - 1);
    free(flows);
    traffic_end(&t);
}

/* --- order, though much of it has to wait --- */

enum { CLOSED = 60 * 1000, SYNS = 20 * 1000, ALL = 1 + CLOSED + SYNS };

/* One connection stays open from the first packet to the last, and all others wait for it. */
static void send_behind_an_old_one(struct traffic *t)
{
    traffic_open(t, 0);
    t->step = 4 * NS_PER_SECOND / 1000;
    for (uint32_t i = 1; i <= CLOSED; i++) {
        traffic_open(t, i);
        traffic_close(t, i);
        if (i % (CLOSED / SYNS) == 0)
            traffic_syn(t, CLOSED + i / (CLOSED / SYNS));
        if (i % 1000 == 0)
            traffic_ack(t, 0);
    }
}

static void what_waits_on_disk_comes_in_order(void **state)
{
    (void)state;
    struct traffic t, other;
    traffic_begin(&other, (struct pipeline_options){.max_memory = UINT64_C(8) << 30});
    send_behind_an_old_one(&other);
    finish(&other);
    free(by_client(&other, ALL, true));
    for (unsigned threads = 1; threads <= 7; threads += 3) {
        traffic_begin(
            &t, (struct pipeline_options){.max_memory = UINT64_C(64) << 20, .threads = threads});
        send_behind_an_old_one(&t);
        assert_int_equal(t.count, 0);
        finish(&t);
        assert_int_equal(t.count, other.count);
        assert_memory_equal(t.flows, other.flows, t.count * sizeof *t.flows);
        assert_int_equal(pipeline_counts(t.pipeline).flows_evicted, 0);
        traffic_end(&t);
    }
    traffic_end(&other);
}

static void send_byte(struct traffic *t, uint32_t client, bool from_client, uint32_t seq,
                      uint32_t ack)
{
    struct packet packet =
        traffic_packet(t, client, from_client, FLAG_ACK, seq, ack, span_of("x", 1));
    packet.frame = ++t->frame;
    pipeline_packet(t->pipeline, &packet);
    free((void *)(uintptr_t)packet.bytes);
}

/* A client sends `count` bytes, each by itself, and nobody acknowledges them. */
static void send_unacked(struct traffic *t, uint32_t client, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        send_byte(t, client, true, 101 + i, 9001);
}

/* Of flows that are all in working order, too: here are fewer than LIMIT_AWAKE in each shard. */
static void what_is_in_flight_counts(void **state)
{
    (void)state;
    enum { CLIENTS = 3000, SEGMENTS = 40 };
    for (uint32_t sent = 0; sent <= SEGMENTS; sent += SEGMENTS) {
        struct traffic t;
        traffic_begin(&t, (struct pipeline_options){.max_memory = UINT64_C(40) << 20});
        for (uint32_t i = 0; i < CLIENTS; i++)
            traffic_open(&t, i);
        for (uint32_t i = 0; i < CLIENTS; i++)
            send_unacked(&t, i, sent);
        finish(&t);
        const uint64_t gone = pipeline_counts(t.pipeline).flows_evicted;
        assert_in_range(gone, sent ? CLIENTS / 10 : 0, sent ? CLIENTS : 0);
        traffic_end(&t);
    }
}

/* The rest is still told, in order. */
static void a_full_disk_is_said(void **state)
{
    (void)state;
    struct traffic t;
    traffic_begin(&t, (struct pipeline_options){.max_memory = UINT64_C(64) << 20});
    limit_files(200 * 1000);
    send_behind_an_old_one(&t);
    assert_false(pipeline_finish(t.pipeline, 0, NULL, NULL));
    limit_files(RLIM_INFINITY);
    assert_in_range(t.count, ALL / 10, ALL - 1);
    for (size_t i = 1; i < t.count; i++)
        assert_true(t.flows[i].first_frame > t.flows[i - 1].first_frame);
    traffic_end(&t);
}

/* No disk is needed for what was at rest anyway. What holds bytes behind a hole is woken to end,
 * and needs memory: without a disk to spill to, some is lost. */
static void at_the_end_what_is_woken_is_spilled(void **state)
{
    (void)state;
    enum { CLIENTS = 20 * 1000 }; /* of which those that end take more than may wait in memory */
    for (unsigned holes = 0; holes < 2; holes++) {
        struct traffic t;
        traffic_begin(&t, (struct pipeline_options){.max_memory = UINT64_C(64) << 20});
        for (uint32_t i = 0; i < CLIENTS; i++) {
            traffic_open(&t, i);
            if (holes)
                send_byte(&t, i, true, 201, 9001);
        }
        limit_files(200 * 1000);
        assert_int_equal(pipeline_finish(t.pipeline, 0, NULL, NULL), !holes);
        limit_files(RLIM_INFINITY);
        assert_true(holes ? t.count < CLIENTS : t.count == CLIENTS);
        traffic_end(&t);
    }
}

static void a_run_given_up_with_flows_on_disk(void **state)
{
    (void)state;
    struct traffic t;
    traffic_begin(&t, (struct pipeline_options){.max_memory = UINT64_C(64) << 20});
    send_behind_an_old_one(&t);
    traffic_end(&t); /* the leak checker looks */
}

/* Which go first when it is too much does not depend on the threads, either. */
static void threads_change_nothing(void **state)
{
    (void)state;
    for (unsigned order_end = 0; order_end < 2; order_end++) {
        struct traffic runs[3];
        for (unsigned i = 0; i < COUNT_OF(runs); i++) {
            static const unsigned threads[] = {1, 2, 7};
            traffic_begin(&runs[i], (struct pipeline_options){.max_flows = 999,
                                                              .threads = threads[i],
                                                              .order_end = order_end});
            send_behind_an_old_one(&runs[i]);
            finish(&runs[i]);
            assert_int_equal(runs[i].count, runs[0].count);
            assert_memory_equal(runs[i].flows, runs[0].flows,
                                runs[0].count * sizeof *runs[0].flows);
        }
        for (unsigned i = 0; i < COUNT_OF(runs); i++)
            traffic_end(&runs[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lone_syns_go_first),
        cmocka_unit_test(then_those_that_have_closed),
        cmocka_unit_test(then_those_silent_the_longest),
        cmocka_unit_test(memory_is_a_limit_too),
        cmocka_unit_test(what_waits_on_disk_comes_in_order),
        cmocka_unit_test(what_is_in_flight_counts),
        cmocka_unit_test(a_full_disk_is_said),
        cmocka_unit_test(at_the_end_what_is_woken_is_spilled),
        cmocka_unit_test(a_run_given_up_with_flows_on_disk),
        cmocka_unit_test(threads_change_nothing),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
