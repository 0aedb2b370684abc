/* test_weak_suites.c: what is said of a suite is what its name says, the first time and later. */
#include "../report/judge/weak_suites.h"

#include <setjmp.h>

#include <cmocka.h>

static void each_by_its_name(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        const char *word; /* of what is wrong; NULL: nothing */
        enum severity severity;
    } cases[] = {
        {0x0000, "encrypts nothing", SEVERITY_WARNING}, /* TLS_NULL_WITH_NULL_NULL */
        {0x0003, "short by intent", SEVERITY_WARNING},  /* TLS_RSA_EXPORT_WITH_RC4_40_MD5 */
        {0x0005, "RC4", SEVERITY_NOTICE},               /* TLS_RSA_WITH_RC4_128_SHA */
        {0x0009, "56 bits", SEVERITY_WARNING},          /* TLS_RSA_WITH_DES_CBC_SHA */
        {0x000a, "64 bits", SEVERITY_NOTICE},           /* TLS_RSA_WITH_3DES_EDE_CBC_SHA */
        {0x0034, "authenticates", SEVERITY_WARNING},    /* TLS_DH_anon_WITH_AES_128_CBC_SHA */
        {0x0007, "64 bits", SEVERITY_NOTICE},           /* TLS_RSA_WITH_IDEA_CBC_SHA */
        {0xc0b4, "RFC 9150", SEVERITY_WARNING},         /* TLS_SHA256_SHA256 */
        {0x002f, NULL, SEVERITY_INFO},                  /* TLS_RSA_WITH_AES_128_CBC_SHA */
        {0x1301, NULL, SEVERITY_INFO},                  /* TLS_AES_128_GCM_SHA256 */
        {0xc030, NULL, SEVERITY_INFO},                  /* TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 */
        {0xffff, NULL, SEVERITY_INFO},                  /* none that is registered */
    };
    struct weak_suites *suites = weak_suites_new();
    for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
        size_t at = i % COUNT_OF(cases);
        const struct weakness *found = weak_suites_find(suites, cases[at].code);
        if (cases[at].word) {
            assert_non_null(found);
            assert_non_null(strstr(found->words, cases[at].word));
            assert_int_equal(found->severity, cases[at].severity);
        } else {
            assert_null(found);
        }
    }
    weak_suites_free(suites);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_by_its_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
