/* test_tls_handshake.c: messages joined from every split, cut by gaps, capped. */
#include "../dissect/limits.h"
#include "../dissect/tls_handshake.h"
#include "hello_bytes.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void put_message(struct buf *out, uint8_t type, size_t length)
{
    put_number(out, type, 1);
    put_number(out, length, 3);
    for (size_t i = 0; i < length; i++)
        put_number(out, (type * 31 + i) & 0xff, 1);
}

struct joined {
    struct tls_joiner joiner;
    struct buf text; /* "2?" a header, "2=60/60" a message: bytes there and promised */
    struct tls_joiner_pool pool;
};

static void note_message(struct joined *j, const struct tls_message *m)
{
    buf_printf(&j->text, "%u=%zu/%u ", m->type, m->body.n, m->length);
    for (size_t i = 0; i < m->body.n; i++)
        assert_int_equal(m->body.p[i], (m->type * 31 + i) & 0xff);
}

static void join(struct joined *j, const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    struct cursor in = cursor_of(span_of(copy, n));
    struct tls_message m;
    enum tls_join event;
    while ((event = tls_joiner_next(&j->joiner, &m, &in, &j->pool)) != JOIN_MORE) {
        if (event != JOIN_MESSAGE)
            buf_printf(&j->text, "%u? ", m.type);
        if (event != JOIN_HEADER)
            note_message(j, &m);
    }
    assert_int_equal(in.left, 0);
    free(copy);
}

static void finish(struct joined *j, const char *expected)
{
    assert_string_equal(buf_text(&j->text), expected);
    tls_joiner_reset(&j->joiner, &j->pool);
    assert_int_equal(j->pool.held, 0);
    tls_joiner_pool_done(&j->pool);
    buf_done(&j->text);
}

static void any_split_gives_the_same_messages(void **state)
{
    (void)state;
    struct buf stream = {0};
    put_message(&stream, TLS_SERVER_HELLO, 70);
    put_message(&stream, TLS_CERTIFICATE, 900);
    put_message(&stream, TLS_NEW_SESSION_TICKET, 200);
    put_message(&stream, TLS_SERVER_HELLO_DONE, 0);
    put_message(&stream, TLS_SERVER_KEY_EXCHANGE, 0);
    for (size_t step = 1; step <= stream.n; step++) {
        struct joined j = {0};
        for (size_t at = 0; at < stream.n; at += step)
            join(&j, stream.p + at, at + step < stream.n ? step : stream.n - at);
        finish(&j, "2? 2=70/70 11? 11=900/900 4? 4=0/200 14? 14=0/0 12? 12=0/0 ");
    }
    buf_done(&stream);
}

static void a_message_in_place_is_not_copied(void **state)
{
    (void)state;
    struct buf stream = {0};
    struct tls_joiner joiner = {0};
    struct tls_message m;
    struct tls_joiner_pool pool = {0};
    put_message(&stream, TLS_CLIENT_HELLO, 100);
    struct cursor in = cursor_of(span_of(stream.p, stream.n));
    assert_int_equal(tls_joiner_next(&joiner, &m, &in, &pool), JOIN_WHOLE);
    assert_int_equal(in.left, 0);
    assert_int_equal(m.body.n, 100);
    assert_ptr_equal(m.body.p, stream.p + TLS_MESSAGE_HEADER);
    assert_int_equal(pool.held, 0);
    assert_null(joiner.body);
    buf_done(&stream);
}

static void a_large_promise_costs_little(void **state)
{
    (void)state;
    struct joined j = {0};
    join(&j, (const uint8_t *)"\x0b\xff\xff\xff\x95", 5); /* 16 MB are promised */
    assert_true(j.pool.held <= 8192);
    finish(&j, "11? ");
}

static void a_message_past_the_cap_is_given_cut(void **state)
{
    (void)state;
    struct buf stream = {0};
    struct joined j = {0};
    put_message(&stream, TLS_CERTIFICATE, LIMIT_TLS_MESSAGE + 1000);
    put_message(&stream, TLS_SERVER_HELLO_DONE, 0);
    for (size_t at = 0; at < stream.n; at += 1000)
        join(&j, stream.p + at, stream.n - at < 1000 ? stream.n - at : 1000);
    finish(&j, "11? 11=131072/132072 14? 14=0/0 ");
    buf_done(&stream);
}

static void check_cap(size_t most, size_t cap)
{
    struct buf stream = {0};
    struct joined j = {.pool = {.held = cap - 1024, .most = most}};
    put_message(&stream, TLS_CERTIFICATE, 4000);
    put_message(&stream, TLS_SERVER_HELLO_DONE, 0);
    for (size_t at = 0; at < stream.n; at += 100)
        join(&j, stream.p + at, stream.n - at < 100 ? stream.n - at : 100);
    const char *text = buf_text(&j.text);
    assert_non_null(strstr(text, "/4000 14? 14=0/0 "));
    assert_null(strstr(text, "=4000/4000"));
    assert_int_equal(j.pool.held, cap - 1024);
    tls_joiner_reset(&j.joiner, &j.pool);
    tls_joiner_pool_done(&j.pool);
    buf_done(&j.text);
    buf_done(&stream);
}

static void all_buffers_together_have_a_cap(void **state)
{
    (void)state;
    check_cap(0, LIMIT_TLS_HELD);
    check_cap(10000, 10000);
}

static void a_gap_cuts_one_message_and_keeps_the_next(void **state)
{
    (void)state;
    struct buf stream = {0};
    put_message(&stream, TLS_CERTIFICATE, 300);
    put_message(&stream, TLS_SERVER_KEY_EXCHANGE, 50);
    for (size_t from = 4; from < 304; from += 3) {
        for (size_t to = from + 1; to <= 304; to += 5) {
            struct joined j = {0};
            struct tls_message m;
            char expected[64];
            join(&j, stream.p, from);
            assert_true(tls_joiner_gap(&j.joiner, &m, to - from, &j.pool));
            note_message(&j, &m);
            assert_false(j.joiner.lost);
            join(&j, stream.p + to, stream.n - to);
            snprintf(expected, sizeof expected, "11? 11=%zu/300 12? 12=50/50 ", from - 4);
            finish(&j, expected);
        }
    }
    buf_done(&stream);
}

static void a_gap_beyond_the_message_loses_the_place(void **state)
{
    (void)state;
    struct buf stream = {0};
    put_message(&stream, TLS_CERTIFICATE, 300);
    put_message(&stream, TLS_SERVER_KEY_EXCHANGE, 50);
    static const size_t from[] = {0, 1, 3, 4, 100, 303, 304, 306};
    for (size_t i = 0; i < COUNT_OF(from); i++) {
        struct joined j = {0};
        struct tls_message m;
        join(&j, stream.p, from[i]);
        bool cut = tls_joiner_gap(&j.joiner, &m, 320 - from[i], &j.pool);
        assert_int_equal(cut, from[i] >= 4 && from[i] < 304);
        assert_true(j.joiner.lost);
        size_t before = j.text.n;
        join(&j, stream.p + 320, 10);
        assert_int_equal(j.text.n, before);
        tls_joiner_resync(&j.joiner);
        join(&j, stream.p, stream.n);
        assert_string_equal(buf_text(&j.text) + before, "11? 11=300/300 12? 12=50/50 ");
        tls_joiner_reset(&j.joiner, &j.pool);
        assert_int_equal(j.pool.held, 0);
        tls_joiner_pool_done(&j.pool);
        buf_done(&j.text);
    }
    buf_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_split_gives_the_same_messages),
        cmocka_unit_test(a_message_in_place_is_not_copied),
        cmocka_unit_test(a_large_promise_costs_little),
        cmocka_unit_test(a_message_past_the_cap_is_given_cut),
        cmocka_unit_test(all_buffers_together_have_a_cap),
        cmocka_unit_test(a_gap_cuts_one_message_and_keeps_the_next),
        cmocka_unit_test(a_gap_beyond_the_message_loses_the_place),
    };
    return cmocka_run_group_tests_name("tls_handshake", tests, NULL, NULL);
}
