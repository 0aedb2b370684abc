/* test_savefile_pcap.c: the classic format: every magic number in both byte orders, odd lengths and
 * times, and every place at which a file can be cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_file.h"

enum { MICRO = 0xa1b2c3d4, NANO = 0xa1b23c4d, MODIFIED = 0xa1b2cd34 };

static void every_magic_in_both_orders(void **state)
{
    (void)state;
    static const uint32_t magics[] = {(uint32_t)MICRO, (uint32_t)NANO};
    for (size_t i = 0; i < 4; i++) {
        struct capture_file file = {.big = i & 1};
        pcap_header(&file, magics[i / 2], 4, 1);
        pcap_record(&file, 1400978881, 123456, 70, 70);
        pcap_record(&file, 0xffffffff, 999999, 60, 1514);
        pcap_record(&file, 0, 0, 0, 5);
        struct reading *got = read_capture(&file);
        assert_int_equal(got->status, SOURCE_END);
        assert_string_equal(got->error, "");
        assert_int_equal(got->count, 3);
        const int64_t unit = i / 2 ? 1 : 1000;
        assert_int_equal(got->packets[0].time, INT64_C(1400978881) * NS_PER_SECOND + 123456 * unit);
        assert_int_equal(got->packets[1].time, 0xffffffff * NS_PER_SECOND + 999999 * unit);
        assert_int_equal(got->packets[2].time, 0);
        assert_int_equal(got->packets[0].caplen, 70);
        assert_int_equal(got->packets[0].bytes[0], (uint8_t)1400978881);
        assert_int_equal(got->packets[0].bytes[69], (uint8_t)(1400978881 + 69));
        assert_int_equal(got->packets[1].caplen, 60);
        assert_int_equal(got->packets[1].len, 1514);
        assert_int_equal(got->packets[2].caplen, 0);
        assert_int_equal(got->packets[2].len, 5);
        assert_int_equal(got->packets[0].link, LINK_ETHERNET);
        assert_int_equal(got->packets[0].link_number, 1);
        assert_null(got->interfaces[0]);
        reading_done(got);
        buf_done(&file.bytes);
    }
}

static void modified_records_have_longer_headers(void **state)
{
    (void)state;
    struct capture_file file = {.big = true};
    pcap_header(&file, (uint32_t)MODIFIED, 4, 1);
    for (uint32_t i = 1; i <= 2; i++) {
        put32(&file, i);
        put32(&file, 0);
        put32(&file, 3);
        put32(&file, 3);
        put64(&file, 0x1122334455667788);
        put_payload(&file, 3, (uint8_t)(10 * i));
    }
    struct reading *got = read_capture(&file);
    assert_int_equal(got->status, SOURCE_END);
    assert_int_equal(got->count, 2);
    assert_int_equal(got->packets[1].bytes[2], 22);
    reading_done(got);
    buf_done(&file.bytes);
}

static void link_type_without_the_upper_half(void **state)
{
    (void)state;
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)MICRO, 4, 0x54000000 | 276); /* FCS of 4 bytes */
    pcap_record(&file, 1, 0, 20, 20);
    struct reading *got = read_capture(&file);
    assert_int_equal(got->packets[0].link, LINK_LINUX_SLL2);
    assert_int_equal(got->packets[0].link_number, 276);
    reading_done(got);
    buf_done(&file.bytes);
}

static void odd_lengths_and_times(void **state)
{
    (void)state;
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)MICRO, 4, 1);
    pcap_record(&file, 1, 4000000000, 30, 20); /* more captured than there was: cut, as Wireshark */
    struct reading *got = read_capture(&file);
    assert_int_equal(got->packets[0].caplen, 20);
    assert_int_equal(got->packets[0].len, 20);
    assert_int_equal(got->packets[0].time, NS_PER_SECOND + INT64_C(4000000000) * 1000);
    reading_done(got);
    buf_done(&file.bytes);
}

static void old_versions_swap_the_lengths(void **state)
{
    (void)state;
    static const struct {
        uint16_t minor;
        uint32_t first, second, caplen, len;
    } cases[] = {
        {2, 100, 40, 40, 100}, /* original length first */
        {3, 100, 40, 40, 100}, /* either order: the captured one is not the larger */
        {3, 40, 100, 40, 100},
        {4, 40, 100, 40, 100},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct capture_file file = {0};
        pcap_header(&file, (uint32_t)MICRO, cases[i].minor, 1);
        put64(&file, 0);
        put32(&file, cases[i].first);
        put32(&file, cases[i].second);
        put_payload(&file, 40, 0);
        struct reading *got = read_capture(&file);
        assert_int_equal(got->status, SOURCE_END);
        assert_int_equal(got->count, 1);
        assert_int_equal(got->packets[0].caplen, cases[i].caplen);
        assert_int_equal(got->packets[0].len, cases[i].len);
        reading_done(got);
        buf_done(&file.bytes);
    }
}

static void unknown_version_is_refused(void **state)
{
    (void)state;
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)MICRO, 4, 1);
    file.bytes.p[4] = 3;
    struct reading *got = read_capture(&file);
    assert_false(got->opened);
    assert_string_equal(got->error, "a pcap file of version 3.4; only version 2 is known");
    reading_done(got);
    buf_done(&file.bytes);
}

static void no_packets_is_fine(void **state)
{
    (void)state;
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)MICRO, 4, 1);
    struct reading *got = read_capture(&file);
    assert_true(got->opened);
    assert_int_equal(got->status, SOURCE_END);
    assert_int_equal(got->count, 0);
    reading_done(got);
    buf_done(&file.bytes);
}

static void captured_length_has_a_cap(void **state)
{
    (void)state;
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)MICRO, 4, 1);
    pcap_record(&file, 7, 0, SAVEFILE_CAPLEN_MAX, SAVEFILE_CAPLEN_MAX);
    size_t offset = file.bytes.n;
    pcap_record(&file, 7, 0, SAVEFILE_CAPLEN_MAX + 1, SAVEFILE_CAPLEN_MAX + 1);
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct source_error error;
    struct reading *got = read_source(source_open_file(&error, path), &error);
    assert_int_equal(got->count, 1);
    assert_int_equal(got->packets[0].bytes[SAVEFILE_CAPLEN_MAX - 1],
                     (uint8_t)(7 + SAVEFILE_CAPLEN_MAX - 1));
    assert_int_equal(got->status, SOURCE_BROKEN);
    char expected[600];
    snprintf(expected, sizeof expected,
             "%s: damaged: the packet record at byte %zu claims 262145 captured bytes, more than "
             "the 262144 that captures hold",
             path, offset);
    assert_string_equal(got->error, expected);
    reading_done(got);
    remove_file(path);
    buf_done(&file.bytes);
}

static void every_truncation(void **state)
{
    (void)state;
    struct capture_file file = {0};
    size_t ends[4];
    pcap_header(&file, (uint32_t)MICRO, 4, 1);
    ends[0] = file.bytes.n;
    for (uint32_t i = 1; i <= 3; i++) {
        pcap_record(&file, i, i, 11 * i, 11 * i);
        ends[i] = file.bytes.n;
    }
    for (size_t n = 0; n <= file.bytes.n; n++) {
        struct reading *got = read_bytes(file.bytes.p, n);
        char expected[200] = "";
        size_t whole = 0;
        while (whole < 3 && ends[whole + 1] <= n)
            whole++;
        if (n == 0)
            snprintf(expected, sizeof expected, "empty file, not a capture");
        else if (n < 4)
            snprintf(expected, sizeof expected, "not a capture file: it has only %zu bytes", n);
        else if (n < ends[0])
            snprintf(expected, sizeof expected,
                     "truncated: the file header at byte 0 needs 24 bytes, only %zu are left", n);
        else if (n > ends[whole])
            snprintf(expected, sizeof expected,
                     "truncated: the packet record at byte %zu needs %zu bytes, only %zu are left",
                     ends[whole], n - ends[whole] < 16 ? 16 : ends[whole + 1] - ends[whole],
                     n - ends[whole]);
        assert_string_equal(got->error, expected);
        assert_int_equal(got->opened, n >= ends[0]);
        assert_int_equal(got->count, whole);
        assert_int_equal(got->status, *expected ? SOURCE_BROKEN : SOURCE_END);
        reading_done(got);
    }
    buf_done(&file.bytes);
}

static void pipe_gives_the_same_as_a_file(void **state)
{
    (void)state;
    struct capture_file file = {.big = true};
    pcap_header(&file, (uint32_t)NANO, 4, 101);
    for (uint32_t i = 0; i < 200; i++)
        pcap_record(&file, i, 5 * i, 7 * i, 7 * i);
    for (size_t piece = 1; piece < 5000; piece = piece * 7) {
        pid_t writer;
        struct source_error error;
        int fd = pipe_from(file.bytes.p, file.bytes.n, piece, &writer);
        struct reading *got =
            read_source(savefile_open_fd(&error, fd, "pipe", READER_BLOCK, NULL), &error);
        pipe_done(writer);
        assert_int_equal(got->status, SOURCE_END);
        assert_int_equal(got->count, 200);
        for (uint32_t i = 0; i < 200; i++) {
            assert_int_equal(got->packets[i].time, i * NS_PER_SECOND + 5 * i);
            assert_int_equal(got->packets[i].caplen, 7 * i);
            assert_int_equal(got->packets[i].link, LINK_RAW);
            for (uint32_t j = 0; j < 7 * i; j++)
                assert_int_equal(got->packets[i].bytes[j], (uint8_t)(i + j));
        }
        reading_done(got);
    }
    buf_done(&file.bytes);
}

/* Reads a file `most` packets at a time, which must give what one by one has given. */
static void expect_the_same(const char *path, size_t most, const struct reading *one_by_one)
{
    struct source_error error = {""};
    struct source *source = savefile_open(&error, path, READER_BLOCK, NULL);
    struct packet packets[4];
    size_t count, seen = 0, largest = 0;
    enum source_status status;
    assert_int_equal(source != NULL, one_by_one->opened);
    if (!source)
        return;
    while ((status = source_next_some(source, packets, most, &count)) == SOURCE_PACKET) {
        assert_in_range(count, 1, most);
        for (size_t i = 0; i < count; i++, seen++) {
            const struct packet *expected = &one_by_one->packets[seen];
            assert_int_equal(packets[i].frame, seen + 1);
            assert_int_equal(packets[i].time, expected->time);
            assert_int_equal(packets[i].link, expected->link);
            assert_int_equal(packets[i].link_number, expected->link_number);
            assert_int_equal(packets[i].interface, 0);
            assert_int_equal(packets[i].marks, 0);
            assert_int_equal(packets[i].len, expected->len);
            assert_int_equal(packets[i].caplen, expected->caplen);
            assert_memory_equal(packets[i].bytes, expected->bytes, expected->caplen);
        }
        largest = count > largest ? count : largest;
    }
    assert_int_equal(count, 0);
    assert_int_equal(status, one_by_one->status);
    assert_int_equal(seen, one_by_one->count);
    assert_int_equal(largest, seen < most ? seen : most);
    source_close(source);
}

static void some_at_a_time(void **state)
{
    (void)state;
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)NANO, 4, 1);
    for (uint32_t i = 0; i < 7; i++)
        pcap_record(&file, i, 7 * i, 3 * i, 2 * i + 5);
    for (size_t n = 24; n <= file.bytes.n; n++) {
        struct reading *one_by_one = read_bytes(file.bytes.p, n);
        char *path = write_file(file.bytes.p, n);
        for (size_t most = 1; most <= 4; most++)
            expect_the_same(path, most, one_by_one);
        remove_file(path);
        reading_done(one_by_one);
    }
    buf_done(&file.bytes);
}

static void progress_and_break(void **state)
{
    (void)state;
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)MICRO, 4, 1);
    pcap_record(&file, 1, 0, 10, 10);
    pcap_record(&file, 2, 0, 10, 10);
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct source_error error;
    struct source *source = source_open_file(&error, path);
    assert_non_null(source);
    uint64_t done, total;
    source_progress(source, &done, &total);
    assert_int_equal(done, 24);
    assert_int_equal(total, file.bytes.n);
    struct packet packet;
    assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
    source_progress(source, &done, &total);
    assert_int_equal(done, 24 + 26);
    assert_int_equal(source_drops(source).received, 0);
    source_break(source);
    size_t count;
    assert_int_equal(source_next(source, &packet), SOURCE_END);
    assert_int_equal(source_next_some(source, &packet, 1, &count), SOURCE_END);
    assert_int_equal(count, 0);
    assert_string_equal(source_error(source), "");
    source_close(source);
    source_close(NULL);
    remove_file(path);
    buf_done(&file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_magic_in_both_orders),
        cmocka_unit_test(modified_records_have_longer_headers),
        cmocka_unit_test(link_type_without_the_upper_half),
        cmocka_unit_test(odd_lengths_and_times),
        cmocka_unit_test(old_versions_swap_the_lengths),
        cmocka_unit_test(unknown_version_is_refused),
        cmocka_unit_test(no_packets_is_fine),
        cmocka_unit_test(captured_length_has_a_cap),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(pipe_gives_the_same_as_a_file),
        cmocka_unit_test(some_at_a_time),
        cmocka_unit_test(progress_and_break),
    };
    return cmocka_run_group_tests_name("savefile_pcap", tests, NULL, NULL);
}
