/* test_merge.c: several captures as one: order, ties, many files with few descriptors, and what
 * happens when one of them is bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>

enum { MICRO = 0xa1b2c3d4 };

/* Writes a pcap file with a packet at each of the given times; captured length `mark` tells which
 * file a packet is from. A time of 0 ends the list. */
static char *pcap_of(uint32_t mark, const uint32_t *times)
{
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)MICRO, 4, 1);
    for (; *times; times++)
        pcap_record(&file, *times, 0, mark, mark);
    char *path = write_file(file.bytes.p, file.bytes.n);
    buf_done(&file.bytes);
    return path;
}

#define TIMES(...)                                                                                 \
    (const uint32_t[])                                                                             \
    {                                                                                              \
        __VA_ARGS__, 0                                                                             \
    }

static struct reading *read_paths(char *const *paths, size_t count)
{
    struct source_error error = {""};
    return read_source(source_open_files(&error, paths, count), &error);
}

static void expect_order(const struct reading *got, const uint32_t *times, const uint32_t *marks)
{
    size_t i = 0;
    for (; times[i]; i++) {
        assert_in_range(i, 0, got->count - 1);
        assert_int_equal(got->packets[i].time, times[i] * NS_PER_SECOND);
        assert_int_equal(got->packets[i].caplen, marks[i]);
        assert_int_equal(got->packets[i].bytes[0], (uint8_t)times[i]);
        assert_int_equal(got->packets[i].bytes[marks[i] - 1], (uint8_t)(times[i] + marks[i] - 1));
    }
    assert_int_equal(got->count, i);
}

static void remove_files(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        remove_file(paths[i]);
}

static void overlapping_files_in_order_of_time(void **state)
{
    (void)state;
    char *paths[] = {
        pcap_of(1, TIMES(30, 40, 70)), pcap_of(2, TIMES(10, 40, 50)), pcap_of(3, TIMES(0)),
        pcap_of(4, TIMES(40, 60)),     pcap_of(5, TIMES(80)),
    };
    struct reading *got = read_paths(paths, COUNT_OF(paths));
    assert_int_equal(got->status, SOURCE_END);
    expect_order(got, TIMES(10, 30, 40, 40, 40, 50, 60, 70, 80), TIMES(2, 1, 1, 2, 4, 2, 4, 1, 5));
    reading_done(got);
    remove_files(paths, COUNT_OF(paths));
}

static void order_within_a_file_is_kept(void **state)
{
    (void)state;
    char *paths[] = {pcap_of(1, TIMES(20, 10, 30)), pcap_of(2, TIMES(15, 25))};
    struct reading *got = read_paths(paths, 2);
    expect_order(got, TIMES(15, 20, 10, 25, 30), TIMES(2, 1, 1, 2, 1));
    reading_done(got);
    remove_files(paths, 2);
}

static void equal_times_in_order_of_arguments(void **state)
{
    (void)state;
    char *paths[] = {pcap_of(3, TIMES(5, 5)), pcap_of(1, TIMES(5, 5)), pcap_of(2, TIMES(5))};
    struct reading *got = read_paths(paths, 3);
    expect_order(got, TIMES(5, 5, 5, 5, 5), TIMES(3, 3, 1, 1, 2));
    reading_done(got);
    remove_files(paths, 3);
}

static void one_file_is_a_file(void **state)
{
    (void)state;
    char *path = pcap_of(9, TIMES(2, 1));
    struct reading *got = read_paths(&path, 1);
    expect_order(got, TIMES(2, 1), TIMES(9, 9));
    reading_done(got);
    remove_file(path);
}

static void a_file_opened_often_gives_all_to_each(void **state)
{
    (void)state;
    char *path = pcap_of(9, TIMES(2, 1));
    struct source_error error = {""};
    struct source *sources[3];
    assert_int_equal(source_open_file_often(&error, sources, 1, path), 1);
    assert_true(source_opens_often(sources[0]));
    source_close(sources[0]);
    assert_int_equal(source_open_file_often(&error, sources, 3, path), 3);
    struct capture_file more = {0}; /* it grows: nobody reads what came later */
    pcap_record(&more, 3, 0, 9, 9);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(more.bytes.p, 1, more.bytes.n, file), more.bytes.n);
    assert_int_equal(fclose(file), 0);
    buf_done(&more.bytes);
    for (size_t i = 3; i-- > 0;) {
        struct reading *got = read_source(sources[i], &error);
        assert_int_equal(got->status, SOURCE_END);
        expect_order(got, TIMES(2, 1), TIMES(9, 9));
        reading_done(got);
    }
    unlink(path);
    assert_int_equal(source_open_file_often(&error, sources, 3, path), 0);
    assert_non_null(strstr(error.text, "No such file"));
    free(path);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/dev/fd");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* Sets how many descriptors there may be; the merge keeps half of them. Returns what it was. */
static rlim_t limit_descriptors(rlim_t limit)
{
    struct rlimit both;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &both), 0);
    rlim_t before = both.rlim_cur;
    both.rlim_cur = limit;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &both), 0);
    return before;
}

static void rotated_files_need_few_descriptors(void **state)
{
    (void)state;
    enum { FILES = 150, LIMIT = 60 };
    const rlim_t limit = limit_descriptors(LIMIT);
    char *paths[FILES];
    for (uint32_t i = 0; i < FILES; i++)
        paths[FILES - 1 - i] = pcap_of(1 + i % 50, TIMES(1000 + 10 * i));
    size_t before = open_descriptors();
    struct source_error error;
    struct source *source = source_open_files(&error, paths, FILES);
    assert_non_null(source);
    struct packet packet;
    for (uint32_t i = 0; i < FILES; i++) {
        assert_in_range(open_descriptors(), before, before + LIMIT / 2 + 1);
        assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
        assert_int_equal(packet.time, (1000 + 10 * i) * NS_PER_SECOND);
        assert_int_equal(packet.frame, i + 1);
    }
    assert_int_equal(source_next(source, &packet), SOURCE_END);
    uint64_t done, total;
    source_progress(source, &done, &total);
    assert_int_equal(done, total);
    source_close(source);
    assert_int_equal(open_descriptors(), before);
    remove_files(paths, FILES);
    limit_descriptors(limit);
}

static void progress_over_all_files(void **state)
{
    (void)state;
    char *paths[] = {pcap_of(10, TIMES(1, 2)), pcap_of(10, TIMES(3))};
    struct source_error error;
    struct source *source = source_open_files(&error, paths, 2);
    uint64_t done, total;
    struct packet packet;
    source_progress(source, &done, &total);
    assert_int_equal(done, 0);
    assert_int_equal(total, 24 + 26 * 2 + 24 + 26);
    assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
    source_progress(source, &done, &total);
    assert_int_equal(done, 24 + 26);
    source_close(source);
    remove_files(paths, 2);
}

/* Takes bytes off the end of a file. */
static void cut(const char *path, off_t left)
{
    assert_int_equal(truncate(path, left), 0);
}

static void broken_files_are_told_at_the_end(void **state)
{
    (void)state;
    char *paths[] = {pcap_of(1, TIMES(10, 40)), pcap_of(2, TIMES(20, 30)), pcap_of(3, TIMES(50)),
                     pcap_of(4, TIMES(60))};
    cut(paths[0], 24 + 17 + 3);
    cut(paths[3], 24 + 19); /* in its first packet */
    struct reading *got = read_paths(paths, 4);
    expect_order(got, TIMES(10, 20, 30, 50), TIMES(1, 2, 2, 3));
    assert_int_equal(got->status, SOURCE_BROKEN);
    char expected[600];
    snprintf(expected, sizeof expected,
             "%s: truncated: the packet record at byte 24 needs 20 bytes, only 19 are left; %s: "
             "truncated: the packet record at byte 41 needs 16 bytes, only 3 are left",
             paths[3], paths[0]);
    assert_string_equal(got->error, expected);
    reading_done(got);
    remove_files(paths, 4);
}

static void many_broken_files_are_counted(void **state)
{
    (void)state;
    char *paths[20];
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        paths[i] = pcap_of(5, TIMES(1));
        cut(paths[i], 30);
    }
    struct reading *got = read_paths(paths, COUNT_OF(paths));
    assert_int_equal(got->status, SOURCE_BROKEN);
    assert_int_equal(got->count, 0);
    const char *more = strstr(got->error, "; and ");
    assert_non_null(more);
    size_t told = 1;
    for (const char *c = got->error; c < more; c++)
        told += *c == ';';
    char expected[40];
    snprintf(expected, sizeof expected, "; and %zu more", COUNT_OF(paths) - told);
    assert_string_equal(more, expected);
    reading_done(got);
    remove_files(paths, COUNT_OF(paths));
}

static void file_that_can_not_be_opened(void **state)
{
    (void)state;
    char *paths[] = {pcap_of(1, TIMES(10)), xstrdup("/nonexistent/x.pcap"), pcap_of(2, TIMES(20))};
    struct reading *got = read_paths(paths, 3);
    assert_int_equal(got->status, SOURCE_BROKEN);
    assert_int_equal(got->count, 2); /* the others are read all the same */
    assert_string_equal(got->error, "/nonexistent/x.pcap: No such file or directory");
    reading_done(got);
    remove_files(paths, 3);
}

static void no_file_can_be_opened(void **state)
{
    (void)state;
    char *paths[] = {xstrdup("/nonexistent/x.pcap"), xstrdup("/nonexistent/y.pcap")};
    struct reading *got = read_paths(paths, 2);
    assert_false(got->opened);
    assert_string_equal(got->error, "/nonexistent/x.pcap: No such file or directory; "
                                    "/nonexistent/y.pcap: No such file or directory");
    reading_done(got);
    free(paths[0]);
    free(paths[1]);
}

static void standard_input_is_read_once(void **state)
{
    (void)state;
    char *path = pcap_of(1, TIMES(10, 20));
    char name[] = "-";
    char *inputs[] = {name, name};
    int kept = dup(STDIN_FILENO);
    for (size_t count = 1; count <= 2; count++) {
        int fd = open(path, O_RDONLY);
        assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
        close(fd);
        struct reading *got = read_paths(inputs, count);
        assert_int_equal(got->opened, count == 1);
        assert_int_equal(got->count, count == 1 ? 2 : 0);
        assert_string_equal(got->error, count == 1 ? "" : "standard input: can be read only once");
        reading_done(got);
    }
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
    remove_file(path);
}

/* It can't be opened again, even if it is a file. */
static void standard_input_beside_a_file(void **state)
{
    (void)state;
    char *path = pcap_of(1, TIMES(10, 30)), *other = pcap_of(2, TIMES(20));
    char name[] = "-";
    char *inputs[] = {name, other};
    int kept = dup(STDIN_FILENO), fd = open(path, O_RDONLY);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    struct reading *got = read_paths(inputs, 2);
    expect_order(got, TIMES(10, 20, 30), TIMES(1, 2, 1));
    assert_int_equal(got->status, SOURCE_END);
    reading_done(got);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
    remove_file(path);
    remove_file(other);
}

/* The right to open a file, or its name, may go between the first look at it and its turn. */
static void files_without_a_name_are_still_read(void **state)
{
    (void)state;
    char *paths[] = {pcap_of(1, TIMES(10)), pcap_of(2, TIMES(20)), pcap_of(3, TIMES(15, 30))};
    struct source_error error;
    size_t before = open_descriptors();
    struct source *source = source_open_files(&error, paths, 3);
    assert_non_null(source);
    remove_files(paths, 3);
    struct reading *got = read_source(source, &error);
    expect_order(got, TIMES(10, 15, 20, 30), TIMES(1, 3, 2, 3));
    assert_int_equal(got->status, SOURCE_END);
    assert_int_equal(open_descriptors(), before);
    reading_done(got);
}

/* What happens to a file between the first look at it and its turn, if there are so many that it
 * can't be kept open. */
static void files_that_go_or_change_meanwhile(void **state)
{
    (void)state;
    enum { KEPT_MAX = 100 };
    const size_t kept = open_descriptors() + 5;
    assert_in_range(kept, 1, KEPT_MAX);
    const rlim_t limit = limit_descriptors(2 * kept);
    char *paths[KEPT_MAX + 4];
    for (size_t i = 0; i < kept; i++)
        paths[i] = pcap_of(5, TIMES(5));
    char **last = paths + kept;
    for (uint32_t i = 0; i < 4; i++)
        last[i] = pcap_of(i + 1, TIMES(10 * (i + 1)));
    struct source_error error;
    struct source *source = source_open_files(&error, paths, kept + 4);
    assert_non_null(source);
    unlink(last[1]);
    char *other = pcap_of(9, TIMES(21));
    assert_int_equal(rename(other, last[2]), 0);
    free(other);
    struct reading *got = read_source(source, &error);
    assert_int_equal(got->count, kept + 2);
    assert_int_equal(got->packets[kept].caplen, 1);
    assert_int_equal(got->packets[kept + 1].caplen, 4);
    assert_int_equal(got->status, SOURCE_BROKEN);
    char expected[600];
    snprintf(expected, sizeof expected,
             "%s: No such file or directory; %s: has changed while it was being read", last[1],
             last[2]);
    assert_string_equal(got->error, expected);
    reading_done(got);
    remove_files(paths, kept + 4);
    limit_descriptors(limit);
}

static void pipes_stay_open(void **state)
{
    (void)state;
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)MICRO, 4, 1);
    pcap_record(&file, 15, 0, 7, 7);
    pcap_record(&file, 25, 0, 7, 7);
    pid_t writer;
    int fd = pipe_from(file.bytes.p, file.bytes.n, 10, &writer);
    char name[40];
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    char *paths[] = {pcap_of(1, TIMES(10, 20)), name};
    struct source_error error;
    struct source *source = source_open_files(&error, paths, 2);
    uint64_t done, total;
    source_progress(source, &done, &total);
    assert_int_equal(total, 0); /* not known */
    struct reading *got = read_source(source, &error);
    expect_order(got, TIMES(10, 15, 20, 25), TIMES(1, 7, 1, 7));
    pipe_done(writer);
    close(fd);
    reading_done(got);
    remove_file(paths[0]);
    buf_done(&file.bytes);
}

static void interface_section(struct capture_file *file, const char name[4], uint32_t seconds)
{
    put32(file, 0x0a0d0d0a);
    put32(file, 28);
    put32(file, 0x1a2b3c4d);
    put32(file, 1);
    put64(file, UINT64_MAX);
    put32(file, 28);
    put32(file, 1);
    put32(file, 28 + 8);
    put32(file, 1);
    put32(file, 0);
    put16(file, 2);
    put16(file, 4);
    buf_append(&file->bytes, name, 4);
    put16(file, 9);
    put16(file, 1);
    put32(file, 0); /* if_tsresol: seconds */
    put32(file, 28 + 8);
    put32(file, 6);
    put32(file, 36);
    put64(file, 0);
    put32(file, seconds);
    put32(file, 4);
    put32(file, 4);
    put32(file, 0);
    put32(file, 36);
}

static void interfaces_of_several_files(void **state)
{
    (void)state;
    char *paths[3];
    for (uint32_t i = 0; i < 3; i++) {
        struct capture_file file = {0};
        interface_section(&file, i == 1 ? "wifi" : "eth0", 10 + i);
        interface_section(&file, "last", 20 + i);
        paths[i] = write_file(file.bytes.p, file.bytes.n);
        buf_done(&file.bytes);
    }
    struct reading *got = read_paths(paths, 3);
    assert_string_equal(got->error, "");
    assert_int_equal(got->count, 6);
    static const char *const names[] = {"eth0", "wifi", "eth0", "last", "last", "last"};
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(got->interfaces[i], names[i]);
    assert_int_equal(got->packets[0].interface, got->packets[2].interface);
    assert_int_not_equal(got->packets[0].interface, got->packets[1].interface);
    reading_done(got);
    remove_files(paths, 3);
}

static void break_ends_the_merge(void **state)
{
    (void)state;
    char *paths[] = {pcap_of(1, TIMES(10, 40)), pcap_of(2, TIMES(20, 30))};
    struct source_error error;
    struct source *source = source_open_files(&error, paths, 2);
    struct packet packet;
    assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
    source_break(source);
    assert_int_equal(source_next(source, &packet), SOURCE_END);
    assert_string_equal(source_error(source), "");
    source_close(source);
    remove_files(paths, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_files_in_order_of_time),
        cmocka_unit_test(order_within_a_file_is_kept),
        cmocka_unit_test(equal_times_in_order_of_arguments),
        cmocka_unit_test(one_file_is_a_file),
        cmocka_unit_test(a_file_opened_often_gives_all_to_each),
        cmocka_unit_test(rotated_files_need_few_descriptors),
        cmocka_unit_test(progress_over_all_files),
        cmocka_unit_test(broken_files_are_told_at_the_end),
        cmocka_unit_test(many_broken_files_are_counted),
        cmocka_unit_test(file_that_can_not_be_opened),
        cmocka_unit_test(no_file_can_be_opened),
        cmocka_unit_test(standard_input_is_read_once),
        cmocka_unit_test(standard_input_beside_a_file),
        cmocka_unit_test(files_without_a_name_are_still_read),
        cmocka_unit_test(files_that_go_or_change_meanwhile),
        cmocka_unit_test(pipes_stay_open),
        cmocka_unit_test(interfaces_of_several_files),
        cmocka_unit_test(break_ends_the_merge),
    };
    return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
