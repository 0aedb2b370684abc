/* test_known.c: certificates of earlier runs: what is said of new ones, what is learned, the file.
 */
#include "../report/judge/known.h"
#include "../report/known_text.h"
#include "records.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What earlier runs have seen: made_healthy's certificate. */
static struct known_certs *known_one(void)
{
    struct known_certs *known = known_certs_new();
    struct made_flow flow;
    struct known_cert cert;
    made_healthy(&flow, 1);
    assert_true(known_cert_of(&cert, &flow.record));
    assert_true(known_certs_add(known, &cert));
    return known;
}

/* A later flow with another leaf and key under the same name. */
static void made_rotated(struct made_flow *flow)
{
    made_healthy(flow, 9);
    memset(flow->leaf.sha256, 0x77, sizeof flow->leaf.sha256);
    memset(flow->leaf.spki_sha256, 0x78, sizeof flow->leaf.spki_sha256);
    flow->leaf.not_after += 86400 * NS_PER_SECOND;
}

static void made_other_issuer(struct made_flow *flow)
{
    made_rotated(flow);
    flow->leaf.issuer = made_text("CN=Proxy");
}

/* The severity of what is said; SEVERITIES if nothing is. */
static int said(struct made_flow *flow, bool issuer_expected)
{
    struct known_certs *known = known_one();
    struct findings findings = {.issuer_expected = issuer_expected};
    known_judge(known, &findings, &flow->record);
    int severity = findings.count > 0 ? (int)findings.items[0].severity : SEVERITIES;
    assert_true(findings.count <= 1);
    if (findings.count == 1)
        assert_int_equal(findings.items[0].id, FINDING_UNRECOGNIZED_LEAF);
    findings_done(&findings);
    known_certs_free(known);
    return severity;
}

static void a_new_leaf_is_said_with_what_changed(void **state)
{
    (void)state;
    struct made_flow flow;
    struct known_certs *known = known_one();
    struct findings findings = {0};
    made_other_issuer(&flow);
    known_judge(known, &findings, &flow.record);
    assert_int_equal(findings.count, 1);
    const struct finding *finding = &findings.items[0];
    static const char *const whats[] = {"issuer", "key", "validity"};
    assert_int_equal(finding->change_count, COUNT_OF(whats));
    for (size_t i = 0; i < COUNT_OF(whats); i++)
        assert_string_equal(finding->changes[i].what, whats[i]);
    assert_true(span_equal(finding_change_text(finding, &finding->changes[0], true),
                           made_text("CN=Proxy")));
    assert_true(span_equal(finding_change_text(finding, &finding->changes[2], false),
                           made_text("2014-02-14 to 2015-02-14")));
    findings_done(&findings);
    known_certs_free(known);
}

static void a_rotation_is_none_under_another_issuer(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 9);
    assert_int_equal(said(&flow, false), SEVERITIES); /* the same one */
    made_rotated(&flow);
    assert_int_equal(said(&flow, false), SEVERITY_INFO);
    flow.tls.sni = made_text("COURIER.push.example"); /* case does not matter */
    assert_int_equal(said(&flow, false), SEVERITY_INFO);
    flow.tls.sni = made_text("other.push.example"); /* nothing is known of it */
    assert_int_equal(said(&flow, false), SEVERITIES);

    made_other_issuer(&flow);
    assert_int_equal(said(&flow, false), SEVERITY_WARNING);
    assert_int_equal(said(&flow, true), SEVERITY_INFO);             /* the policy expects it */
    memset(flow.leaf.spki_sha256, 3, sizeof flow.leaf.spki_sha256); /* as made_healthy has it */
    assert_int_equal(said(&flow, false), SEVERITY_INFO);

    made_rotated(&flow); /* the issuer's name, and not its key */
    memset(flow.root.spki_sha256, 0x66, sizeof flow.root.spki_sha256);
    assert_int_equal(said(&flow, false), SEVERITY_WARNING);
}

/* Without the issuer's certificate, which was there before, its name proves nothing; a path to an
 * anchor does. */
static void an_issuer_that_is_not_shown_is_another(void **state)
{
    (void)state;
    struct made_flow flow;
    struct known_certs *known = known_one();
    for (unsigned anchored = 0; anchored < 2; anchored++) {
        struct findings findings = {.validation.anchored = anchored};
        struct learning learning = {.learned = known_certs_new()};
        made_rotated(&flow);
        flow.tls.server_cert_count = 1;
        known_judge(known, &findings, &flow.record);
        assert_int_equal(findings.count, 1);
        const struct finding *finding = &findings.items[0];
        assert_int_equal(finding->severity, anchored ? SEVERITY_INFO : SEVERITY_WARNING);
        assert_string_equal(finding->changes[0].what, "issuer's key");
        assert_true(span_equal(finding_change_text(finding, &finding->changes[0], true),
                               made_text("not sent")));
        known_learn(&learning, known, &flow.record, &findings);
        assert_int_equal(known_certs_count(learning.learned), anchored);
        known_certs_free(learning.learned);
        findings_done(&findings);
    }
    known_certs_free(known);
}

/* How many certificates are known after a run with this flow, which knew one before. */
static size_t learned(struct made_flow *flow, enum finding_id found, uint32_t faults, bool all)
{
    struct known_certs *known = known_one();
    struct learning learning = {.learned = known_certs_new(), .all = all};
    struct findings findings = {.validation.faults = faults};
    if (found != FINDINGS)
        findings_add(&findings, found);
    known_learn(&learning, known, &flow->record, &findings);
    assert_int_equal(known_certs_count(learning.learned) + learning.refused, 1);
    assert_int_equal(known_certs_merge(known, learning.learned), 0);
    size_t count = known_certs_count(known);
    findings_done(&findings);
    known_certs_free(learning.learned);
    known_certs_free(known);
    return count;
}

static void an_impostor_is_not_learned(void **state)
{
    (void)state;
    struct made_flow flow;
    made_rotated(&flow);
    assert_int_equal(learned(&flow, FINDINGS, 0, false), 2);
    assert_int_equal(learned(&flow, FINDING_UNEXPECTED_ISSUER, 0, true), 1);
    assert_int_equal(learned(&flow, FINDINGS, 1u << FAULT_BAD_SIGNATURE, true), 1);
    assert_int_equal(learned(&flow, FINDINGS, 1u << FAULT_REVOKED, true), 1);
    assert_int_equal(learned(&flow, FINDINGS, 1u << FAULT_EXPIRED, false), 2);
    flow.tls.progress = TLS_FAILED;
    assert_int_equal(learned(&flow, FINDINGS, 0, true), 1);
    made_other_issuer(&flow);
    assert_int_equal(learned(&flow, FINDINGS, 0, false), 1);
    assert_int_equal(learned(&flow, FINDINGS, 0, true), 2);
}

static void the_file_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct known_certs *known = known_one(), *again = known_certs_new();
    struct buf text = {0}, other = {0};
    struct made_flow flow;
    struct known_cert cert;
    char error[128];
    made_rotated(&flow);
    flow.record.start = -1; /* times that no date has, and text that is none */
    flow.leaf.not_after = INT64_MAX;
    flow.leaf.subject = made_text("CN=\x80\x1b[2J\xe2\x80\xae\"\\x");
    assert_true(known_cert_of(&cert, &flow.record));
    assert_string_equal(cert.subject, "CN=??[2J?\"\\x");
    assert_true(known_certs_add(known, &cert));
    flow.tls.sni = made_text(""); /* the address stands for it */
    flow.record.start = INT64_MAX;
    assert_true(known_cert_of(&cert, &flow.record));
    assert_string_equal(cert.name, "17.149.36.100:5223");
    assert_true(known_certs_add(known, &cert));
    known_text_write(&text, known);
    if (!known_text_read(again, error, sizeof error, span_of(text.p, text.n)))
        fail_msg("%s", error);
    known_text_write(&other, again);
    assert_string_equal(buf_text(&text), buf_text(&other));
    flow.tls.sni = made_text("a b"); /* no name of a host */
    assert_false(known_cert_of(&cert, &flow.record));
    buf_done(&text);
    buf_done(&other);
    known_certs_free(known);
    known_certs_free(again);
}

static void bad(const char *text, const char *says)
{
    struct known_certs *known = known_certs_new();
    char error[128] = "";
    if (known_text_read(known, error, sizeof error, made_text(text)))
        fail_msg("taken: %s", text);
    if (!strstr(error, says))
        fail_msg("'%s' does not say '%s'", error, says);
    known_certs_free(known);
}

#define HEAD "{\"type\":\"pushwatch-known\",\"version\":1}\n"

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    bad("", "empty");
    bad("{}\n", "line 1: not a file that --learn wrote");
    bad("{\"type\":\"meta\"}\n", "line 1: not a file that --learn wrote");
    bad("{\"type\":\"pushwatch-known\",\"version\":2}\n", "line 1: a version");
    bad(HEAD "\n", "line 2: not JSON");
    bad(HEAD "{\"name\":\"a\",\"name\":\"b\"}\n", "line 2: not JSON");
    bad(HEAD "{}\n", "line 2: wrong or without name");
    bad(HEAD "{\"name\":\"a\\u001b\"}\n", "line 2: wrong or without name");
    bad(HEAD "{\"name\":\"a\",\"sha256\":\"0G\"}\n", "line 2: wrong or without sha256");
    char *line = xcalloc(1, 40000);
    memset(line, ' ', 39999);
    memcpy(line, HEAD, sizeof HEAD - 1);
    bad(line, "line 2: too long");
    free(line);
}

static void floods_are_survived(void **state)
{
    (void)state;
    struct known_certs *known = known_certs_new();
    struct known_cert cert = {.name = "one"};
    for (unsigned i = 0; i < 100; i++) {
        cert.last_seen = i;
        memcpy(cert.sha256, &i, sizeof i);
        assert_true(known_certs_add(known, &cert));
    }
    assert_int_equal(known_certs_count(known), KNOWN_OF_NAME_MAX);
    assert_int_equal(known_certs_latest(known, "one")->last_seen, 99);
    for (size_t i = 0; i < KNOWN_OF_NAME_MAX; i++)
        assert_true(known_certs_at(known, i)->last_seen >= 100 - KNOWN_OF_NAME_MAX);
    cert.last_seen = 1; /* of an old capture */
    memset(cert.sha256, 0xff, sizeof cert.sha256);
    assert_true(known_certs_add(known, &cert));
    assert_null(known_certs_find(known, "one", cert.sha256));
    for (unsigned i = KNOWN_OF_NAME_MAX; i < KNOWN_CERTS_MAX; i++) {
        snprintf(cert.name, sizeof cert.name, "%u", i);
        assert_true(known_certs_add(known, &cert));
    }
    snprintf(cert.name, sizeof cert.name, "more");
    assert_false(known_certs_add(known, &cert));
    known_certs_free(known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_leaf_is_said_with_what_changed),
        cmocka_unit_test(a_rotation_is_none_under_another_issuer),
        cmocka_unit_test(an_issuer_that_is_not_shown_is_another),
        cmocka_unit_test(an_impostor_is_not_learned),
        cmocka_unit_test(the_file_is_read_as_it_was_written),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(floods_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
