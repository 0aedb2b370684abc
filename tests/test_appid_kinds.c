/* test_appid_kinds.c: a kind is found again, and none that differs from it in anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/appid_kinds.h"

static const struct appid_kind kind = {.payload = {1, 2},
                                       .ends = {3, 4},
                                       .length = 500,
                                       .headers = 40,
                                       .port = 5223,
                                       .flags = 0x18,
                                       .ipv6 = false,
                                       .upwards = true};

static void found_again(void **state)
{
    (void)state;
    struct app_label label;
    struct appid_kinds *kinds = xcalloc(1, sizeof *kinds);
    assert_null(appid_kinds_find(kinds, &kind));
    appid_kinds_add(kinds, &kind, &label);
    struct appid_kind copy = kind;
    assert_ptr_equal(appid_kinds_find(kinds, &copy), &label);
    free(kinds);
}

static void not_another(void **state)
{
    (void)state;
    struct app_label label;
    struct appid_kinds *kinds = xcalloc(1, sizeof *kinds);
    appid_kinds_add(kinds, &kind, &label);
    struct appid_kind others[10];
    for (size_t i = 0; i < COUNT_OF(others); i++)
        others[i] = kind;
    others[0].payload.low++;
    others[1].payload.high++;
    others[2].ends[0]++;
    others[3].ends[1]++;
    others[4].length++;
    others[5].headers++;
    others[6].port++;
    others[7].flags++;
    others[8].ipv6 = true;
    others[9].upwards = false;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_null(appid_kinds_find(kinds, &others[i]));
    free(kinds);
}

/* More than there are places for: each is found when it was the last, and none is mistaken. */
static void many(void **state)
{
    (void)state;
    enum { MANY = 3 * APPID_KINDS };
    static struct app_label labels[MANY];
    struct appid_kinds *kinds = xcalloc(1, sizeof *kinds);
    struct appid_kind one = kind;
    for (size_t i = 0; i < MANY; i++) {
        one.payload.low = i * UINT64_C(0x9e3779b97f4a7c15);
        appid_kinds_add(kinds, &one, &labels[i]);
        assert_ptr_equal(appid_kinds_find(kinds, &one), &labels[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        one.payload.low = i * UINT64_C(0x9e3779b97f4a7c15);
        const struct app_label *found = appid_kinds_find(kinds, &one);
        assert_true(!found || found == &labels[i]);
    }
    free(kinds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_again),
        cmocka_unit_test(not_another),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests_name("appid_kinds", tests, NULL, NULL);
}
