/* fuzz_tcp.c: a conversation on one connection, from SYN to the end and beyond, as a program of
 * small steps; and beside it the same with a rest after each segment, and without taking apart what
 * is in order: both must give the same record, to the byte.
 *
 * A step is a byte that says which end does what, and an amount. Where an end stands is kept, so
 * that any bytes make a conversation that a real stack might have, in an unlucky network. */
#include "../../dissect/blocks.h"
#include "../../dissect/cursor.h"
#include "../../dissect/flow_pack.h"
#include "../../dissect/tcp_fate.h"
#include "../../report/json_flow.h"

#include <stdlib.h>

enum step {
    STEP_DATA, /* the next bytes: as many of the input as the amount says */
    STEP_ACK,  /* all that came */
    STEP_ACK_LESS,
    STEP_AGAIN, /* bytes that it has sent before */
    STEP_AHEAD, /* bytes beyond a hole */
    STEP_FIN,
    STEP_RST,
    STEP_SYN, /* with where it stands as its number, or another */
    STEP_WINDOW,
    STEP_PROBE,  /* a keep-alive */
    STEP_LATER,  /* seconds pass */
    STEP_CUT,    /* data that the capture has in part */
    STEP_FORGED, /* any flags, a number anywhere */
    STEP_DATA_MORE,
    STEP_ACK_MORE,
    STEP_LATER_MUCH
};

struct end {
    uint32_t next, top; /* where it stands, and beyond what it has sent */
    uint16_t window;
};

struct talk {
    struct end ends[2];
    nanotime now;
    uint64_t frame;
    struct segment last[2][RECENT_MAX]; /* that each has sent, the latest first */
};

/* A segment that was captured again takes the place of another one. */
static void take_again(struct segment *segment, struct talk *talk, unsigned from, unsigned which)
{
    const struct segment *again = &talk->last[from][which % RECENT_MAX];
    if (again->identity)
        *segment = *again;
}

static void remember(struct talk *talk, unsigned from, const struct segment *segment)
{
    struct segment *last = talk->last[from];
    memmove(last + 1, last, (RECENT_MAX - 1) * sizeof *last);
    last[0] = *segment;
}

/* One of the two runs. */
struct run {
    bool rests, begun;
    struct flow flow;
    struct cert_store *certs;
    size_t held;
    struct flow_context context;
};

static void need(bool good)
{
    if (!good)
        abort();
}

static const char *no_name(void *context, uint16_t interface)
{
    (void)context, (void)interface;
    return NULL;
}

static bool is_watched(void *context, uint16_t port)
{
    (void)context;
    return port == 5223;
}

static void rest(struct run *run)
{
    uint8_t room[FLOW_PACK_ROOM];
    struct recent recent[2];
    if (!run->rests)
        return;
    memcpy(recent, run->flow.recent, sizeof recent);
    nanotime time = run->flow.tcp.last_time;
    size_t cost, n = flow_pack(room, &cost, &run->flow, time, 1);
    need(n > 0 && n <= FLOW_PACK_ROOM);
    uint8_t *packed = xmalloc(n + BLOCK_SLACK);
    memcpy(packed, room, n);
    memset(&run->flow, 0x5a, sizeof run->flow);
    flow_unpack(&run->flow, packed, run->context.store, time, 1);
    free(packed);
    memcpy(run->flow.recent, recent, sizeof recent);
}

/* What the first cache line of an end tells is what the others hold. */
static void expect_bits(const struct tcp_end *x)
{
    need(x->syn_waits == (x->syn && x->una <= x->isn));
    need(!x->whole || x->reasm.next + x->fin == x->next);
    need(x->window_closed == (x->zero_since != 0));
    need(x->has_tried == (x->tries > 0));
    need(x->has_resent || !x->resends);
}

static void take(struct run *run, unsigned from, const struct segment *segment)
{
    if (!run->begun) {
        flow_begin(&run->flow, from, segment);
        run->begun = true;
    } else if (!run->rests && flow_take_in_order(&run->flow, from, segment, &run->context)) {
        return;
    } else if (flow_has_seen(&run->flow, from, segment)) {
        return;
    }
    switch (tcp_fate(&run->flow.tcp, from, segment, flow_syn_kept_for(&run->flow, from))) {
    case TCP_BELONGS:
        flow_take(&run->flow, from, segment, &run->context);
        break;
    case TCP_PENDING:
        flow_keep_syn(&run->flow, from, segment);
        break;
    case TCP_ANEW:
    case TCP_REPLACED: /* one connection is enough here */
        break;
    }
    rest(run);
}

static uint32_t amount_of(uint8_t byte)
{
    return byte < 0xf0 ? byte : (byte - 0xefu) * 1000;
}

static void bring(struct segment *s, struct cursor *in, size_t most)
{
    (void)!cursor_bytes(in, &s->payload, most < in->left ? most : in->left);
    s->length = (uint32_t)s->payload.n;
}

static void act(struct segment *s, struct talk *talk, unsigned from, enum step step, uint8_t byte,
                struct cursor *in)
{
    struct end *x = &talk->ends[from], *y = &talk->ends[!from];
    uint32_t amount = amount_of(byte);
    s->seq = x->next;
    s->ack = y->top;
    s->flags = FLAG_ACK;
    switch (step) {
    case STEP_AHEAD:
        s->seq = x->top + amount;
        bring(s, in, amount < 64 ? amount : 64);
        break;
    case STEP_AGAIN:
        s->seq = x->top - amount;
        bring(s, in, amount);
        break;
    case STEP_DATA:
    case STEP_DATA_MORE:
    case STEP_CUT:
        bring(s, in, amount);
        x->next += s->length;
        s->payload.n /= step == STEP_CUT ? 2 : 1;
        break;
    case STEP_ACK_LESS:
        s->ack -= amount;
        break;
    case STEP_FIN:
        s->flags |= FLAG_FIN;
        x->next++;
        break;
    case STEP_RST:
        s->flags = (uint8_t)(FLAG_RST | (byte & 1 ? FLAG_ACK : 0));
        s->seq += byte & 2 ? amount : 0;
        break;
    case STEP_SYN:
        s->flags = (uint8_t)(FLAG_SYN | (byte & 1 ? FLAG_ACK : 0));
        s->seq += byte & 2 ? (uint32_t)byte << 24 : 0;
        s->mss = 1460;
        s->wscale = byte & 4 ? 7 : -1;
        x->next = s->seq + 1;
        break;
    case STEP_WINDOW:
        x->window = (uint16_t)(byte & 1 ? 0 : byte << 8);
        break;
    case STEP_PROBE:
        s->seq = x->top - 1;
        break;
    case STEP_LATER:
    case STEP_LATER_MUCH:
        talk->now += (nanotime)amount * NS_PER_SECOND / (step == STEP_LATER ? 10 : 1);
        break;
    case STEP_FORGED:
        s->flags = byte;
        s->seq = x->next + ((uint32_t)byte << 22);
        break;
    case STEP_ACK:
    case STEP_ACK_MORE:
        break;
    }
    if ((int32_t)(x->next - x->top) > 0)
        x->top = x->next;
}

static void describe(struct buf *out, struct run *run, const struct flow_key *key, nanotime now)
{
    struct flow_record record;
    flow_describe(&record, &run->flow, key, now, &run->context);
    need(record.tcp.conn_state && memchr(record.tcp.history, 0, sizeof record.tcp.history));
    struct json json;
    json_begin(&json, out);
    json_open_object(&json, NULL);
    json_flow(&json, &record, &(const struct findings){0}, NULL);
    json_close_object(&json);
    json_end(&json);
}

static void begin_run(struct run *run, bool rests)
{
    *run = (struct run){.rests = rests, .certs = cert_store_new(SIZE_MAX)};
    run->context = (struct flow_context){.store = tls_store_new(run->certs),
                                         .held = &run->held,
                                         .interface_name = no_name,
                                         .is_watched = is_watched};
}

static void end_run(struct run *run)
{
    if (run->begun)
        flow_strip(&run->flow, &run->context);
    need(run->held == 0);
    tls_store_free(run->context.store);
    cert_store_free(run->certs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run runs[2];
    const struct endpoint ends[2] = {{
                                         .ip = {10, 0, 0, 1},
                                         .port = 40000,
                                     },
                                     {.ip = {10, 0, 0, 2}, .port = 5223}};
    struct flow_key key = flow_key_make(0, &ends[0], &ends[1]);
    struct talk talk = {.ends = {{1000, 1000, 5000}, {0xfffffff0, 0xfffffff0, 5000}},
                        .now = 1000 * NS_PER_SECOND};
    struct cursor in = cursor_of(span_of(data, size));
    uint8_t what, byte;
    for (unsigned i = 0; i < 2; i++)
        begin_run(&runs[i], i == 1);
    while (cursor_u8(&in, &what) && cursor_u8(&in, &byte)) {
        unsigned from = what & 1;
        struct segment segment = {.from = ends[from], .to = ends[!from], .ttl = 64, .wscale = -1};
        act(&segment, &talk, from, (enum step)(what >> 1 & 15), byte, &in);
        segment.identity = talk.frame + 100;
        segment.window = talk.ends[from].window;
        if (what & 0x80)
            take_again(&segment, &talk, from, byte);
        remember(&talk, from, &segment);
        talk.now += what & 0x20 ? NS_PER_SECOND / 1000 : 0;
        segment.time = talk.now - (what & 0x40 ? NS_PER_SECOND / 100 : 0);
        segment.frame = ++talk.frame;
        for (unsigned i = 0; i < 2; i++)
            take(&runs[i], from, &segment);
        expect_bits(&runs[0].flow.tcp.ends[0]);
        expect_bits(&runs[0].flow.tcp.ends[1]);
    }
    struct buf told[2] = {{0}, {0}};
    for (unsigned i = 0; i < 2 && runs[i].begun; i++) {
        describe(&told[i], &runs[i], &key, talk.now);
        flow_end(&runs[i].flow, ENDED_END_OF_CAPTURE, &runs[i].context);
        rest(&runs[i]);
        describe(&told[i], &runs[i], &key, talk.now);
    }
    need(span_equal(span_of(told[0].p, told[0].n), span_of(told[1].p, told[1].n)));
    for (unsigned i = 0; i < 2; i++) {
        end_run(&runs[i]);
        buf_done(&told[i]);
    }
    return 0;
}
