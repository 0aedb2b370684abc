/* pipeline.c: the rounds. */
#include "pipeline.h"

#include <stdlib.h>

#include "cert_store.h"
#include "crew.h"
#include "intake.h"
#include "keylog.h"
#include "lanes.h"
#include "memory.h"
#include "parts.h"
#include "shard.h"
#include "shared_bytes.h"

/* Batches of an input: with several threads one is filled while the shards work on the other. */
struct input {
    struct intake intake;
    struct batch batches[2];
    struct batch *working; /* the one that the shards work on; NULL: none */
    unsigned step;         /* size of the batches */
    uint64_t frame_base;   /* of `working` */
} APART;

struct pipeline {
    struct pipeline_options options;
    struct shard_options shard_options;
    const struct sink *sink;
    struct ports watched;
    struct crew *crew;
    bool threads_called; /* the crew has as many as it will have */
    struct cert_store *certs;
    struct keylog *keylog;
    struct appid *appid; /* NULL: nDPI is not asked */
    struct input *inputs;
    struct shard *shards[SHARDS];
    nanotime now;         /* up to which time the shards may go on */
    uint64_t next_frame;  /* of what is filled next */
    uint64_t bound_frame; /* none below it is still to come to the shards */
    uint64_t ready;       /* flows with places below it can be handed out */
    uint64_t handed_out, snapshot_count;
    uint64_t evicted;    /* flows, when memory was last given back */
    struct lanes *lanes; /* in order alone; NULL until they are needed */
    bool working;        /* crew_start was called */
    bool ending;
    lanes_progress *progress; /* while it ends; or NULL */
    void *progress_context;
    pipeline_filler *fill;
    void *fill_context;
    struct pipeline_sharing sharing; /* fill NULL: there is none */
    struct parts *parts;             /* NULL until packets are shared out */
};

static bool is_watched(void *context, uint16_t port)
{
    const struct pipeline *p = context;
    return ports_have(&p->watched, port);
}

/* --- a round --- */

/* Several inputs' batches follow one another: their packets come at the same time. */
static void work_on(void *context, unsigned number, unsigned thread)
{
    struct pipeline *p = context;
    struct shard *shard = p->shards[number];
    (void)thread;
    for (unsigned i = 0; i < p->options.inputs; i++) {
        const struct input *input = &p->inputs[i];
        nanotime now = i + 1 < p->options.inputs || p->ending ? 0 : p->now;
        shard_work(shard, input->working ? &input->working->of[number] : NULL, input->frame_base,
                   now);
    }
    if (p->ending)
        shard_end(shard, p->now);
}

static void drain(void *context, unsigned number, unsigned thread)
{
    struct pipeline *p = context;
    (void)thread;
    shard_work(p->shards[number], NULL, 0, p->now);
    if (!p->shard_options.in_order)
        shard_prepare(p->shards[number]);
}

/* In order, nothing may precede what is handed out. All that is ready is handed out in the same
 * round, so that memory is the same at its end whoever prepared it, and when. */
static void find_ready(struct pipeline *p)
{
    p->ready = p->shard_options.in_order ? p->bound_frame : UINT64_MAX;
    for (unsigned i = 0; i < SHARDS; i++) {
        uint64_t open = shard_open(p->shards[i], p->ready);
        if (open < p->ready)
            p->ready = open;
    }
}

static bool any_ready(const struct pipeline *p)
{
    for (unsigned i = 0; i < SHARDS; i++)
        if (shard_next(p->shards[i], UINT64_MAX) < p->ready)
            return true;
    return false;
}

static void hand_out_in_order(struct pipeline *p)
{
    if (!any_ready(p))
        return;
    if (!p->lanes)
        p->lanes = lanes_new(p->crew, p->shards, p->sink);
    lanes_hand_out(p->lanes, p->ready, &p->handed_out, p->progress, p->progress_context);
}

/* Hands out what the shards have prepared, as it would come in order. */
static void hand_out_prepared(struct pipeline *p)
{
    uint64_t next[SHARDS];
    for (unsigned i = 0; i < SHARDS; i++)
        next[i] = shard_prepared(p->shards[i]);
    for (;;) {
        unsigned least = 0;
        for (unsigned i = 1; i < SHARDS; i++)
            if (next[i] < next[least])
                least = i;
        if (next[least] == UINT64_MAX)
            break;
        shard_hand_out(p->shards[least], ++p->handed_out);
        next[least] = shard_prepared(p->shards[least]);
    }
    sink_settle(p->sink);
}

static bool has_more(const struct pipeline *p)
{
    for (unsigned i = 0; i < SHARDS; i++)
        if (shard_is_ready(p->shards[i]))
            return true;
    return false;
}

/* Hands out what is ready. Returns whether the shards have more that can be. */
static bool hand_out(struct pipeline *p)
{
    find_ready(p);
    if (p->shard_options.in_order) {
        hand_out_in_order(p);
        return false;
    }
    hand_out_prepared(p);
    return has_more(p);
}

/* Where flows that wait for one that goes on take too much memory, that one is ended. Returns
 * whether it was. */
static bool unblock(struct pipeline *p)
{
    unsigned first = 0;
    bool choked = shard_is_choked(p->shards[0]);
    for (unsigned i = 1; i < SHARDS; i++) {
        choked = choked || shard_is_choked(p->shards[i]);
        if (shard_next(p->shards[i], UINT64_MAX) < shard_next(p->shards[first], UINT64_MAX))
            first = i;
    }
    if (!choked || !shard_unblock(p->shards[first]))
        return false;
    find_ready(p);
    return true;
}

/* Where memory is scarce, what one kind of connections has left in the heap is needed for what
 * other kinds have elsewhere. */
static void give_back(struct pipeline *p)
{
    const uint64_t before = p->evicted;
    p->evicted = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        p->evicted += shard_counts(p->shards[i]).flows_evicted;
    if (p->evicted > before)
        xtrim();
}

static void fill_next(struct input *input, struct batch *batch)
{
    intake_begin(&input->intake, batch, input->step);
}

static void finish_work(struct pipeline *p)
{
    if (!p->working)
        return;
    crew_finish(p->crew);
    p->working = false;
    while (hand_out(p) || unblock(p)) {
        crew_start(p->crew, SHARDS, drain, p);
        crew_finish(p->crew);
    }
    give_back(p);
    for (unsigned i = 0; crew_size(p->crew) == 1 && i < p->options.inputs; i++)
        if (p->inputs[i].working)
            fill_next(&p->inputs[i], p->inputs[i].working);
}

/* The batches that were filled become those that are worked on. */
static void turn(struct pipeline *p)
{
    for (unsigned i = 0; i < p->options.inputs; i++) {
        struct input *input = &p->inputs[i];
        input->working = p->options.same_input ? NULL : input->intake.batch;
        if (input->intake.was_full && input->step < BATCH_STEPS)
            input->step++;
        if (crew_size(p->crew) > 1 && input->working)
            fill_next(input, &input->batches[input->working == input->batches]);
        if (input->intake.now > p->now)
            p->now = input->intake.now;
    }
    p->bound_frame = p->next_frame;
}

/* Threads are called for once a batch was full: a capture that is smaller is done before they
 * have started. */
static void call_threads(struct pipeline *p)
{
    if (p->options.threads == crew_size(p->crew) || p->inputs[0].step == 0 || p->threads_called)
        return;
    p->threads_called = true;
    lanes_free(p->lanes);
    p->lanes = NULL;
    crew_free(p->crew);
    p->crew = crew_new(p->options.threads);
}

/* Has the shards work on what was filled; what they had before is finished first. Alone, one thread
 * does it at once: then the batch is still near. */
static void begin_work(struct pipeline *p)
{
    finish_work(p);
    call_threads(p);
    turn(p);
    cert_store_round(p->certs);
    p->working = true;
    crew_start(p->crew, SHARDS, work_on, p);
    if (crew_size(p->crew) == 1)
        finish_work(p);
}

/* --- packets --- */

void pipeline_packet(struct pipeline *p, const struct packet *packet)
{
    while (!intake_packet(&p->inputs[0].intake, packet))
        begin_work(p);
    p->next_frame = packet->frame + 1;
}

/* --- several inputs --- */

/* A thread reads what all read, and takes what is of its own shards, a window at a time: packets do
 * not go from the cache of one core to that of another, and are still in it when they are used. */
static void fill_and_work(void *context, unsigned number, unsigned thread)
{
    struct pipeline *p = context;
    struct intake *intake = &p->inputs[number].intake;
    bool goes_on = true;
    (void)thread;
    while (goes_on) {
        intake_window(intake);
        goes_on = !intake_is_over(intake) && p->fill(p->fill_context, number, intake);
        nanotime now = goes_on || intake_goes_on(intake) ? 0 : intake->now;
        for (unsigned shard = number; shard < SHARDS; shard += intake->owners)
            shard_work(p->shards[shard], &intake->batch->of[shard], 0, now);
    }
}

static void drain_own(void *context, unsigned number, unsigned thread)
{
    struct pipeline *p = context;
    for (unsigned i = number; i < SHARDS; i += p->inputs[number].intake.owners)
        drain(p, i, thread);
}

/* Shares the shards out among the first inputs, as many as there are threads. */
static void share_out(struct pipeline *p)
{
    unsigned owners = crew_size(p->crew);
    p->inputs[0].intake.owners = owners;
    for (unsigned i = 1; i < owners; i++) {
        p->inputs[i].intake.owners = owners;
        p->inputs[i].intake.mine = i;
        p->inputs[i].step = p->inputs[0].step;
        intake_learn(&p->inputs[i].intake, &p->inputs[0].intake);
        fill_next(&p->inputs[i], &p->inputs[i].batches[0]);
    }
}

static void begin_round(struct input *input)
{
    if (intake_is_over(&input->intake) && input->step < BATCH_STEPS)
        input->step++;
    fill_next(input, &input->batches[0]);
}

/* Begins a round of all inputs, or goes on with one of which a part is over. */
static void begin_rounds(struct pipeline *p)
{
    struct input *first = &p->inputs[0];
    const bool goes_on = intake_goes_on(&first->intake);
    for (unsigned i = 0; i < crew_size(p->crew); i++) {
        if (goes_on)
            intake_next_part(&p->inputs[i].intake);
        else
            begin_round(&p->inputs[i]);
    }
    if (!p->threads_called && first->step > 0) {
        call_threads(p);
        share_out(p);
    }
}

/* In the order of ends, when flows are handed out decides about that; so they wait for the end of
 * the round unless they take too much memory. */
static bool can_wait(const struct pipeline *p)
{
    bool is_tight = p->shard_options.in_order;
    for (unsigned i = 0; i < SHARDS; i++)
        is_tight = is_tight || shard_is_tight(p->shards[i]);
    return !is_tight;
}

/* Shares out packets of a round, where that is of use. The round may go on. */
static void share_round(struct pipeline *p)
{
    if (!p->sharing.fill || p->inputs[0].step < BATCH_STEPS)
        return;
    if (!p->parts) {
        p->parts = parts_new(&p->sharing, p->crew, p->shards, p->appid);
        for (unsigned i = 0; i < crew_size(p->crew); i++)
            parts_add(p->parts, &p->inputs[i].intake);
    }
    parts_round(p->parts);
}

void pipeline_share(struct pipeline *p, const struct pipeline_sharing *sharing)
{
    p->sharing = *sharing;
}

static void fill_the_same(struct pipeline *p)
{
    const struct intake *first = &p->inputs[0].intake;
    cert_store_round(p->certs);
    begin_rounds(p);
    share_round(p);
    crew_each(p->crew, fill_and_work, p);
    p->now = first->now;
    p->bound_frame = first->next_frame;
    if (intake_goes_on(first) && can_wait(p))
        return;
    while (hand_out(p) || (!intake_goes_on(first) && unblock(p)))
        crew_each(p->crew, drain_own, p);
    give_back(p);
}

void pipeline_skip(struct pipeline *p, const struct packet *packet, enum note reason)
{
    intake_skip(&p->inputs[0].intake, packet, reason);
}

static void fill_one(void *context, unsigned number, unsigned thread)
{
    struct pipeline *p = context;
    (void)thread;
    (void)p->fill(p->fill_context, number, &p->inputs[number].intake);
}

void pipeline_fill(struct pipeline *p, pipeline_filler *fill, void *context)
{
    finish_work(p);
    p->fill = fill;
    p->fill_context = context;
    if (p->options.same_input) {
        fill_the_same(p);
        return;
    }
    uint64_t *before = xmalloc(p->options.inputs * sizeof *before);
    for (unsigned i = 0; i < p->options.inputs; i++)
        before[i] = p->inputs[i].intake.counts.packets;
    crew_start(p->crew, p->options.inputs, fill_one, p);
    crew_finish(p->crew);
    for (unsigned i = 0; i < p->options.inputs; i++) {
        p->inputs[i].frame_base = p->next_frame - before[i] - 1;
        p->next_frame += p->inputs[i].intake.counts.packets - before[i];
    }
    free(before);
    pipeline_flush(p);
}

void pipeline_flush(struct pipeline *p)
{
    begin_work(p);
    finish_work(p);
}

void pipeline_advance(struct pipeline *p, nanotime now)
{
    finish_work(p);
    if (now > p->now)
        p->now = now;
    pipeline_flush(p);
}

/* --- secrets --- */

/* Shards that work look secrets up: they must be done. */
void pipeline_secrets(struct pipeline *p, struct keylog_counts *counts, struct span text)
{
    finish_work(p);
    keylog_add(p->keylog, counts, text);
}

void pipeline_expect_secrets(struct pipeline *p, bool more)
{
    finish_work(p);
    keylog_expect(p->keylog, more);
}

/* --- the outside --- */

static size_t shared_memory(const struct pipeline_options *options)
{
    return (size_t)memory_shared(options->max_memory, options->ndpi);
}

static struct shard_options options_of_shards(struct pipeline *p)
{
    const struct pipeline_options *options = &p->options;
    return (struct shard_options){.sink = p->sink,
                                  .key = {options->hash_key[0], options->hash_key[1]},
                                  .certs = p->certs,
                                  .bytes = shared_bytes_new(),
                                  .pages = pages_new(),
                                  .keylog = p->keylog,
                                  .appid = p->appid,
                                  .show_secrets = options->show_secrets,
                                  .live = options->live,
                                  .in_order = !options->live && !options->order_end,
                                  .max_flows = (options->max_flows + SHARDS - 1) / SHARDS,
                                  .max_memory = shared_memory(options) / SHARDS / 4 * 3,
                                  .interface_name = options->interface_name,
                                  .process = options->process,
                                  .interface_context = options->interface_context,
                                  .is_watched = is_watched,
                                  .watch_context = p};
}

static void begin_inputs(struct pipeline *p)
{
    const struct pipeline_options *options = &p->options;
    p->inputs = xaligned(options->inputs * sizeof *p->inputs);
    for (unsigned i = 0; i < options->inputs; i++) {
        struct input *input = &p->inputs[i];
        input->step = options->large ? BATCH_STEPS : 0;
        input->intake = (struct intake){.watched = &p->watched,
                                        .key = p->shard_options.key,
                                        .owners = 1,
                                        .windows = options->same_input,
                                        .parts = memory_is_scarce(options->max_memory),
                                        .long_rounds = options->large,
                                        .checksums = options->checksums,
                                        .shard_seed = options->live ? options->hash_key[0] : 0};
        fill_next(input, &input->batches[0]);
    }
}

struct pipeline *pipeline_new(const struct pipeline_options *options, const struct sink *sink)
{
    struct pipeline *p = xcalloc(1, sizeof *p);
    p->options = *options;
    p->options.ports = NULL;
    p->options.inputs = options->inputs ? options->inputs : 1;
    p->sink = sink;
    p->next_frame = 1;
    if (options->port_count == 0)
        ports_add_all(&p->watched);
    for (size_t i = 0; i < options->port_count; i++)
        ports_add(&p->watched, options->ports[i]);
    p->certs = cert_store_new(shared_memory(options) / 4);
    p->keylog = keylog_new();
    keylog_use_memory(p->keylog, shared_memory(options) / 8);
    p->options.threads = options->threads ? options->threads : 1;
    if (options->same_input) /* a thread each */
        p->options.threads = p->options.inputs;
    p->threads_called = options->large || (p->options.inputs > 1 && !options->same_input);
    p->crew = crew_new(p->threads_called ? p->options.threads : 1);
    unsigned modules = memory_is_low(options->max_memory) ? 1 : p->options.threads;
    p->appid = options->ndpi ? appid_new(modules) : NULL;
    p->shard_options = options_of_shards(p);
    for (unsigned i = 0; i < SHARDS; i++)
        p->shards[i] = shard_new(&p->shard_options);
    begin_inputs(p);
    if (options->large)
        share_out(p);
    return p;
}

void pipeline_snapshot(struct pipeline *p, nanotime now)
{
    pipeline_flush(p);
    for (unsigned i = 0; i < SHARDS; i++)
        shard_snapshot(p->shards[i], now, &p->snapshot_count);
}

static bool is_done(const struct pipeline *p)
{
    for (unsigned i = 0; i < SHARDS; i++)
        if (!shard_is_done(p->shards[i]))
            return false;
    return true;
}

bool pipeline_finish(struct pipeline *p, nanotime now,
                     void (*progress)(void *context, uint64_t flows), void *context)
{
    uint64_t lost = 0;
    finish_work(p);
    turn(p);
    p->now = now ? now : p->now;
    p->bound_frame = UINT64_MAX;
    p->ending = true;
    p->progress = progress;
    p->progress_context = context;
    for (crew_task *task = work_on; !is_done(p); task = drain) {
        crew_start(p->crew, SHARDS, task, p);
        crew_finish(p->crew);
        (void)hand_out(p);
        if (progress)
            progress(context, p->handed_out);
    }
    p->progress = NULL;
    for (unsigned i = 0; i < SHARDS; i++)
        lost += shard_lost(p->shards[i]);
    return lost == 0;
}

void pipeline_visit_certs(struct pipeline *p, void (*visit)(void *context, const struct cert *cert),
                          void *context)
{
    cert_store_visit_new(p->certs, visit, context);
}

uint64_t pipeline_cert_count(const struct pipeline *p)
{
    return cert_store_count(p->certs);
}

struct dissect_counts pipeline_counts(const struct pipeline *p)
{
    struct dissect_counts counts = {.certificates_dropped = cert_store_dropped(p->certs),
                                    .ndpi_failed = p->appid && appid_failed(p->appid)};
    for (unsigned i = 0; i < p->options.inputs; i++) {
        struct dissect_counts part = intake_counts(&p->inputs[i].intake);
        dissect_counts_add(&counts, &part);
    }
    for (unsigned i = 0; i < SHARDS; i++) {
        struct dissect_counts part = shard_counts(p->shards[i]);
        dissect_counts_add(&counts, &part);
    }
    return counts;
}

uint64_t pipeline_flows(const struct pipeline *p)
{
    return p->handed_out;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    finish_work(p);
    for (unsigned i = 0; i < SHARDS; i++)
        shard_free(p->shards[i]);
    appid_free(p->appid);
    lanes_free(p->lanes);
    for (unsigned i = 0; i < p->options.inputs; i++) {
        intake_done(&p->inputs[i].intake);
        batch_done(&p->inputs[i].batches[0]);
        batch_done(&p->inputs[i].batches[1]);
    }
    parts_free(p->parts);
    free(p->inputs);
    crew_free(p->crew);
    cert_store_free(p->certs);
    shared_bytes_free(p->shard_options.bytes);
    pages_free(p->shard_options.pages);
    keylog_free(p->keylog);
    free(p);
}
