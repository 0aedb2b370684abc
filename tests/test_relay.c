/* test_relay.c: however the windows lie, a relay hands out what one reader alone would, and who
 * reads on from its end finds the same: of the classic format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relay_trial.h"

enum { MICRO = 0xa1b2c3d4, MODIFIED = 0xa1b2cd34 };

static uint32_t seconds_of(uint32_t number)
{
    return number % 7 == 3 ? 0 : 1000 + number * 13 % 50;
}

/* Packets of many sizes, some without bytes or time, some earlier than those before, and a large
 * one. */
static void fill(struct capture_file *file, uint32_t magic, uint32_t count)
{
    pcap_header(file, magic, 4, ETHERNET);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t size = i == count / 2 ? 5000 : i * 37 % 150;
        put32(file, seconds_of(i));
        put32(file, i);
        put32(file, size);
        put32(file, size + i % 3);
        if (magic == (uint32_t)MODIFIED)
            put64(file, i);
        put_payload(file, size, (uint8_t)i);
    }
}

static void any_window(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    for (unsigned kind = 0; kind < 4; kind++) {
        struct capture_file file = {.big = kind & 1};
        fill(&file, kind & 2 ? (uint32_t)MODIFIED : (uint32_t)MICRO, COUNT);
        for (size_t i = 0; i < COUNT_OF(windows); i++)
            for (size_t alone = 0; alone < 40; alone += 13)
                assert_int_equal(compare(&file, windows[i], alone, &all),
                                 COUNT - (alone ? alone - 1 : 0));
        buf_done(&file.bytes);
    }
}

static void cut_at_each_byte(void **state)
{
    (void)state;
    struct capture_file whole = {0};
    fill(&whole, (uint32_t)MICRO, 8);
    for (size_t n = 24; n < whole.bytes.n; n += n < 5000 ? 7 : n < whole.bytes.n - 300 ? 111 : 1) {
        struct capture_file file = whole;
        file.bytes.n = n;
        (void)compare(&file, 64, 0, &all);
        (void)compare(&file, 4096, 2, &all);
    }
    buf_done(&whole.bytes);
}

/* A record that claims too much, in any window. */
static void damage_ends_it(void **state)
{
    (void)state;
    enum { CAPLEN_AT = 24 + 8 };
    for (size_t i = 0; i < COUNT_OF(windows); i++)
        for (uint32_t damaged = 0; damaged < 6; damaged++) {
            struct capture_file file = {0};
            fill(&file, (uint32_t)MICRO, damaged);
            put64(&file, 5);
            put32(&file, SAVEFILE_CAPLEN_MAX + 1);
            put32(&file, 0);
            put_payload(&file, 300, 1);
            assert_int_equal(compare(&file, windows[i], 0, &all), damaged);
            buf_done(&file.bytes);
        }
}

static void limits_are_kept(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    struct capture_file file = {0};
    fill(&file, (uint32_t)MICRO, COUNT);
    for (uint64_t packets = 1; packets < 9; packets++)
        for (size_t i = 0; i < COUNT_OF(windows); i++) {
            const struct relay_limits few = {
                .packets = packets, .bytes = UINT64_MAX / 2, .before = INT64_MAX};
            assert_int_equal(compare(&file, windows[i], 0, &few), COUNT);
        }
    /* The large one is never within 1000 bytes. */
    const struct relay_limits narrow = {
        .packets = UINT64_MAX, .bytes = 1000, .beside = 10, .before = INT64_MAX};
    assert_int_equal(compare(&file, 100, 0, &narrow), COUNT - 1);
    /* Windows may be smaller than the relay was made for. */
    struct relay_limits small = all;
    small.window = 100;
    assert_int_equal(compare(&file, 4096, 0, &small), compare(&file, 100, 0, &all));
    /* Nor are those that come later. */
    size_t early = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        early += seconds_of(i) < 1040;
    const struct relay_limits until = {
        .packets = UINT64_MAX, .bytes = UINT64_MAX / 2, .before = 1040 * NS_PER_SECOND};
    assert_int_equal(compare(&file, 100, 0, &until), early);
    buf_done(&file.bytes);
}

/* More records in a window than there may be: the relay ends there. */
static void many_empty_records(void **state)
{
    (void)state;
    enum { COUNT = RELAY_PACKETS_MAX + 10 };
    struct capture_file file = {0};
    struct source_error error = {""};
    struct packet packet;
    const struct packet *packets;
    pcap_header(&file, (uint32_t)MICRO, 4, ETHERNET);
    for (uint32_t i = 0; i < COUNT; i++)
        pcap_record(&file, i, 0, 0, 60);
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct source *source = savefile_open(&error, path, 4096, NULL);
    struct relay *relay = relay_new(source, 1, file.bytes.n);
    relay_begin(relay, source, NULL, 0, 0, &all);
    assert_true(relay_claim(relay, 0));
    assert_true(relay_read(relay, 0));
    assert_int_equal(relay_packets(relay, 0, &packets), RELAY_PACKETS_MAX);
    assert_false(relay_claim(relay, 0));
    relay_end(relay, source);
    assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
    assert_int_equal(packet.frame, RELAY_PACKETS_MAX + 1);
    relay_free(relay);
    source_close(source);
    remove_file(path);
    buf_done(&file.bytes);
}

static void not_for_all_kinds(void **state)
{
    (void)state;
    static const uint32_t networks[] = {258 /* pktap */, 147 /* a user's own */};
    for (size_t i = 0; i < COUNT_OF(networks); i++) {
        struct capture_file file = {0};
        struct source_error error = {""};
        pcap_header(&file, (uint32_t)MICRO, 4, networks[i]);
        char *path = write_file(file.bytes.p, file.bytes.n);
        struct source *source = savefile_open(&error, path, 4096, NULL);
        assert_non_null(source);
        assert_null(relay_new(source, 2, 4096));
        source_close(source);
        remove_file(path);
        buf_done(&file.bytes);
    }
}

static void a_file_without_packets(void **state)
{
    (void)state;
    struct capture_file file = {0};
    pcap_header(&file, (uint32_t)MICRO, 4, ETHERNET);
    for (size_t i = 0; i < COUNT_OF(windows); i++)
        assert_int_equal(compare(&file, windows[i], 0, &all), 0);
    buf_done(&file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_window),
        cmocka_unit_test(cut_at_each_byte),
        cmocka_unit_test(damage_ends_it),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(many_empty_records),
        cmocka_unit_test(not_for_all_kinds),
        cmocka_unit_test(a_file_without_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
