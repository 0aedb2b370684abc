/* test_baseline.c: what a former report found is known again, whatever its names hold. */
#include "../report/baseline.h"

#include "../report/identity.h"
#include "records.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static struct baseline *baseline_of(const char *text, size_t n, char *error, size_t size)
{
    FILE *in = fmemopen((void *)(uintptr_t)text, n, "r");
    assert_non_null(in);
    struct baseline *baseline = baseline_read(in, error, size);
    fclose(in);
    return baseline;
}

static bool knows_flow(const struct baseline *baseline, const struct made_flow *flow,
                       enum finding_id id)
{
    struct buf identity = {0};
    identity_of_flow(&identity, &flow->record, &(struct finding){.id = id});
    bool known = baseline_knows(baseline, span_of(identity.p, identity.n));
    buf_done(&identity);
    return known;
}

static void check_name(struct span name)
{
    struct made_flow flow, *list[1] = {&flow};
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    const struct report_options options = {.columns = 80};
    char error[128] = "";
    made_stuck_fin(&flow, 1, 106);
    flow.tls.sni = name;
    char *report = made_report(REPORT_JSON, &options, &meta, &end, list, 1);
    struct baseline *baseline = baseline_of(report, strlen(report), error, sizeof error);
    assert_string_equal(error, "");
    assert_non_null(baseline);
    assert_true(knows_flow(baseline, &flow, FINDING_FIN_UNANSWERED));

    /* Another port of the client, another number: the same. Another finding, client: not. */
    flow.record.ends[CLIENT].port++;
    flow.record.n = 77;
    assert_true(knows_flow(baseline, &flow, FINDING_FIN_UNANSWERED));
    assert_false(knows_flow(baseline, &flow, FINDING_RESET));
    flow.record.ends[CLIENT].ip[3]++;
    assert_false(knows_flow(baseline, &flow, FINDING_FIN_UNANSWERED));
    baseline_free(baseline);
    free(report);
}

static void a_flow_s_finding_is_known_again(void **state)
{
    (void)state;
    check_name(made_text("courier.push.example"));
    check_name(span_of(NULL, 0)); /* then the server's address stands for it */
    check_name(made_text("b\xc3\xbc"
                         "cher.example"));
    check_name(made_text("evil\x1b[2J \xff\\x41\"}"));
}

static void another_server_is_not_known(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    const struct report_options options = {.columns = 80};
    char error[128] = "";
    made_stuck_fin(&flow, 1, 106);
    char *report = made_report(REPORT_JSON, &options, &meta, &end, list, 1);
    struct baseline *baseline = baseline_of(report, strlen(report), error, sizeof error);
    flow.record.ends[SERVER].ip[3]++; /* the name stands for it */
    assert_true(knows_flow(baseline, &flow, FINDING_FIN_UNANSWERED));
    flow.record.ends[SERVER].port++;
    assert_false(knows_flow(baseline, &flow, FINDING_FIN_UNANSWERED));
    made_stuck_fin(&flow, 1, 106);
    flow.tls.sni = made_text("other.push.example");
    assert_false(knows_flow(baseline, &flow, FINDING_FIN_UNANSWERED));
    baseline_free(baseline);
    free(report);
}

static void findings_of_no_flow_are_known_again(void **state)
{
    (void)state;
    static struct made_flow flows[4];
    struct made_flow *list[4];
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    const struct report_options options = {.columns = 80};
    char error[128] = "";
    for (unsigned i = 0; i < 4; i++)
        made_stuck_fin(list[i] = &flows[i], i + 1, 106);
    char *report = made_report(REPORT_JSON, &options, &meta, &end, list, 4);
    struct baseline *baseline = baseline_of(report, strlen(report), error, sizeof error);
    struct findings findings = {0};
    struct finding *pileup = findings_add(&findings, FINDING_STUCK_PILEUP);
    struct buf identity = {0};
    finding_word(pileup, "client", "192.168.1.20");
    finding_number(pileup, "stuck", 77);
    identity_of_finding(&identity, pileup);
    assert_true(baseline_knows(baseline, span_of(identity.p, identity.n)));
    identity_part(&identity, made_text("else"));
    assert_false(baseline_knows(baseline, span_of(identity.p, identity.n)));
    /* Equal ones of several flows are one. */
    assert_int_equal(baseline_count(baseline), 2);
    buf_done(&identity);
    findings_done(&findings);
    baseline_free(baseline);
    free(report);
}

static void what_is_no_report_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"\n", "line 1"},
        {"x\n", "line 1: not JSON"},
        {"{\"type\":\"meta\"}\n{\"type\":\"fl", "line 2: not JSON"},
        {"[]\n", "line 1: not a line of a report"},
        {"{\"type\":\"flow\"}\n", "line 1: does not begin with a report's `meta`"},
        {"{\"type\":\"meta\"}\n{\"type\":7}\n", "line 2: not a line of a report"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char error[128] = "";
        struct baseline *baseline =
            baseline_of(cases[i].text, strlen(cases[i].text), error, sizeof error);
        assert_null(baseline);
        if (!strstr(error, cases[i].error))
            fail_msg("%s is not in: %s", cases[i].error, error);
    }
}

/* Lines of kinds that are not known yet, and parts of other types than expected, do no harm. */
static void what_is_odd_is_left_out(void **state)
{
    (void)state;
    static const char text[] =
        "{\"type\":\"meta\"}\n{\"type\":\"socket\"}\n"
        "{\"type\":\"flow\",\"client\":7,\"server\":[],\"findings\":{\"id\":1}}\n"
        "{\"type\":\"flow\",\"findings\":[null,{},{\"id\":[]},{\"id\":\"reset\"}]}\n"
        "{\"type\":\"finding\",\"evidence\":[{}]}\n";
    char error[128] = "";
    struct baseline *baseline = baseline_of(text, strlen(text), error, sizeof error);
    assert_non_null(baseline);
    baseline_free(baseline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flow_s_finding_is_known_again),
        cmocka_unit_test(another_server_is_not_known),
        cmocka_unit_test(findings_of_no_flow_are_known_again),
        cmocka_unit_test(what_is_no_report_is_refused),
        cmocka_unit_test(what_is_odd_is_left_out),
    };
    return cmocka_run_group_tests_name("baseline", tests, NULL, NULL);
}
