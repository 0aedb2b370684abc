/* test_in_order.c: conversations drawn by chance, of which most segments are in order and any other
 * thing happens now and then: taken apart or not, what is in order leaves a flow in the same state,
 * bit for bit, after each segment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../dissect/flow.h"
#include "../dissect/tcp_fate.h"
#include "../dissect/tls_session.h"
#include "chance.h"

enum { TALKS = 400, SEGMENTS = 120 };

/* What may be out of the ordinary with a segment. */
enum oddity {
    WINDOW_CLOSED,
    OTHER_TTL,
    MARKED,
    KEEPALIVE,
    BEHIND_A_HOLE,
    SENT_AGAIN,
    OLD_ACK,
    ACK_OF_UNSEEN,
    CUT_SHORT,
    CLOCK_BACK,
    IN_A_TUNNEL,
    OF_A_PROCESS,
    CHECKSUM_DAMAGED,
    CAPTURED_AGAIN,
    FORGED,
    RESET_FORGED,
    LAST_ONE
};
enum { ODDITIES = LAST_ONE + 1 };

struct talk {
    struct chance chance;
    uint32_t next[2], hole[2]; /* where each stands, and bytes that it has yet to send */
    uint32_t isn[2];
    bool over[2], is_tls;
    nanotime now, pause; /* the longest between two segments */
    uint64_t frame;
    struct segment last[2];
};

/* One of two ways to take the same segments. */
struct way {
    bool apart;
    struct flow flow;
    size_t in_order; /* taken apart */
};

static void take_other(struct way *way, unsigned from, const struct segment *s,
                       const struct flow_context *context)
{
    struct flow *flow = &way->flow;
    struct doubt *doubt;
    if (flow_has_seen(flow, from, s))
        return;
    while (flow->has_doubted && (doubt = flow_settle_doubts(flow, from, s, context))) {
        flow_take(flow, doubt->from, &doubt->segment, context);
        doubt_free(doubt, context->held);
    }
    if (flow_doubts(flow, from, s) && flow_keep_doubt(flow, from, s, context))
        return;
    if (tcp_fate(&flow->tcp, from, s, NULL) == TCP_BELONGS)
        flow_take(flow, from, s, context);
}

static void take(struct way *way, unsigned from, const struct segment *s,
                 const struct flow_context *context)
{
    if (way->apart && flow_take_in_order(&way->flow, from, s, context))
        way->in_order++;
    else
        take_other(way, from, s, context);
}

/* Without where its memory is. */
static struct tcp state_of(const struct flow *flow)
{
    struct tcp tcp = flow->tcp;
    tcp.signs = tcp.signs ? (void *)1 : NULL;
    for (unsigned i = 0; i < 2; i++) {
        struct tcp_end *x = &tcp.ends[i];
        x->resends = x->resends ? (void *)1 : NULL;
        x->reasm.held = x->reasm.held ? (void *)1 : NULL;
        x->flight.segment_block = x->flight.segment_block ? (void *)1 : NULL;
        x->flight.record_block = x->flight.record_block ? (void *)1 : NULL;
    }
    return tcp;
}

static void expect_same_session(const struct tls *a, const struct tls *b)
{
    assert_int_equal(a != NULL, b != NULL);
    if (!a)
        return;
    assert_int_equal(tls_verdict(a), tls_verdict(b));
    assert_memory_equal(a->directions, b->directions, sizeof a->directions);
}

static void expect_same(const struct flow *a, const struct flow *b)
{
    const struct tcp one = state_of(a), other = state_of(b);
    assert_memory_equal(&one, &other, sizeof one);
    assert_memory_equal(&a->zeek, &b->zeek, sizeof a->zeek);
    assert_memory_equal(a->recent, b->recent, sizeof a->recent);
    expect_same_session(a->tls, b->tls);
    assert_ptr_equal(a->outer, b->outer);
    assert_int_equal(a->interface, b->interface);
    assert_int_equal(a->not_tls, b->not_tls);
    assert_int_equal(a->plain, b->plain);
    assert_int_equal(a->seen_twice, b->seen_twice);
    assert_int_equal(a->honest << 2 | a->careless, b->honest << 2 | b->careless);
}

static void make_odd(struct segment *s, struct talk *talk, unsigned from, enum oddity oddity)
{
    static const struct outer outer = {.count = 1};
    switch (oddity) {
    case WINDOW_CLOSED:
        s->window = 0;
        break;
    case OTHER_TTL:
        s->ttl = (uint8_t)(60 + chance_below(&talk->chance, 8));
        break;
    case MARKED:
        s->marks = chance_below(&talk->chance, 2) ? MARK_RETRANSMISSION : MARK_KEEPALIVE;
        break;
    case KEEPALIVE:
        s->seq--;
        s->length = 0;
        break;
    case BEHIND_A_HOLE:
        talk->hole[from] = 50;
        s->seq += 50;
        break;
    case SENT_AGAIN:
        s->seq -= 20;
        break;
    case OLD_ACK:
        s->ack -= 10 + (uint32_t)chance_below(&talk->chance, 40);
        break;
    case ACK_OF_UNSEEN:
        s->ack = talk->next[!from] + 30;
        talk->next[!from] += chance_below(&talk->chance, 2) ? 30 : 0; /* or it was forged */
        break;
    case CUT_SHORT:
        s->payload.n = s->length / 2;
        break;
    case CLOCK_BACK:
        s->time -= NS_PER_SECOND / 4;
        break;
    case IN_A_TUNNEL:
        s->outer = &outer;
        break;
    case OF_A_PROCESS:
        s->interface |= PACKET_HAS_PROCESS;
        break;
    case CHECKSUM_DAMAGED:
        s->checksum = CHECKSUM_WRONG;
        break;
    case CAPTURED_AGAIN:
        *s = talk->last[from];
        s->time = talk->now;
        s->frame = talk->frame;
        break;
    case FORGED:
        s->seq += (uint32_t)chance_below(&talk->chance, 1u << 30);
        break;
    case RESET_FORGED:
        *s = (struct segment){.time = s->time,
                              .frame = s->frame,
                              .identity = s->identity,
                              .seq = s->seq - 5000,
                              .flags = FLAG_RST,
                              .ttl = s->ttl,
                              .checksum = CHECKSUM_RIGHT};
        break;
    case LAST_ONE:
        s->flags |= talk->over[!from] || chance_below(&talk->chance, 8) == 0 ? FLAG_FIN : 0;
        talk->over[from] |= (s->flags & FLAG_FIN) != 0;
        break;
    }
}

/* What stands in a stream from an offset on: records of application data one after the other, or
 * what is none. */
static const uint8_t *bytes_at(struct talk *talk, uint32_t offset)
{
    enum { RECORD = TLS_RECORD_HEADER + 95 };
    static const uint8_t zeros[300], request[300] = "GET / HTTP/1.1\r\n";
    static uint8_t records[5 * RECORD];
    for (unsigned i = 0; i < sizeof records; i += RECORD)
        memcpy(records + i, "\x17\x03\x03\x00\x5f", TLS_RECORD_HEADER);
    if (talk->is_tls)
        return records + offset % RECORD;
    return chance_below(&talk->chance, 4) ? zeros : request;
}

static struct segment segment_of(struct talk *talk, unsigned from, unsigned flags, uint32_t length)
{
    const uint8_t *bytes = bytes_at(talk, talk->next[from] - talk->isn[from] - 1);
    talk->now += (nanotime)chance_below(&talk->chance, (uint64_t)talk->pause + 1);
    talk->frame++;
    return (struct segment){.time = talk->now,
                            .frame = talk->frame,
                            .identity = talk->frame + 1000,
                            .seq = talk->next[from],
                            .ack = flags & FLAG_ACK ? talk->next[!from] : 0,
                            .window = 500,
                            .flags = (uint8_t)flags,
                            .ttl = 64,
                            .checksum = CHECKSUM_RIGHT,
                            .length = length,
                            .payload = span_of(bytes, length),
                            .mss = flags & FLAG_SYN ? 1460 : 0,
                            .wscale = -1};
}

static struct segment next_segment(struct talk *talk, unsigned from)
{
    uint32_t length =
        chance_below(&talk->chance, 3) ? 1 + (uint32_t)chance_below(&talk->chance, 300) : 0;
    struct segment s = segment_of(talk, from, FLAG_ACK, talk->over[from] ? 0 : length);
    bool odd = chance_below(&talk->chance, 12) == 0;
    if (talk->hole[from]) { /* what was left out comes after all */
        s.length = talk->hole[from];
        s.payload.n = s.length;
        talk->hole[from] = 0;
        odd = false;
    }
    if (odd)
        make_odd(&s, talk, from, (enum oddity)chance_below(&talk->chance, ODDITIES));
    bool lost = s.checksum == CHECKSUM_WRONG && chance_below(&talk->chance, 2);
    if (s.seq - talk->next[from] < 1000 && !lost) {
        uint32_t fin = s.flags & FLAG_FIN ? 1 : 0;
        talk->next[from] = s.seq + s.length + fin - (talk->hole[from] ? s.length + 50 : 0);
        talk->hole[from] += talk->hole[from] ? s.length : 0;
    }
    talk->last[from] = s;
    return s;
}

static void shake_hands(struct talk *talk, struct way *ways, const struct flow_context *context)
{
    static const unsigned flags[] = {FLAG_SYN, FLAG_SYN | FLAG_ACK, FLAG_ACK};
    int8_t scales[2] = {(int8_t)(chance_below(&talk->chance, 9) - 1),
                        (int8_t)(chance_below(&talk->chance, 9) - 1)};
    for (unsigned n = 0; n < COUNT_OF(flags); n++) {
        unsigned from = n & 1;
        struct segment s = segment_of(talk, from, flags[n], 0);
        s.wscale = flags[n] & FLAG_SYN ? scales[from] : -1;
        talk->next[from] += flags[n] & FLAG_SYN ? 1 : 0;
        talk->last[from] = s;
        for (unsigned i = 0; i < 2; i++) {
            if (n == 0)
                flow_begin(&ways[i].flow, from, &s);
            take(&ways[i], from, &s, context);
        }
    }
}

static void taken_apart_or_not(void **state)
{
    (void)state;
    static struct way ways[2];
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    size_t held = 0, in_order = 0;
    const struct flow_context context = {.store = tls_store_new(certs), .held = &held};
    for (unsigned t = 0; t < TALKS; t++) {
        struct talk talk = {.chance = {t}, .is_tls = t % 2, .now = t % 4 < 2 ? NS_PER_SECOND : 0};
        for (unsigned i = 0; i < 2; i++) {
            talk.isn[i] = (uint32_t)0 - (uint32_t)chance_below(&talk.chance, 5000);
            talk.next[i] = talk.isn[i];
            ways[i] = (struct way){.apart = i == 1};
        }
        shake_hands(&talk, ways, &context);
        talk.pause = NS_PER_SECOND / 50;
        for (unsigned n = 0; n < SEGMENTS; n++) {
            unsigned from = (unsigned)chance_below(&talk.chance, 2);
            struct segment s = next_segment(&talk, from);
            for (unsigned i = 0; i < 2; i++)
                take(&ways[i], from, &s, &context);
            expect_same(&ways[0].flow, &ways[1].flow);
        }
        in_order += ways[1].in_order;
        for (unsigned i = 0; i < 2; i++)
            flow_strip(&ways[i].flow, &context);
    }
    assert_in_range(in_order, TALKS * SEGMENTS / 8, TALKS * SEGMENTS - TALKS);
    assert_int_equal(held, 0);
    tls_store_free(context.store);
    cert_store_free(certs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_apart_or_not),
    };
    return cmocka_run_group_tests_name("in_order", tests, NULL, NULL);
}
