/* test_intake.c: where a round and its windows end, and what a packet of others takes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/intake.h"
#include "craft.h"

enum { PORT = 5223 };

/* One of several that are given the same packets, and that comes later. */
static void passing_takes_nothing_of_a_round(void **state)
{
    (void)state;
    struct ports watched;
    ports_add_all(&watched);
    struct intake intake = {.watched = &watched, .owners = 1, .windows = true};
    struct batch batch = {0};
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, 20);
    craft_tcp(&c, 1001, PORT, 1, 2, FLAG_ACK, 1000, span_of(NULL, 0), span_of(NULL, 0));
    struct packet packet = craft_packet(&c, LINK_RAW);
    intake_begin(&intake, &batch, 0);
    for (packet.frame = 1; packet.frame <= 1000000; packet.frame++)
        intake_pass(&intake, &packet);
    assert_true(intake_packet(&intake, &packet));
    assert_int_equal(batch_count(&batch), 1);
    assert_int_equal(intake.next_frame, packet.frame + 1);
    intake_done(&intake);
    batch_done(&batch);
    free((void *)(uintptr_t)packet.bytes);
}

/* How many of them does an intake take that is given so many at a time, until its window is over?
 */
static size_t taken_of(const struct packet *packets, size_t count, size_t at_once, bool windows,
                       bool stays, unsigned step)
{
    struct ports watched;
    ports_add_all(&watched);
    struct intake intake = {.watched = &watched, .owners = 1, .windows = windows, .stays = stays};
    struct batch batch = {0};
    size_t taken = 0, now = at_once;
    intake_begin(&intake, &batch, step);
    for (; now == at_once && taken + at_once <= count; taken += now)
        now = intake_packets(&intake, &packets[taken], at_once);
    assert_true(taken < count - at_once);
    assert_true(batch_count(&batch) > 0 && batch_count(&batch) <= batch.most);
    assert_true(batch.used <= batch.room);
    intake_done(&intake);
    batch_done(&batch);
    return taken;
}

/* A packet with so much payload, which is taken as it is; or one in a tunnel, which is copied. */
static struct packet make(size_t payload, bool tunnel)
{
    static const uint8_t bytes[1400];
    struct craft c = {.n = 0};
    craft_ethernet(&c, 0x0800);
    if (tunnel)
        craft_ipv4(&c, 4, 20 + 20 + payload);
    craft_ipv4(&c, 6, 20 + payload);
    craft_tcp(&c, 1001, PORT, 1, 2, FLAG_ACK, 1000, span_of(NULL, 0), span_of(bytes, payload));
    return craft_packet(&c, LINK_ETHERNET);
}

/* What there is room for is asked once for several packets: they end where each for itself does.
 * One in `rare` is in a tunnel. */
static void expect_one_end(size_t payload, unsigned rare)
{
    enum { PACKETS = 1 << 17 };
    struct packet *packets = xcalloc(PACKETS, sizeof *packets);
    const struct packet plain = make(payload, false), tunnel = make(payload, true);
    for (unsigned i = 0; i < PACKETS; i++) {
        packets[i] = i % rare == rare - 1 ? tunnel : plain;
        packets[i].frame = i + 1;
    }
    for (unsigned i = 0; i < 4 * (BATCH_STEPS + 1); i++) {
        size_t single = taken_of(packets, PACKETS, 1, i & 1, i & 2, i / 4);
        assert_int_equal(taken_of(packets, PACKETS, 16, i & 1, i & 2, i / 4), single);
        assert_int_equal(taken_of(packets, PACKETS, 1000, i & 1, i & 2, i / 4), single);
    }
    free((void *)(uintptr_t)plain.bytes);
    free((void *)(uintptr_t)tunnel.bytes);
    free(packets);
}

static void windows_end_where_packets_alone_end_them(void **state)
{
    (void)state;
    expect_one_end(0, 1 << 20);
    expect_one_end(0, 7);
    expect_one_end(1400, 1 << 20);
    expect_one_end(1400, 5);
}

/* How many packets alike does a round take, and in how many parts? */
static size_t round_of(const struct packet *like, bool has_parts, unsigned *parts)
{
    struct ports watched;
    ports_add_all(&watched);
    struct intake intake = {
        .watched = &watched, .owners = 1, .windows = true, .stays = true, .parts = has_parts};
    struct batch batch = {0};
    struct packet packet = *like;
    size_t taken = 0;
    intake_begin(&intake, &batch, BATCH_STEPS);
    for (*parts = 1;; ++*parts) {
        while (!intake_is_over(&intake)) {
            packet.frame = taken + 1;
            if (intake_packet(&intake, &packet))
                taken++;
            else
                intake_window(&intake);
        }
        if (!intake_goes_on(&intake))
            break;
        intake_next_part(&intake);
    }
    intake_done(&intake);
    batch_done(&batch);
    return taken;
}

static void rounds_end_where_they_would_without_parts(void **state)
{
    (void)state;
    for (size_t payload = 0; payload <= 1400; payload += 350) {
        const struct packet packet = make(payload, false);
        unsigned one, several;
        const size_t taken = round_of(&packet, false, &one);
        assert_int_equal(round_of(&packet, true, &several), taken);
        assert_int_equal(one, 1);
        assert_in_range(several, 8, 9);
        free((void *)(uintptr_t)packet.bytes);
    }
}

/* However many are given at once: a packet without a time (0) has none, and time may go back. */
static void expect_times(const nanotime *times, size_t count, nanotime first, nanotime last)
{
    struct ports watched = {0};
    static const uint8_t bytes[64];
    struct packet packets[8];
    for (size_t i = 0; i < count; i++)
        packets[i] = (struct packet){.time = times[i], .bytes = bytes, .frame = i + 1};
    for (size_t step = 1; step <= count; step++) {
        struct batch batch = {0};
        struct intake intake = {.watched = &watched, .owners = 1};
        intake_begin(&intake, &batch, 0);
        for (size_t i = 0; i < count; i += step) {
            size_t some = count - i < step ? count - i : step;
            assert_int_equal(intake_packets(&intake, &packets[i], some), some);
        }
        struct dissect_counts counts = intake_counts(&intake);
        assert_int_equal(counts.first_time, first);
        assert_int_equal(counts.last_time, last);
        intake_done(&intake);
        batch_done(&batch);
    }
}

static void the_first_time_is_the_earliest(void **state)
{
    (void)state;
    expect_times((const nanotime[]){50, 60, 70}, 3, 50, 70);
    expect_times((const nanotime[]){0, 50, 100, 30, 0, 40, 20, 90}, 8, 20, 100);
    expect_times((const nanotime[]){50, 0, 40, 50}, 4, 40, 50);
    expect_times((const nanotime[]){0, 0}, 2, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passing_takes_nothing_of_a_round),
        cmocka_unit_test(windows_end_where_packets_alone_end_them),
        cmocka_unit_test(rounds_end_where_they_would_without_parts),
        cmocka_unit_test(the_first_time_is_the_earliest),
    };
    return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
