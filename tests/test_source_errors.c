/* test_source_errors.c: what people name instead of a capture, and what they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_file.h"

#include <sys/stat.h>

/* Expects that a path can't be opened, with this text behind it. */
static void expect_refusal(const char *path, const char *text)
{
    struct source_error error = {""};
    assert_null(source_open_file(&error, path));
    char expected[sizeof error.text];
    snprintf(expected, sizeof expected, "%s: %s", path, text);
    assert_string_equal(error.text, expected);
}

static void expect_refusal_of(const char *bytes, size_t n, const char *text)
{
    char *path = write_file(bytes, n);
    expect_refusal(path, text);
    remove_file(path);
}

static void missing(void **state)
{
    (void)state;
    expect_refusal("/nonexistent/capture.pcap", "No such file or directory");
    expect_refusal("", "No such file or directory");
}

static void folder(void **state)
{
    (void)state;
    expect_refusal("/tmp", "is a folder");
}

static void empty(void **state)
{
    (void)state;
    expect_refusal_of("", 0, "empty file, not a capture");
    expect_refusal("/dev/null", "empty file, not a capture");
}

static void other_kinds_of_file(void **state)
{
    (void)state;
#define EXPECT(bytes, text) expect_refusal_of(bytes, sizeof(bytes) - 1, text)
    EXPECT("\xff\xd8\xff\xe0\0\x10JFIF",
           "not a capture file: it begins with ff d8 ff e0 (a JPEG image?)");
    EXPECT("\x89PNG\r\n", "not a capture file: it begins with 89 50 4e 47 (a PNG image?)");
    EXPECT("PK\3\4....", "not a capture file: it begins with 50 4b 03 04 (a ZIP archive?)");
    EXPECT("tcp port 5223\n", "not a capture file: it begins with 74 63 70 20 (a text?)");
    EXPECT("\0\0\0\0\0\0\0\0", "not a capture file: it begins with 00 00 00 00");
    EXPECT("abc", "not a capture file: it has only 3 bytes");
#undef EXPECT
}

static void compressed(void **state)
{
    (void)state;
    static const struct {
        const char *magic, *name, *command;
    } kinds[] = {{"\xfd\x37\x7a\x58", "xz", "xz"},
                 {"BZh9", "bzip2", "bzip2"},
                 {"\x02\x21\x4c\x18", "lz4's legacy format", "lz4"}};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        char *path = write_file(kinds[i].magic, 4);
        char text[300];
        snprintf(text, sizeof text,
                 "compressed with %s: decompress it first, e.g. %s -dc %s | pushwatch -",
                 kinds[i].name, kinds[i].command, path);
        expect_refusal(path, text);
        remove_file(path);
    }
    expect_refusal_of("\x1f\x8b\x08\x08", 4,
                      "truncated: the gzip data ends at byte 4 before it is complete; 0 bytes of "
                      "the capture were decompressed");
}

static void no_permission(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        print_message("root may read any file: not tested as root\n");
        skip();
    }
    char *path = write_file("", 0);
    assert_int_equal(chmod(path, 0), 0);
    expect_refusal(path, "Permission denied");
    remove_file(path);
}

static void names_stay_on_one_line(void **state)
{
    (void)state;
    struct source_error error;
    assert_null(source_open_file(&error, "/tmp/no\nsuch\x1b[2Jfile"));
    assert_string_equal(error.text, "/tmp/no?such?[2Jfile: No such file or directory");
    char longest[3000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(source_open_file(&error, longest));
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing),
        cmocka_unit_test(folder),
        cmocka_unit_test(empty),
        cmocka_unit_test(other_kinds_of_file),
        cmocka_unit_test(compressed),
        cmocka_unit_test(no_permission),
        cmocka_unit_test(names_stay_on_one_line),
    };
    return cmocka_run_group_tests_name("source_errors", tests, NULL, NULL);
}
