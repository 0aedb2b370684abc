/* test_filter.c: filter expressions on every link type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/filter.h"

#include <pthread.h>
#include <stdlib.h>

/* An IPv4 and an IPv6 packet to tcp/5223 of 192.0.2.1 and 2001:db8::1, headers alone. */
static const uint8_t ipv4[40] = {0x45, 0, 0, 40, 0,   0, 0x40, 0, 64,   6, 0,    0,
                                 10,   0, 0, 1,  192, 0, 2,    1, 0xc0, 0, 0x14, 0x67,
                                 0,    0, 0, 1,  0,   0, 0,    0, 0x50, 2, 0xff, 0xff};
static const uint8_t ipv6[60] = {0x60, 0, 0, 0, 0, 20, 6, 64,
                                 /* source */
                                 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
                                 /* destination */
                                 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
                                 /* TCP */
                                 0xc0, 0, 0x14, 0x67, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2};

static const struct link {
    enum link_type link;
    uint16_t number;
    uint8_t header[20];
    size_t n;
    size_t protocol_at; /* of the EtherType, where there is one */
    bool only4, only6;
} links[] = {
    {LINK_ETHERNET, 1, {[12] = 0x08}, 14, 12, false, false},
    {LINK_NULL, 0, {2}, 4, 0, false, false},
    {LINK_NULL, 0, {0, 0, 0, 30}, 4, 0, false, false}, /* macOS, written on another byte order */
    {LINK_LOOP, 108, {0, 0, 0, 24}, 4, 0, false, false},
    {LINK_RAW, 101, {0}, 0, 0, false, false},
    {LINK_RAW, 12, {0}, 0, 0, false, false},
    {LINK_IPV4, 228, {0}, 0, 0, true, false},
    {LINK_IPV6, 229, {0}, 0, 0, false, true},
    {LINK_LINUX_SLL, 113, {[3] = 1, [5] = 6, [14] = 0x08}, 16, 14, false, false},
    {LINK_LINUX_SLL2, 276, {[0] = 0x08, [9] = 1}, 20, 0, false, false},
};

/* Builds a packet in an allocation of its exact size. */
static struct packet build(const struct link *link, bool six)
{
    size_t ip_size = six ? sizeof ipv6 : sizeof ipv4, n = link->n + ip_size;
    uint8_t *bytes = xmalloc(n);
    memcpy(bytes, link->header, link->n);
    if (six && (link->protocol_at || link->link == LINK_LINUX_SLL2))
        memcpy(bytes + link->protocol_at, "\x86\xdd", 2);
    memcpy(bytes + link->n, six ? ipv6 : ipv4, ip_size);
    return (struct packet){.bytes = bytes,
                           .caplen = (uint32_t)n,
                           .len = (uint32_t)n,
                           .link = link->link,
                           .link_number = link->number};
}

static bool matches(const char *expression, const struct link *link, bool six)
{
    char error[256] = "";
    struct filter *filter = filter_new(error, sizeof error, expression);
    assert_non_null(filter);
    struct packet packet = build(link, six);
    bool match = filter_match(filter, &packet);
    assert_int_equal(filter_match(filter, &packet), match);
    free((void *)(uintptr_t)packet.bytes);
    filter_free(filter);
    return match;
}

static void every_link_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        const struct link *link = &links[i];
        assert_int_equal(matches("tcp port 5223", link, false), !link->only6);
        assert_int_equal(matches("host 192.0.2.1", link, false), !link->only6);
        assert_false(matches("tcp port 443", link, false));
        assert_false(matches("udp", link, false));
        assert_int_equal(matches("tcp port 5223", link, true), !link->only4);
        assert_int_equal(matches("ip6 host 2001:db8::1", link, true), !link->only4);
        assert_false(matches("host 2001:db8::9", link, true));
    }
}

static void no_filter_for_the_link_type(void **state)
{
    (void)state;
    assert_true(matches("ether host 00:00:00:00:00:00", &links[0], false));
    assert_false(matches("ether host 00:00:00:00:00:00", &links[4], false));
    static const struct link wlan = {.link = LINK_UNSUPPORTED, .number = 105};
    assert_false(matches("ip", &wlan, false));
}

/* Threads that come to the first packet of a link type at the same time. */
struct asked {
    pthread_barrier_t together;
    struct filter *filter;
    struct packet packet;
};

static void *ask(void *context)
{
    struct asked *asked = context;
    pthread_barrier_wait(&asked->together);
    return filter_match(asked->filter, &asked->packet) ? asked : NULL;
}

static void several_threads(void **state)
{
    (void)state;
    enum { THREADS = 4, ROUNDS = 200 };
    char error[256];
    struct asked asked = {.packet = build(&links[4], false)};
    pthread_barrier_init(&asked.together, NULL, THREADS);
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        asked.filter = filter_new(error, sizeof error, "tcp port 5223");
        assert_non_null(asked.filter);
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, ask, &asked), 0);
        for (size_t i = 0; i < THREADS; i++) {
            void *match;
            assert_int_equal(pthread_join(threads[i], &match), 0);
            assert_non_null(match);
        }
        filter_free(asked.filter);
    }
    pthread_barrier_destroy(&asked.together);
    free((void *)(uintptr_t)asked.packet.bytes);
}

static void wrong_expressions(void **state)
{
    (void)state;
    static const char *const wrong[] = {"tcp prot 5223", "port 99999", "(", "host"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char error[256] = "";
        assert_null(filter_new(error, sizeof error, wrong[i]));
        assert_true(strlen(error) > 0);
        assert_null(strchr(error, '\n'));
        char small[8];
        memset(small, 'x', sizeof small);
        assert_null(filter_new(small, sizeof small, wrong[i]));
        assert_non_null(memchr(small, 0, sizeof small));
    }
    filter_free(NULL);
}

static void every_truncation(void **state)
{
    (void)state;
    char error[256];
    struct filter *filter = filter_new(error, sizeof error, "tcp port 5223 and len > 20");
    assert_non_null(filter);
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        if (links[i].only6)
            continue;
        struct packet whole = build(&links[i], false);
        for (uint32_t n = 0; n <= whole.len; n++) {
            struct packet packet = whole;
            packet.bytes = xmalloc(n);
            memcpy((void *)(uintptr_t)packet.bytes, whole.bytes, n);
            packet.caplen = n;
            /* The ports end with the 24th byte of the IP packet. */
            assert_int_equal(filter_match(filter, &packet), n >= links[i].n + 24);
            free((void *)(uintptr_t)packet.bytes);
        }
        free((void *)(uintptr_t)whole.bytes);
    }
    filter_free(filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_type),  cmocka_unit_test(no_filter_for_the_link_type),
        cmocka_unit_test(several_threads),  cmocka_unit_test(wrong_expressions),
        cmocka_unit_test(every_truncation),
    };
    return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
