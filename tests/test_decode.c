/* test_decode.c: link layers, IP and TCP headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../dissect/decode.h"
#include "../dissect/early.h"
#include "craft.h"

static struct decoder decoder;

static const uint8_t syn_options[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                      0, 1, 0, 0,    0, 0, 1, 3,  3, 7};

static void append_tcp(struct craft *craft)
{
    craft_tcp(craft, 50000, 5223, 1000, 2000, FLAG_SYN | FLAG_ACK, 512,
              span_of(syn_options, sizeof syn_options), span_of("hello", 5));
}

enum { TCP_SIZE = 20 + sizeof syn_options + 5 };

static void expect_good(const struct segment *s, bool ipv6)
{
    assert_int_equal(s->from.port, 50000);
    assert_int_equal(s->to.port, 5223);
    assert_int_equal(s->from.ipv6, ipv6);
    assert_int_equal(s->from.ip[ipv6 ? 15 : 3], 1);
    assert_int_equal(s->to.ip[ipv6 ? 15 : 3], 2);
    assert_int_equal(s->ttl, ipv6 ? 61 : 64);
    assert_int_equal(s->seq, 1000);
    assert_int_equal(s->ack, 2000);
    assert_int_equal(s->flags, FLAG_SYN | FLAG_ACK);
    assert_int_equal(s->window, 512);
    assert_int_equal(s->mss, 1460);
    assert_int_equal(s->wscale, 7);
    assert_true(s->sack);
    assert_true(s->timestamps);
    assert_int_equal(s->length, 5);
    assert_int_equal(s->payload.n, 5);
    assert_memory_equal(s->payload.p, "hello", 5);
}

static void expect_same_end(const struct endpoint *a, const struct endpoint *b)
{
    assert_memory_equal(a->ip, b->ip, sizeof a->ip);
    assert_int_equal(a->ipv6, b->ipv6);
    assert_int_equal(a->port, b->port);
}

static void expect_same(const struct segment *a, const struct segment *b)
{
    expect_same_end(&a->from, &b->from);
    expect_same_end(&a->to, &b->to);
    assert_int_equal(a->time, b->time);
    assert_int_equal(a->frame, b->frame);
    assert_int_equal(a->identity, b->identity);
    assert_ptr_equal(a->payload.p, b->payload.p);
    assert_int_equal(a->payload.n, b->payload.n);
    assert_ptr_equal(a->outer, b->outer);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->ack, b->ack);
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->window, b->window);
    assert_int_equal(a->mss, b->mss);
    assert_int_equal(a->wscale, b->wscale);
    assert_int_equal(a->sack, b->sack);
    assert_int_equal(a->timestamps, b->timestamps);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->ttl, b->ttl);
    assert_int_equal(a->vlan_count, b->vlan_count);
    assert_memory_equal(a->vlans, b->vlans, sizeof a->vlans);
    assert_int_equal(a->interface, b->interface);
    assert_int_equal(a->headers, b->headers);
}

/* Where the early look says something, the decoder must say the same, and both ways of decoding
 * must give the same. */
static bool early_agrees(const struct packet *packet)
{
    struct segment s, same;
    const uint8_t *tcp = early_look(packet);
    if (!tcp && early_is_udp(packet)) {
        assert_int_equal(decode_packet(&s, &decoder, packet), NOTE_NOT_TCP);
        return true;
    }
    if (!tcp)
        return false;
    memset(&s, 0, sizeof s);
    memset(&same, 0xff, sizeof same);
    assert_int_equal(decode_packet(&s, &decoder, packet), NOTE_NONE);
    decode_early(&same, tcp, packet);
    expect_same(&same, &s);
    assert_int_equal(early_is_ipv4(packet, tcp), !s.from.ipv6);
    assert_int_equal(s.from.port, tcp[0] << 8 | tcp[1]);
    assert_int_equal(s.to.port, tcp[2] << 8 | tcp[3]);
    return true;
}

/* Every shorter packet must be refused, or give what is there of the payload. */
static void expect_no_overread(const struct craft *craft, enum link_type link)
{
    for (size_t n = 0; n < craft->n; n++) {
        struct craft cut = *craft;
        struct segment s;
        cut.n = n;
        struct packet packet = craft_packet(&cut, link);
        packet.len = (uint32_t)craft->n;
        enum note note = decode_packet(&s, &decoder, &packet);
        (void)early_agrees(&packet);
        if (note == NOTE_NONE)
            assert_true(s.payload.n < 5 && s.length == 5);
        else
            assert_int_equal(note, NOTE_CUT);
        free((void *)(uintptr_t)packet.bytes);
    }
}

static void expect_decodes(const struct craft *craft, enum link_type link, bool ipv6)
{
    struct packet packet = craft_packet(craft, link);
    struct segment s;
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_NONE);
    expect_good(&s, ipv6);
    free((void *)(uintptr_t)packet.bytes);
    expect_no_overread(craft, link);
}

static enum note note_of(const struct craft *craft, enum link_type link)
{
    struct packet packet = craft_packet(craft, link);
    struct segment s;
    enum note note = decode_packet(&s, &decoder, &packet);
    free((void *)(uintptr_t)packet.bytes);
    return note;
}

static void ethernet_ipv4(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ethernet(&c, 0x0800);
    craft_ipv4(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_ETHERNET, false);
}

static void an_early_look_at_the_commonest_shapes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool ipv6 = i & 1, udp = i & 2;
        unsigned protocol = udp ? 17 : 6;
        struct craft good = {.n = 0};
        craft_ethernet(&good, ipv6 ? 0x86dd : 0x0800);
        if (ipv6)
            craft_ipv6(&good, protocol, TCP_SIZE);
        else
            craft_ipv4(&good, protocol, TCP_SIZE);
        append_tcp(&good);
        if (udp) /* to 443: its ports are in the same place */
            memcpy(good.bytes + (ipv6 ? 56 : 36), "\1\273", 2);
        struct packet packet = craft_packet(&good, LINK_ETHERNET);
        assert_true(early_agrees(&packet));
        free((void *)(uintptr_t)packet.bytes);
        /* Whatever byte of the headers is another: never another answer than the decoder's. */
        for (size_t at = 12; at < good.n - 5; at++)
            for (unsigned value = 0; value < 256; value += 5) {
                struct craft odd = good;
                odd.bytes[at] = (uint8_t)value;
                packet = craft_packet(&odd, LINK_ETHERNET);
                (void)early_agrees(&packet);
                free((void *)(uintptr_t)packet.bytes);
            }
    }
}

static void ethernet_padding_is_no_payload(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ethernet(&c, 0x0800);
    craft_ipv4(&c, 6, TCP_SIZE);
    append_tcp(&c);
    craft_u32(&c, 0xffffffff);
    struct packet packet = craft_packet(&c, LINK_ETHERNET);
    struct segment s;
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_NONE);
    expect_good(&s, false);
    free((void *)(uintptr_t)packet.bytes);
}

static void stacked_vlans(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ethernet(&c, 0x88a8);
    craft_u16(&c, 0xe064); /* priority 7, VLAN 100 */
    craft_u16(&c, 0x8100);
    craft_u16(&c, 5);
    craft_u16(&c, 0x86dd);
    craft_ipv6(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_ETHERNET, true);
    struct packet packet = craft_packet(&c, LINK_ETHERNET);
    struct segment s;
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_NONE);
    assert_int_equal(s.vlan_count, 2);
    assert_int_equal(s.vlans[0], 100);
    assert_int_equal(s.vlans[1], 5);
    free((void *)(uintptr_t)packet.bytes);
}

static void more_vlans_than_kept(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ethernet(&c, 0x8100);
    for (unsigned i = 0; i < 10; i++) {
        craft_u16(&c, i);
        craft_u16(&c, i < 9 ? 0x8100 : 0x0800);
    }
    craft_ipv4(&c, 6, TCP_SIZE);
    append_tcp(&c);
    struct packet packet = craft_packet(&c, LINK_ETHERNET);
    struct segment s;
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_NONE);
    assert_int_equal(s.vlan_count, VLANS_MAX);
    free((void *)(uintptr_t)packet.bytes);
}

static void cisco_metadata(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ethernet(&c, 0x8909);
    craft_bytes(&c, "\1\1\0\1\0\2", 6); /* one option: security group 2 */
    craft_u16(&c, 0x0800);
    craft_ipv4(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_ETHERNET, false);
}

static void mpls_and_pppoe(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ethernet(&c, 0x8100);
    craft_u16(&c, 7);
    craft_u16(&c, 0x8847);
    craft_u32(&c, 0x00012040); /* two labels, the second at the bottom */
    craft_u32(&c, 0x00034140);
    craft_ipv6(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_ETHERNET, true);
    c.n = 0;
    craft_ethernet(&c, 0x8864);
    craft_bytes(&c, "\x11\0\0\1\0\x3c\0\x21", 8);
    craft_ipv4(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_ETHERNET, false);
    c.bytes[14 + 7] = 0x57 + 1; /* another protocol */
    assert_int_equal(note_of(&c, LINK_ETHERNET), NOTE_NOT_IP);
    c.n = 0;
    craft_ethernet(&c, 0x8847);
    for (unsigned i = 0; i < 30; i++)
        craft_u32(&c, 0x00012040); /* labels without end */
    assert_int_equal(note_of(&c, LINK_ETHERNET), NOTE_MALFORMED);
}

static void linux_cooked(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_bytes(&c, "\0\4\0\1\0\6\2\0\0\0\0\1\0\0", 14);
    craft_u16(&c, 0x0800);
    craft_ipv4(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_LINUX_SLL, false);
    c.n = 0;
    craft_u16(&c, 0x86dd);
    craft_bytes(&c, "\0\0\0\0\0\2\0\1\4\6\2\0\0\0\0\1\0\0", 18);
    craft_ipv6(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_LINUX_SLL2, true);
}

static void loopback_in_both_byte_orders(void **state)
{
    (void)state;
    static const uint8_t families[][4] = {{2, 0, 0, 0}, {0, 0, 0, 2}};
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        struct craft c = {.n = 0};
        craft_bytes(&c, families[i], 4);
        craft_ipv4(&c, 6, TCP_SIZE);
        append_tcp(&c);
        expect_decodes(&c, LINK_NULL, false);
        expect_decodes(&c, LINK_LOOP, false);
    }
    struct craft c = {.n = 0};
    craft_bytes(&c, "\36\0\0\0", 4); /* AF_INET6 of Darwin */
    craft_ipv6(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_NULL, true);
}

static void raw_ip(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_RAW, false);
    expect_decodes(&c, LINK_IPV4, false);
    c.n = 0;
    craft_ipv6(&c, 6, TCP_SIZE);
    append_tcp(&c);
    expect_decodes(&c, LINK_RAW, true);
    expect_decodes(&c, LINK_IPV6, true);
}

static void ipv6_extension_headers(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ethernet(&c, 0x86dd);
    craft_ipv6(&c, 0, 8 + 16 + 8 + TCP_SIZE);
    craft_bytes(&c, "\53\0\1\4\0\0\0\0", 8);                  /* hop-by-hop, then 43 */
    craft_bytes(&c, "\54\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16); /* routing, then 44 */
    craft_bytes(&c, "\6\0\0\0\0\0\0\1", 8);                   /* a fragment that is whole */
    append_tcp(&c);
    expect_decodes(&c, LINK_ETHERNET, true);
}

static void fragments_are_named(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, TCP_SIZE);
    append_tcp(&c);
    c.bytes[6] = 0x20; /* more fragments */
    assert_int_equal(note_of(&c, LINK_RAW), NOTE_FRAGMENT);
    c.bytes[6] = 0;
    c.bytes[7] = 1; /* an offset */
    assert_int_equal(note_of(&c, LINK_RAW), NOTE_FRAGMENT);
    c.n = 0;
    craft_ipv6(&c, 44, 8 + TCP_SIZE);
    craft_bytes(&c, "\6\0\0\1\0\0\0\1", 8);
    append_tcp(&c);
    assert_int_equal(note_of(&c, LINK_RAW), NOTE_FRAGMENT);
}

static void other_traffic_is_named(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ethernet(&c, 0x0806);
    craft_bytes(&c, "arp, or something like it", 25);
    assert_int_equal(note_of(&c, LINK_ETHERNET), NOTE_NOT_IP);
    c.n = 0;
    craft_ethernet(&c, 38); /* a length: LLC */
    assert_int_equal(note_of(&c, LINK_ETHERNET), NOTE_NOT_IP);
    c.n = 0;
    craft_ipv4(&c, 17, 8);
    craft_bytes(&c, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(note_of(&c, LINK_RAW), NOTE_NOT_TCP);
    assert_int_equal(note_of(&c, LINK_UNSUPPORTED), NOTE_UNSUPPORTED_LINK);
}

static void contradicting_lengths_are_malformed(void **state)
{
    (void)state;
    struct craft good = {.n = 0}, c;
    craft_ipv4(&good, 6, TCP_SIZE);
    append_tcp(&good);
    c = good;
    c.bytes[0] = 0x44; /* a header of 16 bytes */
    assert_int_equal(note_of(&c, LINK_IPV4), NOTE_MALFORMED);
    c = good;
    c.bytes[0] = 0x65; /* version 6 where IPv4 was announced */
    assert_int_equal(note_of(&c, LINK_IPV4), NOTE_MALFORMED);
    c = good;
    c.bytes[2] = 0;
    c.bytes[3] = 19; /* less than its own header */
    assert_int_equal(note_of(&c, LINK_IPV4), NOTE_MALFORMED);
    c = good;
    c.bytes[20 + 12] = 0x40; /* a TCP header of 16 bytes */
    assert_int_equal(note_of(&c, LINK_IPV4), NOTE_MALFORMED);
    c = good;
    c.bytes[20 + 12] = 0xf0; /* longer than the packet */
    assert_int_equal(note_of(&c, LINK_IPV4), NOTE_MALFORMED);
}

/* Segmentation offload leaves 0 in the length field. */
static void length_zero_is_all(void **state)
{
    (void)state;
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, TCP_SIZE);
    append_tcp(&c);
    c.bytes[2] = c.bytes[3] = 0;
    struct packet packet = craft_packet(&c, LINK_RAW);
    struct segment s;
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_NONE);
    expect_good(&s, false);
    free((void *)(uintptr_t)packet.bytes);
}

static void bad_options_keep_what_was_read(void **state)
{
    (void)state;
    static const uint8_t options[] = {2, 4, 5, 0xb4, 3, 0, 1, 1};
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, 20 + sizeof options);
    craft_tcp(&c, 1, 2, 3, 0, FLAG_SYN, 1, span_of(options, sizeof options), span_of(NULL, 0));
    struct packet packet = craft_packet(&c, LINK_RAW);
    struct segment s;
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_NONE);
    assert_int_equal(s.mss, 1460);
    assert_int_equal(s.wscale, -1);
    free((void *)(uintptr_t)packet.bytes);
}

/* Of a packet with up to two bytes changed. */
static uint64_t identity_with_both(size_t at, uint8_t value, size_t other, uint8_t other_value)
{
    struct craft c = {.n = 0};
    struct segment s;
    craft_ipv4(&c, 6, 20);
    craft_tcp(&c, 1000, 5223, 1, 2, FLAG_ACK, 3, span_of(NULL, 0), span_of(NULL, 0));
    c.bytes[at] = value;
    c.bytes[other] = other_value;
    struct packet packet = craft_packet(&c, LINK_RAW);
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_NONE);
    free((void *)(uintptr_t)packet.bytes);
    return s.identity;
}

static uint64_t identity_with(size_t at, uint8_t value)
{
    return identity_with_both(at, value, at, value);
}

/* A router on the way changes the TTL; to send again changes the identification. */
static void identity_of_a_packet(void **state)
{
    (void)state;
    enum { ID = 5, TTL = 8, SEQ = 27, ACK_NUMBER = 31, FLAGS = 33, WINDOW = 35, CHECKSUM = 36 };
    static const uint8_t telling[] = {ID, SEQ, ACK_NUMBER, FLAGS, WINDOW, CHECKSUM};
    uint64_t identity = identity_with(TTL, 64);
    assert_true(identity == identity_with(TTL, 63));
    for (size_t i = 0; i < COUNT_OF(telling); i++)
        assert_true(identity != identity_with(telling[i], 99));
    /* With each acknowledgment the one may count up, by a timestamp the other down. */
    for (size_t id = ID - 1; id <= ID; id++)
        for (size_t sum = CHECKSUM; sum <= CHECKSUM + 1; sum++)
            assert_true(identity_with_both(id, 9, sum, 9) != identity_with_both(id, 10, sum, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ethernet_ipv4),
        cmocka_unit_test(an_early_look_at_the_commonest_shapes),
        cmocka_unit_test(ethernet_padding_is_no_payload),
        cmocka_unit_test(stacked_vlans),
        cmocka_unit_test(more_vlans_than_kept),
        cmocka_unit_test(cisco_metadata),
        cmocka_unit_test(mpls_and_pppoe),
        cmocka_unit_test(linux_cooked),
        cmocka_unit_test(loopback_in_both_byte_orders),
        cmocka_unit_test(raw_ip),
        cmocka_unit_test(ipv6_extension_headers),
        cmocka_unit_test(fragments_are_named),
        cmocka_unit_test(other_traffic_is_named),
        cmocka_unit_test(contradicting_lengths_are_malformed),
        cmocka_unit_test(length_zero_is_all),
        cmocka_unit_test(bad_options_keep_what_was_read),
        cmocka_unit_test(identity_of_a_packet),
    };
    return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
