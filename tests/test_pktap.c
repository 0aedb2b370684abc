/* test_pktap.c: the processes that packets belong to: both PKTAP headers, in both file formats, and
 * Darwin's blocks and options of pcapng. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/pktap.h"
#include "pcapng_file.h"

enum { PKTAP = 258, PKTAP_OLD = 149, RAW = 12, ETHERNET = 1 };
enum { PROCESS_BLOCK = 0x80000001, PROCESS_NAME = 2, PACKET_PROCESS = 0x8001, EFFECTIVE = 0x8003 };

static void put_text(struct capture_file *file, const char *text, size_t room)
{
    size_t n = strlen(text);
    buf_append(&file->bytes, text, n);
    while (n++ < room)
        put(file, 0, 1);
}

struct header {
    const char *interface, *name, *effective_name;
    int32_t pid, effective_pid;
    uint32_t dlt;
};

/* 108 bytes, or 156 with what newer systems add. Always little-endian. */
static void put_version_1(struct capture_file *out, const struct header *header, uint32_t length)
{
    struct capture_file file = {0};
    put32(&file, length);
    put32(&file, 1);
    put32(&file, header->dlt);
    put_text(&file, header->interface, 24);
    put32(&file, 2);
    put32(&file, 2);
    put32(&file, 14);
    put32(&file, 0);
    put32(&file, (uint32_t)header->pid);
    put_text(&file, header->name, 20);
    put32(&file, 0);
    put32(&file, 0);
    put32(&file, (uint32_t)header->effective_pid);
    put_text(&file, header->effective_name, 20);
    while (file.bytes.n < length)
        put(&file, 0xee, 1);
    buf_append(&out->bytes, file.bytes.p, file.bytes.n);
    buf_done(&file.bytes);
}

/* Texts behind the fixed part, each with its NUL. */
static void put_version_2(struct capture_file *out, const struct header *header)
{
    struct capture_file file = {0};
    const char *texts[] = {header->interface, header->name, header->effective_name};
    uint8_t at = 40, offsets[3] = {0};
    for (unsigned i = 0; i < 3; i++)
        if (*texts[i]) {
            offsets[i] = at;
            at = (uint8_t)(at + strlen(texts[i]) + 1);
        }
    put(&file, at, 1);
    put16(&file, 0);
    buf_append(&file.bytes, offsets, 3);
    put16(&file, (uint16_t)header->dlt);
    put64(&file, 14);
    put64(&file, 2);
    put32(&file, 7);
    put32(&file, (uint32_t)header->pid);
    put32(&file, (uint32_t)header->effective_pid);
    put32(&file, 0x80001);
    for (unsigned i = 0; i < 3; i++)
        if (*texts[i])
            put_text(&file, texts[i], strlen(texts[i]) + 1);
    buf_append(&out->bytes, file.bytes.p, file.bytes.n);
    buf_done(&file.bytes);
}

static const struct header apsd = {.interface = "en0",
                                   .name = "apsd",
                                   .effective_name = "Messages",
                                   .pid = 77,
                                   .effective_pid = 1234,
                                   .dlt = ETHERNET};
static const struct header nobody = {.interface = "utun3",
                                     .name = "",
                                     .effective_name = "",
                                     .pid = -1,
                                     .effective_pid = -1,
                                     .dlt = 0};
static const struct header kernel = {.interface = "pdp_ip0",
                                     .name = "kernel_task",
                                     .effective_name = "",
                                     .pid = 0,
                                     .effective_pid = -1,
                                     .dlt = RAW};

enum { PAYLOAD = 30 };

/* The packets of a capture file: the record around a header and PAYLOAD bytes. */
static void put_packet_of(struct capture_file *file, bool ng, const struct header *header,
                          unsigned version)
{
    struct capture_file packet = {0};
    if (version == 2)
        put_version_2(&packet, header);
    else
        put_version_1(&packet, header, version ? 156 : 108);
    put_payload(&packet, PAYLOAD, 9);
    uint32_t n = (uint32_t)packet.bytes.n;
    if (ng) {
        block_begin(file, ENHANCED, 20 + n);
        put32(file, 0);
        put64(file, 0);
    } else {
        put32(file, 1);
        put32(file, 1);
    }
    put32(file, n);
    put32(file, n + 5);
    buf_append(&file->bytes, packet.bytes.p, n);
    if (ng) {
        block_end(file, n);
        put32(file, 32 + ((n + 3) & ~3u));
    }
    buf_done(&packet.bytes);
}

static void expect_process(const struct source *source, const struct packet *packet,
                           const struct header *header)
{
    struct packet_process process;
    assert_string_equal(source_interface_name(source, packet->interface), header->interface);
    bool known = header->pid > 0 || *header->name;
    assert_int_equal(source_process(source, &process, packet->interface), known);
    if (!known)
        return;
    assert_string_equal(process.name, header->name);
    assert_int_equal(process.pid, header->pid);
    assert_int_equal(process.effective_pid, header->effective_pid > 0 ? header->effective_pid : 0);
    if (*header->effective_name)
        assert_string_equal(process.effective_name, header->effective_name);
    else
        assert_null(process.effective_name);
}

static struct source *open_bytes(const struct capture_file *file)
{
    struct source_error error = {""};
    char *path = write_file(file->bytes.p, file->bytes.n);
    struct source *source = savefile_open(&error, path, 1, NULL);
    assert_non_null(source);
    remove_file(path);
    return source;
}

static void headers_of_both_versions(void **state)
{
    (void)state;
    static const struct header *const headers[] = {&apsd, &nobody, &kernel, &apsd};
    static const enum link_type links[] = {LINK_ETHERNET, LINK_NULL, LINK_RAW, LINK_ETHERNET};
    for (unsigned version = 0; version < 3; version++)
        for (int ng = 0; ng < 2; ng++) {
            struct capture_file file = {.big = version == 1};
            if (ng) {
                put_section(&file);
                put_interface(&file, PKTAP, 0, "pktap", 0xff, 0);
            } else {
                pcap_header(&file, 0xa1b2c3d4, 4, version ? PKTAP : PKTAP_OLD);
            }
            for (size_t i = 0; i < COUNT_OF(headers); i++)
                put_packet_of(&file, ng, headers[i], version);
            struct source *source = open_bytes(&file);
            struct packet packet;
            uint16_t interfaces[COUNT_OF(headers)];
            for (size_t i = 0; i < COUNT_OF(headers); i++) {
                assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
                assert_int_equal(packet.link, links[i]);
                assert_int_equal(packet.link_number, headers[i]->dlt);
                assert_int_equal(packet.caplen, PAYLOAD);
                assert_int_equal(packet.len, PAYLOAD + 5);
                assert_int_equal(packet.bytes[0], 9);
                assert_int_equal(packet.bytes[PAYLOAD - 1], 9 + PAYLOAD - 1);
                expect_process(source, &packet, headers[i]);
                interfaces[i] = packet.interface;
            }
            assert_int_equal(interfaces[0], interfaces[3]);
            assert_int_equal(source_next(source, &packet), SOURCE_END);
            source_close(source);
            buf_done(&file.bytes);
        }
}

/* Cut, or no such header at all: the number may stand for anything elsewhere. */
static void no_header(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 3; version++) {
        struct capture_file whole = {0};
        if (version == 2)
            put_version_2(&whole, &apsd);
        else
            put_version_1(&whole, &apsd, version ? 156 : 108);
        for (uint32_t n = 0; n <= whole.bytes.n; n++) {
            struct capture_file file = {0};
            pcap_header(&file, 0xa1b2c3d4, 4, PKTAP_OLD);
            put64(&file, 0);
            put32(&file, n);
            put32(&file, n);
            buf_append(&file.bytes, whole.bytes.p, n);
            struct source *source = open_bytes(&file);
            struct packet packet;
            assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
            bool is_whole = n == whole.bytes.n;
            assert_int_equal(packet.link, is_whole ? LINK_ETHERNET : LINK_UNSUPPORTED);
            assert_int_equal(packet.caplen, is_whole ? 0 : n);
            assert_int_equal(packet.link_number, is_whole ? ETHERNET : PKTAP_OLD);
            source_close(source);
            buf_done(&file.bytes);
        }
        buf_done(&whole.bytes);
    }
    /* A header that holds another. */
    struct header nested = apsd;
    nested.dlt = PKTAP;
    struct capture_file file = {0};
    pcap_header(&file, 0xa1b2c3d4, 4, PKTAP);
    put_packet_of(&file, false, &nested, 0);
    struct source *source = open_bytes(&file);
    struct packet packet;
    assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
    assert_int_equal(packet.link, LINK_UNSUPPORTED);
    source_close(source);
    buf_done(&file.bytes);
}

static void put_process(struct capture_file *file, uint32_t pid, const char *name)
{
    struct capture_file options = {.big = file->big};
    if (name)
        put_option(&options, PROCESS_NAME, name, (uint16_t)strlen(name));
    put_option(&options, 4, "0123456789abcdef", 16);
    put32(&options, 0);
    block_begin(file, PROCESS_BLOCK, 4 + options.bytes.n);
    put32(file, pid);
    buf_append(&file->bytes, options.bytes.p, options.bytes.n);
    put32(file, (uint32_t)(16 + options.bytes.n));
    buf_done(&options.bytes);
}

/* A packet of five bytes; -1 leaves an option out. */
static void put_packet_by(struct capture_file *file, int64_t process, int64_t effective)
{
    struct capture_file options = {.big = file->big};
    put_option(&options, 1, "a comment", 9);
    if (process >= 0) {
        put16(&options, PACKET_PROCESS);
        put16(&options, 4);
        put32(&options, (uint32_t)process);
    }
    if (effective >= 0) {
        put16(&options, EFFECTIVE);
        put16(&options, 4);
        put32(&options, (uint32_t)effective);
    }
    block_begin(file, ENHANCED, 20 + 8 + options.bytes.n);
    put32(file, 0);
    put64(file, 0);
    put32(file, 5);
    put32(file, 5);
    put_payload(file, 5, 1);
    block_end(file, 5);
    buf_append(&file->bytes, options.bytes.p, options.bytes.n);
    put32(file, (uint32_t)(32 + 8 + options.bytes.n));
    buf_done(&options.bytes);
}

static void blocks_and_options(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct capture_file file = {.big = big};
        put_section(&file);
        put_interface(&file, ETHERNET, 0, "en0", 0xff, 0);
        put_process(&file, 77, "apsd");
        put_packet_by(&file, 0, 1); /* the second is declared later: not known */
        put_process(&file, 1234, "Messages");
        put_packet_by(&file, 0, 1);
        put_packet_by(&file, -1, -1);
        put_packet_by(&file, 2, 0xffffffff);
        put_packet_by(&file, -1, 1);
        put_section(&file);
        put_interface(&file, ETHERNET, 0, "en1", 0xff, 0);
        put_process(&file, 9, NULL);
        put_packet_by(&file, 0, -1);
        struct source *source = open_bytes(&file);
        struct packet packet;
        struct packet_process process;
        assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
        assert_true(source_process(source, &process, packet.interface));
        assert_string_equal(process.name, "apsd");
        assert_int_equal(process.pid, 77);
        assert_null(process.effective_name);
        assert_int_equal(process.effective_pid, 0);
        assert_int_equal(process.told_by, PROCESS_BY_PCAPNG);
        assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
        expect_process(source, &packet, &apsd);
        assert_int_equal(packet.caplen, 5);
        assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
        assert_false(source_process(source, &process, packet.interface));
        assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
        assert_false(source_process(source, &process, packet.interface));
        assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
        assert_true(source_process(source, &process, packet.interface));
        assert_null(process.name);
        assert_string_equal(process.effective_name, "Messages");
        assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
        assert_true(source_process(source, &process, packet.interface));
        assert_null(process.name);
        assert_int_equal(process.pid, 9);
        assert_string_equal(source_interface_name(source, packet.interface), "en1");
        assert_int_equal(source_next(source, &packet), SOURCE_END);
        source_close(source);
        buf_done(&file.bytes);
    }
}

static void more_than_there_is_room_for(void **state)
{
    (void)state;
    struct processes processes = {0};
    struct process_key key = {.pid = 0};
    for (uint32_t i = 0; i < PROCESSES_MAX; i++) {
        key.pid = (int32_t)(i * 7919 % PROCESSES_MAX) + 1;
        assert_int_equal(processes_add(&processes, &key), i + 1);
    }
    key.pid = 0x7fffffff;
    assert_int_equal(processes_add(&processes, &key), 0);
    assert_null(processes_get(&processes, 0));
    key.pid = 1;
    assert_int_equal(processes_add(&processes, &key), 1);
    assert_int_equal(processes_get(&processes, 2)->pid, 7920);
    processes_done(&processes);
    char room[8];
    process_name_put(room, sizeof room, span_of("longer than that", 16));
    assert_string_equal(room, "longer ");
    process_name_put(room, sizeof room, span_of("a\0b", 3));
    assert_memory_equal(room, "a\0\0\0\0\0\0\0", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_of_both_versions),
        cmocka_unit_test(no_header),
        cmocka_unit_test(blocks_and_options),
        cmocka_unit_test(more_than_there_is_room_for),
    };
    return cmocka_run_group_tests_name("pktap", tests, NULL, NULL);
}
