/* test_policy.c: policies, right and wrong, and what they say of certificates. */
#include "../report/judge/judge.h"
#include "../report/judge/policy.h"
#include "records.h"

#include <locale.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ZEROS "00000000000000000000000000000000"
#define LEAF  "0101010101010101010101010101010101010101010101010101010101010101"

static struct policy *good(const char *text)
{
    char error[256] = "";
    struct policy *policy = policy_new(error, sizeof error, text);
    if (!policy)
        fail_msg("%s", error);
    return policy;
}

static void bad(const char *text, const char *says)
{
    char error[256] = "";
    struct policy *policy = policy_new(error, sizeof error, text);
    if (policy)
        fail_msg("taken: %s", text);
    if (!strstr(error, says))
        fail_msg("'%s' does not say '%s'", error, says);
}

/* What is said of a flow with made_healthy's certificates. */
static struct findings judged(const char *text, struct made_flow *flow)
{
    struct run_meta meta = made_meta();
    struct findings findings = {0};
    struct policy *policy = good(text);
    meta.ports = "5223";
    meta.policy = policy;
    struct judge *judge = judge_new(&meta);
    judge_flow(judge, &findings, &flow->record);
    judge_free(judge);
    policy_free(policy);
    return findings;
}

/* Severity of a finding that is raised; SEVERITIES if it is not. */
static int raised(const char *text, struct made_flow *flow, enum finding_id id)
{
    struct findings findings = judged(text, flow);
    int severity = SEVERITIES;
    for (size_t i = 0; i < findings.count; i++)
        if (findings.items[i].id == id)
            severity = (int)findings.items[i].severity;
    findings_done(&findings);
    return severity;
}

static void the_built_in_one_is_right(void **state)
{
    (void)state;
    policy_free(good(policy_builtin));
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    bad("[a]\nname = x\nisuer = y\n", "line 3: isuer: no such key");
    bad("name = x\n", "line 1: name: stands before");
    bad("[a]\nname = x\npin = 1234\n", "line 3: pin: is no SHA-256");
    bad("[a]\nname = x\nfrom = soon\n", "line 3: from: is no day");
    bad("[a]\naddress = 17.0.0.0/33\n", "line 2: address: has a prefix");
    bad("[a]\naddress = 17.0.0\n", "line 2: address: is no address");
    bad("[a]\nname = x\nignore = everything\nreason = y\n", "line 3: ignore: there is no such");
    bad("[a]\nname = x\nignore = reset\n", "[a]: ignore needs a reason");
    bad("[a]\nissuer = x\n", "[a]: needs a name or an address");
    bad("[a]\nnonsense\n", "line 2: neither");
    char line[400] = "[a]\nname = ";
    memset(line + strlen(line), 'x', 300);
    bad(line, "line 2: line: is longer");
}

static void unexpected_issuer(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    assert_int_equal(raised("[a]\nname = *.push.example\nissuer = CN=Other*\n", &flow,
                            FINDING_UNEXPECTED_ISSUER),
                     SEVERITY_WARNING);
    static const char *const hits[] = {
        "[a]\nname = *.PUSH.Example\nissuer = CN=Other*\n",
        "[a]\nname = Courier.push.example\nissuer = CN=Other*\n",
        "[a]\nname = *.p?sh.example\nissuer = CN=Other*\n",
        "[a]\nname = *[a-x].push.example\nissuer = CN=Other*\n",
        "[a]\nname = *courier.push.example\nissuer = CN=Other*\n",
    };
    for (unsigned i = 0; i < COUNT_OF(hits); i++)
        assert_int_equal(raised(hits[i], &flow, FINDING_UNEXPECTED_ISSUER), SEVERITY_WARNING);
    static const char *const near_misses[] = {
        "[a]\nname = *.push.example\nissuer = cn=example intermediate ca,*\n",
        "[a]\nname = *.other.example\nissuer = CN=Other*\n",
        "[a]\nname = push.example\nissuer = CN=Other*\n",
        "[a]\nname = a.courier.push.example\nissuer = CN=Other*\n",
        "[a]\nname = *a.courier.push.example\nissuer = CN=Other*\n",
        "[a]\nname = *[y-z].push.example\nissuer = CN=Other*\n",
        "[a]\nname = *.push.example\nissuer = CN=Other*\nuntil = 2014-05-25\n",
        "[a]\nname = *.push.example\nissuer = CN=Other*\nfrom = 2014-05-26\n",
        "[a]\nname = *.push.example\nissuer = CN=Other*\npin = " LEAF "\n",
        "[a]\nname = *.push.example\nissuer = CN=Other*\n[b]\nname = *\nissuer = *Intermediate*\n",
    };
    for (size_t i = 0; i < COUNT_OF(near_misses); i++)
        assert_int_equal(raised(near_misses[i], &flow, FINDING_UNEXPECTED_ISSUER), SEVERITIES);
    flow.tls.sni = made_text(""); /* the address speaks where there is no name */
    assert_int_equal(
        raised("[a]\naddress = 17.0.0.0/8\nissuer = CN=O*\n", &flow, FINDING_UNEXPECTED_ISSUER),
        SEVERITY_WARNING);
    assert_int_equal(
        raised("[a]\naddress = 17.150.0.0/15\nissuer = CN=O*\n", &flow, FINDING_UNEXPECTED_ISSUER),
        SEVERITIES);
}

/* Letters beyond ASCII are alike in some locales: a policy does not hang on that. */
static void a_pattern_means_the_same_in_every_locale(void **state)
{
    (void)state;
    static const char *const locales[] = {"C", "C.utf8"};
    struct made_flow flow;
    made_healthy(&flow, 1);
    flow.tls.sni = made_text("caf\303\251.push.example");
    for (size_t i = 0; i < COUNT_OF(locales); i++) {
        setlocale(LC_CTYPE, locales[i]);
        assert_int_equal(raised("[a]\nname = CAF\303\251.p*.example\nissuer = CN=Other*\n", &flow,
                                FINDING_UNEXPECTED_ISSUER),
                         SEVERITY_WARNING);
        assert_int_equal(raised("[a]\nname = caf\303\211.p*.example\nissuer = CN=Other*\n", &flow,
                                FINDING_UNEXPECTED_ISSUER),
                         SEVERITIES);
        assert_int_equal(raised("[a]\nname = *\303\211.push.example\nissuer = CN=Other*\n", &flow,
                                FINDING_UNEXPECTED_ISSUER),
                         SEVERITIES);
    }
    setlocale(LC_CTYPE, "C");
}

/* An issuer by its key: a name can be imitated. */
static void issuer_by_hash(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    struct buf text = {0};
    for (unsigned i = 0; i < 3; i++) {
        text.n = 0;
        buf_printf(&text, "[a]\nname = *.push.example\nissuer = ");
        /* The issuer's certificate, its key; the leaf's own is no issuer. */
        for (unsigned digit = 0; digit < 32; digit++)
            buf_printf(&text, "%02x", i == 0 ? 2 : i == 1 ? 4 : 1);
        buf_printf(&text, "\n");
        assert_int_equal(raised(buf_text(&text), &flow, FINDING_UNEXPECTED_ISSUER),
                         i < 2 ? SEVERITIES : SEVERITY_WARNING);
    }
    buf_done(&text);
}

/* Anybody can send a certificate along that signed nothing in the chain. */
static void a_pin_counts_only_where_the_leaf_leads_to_it(void **state)
{
    (void)state;
    struct made_flow flow;
    struct buf text = {0};
    buf_printf(&text, "[a]\nname = *.push.example\npin = ");
    for (unsigned digit = 0; digit < 32; digit++)
        buf_printf(&text, "02"); /* made_healthy's issuer */
    buf_printf(&text, "\n");
    made_healthy(&flow, 1);
    assert_int_equal(raised(buf_text(&text), &flow, FINDING_UNEXPECTED_ISSUER), SEVERITIES);
    flow.leaf.issuer = made_text("CN=Proxy");
    assert_int_equal(raised(buf_text(&text), &flow, FINDING_UNEXPECTED_ISSUER), SEVERITY_WARNING);
    buf_done(&text);
}

/* A name of an issuer, or its certificate in the chain, vouches for nothing it did not sign. */
static void a_forged_chain_is_not_expected(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    struct policy *policy = good("[a]\nname = *.push.example\nissuer = *Intermediate*\n");
    for (unsigned forged = 0; forged < 2; forged++) {
        struct findings findings = {.validation.faults = forged << FAULT_BAD_SIGNATURE};
        policy_judge(policy, &findings, &flow.record);
        assert_int_equal(findings.count, forged);
        assert_int_equal(findings.issuer_expected, !forged);
        findings_done(&findings);
    }
    policy_free(policy);
}

static void unrecognized_leaf(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    assert_int_equal(raised("[a]\nname = *.push.example\nleaf = " ZEROS ZEROS "\n", &flow,
                            FINDING_UNRECOGNIZED_LEAF),
                     SEVERITY_NOTICE);
    assert_int_equal(
        raised("[a]\nname = *.push.example\nissuer = *Intermediate*\nleaf = " ZEROS ZEROS "\n",
               &flow, FINDING_UNRECOGNIZED_LEAF),
        SEVERITY_INFO); /* a rotation */
    assert_int_equal(
        raised("[a]\nname = *.push.example\nleaf = " LEAF "\n", &flow, FINDING_UNRECOGNIZED_LEAF),
        SEVERITIES);
}

static void what_is_ignored_is_a_remark(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    flow.tls.client_certs = flow.chain;
    flow.tls.client_cert_count = 1;
    const char *text = "[a]\nname = *.push.example\nignore = client-certificate-exposed\n"
                       "reason = all devices share it\n";
    assert_int_equal(raised(text, &flow, FINDING_CLIENT_CERTIFICATE_EXPOSED), SEVERITY_INFO);
    assert_int_equal(raised("[a]\nname = *.push.example\nignore = client-certificate-exposed\n"
                            "reason = all devices share it\nignore-until = 2014-05-25\n",
                            &flow, FINDING_CLIENT_CERTIFICATE_EXPOSED),
                     SEVERITY_NOTICE);
    flow.tls.sni = made_text("courier.other.example");
    assert_int_equal(raised(text, &flow, FINDING_CLIENT_CERTIFICATE_EXPOSED), SEVERITY_NOTICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_one_is_right),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(unexpected_issuer),
        cmocka_unit_test(a_pattern_means_the_same_in_every_locale),
        cmocka_unit_test(issuer_by_hash),
        cmocka_unit_test(a_pin_counts_only_where_the_leaf_leads_to_it),
        cmocka_unit_test(a_forged_chain_is_not_expected),
        cmocka_unit_test(unrecognized_leaf),
        cmocka_unit_test(what_is_ignored_is_a_remark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
