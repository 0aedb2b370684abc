/* test_awake.c: what flows in working order take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../dissect/awake.h"
#include "../dissect/limits.h"
#include "../dissect/tls_store.h"

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

static uint32_t open_at(struct awake_list *list, nanotime time)
{
    uint32_t number = slab_new(list->connections);
    struct connection *c = slab_at(list->connections, number);
    *c = (struct connection){.last_time = time};
    struct flow *flow = awake_new(list, number);
    *flow = (struct flow){.start = time};
    return number;
}

static enum connection_form form_of(const struct awake_list *list, uint32_t number)
{
    const struct connection *c = slab_at(list->connections, number);
    return (enum connection_form)c->form;
}

static void what_is_over_is_packed_once_no_copy_can_come(void **state)
{
    (void)state;
    struct slab connections = {.size = sizeof(struct connection)};
    struct awake_list list = {.connections = &connections};
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    const struct flow_context context = {.store = tls_store_new(certs)};
    const nanotime t = NS_PER_SECOND;
    uint32_t a = open_at(&list, t), b = open_at(&list, t);
    awake_over(&list, a, t);
    awake_rest(&list, t + 4 * AWAKE_OVER); /* there is room for more */
    assert_int_equal(form_of(&list, a), FORM_AWAKE);
    for (unsigned i = 2; i <= LIMIT_AWAKE / 2 + 1; i++)
        open_at(&list, t);
    awake_over(&list, a, t);
    awake_rest(&list, t + AWAKE_OVER);
    assert_int_equal(form_of(&list, a), FORM_AWAKE);
    awake_over(&list, b, t + AWAKE_OVER + 1); /* makes room for itself */
    assert_int_equal(form_of(&list, a), FORM_PACKED);
    assert_int_equal(form_of(&list, b), FORM_AWAKE);
    awake_rest(&list, t + AWAKE_OVER + 1);
    assert_int_equal(form_of(&list, b), FORM_PACKED);
    assert_int_equal(awake_flow(&list, a, &context)->start, t);
    awake_rest(&list, t + 2 * AWAKE_OVER); /* it goes on, and is not over */
    assert_int_equal(form_of(&list, a), FORM_AWAKE);
    awake_over(&list, a, t + 2 * AWAKE_OVER);
    awake_release(&list, slab_at(&connections, a), &context);
    awake_rest(&list, t + 4 * AWAKE_OVER); /* of what is gone it knows nothing */
    assert_int_equal(form_of(&list, a), FORM_NONE);
    awake_release(&list, slab_at(&connections, b), &context);
    awake_done(&list);
    slab_done(&connections);
    tls_store_free(context.store);
    cert_store_free(certs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_what_is_taken),
        cmocka_unit_test(what_is_over_is_packed_once_no_copy_can_come),
    };
    return cmocka_run_group_tests_name("awake", tests, NULL, NULL);
}
