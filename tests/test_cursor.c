/* test_cursor.c: every reader at every length, in exactly-sized heap copies. */
#include "../dissect/cursor.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t bytes[] = {0x00, 0x00, 0x03, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5};

/* A copy of the first n bytes with nothing behind it, so that an over-read is seen. */
static struct cursor exactly(uint8_t **copy, size_t n)
{
    *copy = malloc(n ? n : 1);
    assert_non_null(*copy);
    memcpy(*copy, bytes, n);
    return cursor_of(span_of(*copy, n));
}

static void numbers_are_in_network_order(void **state)
{
    (void)state;
    struct cursor c = cursor_of(span_of(bytes + 3, 5));
    struct cursor again = c;
    uint8_t a;
    uint16_t b;
    uint32_t d;
    assert_true(cursor_u8(&c, &a));
    assert_int_equal(a, 0xa1);
    assert_true(cursor_u16(&c, &b));
    assert_int_equal(b, 0xb2c3);
    assert_false(cursor_done(&c));
    c = again;
    assert_true(cursor_u24(&c, &d));
    assert_int_equal(d, 0xa1b2c3);
    assert_true(cursor_u16(&c, &b));
    assert_int_equal(b, 0xd4e5);
    assert_true(cursor_done(&c));
    c = again;
    assert_true(cursor_u32(&c, &d));
    assert_true(d == 0xa1b2c3d4);
}

/* One reader, for the walk over lengths below. */
enum reader { U8, U16, U24, U32, BYTES, SKIP, SUB, VEC8, VEC16, VEC24, READERS };

static bool read_one(enum reader reader, struct cursor *c)
{
    uint8_t a;
    uint16_t b;
    uint32_t d;
    struct span span;
    struct cursor sub;
    switch (reader) {
    case U8:
        return cursor_u8(c, &a);
    case U16:
        return cursor_u16(c, &b);
    case U24:
        return cursor_u24(c, &d);
    case U32:
        return cursor_u32(c, &d);
    case BYTES:
        return cursor_bytes(c, &span, 5) && span.n == 5;
    case SKIP:
        return cursor_skip(c, 5);
    case SUB:
        return cursor_sub(c, &sub, 5) && sub.left == 5;
    case VEC8:
        return cursor_vec8(c, &sub) && sub.left == 0;
    case VEC16:
        return cursor_vec16(c, &sub) && sub.left == 0;
    default:
        return cursor_vec24(c, &sub) && sub.left == 3 && sub.p[0] == 0xa1;
    }
}

static void a_failed_read_moves_nothing(void **state)
{
    (void)state;
    static const size_t needs[READERS] = {1, 2, 3, 4, 5, 5, 5, 1, 2, 6};
    for (int reader = 0; reader < READERS; reader++) {
        for (size_t n = 0; n <= sizeof bytes; n++) {
            uint8_t *copy;
            struct cursor c = exactly(&copy, n);
            bool fits = read_one((enum reader)reader, &c);
            assert_int_equal(fits, n >= needs[reader]);
            assert_ptr_equal(c.p, copy + (fits ? needs[reader] : 0));
            assert_int_equal(c.left, n - (fits ? needs[reader] : 0));
            free(copy);
        }
    }
}

static void an_empty_span_may_be_null(void **state)
{
    (void)state;
    struct cursor c = cursor_of(span_of(NULL, 0)), sub = {bytes, 1};
    struct span span = {bytes, 1};
    assert_true(cursor_done(&c));
    assert_true(cursor_skip(&c, 0));
    assert_true(cursor_bytes(&c, &span, 0));
    assert_int_equal(span.n, 0);
    assert_int_equal(cursor_rest(&c).n, 0);
    span = span_of(bytes, 1);
    assert_false(cursor_bytes(&c, &span, 1));
    assert_ptr_equal(span.p, bytes);
    assert_false(cursor_vec8(&c, &sub));
    assert_ptr_equal(sub.p, bytes);
    assert_false(cursor_skip(&c, SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_in_network_order),
        cmocka_unit_test(a_failed_read_moves_nothing),
        cmocka_unit_test(an_empty_span_may_be_null),
    };
    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
