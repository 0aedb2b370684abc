/* test_address.c: addresses as text, beside the C library's. */
#include "../report/address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static void check(const struct endpoint *end)
{
    char expected[INET6_ADDRSTRLEN];
    struct address_room room;
    assert_non_null(inet_ntop(end->ipv6 ? AF_INET6 : AF_INET, end->ip, expected, sizeof expected));
    assert_string_equal(address_host(&room, end), expected);
}

static void ipv4(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        struct endpoint end = {.ip = {(uint8_t)byte, 0, (uint8_t)(255 - byte), 10}};
        check(&end);
    }
}

/* Every pattern of zero groups, with groups of every length. */
static void ipv6(void **state)
{
    (void)state;
    static const uint16_t groups[] = {0x1, 0x20, 0x300, 0xffff, 0xabc, 0x10, 0xffff, 0xd};
    for (unsigned zeros = 0; zeros < 256; zeros++) {
        for (unsigned turn = 0; turn < 8; turn++) {
            struct endpoint end = {.ipv6 = true};
            for (unsigned i = 0; i < 8; i++) {
                uint16_t group = zeros >> i & 1 ? 0 : groups[(i + turn) % 8];
                end.ip[2 * i] = (uint8_t)(group >> 8);
                end.ip[2 * i + 1] = (uint8_t)group;
            }
            check(&end);
        }
    }
}

static void with_ports(void **state)
{
    (void)state;
    struct address_room room;
    struct endpoint end = {.ip = {192, 0, 2, 1}, .port = 5223};
    assert_string_equal(address_text(&room, &end), "192.0.2.1:5223");
    end = (struct endpoint){.ip = {0x20, 1, 0xd, 0xb8, [15] = 1}, .ipv6 = true, .port = 65535};
    assert_string_equal(address_text(&room, &end), "[2001:db8::1]:65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4),
        cmocka_unit_test(ipv6),
        cmocka_unit_test(with_ports),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
