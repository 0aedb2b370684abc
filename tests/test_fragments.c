/* test_fragments.c: packets in pieces, in any order, and pieces that do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/decode.h"
#include "../dissect/fragments.h"
#include "../dissect/limits.h"
#include "craft.h"

enum { PAYLOAD = 100, TCP_SIZE = 20 + PAYLOAD, PIECE = 40, PIECES = 3 };

/* The payload of an IP packet: a TCP segment. */
static struct craft crafted_tcp(void)
{
    struct craft craft = {.n = 0};
    uint8_t payload[PAYLOAD];
    for (unsigned i = 0; i < PAYLOAD; i++)
        payload[i] = (uint8_t)i;
    craft_tcp(&craft, 50000, 5223, 1000, 2000, FLAG_ACK, 512, span_of(NULL, 0),
              span_of(payload, PAYLOAD));
    return craft;
}

/* Bytes `at` to `end` of the segment as a fragment. */
static struct craft crafted_piece(bool ipv6, unsigned at, unsigned end, unsigned id)
{
    struct craft tcp = crafted_tcp(), craft = {.n = 0};
    unsigned more = end < TCP_SIZE;
    if (ipv6) {
        craft_ipv6(&craft, 60, 8 + 8 + end - at); /* a destination options header before it */
        craft_bytes(&craft, "\x2c\0\1\4\0\0\0\0", 8);
        craft_u16(&craft, 0x0600);
        craft_u16(&craft, at | more);
        craft_u32(&craft, id);
    } else {
        craft_ipv4(&craft, 6, end - at);
        craft.bytes[4] = (uint8_t)(id >> 8);
        craft.bytes[5] = (uint8_t)id;
        craft.bytes[6] = (uint8_t)(more << 5 | at / 8 >> 8);
        craft.bytes[7] = (uint8_t)(at / 8);
    }
    craft_bytes(&craft, tcp.bytes + at, end - at);
    return craft;
}

static enum note give(struct decoder *decoder, struct segment *s, const struct craft *craft,
                      nanotime time, uint64_t frame)
{
    struct packet packet = craft_packet(craft, LINK_RAW);
    packet.time = time;
    packet.frame = frame;
    enum note note = decode_packet(s, decoder, &packet);
    free((void *)(uintptr_t)packet.bytes);
    return note;
}

static enum note give_piece(struct decoder *decoder, struct segment *s, bool ipv6, unsigned piece,
                            unsigned id)
{
    unsigned end = (piece + 1) * PIECE;
    struct craft craft = crafted_piece(ipv6, piece * PIECE, end < TCP_SIZE ? end : TCP_SIZE, id);
    return give(decoder, s, &craft, NS_PER_SECOND, 10 + piece);
}

static void expect_whole(const struct segment *s, bool ipv6)
{
    assert_int_equal(s->from.port, 50000);
    assert_int_equal(s->to.port, 5223);
    assert_int_equal(s->from.ipv6, ipv6);
    assert_int_equal(s->length, PAYLOAD);
    assert_int_equal(s->payload.n, PAYLOAD);
    for (unsigned i = 0; i < PAYLOAD; i++)
        assert_int_equal(s->payload.p[i], i);
    assert_null(s->outer);
}

static void pieces_in_any_order(void **state)
{
    (void)state;
    static const unsigned orders[][PIECES] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                              {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
        struct decoder decoder = {0};
        for (unsigned i = 0; i < COUNT_OF(orders); i++) {
            struct segment s;
            assert_int_equal(give_piece(&decoder, &s, ipv6, orders[i][0], i), NOTE_FRAGMENT);
            assert_int_equal(give_piece(&decoder, &s, ipv6, orders[i][1], i), NOTE_FRAGMENT);
            assert_int_equal(give_piece(&decoder, &s, ipv6, orders[i][1], i), NOTE_FRAGMENT);
            assert_int_equal(give_piece(&decoder, &s, ipv6, orders[i][2], i), NOTE_NONE);
            expect_whole(&s, ipv6);
            assert_int_equal(s.frame, 10 + orders[i][2]);
        }
        struct fragment_counts counts = fragments_counts(decoder.fragments);
        assert_int_equal(counts.packets, COUNT_OF(orders));
        assert_int_equal(counts.fragments, 4 * COUNT_OF(orders));
        assert_int_equal(counts.overlapping + counts.timed_out + counts.evicted, 0);
        decoder_done(&decoder);
    }
}

/* Each decoder that has had the same packets knows the same. */
static void a_copy_knows_the_same(void **state)
{
    (void)state;
    struct decoder one = {0}, other = {0};
    struct segment s;
    assert_null(fragments_copy(NULL));
    assert_int_equal(give_piece(&one, &s, false, 0, 7), NOTE_FRAGMENT);
    assert_int_equal(give_piece(&one, &s, false, 2, 7), NOTE_FRAGMENT);
    other.fragments = fragments_copy(one.fragments);
    assert_int_equal(give_piece(&one, &s, false, 1, 7), NOTE_NONE);
    expect_whole(&s, false);
    assert_int_equal(give_piece(&other, &s, false, 1, 7), NOTE_NONE);
    expect_whole(&s, false);
    decoder_done(&one);
    decoder_done(&other);
}

static void pieces_of_different_packets_do_not_mix(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct segment s;
    for (unsigned id = 0; id < 20; id++)
        assert_int_equal(give_piece(&decoder, &s, false, 0, id), NOTE_FRAGMENT);
    for (unsigned id = 0; id < 20; id++)
        assert_int_equal(give_piece(&decoder, &s, false, 2, id), NOTE_FRAGMENT);
    for (unsigned id = 0; id < 20; id++) {
        assert_int_equal(give_piece(&decoder, &s, false, 1, id), NOTE_NONE);
        expect_whole(&s, false);
    }
    decoder_done(&decoder);
}

static void overlaps_are_refused(void **state)
{
    (void)state;
    static const unsigned overlaps[][2] = {{0, 48}, {32, 80}, {8, 16}, {80, 88}};
    for (unsigned i = 0; i < COUNT_OF(overlaps); i++) {
        struct decoder decoder = {0};
        struct segment s;
        struct craft odd = crafted_piece(false, overlaps[i][0], overlaps[i][1], 1);
        odd.bytes[odd.n - 1] ^= 0x55;
        assert_int_equal(give_piece(&decoder, &s, false, 0, 1), NOTE_FRAGMENT);
        assert_int_equal(give_piece(&decoder, &s, false, 2, 1), NOTE_FRAGMENT);
        assert_int_equal(give(&decoder, &s, &odd, NS_PER_SECOND, 1), NOTE_FRAGMENT);
        assert_int_equal(give_piece(&decoder, &s, false, 1, 1), NOTE_FRAGMENT);
        struct fragment_counts counts = fragments_counts(decoder.fragments);
        assert_int_equal(counts.packets, 0);
        assert_int_equal(counts.overlapping, 1);
        decoder_done(&decoder);
    }
}

/* Two last fragments with different ends, or one before a piece that is there. */
static void contradicting_ends_are_refused(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct segment s;
    struct craft last = crafted_piece(false, 40, 80, 1);
    last.bytes[6] &= 0x1f; /* no more */
    assert_int_equal(give_piece(&decoder, &s, false, 2, 1), NOTE_FRAGMENT);
    assert_int_equal(give(&decoder, &s, &last, NS_PER_SECOND, 1), NOTE_FRAGMENT);
    assert_int_equal(fragments_counts(decoder.fragments).overlapping, 1);
    decoder_done(&decoder);
}

static void an_old_piece_is_not_joined_with_a_new_one(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct segment s;
    struct craft first = crafted_piece(true, 0, 40, 1), rest = crafted_piece(true, 40, 120, 1);
    nanotime later = (LIMIT_FRAGMENT_S + 2) * NS_PER_SECOND;
    assert_int_equal(give(&decoder, &s, &first, NS_PER_SECOND, 1), NOTE_FRAGMENT);
    assert_int_equal(give(&decoder, &s, &rest, later, 2), NOTE_FRAGMENT);
    assert_int_equal(fragments_counts(decoder.fragments).timed_out, 1);
    assert_int_equal(give(&decoder, &s, &first, later, 3), NOTE_NONE);
    expect_whole(&s, true);
    decoder_done(&decoder);
}

/* Whoever sends first fragments alone fills no more than what is set aside. */
static void a_flood_is_bounded(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct segment s;
    for (unsigned id = 0; id < 2000; id++) {
        struct craft piece = crafted_piece(false, 0, 80, id);
        piece.bytes[6] |= 0x1f; /* near the end of the largest packet */
        piece.bytes[7] = 0xc0;
        assert_int_equal(give(&decoder, &s, &piece, NS_PER_SECOND, id), NOTE_FRAGMENT);
    }
    struct fragment_counts counts = fragments_counts(decoder.fragments);
    assert_int_equal(counts.fragments, 2000);
    assert_true(counts.evicted >= 2000 - LIMIT_FRAGMENT_PACKETS);
    assert_true(counts.evicted >= 2000 - LIMIT_FRAGMENT_BYTES / 65536);
    decoder_done(&decoder);
}

static void malformed_pieces_are_counted(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct segment s;
    struct craft odd = crafted_piece(false, 0, 44, 1); /* no multiple of 8, but more follow */
    assert_int_equal(give(&decoder, &s, &odd, NS_PER_SECOND, 1), NOTE_FRAGMENT);
    odd = crafted_piece(false, 0, 80, 1);
    odd.bytes[6] = 0x1f;
    odd.bytes[7] = 0xff; /* ends beyond 65535 */
    assert_int_equal(give(&decoder, &s, &odd, NS_PER_SECOND, 1), NOTE_FRAGMENT);
    assert_int_equal(fragments_counts(decoder.fragments).malformed, 2);
    fragments_free(NULL);
    decoder_done(&decoder);
}

/* IP in IP, of which the outer packet came in pieces, one of which is itself in a tunnel. */
static void a_tunnel_in_pieces(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct segment s;
    struct craft tcp = crafted_tcp(), inner = {.n = 0};
    craft_ipv4(&inner, 6, TCP_SIZE);
    craft_bytes(&inner, tcp.bytes, tcp.n);
    for (unsigned i = 0; i < 2; i++) {
        struct craft piece = {.n = 0};
        size_t at = i * 72, n = i ? inner.n - 72 : 72;
        craft_ipv4(&piece, 4, n);
        piece.bytes[6] = i ? 0 : 0x20;
        piece.bytes[7] = i ? 72 / 8 : 0;
        craft_bytes(&piece, inner.bytes + at, n);
        assert_int_equal(give(&decoder, &s, &piece, NS_PER_SECOND, i),
                         i ? NOTE_NONE : NOTE_FRAGMENT);
    }
    assert_int_equal(s.length, PAYLOAD);
    assert_int_equal(s.payload.p[PAYLOAD - 1], PAYLOAD - 1);
    assert_non_null(s.outer);
    assert_int_equal(s.outer->tunnels[0].kind, TUNNEL_IPIP);
    decoder_done(&decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_in_any_order),
        cmocka_unit_test(a_copy_knows_the_same),
        cmocka_unit_test(pieces_of_different_packets_do_not_mix),
        cmocka_unit_test(overlaps_are_refused),
        cmocka_unit_test(contradicting_ends_are_refused),
        cmocka_unit_test(an_old_piece_is_not_joined_with_a_new_one),
        cmocka_unit_test(a_flood_is_bounded),
        cmocka_unit_test(malformed_pieces_are_counted),
        cmocka_unit_test(a_tunnel_in_pieces),
    };
    return cmocka_run_group_tests_name("fragments", tests, NULL, NULL);
}
