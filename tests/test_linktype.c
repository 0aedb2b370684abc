/* test_linktype.c: the numbers of files and of libpcap, and their names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/linktype.h"

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(linktype_of(0), LINK_NULL);
    assert_int_equal(linktype_of(1), LINK_ETHERNET);
    assert_int_equal(linktype_of(12), LINK_RAW);
    assert_int_equal(linktype_of(14), LINK_RAW);
    assert_int_equal(linktype_of(101), LINK_RAW);
    assert_int_equal(linktype_of(108), LINK_LOOP);
    assert_int_equal(linktype_of(113), LINK_LINUX_SLL);
    assert_int_equal(linktype_of(228), LINK_IPV4);
    assert_int_equal(linktype_of(229), LINK_IPV6);
    assert_int_equal(linktype_of(276), LINK_LINUX_SLL2);
    assert_int_equal(linktype_of(147), LINK_UNSUPPORTED);
    assert_int_equal(linktype_of(65535), LINK_UNSUPPORTED);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(linktype_name(1), "Ethernet");
    assert_string_equal(linktype_name(105), "IEEE 802.11");
    assert_string_equal(linktype_name(65535), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers), cmocka_unit_test(names)};
    return cmocka_run_group_tests_name("linktype", tests, NULL, NULL);
}
