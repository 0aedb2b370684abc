/* test_aside.c: what was put aside comes out as it was, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../dissect/aside.h"

enum { COUNT = 300 };

static void put(struct aside *aside, uint64_t frame)
{
    uint8_t bytes[COUNT];
    memset(bytes, (int)frame, sizeof bytes);
    const struct packet packet = {.time = (nanotime)frame * 3,
                                  .bytes = bytes,
                                  .caplen = (uint32_t)frame % COUNT,
                                  .len = (uint32_t)frame + 5,
                                  .link = LINK_ETHERNET,
                                  .frame = frame};
    aside_put(aside, &packet, (nanotime)frame * 7);
}

/* The bytes move as there are more of them, and may be none. */
static void as_they_were(void **state)
{
    (void)state;
    struct aside aside = {0};
    struct packet packet;
    nanotime now;
    assert_false(aside_get(&aside, 0, &packet, &now));
    for (unsigned again = 0; again < 2; again++) {
        for (uint64_t frame = 1; frame <= COUNT; frame++)
            put(&aside, frame);
        for (uint64_t frame = 1; frame <= COUNT; frame++) {
            assert_true(aside_get(&aside, frame - 1, &packet, &now));
            assert_int_equal(packet.frame, frame);
            assert_int_equal(packet.time, frame * 3);
            assert_int_equal(now, frame * 7);
            assert_int_equal(packet.caplen, frame % COUNT);
            assert_int_equal(packet.len, frame + 5);
            for (uint32_t i = 0; i < packet.caplen; i++)
                assert_int_equal(packet.bytes[i], (uint8_t)frame);
        }
        assert_false(aside_get(&aside, COUNT, &packet, &now));
        aside_clear(&aside);
        assert_false(aside_get(&aside, 0, &packet, &now));
    }
    aside_done(&aside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_they_were)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
