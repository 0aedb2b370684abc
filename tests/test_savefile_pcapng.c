/* test_savefile_pcapng.c: sections, interfaces, every packet block, and every way in which a block
 * can be wrong or cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pcapng_file.h"

/* Expects a file to break with a message after so many packets; a whole file if it is "". */
static void expect(struct capture_file *file, size_t packets, const char *error)
{
    struct reading *got = read_capture(file);
    assert_string_equal(got->error, error);
    assert_int_equal(got->count, packets);
    assert_int_equal(got->status, *error ? SOURCE_BROKEN : SOURCE_END);
    reading_done(got);
    buf_done(&file->bytes);
}

static void packets_of_every_kind(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct capture_file file = {.big = big};
        put_section(&file);
        put_unknown(&file, 4, 20);
        put_interface(&file, 1, 64, "eth0", 0xff, 0);
        put_interface(&file, 276, 0, NULL, 9, 0);
        put_packet(&file, ENHANCED, 0, UINT64_C(1400978881123456), 60, 1514);
        put_packet(&file, OLD_PACKET, 1, UINT64_C(1400978881123456789), 33, 33);
        put_unknown(&file, 0x80000001, 5);
        put_simple(&file, 64, 100);
        put_simple(&file, 61, 61);
        struct reading *got = read_capture(&file);
        assert_string_equal(got->error, "");
        assert_int_equal(got->status, SOURCE_END);
        assert_int_equal(got->count, 4);
        assert_int_equal(got->packets[0].time, INT64_C(1400978881123456000));
        assert_int_equal(got->packets[0].caplen, 60);
        assert_int_equal(got->packets[0].len, 1514);
        assert_int_equal(got->packets[0].link, LINK_ETHERNET);
        assert_int_equal(got->packets[0].bytes[59],
                         (uint8_t)((uint8_t)UINT64_C(1400978881123456) + 59));
        assert_string_equal(got->interfaces[0], "eth0");
        assert_int_equal(got->packets[1].time, INT64_C(1400978881123456789));
        assert_int_equal(got->packets[1].caplen, 33);
        assert_int_equal(got->packets[1].link, LINK_LINUX_SLL2);
        assert_null(got->interfaces[1]);
        assert_int_equal(got->packets[2].time, 0);
        assert_int_equal(got->packets[2].caplen, 64);
        assert_int_equal(got->packets[2].len, 100);
        assert_string_equal(got->interfaces[2], "eth0");
        assert_int_equal(got->packets[3].caplen, 61);
        reading_done(got);
        buf_done(&file.bytes);
    }
}

static void sections_have_their_own_order_and_interfaces(void **state)
{
    (void)state;
    struct capture_file file = {0};
    put_section(&file);
    put_interface(&file, 1, 0, "a", 0xff, 0);
    put_interface(&file, 101, 0, "b", 0xff, 0);
    put_packet(&file, ENHANCED, 1, 1, 4, 4);
    file.big = true;
    put_section(&file);
    put_interface(&file, 228, 0, "c", 9, 0);
    put_packet(&file, ENHANCED, 0, 2, 4, 4);
    file.big = false;
    put_section(&file);
    put_interface(&file, 113, 0, "b", 0xff, 0);
    put_packet(&file, ENHANCED, 0, 3, 4, 4);
    struct reading *got = read_capture(&file);
    assert_string_equal(got->error, "");
    assert_int_equal(got->count, 3);
    assert_string_equal(got->interfaces[0], "b");
    assert_int_equal(got->packets[0].link, LINK_RAW);
    assert_int_equal(got->packets[0].time, 1000);
    assert_string_equal(got->interfaces[1], "c");
    assert_int_equal(got->packets[1].link, LINK_IPV4);
    assert_int_equal(got->packets[1].time, 2);
    assert_string_equal(got->interfaces[2], "b");
    assert_int_equal(got->packets[2].link, LINK_LINUX_SLL);
    assert_int_not_equal(got->packets[0].interface, got->packets[1].interface);
    assert_int_equal(got->packets[0].interface, got->packets[2].interface);
    reading_done(got);
    buf_done(&file.bytes);
}

static void undeclared_interface_of_a_new_section(void **state)
{
    (void)state;
    struct capture_file file = {0};
    put_section(&file);
    put_interface(&file, 1, 0, NULL, 0xff, 0);
    put_packet(&file, ENHANCED, 0, 1, 4, 4);
    put_section(&file);
    put_packet(&file, ENHANCED, 0, 1, 4, 4);
    expect(
        &file, 1,
        "damaged: the packet block at byte 112 is of interface 0, but the section has declared 0 "
        "until there");
}

static void resolution_and_offset(void **state)
{
    (void)state;
    struct capture_file file = {0};
    put_section(&file);
    put_interface(&file, 1, 0, NULL, 3, 1400000000);
    put_interface(&file, 1, 0, NULL, 0x80 | 10, -5);
    put_packet(&file, ENHANCED, 0, 1500, 4, 4);
    put_packet(&file, ENHANCED, 1, 10 * 1024 + 512, 4, 4);
    struct reading *got = read_capture(&file);
    assert_int_equal(got->count, 2);
    assert_int_equal(got->packets[0].time, INT64_C(1400000001500000000));
    assert_int_equal(got->packets[1].time, INT64_C(5500000000));
    reading_done(got);
    buf_done(&file.bytes);
}

static void resolution_too_fine(void **state)
{
    (void)state;
    struct capture_file file = {0};
    put_section(&file);
    put_interface(&file, 1, 0, NULL, 0x80 | 64, 0);
    expect(&file, 0,
           "the interface at byte 28 counts time in units of 2^-64 s, finer than can be read");
}

static void block_larger_than_the_buffer_is_passed(void **state)
{
    (void)state;
    struct capture_file file = {0};
    put_section(&file);
    put_unknown(&file, 0xbad, 3 * READER_BLOCK);
    put_interface(&file, 1, 0, NULL, 0xff, 0);
    put_packet(&file, ENHANCED, 0, 1, 4, 4);
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct source_error error;
    struct reading *got = read_source(source_open_file(&error, path), &error);
    assert_string_equal(got->error, "");
    assert_int_equal(got->count, 1);
    reading_done(got);
    remove_file(path);
    /* And where it is cut. */
    file.bytes.n = 28 + 2 * READER_BLOCK;
    path = write_file(file.bytes.p, file.bytes.n);
    got = read_source(source_open_file(&error, path), &error);
    char expected[600];
    snprintf(expected, sizeof expected,
             "%s: truncated: the block at byte 28 needs %d bytes, only %d are left", path,
             3 * READER_BLOCK + 12, 2 * READER_BLOCK);
    assert_string_equal(got->error, expected);
    reading_done(got);
    remove_file(path);
    buf_done(&file.bytes);
}

/* Writes over four bytes in the order of the file. */
static void patch32(struct capture_file *file, size_t offset, uint32_t value)
{
    struct capture_file patch = {.big = file->big};
    put32(&patch, value);
    memcpy(file->bytes.p + offset, patch.bytes.p, 4);
    buf_done(&patch.bytes);
}

/* A section, an interface without options and a packet of 8 bytes, then another; the second packet
 * begins at 88. */
static struct capture_file small_file(bool big)
{
    struct capture_file file = {.big = big};
    put_section(&file);
    put_interface(&file, 1, 0, NULL, 0xff, 0);
    put_packet(&file, ENHANCED, 0, 1, 8, 8);
    put_packet(&file, ENHANCED, 0, 2, 8, 8);
    return file;
}

static void wrong_block_lengths(void **state)
{
    (void)state;
    static const struct {
        uint32_t length;
        const char *error;
    } cases[] = {
        {42, "damaged: the block at byte 88 claims a length of 42, which is no multiple of 4"},
        {8, "damaged: the block at byte 88 claims a length of 8, which is too small for its type"},
        {0, "damaged: the block at byte 88 claims a length of 0, which is too small for its type"},
        {28, "damaged: the block at byte 88 claims a length of 28, which is too small for its "
             "type; damaged: the block at byte 88 begins with length 28 and ends with length 8"},
        {36, "damaged: the block at byte 88 begins with length 36 and ends with length 151390466"},
        {44, "truncated: the block at byte 88 needs 44 bytes, only 40 are left"},
        {0x01000004, "damaged: the block at byte 88 claims a length of 16777220, more than the "
                     "16777216 of any real one"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct capture_file file = small_file(i & 1);
        patch32(&file, 92, cases[i].length);
        if (cases[i].length == 36)
            patch32(&file, 120, 151390466);
        expect(&file, 1, cases[i].error);
    }
    struct capture_file file = small_file(false);
    patch32(&file, 124, 44); /* it leads to the end of the file, */
    expect(&file, 2, "damaged: the block at byte 88 begins with length 40 and ends with length 44");
    file = small_file(true);
    patch32(&file, 84, 7); /* or to another block: the first length is believed */
    expect(&file, 2, "damaged: the block at byte 48 begins with length 40 and ends with length 7");
    file = small_file(false);
    patch32(&file, 88, 0xbad); /* a block that is passed is checked as well */
    patch32(&file, 124, 36);
    expect(&file, 1, "damaged: the block at byte 88 begins with length 40 and ends with length 36");
}

static void wrong_captured_lengths(void **state)
{
    (void)state;
    struct capture_file file = small_file(false);
    patch32(&file, 108, 9);
    expect(&file, 1,
           "damaged: the packet block at byte 88 claims 9 captured bytes, more than it holds");
    file = small_file(true);
    patch32(&file, 108, 0xffffffff);
    expect(&file, 1,
           "damaged: the packet block at byte 88 claims 4294967295 captured bytes, more than any "
           "capture holds");
    file = small_file(false);
    put_simple(&file, 8, 9); /* no snap length allows the difference */
    expect(&file, 2,
           "damaged: the packet block at byte 128 claims 9 captured bytes, more than it holds");
    file = small_file(false);
    patch32(&file, 112, 3); /* more captured than there was: cut */
    struct reading *got = read_capture(&file);
    assert_int_equal(got->packets[1].caplen, 3);
    reading_done(got);
    buf_done(&file.bytes);
}

static void undeclared_interface(void **state)
{
    (void)state;
    struct capture_file file = small_file(false);
    patch32(&file, 96, 1);
    expect(&file, 1,
           "damaged: the packet block at byte 88 is of interface 1, but the section has declared 1 "
           "until there");
    file = (struct capture_file){0};
    put_section(&file);
    put_simple(&file, 8, 8);
    expect(&file, 0,
           "damaged: the packet block at byte 28 is of interface 0, but the section has declared 0 "
           "until there");
}

static void options_that_run_over(void **state)
{
    (void)state;
    /* Lengths that go beyond the block by little and by much, and a cut option header. */
    static const uint16_t lengths[] = {5, 8, 0xffff};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct capture_file file = {0};
        put_section(&file);
        block_begin(&file, INTERFACE, 16);
        put16(&file, 1);
        put16(&file, 0);
        put32(&file, 0);
        put16(&file, IF_NAME);
        put16(&file, lengths[i]);
        put32(&file, 0x61616161);
        put32(&file, 28);
        expect(&file, 0, "damaged: the options of the interface at byte 28 run beyond its block");
    }
}

static void names_are_bytes_from_a_stranger(void **state)
{
    (void)state;
    struct capture_file file = {0};
    char longest[1000];
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    put_section(&file);
    put_interface(&file, 1, 0, longest, 0xff, 0);
    put_interface(&file, 1, 0, "", 0xff, 0);
    put_interface(&file, 1, 0, "\xff\x1b[2J", 0xff, 0);
    put_packet(&file, ENHANCED, 0, 1, 4, 4);
    put_packet(&file, ENHANCED, 1, 1, 4, 4);
    put_packet(&file, ENHANCED, 2, 1, 4, 4);
    struct reading *got = read_capture(&file);
    assert_int_equal(got->count, 3);
    assert_int_equal(strlen(got->interfaces[0]), INTERFACE_NAME_BYTES_MAX);
    assert_null(got->interfaces[1]);
    assert_string_equal(got->interfaces[2], "\xff\x1b[2J");
    reading_done(got);
    buf_done(&file.bytes);
}

static void too_many_interfaces(void **state)
{
    (void)state;
    struct capture_file file = {0};
    put_section(&file);
    for (unsigned i = 0; i < 65535; i++)
        put_interface(&file, 1, 0, NULL, 0xff, 0);
    put_packet(&file, ENHANCED, 65534, 1, 4, 4);
    size_t end = file.bytes.n;
    put_interface(&file, 1, 0, NULL, 0xff, 0);
    char expected[200];
    snprintf(expected, sizeof expected,
             "damaged: more than 65535 interfaces in the section, at byte %zu", end);
    expect(&file, 1, expected);
}

static void section_headers_that_cannot_be_read(void **state)
{
    (void)state;
    struct capture_file file = small_file(false);
    file.bytes.p[12] = 2;
    expect(&file, 0, "a pcapng section of version 2.0 at byte 0; only version 1 is known");
    file = small_file(true);
    file.bytes.p[8] = 0;
    expect(&file, 0, "damaged: the section header at byte 0 does not tell its byte order");
    file = small_file(true);
    patch32(&file, 4, 16);
    expect(&file, 0,
           "damaged: the block at byte 0 claims a length of 16, which is too small for its type");
    file = small_file(false);
    put_section(&file);
    file.bytes.p[136] = 0;
    expect(&file, 2, "damaged: the section header at byte 128 does not tell its byte order");
}

static void every_truncation(void **state)
{
    (void)state;
    struct capture_file file = small_file(true);
    put_unknown(&file, 77, 9);
    size_t third = file.bytes.n;
    put_section(&file);
    put_interface(&file, 1, 0, "eth0", 6, 0);
    put_simple(&file, 5, 5);
    const size_t ends[] = {0, 28, 48, 88, 128, third, third + 28, third + 68, file.bytes.n};
    static const size_t packets[] = {0, 0, 0, 1, 2, 2, 2, 2, 3};
    assert_int_equal(file.bytes.n, third + 68 + 24);
    for (size_t n = 4; n <= file.bytes.n; n++) {
        struct reading *got = read_bytes(file.bytes.p, n);
        size_t whole = 0;
        while (whole + 1 < COUNT_OF(ends) && ends[whole + 1] <= n)
            whole++;
        size_t left = n - ends[whole];
        char expected[200] = "";
        bool section = whole == 0 || ends[whole] == third;
        if (left)
            snprintf(expected, sizeof expected,
                     "truncated: %s at byte %zu needs %zu bytes, only %zu are left",
                     section && left >= 8 && left < 16 ? "the section header" : "the block",
                     ends[whole], left < 8 ? 12 : ends[whole + 1] - ends[whole], left);
        if (whole == 0 && left < 16)
            snprintf(expected, sizeof expected,
                     "truncated: the section header at byte 0 needs 28 bytes, only %zu are left",
                     left);
        assert_string_equal(got->error, expected);
        assert_int_equal(got->opened, n >= 16);
        assert_int_equal(got->count, packets[whole]);
        reading_done(got);
    }
    buf_done(&file.bytes);
}

/* What is wrong in one block hides nothing of those behind it. */
static void damage_within_a_block_is_left_out(void **state)
{
    (void)state;
    struct capture_file file = small_file(false);
    put_interface(&file, 1, 0, NULL, 0x80 | 64, 0);
    put_packet(&file, ENHANCED, 0, 3, 8, 8);
    patch32(&file, 108, 9);
    put_packet(&file, ENHANCED, 1, 4, 8, 8); /* of the interface that has no clock */
    put_packet(&file, ENHANCED, 2, 5, 8, 8);
    put_unknown(&file, ENHANCED, 12);
    put_unknown(&file, INTERFACE, 4);
    put_secrets(&file, 0x544c534b, "SECRET", 600);
    put_packet(&file, ENHANCED, 0, 6, 8, 8);
    struct reading *got = read_capture(&file);
    assert_string_equal(
        got->error, "damaged: the packet block at byte 88 claims 9 captured bytes, more than it "
                    "holds; and 5 more");
    assert_int_equal(got->count, 3);
    assert_int_equal(got->packets[1].time, 3000);
    assert_int_equal(got->packets[2].time, 6000);
    assert_int_equal(got->status, SOURCE_BROKEN);
    reading_done(got);
    /* Damage that ends it comes behind. */
    file.bytes.n -= 3;
    got = read_capture(&file);
    assert_string_equal(
        got->error, "damaged: the packet block at byte 88 claims 9 captured bytes, more than it "
                    "holds; truncated: the block at byte 348 needs 40 bytes, only 37 are left");
    assert_int_equal(got->count, 2);
    reading_done(got);
    buf_done(&file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_of_every_kind),
        cmocka_unit_test(sections_have_their_own_order_and_interfaces),
        cmocka_unit_test(undeclared_interface_of_a_new_section),
        cmocka_unit_test(resolution_and_offset),
        cmocka_unit_test(resolution_too_fine),
        cmocka_unit_test(block_larger_than_the_buffer_is_passed),
        cmocka_unit_test(wrong_block_lengths),
        cmocka_unit_test(wrong_captured_lengths),
        cmocka_unit_test(undeclared_interface),
        cmocka_unit_test(options_that_run_over),
        cmocka_unit_test(names_are_bytes_from_a_stranger),
        cmocka_unit_test(too_many_interfaces),
        cmocka_unit_test(section_headers_that_cannot_be_read),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(damage_within_a_block_is_left_out),
    };
    return cmocka_run_group_tests_name("savefile_pcapng", tests, NULL, NULL);
}
