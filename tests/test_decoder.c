/* test_decoder.c: captures that are compressed: whole, in several members, in pieces, padded, cut
 * at every byte and with every bit wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/decoder.h"
#include "pcapng_file.h"

#include <lz4frame.h>
#include <sys/resource.h>
#include <zlib.h>
#include <zstd.h>

static void gzip(struct buf *out, const void *bytes, size_t n)
{
    z_stream stream = {.zalloc = NULL};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&stream, n);
    buf_reserve(out, room);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)n;
    stream.next_out = out->p + out->n;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out->n += stream.total_out;
    deflateEnd(&stream);
}

static void zstd(struct buf *out, const void *bytes, size_t n)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t room = ZSTD_compressBound(n);
    buf_reserve(out, room);
    size_t made = ZSTD_compress2(context, out->p + out->n, room, bytes, n);
    assert_false(ZSTD_isError(made));
    out->n += made;
    ZSTD_freeCCtx(context);
}

static void lz4(struct buf *out, const void *bytes, size_t n)
{
    const LZ4F_preferences_t how = {
        .frameInfo = {.blockMode = LZ4F_blockLinked,
                      .contentChecksumFlag = LZ4F_contentChecksumEnabled}};
    size_t room = LZ4F_compressFrameBound(n, &how);
    buf_reserve(out, room);
    size_t made = LZ4F_compressFrame(out->p + out->n, room, bytes, n, &how);
    assert_false(LZ4F_isError(made));
    out->n += made;
}

static const struct {
    const char *name;
    void (*compress)(struct buf *out, const void *bytes, size_t n);
} kinds[] = {{"gzip", gzip}, {"zstd", zstd}, {"lz4", lz4}};

enum { PACKETS = 40 };

/* A capture, and the readings of it that must come out. */
static struct capture_file capture(void)
{
    struct capture_file file = {0};
    pcap_header(&file, 0xa1b2c3d4, 4, 1);
    for (uint32_t i = 0; i < PACKETS; i++)
        pcap_record(&file, i, i, 60 + i, 60 + i);
    return file;
}

static void expect_whole(struct reading *got)
{
    assert_string_equal(got->error, "");
    assert_int_equal(got->status, SOURCE_END);
    assert_int_equal(got->count, PACKETS);
    for (uint32_t i = 0; i < PACKETS; i++) {
        assert_int_equal(got->packets[i].caplen, 60 + i);
        for (uint32_t at = 0; at < 60 + i; at++)
            assert_int_equal(got->packets[i].bytes[at], (uint8_t)(i + at));
    }
    reading_done(got);
}

static struct reading *read_pipe(const struct buf *bytes, size_t piece)
{
    pid_t writer;
    struct source_error error = {""};
    int fd = pipe_from(bytes->p, bytes->n, piece, &writer);
    struct reading *got =
        read_source(savefile_open_fd(&error, fd, "pipe", READER_BLOCK, NULL), &error);
    pipe_done(writer);
    return got;
}

static void whole(void **state)
{
    (void)state;
    struct capture_file file = capture();
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        struct buf packed = {0};
        kinds[kind].compress(&packed, file.bytes.p, file.bytes.n);
        expect_whole(read_bytes(packed.p, packed.n));
        expect_whole(read_pipe(&packed, packed.n));
        expect_whole(read_pipe(&packed, 7));
        /* Filled up with zeros. */
        for (unsigned i = 0; i < 600; i++)
            buf_append(&packed, "", 1);
        expect_whole(read_bytes(packed.p, packed.n));
        buf_done(&packed);
    }
    buf_done(&file.bytes);
}

static void members(void **state)
{
    (void)state;
    struct capture_file file = capture();
    static const size_t sizes[] = {1, 3, 23, 24, 1000};
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++)
        for (size_t size = 0; size < COUNT_OF(sizes); size++) {
            struct buf packed = {0};
            for (size_t at = 0; at < file.bytes.n; at += sizes[size]) {
                size_t left = file.bytes.n - at;
                kinds[kind].compress(&packed, file.bytes.p + at,
                                     left < sizes[size] ? left : sizes[size]);
                kinds[kind].compress(&packed, "", 0);
            }
            expect_whole(read_bytes(packed.p, packed.n));
            expect_whole(read_pipe(&packed, 4096));
            buf_done(&packed);
        }
    buf_done(&file.bytes);
}

/* pzstd begins its files with a skippable frame. */
static void skippable_frame_first(void **state)
{
    (void)state;
    struct capture_file file = capture();
    struct buf packed = {0};
    buf_append(&packed, "\x50\x2a\x4d\x18\4\0\0\0abcd", 12);
    zstd(&packed, file.bytes.p, file.bytes.n);
    expect_whole(read_bytes(packed.p, packed.n));
    buf_done(&packed);
    buf_done(&file.bytes);
}

static void something_else_behind(void **state)
{
    (void)state;
    struct capture_file file = capture();
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        struct buf packed = {0};
        kinds[kind].compress(&packed, file.bytes.p, file.bytes.n);
        char place[100];
        snprintf(place, sizeof place, "damaged: the %s data can't be decompressed at byte",
                 kinds[kind].name);
        buf_append(&packed, "\0\0rubbish rubbish rubbish", 25);
        struct reading *got = read_bytes(packed.p, packed.n);
        assert_memory_equal(got->error, place, strlen(place));
        assert_non_null(strstr(got->error, "something else follows"));
        assert_int_equal(got->count, PACKETS);
        reading_done(got);
        packed.n -= 25;
        buf_append(&packed, "rubbish rubbish rubbish", 23);
        got = read_bytes(packed.p, packed.n);
        assert_memory_equal(got->error, place, strlen(place));
        assert_int_equal(got->count, PACKETS);
        reading_done(got);
        buf_done(&packed);
    }
    buf_done(&file.bytes);
}

static void every_truncation(void **state)
{
    (void)state;
    struct capture_file file = capture();
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        struct buf packed = {0};
        kinds[kind].compress(&packed, file.bytes.p, file.bytes.n);
        size_t most = 0;
        for (size_t n = 4; n < packed.n; n++) {
            struct reading *got = read_bytes(packed.p, n);
            char expected[200];
            snprintf(expected, sizeof expected,
                     "truncated: the %s data ends at byte %zu before it is complete; ",
                     kinds[kind].name, n);
            assert_memory_equal(got->error, expected, strlen(expected));
            assert_in_range(got->count, most, PACKETS);
            most = got->count;
            reading_done(got);
        }
        assert_int_equal(most, PACKETS); /* only the checksum was missing */
        buf_done(&packed);
    }
    buf_done(&file.bytes);
}

/* With any bit wrong it ends, and says what is wrong, or nothing is: some bits mean nothing. */
static void every_bit(void **state)
{
    (void)state;
    struct capture_file file = capture();
    file.bytes.n = 24 + 5 * 16 + 60 + 61 + 62 + 63 + 64;
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        struct buf packed = {0};
        kinds[kind].compress(&packed, file.bytes.p, file.bytes.n);
        for (size_t bit = 0; bit < packed.n * 8; bit++) {
            packed.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            struct reading *got = read_bytes(packed.p, packed.n);
            assert_true(*got->error || got->count == 5);
            reading_done(got);
            packed.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        buf_done(&packed);
    }
    buf_done(&file.bytes);
}

static void damage_of_the_capture_itself(void **state)
{
    (void)state;
    struct capture_file file = capture();
    struct buf packed = {0};
    gzip(&packed, file.bytes.p, file.bytes.n - 1);
    char *path = write_file(packed.p, packed.n), expected[300];
    struct source_error error = {""};
    struct reading *got = read_source(source_open_file(&error, path), &error);
    snprintf(expected, sizeof expected,
             "%s (decompressed): truncated: the packet record at byte %zu needs 115 bytes, only "
             "114 are left",
             path, file.bytes.n - 115);
    assert_string_equal(got->error, expected);
    reading_done(got);
    remove_file(path);
    buf_done(&packed);
    buf_done(&file.bytes);
}

/* Opened once, by itself or among others, and its progress is that of the file as it is. */
static void as_a_file(void **state)
{
    (void)state;
    struct capture_file file = capture();
    struct buf packed = {0};
    zstd(&packed, file.bytes.p, file.bytes.n);
    char *path = write_file(packed.p, packed.n), *plain = write_file(file.bytes.p, file.bytes.n);
    struct source *sources[3];
    struct source_error error = {""};
    struct packet packet;
    uint64_t done, total;
    assert_int_equal(source_open_file_often(&error, sources, 3, path), 1);
    assert_false(source_opens_often(sources[0]));
    source_progress(sources[0], &done, &total);
    assert_int_equal(total, packed.n);
    while (source_next(sources[0], &packet) == SOURCE_PACKET)
        ;
    source_progress(sources[0], &done, &total);
    assert_int_equal(done, packed.n);
    source_close(sources[0]);
    char *paths[] = {path, plain, path};
    struct source *merged = source_open_files(&error, paths, 3);
    size_t count = 0;
    for (; source_next(merged, &packet) == SOURCE_PACKET; count++)
        assert_int_equal(packet.caplen, 60 + count / 3);
    assert_int_equal(count, 3 * PACKETS);
    source_close(merged);
    remove_file(path);
    remove_file(plain);
    buf_done(&packed);
    buf_done(&file.bytes);
}

static void secrets_ahead(void **state)
{
    (void)state;
    struct capture_file file = {0};
    put_section(&file);
    put_interface(&file, 1, 0, NULL, 0xff, 0);
    put_packet(&file, ENHANCED, 0, 1, 8, 8);
    put_secrets(&file, 0x544c534b, "SECRET", 6);
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        struct buf packed = {0};
        kinds[kind].compress(&packed, file.bytes.p, file.bytes.n);
        char *path = write_file(packed.p, packed.n);
        struct source_error error = {""};
        struct source_secrets secrets;
        struct source *source = source_open_file(&error, path);
        source_preface(source);
        assert_true(source_secrets(source, &secrets, 0));
        struct reading *got = read_source(source, &error);
        assert_string_equal(got->error, "");
        assert_int_equal(got->count, 1);
        reading_done(got);
        remove_file(path);
        buf_done(&packed);
    }
    buf_done(&file.bytes);
}

static uint64_t peak_memory(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (uint64_t)usage.ru_maxrss * 1024;
}

/* 64 MiB of nothing, in a few kilobytes: costs time, and no memory. */
static void bomb(void **state)
{
    (void)state;
    enum { ONE = 16 << 20, MEMBERS = 4, ALLOWED = 12 << 20 };
    uint8_t *zeros = xcalloc(1, ONE);
    struct capture_file file = {0};
    pcap_header(&file, 0xa1b2c3d4, 4, 1);
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        struct buf packed = {0}, member = {0};
        kinds[kind].compress(&packed, file.bytes.p, file.bytes.n);
        kinds[kind].compress(&member, zeros, ONE);
        for (unsigned i = 0; i < MEMBERS; i++)
            buf_append(&packed, member.p, member.n);
        struct source_error error = {""};
        char *path = write_file(packed.p, packed.n);
        uint64_t before = peak_memory();
        struct source *source = source_open_file(&error, path);
        struct packet packet;
        uint64_t count = 0;
        while (source_next(source, &packet) == SOURCE_PACKET)
            count++;
        assert_string_equal(source_error(source), "");
        assert_int_equal(count, (uint64_t)ONE * MEMBERS / 16); /* records of no bytes */
#ifndef __SANITIZE_ADDRESS__
        assert_in_range(peak_memory() - before, 0, ALLOWED);
#else
        (void)before;
#endif
        source_close(source);
        remove_file(path);
        buf_done(&packed);
        buf_done(&member);
    }
    free(zeros);
    buf_done(&file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(members),
        cmocka_unit_test(skippable_frame_first),
        cmocka_unit_test(something_else_behind),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(every_bit),
        cmocka_unit_test(damage_of_the_capture_itself),
        cmocka_unit_test(as_a_file),
        cmocka_unit_test(secrets_ahead),
        cmocka_unit_test(bomb),
    };
    return cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
}
