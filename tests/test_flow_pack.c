/* test_flow_pack.c: a flow that rests after each of its segments gives the same report as one that
 * never does, and one that takes what is in order apart the same as one that takes all in the
 * general way: over every sample capture, also cut, with holes and out of order. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../capture/source.h"
#include "../dissect/blocks.h"
#include "../dissect/decode.h"
#include "../dissect/flow_pack.h"
#include "../dissect/tcp_fate.h"
#include "records.h"

static struct decoder decoder;

enum { FLOWS_MAX = 128, PACKETS_MAX = 4096 };

/* What is done to a capture: each reaches states that the samples do not rest in. */
enum damage {
    AS_IT_IS,
    JOINED_LATE, /* without its first packets */
    WITH_HOLES,  /* without every fifth packet */
    SWAPPED,     /* every two packets the other way round */
    LATE_BYTES,  /* every fourth packet comes six packets later */
    HALF         /* it stops in the middle, and the flows are given up */
};
enum { CHANGES = HALF + 1 };

struct capture {
    struct packet packets[PACKETS_MAX];
    size_t count;
};

static void read_capture(struct capture *capture, char *path)
{
    struct source_error error;
    struct source *source = source_open_files(&error, &path, 1);
    struct packet packet;
    assert_non_null(source);
    capture->count = 0;
    while (source_next(source, &packet) == SOURCE_PACKET) {
        assert_in_range(capture->count, 0, PACKETS_MAX - 1);
        packet.bytes = xmemdup(packet.bytes, packet.caplen);
        capture->packets[capture->count++] = packet;
    }
    source_close(source);
}

static void forget_capture(struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++)
        free((void *)(uintptr_t)capture->packets[i].bytes);
}

/* The packet that comes as the i-th, or NULL. */
static const struct packet *packet_at(const struct capture *capture, size_t i, enum damage change)
{
    enum { LATE = 6 };
    size_t at = i;
    switch (change) {
    case AS_IT_IS:
        break;
    case JOINED_LATE:
        return i < 3 ? NULL : &capture->packets[i];
    case WITH_HOLES:
        return i % 5 == 4 ? NULL : &capture->packets[i];
    case SWAPPED:
        at = i ^ 1;
        break;
    case LATE_BYTES: /* 4 and 10 change places, and so on */
        at = i % 12 == 4 ? i + LATE : i % 12 == 10 ? i - LATE : i;
        break;
    case HALF:
        return i < capture->count / 2 ? &capture->packets[i] : NULL;
    }
    return &capture->packets[at < capture->count ? at : i];
}

/* --- a shard without what is not a flow --- */

struct run {
    bool rest;                  /* after each segment; others take what is in order apart */
    size_t in_order;            /* how many were */
    size_t over, over_is_short; /* rests of a connection that is over, and in the form for those */
    struct flow_key keys[FLOWS_MAX];
    struct flow flows[FLOWS_MAX];
    size_t count;
    struct cert_store *certs;
    size_t held;
    struct flow_context context;
    struct report *report;
    struct report_item item;
    nanotime now;
    char *text; /* what was reported */
    size_t text_size;
    FILE *stream;
};

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

static void begin_run(struct run *run, bool rest, const struct run_meta *meta, struct appid *appid)
{
    *run = (struct run){.rest = rest, .certs = cert_store_new(SIZE_MAX)};
    run->context = (struct flow_context){.store = tls_store_new(run->certs),
                                         .held = &run->held,
                                         .appid = appid,
                                         .appid_pool = appid_pool_new(SIZE_MAX),
                                         .interface_name = no_name,
                                         .is_watched = is_watched};
    run->stream = open_memstream(&run->text, &run->text_size);
    run->report = report_new(meta);
    const struct report_options options = {.columns = 80};
    report_add_output(run->report, REPORT_JSON, run->stream, &options);
}

/* What a shard does between a flow's segments. A copy captured on a second interface is not known
 * any more after a rest, which lasts longer than those are apart: that alone is put back. */
static void rest(struct run *run, struct flow *flow)
{
    struct recent recent[2];
    uint8_t room[FLOW_PACK_ROOM];
    if (!run->rest)
        return;
    memcpy(recent, flow->recent, sizeof recent);
    nanotime time = flow->tcp.last_time;
    uint64_t frame = flow->first_frame;
    bool is_over = tcp_is_over(&flow->tcp);
    size_t cost, n = flow_pack(room, &cost, flow, time, frame);
    assert_in_range(n, 1, FLOW_PACK_ROOM);
    assert_in_range(cost, n, n + 64); /* some pointers */
    bool is_short = room[0] != 0;
    assert_true(is_over || !is_short);
    run->over += is_over;
    run->over_is_short += is_short;
    uint8_t *packed = xmalloc(n + BLOCK_SLACK);
    memcpy(packed, room, n);
    struct flow *moved = xmalloc(sizeof *moved);
    memset(moved, 0xa5, sizeof *moved);
    memset(flow, 0x5a, sizeof *flow);
    flow_unpack(moved, packed, run->context.store, time, frame);
    free(packed);
    memcpy(flow, moved, sizeof *flow);
    free(moved);
    memcpy(flow->recent, recent, sizeof recent);
}

static void report_one(struct run *run, size_t i, enum end_reason reason)
{
    struct flow_record record;
    struct flow *flow = &run->flows[i];
    flow_end(flow, reason, &run->context);
    rest(run, flow);
    flow_describe(&record, flow, &run->keys[i], run->now, &run->context);
    report_prepare(run->report, &run->item, &record);
    report_render(run->report, &run->item, &record);
    report_commit(run->report, &run->item, &record, i + 1);
    report_settle(run->report);
    flow_strip(flow, &run->context);
}

static void take(struct run *run, struct flow *flow, unsigned from, const struct segment *segment)
{
    flow_take(flow, from, segment, &run->context);
    rest(run, flow);
}

static void take_segment(struct run *run, const struct segment *segment)
{
    unsigned from = flow_key_from(&segment->from, &segment->to);
    struct flow_key key = flow_key_make(from, &segment->from, &segment->to);
    size_t i = 0;
    while (i < run->count && memcmp(&run->keys[i], &key, sizeof key) != 0)
        i++;
    struct flow *flow = &run->flows[i];
    struct segment syn;
    if (i == run->count) {
        assert_in_range(i, 0, FLOWS_MAX - 1);
        run->keys[run->count++] = key;
        flow_begin(flow, from, segment);
        rest(run, flow);
        take(run, flow, from, segment);
        return;
    }
    if (!run->rest && flow_take_in_order(flow, from, segment, &run->context)) {
        run->in_order++;
        return;
    }
    if (flow_has_seen(flow, from, segment))
        return;
    switch (tcp_fate(&flow->tcp, from, segment, flow_syn_kept_for(flow, from))) {
    case TCP_PENDING:
        flow_keep_syn(flow, from, segment);
        rest(run, flow);
        return;
    case TCP_REPLACED:
        syn = *flow->pending_syn;
        free(flow->pending_syn);
        flow->pending_syn = NULL;
        report_one(run, i, ENDED_PORT_REUSED);
        flow_begin(flow, !from, &syn);
        take(run, flow, !from, &syn);
        break;
    case TCP_ANEW:
        report_one(run, i, ENDED_PORT_REUSED);
        flow_begin(flow, from, segment);
        break;
    case TCP_BELONGS:
        break;
    }
    take(run, flow, from, segment);
}

static void end_run(struct run *run, bool give_up)
{
    for (size_t i = 0; i < run->count; i++)
        if (give_up)
            flow_strip(&run->flows[i], &run->context);
        else
            report_one(run, i, ENDED_END_OF_CAPTURE);
    assert_int_equal(run->held, 0);
    const struct run_end end = {.clean = true};
    assert_true(report_finish(run->report, &end));
    report_item_done(&run->item);
    report_free(run->report);
    fclose(run->stream);
    appid_pool_free(run->context.appid_pool);
    tls_store_free(run->context.store);
    cert_store_free(run->certs);
}

/* States that a flow was in when it rested. */
struct states {
    size_t held, in_flight, resent, pending_syn, undecided, tls, joined;
    size_t in_order; /* segments taken apart */
    size_t over, over_is_short;
};

/* What the first cache line of an end tells is what the others hold. */
static void expect_bits(const struct tcp_end *x)
{
    assert_int_equal(x->syn_waits, x->syn && x->una <= x->isn);
    assert_true(!x->whole || x->reasm.next + x->fin == x->next);
    assert_int_equal(x->window_closed, x->zero_since != 0);
    assert_int_equal(x->has_tried, x->tries > 0);
    assert_true(x->has_resent || !x->resends);
}

static void note_states(struct states *states, const struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct flow *flow = &run->flows[i];
        for (unsigned end = 0; end < 2; end++) {
            expect_bits(&flow->tcp.ends[end]);
            states->held += flow->tcp.ends[end].reasm.held != NULL;
            states->in_flight += flow->tcp.ends[end].flight.record_count > 1;
            states->resent += flow->tcp.ends[end].resends != NULL;
        }
        assert_true(flow->has_kept_syn || !flow->pending_syn);
        assert_true(flow->has_doubted || !flow->doubts);
        assert_int_equal(flow->has_prologue, flow->prologue != NULL);
        states->pending_syn += flow->pending_syn != NULL;
        states->undecided += flow->appid != NULL;
        states->tls += flow->tls != NULL;
        states->joined += flow->tcp.joined;
    }
}

/* Returns the report, which the caller frees. */
static char *analyse(const struct capture *capture, enum damage change, bool with_rests,
                     struct appid *appid, struct states *states)
{
    static struct run run;
    const struct run_meta meta = made_meta();
    begin_run(&run, with_rests, &meta, appid);
    for (size_t i = 0; i < capture->count; i++) {
        struct segment segment;
        const struct packet *packet = packet_at(capture, i, change);
        if (!packet || decode_packet(&segment, &decoder, packet) != NOTE_NONE)
            continue;
        if (segment.time > run.now)
            run.now = segment.time;
        take_segment(&run, &segment);
        note_states(states, &run);
    }
    end_run(&run, change == HALF);
    states->in_order += run.in_order;
    states->over += run.over;
    states->over_is_short += run.over_is_short;
    return run.text;
}

static void rests_and_ways_change_nothing(void **state)
{
    (void)state;
    static struct capture capture;
    struct appid *appid = appid_new(1);
    struct states states = {0};
    glob_t paths;
    size_t flows = 0;
    assert_int_equal(glob("pcaps/*.pcap*", 0, NULL, &paths), 0);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        read_capture(&capture, paths.gl_pathv[i]);
        for (unsigned change = 0; change < CHANGES; change++) {
            char *without = analyse(&capture, (enum damage)change, false, appid, &states);
            char *with = analyse(&capture, (enum damage)change, true, appid, &states);
            for (const char *at = without; (at = strstr(at, "\"type\":\"flow\"")); at++)
                flows++;
            if (strcmp(without, with) != 0)
                fail_msg("%s, change %u:\n%s\n%s", paths.gl_pathv[i], change, without, with);
            free(without);
            free(with);
        }
        forget_capture(&capture);
    }
    assert_in_range(flows, 5 * paths.gl_pathc, SIZE_MAX); /* that something was compared */
    assert_true(states.held && states.in_flight && states.resent && states.pending_syn &&
                states.undecided && states.tls && states.joined && states.in_order);
    assert_in_range(states.over_is_short, states.over / 8, states.over - 1); /* damage apart */
    globfree(&paths);
    appid_free(appid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rests_and_ways_change_nothing),
    };
    return cmocka_run_group_tests_name("flow_pack", tests, NULL, NULL);
}
