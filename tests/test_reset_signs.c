/* test_reset_signs.c: what a RST has that its sender's other packets have not. The client is end 0.
 */
#include "../dissect/reset_signs.h"
#include "../dissect/tcp.h"
#include "nowhere.h"

#include <setjmp.h>

#include <cmocka.h>

enum { C, S };
enum { SYN = FLAG_SYN, ACK = FLAG_ACK, FIN = FLAG_FIN, RST = FLAG_RST };

static const uint8_t zeros[1500];

struct talk {
    struct tcp tcp;
    nanotime now;
    uint64_t frame;
};

/* A segment as both ends send them. Those that differ are changed before they are taken. */
static struct segment segment_of(struct talk *t, unsigned flags, uint32_t seq, uint32_t ack,
                                 uint32_t length)
{
    t->now += NS_PER_SECOND / 10;
    return (struct segment){.time = t->now,
                            .frame = ++t->frame,
                            .seq = seq,
                            .ack = ack,
                            .window = 500,
                            .flags = (uint8_t)flags,
                            .ttl = 64,
                            .length = length,
                            .payload = span_of(zeros, length),
                            .timestamps = flags & (SYN | RST),
                            .wscale = flags & SYN ? 7 : -1};
}

static void send(struct talk *t, unsigned from, unsigned flags, uint32_t seq, uint32_t ack,
                 uint32_t length)
{
    struct segment s = segment_of(t, flags, seq, ack, length);
    tcp_take(&t->tcp, from, &s, &nowhere);
}

/* A connection over which the client has sent 100 bytes, of which 60 were acknowledged. */
static void begin(struct talk *t)
{
    *t = (struct talk){.now = 1400978880 * NS_PER_SECOND};
    tcp_init(&t->tcp);
    send(t, C, SYN, 999, 0, 0);
    send(t, S, SYN | ACK, 4999, 1000, 0);
    send(t, C, ACK, 1000, 5000, 0);
    send(t, C, ACK, 1000, 5000, 60);
    send(t, S, ACK, 5000, 1060, 200);
    send(t, C, ACK, 1060, 5200, 40);
}

static void finish(struct talk *t)
{
    tcp_done(&t->tcp, NULL);
    assert_null(t->tcp.signs);
}

static void own_reset(void **state)
{
    (void)state;
    struct talk t;
    begin(&t);
    assert_null(t.tcp.signs);
    send(&t, S, RST | ACK, 5200, 1100, 0);
    const struct reset_signs *signs = t.tcp.signs;
    assert_non_null(signs);
    assert_true(signs->ttl_known && signs->ttl == 64 && signs->ttl_min == 64);
    assert_int_equal(signs->ttl_max, 64);
    assert_int_equal(signs->quiet, NS_PER_SECOND / 5);
    assert_int_equal(signs->answered, NS_PER_SECOND / 10);
    assert_int_equal(signs->behind + signs->beyond + signs->alive, 0);
    assert_false(signs->no_timestamps || signs->odd_window || signs->odd_id);
    send(&t, S, RST, 5200, 0, 0);    /* an answer to what was under way */
    send(&t, S, ACK, 5200, 1060, 0); /* overtaken by the RST */
    assert_int_equal(signs->beyond + signs->alive, 0);
    finish(&t);
}

static void forged_reset(void **state)
{
    (void)state;
    struct talk t;
    begin(&t);
    struct segment s = segment_of(&t, RST, 5100, 0, 0);
    s.ttl = 201;
    s.window = 3;
    s.timestamps = false;
    tcp_take(&t.tcp, S, &s, &nowhere);
    assert_int_equal(t.tcp.reset_by, -1); /* below what is acknowledged: nobody takes it */
    s = segment_of(&t, RST, 5200, 0, 0);
    s.ttl = 201;
    s.window = 3;
    s.timestamps = false;
    tcp_take(&t.tcp, S, &s, &nowhere);
    const struct reset_signs *signs = t.tcp.signs;
    assert_int_equal(t.tcp.reset_by, S);
    assert_int_equal(signs->ttl, 201);
    assert_int_equal(signs->answered, -1);
    assert_true(signs->no_timestamps && signs->odd_window);
    assert_int_equal(signs->behind, 0);

    send(&t, S, RST, 6660, 0, 0);
    send(&t, S, RST, 8120, 0, 0);
    assert_int_equal(signs->beyond, 2);
    uint64_t alive_frame = t.frame + 1;
    send(&t, S, ACK, 5200, 1100, 0);
    send(&t, S, ACK, 5200, 1100, 50);
    assert_int_equal(signs->alive, 2);
    assert_int_equal(signs->alive_frame, alive_frame);
    send(&t, C, ACK, 1100, 5250, 10); /* its peer does not count */
    assert_int_equal(signs->alive, 2);
    finish(&t);
}

/* A host whose program has closed resets what still comes: it answers with the number that was
 * acknowledged. */
static void after_fin(void **state)
{
    (void)state;
    struct talk t;
    begin(&t);
    send(&t, C, FIN | ACK, 1100, 5200, 0);
    send(&t, S, ACK, 5200, 1101, 31); /* close_notify */
    send(&t, C, RST, 1101, 0, 0);
    const struct reset_signs *signs = t.tcp.signs;
    assert_int_equal(t.tcp.reset_by, C);
    assert_int_equal(signs->behind, 0);
    send(&t, S, FIN | ACK, 5231, 1101, 0);
    send(&t, C, RST, 1101, 0, 0);
    assert_int_equal(signs->beyond + signs->alive, 0);
    finish(&t);
}

static void identifications(void **state)
{
    (void)state;
    struct reset_signs signs = {0};
    reset_signs_id(NULL, 1, (const uint16_t[]){1, 2});
    reset_signs_id(&signs, 30000, (const uint16_t[]){100, 101});
    assert_true(signs.odd_id);
    signs.odd_id = false;
    reset_signs_id(&signs, 102, (const uint16_t[]){100, 101});
    reset_signs_id(&signs, 5, (const uint16_t[]){65530, 65535});   /* it wraps */
    reset_signs_id(&signs, 0, (const uint16_t[]){100, 101});       /* the kernel's own RST */
    reset_signs_id(&signs, 30000, (const uint16_t[]){100, 20000}); /* drawn by chance */
    reset_signs_id(&signs, 30000, (const uint16_t[]){0, 101});     /* too few to tell */
    assert_false(signs.odd_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(own_reset), cmocka_unit_test(forged_reset),
                                       cmocka_unit_test(after_fin),
                                       cmocka_unit_test(identifications)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
