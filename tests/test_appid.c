/* test_appid.c: nDPI gives a label, the same whatever else was seen, and is asked about so many
 * flows at once and no more. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/appid.h"
#include "../dissect/decode.h"
#include "../dissect/limits.h"
#include "craft.h"
#include "hello_bytes.h"

static struct decoder decoder;

static const char http[] = "GET / HTTP/1.1\r\nHost: push.example\r\n\r\n";
static const char torrent[] = "\x13"
                              "BitTorrent protocol01234567aaaaabbbbbcccccdddddeeeeefffffggggghhhhh";
static const char nothing[] = "zzzz zzzz zzzz zzzz";

struct asked {
    struct appid *appid;
    struct appid_pool *pool;
};

static struct asked asked_new(void)
{
    return (struct asked){appid_new(1), appid_pool_new()};
}

static void asked_free(struct asked asked)
{
    appid_free(asked.appid);
    appid_pool_free(asked.pool);
}

/* A segment with this payload; free the packet's bytes. */
static struct packet crafted_bytes(struct segment *segment, uint16_t port, struct span payload)
{
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, 20 + payload.n);
    craft_tcp(&c, port, 6000, 1, 1, FLAG_ACK, 1000, span_of(NULL, 0), payload);
    struct packet packet = craft_packet(&c, LINK_RAW);
    assert_int_equal(decode_packet(segment, &decoder, &packet), NOTE_NONE);
    return packet;
}

static struct packet crafted(struct segment *segment, uint16_t port, const char *text)
{
    return crafted_bytes(segment, port, span_of(text, strlen(text)));
}

/* The label of a flow of one packet. */
static const struct app_label *ask_bytes(struct asked asked, uint16_t port, struct span payload)
{
    struct appid_flow *flow = NULL;
    struct segment segment;
    struct packet packet = crafted_bytes(&segment, port, payload);
    const struct app_label *label = appid_take(asked.appid, asked.pool, &flow, &segment);
    if (!label)
        label = appid_give_up(asked.appid, &flow);
    assert_null(flow);
    free((void *)(uintptr_t)packet.bytes);
    return label;
}

static const struct app_label *ask(struct asked asked, uint16_t port, const char *text)
{
    return ask_bytes(asked, port, span_of(text, strlen(text)));
}

static void a_label(void **state)
{
    (void)state;
    struct asked asked = asked_new();
    const struct app_label *label = ask(asked, 1000, http);
    assert_non_null(label);
    assert_non_null(strstr(label->protocol, "HTTP"));
    assert_ptr_equal(ask(asked, 1001, http), label); /* one for all that are alike */
    asked_free(asked);
}

static void others_do_not_count(void **state)
{
    (void)state;
    struct asked fresh = asked_new(), used = asked_new();
    const struct app_label *label = ask(used, 1000, torrent);
    assert_string_equal(label->protocol, "BitTorrent");
    for (uint16_t port = 1000; port < 1003; port++) {
        assert_string_equal(ask(fresh, port, nothing)->protocol, "Unknown");
        assert_string_equal(ask(used, port, nothing)->protocol, "Unknown");
    }
    asked_free(fresh);
    asked_free(used);
}

/* A record with a ClientHello for a server name. */
static struct buf hello(const char *name)
{
    static const uint16_t suites[] = {0xc02b, 0x1301};
    struct buf extensions = {0}, body = {0}, message = {0}, record = {0};
    put_server_name(&extensions, name);
    put_client_hello(&body, 0x0303, suites, COUNT_OF(suites), &extensions);
    put_number(&message, 1, 1);
    put_vector(&message, 3, body.p, body.n);
    put_number(&record, 0x160301, 3);
    put_vector(&record, 2, message.p, message.n);
    buf_done(&extensions);
    buf_done(&body);
    buf_done(&message);
    return record;
}

/* What was remembered of one hello is said of no other: of another server's, from a port that says
 * something by itself (25 is a mail server's), cut off. */
static void a_hello_known_before(void **state)
{
    (void)state;
    static const char *const names[] = {"courier.push.apple.com", "www.facebook.com", "a.example"};
    static const uint16_t ports[] = {40000, 1000, 25, 5223};
    struct asked used = asked_new();
    for (size_t i = 0; i < 2 * COUNT_OF(names) * COUNT_OF(ports); i++) {
        struct buf record = hello(names[i % COUNT_OF(names)]);
        uint16_t port = ports[i / COUNT_OF(names) % COUNT_OF(ports)];
        for (size_t cut = 0; cut < 60; cut += 20) {
            struct asked fresh = {used.appid, appid_pool_new()}; /* what is known is in the pool */
            struct span payload = span_of(record.p, record.n - cut);
            const struct app_label *expected = ask_bytes(fresh, port, payload);
            const struct app_label *label = ask_bytes(used, port, payload);
            assert_string_equal(label->protocol, expected->protocol);
            assert_ptr_equal(label->category, expected->category);
            assert_int_equal(label->risk_count, expected->risk_count);
            for (unsigned risk = 0; risk < label->risk_count; risk++)
                assert_ptr_equal(label->risks[risk], expected->risks[risk]);
            appid_pool_free(fresh.pool);
        }
        buf_done(&record);
    }
    asked_free(used);
}

static void no_payload_no_label(void **state)
{
    (void)state;
    struct asked asked = asked_new();
    assert_null(ask(asked, 443, ""));
    asked_free(asked);
}

static void packets_through_several(void **state)
{
    (void)state;
    struct asked one = asked_new(), other = asked_new();
    struct appid_flow *flow = NULL;
    struct segment segment;
    struct packet packet = crafted(&segment, 1000, http);
    const struct app_label *label = appid_take(one.appid, one.pool, &flow, &segment);
    appid_free(one.appid);
    if (!label)
        label = appid_give_up(other.appid, &flow);
    assert_non_null(strstr(label->protocol, "HTTP"));
    free((void *)(uintptr_t)packet.bytes);
    appid_pool_free(one.pool);
    asked_free(other);
}

/* Threads that have often waited for one another get modules of their own. */
enum { THREADS = 3, ASKED_EACH = 20000 };

struct shared {
    struct appid *appid;
    struct segment segments[2];
};

static void *ask_often(void *context)
{
    const struct shared *shared = context;
    struct appid_pool *pool = appid_pool_new();
    size_t wrong = 0;
    for (size_t i = 0; i < ASKED_EACH; i++) {
        struct appid_flow *flow = NULL;
        const struct app_label *label =
            appid_take(shared->appid, pool, &flow, &shared->segments[i % 2]);
        if (!label)
            label = appid_give_up(shared->appid, &flow);
        wrong += !label || !strstr(label->protocol, i % 2 ? "BitTorrent" : "HTTP");
    }
    appid_pool_free(pool);
    return (void *)wrong;
}

static void threads_share_it(void **state)
{
    (void)state;
    struct shared shared = {.appid = appid_new(THREADS)};
    struct packet packets[] = {crafted(&shared.segments[0], 1000, http),
                               crafted(&shared.segments[1], 1000, torrent)};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &shared), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    appid_free(shared.appid);
    for (size_t i = 0; i < COUNT_OF(packets); i++)
        free((void *)(uintptr_t)packets[i].bytes);
}

static void flows_at_once_are_capped(void **state)
{
    (void)state;
    struct asked asked = asked_new();
    struct appid_flow **flows = xcalloc(LIMIT_NDPI_FLOWS + 1, sizeof(struct appid_flow *));
    struct segment segment;
    struct packet packet = crafted(&segment, 1000, "220 ");
    for (size_t i = 0; i <= LIMIT_NDPI_FLOWS; i++)
        assert_null(appid_take(asked.appid, asked.pool, &flows[i], &segment));
    assert_non_null(flows[LIMIT_NDPI_FLOWS - 1]);
    assert_null(flows[LIMIT_NDPI_FLOWS]);
    assert_null(appid_give_up(asked.appid, &flows[LIMIT_NDPI_FLOWS]));
    appid_forget(&flows[0]);
    assert_null(appid_take(asked.appid, asked.pool, &flows[LIMIT_NDPI_FLOWS], &segment));
    assert_non_null(flows[LIMIT_NDPI_FLOWS]); /* there is room again */
    for (size_t i = 0; i <= LIMIT_NDPI_FLOWS; i++)
        appid_forget(&flows[i]);
    free(flows);
    free((void *)(uintptr_t)packet.bytes);
    asked_free(asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label),
        cmocka_unit_test(others_do_not_count),
        cmocka_unit_test(a_hello_known_before),
        cmocka_unit_test(no_payload_no_label),
        cmocka_unit_test(packets_through_several),
        cmocka_unit_test(threads_share_it),
        cmocka_unit_test(flows_at_once_are_capped),
    };
    return cmocka_run_group_tests_name("appid", tests, NULL, NULL);
}
