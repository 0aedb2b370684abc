/* test_appid_label.c: what a label says of its own texts, whatever nDPI's are: here it is asked for
 * them in the library's place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <ndpi_api.h>

#include "../dissect/appid_ndpi.h"

static const char *protocol_text, *category_text, *risk_text;

#if NDPI_MAJOR > 4 || NDPI_MINOR >= 12
#define PROTOCOL ndpi_master_app_protocol
#else
#define PROTOCOL ndpi_protocol
#endif

char *ndpi_protocol2name(struct ndpi_detection_module_struct *ndpi, PROTOCOL protocol, char *out,
                         u_int size)
{
    (void)ndpi, (void)protocol;
    snprintf(out, size, "%s", protocol_text);
    return out;
}

const char *ndpi_category_get_name(struct ndpi_detection_module_struct *ndpi,
                                   ndpi_protocol_category_t category)
{
    (void)ndpi, (void)category;
    return category_text;
}

/* The third is the one. */
const char *ndpi_risk2str(ndpi_risk_enum risk)
{
    return risk == 3 ? risk_text : "Risk";
}

static bool is_plain(struct appid_module *module, const char *protocol, const char *category,
                     const char *risk)
{
    protocol_text = protocol;
    category_text = category;
    risk_text = risk;
    const struct app_label label =
        appid_module_label(module, &(struct appid_opinion){.risks = 1 << 2 | 1 << 3 | 1 << 4});
    assert_string_equal(label.protocol, protocol);
    assert_ptr_equal(label.category, category);
    assert_int_equal(label.risk_count, 3);
    assert_ptr_equal(label.risks[1], risk);
    return label.plain;
}

static void plain_texts(void **state)
{
    (void)state;
    static const char *const others[] = {"a\"b", "a\\b",  "\n",       "a\x1f",
                                         "\x7f", "a\x80", "\xc3\xa9", "a\xff"};
    static const char most[] = "12345678901234567890123456789012345678901234567890123456";
    static const char longer[] = "123456789012345678901234567890123456789012345678901234567";
    unsigned last = 0;
    struct appid_ndpi *ndpi = appid_ndpi_new(1);
    struct appid_module *module = appid_ndpi_take(ndpi, &last);
    assert_non_null(module);
    assert_int_equal(strlen(most), APP_TEXT_MOST);
    assert_true(is_plain(module, "TLS.ApplePush", "Cloud", "Weak TLS Cipher"));
    assert_true(is_plain(module, " !#[]~", most, most));
    assert_false(is_plain(module, "TLS", longer, "Risk"));
    assert_false(is_plain(module, "TLS", "Web", longer));
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_false(is_plain(module, others[i], "Web", "Risk"));
        assert_false(is_plain(module, "TLS", others[i], "Risk"));
        assert_false(is_plain(module, "TLS", "Web", others[i]));
    }
    appid_ndpi_give_back(module);
    appid_ndpi_free(ndpi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_texts),
    };
    return cmocka_run_group_tests_name("appid_label", tests, NULL, NULL);
}
