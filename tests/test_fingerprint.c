/* test_fingerprint.c: the vectors that the authors of each fingerprint have published, where there
 * are any, from hellos built to give them. */
#include "../dissect/fingerprint.h"
#include "../report/digits.h"
#include "hello_bytes.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static void fingerprint_of(char ja3[33], char ja4[37], const struct buf *body)
{
    struct tls_hello hello;
    assert_true(tls_hello_client(&hello, span_of(body->p, body->n)));
    assert_true(hello.whole);
    fingerprint_client(ja3, ja4, &hello);
}

/* github.com/salesforce/ja3, README.md: 769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,
 * 23-24-25,0; here with GREASE values between, which do not count. */
static void ja3_of_the_readme(void **state)
{
    (void)state;
    static const uint16_t ciphers[] = {0x0a0a, 47,    53, 5,  10, 49161, 49162,
                                       49171,  49172, 50, 56, 19, 4};
    static const uint16_t groups[] = {0xdada, 23, 24, 25};
    struct buf body = {0}, extensions = {0}, formats = {0};
    char ja3[33], ja4[37];
    put_vector(&formats, 1, "\0", 1);
    put_extension(&extensions, 0x2a2a, NULL);
    put_server_name(&extensions, "a.example");
    put_extension_list16(&extensions, 10, 2, groups, COUNT_OF(groups));
    put_extension(&extensions, 11, &formats);
    put_client_hello(&body, 769, ciphers, COUNT_OF(ciphers), &extensions);
    fingerprint_of(ja3, ja4, &body);
    assert_string_equal(ja3, "ada70206e40642a3e4461f35503241d5");
    buf_done(&body);
    buf_done(&extensions);
    buf_done(&formats);
}

/* The same source: 769,4-5-10-9-100-98-3-6-19-18-99,,, */
static void ja3_without_extensions(void **state)
{
    (void)state;
    static const uint16_t ciphers[] = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99};
    struct buf body = {0};
    char ja3[33], ja4[37];
    put_client_hello(&body, 769, ciphers, COUNT_OF(ciphers), NULL);
    fingerprint_of(ja3, ja4, &body);
    assert_string_equal(ja3, "de350869b8c85de67a350c8d186f11e6");
    assert_memory_equal(ja4, "t10i110000_", 11);
    assert_string_equal(ja4 + 24, "000000000000");
    buf_done(&body);
}

/* The form is github.com/salesforce/ja3's; the hash is what md5sum says of
 * 769,47,65281-0-11-35-5-16.
 */
static void ja3s_is_the_hash_of_its_text(void **state)
{
    (void)state;
    static const uint16_t types[] = {65281, 0, 11, 35, 5};
    static const char *const protocol[] = {"h2"};
    struct buf body = {0}, extensions = {0};
    struct tls_hello hello;
    uint8_t random[32] = {1};
    char ja3s[33];
    for (size_t i = 0; i < COUNT_OF(types); i++)
        put_extension(&extensions, types[i], NULL);
    put_alpn(&extensions, protocol, 1);
    put_number(&body, 769, 2);
    buf_append(&body, random, sizeof random);
    put_number(&body, 0, 1);
    put_number(&body, 47, 2);
    put_number(&body, 0, 1);
    put_vector(&body, 2, extensions.p, extensions.n);
    assert_true(tls_hello_server(&hello, span_of(body.p, body.n)));
    fingerprint_server(ja3s, &hello);
    assert_string_equal(ja3s, "836ce314215654b5b1f85f97c73e506f");
    buf_done(&body);
    buf_done(&extensions);
}

/* The example that github.com/FoxIO-LLC/ja4, technical_details/JA4.md computes step by step. */
static void put_ja4_example(struct buf *body, const char *const *alpn, size_t alpn_count,
                            bool with_name)
{
    static const uint16_t ciphers[] = {0x5a5a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                                       0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
                                       0x009c, 0x009d, 0x002f, 0x0035};
    static const uint16_t algorithms[] = {0x0403, 0x0804, 0x0401, 0x0503,
                                          0x0805, 0x0501, 0x0806, 0x0601};
    static const uint16_t versions[] = {0xeaea, 0x0304, 0x0303};
    static const uint16_t groups[] = {29, 23, 24};
    static const uint16_t empty[] = {0x001b, 0x0033, 0x4469, 0x0017, 0x002d,
                                     0x0005, 0x0023, 0x0012, 0xff01, 0x0015};
    struct buf extensions = {0}, formats = {0};
    put_vector(&formats, 1, "\0", 1);
    put_extension(&extensions, 0x8a8a, NULL);
    for (size_t i = 0; i < COUNT_OF(empty); i++)
        put_extension(&extensions, empty[i], NULL);
    put_extension(&extensions, 11, &formats);
    put_extension_list16(&extensions, 13, 2, algorithms, COUNT_OF(algorithms));
    put_extension_list16(&extensions, 43, 1, versions, COUNT_OF(versions));
    put_extension_list16(&extensions, 10, 2, groups, COUNT_OF(groups));
    if (with_name)
        put_server_name(&extensions, "a.example");
    if (alpn_count)
        put_alpn(&extensions, alpn, alpn_count);
    put_client_hello(body, 0x0303, ciphers, COUNT_OF(ciphers), &extensions);
    buf_done(&extensions);
    buf_done(&formats);
}

static void ja4_of_the_specification(void **state)
{
    (void)state;
    static const char *const alpn[] = {"h2", "http/1.1"};
    struct buf body = {0};
    char ja3[33], ja4[37];
    put_ja4_example(&body, alpn, 2, true);
    fingerprint_of(ja3, ja4, &body);
    assert_string_equal(ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    buf_done(&body);
}

static void ja4_writes_alpn_and_name_as_it_should(void **state)
{
    (void)state;
    static const struct {
        const char *alpn;
        bool named;
        const char *prefix;
    } cases[] = {
        {NULL, true, "t13d151500_"},       {NULL, false, "t13i151400_"},
        {"http/1.1", true, "t13d1516h1_"}, {"x", true, "t13d1516xx_"},
        {"\xab", true, "t13d1516ab_"},     {"\xab\xcd", true, "t13d1516ad_"},
        {"0\xab", true, "t13d15163b_"},    {"apns-security-v3", false, "t13i1515a3_"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf body = {0};
        char ja3[33], ja4[37];
        put_ja4_example(&body, &cases[i].alpn, cases[i].alpn ? 1 : 0, cases[i].named);
        fingerprint_of(ja3, ja4, &body);
        assert_memory_equal(ja4, cases[i].prefix, 11);
        assert_string_equal(ja4 + 10, "_8daaf6152771_e5627efa2ab1");
        buf_done(&body);
    }
}

static void ja4_counts_stop_at_99(void **state)
{
    (void)state;
    uint16_t ciphers[300];
    struct buf body = {0}, extensions = {0};
    char ja3[33], ja4[37];
    for (size_t i = 0; i < COUNT_OF(ciphers); i++) {
        ciphers[i] = (uint16_t)(0x1000 + i);
        put_extension(&extensions, (uint16_t)(0x2000 + i), NULL);
    }
    put_client_hello(&body, 0x0302, ciphers, COUNT_OF(ciphers), &extensions);
    fingerprint_of(ja3, ja4, &body);
    assert_memory_equal(ja4, "t11i999900_", 11);
    buf_done(&body);
    buf_done(&extensions);
}

static void an_sslv2_hello_has_none(void **state)
{
    (void)state;
    const struct tls_hello hello = {.ssl2 = true};
    char ja3[33] = "x", ja4[37] = "x";
    fingerprint_client(ja3, ja4, &hello);
    assert_string_equal(ja3, "");
    assert_string_equal(ja4, "");
}

/* github.com/corelight/community-id-spec, README.md and baseline. */
static const char *community_id(char text[32], const struct endpoint *a, const struct endpoint *b)
{
    uint8_t bytes[COMMUNITY_ID_BYTES];
    fingerprint_community_id(bytes, a, b);
    memcpy(text, "1:", 2);
    *digits_base64(text + 2, span_of(bytes, sizeof bytes)) = '\0';
    return text;
}

static void community_ids_of_the_specification(void **state)
{
    (void)state;
    const struct endpoint a = {.ip = {128, 232, 110, 120}, .port = 34855},
                          b = {.ip = {66, 35, 250, 204}, .port = 80};
    const struct endpoint c = {.ip = {0x20, 0x01, 0x04, 0x70, 0xe5, 0xbf, 0xde, 0xad, 0x49, 0x57,
                                      0x21, 0x74, 0xe8, 0x2c, 0x48, 0x87},
                               .ipv6 = true,
                               .port = 63943},
                          d = {.ip = {0x26, 0x07, 0xf8, 0xb0, 0x40, 0x0c, 0x0c, 0x03, 0, 0, 0, 0, 0,
                                      0, 0, 0x1a},
                               .ipv6 = true,
                               .port = 25};
    char id[32];
    assert_string_equal(community_id(id, &a, &b), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    assert_string_equal(community_id(id, &b, &a), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    assert_string_equal(community_id(id, &c, &d), "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=");
    assert_string_equal(community_id(id, &d, &c), "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ja3_of_the_readme),
        cmocka_unit_test(ja3_without_extensions),
        cmocka_unit_test(ja3s_is_the_hash_of_its_text),
        cmocka_unit_test(ja4_of_the_specification),
        cmocka_unit_test(ja4_writes_alpn_and_name_as_it_should),
        cmocka_unit_test(ja4_counts_stop_at_99),
        cmocka_unit_test(an_sslv2_hello_has_none),
        cmocka_unit_test(community_ids_of_the_specification),
    };
    return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
