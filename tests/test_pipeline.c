/* test_pipeline.c: packets in, records out: which flows there are, when they end, in what order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/intake.h"
#include "../dissect/limits.h"
#include "../dissect/pipeline.h"
#include "craft.h"

enum { RECORDS_MAX = 64, WATCHED = 5223 };
enum { SYN = FLAG_SYN, ACK = FLAG_ACK, FIN = FLAG_FIN, RST = FLAG_RST };

/* What came out. */
struct out {
    struct flow_record records[RECORDS_MAX];
    size_t count;
    struct sink sink;
    struct pipeline *pipeline;
    uint64_t frame;
    nanotime now;
    unsigned copies; /* of each packet */
    bool untimed;    /* the next packets have no time */
    bool early_data; /* of the last record */
};

static void on_flow(void *context, struct flow_record *record, void *item)
{
    struct out *out = context;
    (void)item;
    assert_true(out->count < RECORDS_MAX);
    out->early_data = record->tls && record->tls->early_data;
    out->records[out->count++] = *record;
    out->records[out->count - 1].tls = NULL; /* it lives as long as the call only */
}

static const char *no_name(void *context, uint16_t interface)
{
    (void)context, (void)interface;
    return NULL;
}

static void begin_with(struct out *out, bool live, size_t port_count)
{
    static const uint16_t ports[] = {WATCHED};
    memset(out, 0, sizeof *out);
    out->sink = (struct sink){.context = out, .flow = on_flow};
    out->now = 1000 * NS_PER_SECOND;
    out->copies = 1;
    const struct pipeline_options options = {.ports = ports,
                                             .port_count = port_count,
                                             .live = live,
                                             .interface_name = no_name,
                                             .hash_key = {1, 2}};
    out->pipeline = pipeline_new(&options, &out->sink);
}

static void begin(struct out *out)
{
    begin_with(out, false, 1);
}

/* A packet between client port `port` and the watched one. */
static void send_bytes(struct out *out, bool from_client, unsigned port, unsigned flags,
                       uint32_t seq, uint32_t ack, struct span bytes)
{
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, 20 + bytes.n);
    if (!from_client) { /* the addresses end in 1 and 2 */
        c.bytes[15] = 2;
        c.bytes[19] = 1;
    }
    craft_tcp(&c, from_client ? port : WATCHED, from_client ? WATCHED : port, seq, ack, flags, 1000,
              span_of(NULL, 0), bytes);
    struct packet packet = craft_packet(&c, LINK_RAW);
    out->now += NS_PER_SECOND / 100;
    packet.time = out->untimed ? 0 : out->now;
    for (unsigned i = 0; i < out->copies; i++) {
        packet.frame = ++out->frame;
        pipeline_packet(out->pipeline, &packet);
        packet.time += 30000; /* on its way to the next interface */
    }
    free((void *)(uintptr_t)packet.bytes);
}

static void send(struct out *out, bool from_client, unsigned port, unsigned flags, uint32_t seq,
                 uint32_t ack)
{
    send_bytes(out, from_client, port, flags, seq, ack, span_of(NULL, 0));
}

static void open_connection(struct out *out, unsigned port, uint32_t isn)
{
    send(out, true, port, SYN, isn, 0);
    send(out, false, port, SYN | ACK, 9000, isn + 1);
    send(out, true, port, ACK, isn + 1, 9001);
}

static void close_connection(struct out *out, unsigned port, uint32_t isn)
{
    send(out, true, port, FIN | ACK, isn + 1, 9001);
    send(out, false, port, FIN | ACK, 9001, isn + 2);
    send(out, true, port, ACK, isn + 2, 9002);
}

static void finish(struct out *out)
{
    assert_true(pipeline_finish(out->pipeline, 0, NULL, NULL));
    pipeline_free(out->pipeline);
    out->pipeline = NULL;
}

/* Frees without having been told the end. */
static void abandon(struct out *out)
{
    pipeline_free(out->pipeline);
}

static void flows_come_in_order_of_their_first_packets(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    open_connection(&out, 1001, 100);
    open_connection(&out, 1002, 100);
    close_connection(&out, 1002, 100);
    out.now += (LIMIT_CLOSED_IDLE_S + 10) * NS_PER_SECOND;
    open_connection(&out, 1003, 100);
    assert_int_equal(out.count, 0); /* the first goes on: the second waits */
    close_connection(&out, 1001, 100);
    finish(&out);
    assert_int_equal(out.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(out.records[i].n, i + 1);
        assert_int_equal(out.records[i].ends[CLIENT].port, 1001 + i);
        assert_true(out.records[i].final);
    }
    assert_int_equal(out.records[0].end_reason, ENDED_CLOSED);
    assert_int_equal(out.records[1].end_reason, ENDED_CLOSED);
    assert_int_equal(out.records[2].end_reason, ENDED_END_OF_CAPTURE);
}

static void ports_that_are_not_watched(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, 20);
    craft_tcp(&c, 1000, 443, 1, 0, SYN, 1000, span_of(NULL, 0), span_of(NULL, 0));
    struct packet packet = craft_packet(&c, LINK_RAW);
    pipeline_packet(out.pipeline, &packet);
    free((void *)(uintptr_t)packet.bytes);
    send(&out, true, 1000, SYN, 1, 0);
    struct dissect_counts counts = pipeline_counts(out.pipeline);
    assert_int_equal(counts.packets, 2);
    assert_int_equal(counts.skipped[NOTE_NOT_WATCHED], 1);
    finish(&out);
    assert_int_equal(out.count, 1);
    begin_with(&out, false, 0); /* any */
    packet = craft_packet(&c, LINK_RAW);
    pipeline_packet(out.pipeline, &packet);
    free((void *)(uintptr_t)packet.bytes);
    finish(&out);
    assert_int_equal(out.count, 1);
}

static void a_stray_fin_makes_no_new_flow(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    open_connection(&out, 1001, 100);
    close_connection(&out, 1001, 100);
    out.now += 100 * NS_PER_SECOND;
    send(&out, false, 1001, FIN | ACK, 9001, 102);
    send(&out, true, 1001, ACK, 102, 9002);
    finish(&out);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.records[0].tcp.ends[SERVER].fin, 2);
}

static void a_syn_after_the_end_makes_one(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    open_connection(&out, 1001, 100);
    close_connection(&out, 1001, 100);
    open_connection(&out, 1001, 70000);
    finish(&out);
    assert_int_equal(out.count, 2);
    assert_int_equal(out.records[0].end_reason, ENDED_CLOSED);
    assert_int_equal(out.records[1].tcp.handshake, HANDSHAKE_COMPLETE);
}

/* A client that came back with the same port while its old connection was stuck. */
static void an_answered_syn_replaces_a_stuck_connection(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    open_connection(&out, 1001, 100);
    send(&out, true, 1001, FIN | ACK, 101, 9001);
    out.now += 1000 * NS_PER_SECOND;
    send(&out, true, 1001, SYN, 500000, 0);
    send(&out, false, 1001, SYN | ACK, 800000, 500001);
    send(&out, true, 1001, ACK, 500001, 800001);
    finish(&out);
    assert_int_equal(out.count, 2);
    assert_int_equal(out.records[0].end_reason, ENDED_PORT_REUSED);
    assert_int_equal(out.records[0].tcp.ends[CLIENT].state, SIDE_FIN_WAIT_1);
    assert_int_equal(out.records[0].tcp.ends[CLIENT].packets, 3);
    assert_int_equal(out.records[1].first_frame, 5); /* the kept SYN's */
    assert_int_equal(out.records[1].tcp.handshake, HANDSHAKE_COMPLETE);
}

/* The server that knows nothing of the old connection may refuse the new one as well. */
static void a_refused_syn_replaces_a_connection(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    open_connection(&out, 1001, 100);
    send(&out, true, 1001, SYN, 500000, 0);
    send(&out, true, 1001, SYN | ACK, 1, 500001); /* nobody answers himself */
    send(&out, false, 1001, RST | ACK, 0, 500001);
    finish(&out);
    assert_int_equal(out.count, 2);
    assert_int_equal(out.records[0].end_reason, ENDED_PORT_REUSED);
    assert_int_equal(out.records[0].tcp.ends[CLIENT].packets, 3);
    assert_int_equal(out.records[1].tcp.teardown, TEARDOWN_REFUSED);
    assert_int_equal(out.records[1].client_by, BY_SYN);
    assert_int_equal(out.records[1].ends[CLIENT].port, 1001);
}

/* The same SYN without an answer changes nothing. */
static void an_unanswered_syn_belongs_to_the_old_flow(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    open_connection(&out, 1001, 100);
    send(&out, true, 1001, SYN, 500000, 0);
    send(&out, false, 1001, ACK, 9001, 101); /* a challenge (RFC 5961 section 4) */
    finish(&out);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.records[0].tcp.teardown, TEARDOWN_OPEN);
    assert_int_equal(out.records[0].tcp.ends[CLIENT].state, SIDE_ESTABLISHED);
    assert_int_equal(out.records[0].tcp.ends[CLIENT].packets, 3);
}

/* Captured on two interfaces, each packet comes twice, and no number is another for it. */
static void packets_captured_twice(void **state)
{
    (void)state;
    struct out out;
    for (unsigned copies = 1; copies <= 2; copies++) {
        begin(&out);
        out.copies = copies;
        open_connection(&out, 1001, 100);
        send(&out, true, 1001, ACK | FIN, 101, 9001);
        out.now += 20 * NS_PER_SECOND;
        send(&out, true, 1001, ACK | FIN, 101, 9001);
        open_connection(&out, 1002, 100);
        send(&out, false, 1002, RST, 9001, 0);
        open_connection(&out, 1003, 100);
        out.now += 20 * NS_PER_SECOND;
        send(&out, true, 1003, SYN, 500000, 0); /* waits for what becomes of it */
        finish(&out);
        const struct tcp_record *stuck = &out.records[0].tcp, *reset = &out.records[1].tcp;
        assert_int_equal(stuck->stuck.cause, STUCK_UNANSWERED);
        assert_int_equal(stuck->stuck.attempts, 1);
        assert_int_equal(stuck->ends[CLIENT].retransmits, 1);
        assert_int_equal(stuck->ends[CLIENT].fin, 2);
        assert_int_equal(stuck->ends[CLIENT].packets, 4);
        assert_int_equal(stuck->rtt[SERVER], NS_PER_SECOND / 100);
        assert_int_equal(stuck->rtt[CLIENT], NS_PER_SECOND / 100);
        assert_string_equal(stuck->history, "ShAF");
        assert_int_equal(reset->ends[SERVER].rst, 1);
        assert_int_equal(out.records[2].tcp.ends[CLIENT].packets, 3);
    }
}

/* An acknowledgment of more than was captured yet, once before those bytes and once behind them:
 * the second would be just what comes next. */
static void captured_twice_around_its_time(void **state)
{
    (void)state;
    static const uint8_t bytes[40];
    const nanotime step = NS_PER_SECOND / 100; /* of send */
    struct out out;
    begin(&out);
    send(&out, true, 1001, SYN, 100, 0);
    send(&out, false, 1001, SYN | ACK, 9000, 101);
    send(&out, false, 1001, ACK, 9001, 141);
    out.now -= step;
    send_bytes(&out, true, 1001, ACK, 101, 9001, span_of(bytes, sizeof bytes));
    out.now -= step;
    send(&out, false, 1001, ACK, 9001, 141);
    pipeline_flush(out.pipeline);
    assert_int_equal(pipeline_counts(out.pipeline).skipped[NOTE_DUPLICATE], 1);
    finish(&out);
    assert_int_equal(out.records[0].tcp.ends[SERVER].packets, 2);
}

/* Two SYN-ACKs or RSTs at once that are alike were sent twice, unless all of the flow comes so. */
static void answers_sent_twice(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    send(&out, true, 1001, SYN, 100, 0);
    out.copies = 2;
    send(&out, false, 1001, SYN | ACK, 9000, 101);
    send(&out, false, 1001, RST, 9001, 0);
    finish(&out);
    assert_int_equal(out.records[0].tcp.ends[SERVER].packets, 4);
    assert_int_equal(out.records[0].tcp.ends[SERVER].rst, 2);
}

static void idle_times(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    open_connection(&out, 1001, 100);
    send(&out, true, 1002, SYN, 1, 0);
    out.now += 2 * 3600 * NS_PER_SECOND; /* a push connection may be silent that long */
    send(&out, true, 1001, ACK, 101, 9001);
    pipeline_flush(out.pipeline);
    assert_int_equal(pipeline_counts(out.pipeline).flows_expired, 1); /* the SYN */
    out.now += (LIMIT_OPEN_IDLE_S + 1) * NS_PER_SECOND;
    send(&out, true, 1001, ACK, 101, 9001);
    finish(&out);
    assert_int_equal(out.count, 3);
    assert_int_equal(out.records[0].end_reason, ENDED_IDLE);
    assert_int_equal(out.records[0].tcp.max_idle / NS_PER_SECOND, 2 * 3600);
    assert_int_equal(out.records[1].end_reason, ENDED_IDLE);
    assert_int_equal(out.records[1].tcp.teardown, TEARDOWN_UNANSWERED);
    assert_int_equal(out.records[2].tcp.handshake, HANDSHAKE_MIDSTREAM);
}

static void live_reports_soon_and_once(void **state)
{
    (void)state;
    struct out out;
    begin_with(&out, true, 1);
    open_connection(&out, 1001, 100);
    open_connection(&out, 1002, 100);
    close_connection(&out, 1002, 100);
    pipeline_snapshot(out.pipeline, out.now);
    assert_int_equal(out.count, 1);
    assert_false(out.records[0].final);
    assert_int_equal(out.records[0].end_reason, ENDED_INTERVAL);
    assert_int_equal(out.records[0].ends[CLIENT].port, 1001);
    out.now += (LIMIT_LINGER_S + 1) * NS_PER_SECOND;
    pipeline_advance(out.pipeline, out.now);
    assert_int_equal(out.count, 2);
    assert_true(out.records[1].final);
    assert_int_equal(out.records[1].ends[CLIENT].port, 1002);
    assert_int_equal(out.records[1].end_reason, ENDED_CLOSED);
    send(&out, false, 1002, FIN | ACK, 9001, 102); /* a stray one, after it was reported */
    finish(&out);
    assert_int_equal(out.count, 3);
    assert_int_equal(out.records[2].ends[CLIENT].port, 1001);
}

/* Of pcapng's packet blocks only the simple ones have no time. */
static void packets_without_a_time_among_others(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    open_connection(&out, 1001, 100);
    nanotime last = out.now;
    out.untimed = true;
    send(&out, true, 1001, ACK | FIN, 101, 9001);
    finish(&out);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.records[0].end, last);
    assert_int_equal(out.records[0].tcp.ends[CLIENT].since, last);
}

/* No bytes follow these holes: a FIN shows one, an acknowledgment the other. */
static void bytes_missing_at_the_end_are_a_gap(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    open_connection(&out, 1001, 100);
    send(&out, true, 1001, FIN | ACK, 101 + 109, 9001);
    open_connection(&out, 1002, 100);
    send(&out, true, 1002, ACK, 101, 9001 + 50);
    open_connection(&out, 1003, 100);
    close_connection(&out, 1003, 100);
    open_connection(&out, 1004, 100);
    send(&out, true, 1004, FIN | ACK, 101, 9001);
    send(&out, true, 1004, ACK, 102, 9002); /* the FIN of the server is missing */
    finish(&out);
    static const uint64_t missing[][2] = {{109, 0}, {0, 50}, {0, 0}, {0, 0}};
    assert_int_equal(out.count, COUNT_OF(missing));
    for (size_t i = 0; i < out.count; i++)
        for (unsigned side = CLIENT; side <= SERVER; side++)
            assert_int_equal(out.records[i].tcp.ends[side].gap_bytes, missing[i][side]);
}

/* TLS 1.3's early data, captured behind the server's hello: what it acknowledges tells that its
 * sender did not have that. */
static void early_data_behind_the_answer(void **state)
{
    (void)state;
    static const uint8_t client[5 + 58] = "\x16\3\1\0\x3a\1\0\0\x36\3\3",
                                    hello_end[] =
                                        "\0\0\2\x13\1\1\0\0\x0b\0\x2b\0\3\2\3\4\0\x2a\0\0";
    static const uint8_t server[5 + 50] = "\x16\3\3\0\x32\2\0\0\x2e\3\3",
                                    answer_end[] = "\0\x13\1\0\0\6\0\x2b\0\2\3\4";
    static const uint8_t data[5 + 32] = "\x17\3\3\0\x20";
    uint8_t hello[sizeof client], answer[sizeof server];
    enum { RANDOM_END = 5 + 4 + 2 + 32 };
    memcpy(hello, client, sizeof hello);
    memcpy(hello + RANDOM_END, hello_end, sizeof hello - RANDOM_END);
    memcpy(answer, server, sizeof answer);
    memcpy(answer + RANDOM_END, answer_end, sizeof answer - RANDOM_END);
    for (unsigned heard = 0; heard < 2; heard++) {
        struct out out;
        begin(&out);
        open_connection(&out, 1001, 100);
        send_bytes(&out, true, 1001, ACK, 101, 9001, span_of(hello, sizeof hello));
        send_bytes(&out, false, 1001, ACK, 9001, 101 + sizeof hello,
                   span_of(answer, sizeof answer));
        send_bytes(&out, true, 1001, ACK, 101 + sizeof hello, 9001 + (heard ? sizeof answer : 0),
                   span_of(data, sizeof data));
        finish(&out);
        assert_int_equal(out.early_data, !heard);
    }
}

/* Appends a frame of an A-MSDU (IEEE 802.11 section 9.3.2.2) with an acknowledgment. */
static void craft_subframe(struct craft *c, unsigned port, uint32_t ack)
{
    static const uint8_t addresses[12] = {0}, llc[] = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
    struct craft ip = {.n = 0};
    craft_ipv4(&ip, 6, 20);
    craft_tcp(&ip, port, WATCHED, 101, ack, ACK, 1000, span_of(NULL, 0), span_of(NULL, 0));
    craft_bytes(c, addresses, sizeof addresses);
    craft_u16(c, (unsigned)(sizeof llc + ip.n));
    craft_bytes(c, llc, sizeof llc);
    craft_bytes(c, ip.bytes, ip.n);
    craft_u16(c, 0); /* padding to four bytes */
}

/* More packets than a batch has places, each of several frames. */
static void frames_of_one_packet(void **state)
{
    enum { PACKETS = 600, FRAMES = 3 };
    static const uint8_t header[26] = {0x88, 0x01, [24] = 0x80};
    struct out out;
    (void)state;
    begin(&out);
    open_connection(&out, 1001, 100);
    for (uint32_t i = 0; i < PACKETS; i++) {
        struct craft c = {.n = 0};
        craft_bytes(&c, header, sizeof header);
        for (uint32_t frame = 0; frame < FRAMES; frame++)
            craft_subframe(&c, 1001, 9001 + i * FRAMES + frame);
        struct packet packet = craft_packet(&c, LINK_WLAN);
        packet.time = out.now += NS_PER_SECOND / 100;
        packet.frame = ++out.frame;
        pipeline_packet(out.pipeline, &packet);
        free((void *)(uintptr_t)packet.bytes);
    }
    finish(&out);
    assert_int_equal(out.records[0].tcp.ends[CLIENT].packets, 2 + PACKETS * FRAMES);
}

/* An acknowledgment; `plain`: behind Ethernet, where it is found at fixed offsets. */
static void send_shaped(struct out *out, bool plain, bool ipv6, bool from_client, unsigned port)
{
    const size_t ip = plain ? 14 : 0, size = ipv6 ? 16 : 4;
    struct craft c = {.n = 0};
    if (plain)
        craft_ethernet(&c, ipv6 ? 0x86dd : 0x0800);
    if (ipv6)
        craft_ipv6(&c, 6, 20);
    else
        craft_ipv4(&c, 6, 20);
    if (!from_client) {
        c.bytes[c.n - size - 1] = 2;
        c.bytes[c.n - 1] = 1;
    }
    assert_int_equal(c.n - ip, ipv6 ? 40 : 20);
    craft_tcp(&c, from_client ? port : WATCHED, from_client ? WATCHED : port, 1, 1, ACK, 1000,
              span_of(NULL, 0), span_of(NULL, 0));
    struct packet packet = craft_packet(&c, plain ? LINK_ETHERNET : LINK_RAW);
    packet.time = out->now += NS_PER_SECOND / 100;
    packet.frame = ++out->frame;
    pipeline_packet(out->pipeline, &packet);
    free((void *)(uintptr_t)packet.bytes);
}

/* However a packet is looked at, and in whichever direction it went, it goes to the same shard and
 * finds the same flow. */
static void packets_of_several_shapes(void **state)
{
    enum { PORTS = 8 };
    struct out out;
    (void)state;
    for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
        begin(&out);
        for (unsigned port = 0; port < PORTS; port++)
            for (unsigned i = 0; i < 4; i++) /* on both sides of the watched port */
                send_shaped(&out, i & 1, ipv6, i & 2, WATCHED - PORTS / 2 + port * 3);
        finish(&out);
        assert_int_equal(out.count, PORTS);
        for (unsigned port = 0; port < PORTS; port++)
            for (unsigned end = 0; end < 2; end++)
                assert_int_equal(out.records[port].tcp.ends[end].packets, 2);
    }
}

static void who_is_the_client(void **state)
{
    (void)state;
    struct out out;
    begin(&out);
    send(&out, false, 1001, SYN | ACK, 5, 6); /* only the answer was seen */
    send(&out, false, 1002, ACK, 5, 6);
    finish(&out);
    assert_int_equal(out.records[0].client_by, BY_SYN);
    assert_int_equal(out.records[0].ends[SERVER].port, WATCHED);
    assert_int_equal(out.records[1].client_by, BY_WATCHED_PORT);
    assert_int_equal(out.records[1].ends[SERVER].port, WATCHED);
    begin_with(&out, false, 0);
    send(&out, false, 6000, ACK, 5, 6);
    send(&out, false, 1002, ACK, 5, 6);
    finish(&out);
    assert_int_equal(out.records[0].client_by, BY_PORT_ORDER);
    assert_int_equal(out.records[0].ends[CLIENT].port, 6000);
    assert_int_equal(out.records[1].ends[CLIENT].port, WATCHED);
}

static void nothing_is_kept_of_an_abandoned_run(void **state)
{
    (void)state;
    struct out out;
    for (unsigned live = 0; live < 2; live++) {
        begin_with(&out, live, 1);
        open_connection(&out, 1001, 100);
        send(&out, true, 1001, SYN, 500000, 0);
        open_connection(&out, 1002, 100);
        close_connection(&out, 1002, 100);
        abandon(&out); /* the leak checker looks */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flows_come_in_order_of_their_first_packets),
        cmocka_unit_test(ports_that_are_not_watched),
        cmocka_unit_test(a_stray_fin_makes_no_new_flow),
        cmocka_unit_test(a_syn_after_the_end_makes_one),
        cmocka_unit_test(an_answered_syn_replaces_a_stuck_connection),
        cmocka_unit_test(a_refused_syn_replaces_a_connection),
        cmocka_unit_test(an_unanswered_syn_belongs_to_the_old_flow),
        cmocka_unit_test(packets_captured_twice),
        cmocka_unit_test(captured_twice_around_its_time),
        cmocka_unit_test(answers_sent_twice),
        cmocka_unit_test(idle_times),
        cmocka_unit_test(live_reports_soon_and_once),
        cmocka_unit_test(packets_without_a_time_among_others),
        cmocka_unit_test(bytes_missing_at_the_end_are_a_gap),
        cmocka_unit_test(early_data_behind_the_answer),
        cmocka_unit_test(frames_of_one_packet),
        cmocka_unit_test(packets_of_several_shapes),
        cmocka_unit_test(who_is_the_client),
        cmocka_unit_test(nothing_is_kept_of_an_abandoned_run),
    };
    return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
