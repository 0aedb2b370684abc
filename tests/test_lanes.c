/* test_lanes.c: flows that several threads make ready come in order, each made ready once, with few
 * of them ready at a time. */
#include "traffic.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "full_disk.h"

/* ThreadSanitizer takes ten times as long for each, and sees with few what it sees with many. */
#ifdef __SANITIZE_THREAD__
enum { FLOWS = 4000 };
#else
enum { FLOWS = 20000 };
#endif
enum { PLACES = 32 /* in a lane */ };

/* What was made of a flow: by whose steps, and of which flow. */
struct made {
    unsigned prepared, rendered;
    uint64_t first_frame;
};

struct trial {
    struct traffic traffic; /* is the sink's context */
    void (*flow)(void *context, struct flow_record *record, void *item);
    atomic_uint items, wrong;
    uint64_t told, times; /* by progress */
};

static void *item_new(void *context)
{
    struct trial *trial = context;
    trial->items++;
    return xcalloc(1, sizeof(struct made));
}

static void item_free(void *context, void *item)
{
    (void)context;
    free(item);
}

static void prepare(void *context, const struct flow_record *record, void *item)
{
    (void)context;
    *(struct made *)item = (struct made){.prepared = 1, .first_frame = record->first_frame};
}

static void render(void *context, const struct flow_record *record, void *item)
{
    struct trial *trial = context;
    struct made *made = item;
    trial->wrong += made->prepared != 1 || made->first_frame != record->first_frame;
    made->rendered++;
}

static void take(void *context, struct flow_record *record, void *item)
{
    struct trial *trial = context;
    const struct made *made = item;
    trial->wrong += made->rendered != 1 || made->first_frame != record->first_frame;
    trial->flow(context, record, item);
}

static void on_progress(void *context, uint64_t flows)
{
    struct trial *trial = context;
    assert_int_equal(flows, trial->traffic.count);
    assert_true(flows >= trial->told);
    trial->told = flows;
    trial->times++;
}

static void begin(struct trial *trial, struct pipeline_options options)
{
    *trial = (struct trial){.told = 0};
    traffic_begin(&trial->traffic, options);
    struct sink *sink = &trial->traffic.sink;
    trial->flow = sink->flow;
    *sink = (struct sink){.context = trial,
                          .flow = take,
                          .prepare = prepare,
                          .render = render,
                          .item_new = item_new,
                          .item_free = item_free};
}

/* Every third one ends at once, and waits for the first. */
static void send_flows(struct traffic *traffic)
{
    for (uint32_t client = 0; client < FLOWS; client++) {
        traffic_open(traffic, client);
        if (client % 3 == 2)
            traffic_close(traffic, client);
    }
}

static void check_order(const struct traffic *traffic)
{
    assert_int_equal(traffic->count, FLOWS);
    for (uint32_t i = 0; i < FLOWS; i++) {
        assert_int_equal(traffic->flows[i].n, i + 1);
        assert_int_equal(traffic->flows[i].client, i);
    }
}

static void each_is_made_ready_once_and_comes_in_order(void **state)
{
    (void)state;
    static const unsigned threads[] = {1, 2, 3, 5, 19};
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        struct trial trial;
        begin(&trial, (struct pipeline_options){.threads = threads[i]});
        send_flows(&trial.traffic);
        assert_int_equal(trial.traffic.count, 0);
        assert_true(pipeline_finish(trial.traffic.pipeline, 0, on_progress, &trial));
        check_order(&trial.traffic);
        assert_int_equal(trial.wrong, 0);
        assert_int_equal(trial.told, FLOWS);
        assert_true(trial.times > FLOWS / 2000);
        assert_in_range(trial.items, 1, threads[i] * PLACES);
        traffic_end(&trial.traffic);
    }
}

/* The one that others wait for ends, again and again. */
static void some_are_handed_out_while_packets_come(void **state)
{
    (void)state;
    struct trial trial;
    begin(&trial, (struct pipeline_options){.threads = 5});
    trial.traffic.step = NS_PER_SECOND / 10;
    for (uint32_t client = 0; client < FLOWS; client++) {
        traffic_open(&trial.traffic, client);
        if (client >= 100)
            traffic_close(&trial.traffic, client - 100);
    }
    pipeline_flush(trial.traffic.pipeline);
    assert_in_range(trial.traffic.count, FLOWS / 2, FLOWS - 100);
    assert_true(pipeline_finish(trial.traffic.pipeline, 0, NULL, NULL));
    check_order(&trial.traffic);
    assert_int_equal(trial.wrong, 0);
    traffic_end(&trial.traffic);
}

/* Of what waits on disk a part is missing: each of several threads' lanes goes on behind it, and
 * what there is comes in order. */
static void what_the_disk_loses_is_passed_over(void **state)
{
    (void)state;
    enum { MEMORY = FLOWS * 3500, FULL = FLOWS * 6 /* for the file of each shard */ };
    struct trial trial;
    begin(&trial, (struct pipeline_options){.threads = 3, .max_memory = MEMORY});
    trial.traffic.step = NS_PER_SECOND / 20; /* for closed ones to be over before the capture is */
    limit_files(FULL);
    traffic_open(&trial.traffic, 0);
    for (uint32_t client = 1; client < FLOWS; client++) {
        traffic_open(&trial.traffic, client);
        traffic_close(&trial.traffic, client);
    }
    assert_int_equal(trial.traffic.count, 0);
    assert_false(pipeline_finish(trial.traffic.pipeline, 0, NULL, NULL));
    limit_files(RLIM_INFINITY);
    assert_in_range(trial.traffic.count, FLOWS / 5, FLOWS / 5 * 4);
    for (size_t i = 0; i < trial.traffic.count; i++) {
        assert_int_equal(trial.traffic.flows[i].n, i + 1);
        assert_true(i == 0 || trial.traffic.flows[i].client > trial.traffic.flows[i - 1].client);
    }
    assert_int_equal(trial.wrong, 0);
    traffic_end(&trial.traffic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_made_ready_once_and_comes_in_order),
        cmocka_unit_test(some_are_handed_out_while_packets_come),
        cmocka_unit_test(what_the_disk_loses_is_passed_over),
    };
    return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
