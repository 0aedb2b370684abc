/* test_decompress.c: the three algorithms, and what claims to be them. */
#include "../dissect/decompress.h"

#include <brotli/encode.h>
#include <setjmp.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

enum { LENGTH = 5000, ROOM = 8000 };

/* text fills a buffer with what is worth compressing. */
static void text(uint8_t out[LENGTH])
{
    for (size_t i = 0; i < LENGTH; i++)
        out[i] = (uint8_t)(i % 61 * (i / 700 + 1));
}

/* pack compresses some bytes. */
static size_t pack(uint8_t out[ROOM], uint16_t algorithm, const uint8_t *bytes, size_t n)
{
    uLongf zlib = ROOM;
    size_t brotli = ROOM;
    switch (algorithm) {
    case COMPRESSION_ZLIB:
        assert_int_equal(compress(out, &zlib, bytes, n), Z_OK);
        return zlib;
    case COMPRESSION_BROTLI:
        assert_true(BrotliEncoderCompress(5, 18, BROTLI_MODE_GENERIC, n, bytes, &brotli, out));
        return brotli;
    default:
        return ZSTD_compress(out, ROOM, bytes, n, 3);
    }
}

static void each_algorithm_gives_back_what_went_in(void **state)
{
    (void)state;
    uint8_t before[LENGTH], packed[ROOM];
    text(before);
    for (uint16_t a = COMPRESSION_ZLIB; a <= COMPRESSION_ZSTD; a++) {
        struct buf out = {0};
        size_t n = pack(packed, a, before, LENGTH);
        buf_append(&out, "before", 6);
        assert_true(decompress(&out, a, span_of(packed, n), LENGTH));
        assert_int_equal(out.n, 6 + LENGTH);
        assert_memory_equal(out.p, "before", 6);
        assert_memory_equal(out.p + 6, before, LENGTH);
        buf_done(&out);
    }
}

static void a_wrong_length_is_refused(void **state)
{
    (void)state;
    uint8_t before[LENGTH], packed[ROOM];
    static const size_t wrong[] = {0, 1, LENGTH - 1, LENGTH + 1, 2 * LENGTH};
    text(before);
    for (uint16_t a = COMPRESSION_ZLIB; a <= COMPRESSION_ZSTD; a++) {
        size_t n = pack(packed, a, before, LENGTH);
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
            struct buf out = {0};
            assert_false(decompress(&out, a, span_of(packed, n), wrong[i]));
            assert_int_equal(out.n, 0);
            buf_done(&out);
        }
    }
}

static void damage_is_refused(void **state)
{
    (void)state;
    uint8_t before[LENGTH], packed[ROOM];
    text(before);
    for (uint16_t a = COMPRESSION_ZLIB; a <= COMPRESSION_ZSTD; a++) {
        size_t n = pack(packed, a, before, LENGTH);
        for (size_t cut = 0; cut < n; cut++) {
            struct buf out = {0};
            uint8_t *copy = malloc(cut ? cut : 1);
            assert_non_null(copy);
            memcpy(copy, packed, cut);
            assert_false(decompress(&out, a, span_of(copy, cut), LENGTH));
            assert_int_equal(out.n, 0);
            free(copy);
            buf_done(&out);
        }
        struct buf out = {0};
        memcpy(packed + n, "more", 4);
        assert_false(decompress(&out, a, span_of(packed, n + 4), LENGTH));
        buf_done(&out);
    }
}

static void other_algorithms_are_unknown(void **state)
{
    (void)state;
    struct buf out = {0};
    assert_false(decompress(&out, 0, span_of("abc", 3), 3));
    assert_false(decompress(&out, 4, span_of("abc", 3), 3));
    assert_false(decompress(&out, 0x0a0a, span_of("abc", 3), 3));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_gives_back_what_went_in),
        cmocka_unit_test(a_wrong_length_is_refused),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(other_algorithms_are_unknown),
    };
    return cmocka_run_group_tests_name("decompress", tests, NULL, NULL);
}
