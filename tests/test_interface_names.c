/* test_interface_names.c: each name once, in any order, up to the cap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/interface_names.h"

#include <stdio.h>

static uint16_t add(struct interface_names *names, const char *name)
{
    return interface_names_add(names, span_of(name, strlen(name)));
}

static void same_name_same_index(void **state)
{
    (void)state;
    struct interface_names names = {0};
    static const char *const some[] = {"eth1", "eth0", "lo", "eth10", "a", "z", "eth", "\xff"};
    for (uint16_t i = 0; i < COUNT_OF(some); i++)
        assert_int_equal(add(&names, some[i]), i + 1);
    for (uint16_t i = 0; i < COUNT_OF(some); i++) {
        assert_int_equal(add(&names, some[i]), i + 1);
        assert_string_equal(interface_names_get(&names, (uint16_t)(i + 1)), some[i]);
    }
    assert_null(interface_names_get(&names, COUNT_OF(some) + 1));
    interface_names_done(&names);
}

static void no_name(void **state)
{
    (void)state;
    struct interface_names names = {0};
    assert_null(interface_names_get(&names, 0));
    assert_null(interface_names_get(&names, 1));
    assert_int_equal(interface_names_add(&names, span_of(NULL, 0)), 0);
    assert_int_equal(interface_names_add(&names, span_of("\0x", 2)), 0);
    assert_int_equal(interface_names_add(&names, span_of("en0\0x", 5)), 1);
    assert_string_equal(interface_names_get(&names, 1), "en0");
    interface_names_done(&names);
}

static void caps(void **state)
{
    (void)state;
    struct interface_names names = {0};
    char name[INTERFACE_NAME_BYTES_MAX + 100];
    memset(name, 'x', sizeof name);
    assert_int_equal(interface_names_add(&names, span_of(name, sizeof name)), 1);
    assert_int_equal(strlen(interface_names_get(&names, 1)), INTERFACE_NAME_BYTES_MAX);
    for (unsigned i = 2; i <= INTERFACE_NAMES_MAX; i++) {
        snprintf(name, sizeof name, "%u", i * 7919 % INTERFACE_NAMES_MAX);
        assert_int_equal(add(&names, name), i);
    }
    assert_int_equal(add(&names, "one too many"), 0);
    snprintf(name, sizeof name, "%u", 1000 * 7919 % INTERFACE_NAMES_MAX);
    assert_int_equal(add(&names, name), 1000);
    interface_names_done(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_name_same_index),
        cmocka_unit_test(no_name),
        cmocka_unit_test(caps),
    };
    return cmocka_run_group_tests_name("interface_names", tests, NULL, NULL);
}
