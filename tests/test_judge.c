/* test_judge.c: for each finding a case that raises it, and a near miss that must not. */
#include "../report/judge/judge.h"
#include "records.h"

#include <setjmp.h>

#include <cmocka.h>

#include "found.h"

/* Judges one record alone. Free with findings_done. */
static struct findings judged_for(const struct made_flow *flow, const char *ports)
{
    struct run_meta meta = made_meta();
    meta.ports = ports;
    struct judge *judge = judge_new(&meta);
    struct findings findings = {0};
    judge_flow(judge, &findings, &flow->record);
    judge_free(judge);
    return findings;
}

static void check(const struct made_flow *flow, enum finding_id id, bool expected)
{
    struct findings findings = judged_for(flow, "5223");
    const struct finding *finding = found(&findings, id);
    assert_int_equal(finding != NULL, expected);
    findings_done(&findings);
}

static void check_says(const struct made_flow *flow, enum finding_id id, enum severity severity,
                       const char *words)
{
    struct findings findings = judged_for(flow, "5223");
    const struct finding *finding = found(&findings, id);
    assert_non_null(finding);
    found_says(finding, severity, words);
    findings_done(&findings);
}

static void check_worst(const struct made_flow *flow, enum severity severity)
{
    struct findings findings = judged_for(flow, "5223");
    const struct finding *worst = findings_worst(&findings);
    assert_true(!worst || worst->severity <= severity);
    findings_done(&findings);
}

static void healthy_raises_nothing(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    struct findings findings = judged_for(&flow, "5223");
    assert_int_equal(findings.count, 0);
    findings_done(&findings);
}

static void fin_unanswered(void **state)
{
    (void)state;
    struct made_flow flow;
    made_stuck_fin(&flow, 1, 106);
    check_says(&flow, FINDING_FIN_UNANSWERED, SEVERITY_WARNING,
               "The client sent its FIN at 00:48:03.000, with 106 bytes before it not acknowledged "
               "either, and the server did not answer: 8 retransmissions over 58.2 s");
    check(&flow, FINDING_SILENT_PEER, false); /* the FIN's finding speaks of the data */

    flow.record.tcp.stuck.cause = STUCK_WINDOW_CLOSED;
    check_says(&flow, FINDING_FIN_UNANSWERED, SEVERITY_WARNING, "answered with window 0");
    check(&flow, FINDING_ZERO_WINDOW, true);

    /* Near misses: the capture ends just after the FIN; the FIN was acknowledged. */
    made_stuck_fin(&flow, 1, 106);
    flow.record.end = flow.record.tcp.ends[CLIENT].fin_time + NS_PER_SECOND / 5;
    flow.record.tcp.ends[CLIENT].fin = 1;
    flow.record.tcp.stuck.attempts = 0;
    check_worst(&flow, SEVERITY_INFO);
    made_half_closed(&flow, 1);
    check(&flow, FINDING_FIN_UNANSWERED, false);
}

static void silent_peer(void **state)
{
    (void)state;
    struct made_flow flow;
    made_silent_peer(&flow, 1, STUCK_UNANSWERED);
    check_says(&flow, FINDING_SILENT_PEER, SEVERITY_WARNING, "8 retransmissions");
    made_silent_peer(&flow, 1, STUCK_DUPLICATE_ACKS);
    check_says(&flow, FINDING_SILENT_PEER, SEVERITY_WARNING, "acknowledging less than that");
    made_silent_peer(&flow, 1, STUCK_ANSWERS_LOST);
    check_says(&flow, FINDING_SILENT_PEER, SEVERITY_WARNING,
               "the acknowledgments do not reach the client");
    made_silent_peer(&flow, 1, STUCK_SILENCE);
    check_says(&flow, FINDING_SILENT_PEER, SEVERITY_WARNING, "not even a retransmission");
    flow.record.tcp.idle_at_end = NS_PER_SECOND; /* too early to tell */
    check(&flow, FINDING_SILENT_PEER, false);
    made_silent_peer(&flow, 1, STUCK_UNANSWERED); /* only keep-alives go unanswered */
    flow.record.tcp.ends[CLIENT].unacked = 0;
    check_says(&flow, FINDING_SILENT_PEER, SEVERITY_WARNING, "asked for a sign of life");
}

static void zero_window(void **state)
{
    (void)state;
    struct made_flow flow;
    made_silent_peer(&flow, 1, STUCK_WINDOW_CLOSED);
    check_says(&flow, FINDING_ZERO_WINDOW, SEVERITY_WARNING, "8 probes over 58.2 s answered");
    check(&flow, FINDING_SILENT_PEER, false);
    made_healthy(&flow, 1); /* a window that was closed for a while */
    flow.record.tcp.ends[SERVER].zero_windows = 3;
    check(&flow, FINDING_ZERO_WINDOW, false);
}

static void connections_that_were_not_made(void **state)
{
    (void)state;
    struct made_flow flow;
    made_unanswered(&flow, 1);
    check_says(&flow, FINDING_SYN_UNANSWERED, SEVERITY_WARNING, "4 SYNs over 7.0 s");
    check(&flow, FINDING_SILENT_PEER, false);
    flow.record.end = flow.record.start; /* the capture ends with it */
    flow.record.tcp.ends[CLIENT].packets = 1;
    check(&flow, FINDING_SYN_UNANSWERED, false);

    made_unanswered(&flow, 1); /* the server answers, and is not heard */
    flow.record.tcp.teardown = TEARDOWN_OPEN;
    flow.record.tcp.handshake = HANDSHAKE_SYN_ACK;
    flow.record.tcp.stuck.end = SERVER;
    check_says(&flow, FINDING_SYN_UNANSWERED, SEVERITY_WARNING,
               "its answer was never acknowledged");

    made_refused(&flow, 1);
    check_says(&flow, FINDING_SYN_REFUSED, SEVERITY_WARNING, "with a RST after 31 ms");
    check(&flow, FINDING_RESET, false);
    flow.record.start = flow.record.end = 0; /* packets without a time */
    check_says(&flow, FINDING_SYN_REFUSED, SEVERITY_WARNING, "with a RST; ");
    made_reset(&flow, 1, SERVER, RESET_IN_DATA);
    check(&flow, FINDING_SYN_REFUSED, false);
}

static void resets(void **state)
{
    (void)state;
    struct made_flow flow;
    made_reset(&flow, 1, SERVER, RESET_IN_DATA);
    check_says(&flow, FINDING_RESET, SEVERITY_NOTICE,
               "The server reset the connection after 15 min 0 s of silence, with 37 bytes of the "
               "client's not acknowledged");
    made_reset(&flow, 1, CLIENT, RESET_IN_CLOSING); /* benign: both were done */
    check_says(&flow, FINDING_RESET, SEVERITY_INFO, "after a FIN had been sent");
    made_reset(&flow, 1, SERVER, RESET_IN_TLS_HANDSHAKE);
    flow.tls.progress = TLS_FAILED;
    check_says(&flow, FINDING_RESET, SEVERITY_INFO, "during the TLS handshake");
    check(&flow, FINDING_HANDSHAKE_FAILED, true);
    made_healthy(&flow, 1); /* a stray RST that no endpoint would accept */
    flow.record.tcp.ends[SERVER].rst = 1;
    check(&flow, FINDING_RESET, false);
}

static void half_closed(void **state)
{
    (void)state;
    struct made_flow flow;
    made_half_closed(&flow, 1);
    check_says(&flow, FINDING_HALF_CLOSED, SEVERITY_NOTICE, "1 min 0 s since");
    flow.record.tcp.idle_at_end = NS_PER_SECOND;
    check(&flow, FINDING_HALF_CLOSED, false);
}

static void handshake_failed(void **state)
{
    (void)state;
    struct made_flow flow;
    made_failed(&flow, 1, 48);
    check_says(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING,
               "The client ended the TLS handshake with the alert unknown_ca; the client does not "
               "accept the server's certificate");
    flow.alerts[0].direction = 1;
    check_says(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING, "The server ended");
    flow.record.client_direction = 1; /* the same direction is the client's now */
    check_says(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING, "The client ended");

    made_failed(&flow, 1, 40);
    check_says(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING, "handshake_failure; no data");

    made_failed(&flow, 1, 0);
    check_says(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING,
               "The client closed right after the server's Certificate, without an alert; this is "
               "what a client does that distrusts the certificate, so that is the likely reason");

    made_failed(&flow, 1, 50); /* the server complains about the FIN: not the reason */
    flow.alerts[0].direction = 1;
    flow.alerts[0].frame = flow.record.tcp.ends[CLIENT].fin_frame + 1;
    check_says(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING, "right after the server's Cert");

    made_failed(&flow, 1, 0); /* the server gave up: nothing about distrust */
    flow.record.tcp.closed_by = CLOSED_BY_SERVER;
    check_says(
        &flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING,
        "The server closed before the TLS handshake was complete, without an alert; no data");

    made_failed(&flow, 1, 48);
    flow.alerts[0].encrypted = true;
    check_says(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING, "which is encrypted");

    made_healthy(&flow, 1); /* a warning in a handshake that went well */
    flow.tls.alerts = flow.alerts;
    flow.tls.alert_count = 1;
    flow.alerts[0] = (struct tls_alert){.level = 1, .description = 112, .frame = 25};
    check(&flow, FINDING_HANDSHAKE_FAILED, false);
}

static void handshake_incomplete(void **state)
{
    (void)state;
    struct made_flow flow;
    made_silent_peer(&flow, 1, STUCK_SILENCE);
    flow.tls.progress = TLS_INCOMPLETE;
    check_says(&flow, FINDING_HANDSHAKE_INCOMPLETE, SEVERITY_NOTICE, "server's Certificate");
    flow.record.tcp.idle_at_end = 0; /* it may go on behind the end of the capture */
    check(&flow, FINDING_HANDSHAKE_INCOMPLETE, false);
    flow.record.tcp.idle_at_end = 60 * NS_PER_SECOND; /* the rest may have fallen into a hole */
    flow.tls.gap_bytes = 1448;
    check(&flow, FINDING_HANDSHAKE_INCOMPLETE, false);
}

/* Only the server's packets come by, and they acknowledge what the client sends: whether its own
 * FIN was acknowledged nobody can tell. */
static void one_way_capture(void **state)
{
    (void)state;
    struct made_flow flow;
    made_stuck_fin(&flow, 1, 106);
    flow.record.tcp.stuck = (struct stuck_record){.cause = STUCK_NOT};
    check(&flow, FINDING_FIN_UNANSWERED, true);
    check(&flow, FINDING_CAPTURE_LOSS, false);
    flow.record.tcp.ends[SERVER].packets = 0;
    check(&flow, FINDING_FIN_UNANSWERED, false);
    check_says(&flow, FINDING_CAPTURE_LOSS, SEVERITY_NOTICE, "no packet that the server sent");
    made_stuck_fin(&flow, 1, 106);
    flow.record.tcp.ends[SERVER].packets = 0; /* and it acknowledges nothing: it is silent */
    check(&flow, FINDING_FIN_UNANSWERED, true);
    check(&flow, FINDING_CAPTURE_LOSS, false);
}

static void truncated_close(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    flow.tls.close_notify[0] = CLOSE_NOTIFY_NO;
    check_says(&flow, FINDING_TRUNCATED_CLOSE, SEVERITY_INFO, "The client closed without");
    flow.tls.close_notify[0] = CLOSE_NOTIFY_LIKELY;
    flow.tls.close_notify[1] = CLOSE_NOTIFY_NO; /* who closes second cuts nothing short */
    check(&flow, FINDING_TRUNCATED_CLOSE, false);
    flow.tls.close_notify[0] = CLOSE_NOTIFY_NO;
    flow.tls.gap_bytes = 31; /* it may be in the hole */
    check(&flow, FINDING_TRUNCATED_CLOSE, false);
    flow.tls.gap_bytes = 0;
    check(&flow, FINDING_TRUNCATED_CLOSE, true);
    flow.tls.data = 0; /* nothing was sent that could be cut short */
    check(&flow, FINDING_TRUNCATED_CLOSE, false);
}

static void old_version(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    flow.tls.version = TLS_VERSION_10;
    check_says(&flow, FINDING_OLD_VERSION, SEVERITY_NOTICE, "agreed on TLSv1.0");
    flow.tls.version = TLS_VERSION_SSL3;
    check_says(&flow, FINDING_OLD_VERSION, SEVERITY_WARNING, "SSLv3");
    flow.tls.negotiated = false;
    flow.tls.version = TLS_VERSION_11;
    check_says(&flow, FINDING_OLD_VERSION, SEVERITY_NOTICE, "offers nothing newer than TLSv1.1");
    flow.tls.client_hello = NULL; /* the record's version alone, of a hello that was not read */
    check(&flow, FINDING_OLD_VERSION, false);
    flow.tls.version = TLS_VERSION_12;
    flow.tls.negotiated = true;
    check(&flow, FINDING_OLD_VERSION, false);
}

static void weak_cipher(void **state)
{
    (void)state;
    static const struct {
        uint16_t suite;
        enum severity severity;
        const char *words; /* NULL: nothing is wrong with it */
    } suites[] = {
        {0x0000, SEVERITY_WARNING, "encrypts nothing"},     /* NULL_WITH_NULL_NULL */
        {0x0002, SEVERITY_WARNING, "encrypts nothing"},     /* RSA_WITH_NULL_SHA */
        {0x0003, SEVERITY_WARNING, "short by intent"},      /* RSA_EXPORT_WITH_RC4_40_MD5 */
        {0x0005, SEVERITY_NOTICE, "RFC 7465"},              /* RSA_WITH_RC4_128_SHA */
        {0x0006, SEVERITY_WARNING, "short by intent"},      /* RSA_EXPORT_WITH_RC2_CBC_40_MD5 */
        {0x0007, SEVERITY_NOTICE, "64 bits"},               /* RSA_WITH_IDEA_CBC_SHA */
        {0x0009, SEVERITY_WARNING, "56 bits"},              /* RSA_WITH_DES_CBC_SHA */
        {0x000a, SEVERITY_NOTICE, "64 bits"},               /* RSA_WITH_3DES_EDE_CBC_SHA */
        {0x0034, SEVERITY_WARNING, "authenticates nobody"}, /* DH_anon_WITH_AES_128_CBC_SHA */
        {0xc0b4, SEVERITY_WARNING, "encrypts nothing"},     /* SHA256_SHA256, of TLS 1.3 */
        {0x002f, SEVERITY_INFO, NULL},
        {0x1301, SEVERITY_INFO, NULL},
        {0xc02f, SEVERITY_INFO, NULL},
        {0xfafa, SEVERITY_INFO, NULL},
    };
    struct made_flow flow;
    made_healthy(&flow, 1);
    for (size_t i = 0; i < COUNT_OF(suites); i++) {
        flow.server_hello.cipher = suites[i].suite;
        check(&flow, FINDING_WEAK_CIPHER, suites[i].words != NULL);
        if (suites[i].words)
            check_says(&flow, FINDING_WEAK_CIPHER, suites[i].severity, suites[i].words);
    }
    flow.server_hello.cipher = 0x0005;
    flow.tls.negotiated = false; /* offered only */
    check(&flow, FINDING_WEAK_CIPHER, false);
}

static void no_sni(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    flow.tls.sni = made_text("");
    check_says(&flow, FINDING_NO_SNI, SEVERITY_INFO, "names no server");
    flow.tls.client_hello = NULL; /* not seen: nothing to say */
    check(&flow, FINDING_NO_SNI, false);
}

static void not_tls(void **state)
{
    (void)state;
    struct made_flow flow;
    made_plain(&flow, 1, PLAIN_XMPP);
    check_says(&flow, FINDING_NOT_TLS, SEVERITY_NOTICE, "not TLS but XMPP");
    made_plain(&flow, 1, PLAIN_UNKNOWN);
    check_says(&flow, FINDING_NOT_TLS, SEVERITY_NOTICE, "neither TLS nor");
    flow.record.tcp.handshake = HANDSHAKE_MIDSTREAM; /* may be TLS that begins between records */
    check(&flow, FINDING_NOT_TLS, false);
    made_plain(&flow, 1, PLAIN_NONE); /* no payload at all */
    check(&flow, FINDING_NOT_TLS, false);

    made_plain(&flow, 1, PLAIN_SSH); /* no port in particular is watched */
    struct findings findings = judged_for(&flow, "any");
    assert_null(found(&findings, FINDING_NOT_TLS));
    findings_done(&findings);
}

static void client_certificate_exposed(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    flow.tls.client_certs = flow.chain;
    flow.tls.client_cert_count = 1;
    check_says(&flow, FINDING_CLIENT_CERTIFICATE_EXPOSED, SEVERITY_NOTICE,
               "CN=courier.push.example,O=Example Inc.,C=US");
    flow.tls.certs_via = CERTS_KEYLOG; /* nobody else could read it */
    check(&flow, FINDING_CLIENT_CERTIFICATE_EXPOSED, false);
}

static void capture_loss(void **state)
{
    (void)state;
    struct made_flow flow;
    made_healthy(&flow, 1);
    check(&flow, FINDING_CAPTURE_LOSS, false);
    flow.record.tcp.ends[SERVER].gap_bytes = 1448;
    check_says(&flow, FINDING_CAPTURE_LOSS, SEVERITY_NOTICE, "1448 that the server sent");
}

/* Judges flows together, and the capture. */
static struct findings judged_at_end(struct made_flow *flows, size_t count,
                                     const struct run_end *end)
{
    struct run_meta meta = made_meta();
    struct judge *judge = judge_new(&meta);
    struct findings findings = {0};
    for (size_t i = 0; i < count; i++)
        judge_remember(judge, &flows[i].record, &(struct findings){0});
    judge_finish(judge, &findings, end);
    judge_free(judge);
    return findings;
}

static void the_capture(void **state)
{
    (void)state;
    struct run_end end = made_end();
    struct findings findings = judged_at_end(NULL, 0, &end);
    assert_int_equal(findings.count, 0);
    findings_done(&findings);

    end.clean = false;
    end.damage = "x.pcap: byte 99: cut short";
    end.drops_kernel = 7;
    end.counts.cut_payload = 3;
    findings = judged_at_end(NULL, 0, &end);
    assert_int_equal(findings.count, 3);
    assert_non_null(found(&findings, FINDING_TRUNCATED_CAPTURE));
    assert_non_null(found(&findings, FINDING_CAPTURE_LOSS));
    assert_non_null(found(&findings, FINDING_SNAPLEN_TOO_SHORT));
    findings_done(&findings);
}

static void check_pileup(struct made_flow *flows, size_t count, const char *words)
{
    struct run_end end = made_end();
    struct findings findings = judged_at_end(flows, count, &end);
    const struct finding *finding = found(&findings, FINDING_STUCK_PILEUP);
    assert_int_equal(finding != NULL, words != NULL);
    if (finding)
        found_says(finding, SEVERITY_CRITICAL, words);
    findings_done(&findings);
}

static void stuck_pileup(void **state)
{
    (void)state;
    struct made_flow flows[36];
    for (unsigned i = 0; i < COUNT_OF(flows); i++)
        made_stuck_fin(&flows[i], i + 1, i % 2 ? 143 : 106);
    check_pileup(flows, 36,
                 "36 connections of 192.168.1.20 were stuck at once, the first since "
                 "2014-05-25 00:48:03 and the last since 35.0 s later");
    check_pileup(flows, 3, "3 connections");
    check_pileup(flows, 2, NULL);

    flows[1].record.ends[CLIENT].ip[3]++; /* another client's */
    check_pileup(flows, 3, NULL);

    /* One after the other on the same port is not at once. */
    for (unsigned i = 0; i < 3; i++) {
        made_stuck_fin(&flows[i], 1 + 100 * i, 106);
        flows[i].record.end_reason = ENDED_PORT_REUSED;
    }
    check_pileup(flows, 3, NULL);

    for (unsigned i = 0; i < 3; i++) { /* a snapshot is told again later */
        made_stuck_fin(&flows[i], i + 1, 106);
        flows[i].record.final = false;
    }
    check_pileup(flows, 3, NULL);
}

/* Many clients and many servers: the caps hold, and the last client is still found. */
static void a_crowd_of_clients(void **state)
{
    (void)state;
    enum { CROWD = 5000 };
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    struct judge *judge = judge_new(&meta);
    struct findings findings = {0};
    struct made_flow flow;
    for (unsigned i = 0; i < CROWD; i++) {
        made_stuck_fin(&flow, i + 1, 106);
        flow.record.ends[CLIENT].ip[2] = (uint8_t)(i / 3 >> 8);
        flow.record.ends[CLIENT].ip[3] = (uint8_t)(i / 3);
        flow.record.ends[SERVER].ip[3] = (uint8_t)i;
        judge_remember(judge, &flow.record, &(struct findings){0});
    }
    judge_finish(judge, &findings, &end);
    assert_int_equal(findings.count, CROWD / 3);
    findings_done(&findings);
    judge_free(judge);
}

static void frames_are_sorted_and_capped(void **state)
{
    (void)state;
    struct findings list = {0};
    struct finding *finding = findings_add(&list, FINDING_RESET);
    for (uint64_t frame = 100; frame > 0; frame--) {
        finding_frame(finding, frame);
        finding_frame(finding, frame);
    }
    finding_frame(finding, 0);
    assert_int_equal(finding->frame_count, FINDING_FRAMES_MAX);
    for (unsigned i = 1; i < finding->frame_count; i++)
        assert_true(finding->frames[i - 1] < finding->frames[i]);
    findings_done(&list);
}

/* Reports copy them as they are. */
static void clauses_of_the_table_need_no_escaping(void **state)
{
    (void)state;
    for (unsigned id = 0; id < FINDINGS; id++) {
        struct finding_texts texts = finding_texts((enum finding_id)id);
        const char *const clauses[] = {texts.why, texts.harmless, texts.next};
        for (size_t i = 0; i < COUNT_OF(clauses); i++)
            if (clauses[i])
                found_is_plain(span_of(clauses[i], strlen(clauses[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy_raises_nothing),
        cmocka_unit_test(fin_unanswered),
        cmocka_unit_test(silent_peer),
        cmocka_unit_test(zero_window),
        cmocka_unit_test(connections_that_were_not_made),
        cmocka_unit_test(resets),
        cmocka_unit_test(half_closed),
        cmocka_unit_test(handshake_failed),
        cmocka_unit_test(handshake_incomplete),
        cmocka_unit_test(one_way_capture),
        cmocka_unit_test(truncated_close),
        cmocka_unit_test(old_version),
        cmocka_unit_test(weak_cipher),
        cmocka_unit_test(no_sni),
        cmocka_unit_test(not_tls),
        cmocka_unit_test(client_certificate_exposed),
        cmocka_unit_test(capture_loss),
        cmocka_unit_test(the_capture),
        cmocka_unit_test(stuck_pileup),
        cmocka_unit_test(a_crowd_of_clients),
        cmocka_unit_test(frames_are_sorted_and_capped),
        cmocka_unit_test(clauses_of_the_table_need_no_escaping),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
