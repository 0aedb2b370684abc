/* test_tls_store.c: what is shared between sessions, and how much of what the wire sends is kept.
 */
#include "../dissect/tls_store.h"

#include "../dissect/limits.h"
#include "hello_bytes.h"

#include <setjmp.h>

#include <cmocka.h>

/* alpn_kept gives how many names of a client's list are kept, and checks that they are its first
 * ones. */
static size_t alpn_kept(size_t count, size_t length)
{
    struct tls_store *store = tls_store_new(NULL);
    struct buf list = {0};
    uint8_t name[255];
    memset(name, 'a', sizeof name);
    for (size_t i = 0; i < count; i++) {
        name[0] = (uint8_t)i;
        put_vector(&list, 1, name, length);
    }
    const struct tls_hello hello = {.alpn = span_of(list.p, list.n)};
    const struct client_hello *kept = tls_store_client_hello(store, &hello);
    for (size_t i = 0; i < kept->alpn.count; i++) {
        name[0] = (uint8_t)i;
        assert_true(span_equal(kept->alpn.items[i], span_of(name, length)));
    }
    size_t result = kept->alpn.count;
    tls_store_release(kept);
    buf_done(&list);
    tls_store_free(store);
    return result;
}

static void names_are_kept_up_to_their_caps(void **state)
{
    (void)state;
    assert_int_equal(alpn_kept(0, 1), 0);
    assert_int_equal(alpn_kept(2, 20), 2);
    assert_int_equal(alpn_kept(200, 3), LIMIT_TLS_ALPN);
    assert_int_equal(alpn_kept(200, 255), LIMIT_TLS_ALPN_BYTES / 256);
}

/* Hellos that differ only in what is not kept are one: so little is kept of each. */
static void what_is_beyond_the_caps_is_not_kept(void **state)
{
    (void)state;
    struct tls_store *store = tls_store_new(NULL);
    struct buf list = {0};
    for (size_t i = 0; i < 200; i++)
        put_vector(&list, 1, "name", 4);
    const struct tls_hello hello = {.alpn = span_of(list.p, list.n)};
    const struct client_hello *a = tls_store_client_hello(store, &hello);
    list.p[list.n - 1] = 'f';
    const struct client_hello *b = tls_store_client_hello(store, &hello);
    assert_ptr_equal(a, b);
    list.p[1] = 'f';
    const struct client_hello *c = tls_store_client_hello(store, &hello);
    assert_ptr_not_equal(a, c);
    tls_store_release(a);
    tls_store_release(b);
    tls_store_release(c);
    buf_done(&list);
    tls_store_free(store);
}

static void an_external_key_makes_another_hello(void **state)
{
    (void)state;
    struct tls_store *store = tls_store_new(NULL);
    const struct tls_hello ticket = {.pre_shared_key = true};
    const struct tls_hello external = {.pre_shared_key = true, .external_keys = true};
    const struct client_hello *a = tls_store_client_hello(store, &ticket);
    const struct client_hello *b = tls_store_client_hello(store, &external);
    assert_false(a->external_keys);
    assert_true(b->external_keys);
    tls_store_release(a);
    tls_store_release(b);
    tls_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_kept_up_to_their_caps),
        cmocka_unit_test(what_is_beyond_the_caps_is_not_kept),
        cmocka_unit_test(an_external_key_makes_another_hello),
    };
    return cmocka_run_group_tests_name("tls_store", tests, NULL, NULL);
}
