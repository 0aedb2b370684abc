/* test_awake.c: what flows in working order take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../dissect/awake.h"

/* From the beginning of one to that of the next. */
static void memory_is_what_is_taken(void **state)
{
    (void)state;
    struct slab connections = {.size = sizeof(struct connection)};
    struct awake_list list = {.connections = &connections};
    const uint8_t *before = NULL;
    assert_int_equal(awake_memory(&list), 0);
    for (size_t i = 1; i <= 3; i++) {
        uint32_t number = slab_new(&connections);
        *(struct connection *)slab_at(&connections, number) = (struct connection){0};
        const uint8_t *flow = (const uint8_t *)awake_new(&list, number);
        if (before) {
            assert_true(flow - before >= (ptrdiff_t)sizeof(struct awake));
            assert_int_equal(awake_memory(&list), i * (size_t)(flow - before));
        }
        before = flow;
    }
    awake_done(&list);
    slab_done(&connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_what_is_taken),
    };
    return cmocka_run_group_tests_name("awake", tests, NULL, NULL);
}
