/* test_interfaces.c: the list of interfaces has the loopback, with its address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/interfaces.h"

#include <net/if.h>
#include <stdlib.h>

static void loopback_is_listed(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    struct source_error error;
    assert_true(interfaces_list(&error, out));
    assert_int_equal(fclose(out), 0);
    const char *name = if_nametoindex("lo") ? "lo " : "lo0 ";
    const char *line = strstr(text, name);
    assert_non_null(line);
    assert_true(line == text || line[-1] == '\n');
    assert_non_null(strstr(line, "loopback"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(loopback_is_listed)};
    return cmocka_run_group_tests_name("interfaces", tests, NULL, NULL);
}
