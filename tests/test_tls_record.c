/* test_tls_record.c: framing in every split, plausibility, gaps, finding the place again. */
#include "../dissect/limits.h"
#include "../dissect/tls_facts.h"
#include "../dissect/tls_record.h"
#include "hello_bytes.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static void put_record(struct buf *out, uint8_t type, uint16_t version, size_t length)
{
    put_number(out, type, 1);
    put_number(out, version, 2);
    put_number(out, length, 2);
    for (size_t i = 0; i < length; i++)
        put_number(out, 0xa0 + (i & 15), 1);
}

/* What came out of a framer, as text: "h23:5" a header, "." a body's end, "!" lost. */
struct seen {
    struct buf text;
    size_t body_bytes;
};

static void frame(struct seen *seen, struct tls_framer *framer, const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1); /* exactly sized, so that an over-read is seen */
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    struct cursor in = cursor_of(span_of(copy, n));
    struct tls_record record;
    for (;;) {
        enum tls_frame event = tls_framer_next(framer, &in, &record);
        if (event == FRAME_MORE)
            break;
        if (event == FRAME_LOST) {
            buf_printf(&seen->text, "!");
            continue;
        }
        assert_int_equal(record.type, tls_framer_type(framer));
        assert_int_equal(record.length, tls_framer_length(framer));
        if (event == FRAME_RECORD) {
            buf_printf(&seen->text, "h%u:%u", record.type, record.length);
            assert_int_equal(record.body.n + framer->left, record.length);
        }
        seen->body_bytes += record.body.n;
        if (framer->left == 0)
            buf_printf(&seen->text, ".");
    }
    assert_int_equal(in.left, 0);
    free(copy);
}

static void any_split_gives_the_same_records(void **state)
{
    (void)state;
    struct buf stream = {0};
    put_record(&stream, TLS_HANDSHAKE, 0x0301, 60);
    put_record(&stream, TLS_CHANGE_CIPHER_SPEC, 0x0303, 1);
    put_record(&stream, TLS_APPLICATION_DATA, 0x0303, 0);
    put_record(&stream, TLS_APPLICATION_DATA, 0x0303, 300);
    put_record(&stream, TLS_ALERT, 0x0303, 26);
    for (size_t step = 1; step <= stream.n; step++) {
        struct tls_framer framer = {0};
        struct seen seen = {0};
        for (size_t at = 0; at < stream.n; at += step)
            frame(&seen, &framer, stream.p + at, at + step < stream.n ? step : stream.n - at);
        assert_string_equal(buf_text(&seen.text), "h22:60.h20:1.h23:0.h23:300.h21:26.");
        assert_int_equal(seen.body_bytes, 387);
        assert_true(framer.proven);
        assert_true(tls_framer_between(&framer));
        assert_int_equal(tls_framer_version(&framer), 0x0303);
        buf_done(&seen.text);
    }
    buf_done(&stream);
}

static void a_stream_of_something_else_is_dropped_at_once(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[5];
        size_t fails_at;
    } cases[] = {
        {{'G', 'E', 'T', ' ', '/'}, 1},      {{0x16, 0x00, 0x84, 0x00, 0xaa}, 2},
        {{0x17, 0x03, 0x05, 0x00, 0x10}, 3}, {{0x16, 0x03, 0x01, 0x00, 0x00}, 5},
        {{0x16, 0x03, 0x01, 0xff, 0xff}, 5}, {{0x15, 0x03, 0x01, 0x00, 0x01}, 5},
        {{0x19, 0x03, 0x01, 0x00, 0x10}, 1}, {{0x17, 0x03, 0x03, 0x48, 0x01}, 5},
        {{0x80, 0x04, 0x01, 0x03, 0x01}, 2}, {{0x80, 0x40, 0x02, 0x03, 0x01}, 3},
        {{0x80, 0x40, 0x01, 0x03, 0x09}, 5}, {{0x80, 0x04, 0x04, 0x00, 0x01}, 2},
        {{0x83, 0x40, 0x04, 0x02, 0x01}, 4}, {{0x83, 0x40, 0x04, 0x01, 0x02}, 5},
        {{0x80, 0x0c, 0x01, 0x03, 0x01}, 3},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tls_framer framer = {0};
        struct seen seen = {0};
        frame(&seen, &framer, cases[i].bytes, cases[i].fails_at - 1);
        assert_int_equal(framer.state, FRAMING_START);
        frame(&seen, &framer, cases[i].bytes + cases[i].fails_at - 1, 1);
        assert_int_equal(framer.state, FRAMING_NONE);
        frame(&seen, &framer, (const uint8_t *)"more", 4);
        assert_string_equal(buf_text(&seen.text), "!");
        buf_done(&seen.text);
    }
}

static void the_longest_record_is_accepted(void **state)
{
    (void)state;
    struct buf stream = {0};
    struct tls_framer framer = {0};
    struct seen seen = {0};
    put_record(&stream, TLS_APPLICATION_DATA, 0x0303, LIMIT_TLS_RECORD);
    frame(&seen, &framer, stream.p, stream.n);
    assert_string_equal(buf_text(&seen.text), "h23:18432.");
    buf_done(&stream);
    buf_done(&seen.text);
}

static void an_sslv2_hello_is_framed_only_at_the_start(void **state)
{
    (void)state;
    struct buf stream = {0};
    put_number(&stream, 0x8000 | 46, 2);
    put_number(&stream, 1, 1);
    put_number(&stream, 0x0301, 2);
    for (unsigned i = 0; i < 43; i++)
        put_number(&stream, i, 1);
    put_record(&stream, TLS_HANDSHAKE, 0x0301, 40);
    struct tls_framer framer = {0};
    struct seen seen = {0};
    frame(&seen, &framer, stream.p, 48);
    assert_int_equal(tls_framer_version(&framer), 0x0301);
    frame(&seen, &framer, stream.p + 48, stream.n - 48);
    assert_string_equal(buf_text(&seen.text), "h128:43.h22:40.");
    frame(&seen, &framer, stream.p, 48);
    assert_int_equal(framer.state, FRAMING_SEARCH);
    buf_done(&stream);
    buf_done(&seen.text);
}

/* A segment that begins with a record, whose place was lost. */
static void frame_found(struct seen *seen, struct tls_framer *framer, const uint8_t *bytes,
                        size_t n)
{
    struct cursor in = cursor_of(span_of(bytes, n));
    assert_true(tls_framer_find(framer, &in));
    assert_ptr_equal(in.p, bytes);
    frame(seen, framer, bytes, n);
}

static void a_gap_inside_a_body_keeps_the_framing(void **state)
{
    (void)state;
    struct buf stream = {0};
    put_record(&stream, TLS_APPLICATION_DATA, 0x0303, 100);
    put_record(&stream, TLS_ALERT, 0x0303, 40);
    for (size_t from = 5; from <= 105; from++) {
        for (size_t to = from + 1; to <= 106; to++) {
            struct tls_framer framer = {0};
            struct seen seen = {0};
            frame(&seen, &framer, stream.p, from);
            bool kept = tls_framer_gap(&framer, to - from);
            assert_int_equal(kept, from < 105 && to <= 105);
            if (kept) {
                frame(&seen, &framer, stream.p + to, stream.n - to);
                assert_non_null(strstr(buf_text(&seen.text), "h21:40."));
            } else {
                assert_int_equal(framer.state, FRAMING_SEARCH);
                frame_found(&seen, &framer, stream.p + 105, 45);
                assert_non_null(strstr(buf_text(&seen.text), "h21:40."));
            }
            buf_done(&seen.text);
        }
    }
    buf_done(&stream);
}

static void a_gap_in_a_header_loses_the_framing(void **state)
{
    (void)state;
    struct buf stream = {0};
    put_record(&stream, TLS_APPLICATION_DATA, 0x0303, 100);
    for (size_t n = 0; n < 5; n++) {
        struct tls_framer framer = {0};
        struct seen seen = {0};
        frame(&seen, &framer, stream.p, n);
        assert_false(tls_framer_gap(&framer, 1));
        assert_int_equal(framer.state, FRAMING_SEARCH);
        buf_done(&seen.text);
    }
    buf_done(&stream);
}

/* found returns where a record was found in a segment, or -1. */
static long found(struct tls_framer *framer, const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    struct cursor in = cursor_of(span_of(copy, n));
    bool yes = tls_framer_find(framer, &in);
    long at = yes ? in.p - copy : -1;
    if (!yes)
        assert_int_equal(in.left, 0);
    free(copy);
    return at;
}

static void a_record_is_found_again(void **state)
{
    (void)state;
    for (size_t junk = 0; junk < 40; junk++) {
        struct buf stream = {0};
        struct tls_framer framer = {.state = FRAMING_SEARCH};
        for (size_t i = 0; i < junk; i++)
            put_number(&stream, i % 2 ? 0x03 : 0x16, 1);
        put_record(&stream, TLS_APPLICATION_DATA, 0x0303, 50);
        put_record(&stream, TLS_ALERT, 0x0303, 26);
        assert_int_equal(found(&framer, stream.p, stream.n), junk);
        assert_int_equal(framer.state, FRAMING_RECORDS);
        assert_true(framer.proven);
        buf_done(&stream);
    }
}

static void a_record_that_goes_on_is_only_a_guess(void **state)
{
    (void)state;
    struct buf stream = {0};
    struct tls_framer framer = {.state = FRAMING_SEARCH};
    struct seen seen = {0};
    put_record(&stream, TLS_APPLICATION_DATA, 0x0302, 500);
    assert_int_equal(found(&framer, stream.p, 300), 0);
    assert_false(framer.proven);
    frame(&seen, &framer, stream.p, 300);
    assert_false(framer.proven);
    frame(&seen, &framer, stream.p + 300, stream.n - 300);
    frame(&seen, &framer, (const uint8_t *)"\x17\x03\x02\x00\x20", 5);
    assert_true(framer.proven);
    buf_done(&seen.text);

    /* The same, but what follows is no header. */
    framer = (struct tls_framer){.state = FRAMING_SEARCH};
    assert_int_equal(found(&framer, stream.p, 300), 0);
    frame(&seen, &framer, stream.p, 300);
    frame(&seen, &framer, stream.p + 300, 200);
    frame(&seen, &framer, (const uint8_t *)"plain text", 10);
    assert_false(framer.proven);
    assert_int_equal(framer.state, FRAMING_SEARCH);
    buf_done(&seen.text);
    buf_done(&stream);
}

/* Segments that hold less than a header. */
static void a_record_is_found_in_small_pieces(void **state)
{
    (void)state;
    struct buf stream = {0};
    put_record(&stream, TLS_HANDSHAKE, 0x0301, 60);
    for (size_t cut = 1; cut < TLS_RECORD_HEADER; cut++) {
        struct tls_framer framer = {.state = FRAMING_SEARCH};
        struct seen seen = {0};
        assert_int_equal(found(&framer, stream.p, cut), -1);
        assert_int_equal(found(&framer, stream.p + cut, stream.n - cut), 0);
        assert_true(framer.proven);
        frame(&seen, &framer, stream.p + cut, stream.n - cut);
        assert_string_equal(seen.text.p, "h22:60.");
        buf_done(&seen.text);
    }
    struct tls_framer framer = {.state = FRAMING_SEARCH};
    struct seen seen = {0};
    for (size_t i = 0; i < stream.n; i++) {
        if (framer.state == FRAMING_SEARCH)
            assert_int_equal(found(&framer, stream.p + i, 1), i < 4 ? -1 : 0);
        if (framer.state == FRAMING_RECORDS)
            frame(&seen, &framer, stream.p + i, 1);
    }
    assert_string_equal(seen.text.p, "h22:60.");
    buf_done(&seen.text);
    buf_done(&stream);
}

/* What looked like the beginning of a header was none: what comes then is looked at for itself. */
static void a_piece_that_was_no_header_hides_none(void **state)
{
    (void)state;
    struct buf stream = {0};
    put_record(&stream, TLS_APPLICATION_DATA, 0x0303, 20);
    struct tls_framer framer = {.state = FRAMING_SEARCH};
    assert_int_equal(found(&framer, (const uint8_t *)"\x16\x03", 2), -1);
    assert_int_equal(found(&framer, stream.p, 3), -1);
    assert_int_equal(found(&framer, (const uint8_t *)"plain text", 10), -1);
    assert_int_equal(framer.state, FRAMING_SEARCH);
    assert_int_equal(found(&framer, (const uint8_t *)"\x17", 1), -1);
    assert_int_equal(found(&framer, stream.p, stream.n), 0);
    /* Nor is a header joined over a gap. */
    framer = (struct tls_framer){.state = FRAMING_SEARCH};
    assert_int_equal(found(&framer, stream.p, 4), -1);
    assert_false(tls_framer_gap(&framer, 1));
    assert_int_equal(found(&framer, stream.p + 4, stream.n - 4), -1);
    assert_int_equal(framer.have, 0);
    buf_done(&stream);
}

static void nothing_is_found_in_anything_else(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "\x17",
                                        "\x17\x03\x03",
                                        "GET / HTTP/1.1\r\nHost: push.example\r\n\r\n",
                                        "\x17\x03\x05 a version that there is not",
                                        "\x17\x03\x03\xff\xff is far too long"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct tls_framer framer = {.state = FRAMING_SEARCH};
        assert_int_equal(found(&framer, (const uint8_t *)texts[i], strlen(texts[i])), -1);
        assert_int_equal(framer.state, FRAMING_SEARCH);
    }
    /* A record that ends where no header can begin. */
    struct buf stream = {0};
    struct tls_framer framer = {.state = FRAMING_SEARCH};
    put_record(&stream, TLS_APPLICATION_DATA, 0x0303, 20);
    buf_append(&stream, "xxxxxx", 6);
    assert_int_equal(found(&framer, stream.p, stream.n), -1);
    buf_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_split_gives_the_same_records),
        cmocka_unit_test(a_stream_of_something_else_is_dropped_at_once),
        cmocka_unit_test(the_longest_record_is_accepted),
        cmocka_unit_test(an_sslv2_hello_is_framed_only_at_the_start),
        cmocka_unit_test(a_gap_inside_a_body_keeps_the_framing),
        cmocka_unit_test(a_gap_in_a_header_loses_the_framing),
        cmocka_unit_test(a_record_is_found_again),
        cmocka_unit_test(a_record_that_goes_on_is_only_a_guess),
        cmocka_unit_test(a_record_is_found_in_small_pieces),
        cmocka_unit_test(a_piece_that_was_no_header_hides_none),
        cmocka_unit_test(nothing_is_found_in_anything_else),
    };
    return cmocka_run_group_tests_name("tls_record", tests, NULL, NULL);
}
