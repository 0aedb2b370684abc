/* test_pcapng_facts.c: what a pcapng file says about itself, by one reader and by several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pcapng_file.h"

enum { COMMENT = 1, HARDWARE = 2, OS = 3, APPLICATION = 4 };
enum { IF_DESCRIPTION = 3, IF_SPEED = 8, IF_FILTER = 11, IF_OS = 12, IF_HARDWARE = 15 };
enum { NAMES = 4, STATISTICS = 5 };

static void text_option(struct capture_file *out, uint16_t code, const char *text)
{
    put_option(out, code, text, (uint16_t)strlen(text));
}

/* A block of a fixed part and options, which it takes over. */
static void put_block(struct capture_file *file, uint32_t type, const struct capture_file *fixed,
                      struct capture_file *options)
{
    put32(options, 0);
    size_t body = fixed->bytes.n + options->bytes.n;
    block_begin(file, type, body);
    buf_append(&file->bytes, fixed->bytes.p, fixed->bytes.n);
    buf_append(&file->bytes, options->bytes.p, options->bytes.n);
    put32(file, (uint32_t)(12 + body));
    buf_done(&options->bytes);
}

static void put_told_section(struct capture_file *file, const char *application)
{
    struct capture_file fixed = {.big = file->big}, options = {.big = file->big};
    put32(&fixed, 0x1a2b3c4d);
    put16(&fixed, 1);
    put16(&fixed, 0);
    put64(&fixed, UINT64_MAX);
    text_option(&options, HARDWARE, "abacus");
    text_option(&options, OS, "Linux 9");
    text_option(&options, APPLICATION, application);
    text_option(&options, COMMENT, "first");
    text_option(&options, COMMENT, "second");
    text_option(&options, 999, "what is this?");
    put_block(file, SECTION, &fixed, &options);
    buf_done(&fixed.bytes);
}

static void put_told_interface(struct capture_file *file, const char *name)
{
    struct capture_file fixed = {.big = file->big}, options = {.big = file->big};
    put16(&fixed, 1);
    put16(&fixed, 0);
    put32(&fixed, 65535);
    text_option(&options, IF_NAME, name);
    text_option(&options, IF_DESCRIPTION, "uplink");
    put16(&options, IF_SPEED);
    put16(&options, 8);
    put64(&options, 1000000000);
    put_option(&options, IF_FILTER, "\0tcp", 4);
    text_option(&options, IF_OS, "Linux");
    text_option(&options, IF_HARDWARE, "e1000");
    text_option(&options, COMMENT, "in the cellar");
    put_block(file, INTERFACE, &fixed, &options);
    buf_done(&fixed.bytes);
}

static void put_statistics(struct capture_file *file, uint32_t interface, uint64_t received,
                           uint64_t os_dropped)
{
    struct capture_file fixed = {.big = file->big}, options = {.big = file->big};
    put32(&fixed, interface);
    put64(&fixed, 0);
    put16(&options, 4);
    put16(&options, 8);
    put64(&options, received);
    put16(&options, 7);
    put16(&options, 8);
    put64(&options, os_dropped);
    put16(&options, 5); /* of a wrong size */
    put16(&options, 4);
    put32(&options, 1);
    put_block(file, STATISTICS, &fixed, &options);
    buf_done(&fixed.bytes);
}

static void put_names(struct capture_file *file)
{
    struct capture_file fixed = {.big = file->big}, records = {.big = file->big};
    put_option(&records, 1, "\xc0\0\2\1host.example\0alias.example", 4 + 13 + 13);
    put_option(&records, 2, "0123456789abcdefsix.example", 16 + 11); /* no NUL behind it */
    put_option(&records, 3, "abcdefmac", 9);
    put_option(&records, 1, "abc", 3);
    put_block(file, NAMES, &fixed, &records);
}

static void put_commented(struct capture_file *file, const char *comment, uint64_t drops)
{
    struct capture_file fixed = {.big = file->big}, options = {.big = file->big};
    put32(&fixed, 0);
    put64(&fixed, 0);
    put32(&fixed, 4);
    put32(&fixed, 4);
    put_payload(&fixed, 4, 1);
    text_option(&options, COMMENT, comment);
    put16(&options, 4);
    put16(&options, 8);
    put64(&options, drops);
    put_block(file, ENHANCED, &fixed, &options);
    buf_done(&fixed.bytes);
}

static struct capture_file told_file(bool big)
{
    struct capture_file file = {.big = big};
    put_told_section(&file, "dumpcap");
    put_told_interface(&file, "eth0");
    put_names(&file);
    put_commented(&file, "look here", 3);
    put_packet(&file, ENHANCED, 0, 1, 8, 8);
    put_told_interface(&file, "eth1");
    put_commented(&file, "and here", 4);
    put_statistics(&file, 1, 100, 1);
    put_statistics(&file, 0, 10, 0);
    put_statistics(&file, 1, 200, 2);
    put_statistics(&file, 2, 1, 1); /* of an interface that there is not */
    put_told_section(&file, "mergecap");
    put_told_interface(&file, "eth2");
    return file;
}

static void assert_text(struct span text, const char *expected)
{
    assert_int_equal(text.n, strlen(expected));
    assert_memory_equal(text.p, expected, text.n);
}

static void expect_preface(const struct capture_facts *facts)
{
    assert_int_equal(facts->section_count, 1);
    assert_text(facts->sections[0].hardware, "abacus");
    assert_text(facts->sections[0].os, "Linux 9");
    assert_text(facts->sections[0].application, "dumpcap");
    assert_text(facts->sections[0].comment, "first");
    assert_int_equal(facts->interface_count, 1);
    const struct fact_interface *interface = &facts->interfaces[0];
    assert_text(interface->name, "eth0");
    assert_text(interface->description, "uplink");
    assert_text(interface->filter, "tcp");
    assert_text(interface->os, "Linux");
    assert_text(interface->hardware, "e1000");
    assert_text(interface->comment, "in the cellar");
    assert_int_equal(interface->speed, 1000000000);
    assert_int_equal(interface->snaplen, 65535);
    assert_int_equal(interface->link_number, 1);
    assert_int_equal(facts->name_count, 3);
    assert_text(facts->names[0].name, "host.example");
    assert_memory_equal(facts->names[0].address, "\xc0\0\2\1", 4);
    assert_text(facts->names[1].name, "alias.example");
    assert_false(facts->names[1].ipv6);
    assert_text(facts->names[2].name, "six.example");
    assert_true(facts->names[2].ipv6);
    assert_int_equal(facts->packet_comments, 0);
}

static void expect_all(const struct capture_facts *facts)
{
    assert_int_equal(facts->section_count, 2);
    assert_text(facts->sections[1].application, "mergecap");
    assert_int_equal(facts->interface_count, 3);
    const struct fact_interface *interfaces = facts->interfaces;
    assert_int_equal(interfaces[0].counters[FACT_RECEIVED], 10);
    assert_true(interfaces[0].counted[FACT_OS_DROPPED]);
    assert_int_equal(interfaces[1].counters[FACT_RECEIVED], 200);
    assert_int_equal(interfaces[1].counters[FACT_OS_DROPPED], 2);
    assert_false(interfaces[1].counted[FACT_DROPPED]);
    assert_false(interfaces[2].counted[FACT_RECEIVED]);
    assert_text(interfaces[2].name, "eth2");
    assert_int_equal(facts->packet_comments, 2);
    assert_int_equal(facts->comments[0].frame, 1);
    assert_text(facts->comments[0].text, "look here");
    assert_int_equal(facts->comments[1].frame, 3);
    assert_text(facts->comments[1].text, "and here");
    assert_int_equal(facts->packet_drops, 7);
    assert_int_equal(facts->omitted, 0);
}

static void read_on(struct source *source)
{
    struct packet packet;
    while (source_next(source, &packet) == SOURCE_PACKET)
        ;
    assert_string_equal(source_error(source), "");
}

static void one_reader(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct capture_file file = told_file(big);
        char *path = write_file(file.bytes.p, file.bytes.n);
        struct source_error error = {""};
        struct source *source = savefile_open(&error, path, 1, NULL);
        assert_non_null(source);
        source_preface(source);
        expect_preface(source_facts(source));
        read_on(source);
        expect_all(source_facts(source));
        source_close(source);
        remove_file(path);
        buf_done(&file.bytes);
    }
}

/* Each fact is noted once, by whom is all the same. */
static void several_readers(void **state)
{
    (void)state;
    struct capture_file file = told_file(false);
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct source_error error = {""};
    struct source *sources[3];
    assert_int_equal(source_open_file_often(&error, sources, 3, path), 3);
    source_preface(sources[0]);
    for (size_t i = 0; i < 3; i++)
        read_on(sources[i]);
    expect_all(source_facts(sources[0]));
    for (size_t i = 3; i-- > 0;)
        source_close(sources[i]);
    remove_file(path);
    buf_done(&file.bytes);
}

static void several_files(void **state)
{
    (void)state;
    struct capture_file file = told_file(false);
    char *path = write_file(file.bytes.p, file.bytes.n), *paths[] = {path, path};
    struct source_error error = {""};
    struct source *source = source_open_files(&error, paths, 2);
    assert_non_null(source);
    const struct capture_facts *facts = source_facts(source);
    assert_int_equal(facts->interface_count, 2);
    read_on(source);
    assert_int_equal(facts->section_count, 4);
    assert_int_equal(facts->interface_count, 6);
    assert_int_equal(facts->name_count, 6);
    assert_int_equal(facts->packet_comments, 4);
    uint64_t received[2] = {0};
    for (size_t i = 0; i < facts->interface_count; i++)
        received[facts->interfaces[i].input] += facts->interfaces[i].counters[FACT_RECEIVED];
    assert_int_equal(received[0], 210);
    assert_int_equal(received[1], 210);
    source_close(source);
    remove_file(path);
    buf_done(&file.bytes);
}

static void caps(void **state)
{
    (void)state;
    enum { MANY = 300 };
    struct capture_file file = {0};
    char *longest = xmalloc(2000);
    memset(longest, 'x', 1999);
    memcpy(longest + FACT_TEXT_MAX - 2, "\xe2\x82\xac", 3); /* a character where it is cut */
    longest[1999] = '\0';
    for (unsigned i = 0; i < MANY; i++) {
        put_told_section(&file, i ? "a" : longest);
        put_told_interface(&file, "b");
        put_names(&file);
        if (i % 2)
            put_commented(&file, "c", 0);
    }
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct source_error error = {""};
    struct source *source = source_open_file(&error, path);
    read_on(source);
    const struct capture_facts *facts = source_facts(source);
    assert_int_equal(facts->section_count, FACT_SECTIONS_MAX);
    assert_int_equal(facts->interface_count, FACT_INTERFACES_MAX);
    assert_int_equal(facts->name_count, FACT_NAMES_MAX);
    assert_int_equal(facts->comment_count, FACT_COMMENTS_MAX);
    assert_int_equal(facts->packet_comments, MANY / 2);
    assert_int_equal(facts->omitted,
                     5 * MANY - FACT_SECTIONS_MAX - FACT_INTERFACES_MAX - FACT_NAMES_MAX);
    assert_int_equal(facts->sections[0].application.n, FACT_TEXT_MAX - 2);
    source_close(source);
    remove_file(path);
    free(longest);
    buf_done(&file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_reader),
        cmocka_unit_test(several_readers),
        cmocka_unit_test(several_files),
        cmocka_unit_test(caps),
    };
    return cmocka_run_group_tests_name("pcapng_facts", tests, NULL, NULL);
}
