/* test_reader.c: peeking and skipping over the edges of blocks, by file and by pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_file.h"

#include <fcntl.h>

static const volatile sig_atomic_t never;

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
    reader_init(&reader, fd, block, &never);
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
    reader_init(&reader, open_pattern(bytes, N), 1000, &never);
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
    reader_init(&reader, open_pattern(bytes, 100), 10, &never);
    assert_null(reader_peek(&reader, (size_t)READER_PEEK_MAX + 1));
    assert_null(reader_peek(&reader, SIZE_MAX));
    assert_non_null(reader_peek(&reader, 100));
    assert_int_equal(reader.capacity, 100);
    reader_done(&reader);
    free(bytes);
}

static void far_skips(void **state)
{
    (void)state;
    enum { N = 10000 };
    uint8_t *bytes = pattern(N);
    struct reader reader;
    reader_init(&reader, open_pattern(bytes, N), 100, &never);
    assert_true(reader_skip_far(&reader, 0));
    assert_true(reader_skip_far(&reader, 4321));
    assert_int_equal(reader_offset(&reader), 4321);
    assert_int_equal(*reader_peek(&reader, 1), bytes[4321]);
    assert_true(reader_skip_far(&reader, N - 4321));
    assert_int_equal(reader_offset(&reader), N);
    assert_false(reader_skip_far(&reader, 1));
    reader_done(&reader);
    reader_init(&reader, open_pattern(bytes, N), 100, &never);
    assert_false(reader_skip_far(&reader, UINT64_MAX));
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
    reader_init(&reader, fd, 100, &never);
    assert_null(reader_peek(&reader, 1));
    assert_int_equal(reader.error, EISDIR);
    assert_false(reader.at_end);
    reader_done(&reader);
}

static volatile sig_atomic_t stop;

static void set_stop(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

static void signal_ends_the_wait_for_a_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    struct reader reader;
    reader_init(&reader, ends[0], 100, &stop);
    /* SA_RESTART: the wait must end all the same. */
    struct sigaction action = {.sa_handler = set_stop, .sa_flags = SA_RESTART};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    alarm(1);
    assert_null(reader_peek(&reader, 4));
    assert_false(reader.at_end);
    assert_int_equal(reader.error, 0);
    assert_int_equal(reader_unread(&reader), 3);
    reader_done(&reader);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_over_block_edges), cmocka_unit_test(buffer_grows_for_a_large_peek),
        cmocka_unit_test(peek_has_a_cap),         cmocka_unit_test(far_skips),
        cmocka_unit_test(failed_read_is_told),    cmocka_unit_test(signal_ends_the_wait_for_a_pipe),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
