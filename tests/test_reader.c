/* test_reader.c: peeking and skipping over the edges of blocks, by file and by pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_file.h"

#include <fcntl.h>

/* Bytes whose value tells their position. */
static uint8_t *pattern(size_t n)
{
    uint8_t *bytes = xmalloc(n);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 8));
    return bytes;
}

static int open_pattern(const uint8_t *bytes, size_t n)
{
    char *path = write_file(bytes, n);
    int fd = open(path, O_RDONLY);
    assert_true(fd > 2);
    remove_file(path);
    return fd;
}

/* Walks in steps of all sizes and checks bytes and offsets. */
static void walk(int fd, const uint8_t *bytes, size_t n, size_t block)
{
    struct reader reader;
    reader_init(&reader, fd, block);
    reader.patient = true;
    size_t at = 0;
    for (size_t step = 1; at + step <= n; step = step * 3 % 1013 + 1) {
        const uint8_t *got = reader_peek(&reader, step);
        assert_non_null(got);
        assert_memory_equal(got, bytes + at, step);
        assert_ptr_equal(reader_peek(&reader, step), got); /* peeking again moves nothing */
        assert_int_equal(reader_offset(&reader), at);
        reader_skip(&reader, step);
        at += step;
    }
    assert_null(reader_peek(&reader, n - at + 1));
    assert_true(reader.at_end);
    assert_int_equal(reader.error, 0);
    assert_int_equal(reader_unread(&reader), n - at);
    assert_int_equal(reader_offset(&reader), at);
    reader_done(&reader);
}

static void steps_over_block_edges(void **state)
{
    (void)state;
    enum { N = 50000 };
    uint8_t *bytes = pattern(N);
    static const size_t blocks[] = {1, 7, 4096, N - 1, N, N + 1};
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        walk(open_pattern(bytes, N), bytes, N, blocks[i]);
        pid_t writer;
        int fd = pipe_from(bytes, N, blocks[i] < 64 ? 64 : blocks[i], &writer);
        walk(fd, bytes, N, blocks[i]);
        pipe_done(writer);
    }
    free(bytes);
}

static void buffer_grows_for_a_large_peek(void **state)
{
    (void)state;
    enum { N = 300000 };
    uint8_t *bytes = pattern(N);
    struct reader reader;
    reader_init(&reader, open_pattern(bytes, N), 1000);
    assert_non_null(reader_peek(&reader, 10));
    reader_skip(&reader, 10);
    const uint8_t *got = reader_peek(&reader, N - 10);
    assert_non_null(got);
    assert_memory_equal(got, bytes + 10, N - 10);
    assert_int_equal(reader_offset(&reader), 10);
    reader_done(&reader);
    free(bytes);
}

static void peek_has_a_cap(void **state)
{
    (void)state;
    uint8_t *bytes = pattern(100);
    struct reader reader;
    reader_init(&reader, open_pattern(bytes, 100), 10);
    assert_null(reader_peek(&reader, (size_t)READER_PEEK_MAX + 1));
    assert_null(reader_peek(&reader, SIZE_MAX));
    assert_non_null(reader_peek(&reader, 100));
    assert_int_equal(reader.capacity, 100);
    reader_done(&reader);
    free(bytes);
}

static bool skip_far(struct reader *reader, uint64_t n)
{
    uint64_t offset = reader_offset(reader), left = n;
    bool all = reader_skip_far(reader, &left);
    assert_int_equal(reader_offset(reader), offset + n - left);
    assert_int_equal(left == 0, all);
    return all;
}

static void far_skips(void **state)
{
    (void)state;
    enum { N = 10000 };
    uint8_t *bytes = pattern(N);
    struct reader reader;
    reader_init(&reader, open_pattern(bytes, N), 100);
    assert_true(skip_far(&reader, 0));
    assert_true(skip_far(&reader, 4321));
    assert_int_equal(*reader_peek(&reader, 1), bytes[4321]);
    assert_true(skip_far(&reader, N - 4321));
    assert_int_equal(reader_offset(&reader), N);
    assert_false(skip_far(&reader, 1));
    reader_done(&reader);
    reader_init(&reader, open_pattern(bytes, N), 100);
    assert_false(skip_far(&reader, UINT64_MAX));
    assert_int_equal(reader_offset(&reader), N);
    assert_true(reader.at_end);
    reader_done(&reader);
    free(bytes);
}

static void failed_read_is_told(void **state)
{
    (void)state;
    struct reader reader;
    int fd = open("/tmp", O_RDONLY); /* a folder can't be read */
    assert_true(fd > 2);
    reader_init(&reader, fd, 100);
    assert_null(reader_peek(&reader, 1));
    assert_int_equal(reader.error, EISDIR);
    assert_false(reader.at_end);
    reader_done(&reader);
}

/* Each peek asks for a byte more than has been written. */
static void pipe_that_has_no_more_at_the_moment(void **state)
{
    (void)state;
    enum { N = 1000, PIECE = 7, BLOCK = 64 };
    uint8_t *bytes = pattern(N);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct reader reader;
    reader_init(&reader, ends[0], BLOCK);
    assert_null(reader_peek(&reader, 1));
    for (size_t at = 0; at + PIECE <= N; at += PIECE) {
        assert_int_equal(write(ends[1], bytes + at, PIECE), PIECE);
        size_t passed = reader_offset(&reader), there = at + PIECE - passed;
        assert_null(reader_peek(&reader, there + 1));
        assert_false(reader.at_end);
        assert_int_equal(reader.error, 0);
        assert_int_equal(reader_unread(&reader), there);
        assert_memory_equal(reader_peek(&reader, there), bytes + passed, there);
        if (at % 5 == 0)
            reader_skip(&reader, there / 2);
    }
    uint64_t left = N;
    assert_false(reader_skip_far(&reader, &left));
    assert_false(reader.at_end);
    close(ends[1]);
    assert_false(reader_skip_far(&reader, &left));
    assert_true(reader.at_end);
    reader_done(&reader);
    free(bytes);
}

/* What was peeked stays where it is, and as it is, until it is released. */
static void what_is_kept_stays(void **state)
{
    (void)state;
    enum { N = 1000, PIECE = 7, BLOCK = 64 };
    uint8_t *bytes = pattern(N);
    struct reader reader;
    reader_init(&reader, open_pattern(bytes, N), BLOCK);
    reader.keeps = true;
    unsigned pauses = 0;
    for (size_t at = 0, kept = 0; at + PIECE <= N; at += PIECE) {
        const uint8_t *got = reader_peek(&reader, PIECE);
        if (!got) {
            assert_true(reader.paused);
            assert_memory_equal(reader.next - (at - kept), bytes + kept, at - kept);
            assert_null(reader_peek(&reader, PIECE)); /* however often it is asked for */
            reader_release(&reader);
            got = reader_peek(&reader, PIECE);
            kept = at;
            pauses++;
        }
        assert_false(reader.paused);
        assert_memory_equal(got, bytes + at, PIECE);
        reader_skip(&reader, PIECE);
    }
    assert_in_range(pauses, N / BLOCK, N / (BLOCK - PIECE) + 1);
    reader_release(&reader);
    assert_null(reader_peek(&reader, PIECE));
    assert_true(reader.at_end);
    assert_false(reader.paused);
    reader_done(&reader);
    free(bytes);
}

/* A terminal's or another program's choice, as it is for a standard input that is shared. */
static void non_blocking_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    struct reader reader;
    reader_init(&reader, ends[0], 100);
    assert_null(reader_peek(&reader, 1));
    assert_int_equal(reader.error, 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    assert_memory_equal(reader_peek(&reader, 3), "abc", 3);
    reader_done(&reader);
    close(ends[1]);
}

/* An end that was passed already, because the file grew before it was set, is the end as well. */
static void ends_where_it_is_told_to(void **state)
{
    (void)state;
    enum { N = 5000, BLOCK = 1000 };
    uint8_t *bytes = pattern(N);
    static const size_t ends[] = {0, 1, 24, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, N, N + 1};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        const size_t left = ends[i] < N ? ends[i] : N;
        struct reader reader;
        reader_init(&reader, open_pattern(bytes, N), BLOCK);
        assert_non_null(reader_peek(&reader, 24));
        reader_end_at(&reader, ends[i]);
        assert_null(reader_peek(&reader, left + 1));
        assert_true(reader.at_end);
        assert_int_equal(reader_unread(&reader), left);
        assert_memory_equal(reader.next, bytes, left);
        assert_int_equal(reader_position(&reader), left);
        reader_done(&reader);
    }
    free(bytes);
}

static void seeks_to_and_fro(void **state)
{
    (void)state;
    enum { N = 5000 };
    uint8_t *bytes = pattern(N);
    struct reader reader;
    reader_init(&reader, open_pattern(bytes, N), 100);
    reader.keeps = true;
    static const uint64_t offsets[] = {N - 10, 0, 130, 120, N, 4000, 4000};
    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        const size_t left = N - offsets[i], n = left < 70 ? left : 70;
        reader_seek(&reader, offsets[i]);
        assert_int_equal(reader_offset(&reader), offsets[i]);
        assert_memory_equal(reader_peek(&reader, n), bytes + offsets[i], n);
        reader_skip(&reader, n);
        if (left == n) {
            reader_release(&reader);
            assert_null(reader_peek(&reader, 1));
            assert_true(reader.at_end);
        }
    }
    reader_done(&reader);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_over_block_edges),
        cmocka_unit_test(buffer_grows_for_a_large_peek),
        cmocka_unit_test(peek_has_a_cap),
        cmocka_unit_test(far_skips),
        cmocka_unit_test(failed_read_is_told),
        cmocka_unit_test(pipe_that_has_no_more_at_the_moment),
        cmocka_unit_test(what_is_kept_stays),
        cmocka_unit_test(non_blocking_pipe),
        cmocka_unit_test(ends_where_it_is_told_to),
        cmocka_unit_test(seeks_to_and_fro),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
