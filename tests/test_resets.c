/* test_resets.c: who reset a connection, what forgot it while it was idle, and which client does
 * not trust what it was shown. */
#include "../report/judge/judge.h"
#include "records.h"

#include <setjmp.h>

#include <cmocka.h>

#include "found.h"

#define MINUTE (60 * NS_PER_SECOND)

static struct findings judged(const struct made_flow *flow)
{
    struct run_meta meta = made_meta();
    struct judge *judge = judge_new(&meta);
    struct findings findings = {0};
    judge_flow(judge, &findings, &flow->record);
    judge_free(judge);
    return findings;
}

/* `words` is NULL where the finding must not be raised. */
static void check(const struct made_flow *flow, enum finding_id id, enum severity severity,
                  const char *words)
{
    struct findings findings = judged(flow);
    found_check(&findings, id, severity, words);
    findings_done(&findings);
}

/* A RST of the server's that is like its other packets. */
static void make(struct made_flow *flow, struct reset_signs *signs)
{
    made_reset(flow, 1, SERVER, RESET_IN_DATA);
    *signs = (struct reset_signs){.answered = -1,
                                  .quiet = NS_PER_SECOND,
                                  .ttl = 55,
                                  .ttl_min = 55,
                                  .ttl_max = 56,
                                  .ttl_known = true};
    flow->record.tcp.reset_signs = signs;
    flow->record.tcp.idle_before_close = NS_PER_SECOND;
}

static void reset_injected(void **state)
{
    (void)state;
    struct made_flow flow;
    struct reset_signs signs;
    make(&flow, &signs);
    check(&flow, FINDING_RESET_INJECTED, SEVERITY_NOTICE, NULL);
    check(&flow, FINDING_RESET, SEVERITY_NOTICE, "The server reset the connection");

    signs.ttl = 200;
    check(&flow, FINDING_RESET_INJECTED, SEVERITY_NOTICE,
          "The RST in the server's name may have been sent by something else: its TTL is 200, the "
          "server's other packets had 55 to 56");
    check(&flow, FINDING_RESET, SEVERITY_NOTICE, "A RST in the name of the server reset");
    signs.alive = 2;
    signs.alive_frame = 77;
    check(&flow, FINDING_RESET_INJECTED, SEVERITY_WARNING,
          "was likely sent by something else: its TTL is 200, the server's other packets had 55 to "
          "56; the server went on with the connection after it");

    make(&flow, &signs);
    signs.answered = 5 * NS_PER_SECOND / 1000; /* of a round trip of 31.25 ms */
    check(&flow, FINDING_RESET_INJECTED, SEVERITY_NOTICE,
          "it came 5 ms after what it acknowledges, and the way to the server takes 15 ms");
    signs.answered = 20 * NS_PER_SECOND / 1000;
    check(&flow, FINDING_RESET_INJECTED, SEVERITY_NOTICE, NULL);
    flow.record.tcp.rtt[SERVER] = NS_PER_SECOND / 10000; /* captured there */
    signs.answered = 1;
    check(&flow, FINDING_RESET_INJECTED, SEVERITY_NOTICE, NULL);

    make(&flow, &signs); /* what a kernel that does not know the connection any more does */
    signs.ttl = 54;
    signs.no_timestamps = signs.odd_id = true;
    signs.behind = 37;
    check(&flow, FINDING_RESET_INJECTED, SEVERITY_NOTICE, NULL);
    signs.beyond = 2;
    check(&flow, FINDING_RESET_INJECTED, SEVERITY_NOTICE,
          "2 more with numbers that the server had not got to");
}

static void idle_drop(void **state)
{
    (void)state;
    struct made_flow flow;
    struct reset_signs signs;
    make(&flow, &signs);
    signs.quiet = flow.record.tcp.idle_before_close = 30 * MINUTE;
    check(&flow, FINDING_IDLE_DROP, SEVERITY_INFO,
          "Nothing had come from the server for 30 min 0 s when a RST in its name came, out of the "
          "silence; of the idle timeouts in wide use, the longest that had passed is 30 min, as "
          "Juniper's");
    check(&flow, FINDING_RESET, SEVERITY_NOTICE, "The server reset the connection after 30 min");
    flow.record.tcp.idle_before_close = NS_PER_SECOND / 50;
    check(&flow, FINDING_IDLE_DROP, SEVERITY_NOTICE,
          "in answer to what its peer then sent; of the idle timeouts");
    check(&flow, FINDING_RESET, SEVERITY_NOTICE, "A RST in the name of the server reset");
    check(&flow, FINDING_RESET, SEVERITY_NOTICE, "next, capture at the end in whose name it came");
    signs.ttl = 57; /* that of a router on the way */
    check(
        &flow, FINDING_IDLE_DROP, SEVERITY_NOTICE,
        "in answer to what its peer then sent; the RST's TTL of 57, which none of the server's "
        "packets before had, is another system's, or that of another route; of the idle timeouts");
    signs.ttl = 55;
    flow.record.tcp.idle_before_close = 10 * MINUTE; /* too late for an answer */
    check(&flow, FINDING_IDLE_DROP, SEVERITY_INFO, "out of the silence");
    check(&flow, FINDING_RESET, SEVERITY_NOTICE, "The server reset the connection after 10 min");
    flow.record.tcp.idle_before_close = NS_PER_SECOND / 50;
    signs.quiet = 400 * NS_PER_SECOND;
    check(&flow, FINDING_IDLE_DROP, SEVERITY_NOTICE, "350 s, as AWS's");
    signs.quiet = 59 * NS_PER_SECOND;
    check(&flow, FINDING_IDLE_DROP, SEVERITY_NOTICE, NULL);
    signs.quiet = 30 * MINUTE; /* a connection that both had done with */
    flow.record.tcp.reset_phase = RESET_IN_CLOSING;
    check(&flow, FINDING_IDLE_DROP, SEVERITY_NOTICE, NULL);

    made_silent_peer(&flow, 1, STUCK_UNANSWERED);
    flow.record.tcp.ends[SERVER].last_time = flow.record.tcp.stuck.since - 15 * MINUTE;
    check(
        &flow, FINDING_IDLE_DROP, SEVERITY_NOTICE,
        "The connection was idle for 15 min 0 s, and nothing came back from the server when the "
        "client went on; of the idle timeouts in wide use, the longest that had passed is 15 min");
    flow.record.tcp.ends[SERVER].last_time = flow.record.tcp.stuck.since - NS_PER_SECOND;
    check(&flow, FINDING_IDLE_DROP, SEVERITY_NOTICE, NULL);
    made_silent_peer(&flow, 1, STUCK_DUPLICATE_ACKS); /* the peer does answer */
    flow.record.tcp.ends[SERVER].last_time = flow.record.tcp.stuck.since - 15 * MINUTE;
    check(&flow, FINDING_IDLE_DROP, SEVERITY_NOTICE, NULL);
}

static void distrust(void **state)
{
    (void)state;
    struct made_flow flow;
    made_failed(&flow, 1, 0);
    check(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING,
          "The client closed right after the server's Certificate, without an alert; this is what "
          "a client does that distrusts the certificate, so that is the likely reason");
    flow.tls.client_key_exchange = true; /* it went on: not the certificate then */
    check(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING,
          "The client closed before the TLS handshake was complete, without an alert");

    made_failed(&flow, 1, 0);
    flow.tls.version = TLS_VERSION_13;
    flow.tls.certificate_frame = 0;
    flow.tls.certs_via = CERTS_ENCRYPTED;
    check(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING,
          "right after the server's first messages, which are encrypted, without an alert");
    check(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING,
          "a key log would show the certificate and any alert");

    /* A RST that the client did not send says nothing of what it trusts. */
    struct reset_signs signs = {.answered = -1, .ttl = 200, .ttl_min = 64, .ttl_known = true};
    signs.ttl_max = 64;
    made_failed(&flow, 1, 0);
    flow.record.tcp.reset = true;
    flow.record.tcp.reset_by = CLIENT;
    flow.record.tcp.reset_frame = 29;
    flow.record.tcp.reset_signs = &signs;
    check(&flow, FINDING_HANDSHAKE_FAILED, SEVERITY_WARNING,
          "A RST in the name of the client came before the TLS handshake was complete");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reset_injected),
                                       cmocka_unit_test(idle_drop), cmocka_unit_test(distrust)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
