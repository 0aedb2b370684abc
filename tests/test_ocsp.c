/* test_ocsp.c: responses of every status, for this certificate and for others, cut at each byte. */
#include "../dissect/ocsp.h"
#include "ocsp_bytes.h"

#include <setjmp.h>

#include <cmocka.h>

enum { FROM = 1400000000 };

static const struct span none = {NULL, 0};
static const uint8_t first[] = {0x00, 0x81, 1}, second[] = {2}; /* the content of INTEGERs */

static void expect_status(int said, enum staple_status expected)
{
    struct buf bytes = {0};
    struct ocsp_staple staple;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    ocsp_say(basic, span_of(first, sizeof first), said, FROM, none);
    ocsp_put(&bytes, OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    ocsp_read(&staple, span_of(bytes.p, bytes.n), span_of(first, sizeof first));
    assert_int_equal(staple.status, expected);
    assert_false(staple.other_certificate);
    assert_true(staple.this_update == FROM * NS_PER_SECOND);
    assert_true(staple.next_update == (FROM + 86400) * NS_PER_SECOND);
    bool revoked = expected == STAPLE_REVOKED;
    assert_true(staple.revoked_at == (revoked ? FROM * NS_PER_SECOND : 0));
    assert_int_equal(staple.sct_count, 0);
    for (size_t n = 0; n < bytes.n; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, bytes.p, n);
        ocsp_read(&staple, span_of(copy, n), none);
        assert_int_equal(staple.status, STAPLE_MALFORMED);
        free(copy);
    }
    buf_append(&bytes, "", 1);
    ocsp_read(&staple, span_of(bytes.p, bytes.n), none);
    assert_int_equal(staple.status, STAPLE_MALFORMED);
    OCSP_BASICRESP_free(basic);
    buf_done(&bytes);
}

static void a_certificate_is_good_revoked_or_unknown(void **state)
{
    (void)state;
    expect_status(V_OCSP_CERTSTATUS_GOOD, STAPLE_GOOD);
    expect_status(V_OCSP_CERTSTATUS_REVOKED, STAPLE_REVOKED);
    expect_status(V_OCSP_CERTSTATUS_UNKNOWN, STAPLE_UNKNOWN);
}

static void what_is_said_of_the_leaf_counts(void **state)
{
    (void)state;
    static const uint8_t scts[] = {0, 6, 0, 1, 'a', 0, 1, 'b'};
    struct buf bytes = {0};
    struct ocsp_staple staple;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    ocsp_say(basic, span_of(first, sizeof first), V_OCSP_CERTSTATUS_GOOD, FROM, none);
    ocsp_say(basic, span_of(second, sizeof second), V_OCSP_CERTSTATUS_REVOKED, FROM + 9,
             span_of(scts, sizeof scts));
    ocsp_put(&bytes, OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    ocsp_read(&staple, span_of(bytes.p, bytes.n), span_of(second, sizeof second));
    assert_int_equal(staple.status, STAPLE_REVOKED);
    assert_int_equal(staple.sct_count, 2);
    assert_true(staple.this_update == (FROM + 9) * NS_PER_SECOND);
    /* Of another one: the first is given, and that it is another. */
    ocsp_read(&staple, span_of(bytes.p, bytes.n), span_of("x", 1));
    assert_int_equal(staple.status, STAPLE_GOOD);
    assert_true(staple.other_certificate);
    /* The leaf was not seen: nothing can be said of it. */
    ocsp_read(&staple, span_of(bytes.p, bytes.n), none);
    assert_int_equal(staple.status, STAPLE_GOOD);
    assert_false(staple.other_certificate);
    OCSP_BASICRESP_free(basic);
    buf_done(&bytes);
}

static void a_responders_errors_have_names(void **state)
{
    (void)state;
    static const struct {
        int said;
        enum staple_status expected;
    } table[] = {
        {OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, STAPLE_MALFORMED_REQUEST},
        {OCSP_RESPONSE_STATUS_INTERNALERROR, STAPLE_INTERNAL_ERROR},
        {OCSP_RESPONSE_STATUS_TRYLATER, STAPLE_TRY_LATER},
        {OCSP_RESPONSE_STATUS_SIGREQUIRED, STAPLE_SIGNATURE_REQUIRED},
        {OCSP_RESPONSE_STATUS_UNAUTHORIZED, STAPLE_UNAUTHORIZED},
        {OCSP_RESPONSE_STATUS_SUCCESSFUL, STAPLE_MALFORMED}, /* with nothing in it */
        {77, STAPLE_MALFORMED},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buf bytes = {0};
        struct ocsp_staple staple;
        ocsp_put(&bytes, table[i].said, NULL);
        ocsp_read(&staple, span_of(bytes.p, bytes.n), none);
        assert_int_equal(staple.status, table[i].expected);
        assert_true(staple.this_update == 0);
        buf_done(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_good_revoked_or_unknown),
        cmocka_unit_test(what_is_said_of_the_leaf_counts),
        cmocka_unit_test(a_responders_errors_have_names),
    };
    return cmocka_run_group_tests_name("ocsp", tests, NULL, NULL);
}
