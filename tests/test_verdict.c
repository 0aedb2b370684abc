/* test_verdict.c: what findings come to, and how sure that is. */
#include "../report/judge/verdict.h"

#include "../report/judge/judge.h"
#include "records.h"

#include <setjmp.h>

#include <cmocka.h>

/* One run: flows are judged and counted as a report does it. */
struct trial {
    struct run_meta meta;
    struct run_end end;
    struct judge *judge;
    struct summary summary;
    struct findings findings;
    struct verdict verdict;
};

static void trial_begin(struct trial *trial)
{
    *trial = (struct trial){.meta = made_meta(), .end = made_end()};
    trial->judge = judge_new(&trial->meta);
}

static void trial_add(struct trial *trial, const struct made_flow *flow)
{
    struct findings findings = {0};
    judge_flow(trial->judge, &findings, &flow->record);
    judge_remember(trial->judge, &flow->record, &findings);
    summary_add_flow(&trial->summary, &flow->record, &findings);
    findings_done(&findings);
}

static void trial_end(struct trial *trial)
{
    judge_finish(trial->judge, &trial->findings, &trial->end);
    summary_add_findings(&trial->summary, &trial->findings);
    verdict_reach(&trial->verdict, &trial->meta, &trial->summary, &trial->findings, &trial->end);
}

static void trial_done(struct trial *trial)
{
    verdict_done(&trial->verdict);
    findings_done(&trial->findings);
    summary_done(&trial->summary);
    judge_free(trial->judge);
}

static void assert_says(struct buf *text, const char *words)
{
    if (!strstr(buf_text(text), words))
        fail_msg("\"%s\" is not in: %s", words, buf_text(text));
}

static void check(const struct made_flow *flow, enum verdict_kind kind, enum verdict_surety surety,
                  const char *words)
{
    struct trial trial;
    trial_begin(&trial);
    trial_add(&trial, flow);
    trial_end(&trial);
    assert_string_equal(verdict_name(trial.verdict.kind), verdict_name(kind));
    assert_string_equal(verdict_surety_name(trial.verdict.surety), verdict_surety_name(surety));
    assert_says(&trial.verdict.sentence, words);
    assert_int_equal(trial.verdict.sentence.p[trial.verdict.sentence.n - 1], '.');
    assert_true(trial.verdict.works.n > 0);
    trial_done(&trial);
}

static void each_cause_has_its_answer(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    check(&flow, VERDICT_HEALTHY, SURETY_LIKELY, "Nothing is wrong here: 1 connection");
    made_stuck_fin(&flow, 1, 106);
    check(&flow, VERDICT_PATH_DEAD, SURETY_LIKELY, "The program is likely not at fault");
    made_silent_peer(&flow, 1, STUCK_DUPLICATE_ACKS);
    check(&flow, VERDICT_PATH_DROPS, SURETY_LIKELY, "drops some of its packets");
    made_silent_peer(&flow, 1, STUCK_ANSWERS_LOST);
    check(&flow, VERDICT_ANSWERS_LOST, SURETY_LIKELY, "do not reach the sender");
    made_silent_peer(&flow, 1, STUCK_SILENCE);
    check(&flow, VERDICT_SENDER_GONE, SURETY_POSSIBLE, "does not try again");
    made_silent_peer(&flow, 1, STUCK_WINDOW_CLOSED);
    check(&flow, VERDICT_NOT_READ, SURETY_LIKELY, "does not read");
    made_unanswered(&flow, 1);
    check(&flow, VERDICT_UNREACHABLE, SURETY_LIKELY, "1 connection attempt got no answer");
    made_refused(&flow, 1);
    check(&flow, VERDICT_REFUSED, SURETY_LIKELY, "refuses this port");
    made_reset(&flow, 1, SERVER, RESET_IN_DATA);
    check(&flow, VERDICT_CUT_OFF, SURETY_POSSIBLE, "1 connection was reset");
    made_half_closed(&flow, 1);
    check(&flow, VERDICT_NOT_CLOSED, SURETY_LIKELY, "does not close");
    made_failed(&flow, 1, 48);
    check(&flow, VERDICT_NO_HANDSHAKE, SURETY_LIKELY, "1 TLS handshake failed");
    made_plain(&flow, 1, PLAIN_XMPP);
    check(&flow, VERDICT_NOT_TLS, SURETY_CERTAIN, "1 connection is not TLS");
}

/* Certificates are judged elsewhere: here only what comes of it. */
static void certificates_are_a_matter_of_trust(void **state)
{
    (void)state;
    for (unsigned severity = SEVERITY_NOTICE; severity < SEVERITIES; severity++) {
        struct made_flow flow;
        struct trial trial;
        struct findings findings = {0};
        trial_begin(&trial);
        made_healthy(&flow, 1);
        findings_add(&findings, FINDING_EXPIRED)->severity = (enum severity)severity;
        summary_add_flow(&trial.summary, &flow.record, &findings);
        trial_end(&trial);
        assert_int_equal(trial.verdict.kind,
                         severity == SEVERITY_CRITICAL ? VERDICT_IMPOSTOR : VERDICT_IDENTITY);
        assert_says(&trial.verdict.sentence, "1 server showed an expired certificate.");
        findings_done(&findings);
        trial_done(&trial);
    }
}

/* Another issuer than the expected one may be somebody between, whom a client accepts or not. */
static void an_unexpected_issuer_may_be_an_impostor(void **state)
{
    (void)state;
    static const enum finding_id ids[] = {FINDING_UNEXPECTED_ISSUER, FINDING_UNRECOGNIZED_LEAF};
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct made_flow flow;
        struct trial trial;
        struct findings findings = {0};
        trial_begin(&trial);
        made_healthy(&flow, 1);
        findings_add(&findings, ids[i]);
        summary_add_flow(&trial.summary, &flow.record, &findings);
        trial_end(&trial);
        assert_int_equal(trial.verdict.kind, VERDICT_IMPOSTOR);
        findings_done(&findings);
        trial_done(&trial);
    }
}

/* A hole in the capture makes every answer less sure, and is the answer only if there is no other.
 */
static void holes_make_it_less_sure(void **state)
{
    (void)state;
    struct made_flow flow;
    made_stuck_fin(&flow, 1, 106);
    flow.record.tcp.ends[SERVER].gap_bytes = 1448;
    check(&flow, VERDICT_PATH_DEAD, SURETY_POSSIBLE, "The program is likely not at fault");
    made_healthy(&flow, 1);
    flow.record.tcp.ends[SERVER].gap_bytes = 1448;
    check(&flow, VERDICT_CAPTURE_HOLES, SURETY_POSSIBLE, "the capture has holes");

    struct trial trial; /* a capture that breaks off does not outweigh what was seen */
    trial_begin(&trial);
    made_reset(&flow, 1, SERVER, RESET_IN_DATA);
    trial_add(&trial, &flow);
    trial.end.clean = false;
    trial_end(&trial);
    assert_int_equal(trial.verdict.kind, VERDICT_CUT_OFF);
    assert_says(&trial.verdict.sure, "The capture has holes");
    trial_done(&trial);
}

static void the_severest_leads_then_the_most_frequent(void **state)
{
    (void)state;
    struct made_flow flow;
    struct trial trial;
    trial_begin(&trial);
    for (unsigned n = 1; n <= 5; n++) { /* five notices */
        made_reset(&flow, n, SERVER, RESET_IN_DATA);
        trial_add(&trial, &flow);
    }
    made_failed(&flow, 6, 48); /* and a warning */
    trial_add(&trial, &flow);
    trial_end(&trial);
    assert_int_equal(trial.verdict.kind, VERDICT_NO_HANDSHAKE);
    trial_done(&trial);

    trial_begin(&trial);
    made_failed(&flow, 1, 48);
    trial_add(&trial, &flow);
    for (unsigned n = 2; n <= 3; n++) {
        made_refused(&flow, n);
        trial_add(&trial, &flow);
    }
    trial_end(&trial);
    assert_int_equal(trial.verdict.kind, VERDICT_REFUSED);
    assert_says(&trial.verdict.sentence, "2 connections were refused");
    trial_done(&trial);

    trial_begin(&trial); /* of stuck ones, the cause that most have */
    made_silent_peer(&flow, 1, STUCK_WINDOW_CLOSED);
    trial_add(&trial, &flow);
    for (unsigned n = 2; n <= 3; n++) {
        made_stuck_fin(&flow, n, 106);
        trial_add(&trial, &flow);
    }
    trial_end(&trial);
    assert_int_equal(trial.verdict.kind, VERDICT_PATH_DEAD);
    trial_done(&trial);
}

static void nothing_seen(void **state)
{
    (void)state;
    struct trial trial;
    trial_begin(&trial);
    trial_end(&trial);
    assert_int_equal(trial.verdict.kind, VERDICT_NOTHING_SEEN);
    assert_says(&trial.verdict.sentence, "No TCP connection on port 5223 was seen.");
    assert_int_equal(trial.verdict.works.n, 0);
    trial_done(&trial);
}

/* Where only flows together, or another witness, show something, that is what is said. */
static void a_finding_without_flows_is_told(void **state)
{
    (void)state;
    struct trial trial;
    trial_begin(&trial);
    struct finding *finding = findings_add(&trial.findings, FINDING_STUCK_PILEUP);
    finding_seen(finding, "400 sockets are stuck");
    trial_end(&trial);
    assert_int_equal(trial.verdict.kind, VERDICT_PATH);
    assert_says(&trial.verdict.sentence, "400 sockets are stuck.");
    trial_done(&trial);
}

static void parties_are_named_few_of_many(void **state)
{
    (void)state;
    struct made_flow flow;
    struct trial trial;
    char name[32];
    trial_begin(&trial);
    for (unsigned n = 1; n <= 5; n++) {
        made_healthy(&flow, n);
        flow.record.ends[SERVER].ip[3] = (uint8_t)n;
        snprintf(name, sizeof name, "%u-courier.push.example", n);
        flow.tls.sni = made_text(name);
        trial_add(&trial, &flow);
    }
    trial_end(&trial);
    assert_says(&trial.verdict.works,
                "192.168.1.20 made 5 connections to 1-courier.push.example, "
                "2-courier.push.example, 3-courier.push.example and others (17.149.36.1:5223, "
                "17.149.36.2:5223, 17.149.36.3:5223 and others) over TLSv1.2");
    trial_done(&trial);
}

/* A name that could read like the report's own words is not part of a sentence. */
static void a_name_with_blanks_is_not_named(void **state)
{
    (void)state;
    struct made_flow flow;
    struct trial trial;
    trial_begin(&trial);
    made_healthy(&flow, 1);
    flow.tls.sni = made_text("all is well. Nothing to see");
    trial_add(&trial, &flow);
    trial_end(&trial);
    assert_says(&trial.verdict.works, "made a connection to 17.149.36.100:5223 over TLSv1.2");
    trial_done(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cause_has_its_answer),
        cmocka_unit_test(certificates_are_a_matter_of_trust),
        cmocka_unit_test(an_unexpected_issuer_may_be_an_impostor),
        cmocka_unit_test(holes_make_it_less_sure),
        cmocka_unit_test(the_severest_leads_then_the_most_frequent),
        cmocka_unit_test(nothing_seen),
        cmocka_unit_test(a_finding_without_flows_is_told),
        cmocka_unit_test(parties_are_named_few_of_many),
        cmocka_unit_test(a_name_with_blanks_is_not_named),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
