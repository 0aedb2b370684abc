/* test_source_wait.c: sources that have nothing at the moment, and waiting for them: pipes, alone
 * and merged. What comes out must not depend on where the bytes were cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

enum { MICRO = 0xa1b2c3d4 };
enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, ENHANCED_PACKET = 6, UNKNOWN = 0x0bad };

static void small_pcap(struct capture_file *file)
{
    pcap_header(file, (uint32_t)MICRO, 4, 1);
    for (uint32_t i = 1; i <= 3; i++)
        pcap_record(file, 10 * i, 0, 5 * i, 5 * i);
}

static void block(struct capture_file *file, uint32_t type, const struct capture_file *body)
{
    uint32_t length = (uint32_t)body->bytes.n + 12;
    put32(file, type);
    put32(file, length);
    buf_append(&file->bytes, body->bytes.p, body->bytes.n);
    put32(file, length);
}

static void section(struct capture_file *file)
{
    struct capture_file body = {0};
    put32(&body, 0x1a2b3c4d);
    put32(&body, 1);
    put64(&body, UINT64_MAX);
    block(file, SECTION, &body);
    body.bytes.n = 0;
    put32(&body, 1);
    put32(&body, 0);
    block(file, INTERFACE, &body);
    buf_done(&body.bytes);
}

static void unknown_block(struct capture_file *file, size_t n)
{
    struct capture_file body = {0};
    put_payload(&body, n, 0);
    block(file, UNKNOWN, &body);
    buf_done(&body.bytes);
}

static void packet_block(struct capture_file *file, uint32_t microseconds, uint32_t n)
{
    struct capture_file body = {0};
    put64(&body, 0);
    put32(&body, microseconds);
    put32(&body, n);
    put32(&body, n);
    put_payload(&body, n, (uint8_t)microseconds);
    block(file, ENHANCED_PACKET, &body);
    buf_done(&body.bytes);
}

static void small_pcapng(struct capture_file *file)
{
    section(file);
    unknown_block(file, 20);
    packet_block(file, 1, 4);
    unknown_block(file, 8);
    section(file); /* another one, which brings its own interface */
    packet_block(file, 2, 8);
    unknown_block(file, 4);
}

static struct source *open_pipe(int *writer, const void *bytes, size_t n)
{
    int ends[2];
    struct source_error error = {""};
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, n), n);
    struct source *source = savefile_open_fd(&error, ends[0], "pipe", READER_BLOCK, NULL);
    assert_string_equal(error.text, "");
    assert_non_null(source);
    *writer = ends[1];
    return source;
}

/* Reads until there is nothing at the moment; adds the packets' frames, times and bytes to a text.
 */
static enum source_status drain(struct source *source, struct buf *text)
{
    struct packet packet;
    enum source_status status;
    while ((status = source_next(source, &packet)) == SOURCE_PACKET) {
        buf_printf(text, "%d at %lld:", (int)packet.frame, (long long)packet.time);
        for (uint32_t i = 0; i < packet.caplen; i++)
            buf_printf(text, " %02x", packet.bytes[i]);
        buf_printf(text, "\n");
    }
    return status;
}

/* The header must be there when a pipe is opened; after that, cuts the rest anywhere. */
static void cut_anywhere(const struct capture_file *file, size_t header)
{
    struct buf whole = {0}, parts = {0};
    int writer;
    struct source *source = open_pipe(&writer, file->bytes.p, file->bytes.n);
    assert_int_equal(drain(source, &whole), SOURCE_IDLE);
    close(writer);
    assert_int_equal(drain(source, &whole), SOURCE_END);
    source_close(source);
    for (size_t cut = header; cut < file->bytes.n; cut++) {
        parts.n = 0;
        source = open_pipe(&writer, file->bytes.p, cut);
        assert_int_equal(drain(source, &parts), SOURCE_IDLE);
        assert_int_equal(drain(source, &parts), SOURCE_IDLE);
        assert_int_equal(write(writer, file->bytes.p + cut, file->bytes.n - cut),
                         file->bytes.n - cut);
        assert_int_equal(drain(source, &parts), SOURCE_IDLE);
        close(writer);
        assert_int_equal(drain(source, &parts), SOURCE_END);
        assert_string_equal(source_error(source), "");
        source_close(source);
        assert_string_equal(buf_text(&parts), buf_text(&whole));
    }
    buf_done(&whole);
    buf_done(&parts);
}

static void pcap_cut_anywhere(void **state)
{
    (void)state;
    struct capture_file file = {0};
    small_pcap(&file);
    cut_anywhere(&file, 24);
    buf_done(&file.bytes);
}

static void pcapng_cut_anywhere(void **state)
{
    (void)state;
    struct capture_file file = {0};
    small_pcapng(&file);
    cut_anywhere(&file, 28);
    buf_done(&file.bytes);
}

/* A block that is larger than the reader's buffer and than what a pipe holds. */
static void large_block_in_pieces(void **state)
{
    (void)state;
    enum { PIECE = 4096 };
    struct capture_file file = {0};
    section(&file);
    unknown_block(&file, 3 * READER_BLOCK);
    packet_block(&file, 1, 4);
    int writer;
    struct buf text = {0};
    struct source *source = open_pipe(&writer, file.bytes.p, PIECE);
    for (size_t at = PIECE, n; at < file.bytes.n; at += n) {
        assert_int_equal(drain(source, &text), SOURCE_IDLE);
        assert_int_equal(text.n, 0);
        n = file.bytes.n - at < PIECE ? file.bytes.n - at : PIECE;
        assert_int_equal(write(writer, file.bytes.p + at, n), n);
    }
    assert_int_equal(drain(source, &text), SOURCE_IDLE);
    assert_string_equal(buf_text(&text), "1 at 1000: 01 02 03 04\n");
    close(writer);
    assert_int_equal(drain(source, &text), SOURCE_END);
    source_close(source);
    buf_done(&text);
    buf_done(&file.bytes);
}

static void end_within_a_record(void **state)
{
    (void)state;
    struct capture_file file = {0};
    small_pcap(&file);
    struct buf text = {0};
    int writer;
    struct source *source = open_pipe(&writer, file.bytes.p, file.bytes.n - 1);
    assert_int_equal(drain(source, &text), SOURCE_IDLE);
    close(writer);
    assert_int_equal(drain(source, &text), SOURCE_BROKEN);
    assert_string_equal(source_error(source), "pipe: truncated: the packet record at byte 71 needs "
                                              "31 bytes, only 30 are left");
    source_close(source);
    buf_done(&text);
    buf_done(&file.bytes);
}

/* Merges a file with a pipe, the latter by its name. */
static struct source *open_merge(char *path, int reader)
{
    char name[40];
    snprintf(name, sizeof name, "/dev/fd/%d", reader);
    char *paths[] = {path, name};
    struct source_error error = {""};
    struct source *source = source_open_files(&error, paths, 2);
    assert_string_equal(error.text, "");
    close(reader);
    return source;
}

/* The file has packets at 10, 20 and 30 s, the pipe at 0 and 25 s, and each comes late. */
static void merge_is_idle_with_its_parts(void **state)
{
    (void)state;
    struct capture_file file = {0}, late = {0};
    small_pcap(&file);
    char *path = write_file(file.bytes.p, file.bytes.n);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pcap_header(&late, (uint32_t)MICRO, 4, 1);
    assert_int_equal(write(ends[1], late.bytes.p, late.bytes.n), late.bytes.n);
    struct source *source = open_merge(path, ends[0]);
    struct buf text = {0};
    struct packet packet;
    for (uint32_t seconds = 0; seconds <= 25; seconds += 25) {
        assert_int_equal(drain(source, &text), SOURCE_IDLE);
        late.bytes.n = 0;
        pcap_record(&late, seconds, 0, 1, 1);
        assert_int_equal(write(ends[1], late.bytes.p, late.bytes.n), late.bytes.n);
        source_wait(&source, 1, 0);
        assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
        assert_int_equal(packet.time, (seconds ? 10 : 0) * NS_PER_SECOND);
    }
    assert_int_equal(drain(source, &text), SOURCE_IDLE);
    assert_string_equal(buf_text(&text), "3 at 20000000000: 14 15 16 17 18 19 1a 1b 1c 1d\n"
                                         "4 at 25000000000: 19\n");
    text.n = 0;
    close(ends[1]);
    assert_int_equal(drain(source, &text), SOURCE_END);
    assert_memory_equal(text.p, "5 at 30000000000:", 17);
    source_close(source);
    remove_file(path);
    buf_done(&text);
    buf_done(&file.bytes);
    buf_done(&late.bytes);
}

static int milliseconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int)((now.tv_sec - begin->tv_sec) * 1000 + (now.tv_nsec - begin->tv_nsec) / 1000000);
}

static int wait_for(struct source *source, int timeout_ms)
{
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    source_wait(&source, 1, timeout_ms);
    return milliseconds_since(&begin);
}

static void do_nothing(int signal_number)
{
    (void)signal_number;
}

static void what_ends_a_wait(void **state)
{
    (void)state;
    enum { SLACK_MS = 150, TIMEOUT_MS = 200, SIGNAL_MS = 50 };
    struct capture_file file = {0};
    small_pcap(&file);
    struct buf text = {0};
    int writer;
    struct source *source = open_pipe(&writer, file.bytes.p, file.bytes.n);
    assert_int_equal(drain(source, &text), SOURCE_IDLE);
    assert_in_range(wait_for(source, TIMEOUT_MS), TIMEOUT_MS - 1, 10 * TIMEOUT_MS);
    /* A signal; SA_RESTART does not matter. */
    struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    const struct itimerval soon = {.it_value.tv_usec = SIGNAL_MS * 1000};
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    assert_in_range(wait_for(source, SOURCE_WAIT_MAX_MS), SIGNAL_MS - 1, SOURCE_WAIT_MAX_MS - 1);
    /* No longer than a signal may go unnoticed. */
    assert_in_range(wait_for(source, 100000), SOURCE_WAIT_MAX_MS - 1, 10 * SOURCE_WAIT_MAX_MS);
    /* Bytes. */
    assert_int_equal(write(writer, "x", 1), 1);
    assert_in_range(wait_for(source, TIMEOUT_MS), 0, SLACK_MS);
    assert_int_equal(drain(source, &text), SOURCE_IDLE);
    /* The end. */
    close(writer);
    assert_in_range(wait_for(source, TIMEOUT_MS), 0, SLACK_MS);
    assert_int_equal(drain(source, &text), SOURCE_BROKEN);
    assert_in_range(wait_for(source, TIMEOUT_MS), 0, SLACK_MS);
    source_close(source);
    /* A break. */
    source = open_pipe(&writer, file.bytes.p, file.bytes.n);
    source_break(source);
    assert_in_range(wait_for(source, TIMEOUT_MS), 0, SLACK_MS);
    assert_int_equal(drain(source, &text), SOURCE_END);
    source_close(source);
    close(writer);
    /* A file never needs one. */
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct source_error error;
    source = source_open_file(&error, path);
    assert_in_range(wait_for(source, TIMEOUT_MS), 0, SLACK_MS);
    source_close(source);
    remove_file(path);
    buf_done(&text);
    buf_done(&file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_cut_anywhere),
        cmocka_unit_test(pcapng_cut_anywhere),
        cmocka_unit_test(large_block_in_pieces),
        cmocka_unit_test(end_within_a_record),
        cmocka_unit_test(merge_is_idle_with_its_parts),
        cmocka_unit_test(what_ends_a_wait),
    };
    return cmocka_run_group_tests_name("source_wait", tests, NULL, NULL);
}
