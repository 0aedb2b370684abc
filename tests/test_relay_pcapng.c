/* test_relay_pcapng.c: a relay in pcapng hands out what one reader alone would, ends before what
 * changes the meaning of what is behind it, and begins again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chance.h"
#include "relay_trial.h"

enum { NAMES = 4, STATISTICS = 5, UNSUPPORTED = 147, PKTAP = 258, RAW = 101 };
enum { COMMENT = 1, DROPS = 4, PROCESS = 0x8001, EFFECTIVE = 0x8003, KERNEL_FLAGS = 0x8004 };
#define PROCESS_BLOCK UINT32_C(0x80000001)

/* A section of interfaces with other links and clocks, the last two of which nobody can use. */
enum { INTERFACES = 5, USABLE = 2 };
static void put_declarations(struct capture_file *file, bool big)
{
    file->big = big;
    put_section(file);
    put_interface(file, ETHERNET, 96, "eth0", 0xff, 0);
    put_interface(file, RAW, 0, "tun0", 9, big ? -3 : 5);
    put_interface(file, PKTAP, 0, NULL, 0x8a, 0);
    put_interface(file, UNSUPPORTED, 0, NULL, 3, 0);
    put_interface(file, ETHERNET, 0, NULL, 77, 0);
}

static void put_number(struct capture_file *options, uint16_t code, uint64_t value, uint16_t n)
{
    put16(options, code);
    put16(options, n);
    put(options, value, n);
    block_end(options, n);
}

/* A packet with options; the block claims to end with another length if `odd` is not 0. */
static void put_with_options(struct capture_file *file, uint32_t interface, uint32_t ticks,
                             uint32_t caplen, const struct capture_file *options, uint32_t odd)
{
    const size_t body = 20 + ((caplen + 3) & ~3u) + options->bytes.n;
    block_begin(file, ENHANCED, body);
    put32(file, interface);
    put32(file, ticks >> 16);
    put32(file, ticks << 16);
    put32(file, caplen);
    put32(file, caplen + ticks % 3);
    put_payload(file, caplen, (uint8_t)ticks);
    block_end(file, caplen);
    buf_append(&file->bytes, options->bytes.p, options->bytes.n);
    put32(file, (uint32_t)(12 + body) + odd);
}

static void put_plain(struct capture_file *file, uint32_t number)
{
    const struct capture_file none = {.big = file->big};
    put_with_options(file, number % USABLE, number * 977, number * 37 % 150, &none, 0);
}

/* What a packet says of its process and to people. */
static void put_told(struct capture_file *file, uint32_t number)
{
    struct capture_file options = {.big = file->big};
    if (number % 2)
        put_option(&options, COMMENT, "well", 4);
    if (number % 3)
        put_number(&options, PROCESS, number % 4, 4);
    if (number % 5)
        put_number(&options, EFFECTIVE, number % 6, 4);
    put_number(&options, DROPS, number, 8);
    put_number(&options, KERNEL_FLAGS, number % 8, 4);
    put32(&options, 0);
    put_with_options(file, number % USABLE, number, number % 90, &options, 0);
    buf_done(&options.bytes);
}

static void put_statistics(struct capture_file *file, uint32_t number)
{
    struct capture_file options = {.big = file->big};
    put_number(&options, (uint16_t)(4 + number % 5), number, 8);
    block_begin(file, STATISTICS, 12 + options.bytes.n);
    put32(file, number % USABLE);
    put64(file, 0);
    buf_append(&file->bytes, options.bytes.p, options.bytes.n);
    put32(file, (uint32_t)(24 + options.bytes.n));
    buf_done(&options.bytes);
}

static void put_process(struct capture_file *file, uint32_t number)
{
    block_begin(file, PROCESS_BLOCK, 4 + 8);
    put32(file, 100 + number);
    put_option(file, 2, "push", 4);
    put32(file, 12 + 12);
}

static void put_name(struct capture_file *file)
{
    block_begin(file, NAMES, 12);
    put_option(file, 1, "\x0a\0\0\x01host", 8);
    put32(file, 12 + 12);
}

/* One of all kinds of block, with chance for what is in it. */
static void put_any(struct capture_file *file, uint32_t kind, uint32_t number)
{
    const struct capture_file none = {.big = file->big};
    switch (kind) {
    case 0:
        put_declarations(file, number % 2);
        break;
    case 1:
        put_interface(file, ETHERNET, 0, "eth1", 3, 0);
        break;
    case 2:
        put_packet(file, OLD_PACKET, number % INTERFACES, number, number % 70, 100);
        break;
    case 3:
        put_simple(file, number % 96, number % 96);
        break;
    case 4:
        put_name(file);
        break;
    case 5:
        put_statistics(file, number);
        break;
    case 6:
        put_secrets(file, 0x544c534b, "CLIENT_RANDOM", number % 20);
        break;
    case 7:
        put_process(file, number);
        break;
    case 8: /* of any interface, one of them not declared */
        put_with_options(file, number % 8, number, 40, &none, 0);
        break;
    case 9: /* another length at its end: it is left out, or all ends there */
        put_with_options(file, 0, number, 40, &none, 4);
        break;
    case 10: /* claims more than it has */
        put_packet(file, ENHANCED, 0, number, 20, 20);
        file->bytes.p[file->bytes.n - 4 - 20 - 8 + (file->big ? 2 : 1)] = 1;
        break;
    case 11: /* longer than what the relay reads, or than anything may be */
        put_unknown(file, 0xbad, number % 4 ? 3000 : 600000);
        break;
    case 12:
        put_unknown(file, 0xbad, number % 50);
        break;
    default:
        put_told(file, number);
    }
}

static void plain_blocks(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    for (unsigned big = 0; big < 2; big++) {
        struct capture_file file = {0};
        put_declarations(&file, big);
        put_process(&file, 1);
        put_process(&file, 2);
        for (uint32_t i = 0; i < COUNT; i++) {
            if (i % 3 == 0)
                put_told(&file, i);
            else
                put_plain(&file, i);
            if (i % 7 == 0)
                put_unknown(&file, 0xbad, i);
        }
        for (size_t i = 0; i < COUNT_OF(windows); i++)
            for (size_t alone = 0; alone < 40; alone += 13)
                assert_int_equal(compare(&file, windows[i], alone, &all),
                                 COUNT - (alone ? alone - 1 : 0));
        buf_done(&file.bytes);
    }
}

/* A relay ends before blocks that mean something, and begins again behind them. */
static void begins_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        struct capture_file file = {0};
        uint32_t packets = 0;
        put_declarations(&file, false);
        for (uint32_t kind = 0; kind < 13; kind++) {
            const bool is_packet = kind == 2 || kind == 3 || (kind >= 8 && kind <= 10);
            for (uint32_t n = 0; !is_packet && n < 3; n++)
                put_any(&file, kind, kind + n);
            for (uint32_t n = 0; n < 4; n++)
                put_plain(&file, packets++);
        }
        for (size_t alone = 0; alone < 20; alone += 9)
            assert_int_equal(compare(&file, windows[i], alone, &all),
                             packets - (alone ? alone - 1 : 0));
        buf_done(&file.bytes);
    }
}

/* A block longer than the relay reads ends with another length: all ends there, though what lies
 * behind its last bytes looks like a packet to who would go on there. */
static void all_end_with_the_first(void **state)
{
    (void)state;
    enum { LONG = 600000, COUNT = 3 };
    struct capture_file file = {0};
    put_declarations(&file, false);
    for (uint32_t i = 0; i < COUNT; i++)
        put_plain(&file, i);
    block_begin(&file, 0xbad, LONG);
    put_payload(&file, LONG, 0);
    put_plain(&file, COUNT); /* its type stands where the length should */
    for (size_t i = 0; i < COUNT_OF(windows); i++)
        assert_int_equal(compare(&file, windows[i], 0, &all), COUNT);
    buf_done(&file.bytes);
}

/* Who is amid a block when a relay begins is behind it when that has ended. */
static void amid_a_block(void **state)
{
    (void)state;
    enum { LONG = 600000 };
    struct capture_file file = {0};
    struct trial trial = {.run = {.lock = PTHREAD_MUTEX_INITIALIZER}};
    struct source_error error = {""};
    struct packet packet;
    put_section(&file);
    put_interface(&file, ETHERNET, 0, "eth0", 0xff, 0);
    put_interface(&file, RAW, 0, "tun0", 9, 0);
    put_plain(&file, 1);
    put_unknown(&file, 0xbad, LONG);
    put_plain(&file, 2);
    char *path = write_file(file.bytes.p, file.bytes.n);
    struct reading *expected = read_source(savefile_open(&error, path, 4096, NULL), &error);
    trial.expected = expected;
    open_both(&trial, path);
    struct source *both[] = {trial.source, trial.later};
    for (size_t i = 0; i < COUNT_OF(both); i++) {
        assert_true(source_keep(both[i]));
        assert_int_equal(source_next(both[i], &packet), SOURCE_PACKET);
        assert_int_equal(source_next(both[i], &packet), SOURCE_PAUSED);
    }
    took(&trial, 1);
    trial.run.relay = relay_new(trial.source, RUNNERS, 100);
    assert_int_equal(run_leg(&trial, &all), 1);
    assert_int_equal(source_next(trial.later, &packet), SOURCE_END);
    relay_free(trial.run.relay);
    source_close(trial.later);
    source_close(trial.source);
    remove_file(path);
    reading_done(expected);
    buf_done(&file.bytes);
}

/* Blocks of any kind in any order, many of them damaged: as they are, cut, or with a byte changed.
 */
static void any_blocks(void **state)
{
    (void)state;
    enum { FILES = 60, BLOCKS = 40 };
    struct chance chance = {1};
    size_t handed_out = 0;
    for (unsigned n = 0; n < FILES; n++) {
        struct capture_file file = {0};
        put_declarations(&file, n % 2);
        for (unsigned i = 0; i < BLOCKS; i++) {
            const uint32_t number = (uint32_t)chance_below(&chance, 1000);
            if (chance_below(&chance, 4) == 0)
                put_any(&file, (uint32_t)chance_below(&chance, 14), number);
            else
                put_plain(&file, number);
        }
        const size_t window = windows[n % COUNT_OF(windows)];
        handed_out += compare(&file, window, 0, &all);
        for (unsigned i = 0; i < 4; i++) {
            const size_t at = 28 + chance_below(&chance, file.bytes.n - 28);
            const uint8_t kept = file.bytes.p[at];
            file.bytes.p[at] = (uint8_t)chance_below(&chance, 256);
            (void)compare(&file, window, i, &all);
            file.bytes.p[at] = kept;
        }
        file.bytes.n -= chance_below(&chance, file.bytes.n / 2);
        (void)compare(&file, window, 5, &all);
        buf_done(&file.bytes);
    }
    assert_true(handed_out > FILES * 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_blocks),
        cmocka_unit_test(begins_again),
        cmocka_unit_test(all_end_with_the_first),
        cmocka_unit_test(amid_a_block),
        cmocka_unit_test(any_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
