/* test_pcapng_secrets.c: Decryption Secrets Blocks, before, between and behind the packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/pcapng.h"
#include "pcapng_file.h"

enum { KEY_LOG = 0x544c534b, WIREGUARD = 0x57474b4c };

static void begin(struct capture_file *file)
{
    put_section(file);
    put_interface(file, 1, 0, NULL, 0xff, 0);
}

/* Expects the texts found so far, in order, each with the number of packets before it. */
static void expect(const struct source *source, size_t count, const char *const *texts,
                   const uint64_t *frames)
{
    struct source_secrets secrets;
    for (size_t i = 0; i < count; i++) {
        assert_true(source_secrets(source, &secrets, i));
        assert_int_equal(secrets.text.n, strlen(texts[i]));
        assert_memory_equal(secrets.text.p, texts[i], secrets.text.n);
        assert_int_equal(secrets.frame, frames[i]);
    }
    assert_false(source_secrets(source, &secrets, count));
}

static struct source *open_bytes(const struct capture_file *file)
{
    struct source_error error = {""};
    char *path = write_file(file->bytes.p, file->bytes.n);
    struct source *source = savefile_open(&error, path, READER_BLOCK, NULL);
    assert_non_null(source);
    remove_file(path);
    return source;
}

static void read_on(struct source *source)
{
    struct packet packet;
    while (source_next(source, &packet) == SOURCE_PACKET)
        ;
}

static void wherever_they_stand_in_a_file(void **state)
{
    (void)state;
    static const char *const texts[] = {"CLIENT_RANDOM a", "b", "ccccccc"};
    static const uint64_t frames[] = {0, 0, 0};
    for (int big = 0; big < 2; big++) {
        struct capture_file file = {.big = big};
        begin(&file);
        put_secrets(&file, KEY_LOG, texts[0], strlen(texts[0]));
        put_packet(&file, ENHANCED, 0, 1, 8, 8);
        put_secrets(&file, WIREGUARD, "not ours", 8);
        put_secrets(&file, KEY_LOG, texts[1], 1);
        put_packet(&file, ENHANCED, 0, 2, 8, 8);
        put_secrets(&file, KEY_LOG, texts[2], 7);
        struct source *source = open_bytes(&file);
        expect(source, 0, NULL, NULL);
        source_preface(source);
        expect(source, 3, texts, frames);
        read_on(source);
        assert_string_equal(source_error(source), "");
        expect(source, 3, texts, frames);
        source_close(source);
        buf_done(&file.bytes);
    }
}

/* A pipe can't be looked at ahead. */
static void as_they_come_through_a_pipe(void **state)
{
    (void)state;
    static const char *const texts[] = {"before", "between", "behind"};
    static const uint64_t frames[] = {0, 1, 2};
    struct capture_file file = {0};
    begin(&file);
    put_secrets(&file, KEY_LOG, texts[0], 6);
    put_packet(&file, ENHANCED, 0, 1, 8, 8);
    put_secrets(&file, KEY_LOG, texts[1], 7);
    put_packet(&file, ENHANCED, 0, 2, 8, 8);
    put_secrets(&file, KEY_LOG, texts[2], 6);
    pid_t writer;
    struct source_error error = {""};
    int fd = pipe_from(file.bytes.p, file.bytes.n, 5, &writer);
    struct source *source = savefile_open_fd(&error, fd, "pipe", READER_BLOCK, NULL);
    assert_non_null(source);
    source_preface(source);
    expect(source, 1, texts, frames);
    struct packet packet;
    enum source_status status;
    while ((status = source_next(source, &packet)) != SOURCE_END)
        if (status == SOURCE_IDLE)
            source_wait(&source, 1, SOURCE_WAIT_MAX_MS);
    expect(source, 3, texts, frames);
    source_close(source);
    pipe_done(writer);
    buf_done(&file.bytes);
}

/* In a large file: in its first part, in the middle, at its end behind other blocks. */
static void in_a_large_file(void **state)
{
    (void)state;
    enum { FILLER = 1 << 20 };
    static const char *const texts[] = {"first", "middle", "last"};
    static const uint64_t frames[] = {0, 0, 0};
    struct capture_file file = {0};
    begin(&file);
    put_secrets(&file, KEY_LOG, texts[0], 5);
    for (size_t i = 0; i <= PCAPNG_AHEAD_BYTES / FILLER; i++)
        put_unknown(&file, 77, FILLER);
    put_packet(&file, ENHANCED, 0, 1, 8, 8);
    put_secrets(&file, KEY_LOG, texts[1], 6);
    put_packet(&file, ENHANCED, 0, 2, 8, 8);
    put_unknown(&file, 5, 12);
    put_secrets(&file, KEY_LOG, texts[2], 4);
    put_unknown(&file, 5, 12);
    struct source *source = open_bytes(&file);
    source_preface(source);
    expect(source, 3, texts, frames);
    read_on(source);
    expect(source, 3, texts, frames);
    source_close(source);
    buf_done(&file.bytes);
}

/* Each thread that reads a capture passes them, and several files may have some. */
static void each_once(void **state)
{
    (void)state;
    static const char *const texts[] = {"one", "two"};
    static const uint64_t frames[] = {0, 0, 0, 0};
    struct capture_file file = {0};
    begin(&file);
    put_secrets(&file, KEY_LOG, texts[0], 3);
    put_packet(&file, ENHANCED, 0, 1, 8, 8);
    put_secrets(&file, KEY_LOG, texts[1], 3);
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct source_error error = {""};
    struct source *sources[3];
    assert_int_equal(source_open_file_often(&error, sources, 3, path), 3);
    source_preface(sources[0]);
    for (size_t i = 3; i-- > 0;)
        read_on(sources[i]);
    expect(sources[0], 2, texts, frames);
    for (size_t i = 3; i-- > 0;)
        source_close(sources[i]);
    static const char *const of_both[] = {"one", "two", "one", "two"};
    char *paths[] = {path, path};
    struct source *merged = source_open_files(&error, paths, 2);
    assert_non_null(merged);
    read_on(merged);
    expect(merged, 4, of_both, frames);
    source_close(merged);
    remove_file(path);
    buf_done(&file.bytes);
}

static void cut_and_too_many(void **state)
{
    (void)state;
    static const char *const texts[] = {"12345678"};
    static const uint64_t frames[] = {0};
    struct capture_file file = {0};
    begin(&file);
    put_secrets(&file, KEY_LOG, texts[0], 4000);
    put_secrets(&file, KEY_LOG, "", 0);
    struct source *source = open_bytes(&file);
    source_preface(source);
    read_on(source);
    assert_non_null(strstr(source_error(source), "the secrets at byte 48 run beyond their block"));
    expect(source, 1, texts, frames);
    source_close(source);
    buf_done(&file.bytes);

    struct secrets secrets = {0};
    char *large = xcalloc(1, SECRETS_BYTES_MAX);
    secrets_add(&secrets, span_of(large, SECRETS_BYTES_MAX - 3), 1);
    secrets_add(&secrets, span_of("four", 4), 2);
    secrets_add(&secrets, span_of("3rd", 3), 3);
    assert_int_equal(secrets.count, 2);
    assert_int_equal(secrets.dropped, 1);
    assert_int_equal(secrets.blocks[1].frame, 3);
    secrets_forget(&secrets, 0); /* still counts */
    secrets_add(&secrets, span_of("more", 4), 4);
    assert_int_equal(secrets.count, 2);
    assert_int_equal(secrets.dropped, 2);
    assert_int_equal(secrets.blocks[0].text.n, 0);
    assert_memory_equal(secrets.blocks[1].text.p, "3rd", 3);
    secrets_done(&secrets);
    for (unsigned i = 0; i <= SECRETS_BLOCKS_MAX; i++)
        secrets_add(&secrets, span_of("x", 1), i);
    assert_int_equal(secrets.count, SECRETS_BLOCKS_MAX);
    assert_int_equal(secrets.dropped, 1);
    secrets_done(&secrets);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wherever_they_stand_in_a_file),
        cmocka_unit_test(as_they_come_through_a_pipe),
        cmocka_unit_test(in_a_large_file),
        cmocka_unit_test(each_once),
        cmocka_unit_test(cut_and_too_many),
    };
    return cmocka_run_group_tests_name("pcapng_secrets", tests, NULL, NULL);
}
