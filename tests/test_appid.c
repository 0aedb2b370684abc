/* test_appid.c: nDPI gives a label, the same whatever else was seen, and is asked about so many
 * flows at once and no more. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <ndpi_api.h>

#include "../dissect/appid.h"
#include "../dissect/appid_ndpi.h"
#include "../dissect/decode.h"
#include "../dissect/limits.h"
#include "craft.h"
#include "hello_bytes.h"

/* Of later versions nobody has looked up what their opinion depends on: nothing is remembered. */
enum { HAS_KINDS = NDPI_MAJOR == 4 && NDPI_MINOR < 4 };

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
    return (struct asked){appid_new(1), appid_pool_new(SIZE_MAX)};
}

static void asked_free(struct asked asked)
{
    appid_free(asked.appid);
    appid_pool_free(asked.pool);
}

/* A segment with this payload; free the packet's bytes. */
static struct packet crafted_segment(struct segment *segment, uint16_t from, uint16_t to,
                                     uint32_t seq, struct span payload)
{
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, 20 + payload.n);
    craft_tcp(&c, from, to, seq, 1, FLAG_ACK, 1000, span_of(NULL, 0), payload);
    struct packet packet = craft_packet(&c, LINK_RAW);
    assert_int_equal(decode_packet(segment, &decoder, &packet), NOTE_NONE);
    return packet;
}

static struct packet crafted_bytes(struct segment *segment, uint16_t port, struct span payload)
{
    return crafted_segment(segment, port, 6000, 1, payload);
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
    const struct app_label *label = appid_take(asked.appid, asked.pool, &flow, &segment, NULL);
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
    assert_true(label->plain);                       /* as all of this library are */
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

/* A record with a ClientHello. */
static struct buf hello_with(uint16_t version, const struct buf *extensions)
{
    static const uint16_t suites[] = {0xc02b, 0x1301};
    struct buf body = {0}, message = {0}, record = {0};
    put_client_hello(&body, version, suites, COUNT_OF(suites), extensions);
    put_number(&message, 1, 1);
    put_vector(&message, 3, body.p, body.n);
    put_number(&record, 0x160301, 3);
    put_vector(&record, 2, message.p, message.n);
    buf_done(&body);
    buf_done(&message);
    return record;
}

/* One for a server name, or (NULL) for none. */
static struct buf hello(uint16_t version, const char *name)
{
    struct buf extensions = {0};
    if (name)
        put_server_name(&extensions, name);
    struct buf record = hello_with(version, &extensions);
    buf_done(&extensions);
    return record;
}

static void assert_same_label(const struct app_label *label, const struct app_label *expected)
{
    assert_string_equal(label->protocol, expected->protocol);
    assert_ptr_equal(label->category, expected->category);
    assert_int_equal(label->risk_count, expected->risk_count);
    for (unsigned risk = 0; risk < label->risk_count; risk++)
        assert_ptr_equal(label->risks[risk], expected->risks[risk]);
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
        struct buf record = hello(0x0303, names[i % COUNT_OF(names)]);
        uint16_t port = ports[i / COUNT_OF(names) % COUNT_OF(ports)];
        for (size_t cut = 0; cut < 60; cut += 20) {
            struct asked fresh = {used.appid,
                                  appid_pool_new(SIZE_MAX)}; /* what is known is in the pool */
            struct span payload = span_of(record.p, record.n - cut);
            const struct app_label *expected = ask_bytes(fresh, port, payload);
            const struct app_label *label = ask_bytes(used, port, payload);
            assert_same_label(label, expected);
            appid_pool_free(fresh.pool);
        }
        buf_done(&record);
    }
    asked_free(used);
}

/* --- what a server answers to a client that names none --- */

/* Of a connection that is like others. */
struct answer {
    uint16_t version; /* that the client offers */
    const char *subject;
    uint16_t suite;
    uint8_t each;     /* what its random and its key exchange are made of */
    size_t cut;       /* where its bytes are cut into two segments */
    uint32_t missing; /* bytes between them that were not captured */
    bool resumed;     /* no certificate: changes cipher at once */
    int64_t day;      /* since 2024-01-01, of all packets */
};

static void put_bytes(struct buf *out, uint8_t value, size_t n)
{
    while (n-- > 0)
        buf_append(out, &value, 1);
}

static void put_text(struct buf *out, const char *text)
{
    buf_append(out, text, strlen(text));
}

static void put_message(struct buf *out, uint8_t type, const struct buf *body)
{
    struct buf message = {0};
    put_number(&message, type, 1);
    put_vector(&message, 3, body->p, body->n);
    put_number(out, 0x160303, 3);
    put_vector(out, 2, message.p, message.n);
    buf_done(&message);
}

/* As much of a certificate as nDPI looks for: names, and a validity from 2024-03-01 to 2024-11-01.
 */
static void put_certificate(struct buf *out, const char *subject)
{
    struct buf certificate = {0}, list = {0}, body = {0};
    put_text(&certificate, "\x30\x20\x55\x04\x03\x0c\x04Test\x30\x1e\x17\x0d"
                           "240301000000Z\x17\x0d"
                           "241101000000Z\x55\x04\x03");
    put_number(&certificate, 0x0c, 1);
    put_vector(&certificate, 1, subject, strlen(subject));
    put_bytes(&certificate, 'k', 80);
    put_vector(&list, 3, certificate.p, certificate.n);
    put_vector(&body, 3, list.p, list.n);
    put_message(out, 11, &body);
    buf_done(&certificate);
    buf_done(&list);
    buf_done(&body);
}

static struct buf answer_bytes(const struct answer *answer)
{
    struct buf hello = {0}, exchange = {0}, out = {0};
    put_number(&hello, 0x0303, 2);
    put_bytes(&hello, answer->each, 32);
    put_vector(&hello, 1, "", 0);
    put_number(&hello, answer->suite, 2);
    put_number(&hello, 0, 1);
    put_message(&out, 2, &hello);
    put_bytes(&exchange, answer->each, 120);
    if (answer->resumed) {
        put_number(&out, 0x1403030001, 5);
        put_number(&out, 1, 1);
        put_number(&out, 0x160303, 3);
        put_vector(&out, 2, exchange.p, exchange.n);
    } else {
        put_certificate(&out, answer->subject);
        put_message(&out, 12, &exchange);
    }
    buf_done(&hello);
    buf_done(&exchange);
    return out;
}

enum { CLIENT_PORT = 40000, SERVER_PORT = 5223 };

static const struct app_label *take_bytes(struct asked asked, struct appid_flow **flow, bool answer,
                                          uint32_t seq, struct span bytes, int64_t day)
{
    struct segment segment;
    struct packet packet = crafted_segment(&segment, answer ? SERVER_PORT : CLIENT_PORT,
                                           answer ? CLIENT_PORT : SERVER_PORT, seq, bytes);
    segment.time = (INT64_C(1704067200) + day * 86400) * NS_PER_SECOND;
    const struct app_label *label = appid_take(asked.appid, asked.pool, flow, &segment, NULL);
    free((void *)(uintptr_t)packet.bytes);
    return label;
}

/* The label of a connection; *most gets the memory that the pool took for it. */
static const struct app_label *ask_answer(struct asked asked, const struct answer *answer,
                                          size_t *most)
{
    struct appid_flow *flow = NULL;
    struct buf record = hello(answer->version, NULL), bytes = answer_bytes(answer);
    size_t cut = answer->cut < bytes.n ? answer->cut : bytes.n - 1;
    const uint32_t seq = answer->each * UINT32_C(123456789);
    const struct span parts[] = {span_of(bytes.p, cut), span_of(bytes.p + cut, bytes.n - cut)};
    const size_t before = appid_pool_memory(asked.pool);
    const struct app_label *label =
        take_bytes(asked, &flow, false, answer->each, span_of(record.p, record.n), answer->day);
    *most = appid_pool_memory(asked.pool) - before;
    for (size_t i = 0; i < COUNT_OF(parts) && !label; i++)
        if (parts[i].n > 0)
            label = take_bytes(asked, &flow, true, seq + (uint32_t)(i * (cut + answer->missing)),
                               parts[i], answer->day);
    if (!label)
        label = appid_give_up(asked.appid, &flow);
    assert_null(flow);
    buf_done(&record);
    buf_done(&bytes);
    return label;
}

static bool has_risk(const struct app_label *label, const char *part)
{
    bool has = false;
    for (unsigned i = 0; i < label->risk_count; i++)
        has = has || strstr(label->risks[i], part);
    return has;
}

/* What was remembered of one connection is said of no other that differs in what nDPI looks at, nor
 * of a time at which it would say something else. */
static void an_answer_known_before(void **state)
{
    (void)state;
    static const struct answer answers[] = {
        {.version = 0x0303, .subject = "a.example", .suite = 0xc02f},
        {.version = 0x0301, .subject = "a.example", .suite = 0xc02f},
        {.version = 0x0303,
         .subject = "Test",
         .suite = 0xc02f}, /* the issuer's name: self-signed */
        {.version = 0x0303, .subject = "a.example", .suite = 0x002f},
        {.version = 0x0303, .subject = "a.example", .suite = 0xc02f, .cut = 20},
        {.version = 0x0303, .subject = "a.example", .suite = 0xc02f, .cut = 100},
        {.version = 0x0303, .subject = "a.example", .suite = 0xc02f, .cut = 130},
        {.version = 0x0303, .subject = "a.example", .suite = 0xc02f, .cut = 100, .missing = 1},
        {.version = 0x0303, .subject = "a.example", .suite = 0xc02f, .resumed = true},
        {.version = 0x0303, .subject = "a.example", .suite = 0xc02f, .resumed = true, .cut = 49},
    };
    static const int64_t days[] = {0, 59, 60, 61, 200, 275, 276, 300, 305, 306, 900};
    struct asked used = asked_new();
    size_t most;
    for (size_t i = 0; i < 3 * COUNT_OF(answers) * COUNT_OF(days); i++) {
        struct answer answer = answers[i % COUNT_OF(answers)];
        answer.day = days[i / COUNT_OF(answers) % COUNT_OF(days)];
        answer.each = (uint8_t)(i * 7 + 1);
        struct asked fresh = {used.appid, appid_pool_new(SIZE_MAX)};
        const struct app_label *expected = ask_answer(fresh, &answer, &most);
        assert_same_label(ask_answer(used, &answer, &most), expected);
        appid_pool_free(fresh.pool);
    }
    /* That these differ at all: */
    struct answer answer = answers[0];
    answer.day = 900;
    assert_true(has_risk(ask_answer(used, &answer, &most), "Expired"));
    answer.day = 300;
    assert_false(has_risk(ask_answer(used, &answer, &most), "Expired"));
    assert_true(has_risk(ask_answer(used, &answer, &most), "About To Expire"));
    answer.day = 200;
    assert_false(has_risk(ask_answer(used, &answer, &most), "About To Expire"));
    assert_false(has_risk(ask_answer(used, &answer, &most), "Self-signed"));
    answer.subject = "Test";
    assert_true(has_risk(ask_answer(used, &answer, &most), "Self-signed"));
    assert_false(has_risk(ask_answer(used, &answer, &most), "Obsolete"));
    answer.version = 0x0301;
    assert_true(has_risk(ask_answer(used, &answer, &most), "Obsolete"));
    answer.suite = 0x002f;
    assert_true(has_risk(ask_answer(used, &answer, &most), "Weak"));
    asked_free(used);
}

/* Of a hello whose end was not captured nDPI takes the server's bytes for the rest: then all of
 * them count, and here the random is where an extension's type would be. */
static void a_hello_that_goes_on(void **state)
{
    (void)state;
    enum {
        BEFORE_RANDOM = 5 + 4 + 2,
        TICKET = 35,
        TICKET_SIZE = 40,
        COOKIE = 44,
        COOKIE_SIZE = 16
    };
    struct asked asked = asked_new();
    struct buf extensions = {0}, ticket = {0}, cookie = {0};
    put_bytes(&ticket, 't', TICKET_SIZE);
    put_bytes(&cookie, 'c', COOKIE_SIZE);
    put_extension(&extensions, TICKET, &ticket);
    put_extension(&extensions, COOKIE, &cookie);
    struct buf record = hello_with(0x0303, &extensions);
    for (unsigned i = 0; i < 6; i++) {
        const uint8_t each = i % 2 ? 0x99 : 0; /* a type that nobody registered, or a server name */
        struct buf bytes =
            answer_bytes(&(struct answer){.suite = 0xc02f, .resumed = true, .each = each});
        struct appid_flow *flow = NULL;
        struct span begun = span_of(record.p, record.n - BEFORE_RANDOM - 4 - COOKIE_SIZE);
        assert_null(take_bytes(asked, &flow, false, 1, begun, 0));
        const struct app_label *label =
            take_bytes(asked, &flow, true, 1, span_of(bytes.p, bytes.n), 0);
        if (!label)
            label = appid_give_up(asked.appid, &flow);
        assert_null(flow);
        assert_int_equal(has_risk(label, "Suspicious Extension"), each != 0);
        buf_done(&bytes);
    }
    asked_free(asked);
    buf_done(&extensions);
    buf_done(&ticket);
    buf_done(&cookie);
    buf_done(&record);
}

static void put_length(uint8_t *at, size_t n)
{
    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
}

/* A hello whose compression methods reach into the next segment, which begins like a hello itself:
 * to nDPI the random of that is where the extensions are. */
static void a_hello_within_a_hello(void **state)
{
    (void)state;
    enum {
        LENGTH = 3,
        MESSAGE = 5,
        RANDOM = MESSAGE + 4 + 2,
        COMPRESSION = RANDOM + 32 + 8 + 2 + 4
    };
    struct asked asked = asked_new();
    struct buf none = {0}, outer = hello_with(0x0303, &none), inner = hello(0x0303, "a.example");
    const size_t sent = COMPRESSION + 1, block = inner.n - RANDOM - 2;
    put_length(outer.p + LENGTH, sent + inner.n - MESSAGE);
    put_length(outer.p + MESSAGE + 2, sent + inner.n - MESSAGE - 4);
    outer.p[COMPRESSION] = RANDOM;
    put_length(inner.p + RANDOM, block);
    put_length(inner.p + RANDOM + 2, 0x9999); /* a type that nobody registered */
    put_length(inner.p + RANDOM + 4, block - 4);
    for (unsigned i = 0; i < 3; i++) {
        struct appid_flow *flow = NULL;
        assert_null(take_bytes(asked, &flow, false, 1, span_of(outer.p, sent), 0));
        const struct app_label *label =
            take_bytes(asked, &flow, false, 1 + (uint32_t)sent, span_of(inner.p, inner.n), 0);
        if (!label)
            label = appid_give_up(asked.appid, &flow);
        assert_true(has_risk(label, "Suspicious Extension"));
    }
    asked_free(asked);
    buf_done(&outer);
    buf_done(&inner);
}

/* nDPI does not look behind an authentication header (RFC 4302): what it said of a segment with as
 * many bytes of options is not said of one with such a header. */
static void headers_between(void **state)
{
    (void)state;
    enum { AUTHENTICATION = 51, HEADER_SIZE = 24, TCP = 6 };
    static const uint8_t header[HEADER_SIZE] = {TCP, HEADER_SIZE / 4 - 2},
                         options[HEADER_SIZE] = {1};
    struct asked asked = asked_new();
    struct buf record = hello(0x0303, "courier.push.apple.com");
    const struct span payload = span_of(record.p, record.n);
    for (unsigned i = 0; i < 4; i++) {
        const bool between = i % 2;
        struct craft c = {.n = 0};
        struct segment segment;
        struct appid_flow *flow = NULL;
        craft_ipv6(&c, between ? AUTHENTICATION : TCP, HEADER_SIZE + 20 + payload.n);
        if (between)
            craft_bytes(&c, header, sizeof header);
        craft_tcp(&c, 40000, 5223, 1, 1, FLAG_ACK, 1000,
                  span_of(options, between ? 0 : HEADER_SIZE), payload);
        struct packet packet = craft_packet(&c, LINK_RAW);
        assert_int_equal(decode_packet(&segment, &decoder, &packet), NOTE_NONE);
        const struct app_label *label = appid_take(asked.appid, asked.pool, &flow, &segment, NULL);
        if (!label)
            label = appid_give_up(asked.appid, &flow);
        assert_int_equal(strstr(label->protocol, "TLS") != NULL, !between);
        free((void *)(uintptr_t)packet.bytes);
    }
    asked_free(asked);
    buf_done(&record);
}

/* nDPI is not asked about what it was asked about before, and has no state of it then. */
static void asked_once(void **state)
{
    (void)state;
    if (!HAS_KINDS)
        skip();
    static const struct answer answer = {
        .version = 0x0303, .subject = "a.example", .suite = 0xc02f, .cut = 130};
    struct asked asked = asked_new();
    size_t first, second, others;
    const struct app_label *label = ask_answer(asked, &answer, &first);
    assert_ptr_equal(ask_answer(asked, &answer, &second), label);
    assert_true(second < first / 2);
    struct answer other = answer;
    other.each = 99;
    assert_ptr_equal(ask_answer(asked, &other, &others), label);
    assert_int_equal(others, second);
    asked_free(asked);
}

/* A packet of a connection: the hello, or the rest of an answer from somewhere on. */
struct sent {
    bool answer;
    size_t from, to; /* of its bytes */
    int32_t away;    /* from where it belongs */
};

/* The label of a connection whose packets come in some order; *most gets the memory that the pool
 * took for it. */
static const struct app_label *ask_disorder(struct asked asked, const struct sent *sent,
                                            size_t count, uint8_t each, size_t *most)
{
    struct appid_flow *flow = NULL;
    struct buf record = hello(0x0303, NULL);
    struct buf bytes =
        answer_bytes(&(struct answer){.subject = "a.example", .suite = 0xc02f, .each = each});
    const struct app_label *label = NULL;
    const size_t before = appid_pool_memory(asked.pool);
    *most = 0;
    for (size_t i = 0; i < count && !label; i++) {
        const struct buf *of = sent[i].answer ? &bytes : &record;
        const size_t to = sent[i].to < of->n ? sent[i].to : of->n;
        const uint32_t at = each * UINT32_C(1234567) + (uint32_t)sent[i].from;
        label = take_bytes(asked, &flow, sent[i].answer, at + (uint32_t)sent[i].away,
                           span_of(of->p + sent[i].from, to - sent[i].from), 0);
        if (appid_pool_memory(asked.pool) - before > *most)
            *most = appid_pool_memory(asked.pool) - before;
    }
    if (!label)
        label = appid_give_up(asked.appid, &flow);
    assert_null(flow);
    buf_done(&record);
    buf_done(&bytes);
    return label;
}

/* nDPI passes over a packet that is not where it should be, whatever is in it: neither is it asked
 * about such a connection again, nor is the label of one said of another. */
static void disorder(void **state)
{
    (void)state;
    enum { CUT = 60, ALL = 10000 };
    static const struct sent orders[][5] = {
        {{false, 0, ALL, 0}, {true, 0, ALL, 0}},
        {{false, 0, ALL, 0}, {false, 0, ALL, 0}, {true, 0, ALL, 0}},
        {{false, 0, ALL, 0}, {true, 0, CUT, 0}, {true, CUT, ALL, 1}, {true, CUT, ALL, 0}},
        {{false, 0, ALL, 0}, {true, 0, CUT, 0}, {true, CUT, ALL, 0}},
        {{false, 0, ALL, 0}, {true, 0, CUT, 0}, {true, 0, CUT, 0}, {true, CUT, ALL, 0}},
        {{false, 0, ALL, 0}, {true, 0, CUT, 0}, {true, CUT, ALL, 3}},
    };
    struct asked used = asked_new();
    for (unsigned i = 0; i < 4 * COUNT_OF(orders); i++) {
        const struct sent *order = orders[i % COUNT_OF(orders)];
        struct asked fresh = {used.appid, appid_pool_new(SIZE_MAX)};
        size_t count = 0, first, again;
        while (count < COUNT_OF(orders[0]) && order[count].to > 0)
            count++;
        const struct app_label *expected =
            ask_disorder(fresh, order, count, (uint8_t)(i + 1), &first);
        assert_same_label(ask_disorder(used, order, count, (uint8_t)(i + 1), &again), expected);
        if (HAS_KINDS && i >= COUNT_OF(orders)) /* a state of nDPI's alone takes more */
            assert_true(again < first / 2);
        appid_pool_free(fresh.pool);
    }
    asked_free(used);
}

/* Servers that send the beginning of a large record have little memory kept for them, known before
 * or not. */
static void little_is_kept(void **state)
{
    (void)state;
    enum { PIECE = 1900, FLOWS = 900, STEPS_MOST = 64 * 1024, HEADERS = 2 * 60 };
    static struct appid_flow *flows[FLOWS];
    struct asked asked = asked_new();
    struct buf record = hello(0x0303, NULL), bytes = {0};
    put_number(&bytes, 0x1703033e80, 5);
    put_bytes(&bytes, 'x', PIECE);
    struct appid_flow *other = NULL;
    struct segment segment;
    struct packet packet = crafted(&segment, 1000, nothing);
    assert_null(appid_take(asked.appid, asked.pool, &other, &segment, NULL));
    const size_t of_one = appid_pool_memory(asked.pool);
    for (size_t i = 0; i < FLOWS; i++) {
        assert_null(take_bytes(asked, &flows[i], false, 1, span_of(record.p, record.n), 0));
        assert_null(take_bytes(asked, &flows[i], true, 1, span_of(bytes.p, bytes.n), 0));
    }
    assert_true(appid_pool_memory(asked.pool) <=
                (1 + FLOWS) * (of_one + PIECE + record.n + HEADERS) + LIMIT_NDPI_KEPT +
                    LIMIT_NDPI_HELLO + STEPS_MOST);
    const struct app_label *label = appid_give_up(asked.appid, &flows[0]);
    for (size_t i = 1; i < FLOWS; i++)
        assert_ptr_equal(appid_give_up(asked.appid, &flows[i]), label);
    appid_forget(&other);
    asked_free(asked);
    free((void *)(uintptr_t)packet.bytes);
    buf_done(&record);
    buf_done(&bytes);
}

/* However many servers send the beginning of a large record, what nDPI puts together of them has an
 * end: a flow's guess is taken when there is no more memory. */
static void memory_has_an_end(void **state)
{
    (void)state;
    enum { PIECE = 1900, FLOWS = 900, PACKETS = 4, MOST = 512 * 1024 };
    static struct appid_flow *flows[FLOWS];
    struct asked asked = {appid_new(1), appid_pool_new(MOST)};
    struct buf record = hello(0x0303, NULL), bytes = {0};
    size_t named = 0, waiting = 0;
    put_number(&bytes, 0x1603033e80, 5);
    put_bytes(&bytes, 'x', PIECE);
    for (unsigned packet = 0; packet < PACKETS; packet++)
        for (size_t i = 0; i < FLOWS; i++) {
            const bool server = packet > 0;
            const struct buf *sent = server ? &bytes : &record;
            if (server && !flows[i])
                continue;
            named += take_bytes(asked, &flows[i], server, 1 + packet * PIECE,
                                span_of(sent->p, sent->n), 0) != NULL;
            assert_true(appid_pool_memory(asked.pool) <= MOST + LIMIT_NDPI_HELLO);
        }
    for (size_t i = 0; i < FLOWS; i++) {
        waiting += flows[i] != NULL;
        appid_forget(&flows[i]);
    }
    assert_true(named > 0);
    assert_int_equal(named + waiting, FLOWS);
    assert_null(take_bytes(asked, &flows[0], false, 1, span_of(record.p, record.n), 0));
    assert_non_null(flows[0]); /* there is room again */
    appid_forget(&flows[0]);
    asked_free(asked);
    buf_done(&record);
    buf_done(&bytes);
}

/* What is remembered of hellos makes room for others, and for flows that wait. */
static void what_is_remembered_makes_room(void **state)
{
    (void)state;
    if (!HAS_KINDS)
        skip();
    enum { MOST = 128 * 1024, NAMES = 3000 };
    struct asked asked = {appid_new(1), appid_pool_new(MOST)};
    struct buf waiting = hello(0x0303, NULL);
    unsigned again = 0;
    for (unsigned i = 0; i < NAMES; i++) {
        char name[] = "0000-courier.push.apple.com";
        const size_t before = appid_pool_memory(asked.pool);
        struct appid_flow *flow = NULL;
        for (unsigned digit = 0, rest = i; digit < 4; digit++, rest /= 10)
            name[digit] = (char)('0' + rest % 10);
        struct buf record = hello(0x0303, name);
        const struct app_label *label = ask_bytes(asked, CLIENT_PORT, span_of(record.p, record.n));
        assert_non_null(label);
        assert_string_equal(label->protocol, "TLS.ApplePush");
        again += appid_pool_memory(asked.pool) < before;
        assert_null(take_bytes(asked, &flow, false, 1, span_of(waiting.p, waiting.n), 0));
        assert_non_null(flow);
        assert_true(appid_pool_memory(asked.pool) <= MOST + LIMIT_NDPI_HELLO);
        appid_forget(&flow);
        buf_done(&record);
    }
    assert_in_range(again, 1, NAMES / 50); /* not for each */
    asked_free(asked);
    buf_done(&waiting);
}

/* What is guessed for want of memory is said of no other once there is some, nor is anything
 * guessed while there is something that can be forgotten. */
static void guessed_for_want_of_memory(void **state)
{
    (void)state;
    static uint8_t bytes[1000];
    struct asked asked = {appid_new(1), appid_pool_new(2 * appid_state_size() + sizeof bytes)};
    struct appid_flow *flow = NULL, *other = NULL;
    memset(bytes, 'z', sizeof bytes);
    char name[] = "0-courier.push.apple.com";
    struct buf record = hello(0x0303, NULL);
    const struct span nameless = span_of(record.p, record.n);
    struct segment waiting;
    struct packet packet = crafted_bytes(&waiting, 1000, span_of(bytes, sizeof bytes));
    assert_null(appid_take(asked.appid, asked.pool, &other, &waiting, NULL));
    assert_non_null(take_bytes(asked, &flow, false, 1, nameless, 0));
    assert_null(flow);
    appid_forget(&other);
    assert_null(take_bytes(asked, &flow, false, 1, nameless, 0));
    assert_non_null(flow);
    appid_forget(&flow);
    for (unsigned i = 0; i < 50; i++) {
        name[0] = (char)('0' + i);
        struct buf named = hello(0x0303, name);
        assert_non_null(ask_bytes(asked, CLIENT_PORT, span_of(named.p, named.n)));
        assert_null(appid_take(asked.appid, asked.pool, &other, &waiting, NULL));
        assert_non_null(other);
        appid_forget(&other);
        buf_done(&named);
    }
    struct appid_flow *flows[100];
    size_t count = 0;
    do {
        flows[count] = NULL;
        if (take_bytes(asked, &flows[count], false, 1, nameless, 0))
            assert_null(flows[count]);
    } while (flows[count] && ++count < COUNT_OF(flows));
    assert_in_range(count, 2, COUNT_OF(flows) - 1);
    while (count > 0)
        appid_forget(&flows[--count]);
    assert_int_equal(appid_pool_memory(asked.pool), 0); /* nothing was left to forget */
    asked_free(asked);
    free((void *)(uintptr_t)packet.bytes);
    buf_done(&record);
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
    const struct app_label *label = appid_take(one.appid, one.pool, &flow, &segment, NULL);
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
    struct appid_pool *pool = appid_pool_new(SIZE_MAX);
    size_t wrong = 0;
    for (size_t i = 0; i < ASKED_EACH; i++) {
        struct appid_flow *flow = NULL;
        const struct app_label *label =
            appid_take(shared->appid, pool, &flow, &shared->segments[i % 2], NULL);
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
        assert_null(appid_take(asked.appid, asked.pool, &flows[i], &segment, NULL));
    assert_non_null(flows[LIMIT_NDPI_FLOWS - 1]);
    assert_null(flows[LIMIT_NDPI_FLOWS]);
    assert_null(appid_give_up(asked.appid, &flows[LIMIT_NDPI_FLOWS]));
    appid_forget(&flows[0]);
    assert_null(appid_take(asked.appid, asked.pool, &flows[LIMIT_NDPI_FLOWS], &segment, NULL));
    assert_non_null(flows[LIMIT_NDPI_FLOWS]); /* there is room again */
    for (size_t i = 0; i <= LIMIT_NDPI_FLOWS; i++)
        appid_forget(&flows[i]);
    free(flows);
    free((void *)(uintptr_t)packet.bytes);
    asked_free(asked);
}

/* --- without nDPI --- */

static unsigned refused;

static void *no_memory(size_t size)
{
    (void)size;
    refused++;
    return NULL;
}

static void a_start_that_fails_is_tried_once(void **state)
{
    (void)state;
    struct asked asked = asked_new();
    set_ndpi_malloc(no_memory);
    assert_false(appid_failed(asked.appid));
    assert_null(ask(asked, 40000, http));
    assert_true(appid_failed(asked.appid));
    assert_true(refused > 0);
    refused = 0;
    assert_null(ask(asked, 40001, http));
    appid_prepare(asked.appid);
    assert_int_equal(refused, 0);
    set_ndpi_malloc(malloc);
    assert_null(ask(asked, 40002, http));
    asked_free(asked);

    asked = asked_new();
    assert_non_null(ask(asked, 40000, http));
    assert_false(appid_failed(asked.appid));
    asked_free(asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label),
        cmocka_unit_test(others_do_not_count),
        cmocka_unit_test(a_hello_known_before),
        cmocka_unit_test(an_answer_known_before),
        cmocka_unit_test(a_hello_that_goes_on),
        cmocka_unit_test(a_hello_within_a_hello),
        cmocka_unit_test(headers_between),
        cmocka_unit_test(asked_once),
        cmocka_unit_test(disorder),
        cmocka_unit_test(little_is_kept),
        cmocka_unit_test(memory_has_an_end),
        cmocka_unit_test(what_is_remembered_makes_room),
        cmocka_unit_test(guessed_for_want_of_memory),
        cmocka_unit_test(no_payload_no_label),
        cmocka_unit_test(packets_through_several),
        cmocka_unit_test(threads_share_it),
        cmocka_unit_test(flows_at_once_are_capped),
        cmocka_unit_test(a_start_that_fails_is_tried_once),
    };
    return cmocka_run_group_tests_name("appid", tests, NULL, NULL);
}
