/* test_witness.c: socket tables and logs held against connections: each answer of the comparison,
 * each finding, and near misses. The texts are read as those of users are. */
#include "../dissect/log_text.h"
#include "../dissect/socket_text.h"
#include "../report/judge/judge.h"
#include "records.h"

#include <setjmp.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* The client's ports are 49151 + n; the capture begins at 00:48:00 and lasts two minutes. */
#define SERVER_MAC  "17.149.36.100.5223"
#define AFTER       "2014-05-25T00:50:00Z\n"
#define MIDDLE      "2014-05-25T00:48:30Z\n"
#define FIN_WAIT(n) "tcp4 0 143 192.168.1.20.4915" #n " " SERVER_MAC " FIN_WAIT_1\n"

static int64_t same(void *context, int64_t wall)
{
    (void)context;
    return wall;
}

static const struct wall_clock utc = {same, NULL};
static const uint16_t ports[] = {5223};

/* Everything that a hearing takes. Not to be copied. */
struct hearing {
    struct socket_table table;
    struct log_file log;
    struct witnesses told;
    struct run_meta meta;
    struct run_end end;
    struct judge *judge;
    struct findings findings;
    const struct testimony *testimony;
};

static struct span span_of_text(const char *text)
{
    return span_of(text, strlen(text));
}

static void begin(struct hearing *hearing, const char *table, const char *log)
{
    *hearing = (struct hearing){.table.name = "table", .log.name = "log"};
    hearing->told = (struct witnesses){.tables = &hearing->table,
                                       .table_count = table != NULL,
                                       .logs = &hearing->log,
                                       .log_count = log != NULL,
                                       .ports = ports,
                                       .port_count = COUNT_OF(ports)};
    if (table) {
        socket_text_read(&hearing->table, span_of_text(table));
        hearing->table.taken = text_time_utc(&hearing->table.date, &utc);
    }
    if (log) {
        log_text_read(&hearing->log, span_of_text(log), "apsd");
        log_text_settle(&hearing->log, made_epoch, false, &utc);
    }
    hearing->meta = made_meta();
    hearing->meta.witnesses = &hearing->told;
    hearing->end = made_end();
    hearing->judge = judge_new(&hearing->meta);
}

static void add(struct hearing *hearing, struct made_flow *flow)
{
    judge_remember(hearing->judge, &flow->record, &(struct findings){0});
}

static void hear(struct hearing *hearing)
{
    hearing->testimony = judge_finish(hearing->judge, &hearing->findings, &hearing->end);
    assert_non_null(hearing->testimony);
}

static void done(struct hearing *hearing)
{
    findings_done(&hearing->findings);
    judge_free(hearing->judge);
    socket_text_done(&hearing->table);
    log_text_done(&hearing->log);
}

static const struct finding *find(const struct hearing *hearing, enum finding_id id)
{
    for (size_t i = 0; i < hearing->findings.count; i++)
        if (hearing->findings.items[i].id == id)
            return &hearing->findings.items[i];
    return NULL;
}

static void assert_says(const struct finding *finding, const char *words)
{
    struct buf text = {0};
    assert_non_null(finding);
    buf_append(&text, finding->seen.p, finding->seen.n);
    if (!strstr(buf_text(&text), words))
        fail_msg("\"%s\" is not in: %s", words, buf_text(&text));
    buf_done(&text);
}

/* One row against one connection. */
static enum socket_verdict verdict_of(const char *table, struct made_flow *flow)
{
    struct hearing hearing;
    begin(&hearing, table, NULL);
    if (flow)
        add(&hearing, flow);
    hear(&hearing);
    assert_int_equal(hearing.testimony->socket_count, 1);
    enum socket_verdict verdict = hearing.testimony->sockets[0].verdict;
    done(&hearing);
    return verdict;
}

static void verdicts(void **state)
{
    (void)state;
    struct made_flow flow;
    made_stuck_fin(&flow, 1, 143);
    assert_int_equal(verdict_of(AFTER FIN_WAIT(2), &flow), SOCKET_AGREES);
    assert_int_equal(verdict_of(AFTER FIN_WAIT(3), &flow), SOCKET_UNSEEN);
    assert_int_equal(verdict_of(AFTER FIN_WAIT(2), NULL), SOCKET_UNSEEN);
    /* Linux counts the FIN. */
    assert_int_equal(
        verdict_of(AFTER "FIN-WAIT-1 0 144 192.168.1.20:49152 17.149.36.100:5223\n", &flow),
        SOCKET_AGREES);
    assert_int_equal(
        verdict_of(AFTER "FIN-WAIT-1 0 143 192.168.1.20:49152 17.149.36.100:5223\n", &flow),
        SOCKET_QUEUE_OTHER);
    /* What was never sent is not under way. */
    assert_int_equal(verdict_of(AFTER "FIN-WAIT-1 0 1144 192.168.1.20:49152 17.149.36.100:5223\n"
                                      "\t cubic notsent:1000\n",
                                &flow),
                     SOCKET_AGREES);
    assert_int_equal(
        verdict_of(AFTER "tcp4 0 106 192.168.1.20.49152 " SERVER_MAC " FIN_WAIT_1\n", &flow),
        SOCKET_QUEUE_OTHER);
    /* Half a minute in, packets still came: the queue may have been another. */
    assert_int_equal(
        verdict_of(MIDDLE "tcp4 0 106 192.168.1.20.49152 " SERVER_MAC " FIN_WAIT_1\n", &flow),
        SOCKET_CHANGED);
    assert_int_equal(
        verdict_of(AFTER "tcp4 0 143 192.168.1.20.49152 " SERVER_MAC " ESTABLISHED\n", &flow),
        SOCKET_STATE_OTHER);
    assert_int_equal(verdict_of("2014-05-25T00:48:01Z\n"
                                "tcp4 0 0 192.168.1.20.49152 " SERVER_MAC " ESTABLISHED\n",
                                &flow),
                     SOCKET_CHANGED);
    /* The server's own table. */
    assert_int_equal(verdict_of(AFTER "ESTAB 0 0 17.149.36.100:5223 192.168.1.20:49152\n", &flow),
                     SOCKET_AGREES);

    made_healthy(&flow, 1);
    assert_int_equal(verdict_of(AFTER FIN_WAIT(2), &flow), SOCKET_OVER);
    assert_int_equal(
        verdict_of(AFTER "tcp4 0 0 192.168.1.20.49152 " SERVER_MAC " TIME_WAIT\n", &flow),
        SOCKET_AGREES);

    made_silent_peer(&flow, 1, STUCK_UNANSWERED);
    assert_int_equal(
        verdict_of(AFTER "tcp4 0 106 192.168.1.20.49152 " SERVER_MAC " FIN_WAIT_1\n", &flow),
        SOCKET_FIN_HELD);
    made_ipv6(&flow);
}

/* A field that is full may have been cut; the same digits in one that is not are another port. */
static void cut_fields(void **state)
{
    (void)state;
    struct made_flow flow;
    struct hearing hearing;
    made_stuck_fin(&flow, 1, 143);
    begin(&hearing,
          AFTER "ffffff8013e0b520 tcp4 0 143 192.168.1.20.49152 17.149.36.100.5223 FIN_WAIT_1\n"
                "tcp4 0 143 192.168.1.20.4915 17.149.36.100.5223 FIN_WAIT_1\n"
                "tcp4 0 143 192.168.1.20.49152 17.149.36.100.522 FIN_WAIT_1\n",
          NULL);
    memcpy(flow.record.ends[SERVER].ip, (const uint8_t[]){172, 149, 36, 100}, 4);
    add(&hearing, &flow);
    hear(&hearing);
    /* The last row's port is 522, whatever it begins like: its field is not full. */
    assert_int_equal(hearing.testimony->socket_count, 2);
    assert_int_equal(hearing.testimony->other_sockets, 1);
    done(&hearing);

    begin(&hearing,
          AFTER "ffffff8013e0b520 tcp4 0 143 192.168.1.20.49152 172.149.36.100.522 FIN_WAIT_1\n"
                "ffffff8013e0b520 tcp4 0 143 192.168.1.20.49153 172.149.36.100.522 FIN_WAIT_1\n",
          NULL);
    add(&hearing, &flow);
    hear(&hearing);
    assert_int_equal(hearing.testimony->socket_count, 2);
    assert_int_equal(hearing.testimony->sockets[0].verdict, SOCKET_AGREES);
    assert_true(hearing.testimony->sockets[0].cut);
    assert_int_equal(hearing.testimony->sockets[0].flow, 1);
    assert_int_equal(hearing.testimony->sockets[1].verdict, SOCKET_UNSEEN);
    done(&hearing);

    /* The client's own port is cut, too. */
    memcpy(flow.record.ends[CLIENT].ip, (const uint8_t[]){192, 168, 178, 123}, 4);
    begin(&hearing,
          AFTER "ffffff8013e0b520 tcp4 0 143 192.168.178.123.49 172.149.36.100.522 FIN_WAIT_1\n",
          NULL);
    add(&hearing, &flow);
    hear(&hearing);
    assert_int_equal(hearing.testimony->sockets[0].verdict, SOCKET_AGREES);
    done(&hearing);
}

/* Ports that were used twice: the connection that had begun when the table was printed. */
static void reused_ports(void **state)
{
    (void)state;
    struct made_flow first, second;
    struct hearing hearing;
    for (unsigned later = 0; later < 2; later++) {
        made_stuck_fin(&first, 1, 143);
        made_silent_peer(&second, 1, STUCK_UNANSWERED);
        second.record.n = 2;
        second.record.start = first.record.start + 40 * NS_PER_SECOND;
        begin(&hearing, later ? AFTER FIN_WAIT(2) : MIDDLE FIN_WAIT(2), NULL);
        add(&hearing, &first);
        add(&hearing, &second);
        hear(&hearing);
        assert_int_equal(hearing.testimony->sockets[0].flow, later ? 2 : 1);
        done(&hearing);
    }
}

static void pileup(void **state)
{
    (void)state;
    struct hearing hearing;
    begin(&hearing, AFTER FIN_WAIT(2) FIN_WAIT(3) FIN_WAIT(4), NULL);
    hearing.end.counts.packets = 0;
    hear(&hearing);
    const struct finding *finding = find(&hearing, FINDING_STUCK_PILEUP);
    assert_says(finding, "table lists 3 sockets of 192.168.1.20 in FIN_WAIT_1, to 1 address "
                         "(17.149.36.100: 3), with bytes that nobody has acknowledged: 143 in 3");
    assert_int_equal(finding->severity, SEVERITY_CRITICAL);
    assert_int_equal(hearing.testimony->sockets[0].verdict, SOCKET_NO_CAPTURE);
    assert_null(find(&hearing, FINDING_SOCKET_UNSEEN)); /* there is no capture to miss them in */
    done(&hearing);

    /* Near misses: two; and many that are open. */
    begin(&hearing,
          AFTER FIN_WAIT(2) FIN_WAIT(3) "tcp4 0 0 192.168.1.20.49154 " SERVER_MAC " ESTABLISHED\n"
                                        "tcp4 0 0 192.168.1.20.49155 " SERVER_MAC " ESTABLISHED\n"
                                        "tcp4 0 0 192.168.1.20.49156 " SERVER_MAC " ESTABLISHED\n"
                                        "tcp4 0 9 192.168.1.20.49157 17.1.1.1.443 FIN_WAIT_1\n",
          NULL);
    hear(&hearing);
    assert_null(find(&hearing, FINDING_STUCK_PILEUP));
    done(&hearing);
}

#define FIN_WAIT_SS(n, timer)                                                                      \
    "FIN-WAIT-1 0 144 192.168.1.20:4915" #n " 17.149.36.100:5223 timer:(" timer ",9sec,7)\n"

/* What the kernel's timers and the wire say of a pile. */
static void piles_are_weighed(void **state)
{
    (void)state;
    struct hearing hearing;
    for (unsigned probing = 0; probing < 2; probing++) {
        begin(&hearing,
              probing ? AFTER FIN_WAIT_SS(2, "persist") FIN_WAIT_SS(3, "persist")
                            FIN_WAIT_SS(4, "on")
                      : AFTER FIN_WAIT_SS(2, "persist") FIN_WAIT_SS(3, "on") FIN_WAIT_SS(4, "on"),
              NULL);
        hearing.end.counts.packets = 0;
        hear(&hearing);
        const struct finding *finding = find(&hearing, FINDING_STUCK_PILEUP);
        assert_non_null(finding);
        assert_int_equal(strstr(finding->why, "window") != NULL, probing);
        assert_string_equal(finding->evidence[1].key, "client");
        assert_true(span_equal(finding_evidence_text(finding, &finding->evidence[1]),
                               span_of_text("192.168.1.20")));
        done(&hearing);
    }

    /* Three were in this state, and one of them has gone on since. */
    struct made_flow flow;
    made_healthy(&flow, 1);
    flow.record.tcp.ends[CLIENT].since = flow.record.end;
    begin(&hearing, MIDDLE FIN_WAIT(2) FIN_WAIT(3) FIN_WAIT(4), NULL);
    add(&hearing, &flow);
    hear(&hearing);
    assert_int_equal(hearing.testimony->sockets[0].verdict, SOCKET_CHANGED);
    assert_null(find(&hearing, FINDING_STUCK_PILEUP));
    done(&hearing);
}

/* One in ten may be closing at any moment. */
static void a_small_pile_among_many(void **state)
{
    (void)state;
    for (unsigned open = 36; open < 38; open++) { /* of 39 a tenth is 3, of 40 it is 4 */
        struct hearing hearing;
        struct buf table = {0};
        buf_printf(&table, AFTER FIN_WAIT(2) FIN_WAIT(3) FIN_WAIT(4));
        for (unsigned i = 0; i < open; i++)
            buf_printf(&table, "tcp4 0 0 192.168.1.20.%u " SERVER_MAC " ESTABLISHED\n", 50000 + i);
        begin(&hearing, buf_text(&table), NULL);
        hear(&hearing);
        assert_int_equal(find(&hearing, FINDING_STUCK_PILEUP) != NULL, open == 36);
        done(&hearing);
        buf_done(&table);
    }
}

/* A server's sockets share their port: each connection must not be held against each of them. */
static void a_busy_server(void **state)
{
    (void)state;
    enum { MANY = 30000, SECONDS_MOST = 4 };
    struct hearing hearing;
    struct buf table = {0};
    buf_printf(&table, AFTER);
    for (unsigned i = 0; i < MANY; i++)
        buf_printf(&table, "ESTAB 0 0 17.149.36.100:5223 192.168.1.20:%u\n", 1024 + i);
    begin(&hearing, buf_text(&table), NULL);
    clock_t before = clock();
    for (unsigned i = 0; i < MANY; i++) {
        struct made_flow flow;
        made_healthy(&flow, 1);
        flow.record.n = i + 1;
        flow.record.ends[CLIENT].port = (uint16_t)(1024 + i);
        add(&hearing, &flow);
    }
    hear(&hearing);
    assert_true(clock() - before < SECONDS_MOST * CLOCKS_PER_SEC);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(hearing.testimony->sockets[i].flow, i + 1);
    done(&hearing);
    buf_done(&table);
}

static void leak(void **state)
{
    (void)state;
    struct hearing hearing;
    begin(&hearing,
          AFTER "CLOSE-WAIT 1 0 192.168.1.20:49154 17.149.36.100:5223\n"
                "CLOSE-WAIT 1 0 192.168.1.20:49155 17.149.36.100:5223\n"
                "CLOSE-WAIT 1 0 192.168.1.20:49156 17.149.36.100:5223\n",
          NULL);
    hear(&hearing);
    assert_says(find(&hearing, FINDING_HALF_CLOSED), "3 sockets of 192.168.1.20 in CLOSE_WAIT");
    assert_null(find(&hearing, FINDING_STUCK_PILEUP));
    done(&hearing);
}

static void unseen(void **state)
{
    (void)state;
    struct hearing hearing;
    for (unsigned case_number = 0; case_number < 3; case_number++) {
        begin(&hearing,
              case_number == 1 ? AFTER "tcp4 0 0 192.168.1.20.49154 " SERVER_MAC " ESTABLISHED\n"
                               : AFTER FIN_WAIT(3),
              NULL);
        /* Two minutes and ten seconds: Linux would have tried once more. */
        hearing.end.counts.last_time =
            hearing.end.counts.first_time + (case_number == 2 ? 129 : 130) * NS_PER_SECOND;
        hear(&hearing);
        const struct finding *finding = find(&hearing, FINDING_SOCKET_UNSEEN);
        if (case_number == 0)
            assert_says(finding, "1 socket with something to send has no packet in the 2 min 10 s "
                                 "that were captured, the first in line 2 of table");
        else
            assert_null(finding);
        done(&hearing);
    }
}

static void over(void **state)
{
    (void)state;
    struct hearing hearing;
    struct made_flow flow;
    for (unsigned stuck = 0; stuck < 2; stuck++) {
        begin(&hearing, AFTER FIN_WAIT(2), NULL);
        if (stuck)
            made_stuck_fin(&flow, 1, 143);
        else
            made_healthy(&flow, 1);
        add(&hearing, &flow);
        hear(&hearing);
        const struct finding *finding = find(&hearing, FINDING_SOCKET_OVER);
        if (stuck)
            assert_null(finding);
        else
            assert_says(finding, "1 socket is still listed whose connection was over on the wire "
                                 "before, the first in line 2 of table (192.168.1.20 port 49152, "
                                 "FIN_WAIT_1), flow 1");
        done(&hearing);
    }
}

static void leaf_lines(void **state)
{
    (void)state;
    struct hearing hearing;
    struct made_flow flow;
    begin(&hearing, NULL,
          "May 25 00:48:01 mac apsd[106]: Unrecognized leaf certificate\n"
          "May 25 00:48:40 mac apsd[106]: Unrecognized leaf certificate\n"
          "May 25 00:48:00 mac apsd[106]: Unrecognized leaf certificate\n"
          "May 25 00:49:40 mac apsd[106]: something else\n");
    made_healthy(&flow, 1);
    add(&hearing, &flow); /* it begins at 00:48:01 */
    hear(&hearing);
    const struct testimony *told = hearing.testimony;
    assert_int_equal(told->line_count, 3);
    assert_int_equal(told->other_lines, 1);
    assert_int_equal(told->lines[0].flow,
                     1); /* times are cut to seconds: 00:48:00 may be it, too */
    assert_int_equal(told->lines[1].flow, 1);
    assert_ptr_equal(told->lines[1].leaf, &flow.leaf);
    assert_int_equal(told->lines[2].flow, 0); /* 39 s later it speaks of another */
    const struct finding *finding = find(&hearing, FINDING_UNRECOGNIZED_LEAF);
    assert_says(finding, "3 times from 2014-05-25 00:48:00 to 2014-05-25 00:48:40");
    assert_int_equal(finding->severity, SEVERITY_INFO);
    assert_null(find(&hearing, FINDING_HANDSHAKE_FAILED));
    assert_null(find(&hearing, FINDING_PERIODIC)); /* three times are no period */
    done(&hearing);
}

static void distrust_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool distrust;
        const char *says;
    } cases[] = {
        {"Illegal leaf certificate", true, "disconnects at once"},
        {"CFNetwork SSLHandshake failed (-9807)", true, "errSSLXCertChainInvalid"},
        {"CFNetwork SSLHandshake failed (-9806)", true, "errSSLClosedAbort"},
        {"CFNetwork SSLHandshake failed (-9999)", true, "the number in parentheses"},
        {"Failed to evaluate trust: No error. (0), result=5", true, "RecoverableTrustFailure"},
        {"Untrusted peer, closing connection immediately", true, "does not trust"},
        {"Trusted peer", false, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hearing hearing;
        char log[160] = "May 25 00:48:01 mac apsd[106]: ";
        strncat(log, cases[i].line, sizeof log - strlen(log) - 1);
        begin(&hearing, NULL, log);
        hear(&hearing);
        const struct finding *finding = find(&hearing, FINDING_HANDSHAKE_FAILED);
        if (cases[i].distrust)
            assert_says(finding, cases[i].says);
        else
            assert_null(finding);
        assert_null(find(&hearing, FINDING_UNRECOGNIZED_LEAF));
        done(&hearing);
    }
}

static void periodic_lines(void **state)
{
    (void)state;
    struct hearing hearing;
    struct buf log = {0};
    for (unsigned i = 0; i < 24; i++) /* every 90 minutes, a third of them missing */
        if (i % 3 != 1)
            buf_printf(&log, "May %u %02u:%02u:0%u mac apsd[106]: Unrecognized leaf certificate\n",
                       25 + i * 90 / 1440, i * 90 / 60 % 24, i * 90 % 60, i % 3);
    begin(&hearing, NULL, buf_text(&log));
    hear(&hearing);
    assert_says(find(&hearing, FINDING_PERIODIC), "comes every 1 h 30 min");
    done(&hearing);
    buf_done(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(cut_fields),
        cmocka_unit_test(reused_ports),
        cmocka_unit_test(pileup),
        cmocka_unit_test(piles_are_weighed),
        cmocka_unit_test(a_small_pile_among_many),
        cmocka_unit_test(a_busy_server),
        cmocka_unit_test(leak),
        cmocka_unit_test(unseen),
        cmocka_unit_test(over),
        cmocka_unit_test(leaf_lines),
        cmocka_unit_test(distrust_lines),
        cmocka_unit_test(periodic_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
