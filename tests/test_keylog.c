/* test_keylog.c: lines as programs write them, and as they do not. */
#include "../dissect/keylog.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/limits.h"

#define RANDOM_1 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define RANDOM_2 "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX_32   "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define HEX_48   HEX_32 "2122232425262728292a2b2c2d2e2f30"

static const uint8_t random_1[TLS_RANDOM_BYTES] = {
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static struct keylog_counts add(struct keylog *keylog, const char *text)
{
    struct keylog_counts counts = {0};
    keylog_add(keylog, &counts, span_of(text, strlen(text)));
    return counts;
}

static void every_label_is_found(void **state)
{
    static const char *const labels[KEYLOG_LABELS] = {
        "CLIENT_RANDOM",
        "CLIENT_EARLY_TRAFFIC_SECRET",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    };
    (void)state;
    for (unsigned i = 0; i < KEYLOG_LABELS; i++) {
        struct keylog *keylog = keylog_new();
        struct buf text = {0};
        buf_printf(&text, "%s " RANDOM_1 " " HEX_48 "\n", labels[i]);
        assert_int_equal(add(keylog, buf_text(&text)).secrets, 1);
        for (unsigned other = 0; other < KEYLOG_LABELS; other++) {
            const struct tls_secret *secret = keylog_find(keylog, other, random_1);
            assert_int_equal(secret != NULL, other == i);
            if (secret) {
                assert_int_equal(secret->length, 48);
                assert_int_equal(secret->bytes[0], 1);
                assert_int_equal(secret->bytes[47], 0x30);
            }
        }
        buf_done(&text);
        keylog_free(keylog);
    }
}

/* Upper-case digits, CR and LF, comments, blanks, no end at the last line. */
static void forms_are_read(void **state)
{
    static const char text[] =
        "# a comment\r\n"
        "\r\n"
        "  \t\n"
        "CLIENT_TRAFFIC_SECRET_0 00112233445566778899AABBCCDDEEFF00112233445566778899AabbCcddEeff "
        "0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20\r\n"
        "SERVER_TRAFFIC_SECRET_0\t" RANDOM_1 "  " HEX_32 " ";
    struct keylog *keylog = keylog_new();
    (void)state;
    struct keylog_counts counts = add(keylog, text);
    assert_int_equal(counts.lines, 5);
    assert_int_equal(counts.secrets, 2);
    assert_int_equal(counts.malformed + counts.ignored, 0);
    assert_int_equal(keylog_find(keylog, KEYLOG_CLIENT_TRAFFIC, random_1)->length, 32);
    assert_int_equal(keylog_find(keylog, KEYLOG_SERVER_TRAFFIC, random_1)->bytes[31], 0x20);
    keylog_free(keylog);
}

static void other_labels_are_ignored(void **state)
{
    struct keylog *keylog = keylog_new();
    (void)state;
    struct keylog_counts counts = add(keylog, "EXPORTER_SECRET " RANDOM_1 " " HEX_32 "\n"
                                              "RSA 0011223344556677 " HEX_48 "\n"
                                              "ECH_SECRET x y\n"
                                              "CLIENT_TRAFFIC_SECRET_1 " RANDOM_1 " " HEX_32 "\n");
    assert_int_equal(counts.ignored, 4);
    assert_int_equal(counts.secrets + counts.malformed, 0);
    assert_false(keylog_knows(keylog, random_1));
    assert_false(keylog_is_of_use(keylog));
    keylog_free(keylog);
}

static void malformed_lines_are_counted(void **state)
{
    static const char *const wrong[] = {
        "CLIENT_RANDOM",
        "CLIENT_RANDOM " RANDOM_1,
        "CLIENT_RANDOM " RANDOM_1 " " HEX_32,      /* too short for a master's */
        "CLIENT_RANDOM " RANDOM_1 " " HEX_48 "00", /* too long */
        "CLIENT_RANDOM " RANDOM_1 " " HEX_48 " more",
        "CLIENT_RANDOM 00" RANDOM_1 " " HEX_48,              /* too long */
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_1 " " HEX_32 "00", /* no hash is as long */
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_1 " " HEX_32 "0",  /* half a byte */
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_1 " x" HEX_32,
        "SERVER_HANDSHAKE_TRAFFIC_SECRET g0112233445566778899aabbccddeeff00112233445566778899aabbcc"
        "ddeeff " HEX_32,
        "no key log at all",
        "\x01\x02\x03",
        "EXPORTER_SECRET",
        " CLIENT_RANDOM",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct keylog *keylog = keylog_new();
        struct buf text = {0};
        buf_printf(&text, "\nCLIENT_TRAFFIC_SECRET_0 " RANDOM_2 " " HEX_32 "\n%s\n", wrong[i]);
        struct keylog_counts counts = add(keylog, buf_text(&text));
        assert_int_equal(counts.malformed, 1);
        assert_int_equal(counts.first_malformed, 3);
        assert_int_equal(counts.secrets, 1); /* the rest is used */
        assert_false(keylog_knows(keylog, random_1));
        buf_done(&text);
        keylog_free(keylog);
    }
}

/* Lines are counted on from text to text, as a file that grows is read. */
static void lines_go_on(void **state)
{
    struct keylog *keylog = keylog_new();
    struct keylog_counts counts = {0};
    static const char first[] = "# one\n# two\n", second[] = "# three\nwrong\n";
    (void)state;
    keylog_add(keylog, &counts, span_of(first, sizeof first - 1));
    keylog_add(keylog, &counts, span_of(second, sizeof second - 1));
    assert_int_equal(counts.lines, 4);
    assert_int_equal(counts.first_malformed, 4);
    keylog_free(keylog);
}

static void no_more_than_there_is_memory_for(void **state)
{
    struct keylog *keylog = keylog_new();
    (void)state;
    keylog_use_memory(keylog, 300); /* for one, not for three */
    struct keylog_counts counts = add(keylog, "CLIENT_TRAFFIC_SECRET_0 " RANDOM_1 " " HEX_32
                                              "\nSERVER_TRAFFIC_SECRET_0 " RANDOM_1 " " HEX_32
                                              "\nCLIENT_TRAFFIC_SECRET_0 " RANDOM_2 " " HEX_32);
    assert_in_range(counts.secrets, 1, 2);
    assert_int_equal(counts.secrets + counts.dropped, 3);
    assert_true(keylog_knows(keylog, random_1));
    keylog_free(keylog);
}

static void the_last_of_a_kind_counts(void **state)
{
    struct keylog *keylog = keylog_new();
    (void)state;
    add(keylog, "CLIENT_TRAFFIC_SECRET_0 " RANDOM_1 " " HEX_48);
    assert_int_equal(add(keylog, "CLIENT_TRAFFIC_SECRET_0 " RANDOM_1 " " HEX_32).secrets, 0);
    assert_int_equal(keylog_find(keylog, KEYLOG_CLIENT_TRAFFIC, random_1)->length, 32);
    keylog_free(keylog);
}

static void there_is_an_end_to_it(void **state)
{
    struct keylog *keylog = keylog_new();
    struct keylog_counts counts = {0};
    struct buf text = {0};
    enum { BEYOND = 3 };
    (void)state;
    for (unsigned i = 0; i < LIMIT_KEYLOG_SECRETS + BEYOND; i++) {
        text.n = 0;
        buf_printf(&text, "CLIENT_TRAFFIC_SECRET_0 %064x " HEX_32, i);
        keylog_add(keylog, &counts, span_of(text.p, text.n));
    }
    assert_int_equal(counts.secrets, LIMIT_KEYLOG_SECRETS);
    assert_int_equal(counts.dropped, BEYOND);
    buf_done(&text);
    keylog_free(keylog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_label_is_found),
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(other_labels_are_ignored),
        cmocka_unit_test(malformed_lines_are_counted),
        cmocka_unit_test(lines_go_on),
        cmocka_unit_test(no_more_than_there_is_memory_for),
        cmocka_unit_test(the_last_of_a_kind_counts),
        cmocka_unit_test(there_is_an_end_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
