/* test_checksum.c: sums of segments as they come out of packets, against a sum byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/checksum.h"
#include "../dissect/decode.h"
#include "craft.h"

enum { ETHERNET = 14, V4 = 20, V6 = 40, TCP = 20, CHECKSUM_AT = 16, PAYLOAD_MAX = 1600 };

/* RFC 1071 section 1 as it says: pairs of bytes, carries put back at once. */
static uint16_t sum_slowly(uint32_t sum, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

/* A packet from Ethernet on, with the checksum that is right. */
struct made {
    struct craft craft;
    bool ipv6;
    size_t tcp;         /* where it begins */
    uint16_t pseudo[2]; /* sum of the pseudo-header, without and with the length */
};

static struct made make(bool ipv6, size_t n)
{
    static uint8_t payload[PAYLOAD_MAX];
    struct made made = {.ipv6 = ipv6, .tcp = ETHERNET + (size_t)(ipv6 ? V6 : V4)};
    for (size_t i = 0; i < n; i++)
        payload[i] = (uint8_t)(i * 37 + 200);
    craft_ethernet(&made.craft, ipv6 ? 0x86dd : 0x0800);
    if (ipv6)
        craft_ipv6(&made.craft, 6, TCP + n);
    else
        craft_ipv4(&made.craft, 6, TCP + n);
    craft_tcp(&made.craft, 5223, 50000, 0xfffffff0, 7, FLAG_ACK, 512, span_of(NULL, 0),
              span_of(payload, n));
    size_t addresses = ipv6 ? 32 : 8;
    made.pseudo[0] = sum_slowly(6, made.craft.bytes + made.tcp - addresses, addresses);
    made.pseudo[1] = (uint16_t)((made.pseudo[0] + TCP + n) % 0xffff);
    return made;
}

static void set(struct made *made, uint16_t checksum)
{
    made->craft.bytes[made->tcp + CHECKSUM_AT] = (uint8_t)(checksum >> 8);
    made->craft.bytes[made->tcp + CHECKSUM_AT + 1] = (uint8_t)checksum;
}

static void set_ip(struct made *made, size_t header)
{
    uint8_t *ip = made->craft.bytes + ETHERNET;
    ip[10] = ip[11] = 0;
    uint16_t sum = (uint16_t)~sum_slowly(0, ip, header);
    ip[10] = (uint8_t)(sum >> 8);
    ip[11] = (uint8_t)sum;
}

static uint16_t right(struct made *made)
{
    set(made, 0);
    return (uint16_t)~sum_slowly(made->pseudo[1], made->craft.bytes + made->tcp,
                                 made->craft.n - made->tcp);
}

/* What the early look has found is told to be right at once, or not, as it is in the long run. */
static void expect_the_same_at_once(const struct packet *packet, const struct segment *segment,
                                    enum checksum tcp, enum checksum ip)
{
    const uint8_t *at = early_look(packet);
    if (!at || segment->payload.n < segment->length)
        return;
    const uint32_t length = segment->tcp_header + segment->length;
    if (segment->from.ipv6)
        assert_int_equal(checksum_is_right_ipv6(at, length), tcp == CHECKSUM_RIGHT);
    else
        assert_int_equal(checksum_is_right_ipv4(at, length),
                         tcp == CHECKSUM_RIGHT && ip == CHECKSUM_RIGHT);
}

/* What both sums say of a packet of which all but the last `cut` bytes were captured. */
static enum checksum judge(const struct made *made, uint32_t cut, enum checksum *ip)
{
    struct decoder decoder = {.fragments = NULL};
    struct segment segment;
    struct packet packet = craft_packet(&made->craft, LINK_ETHERNET);
    packet.caplen -= cut;
    assert_int_equal(decode_packet(&segment, &decoder, &packet), NOTE_NONE);
    enum checksum tcp = checksum_of_tcp(&segment);
    *ip = checksum_of_ip(&segment);
    expect_the_same_at_once(&packet, &segment, tcp, *ip);
    free((void *)(uintptr_t)packet.bytes);
    decoder_done(&decoder);
    return tcp;
}

static enum checksum judge_tcp(const struct made *made)
{
    enum checksum ip;
    return judge(made, 0, &ip);
}

static void test_right_and_wrong(void **state)
{
    (void)state;
    for (unsigned ipv6 = 0; ipv6 < 2; ipv6++)
        for (size_t n = 0; n < 140; n++) {
            struct made made = make(ipv6, n);
            if (!ipv6)
                set_ip(&made, V4);
            set(&made, right(&made));
            assert_int_equal(judge_tcp(&made), CHECKSUM_RIGHT);
            for (size_t at = made.tcp; at < made.craft.n; at++) {
                if (at == made.tcp + 12) /* the length of the header */
                    continue;
                made.craft.bytes[at] ^= 0x10;
                assert_int_equal(judge_tcp(&made), CHECKSUM_WRONG);
                made.craft.bytes[at] ^= 0x10;
            }
        }
}

static void test_left_out(void **state)
{
    (void)state;
    for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
        struct made made = make(ipv6, 33);
        const uint16_t values[] = {0, made.pseudo[0], made.pseudo[1]};
        for (size_t i = 0; i < COUNT_OF(values); i++) {
            set(&made, values[i]);
            assert_int_equal(judge_tcp(&made), CHECKSUM_LEFT_OUT);
            set(&made, (uint16_t)(values[i] ^ 0x0101));
            assert_int_equal(judge_tcp(&made), CHECKSUM_WRONG);
        }
    }
}

static void test_larger_than_ethernet(void **state)
{
    (void)state;
    struct made fits = make(false, 1500 - V4 - TCP), larger = make(false, 1501 - V4 - TCP);
    set(&fits, (uint16_t)(right(&fits) ^ 1));
    set(&larger, (uint16_t)(right(&larger) ^ 1));
    assert_int_equal(judge_tcp(&fits), CHECKSUM_WRONG);
    assert_int_equal(judge_tcp(&larger), CHECKSUM_LEFT_OUT);
}

static void test_cut(void **state)
{
    (void)state;
    struct made made = make(false, 20);
    enum checksum ip;
    set(&made, 0x1234);
    assert_int_equal(judge(&made, 1, &ip), CHECKSUM_UNKNOWN);
}

/* A routing header, a home address: the sum covers an address that the header has not. */
static void test_redirected(void **state)
{
    (void)state;
    static const unsigned kinds[] = {0, 43, 60};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct made made = {.tcp = ETHERNET + V6 + 8};
        craft_ethernet(&made.craft, 0x86dd);
        craft_ipv6(&made.craft, kinds[i], 8 + TCP);
        craft_bytes(&made.craft, "\6\0\0\0\0\0\0\0", 8);
        craft_tcp(&made.craft, 5223, 50000, 1, 1, FLAG_ACK, 512, span_of(NULL, 0),
                  span_of(NULL, 0));
        set(&made, 0x1234);
        assert_int_equal(judge_tcp(&made), kinds[i] ? CHECKSUM_UNKNOWN : CHECKSUM_WRONG);
    }
}

/* Options are part of the header, and an Authentication header is not. */
static void test_longer_ip(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint8_t protocol, n, first; /* byte of the header */
    } cases[] = {{"\1\1\1\2\3\4\5\6", 6, 8, 0x47}, {"\6\1\0\0\0\0\0\1\0\0\0\1", 51, 12, 0x45}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct made made = {.tcp = ETHERNET + V4 + cases[i].n};
        enum checksum says;
        craft_ethernet(&made.craft, 0x0800);
        craft_ipv4(&made.craft, cases[i].protocol, cases[i].n + TCP);
        craft_bytes(&made.craft, cases[i].bytes, cases[i].n);
        craft_tcp(&made.craft, 5223, 50000, 1, 1, FLAG_ACK, 512, span_of(NULL, 0),
                  span_of(NULL, 0));
        made.craft.bytes[ETHERNET] = cases[i].first;
        set_ip(&made, (cases[i].first & 0xf) * 4u);
        (void)judge(&made, 0, &says);
        assert_int_equal(says, CHECKSUM_RIGHT);
        made.craft.bytes[ETHERNET + V4 - 1] ^= 1;
        (void)judge(&made, 0, &says);
        assert_int_equal(says, CHECKSUM_WRONG);
    }
}

static void test_ip(void **state)
{
    (void)state;
    struct made made = make(false, 1);
    uint8_t *ip = made.craft.bytes + ETHERNET;
    enum checksum says;
    ip[10] = ip[11] = 0;
    (void)judge(&made, 0, &says);
    assert_int_equal(says, CHECKSUM_LEFT_OUT);
    set_ip(&made, V4);
    (void)judge(&made, 0, &says);
    assert_int_equal(says, CHECKSUM_RIGHT);
    ip[8] ^= 1; /* TTL */
    (void)judge(&made, 0, &says);
    assert_int_equal(says, CHECKSUM_WRONG);
    made = make(true, 1);
    (void)judge(&made, 0, &says);
    assert_int_equal(says, CHECKSUM_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_and_wrong),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_larger_than_ethernet),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_redirected),
        cmocka_unit_test(test_ip),
        cmocka_unit_test(test_longer_ip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
