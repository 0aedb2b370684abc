/* test_leaves.c: one name, several certificates. */
#include "../report/judge/leaves.h"
#include "records.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is said after two flows, the second with another leaf for `name` by `issuer`. Free it. */
static struct findings after_two(const char *name, const char *issuer, uint8_t hash)
{
    struct leaves *leaves = leaves_new();
    struct findings findings = {0};
    struct made_flow one, other;
    made_healthy(&one, 1);
    made_healthy(&other, 2);
    other.tls.sni = made_text(name);
    other.leaf.issuer = made_text(issuer);
    memset(other.leaf.sha256, hash, sizeof other.leaf.sha256);
    leaves_add(leaves, &one.record);
    leaves_add(leaves, &other.record);
    leaves_add(leaves, &one.record); /* seen before */
    leaves_judge(leaves, &findings);
    leaves_free(leaves);
    return findings;
}

static const char *const same_issuer = "CN=Example Intermediate CA,O=Example Inc.,C=US";

static void leaf_changed(void **state)
{
    (void)state;
    struct findings findings = after_two("courier.push.example", "CN=Proxy", 9);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.items[0].id, FINDING_LEAF_CHANGED);
    assert_int_equal(findings.items[0].severity, SEVERITY_NOTICE);
    assert_non_null(strstr(buf_text(&findings.items[0].seen),
                           "2 certificates were shown for courier.push.example"));
    assert_non_null(strstr(buf_text(&findings.items[0].seen), "C=US; CN=Proxy"));
    findings_done(&findings);

    findings = after_two("courier.push.example", same_issuer, 9); /* a rotation */
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.items[0].severity, SEVERITY_INFO);
    findings_done(&findings);
}

static void near_misses(void **state)
{
    (void)state;
    struct findings findings = after_two("other.push.example", "CN=Proxy", 9);
    assert_int_equal(findings.count, 0);
    findings_done(&findings);
    findings = after_two("courier.push.example", same_issuer, 1); /* the same certificate */
    assert_int_equal(findings.count, 0);
    findings_done(&findings);
}

/* Names and certificates beyond the caps are left out, and nothing else. */
static void floods_are_survived(void **state)
{
    (void)state;
    struct leaves *leaves = leaves_new();
    struct findings findings = {0};
    for (unsigned i = 0; i < 3000; i++) {
        char name[32];
        struct made_flow flow;
        made_healthy(&flow, 1);
        snprintf(name, sizeof name, "%u.push.example", i % 1500);
        flow.tls.sni = made_text(name);
        memcpy(flow.leaf.sha256, &i, sizeof i);
        leaves_add(leaves, &flow.record);
    }
    leaves_judge(leaves, &findings);
    assert_int_equal(findings.count, 1024);
    leaves_free(leaves);
    findings_done(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_changed),
        cmocka_unit_test(near_misses),
        cmocka_unit_test(floods_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
