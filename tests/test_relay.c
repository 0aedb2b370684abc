/* test_relay.c: however the windows lie, a relay hands out what one reader alone would, and who
 * reads on from its end finds the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/relay.h"
#include "capture_file.h"

#include <fcntl.h>
#include <pthread.h>

enum { MICRO = 0xa1b2c3d4, MODIFIED = 0xa1b2cd34, RUNNERS = 3, ETHERNET = 1 };

static const struct relay_limits all = {.packets = UINT64_MAX, .bytes = UINT64_MAX / 2};

/* One packet as it came out of a relay, and the latest time before it. */
struct seen {
    struct packet packet;
    nanotime now;
};

struct run {
    struct relay *relay;
    pthread_mutex_t lock;
    struct seen seen[READING_PACKETS + 1]; /* by frame; bytes NULL: not handed out */
    size_t count;
};

struct place {
    struct run *run;
    unsigned runner;
};

static void note(struct run *run, const struct packet *packet, nanotime now)
{
    assert_in_range(packet->frame, 1, READING_PACKETS);
    struct seen *seen = &run->seen[packet->frame];
    assert_null(seen->packet.bytes);
    seen->packet = *packet;
    seen->packet.bytes = xmemdup(packet->bytes, packet->caplen);
    seen->now = now;
    run->count++;
}

static void *read_part(void *argument)
{
    const struct place *place = argument;
    struct run *run = place->run;
    struct packet packets[3];
    size_t n;
    while (relay_claim(run->relay, place->runner) && relay_read(run->relay, place->runner)) {
        nanotime now = relay_now(run->relay, place->runner);
        while ((n = relay_packets(run->relay, place->runner, packets, COUNT_OF(packets))) > 0)
            for (size_t i = 0; i < n; i++) {
                pthread_mutex_lock(&run->lock);
                note(run, &packets[i], now);
                pthread_mutex_unlock(&run->lock);
                if (packets[i].time > now)
                    now = packets[i].time;
            }
    }
    return NULL;
}

/* Each runner in a thread of its own. */
static void read_parts(struct run *run)
{
    pthread_t threads[RUNNERS];
    struct place places[RUNNERS];
    for (unsigned i = 0; i < RUNNERS; i++) {
        places[i] = (struct place){run, i};
        assert_int_equal(pthread_create(&threads[i], NULL, read_part, &places[i]), 0);
    }
    for (unsigned i = 0; i < RUNNERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void same_packet(const struct packet *got, const struct packet *expected)
{
    assert_int_equal(got->frame, expected->frame);
    assert_int_equal(got->time, expected->time);
    assert_int_equal(got->len, expected->len);
    assert_int_equal(got->link, expected->link);
    assert_int_equal(got->caplen, expected->caplen);
    if (got->caplen > 0)
        assert_memory_equal(got->bytes, expected->bytes, got->caplen);
}

/* Reads `alone` packets, then legs of a relay under the limits, then the rest. Returns how many the
 * relay has handed out. */
static size_t compare(const struct capture_file *file, size_t window, size_t alone,
                      const struct relay_limits *limits)
{
    struct run run = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct source_error error = {""};
    char *path = write_file(file->bytes.p, file->bytes.n);
    struct reading *expected = read_source(savefile_open(&error, path, 4096, NULL), &error);
    struct source *source = savefile_open(&error, path, 4096, NULL);
    assert_non_null(source);
    struct packet packets[READING_PACKETS];
    size_t count = 0, at_hand = 0;
    nanotime now = 0;
    /* The last one that was read was not taken: the relay begins with it. */
    for (; count < alone && source_next(source, &packets[0]) == SOURCE_PACKET; count++) {
        same_packet(&packets[0], &expected->packets[count]);
        if (count + 1 == alone) {
            at_hand = 1;
            break;
        }
        if (packets[0].time > now)
            now = packets[0].time;
    }
    run.relay = relay_new(source, RUNNERS, window);
    assert_non_null(run.relay);
    for (size_t before = SIZE_MAX; before != run.count;) {
        before = run.count;
        relay_begin(run.relay, source, packets, at_hand, now, limits);
        read_parts(&run);
        relay_end(run.relay, source);
        assert_int_equal(relay_frame(run.relay), count + run.count);
        at_hand = 0;
        for (size_t i = count; i < count + run.count; i++)
            if (expected->packets[i].time > now)
                now = expected->packets[i].time;
    }
    now = 0;
    for (size_t i = 0; i < count + run.count; i++) {
        if (i >= count) {
            same_packet(&run.seen[i + 1].packet, &expected->packets[i]);
            assert_int_equal(run.seen[i + 1].now, now);
            free((void *)(uintptr_t)run.seen[i + 1].packet.bytes);
        }
        if (expected->packets[i].time > now)
            now = expected->packets[i].time;
    }
    size_t end = count + run.count;
    enum source_status status;
    for (; (status = source_next(source, &packets[0])) == SOURCE_PACKET; end++)
        same_packet(&packets[0], &expected->packets[end]);
    assert_int_equal(end, expected->count);
    assert_int_equal(status, expected->status);
    assert_string_equal(source_error(source), expected->error);
    relay_free(run.relay);
    source_close(source);
    remove_file(path);
    reading_done(expected);
    return run.count;
}

/* Packets of many sizes, some without bytes or time, some earlier than those before, and a large
 * one. */
static void fill(struct capture_file *file, uint32_t magic, uint32_t count)
{
    pcap_header(file, magic, 4, ETHERNET);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t size = i == count / 2 ? 5000 : i * 37 % 150;
        put32(file, i % 7 == 3 ? 0 : 1000 + i * 13 % 50);
        put32(file, i);
        put32(file, size);
        put32(file, size + i % 3);
        if (magic == (uint32_t)MODIFIED)
            put64(file, i);
        put_payload(file, size, (uint8_t)i);
    }
}

/* Smaller than a record's header, so that one lies in several, up to larger than the file. */
static const size_t windows[] = {9, 24, 100, 1000, 4096, 1 << 16};

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
            const struct relay_limits few = {.packets = packets, .bytes = UINT64_MAX / 2};
            assert_int_equal(compare(&file, windows[i], 0, &few), COUNT);
        }
    /* The large one is never within 1000 bytes. */
    const struct relay_limits narrow = {.packets = UINT64_MAX, .bytes = 1000, .beside = 10};
    assert_int_equal(compare(&file, 100, 0, &narrow), COUNT / 2);
    buf_done(&file.bytes);
}

/* More records in a window than there may be: the relay ends there. */
static void many_empty_records(void **state)
{
    (void)state;
    enum { COUNT = RELAY_PACKETS_MAX + 10 };
    struct capture_file file = {0};
    struct source_error error = {""};
    struct packet packets[16];
    pcap_header(&file, (uint32_t)MICRO, 4, ETHERNET);
    for (uint32_t i = 0; i < COUNT; i++)
        pcap_record(&file, i, 0, 0, 60);
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct source *source = savefile_open(&error, path, 4096, NULL);
    struct relay *relay = relay_new(source, 1, file.bytes.n);
    relay_begin(relay, source, NULL, 0, 0, &all);
    assert_true(relay_claim(relay, 0));
    assert_true(relay_read(relay, 0));
    size_t count = 0;
    for (size_t n; (n = relay_packets(relay, 0, packets, COUNT_OF(packets))) > 0; count += n)
        ;
    assert_int_equal(count, RELAY_PACKETS_MAX);
    assert_false(relay_claim(relay, 0));
    relay_end(relay, source);
    assert_int_equal(source_next(source, packets), SOURCE_PACKET);
    assert_int_equal(packets[0].frame, RELAY_PACKETS_MAX + 1);
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
