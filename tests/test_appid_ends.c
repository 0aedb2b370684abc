/* test_appid_ends.c: what nDPI takes ports and addresses for, against nDPI itself. */
#include <ndpi_define.h>

#if NDPI_MAJOR == 4 && NDPI_MINOR < 4

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#define NDPI_LIB_COMPILATION /* for protocols_ptree */
#include <ndpi_api.h>
#include <ndpi_main.h>

#include "../dissect/appid_ndpi.h"

enum { CLIENT_PORT = 40000, SERVER_PORT = 443 };

static struct ndpi_detection_module_struct *started(void)
{
    struct ndpi_detection_module_struct *ndpi = ndpi_init_detection_module(ndpi_no_prefs);
    NDPI_PROTOCOL_BITMASK all;
    assert_non_null(ndpi);
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(ndpi, &all);
    ndpi_finalize_initialization(ndpi);
    return ndpi;
}

static struct segment segment_of(uint32_t from, uint32_t to)
{
    struct segment segment = {.from.port = CLIENT_PORT, .to.port = SERVER_PORT};
    const uint32_t first = htonl(from), second = htonl(to);
    memcpy(segment.from.ip, &first, sizeof first);
    memcpy(segment.to.ip, &second, sizeof second);
    return segment;
}

static uint16_t guess(struct ndpi_detection_module_struct *itself, uint16_t port)
{
    uint8_t own;
    return ndpi_guess_protocol_id(itself, NULL, IPPROTO_TCP, port, port, &own);
}

/* All are asked about twice: what is remembered says the same. */
static void every_port(void **state)
{
    (void)state;
    struct ndpi_detection_module_struct *itself = started();
    struct appid_ndpi *ndpi = appid_ndpi_new(1);
    unsigned say_something = 0;
    for (unsigned i = 0; i < 2 * (UINT16_MAX + 1); i++) {
        const uint16_t port = (uint16_t)i;
        uint64_t ends[2];
        struct segment segment = segment_of(0x0a000001, 0xc6336401);
        segment.from.port = port;
        const bool expected = guess(itself, port) == NDPI_PROTOCOL_UNKNOWN;
        assert_int_equal(appid_ndpi_ends(ndpi, ends, &segment), expected);
        say_something += !expected;
    }
    assert_in_range(say_something, 100, 2000);
    appid_ndpi_free(ndpi);
    ndpi_exit_detection_module(itself);
}

static uint64_t bytes_of(const struct endpoint *end)
{
    uint64_t bytes = 0;
    memcpy(&bytes, end->ip, 4);
    return bytes;
}

/* To a port of another protocol than TLS, addresses are told by their bytes. */
static void every_port_of_a_receiver(void **state)
{
    (void)state;
    struct ndpi_detection_module_struct *itself = started();
    struct appid_ndpi *ndpi = appid_ndpi_new(1);
    unsigned others = 0;
    for (unsigned i = 0; i < 2 * (UINT16_MAX + 1); i++) {
        uint64_t ends[2];
        struct segment segment = segment_of(0x0a000001, 0xc6336401);
        segment.to.port = (uint16_t)i;
        const uint16_t guessed = guess(itself, segment.to.port);
        const bool other = guessed != NDPI_PROTOCOL_UNKNOWN && guessed != NDPI_PROTOCOL_TLS &&
                           guessed != NDPI_PROTOCOL_APPLE_PUSH;
        assert_true(appid_ndpi_ends(ndpi, ends, &segment));
        assert_int_equal(ends[0] >> 16, other ? bytes_of(&segment.from) : 0);
        assert_int_equal(ends[1] >> 16, other ? bytes_of(&segment.to) : 0);
        others += other;
    }
    assert_in_range(others, 100, 2000);
    appid_ndpi_free(ndpi);
    ndpi_exit_detection_module(itself);
}

static uint16_t ask(struct ndpi_detection_module_struct *itself, uint32_t address, uint16_t port)
{
    struct in_addr in = {htonl(address)};
    return ndpi_network_port_ptree_match(itself, &in, htons(port));
}

static void assert_same(struct ndpi_detection_module_struct *itself, struct appid_ndpi *ndpi,
                        uint32_t from, uint32_t to)
{
    uint64_t ends[2];
    const struct segment segment = segment_of(from, to);
    assert_true(appid_ndpi_ends(ndpi, ends, &segment));
    assert_int_equal(ends[0] & UINT16_MAX, ask(itself, from, CLIENT_PORT));
    assert_int_equal(ends[1] & UINT16_MAX, ask(itself, to, SERVER_PORT));
    /* Of addresses more is told than whether they are Apple's where a port is another protocol's.
     */
    assert_true(ends[1] >> 16 <= 1);
}

static const struct in_addr *address_of(const ndpi_patricia_node_t *node)
{
    return &node->prefix->add.sin;
}

/* The first and the last address of each of its networks, and those beside them. */
static unsigned compare_networks(struct ndpi_detection_module_struct *itself,
                                 struct appid_ndpi *ndpi, const ndpi_patricia_node_t *node)
{
    if (!node)
        return 0;
    if (node->prefix) {
        const uint32_t first = ntohl(address_of(node)->s_addr);
        const uint32_t last = first + (uint32_t)((UINT64_C(1) << (32 - node->bit)) - 1);
        assert_same(itself, ndpi, first, last);
        assert_same(itself, ndpi, first - 1, last + 1);
    }
    return (node->prefix != NULL) + compare_networks(itself, ndpi, node->l) +
           compare_networks(itself, ndpi, node->r);
}

static void every_network(void **state)
{
    (void)state;
    struct ndpi_detection_module_struct *itself = started();
    struct appid_ndpi *ndpi = appid_ndpi_new(1);
    unsigned known = 0;
    for (unsigned i = 0; i < 2 * (UINT16_MAX + 1); i++) {
        const uint32_t first = i << 16;
        assert_same(itself, ndpi, first, first | 0xffff);
        assert_same(itself, ndpi, first | 0x8000, first | 0x1234);
        known += ask(itself, first, SERVER_PORT) != NDPI_PROTOCOL_UNKNOWN;
    }
    assert_true(known > 500);
    const ndpi_patricia_tree_t *tree = itself->protocols_ptree;
    assert_true(compare_networks(itself, ndpi, tree->head) > 10000);
    appid_ndpi_free(ndpi);
    ndpi_exit_detection_module(itself);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_port),
        cmocka_unit_test(every_port_of_a_receiver),
        cmocka_unit_test(every_network),
    };
    return cmocka_run_group_tests_name("appid_ends", tests, NULL, NULL);
}

#else

#include <stdio.h>

int main(void)
{
    puts("nobody has looked up what this version of nDPI looks at");
    return 77;
}

#endif
