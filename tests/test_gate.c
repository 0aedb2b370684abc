/* test_gate.c: which findings make a run fail. */
#include "../report/gate.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static void check(const char *list, enum finding_id id, enum severity severity, bool stops)
{
    struct gate gate = {0};
    struct span wrong;
    struct finding finding = {.id = id, .severity = severity};
    assert_true(gate_parse(&gate, &wrong, list));
    assert_true(gate.set);
    assert_int_equal(gate_stops(&gate, &finding), stops);
    finding.known = true;
    assert_false(gate_stops(&gate, &finding));
}

static void severities_stand_for_all_above(void **state)
{
    (void)state;
    static const char *const names[] = {"info", "notice", "warning", "critical"};
    for (unsigned least = 0; least < SEVERITIES; least++)
        for (unsigned severity = 0; severity < SEVERITIES; severity++)
            check(names[least], FINDING_RESET, (enum severity)severity, severity >= least);
}

static void ids_stand_for_themselves(void **state)
{
    (void)state;
    check("reset", FINDING_RESET, SEVERITY_INFO, true);
    check("reset", FINDING_EXPIRED, SEVERITY_CRITICAL, false);
    check("reset,expired", FINDING_EXPIRED, SEVERITY_NOTICE, true);
    check("critical,expired", FINDING_EXPIRED, SEVERITY_NOTICE, true);
    check("critical,expired", FINDING_RESET, SEVERITY_WARNING, false);
}

static void what_is_neither_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *list, *wrong;
    } cases[] = {{"", ""},
                 {"warnings", "warnings"},
                 {"reset,", ""},
                 {"reset,,info", ""},
                 {"info,RESET", "RESET"},
                 {"rese", "rese"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gate gate = {0};
        struct span wrong = {0};
        assert_false(gate_parse(&gate, &wrong, cases[i].list));
        assert_true(span_equal(wrong, span_of(cases[i].wrong, strlen(cases[i].wrong))));
    }
}

static void without_a_list_all_pass(void **state)
{
    (void)state;
    const struct gate gate = {0};
    assert_false(gate_stops(&gate, &(struct finding){.severity = SEVERITY_CRITICAL}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(severities_stand_for_all_above),
        cmocka_unit_test(ids_stand_for_themselves),
        cmocka_unit_test(what_is_neither_is_named),
        cmocka_unit_test(without_a_list_all_pass),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
