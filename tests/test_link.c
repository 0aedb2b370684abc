/* test_link.c: every link type, and what may stand between it and IP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../capture/linktype.h"
#include "../dissect/decode.h"
#include "craft.h"

#define ADDRESSES "\2\0\0\0\0\2\2\0\0\0\0\1"
#define SNAP      "\xaa\xaa\3\0\0\0\x08\0"

/* A header that an IPv4 packet follows. */
struct link_case {
    uint16_t number;
    size_t n;
    const char *header;
};
#define CASE(number, header)                                                                       \
    {                                                                                              \
        number, sizeof(header) - 1, header                                                         \
    }

static const struct link_case cases[] = {
    CASE(0, "\2\0\0\0"),
    CASE(0, "\0\0\0\2"),
    CASE(1, ADDRESSES "\x08\0"),
    CASE(1, ADDRESSES "\x81\0\x20\x05\x08\0"),
    CASE(1, ADDRESSES "\0\x26" SNAP),                                     /* IEEE 802.3 */
    CASE(1, ADDRESSES "\0\x26\6\6\3"),                                    /* IP by its SAP */
    CASE(1, ADDRESSES "\x89\x03\x10\1" ADDRESSES "\x08\0"),               /* FabricPath */
    CASE(1, ADDRESSES "\x89\x26\0\0\0\0\x81\0\0\5\x08\0"),                /* VN-Tag */
    CASE(1, ADDRESSES "\x88\xe7\0\0\0\7" ADDRESSES "\x08\0"),             /* PBB */
    CASE(1, ADDRESSES "\x89\x09\1\1\0\1\0\7\x08\0"),                      /* Cisco metadata */
    CASE(1, ADDRESSES "\x88\x47\0\1\x20\x40\0\1\x31\x40"),                /* MPLS, two labels */
    CASE(1, ADDRESSES "\x88\x47\0\1\x31\x40\0\0\0\0" ADDRESSES "\x08\0"), /* pseudowire */
    CASE(1, ADDRESSES "\x88\x47\0\1\x31\x40" ADDRESSES "\x08\0"),         /* without control word */
    CASE(1, ADDRESSES "\x88\x64\x11\0\0\1\0\x40\0\x21"),                  /* PPPoE */
    CASE(6, "\x10\x40" ADDRESSES SNAP),
    CASE(6, "\x10\x40\2\0\0\0\0\2\x82\0\0\0\0\1\4\0\0\0" SNAP), /* with a route */
    CASE(7, "\1\2\xd4\0\0\1"),
    CASE(7, "\1\2\xf0"),
    CASE(8, "\1\x45\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    CASE(9, "\xff\3\0\x21"),
    CASE(9, "\0\x21"),
    CASE(9, "\x21"),
    CASE(9, "\xff\3\2\x81\0\1\x31\x40"), /* MPLS */
    CASE(10, "\x50" ADDRESSES SNAP),
    CASE(11, SNAP),
    CASE(11, "\xfe\xfe\3\xcc"),
    CASE(11, "\xaa\xaa\3\0\x80\xc2\0\7\0\0" ADDRESSES "\x08\0"), /* bridged */
    CASE(50, "\xff\3\0\x21"),
    CASE(50, "\x0f\0\x08\0"),
    CASE(51, "\x11\0\0\1\0\x40\0\x21"),
    CASE(101, ""),
    CASE(104, "\x0f\0\x08\0"),
    CASE(104, "\x0f\0\x88\x47\0\1\x31\x40"),
    CASE(105, "\x08\1\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0" SNAP),
    CASE(105, "\x88\3\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0\2\0\0\0\0\4\0\0" SNAP), /* QoS, WDS */
    CASE(105, "\x88\x81\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0\0\0\0\0\0\0" SNAP),   /* HT control */
    CASE(105, "\x08\x41\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0" SNAP), /* marked, but in clear */
    CASE(106, SNAP),
    CASE(107, "\x18\x41\3\xcc"),
    CASE(107, "\x18\x41\x08\0"),
    CASE(107, "\x18\x41\3\0\x80\0\0\0\x08\0"),
    CASE(108, "\0\0\0\2"),
    CASE(109, "\2\0\0\0\0\0\0\1\0\0\0\0"),
    CASE(113, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0"),
    CASE(113, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x81\0\0\5\x08\0"),
    CASE(113, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0\0\4" SNAP),
    CASE(117, "\5\2\0\0xxxx"),
    CASE(119, "\x44\0\0\0\x10\0\0\0eth0...."
              "\x08\1\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0" SNAP),
    CASE(119, "\x80\x21\x10\1\0\0\0\x0c...."
              "\x08\1\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0" SNAP),
    CASE(122, "\0\0\2\0\0\0\0\2\0\0\2\0\0\0\0\1" SNAP),
    CASE(123, "\2\0\0\x64" SNAP),
    CASE(127, "\0\0\x0a\0\2\0\0\0\0\0\x08\1\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0" SNAP),
    /* a time, a second word of what is present, and padding behind the frame's header */
    CASE(127, "\0\0\x1a\0\3\0\0\x80\0\0\0\0....12345678\x20."
              "\x88\1\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0\0\0.." SNAP),
    CASE(129, "\1\2\0\0\xd4\0\0\1"),
    CASE(138, "\0\0\2\0\0\0\0\2\0\0\2\0\0\0\0\1\x08\0"),
    CASE(163, "\x80\x21\x10\1\0\0\0\x0c....\x08\1\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0" SNAP),
    CASE(166, "\1\3\0\x21"),
    CASE(178, "MGC\1" ADDRESSES "\x08\0"),
    CASE(178, "MGC\x81\0\4...." ADDRESSES "\x08\0"),
    CASE(178, "MGC\3\0\0\0\2"),
    CASE(179, "MGC\1\xff\3\0\x21"),
    CASE(180, "MGC\1\x18\x41\3\xcc"),
    CASE(181, "MGC\1\x0f\0\x08\0"),
    CASE(192, "\0\0\x0c\0\x69\0\0\0....\x08\1\0\0" ADDRESSES "\2\0\0\0\0\3\x10\0" SNAP),
    CASE(192, "\0\0\x08\0\1\0\0\0" ADDRESSES "\x08\0"),
    CASE(204, "\1\xff\3\0\x21"),
    CASE(219, "\0\1\x31\x40"),
    CASE(226, "\1\2\0\0\0\0\0\x40\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0"),
    CASE(228, ""),
    CASE(239, "\2\0\0\0\6\0\1\0.\0\0\0\x35\0\x09\0"),
    CASE(239, "\2\0\0\0\0\6\0\1.\0\0\0\0\x35\0\x09"), /* a big-endian host */
    CASE(242, "1234567890123456789012345678901234567890\x08\0\0\0"),
    CASE(276, "\x08\0\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\1\0\0"),
    CASE(281, ADDRESSES "....\x08\0"),
    CASE(282, "...." ADDRESSES "\x08\0"),
    CASE(283, ADDRESSES "....\x08\0"),
    CASE(284, ADDRESSES "\xda\xda\0\0....\x08\0"),
};

enum { PAYLOAD = 5, PACKET = 20 + 20 + PAYLOAD };

static void append_packet(struct craft *craft)
{
    craft_ipv4(craft, 6, PACKET - 20);
    craft_tcp(craft, 50000, 5223, 1000, 2000, FLAG_ACK, 512, span_of(NULL, 0),
              span_of("hello", PAYLOAD));
}

static struct craft crafted(const struct link_case *link)
{
    struct craft craft = {.n = 0};
    craft_bytes(&craft, link->header, link->n);
    append_packet(&craft);
    return craft;
}

static void drop(struct packet *packet)
{
    free((void *)(uintptr_t)packet->bytes);
}

static void each_link_type_leads_to_tcp(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    bool met[LINK_TYPES] = {[LINK_UNSUPPORTED] = true, [LINK_IPV6] = true, [LINK_PKTAP] = true};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct craft craft = crafted(&cases[i]);
        enum link_type link = linktype_of(cases[i].number);
        struct packet packet = craft_packet(&craft, link);
        struct segment s;
        enum note note = decode_packet(&s, &decoder, &packet);
        if (note != NOTE_NONE)
            fail_msg("case %zu, link type %u: %s", i, cases[i].number, note_name(note));
        assert_int_equal(s.to.port, 5223);
        assert_int_equal(s.length, PAYLOAD);
        assert_memory_equal(s.payload.p, "hello", PAYLOAD);
        assert_null(s.outer);
        met[link] = true;
        drop(&packet);
    }
    for (unsigned i = 0; i < LINK_TYPES; i++)
        assert_true(met[i]);
}

/* Whatever is cut off is not read, nor missed. */
static void no_header_is_read_beyond_its_end(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct craft whole = crafted(&cases[i]);
        for (size_t n = 0; n < whole.n; n++) {
            struct craft cut = whole;
            cut.n = n;
            struct packet packet = craft_packet(&cut, linktype_of(cases[i].number));
            struct segment s;
            packet.len = (uint32_t)whole.n;
            enum note note = decode_packet(&s, &decoder, &packet);
            if (note == NOTE_NONE)
                assert_true(s.length == PAYLOAD && s.payload.n < PAYLOAD);
            else if (note != NOTE_CUT && note != NOTE_NOT_IP) /* a shorter form of the header */
                fail_msg("case %zu cut at %zu: %s", i, n, note_name(note));
            drop(&packet);
        }
    }
}

static enum note note_of(uint16_t number, const char *header, size_t n)
{
    struct decoder decoder = {0};
    struct craft craft = crafted(&(struct link_case){number, n, header});
    struct packet packet = craft_packet(&craft, linktype_of(number));
    struct segment s;
    enum note note = decode_packet(&s, &decoder, &packet);
    drop(&packet);
    return note;
}
#define NOTE_OF(number, header) note_of(number, header, sizeof(header) - 1)

static void what_is_not_ip_is_named(void **state)
{
    (void)state;
    assert_int_equal(NOTE_OF(0, "\7\0\0\0"), NOTE_NOT_IP); /* AF_ISO of BSD */
    assert_int_equal(NOTE_OF(1, ADDRESSES "\x08\6"), NOTE_NOT_IP);
    assert_int_equal(NOTE_OF(1, ADDRESSES "\0\x26\x42\x42\3"), NOTE_NOT_IP);               /* STP */
    assert_int_equal(NOTE_OF(1, ADDRESSES "\0\x26\xaa\xaa\3\0\0\x0c\x20\0"), NOTE_NOT_IP); /* CDP */
    assert_int_equal(NOTE_OF(1, ADDRESSES "\x88\x64\x11\xa7\0\1\0\0\0\x21"), NOTE_NOT_IP);
    assert_int_equal(NOTE_OF(1, ADDRESSES "\x88\x47\0\1\x31\x40\x10\0"), NOTE_NOT_IP); /* ACH */
    assert_int_equal(NOTE_OF(6, "\x10\0" ADDRESSES SNAP), NOTE_NOT_IP);
    assert_int_equal(NOTE_OF(7, "\1\2\xd4\1\0\1"), NOTE_NOT_IP); /* the first of two pieces */
    assert_int_equal(NOTE_OF(9, "\xff\3\xc0\x21"), NOTE_NOT_IP); /* LCP */
    assert_int_equal(NOTE_OF(10, "\x41" ADDRESSES SNAP), NOTE_NOT_IP);
    assert_int_equal(NOTE_OF(107, "\x18\x40\0\0\0\0"), NOTE_MALFORMED);
    assert_int_equal(NOTE_OF(178, "XYZ\1" ADDRESSES "\x08\0"), NOTE_MALFORMED);
    assert_int_equal(NOTE_OF(192, "\0\0\x08\0\2\0\0\0"), NOTE_UNSUPPORTED_LINK);
    assert_int_equal(NOTE_OF(239, "\2\0\0\0\2\0\x09\0"), NOTE_MALFORMED);
    assert_int_equal(NOTE_OF(253, ""), NOTE_UNSUPPORTED_LINK);
}

static void frames_of_ieee_802_11_that_hold_no_packet(void **state)
{
    (void)state;
#define REST ADDRESSES "\2\0\0\0\0\3\x10\0"
    assert_int_equal(NOTE_OF(105, "\x80\0\0\0" REST SNAP), NOTE_NOT_IP); /* a beacon */
    assert_int_equal(NOTE_OF(105, "\x48\1\0\0" REST SNAP), NOTE_NOT_IP); /* no data */
    assert_int_equal(NOTE_OF(105, "\x08\5\0\0" REST SNAP), NOTE_FRAGMENT);
    assert_int_equal(NOTE_OF(105, "\x08\1\0\0" ADDRESSES "\2\0\0\0\0\3\x11\0" SNAP), NOTE_FRAGMENT);
    assert_int_equal(NOTE_OF(105, "\x08\x41\0\0" REST "\1\2\3\x20\0\0\0\0" SNAP), NOTE_ENCRYPTED);
#undef REST
}

/* No more headers than LIMIT_LAYERS are followed. */
static void endless_tags_are_malformed(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct craft craft = {.n = 0};
    craft_ethernet(&craft, 0x88e7);
    for (unsigned i = 0; i < 40; i++) {
        craft_u32(&craft, i);
        craft_ethernet(&craft, 0x88e7);
    }
    struct packet packet = craft_packet(&craft, LINK_ETHERNET);
    struct segment s;
    assert_int_equal(decode_packet(&s, &decoder, &packet), NOTE_MALFORMED);
    drop(&packet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_link_type_leads_to_tcp),
        cmocka_unit_test(no_header_is_read_beyond_its_end),
        cmocka_unit_test(what_is_not_ip_is_named),
        cmocka_unit_test(frames_of_ieee_802_11_that_hold_no_packet),
        cmocka_unit_test(endless_tags_are_malformed),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
