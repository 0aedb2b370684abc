/* test_names.c: the words of the contract, and the registries. */
#include "../report/cipher_suites.h"
#include "../report/names.h"

#include <setjmp.h>

#include <cmocka.h>

static void states_are_rfc9293s(void **state)
{
    (void)state;
    static const char *const words[SIDE_STATES] = {
        "CLOSED",     "SYN_SENT",   "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1",
        "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING",      "LAST_ACK",    "TIME_WAIT",
    };
    for (unsigned i = 0; i < SIDE_STATES; i++)
        assert_string_equal(names_state((enum tcp_state)i), words[i]);
    assert_string_equal(names_state((enum tcp_state)SIDE_STATES), "unknown");
}

static void every_enum_has_all_its_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TEARDOWNS; i++)
        assert_string_not_equal(names_teardown((enum teardown)i), "unknown");
    for (unsigned i = 0; i <= STUCK_ANSWERS_LOST; i++)
        assert_string_not_equal(names_stuck_cause((enum stuck_cause)i), "unknown");
    for (unsigned i = 0; i <= ENDED_INTERVAL; i++)
        assert_string_not_equal(names_end_reason((enum end_reason)i), "unknown");
    for (unsigned i = 0; i <= RESET_IN_CLOSING; i++)
        assert_string_not_equal(names_reset_phase((enum reset_phase)i), "unknown");
    for (unsigned i = 0; i <= HANDSHAKE_COMPLETE; i++)
        assert_string_not_equal(names_handshake((enum tcp_handshake)i), "unknown");
    for (unsigned i = 0; i <= TLS_FAILED; i++)
        assert_string_not_equal(names_tls_progress((enum tls_progress)i), "unknown");
    for (unsigned i = CERTS_PLAIN; i <= CERTS_ANONYMOUS; i++)
        assert_string_not_equal(names_certs_via((enum certs_via)i), "unknown");
    for (unsigned i = 0; i <= CLOSE_NOTIFY_LIKELY; i++)
        assert_string_not_equal(names_close_notify((enum close_notify)i), "unknown");
    for (unsigned i = 0; i <= BY_PORT_ORDER; i++)
        assert_string_not_equal(names_client_by((enum client_by)i), "unknown");
    assert_string_equal(names_teardown(TEARDOWN_FIN_UNANSWERED), "fin-unanswered");
    assert_string_equal(names_stuck_cause(STUCK_DUPLICATE_ACKS), "duplicate-acks");
    assert_string_equal(names_end_reason(ENDED_END_OF_CAPTURE), "end-of-capture");
    assert_string_equal(names_certs_via(CERTS_NOT_CAPTURED), "not-captured");
}

static void versions(void **state)
{
    (void)state;
    struct name_room room;
    assert_string_equal(names_tls_version(&room, 0x0002), "SSLv2");
    assert_string_equal(names_tls_version(&room, 0x0300), "SSLv3");
    assert_string_equal(names_tls_version(&room, 0x0301), "TLSv1.0");
    assert_string_equal(names_tls_version(&room, 0x0304), "TLSv1.3");
    assert_string_equal(names_tls_version(&room, 0x7f17), "TLSv1.3-draft23");
    assert_string_equal(names_tls_version(&room, 0xfb1a), "TLSv1.3-fb26");
    assert_string_equal(names_tls_version(&room, 0xfefd), "0xfefd");
}

static void cipher_suites(void **state)
{
    (void)state;
    struct name_room room;
    assert_string_equal(names_cipher(&room, 0x0000), "TLS_NULL_WITH_NULL_NULL");
    assert_string_equal(names_cipher(&room, 0x002f), "TLS_RSA_WITH_AES_128_CBC_SHA");
    assert_string_equal(names_cipher(&room, 0x1301), "TLS_AES_128_GCM_SHA256");
    assert_string_equal(names_cipher(&room, 0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_string_equal(names_cipher(&room, 0xd005), "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256");
    assert_string_equal(names_cipher(&room, 0x0a0a), "0x0a0a");
    assert_string_equal(names_cipher(&room, 0xffff), "0xffff");
}

/* The search halves the table: an entry out of order would not be found. The number is that of its
 * lines. */
static void every_suite_is_found(void **state)
{
    (void)state;
    unsigned found = 0;
    for (unsigned code = 0; code <= 0xffff; code++) {
        const char *name = cipher_suite_name((uint16_t)code);
        if (!name)
            continue;
        found++;
        assert_memory_equal(name, "TLS_", 4);
    }
    assert_int_equal(found, 352);
}

static void groups(void **state)
{
    (void)state;
    struct name_room room;
    assert_string_equal(names_group(&room, 23), "secp256r1");
    assert_string_equal(names_group(&room, 29), "x25519");
    assert_string_equal(names_group(&room, 0x11ec), "X25519MLKEM768");
    assert_string_equal(names_group(&room, 0x6399), "X25519Kyber768Draft00");
    assert_string_equal(names_group(&room, 0x1a1a), "0x1a1a");
}

static void alerts_and_records(void **state)
{
    (void)state;
    struct name_room room;
    assert_string_equal(names_alert(&room, 0), "close_notify");
    assert_string_equal(names_alert(&room, 46), "certificate_unknown");
    assert_string_equal(names_alert(&room, 48), "unknown_ca");
    assert_string_equal(names_alert(&room, 120), "no_application_protocol");
    assert_string_equal(names_alert(&room, 200), "0xc8");
    assert_string_equal(names_alert_level(&room, 1), "warning");
    assert_string_equal(names_alert_level(&room, 2), "fatal");
    assert_string_equal(names_alert_level(&room, 9), "0x09");
    assert_string_equal(names_content_type(&room, 23), "application_data");
    assert_string_equal(names_content_type(&room, 99), "0x63");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_rfc9293s),
        cmocka_unit_test(every_enum_has_all_its_words),
        cmocka_unit_test(versions),
        cmocka_unit_test(cipher_suites),
        cmocka_unit_test(every_suite_is_found),
        cmocka_unit_test(groups),
        cmocka_unit_test(alerts_and_records),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
