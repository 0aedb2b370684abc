/* test_tunnel.c: packets inside of packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/decode.h"
#include "craft.h"

#define ETHERNET "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"

enum { PAYLOAD = 5, TCP_SIZE = 20 + PAYLOAD };

/* What is between an outer IP header and an inner one. */
struct tunnel_case {
    uint8_t protocol;
    uint16_t port; /* of UDP, whose header is put before */
    const char *header;
    size_t n;
    bool ipv6; /* inside */
    struct tunnel is[2];
};
#define HEADER(text) text, sizeof(text) - 1
#define PLAIN(kind)                                                                                \
    {                                                                                              \
        kind, 0, 0, 0                                                                              \
    }
#define NUMBERED(kind, number)                                                                     \
    {                                                                                              \
        kind, 1, 0, number                                                                         \
    }

static const struct tunnel_case cases[] = {
    {4, 0, HEADER(""), false, {PLAIN(TUNNEL_IPIP)}},
    {94, 0, HEADER(""), false, {PLAIN(TUNNEL_IPIP)}},
    {41, 0, HEADER(""), true, {PLAIN(TUNNEL_6IN4)}},
    {47, 0, HEADER("\0\0\x08\0"), false, {PLAIN(TUNNEL_GRE)}},
    {47, 0, HEADER("\xb0\0\x86\xdd\0\0\0\0\0\0\0\7\0\0\0\1"), true, {NUMBERED(TUNNEL_GRE, 7)}},
    {47, 0, HEADER("\0\0\x65\x58" ETHERNET), false, {PLAIN(TUNNEL_GRE)}},
    {47, 0, HEADER("\x20\0\x65\x58\0\1\2\3" ETHERNET), false, {NUMBERED(TUNNEL_GRE, 0x10203)}},
    {47, 0, HEADER("\0\0\x88\x47\0\1\x31\x40"), false, {PLAIN(TUNNEL_GRE)}},
    {47,
     0,
     HEADER("\x30\x81\x88\x0b\0\x20\0\5\0\0\0\1\0\0\0\1\xff\3\0\x21"),
     false,
     {NUMBERED(TUNNEL_PPTP, 5)}},
    {47, 0, HEADER("\0\0\x88\xbe" ETHERNET), false, {PLAIN(TUNNEL_GRE), PLAIN(TUNNEL_ERSPAN)}},
    {47,
     0,
     HEADER("\x10\0\x88\xbe\0\0\0\1\x10\5\xfc\x14\0\0\0\0" ETHERNET),
     false,
     {PLAIN(TUNNEL_GRE), NUMBERED(TUNNEL_ERSPAN, 20)}},
    {47,
     0,
     HEADER("\x10\0\x22\xeb\0\0\0\1\x20\5\0\x15\0\0\0\0\0\0\0\1........" ETHERNET),
     false,
     {PLAIN(TUNNEL_GRE), NUMBERED(TUNNEL_ERSPAN, 21)}},
    {47,
     0,
     HEADER("\x10\0\x22\xeb\0\0\0\1\x20\5\0\x15\0\0\0\0\0\0\x08\0"),
     false,
     {PLAIN(TUNNEL_GRE), NUMBERED(TUNNEL_ERSPAN, 21)}},
    {47, 0, HEADER("\0\0\x88\x3e"), false, {PLAIN(TUNNEL_GRE), PLAIN(TUNNEL_WCCP)}},
    {47, 0, HEADER("\0\0\x88\x3e\0\0\0\1"), false, {PLAIN(TUNNEL_GRE), PLAIN(TUNNEL_WCCP)}},
    {47,
     0,
     HEADER("\0\0\x82\x40\x08\2\0\0"
            "\2\0\0\0\0\2\2\0\0\0\0\1\2\0\0\0\0\3\0\0"
            "\xaa\xaa\3\0\0\0\x08\0"),
     false,
     {PLAIN(TUNNEL_GRE)}},
    {97, 0, HEADER("\x30\0" ETHERNET), false, {PLAIN(TUNNEL_ETHERIP)}},
    {137, 0, HEADER("\0\1\x31\x40"), false, {PLAIN(TUNNEL_MPLS)}},
    {51, 0, HEADER("\4\4\0\0\0\0\0\1\0\0\0\1abcdefghijkl"), false, {PLAIN(TUNNEL_IPIP)}},
    {17, 4789, HEADER("\x08\0\0\0\0\0\x2a\0" ETHERNET), false, {NUMBERED(TUNNEL_VXLAN, 42)}},
    {17, 8472, HEADER("\x08\0\0\0\0\0\x2a\0" ETHERNET), false, {NUMBERED(TUNNEL_VXLAN, 42)}},
    {17, 4790, HEADER("\x0c\0\0\1\0\0\x2a\0"), false, {NUMBERED(TUNNEL_VXLAN_GPE, 42)}},
    {17, 4790, HEADER("\x0c\0\0\3\0\0\x2a\0" ETHERNET), false, {NUMBERED(TUNNEL_VXLAN_GPE, 42)}},
    {17, 6081, HEADER("\0\0\x65\x58\0\0\x0b\0" ETHERNET), false, {NUMBERED(TUNNEL_GENEVE, 11)}},
    {17, 6081, HEADER("\2\0\x08\0\0\0\x0b\0\1\2\3\1abcd"), false, {NUMBERED(TUNNEL_GENEVE, 11)}},
    {17, 2152, HEADER("\x30\xff\0\x2d\0\0\1\0"), false, {NUMBERED(TUNNEL_GTP_U, 256)}},
    {17, 2152, HEADER("\x32\xff\0\x31\0\0\1\0\0\1\0\0"), false, {NUMBERED(TUNNEL_GTP_U, 256)}},
    {17,
     2152,
     HEADER("\x34\xff\0\x35\0\0\1\0\0\0\0\x85\1\0\0\0"),
     false,
     {NUMBERED(TUNNEL_GTP_U, 256)}},
    {17, 3544, HEADER(""), true, {PLAIN(TUNNEL_TEREDO)}},
    {17, 3544, HEADER("\0\1\0\0........\0\0\0.....1"), true, {PLAIN(TUNNEL_TEREDO)}},
    {17, 1701, HEADER("\0\2\0\1\0\x09\xff\3\0\x21"), false, {NUMBERED(TUNNEL_L2TP, 9)}},
    {17,
     1701,
     HEADER("\x4a\2\0\x39\0\1\0\x09\0\0\0\0\0\2..\xff\3\0\x21"),
     false,
     {NUMBERED(TUNNEL_L2TP, 9)}},
    {17, 6635, HEADER("\0\1\x31\x40"), false, {PLAIN(TUNNEL_MPLS)}},
    {17, 4754, HEADER("\0\0\x08\0"), false, {PLAIN(TUNNEL_GRE)}},
    {17, 4341, HEADER("\x80\0\0\1\0\0\0\0"), false, {PLAIN(TUNNEL_LISP)}},
    {17,
     5072,
     HEADER("\x41\x52\x11\x29\0\0\0\0"
            "1234567890123456"
            "12345678901234567890"),
     true,
     {PLAIN(TUNNEL_AYIYA)}},
};

static void append_inner(struct craft *craft, bool ipv6)
{
    if (ipv6)
        craft_ipv6(craft, 6, TCP_SIZE);
    else
        craft_ipv4(craft, 6, TCP_SIZE);
    craft_tcp(craft, 50000, 5223, 1000, 2000, FLAG_ACK, 512, span_of(NULL, 0),
              span_of("hello", PAYLOAD));
}

static void append_udp(struct craft *craft, unsigned to, size_t payload)
{
    craft_u16(craft, 40000);
    craft_u16(craft, to);
    craft_u16(craft, (unsigned)(8 + payload));
    craft_u16(craft, 0);
}

/* 198.51.100.1 to .2 is outside, where 192.0.2.1 to .2 is inside. */
static struct craft crafted(const struct tunnel_case *tunnel)
{
    struct craft craft = {.n = 0};
    size_t inner = tunnel->n + (tunnel->ipv6 ? 40 : 20) + TCP_SIZE;
    craft_ipv4(&craft, tunnel->protocol, inner + (tunnel->port ? 8 : 0));
    memcpy(craft.bytes + 12, "\xc6\x33\x64\1\xc6\x33\x64\2", 8);
    if (tunnel->port)
        append_udp(&craft, tunnel->port, inner);
    craft_bytes(&craft, tunnel->header, tunnel->n);
    append_inner(&craft, tunnel->ipv6);
    return craft;
}

static void drop(struct packet *packet)
{
    free((void *)(uintptr_t)packet->bytes);
}

static void each_tunnel_leads_to_tcp(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct craft craft = crafted(&cases[i]);
        struct packet packet = craft_packet(&craft, LINK_RAW);
        struct segment s;
        enum note note = decode_packet(&s, &decoder, &packet);
        if (note != NOTE_NONE)
            fail_msg("case %zu, protocol %u, port %u: %s", i, cases[i].protocol, cases[i].port,
                     note_name(note));
        assert_int_equal(s.to.port, 5223);
        assert_int_equal(s.from.ipv6, cases[i].ipv6);
        assert_memory_equal(s.payload.p, "hello", PAYLOAD);
        assert_int_equal(segment_ip(&s).n, (cases[i].ipv6 ? 40 : 20) + TCP_SIZE);
        assert_non_null(s.outer);
        unsigned count = cases[i].is[1].kind ? 2 : 1;
        assert_int_equal(s.outer->count, count);
        assert_memory_equal(s.outer->tunnels, cases[i].is, count * sizeof *cases[i].is);
        assert_false(s.outer->ipv6);
        assert_memory_equal(s.outer->ends[0], "\xc6\x33\x64\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
        assert_memory_equal(s.outer->ends[1], "\xc6\x33\x64\2\0\0\0\0\0\0\0\0\0\0\0\0", 16);
        drop(&packet);
    }
}

static void no_tunnel_is_read_beyond_its_end(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct craft whole = crafted(&cases[i]);
        for (size_t n = 0; n < whole.n; n++) {
            struct craft cut = whole;
            cut.n = n;
            struct packet packet = craft_packet(&cut, LINK_RAW);
            struct segment s;
            packet.len = (uint32_t)whole.n;
            if (decode_packet(&s, &decoder, &packet) == NOTE_NONE)
                assert_true(s.length == PAYLOAD && s.payload.n < PAYLOAD);
            packet.len = packet.caplen; /* a packet that is damaged, and not cut */
            (void)!decode_packet(&s, &decoder, &packet);
            drop(&packet);
        }
    }
}

/* Any byte of the headers may be wrong. */
static void damaged_tunnels_are_harmless(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct craft whole = crafted(&cases[i]);
        for (size_t at = 0; at < whole.n; at++)
            for (unsigned value = 0; value < 256; value += 15) {
                struct craft odd = whole;
                odd.bytes[at] = (uint8_t)value;
                struct packet packet = craft_packet(&odd, LINK_RAW);
                struct segment s;
                if (decode_packet(&s, &decoder, &packet) == NOTE_NONE)
                    assert_true(s.payload.n <= s.length);
                drop(&packet);
            }
    }
    decoder_done(&decoder); /* some were fragments then */
}

static struct craft nested(unsigned depth)
{
    struct craft craft = {.n = 0};
    for (unsigned i = depth; i > 0; i--)
        craft_ipv4(&craft, 4, (size_t)i * 20 + TCP_SIZE);
    append_inner(&craft, false);
    return craft;
}

static void tunnels_in_tunnels(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct segment s;
    struct craft craft = nested(TUNNELS_MAX);
    struct packet packet = craft_packet(&craft, LINK_RAW);
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_NONE);
    assert_int_equal(s.outer->count, TUNNELS_MAX);
    drop(&packet);
    craft = nested(TUNNELS_MAX + 1);
    packet = craft_packet(&craft, LINK_RAW);
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_TOO_DEEP);
    drop(&packet);
}

/* What uses a tunnel's port but does not fit is other traffic. */
static void what_is_no_tunnel_is_not_taken_for_one(void **state)
{
    (void)state;
    static const struct tunnel_case wrong[] = {
        {50, 0, HEADER("\0\0\0\1\0\0\0\1"), false, {PLAIN(0)}},
        {17, 4789, HEADER("\0\0\0\0\0\0\x2a\0" ETHERNET), false, {PLAIN(0)}},
        {17, 6081, HEADER("\x40\0\x65\x58\0\0\x0b\0" ETHERNET), false, {PLAIN(0)}},
        {17, 2152, HEADER("\x32\1\0\4\0\0\0\0\0\0\0\0"), false, {PLAIN(0)}}, /* an echo request */
        {17, 2152, HEADER("\x34\xff\0\x35\0\0\1\0\0\0\0\x85\0\0\0\0"), false, {PLAIN(0)}},
        {17, 3544, HEADER(""), false, {PLAIN(0)}},
        {17,
         1701,
         HEADER("\xc8\2\0\x14\0\0\0\0\0\0\0\0"),
         false,
         {PLAIN(0)}}, /* a control message */
        {17, 4341, HEADER("\x80\0\0\1\0\0\0\0\0"), false, {PLAIN(0)}},
        {17, 53, HEADER(""), false, {PLAIN(0)}},
        {47, 0, HEADER("\x40\0\x08\0\0\0\0\0"), false, {PLAIN(0)}},
        {97, 0, HEADER("\x20\0" ETHERNET), false, {PLAIN(0)}},
    };
    struct decoder decoder = {0};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct craft craft = crafted(&wrong[i]);
        struct packet packet = craft_packet(&craft, LINK_RAW);
        struct segment s;
        enum note note = decode_packet(&s, &decoder, &packet);
        if (note != NOTE_NOT_TCP)
            fail_msg("case %zu: %s", i, note_name(note));
        drop(&packet);
    }
}

static void the_outermost_may_be_ipv6(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct craft craft = {.n = 0};
    craft_ipv6(&craft, 4, 20 + TCP_SIZE);
    append_inner(&craft, false);
    struct packet packet = craft_packet(&craft, LINK_RAW);
    struct segment s;
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_NONE);
    assert_true(s.outer->ipv6);
    assert_int_equal(s.outer->ends[1][15], 2);
    assert_int_equal(s.outer->tunnels[0].kind, TUNNEL_4IN6);
    assert_false(s.from.ipv6);
    assert_int_equal(s.from.ip[4], 0);
    drop(&packet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tunnel_leads_to_tcp),
        cmocka_unit_test(no_tunnel_is_read_beyond_its_end),
        cmocka_unit_test(damaged_tunnels_are_harmless),
        cmocka_unit_test(tunnels_in_tunnels),
        cmocka_unit_test(what_is_no_tunnel_is_not_taken_for_one),
        cmocka_unit_test(the_outermost_may_be_ipv6),
    };
    return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
