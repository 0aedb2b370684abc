/* test_sink_text.c: the report for people: what it says, that it fits, that nothing escapes it. */
#include "../report/terminal_text.h"
#include "records.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct report_options narrow = {.columns = 80};

static char *report_of(const struct report_options *options, struct made_flow *const *flows,
                       size_t count)
{
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    return made_report(REPORT_TEXT, options, &meta, &end, flows, count);
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("%s\nis not in\n%s", words, text);
}

static void assert_fits(const char *text, unsigned columns)
{
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        struct span line = span_of(text, (size_t)(end - text));
        if (terminal_width(line) > columns)
            fail_msg("%u columns: %.*s", terminal_width(line), (int)line.n, line.p);
    }
    assert_string_equal(text, "");
}

static void assert_harmless(const char *text)
{
    for (; *text; text++)
        assert_true(*text == '\n' || ((unsigned char)*text >= 0x20 && *text != 0x7f));
}

static const char *line_of(const char *text, unsigned number)
{
    while (number-- > 0)
        text = strchr(text, '\n') + 1;
    return text;
}

static void healthy_takes_three_lines(void **state)
{
    (void)state;
    struct made_flow flows[3], *list[3];
    for (unsigned i = 0; i < 3; i++)
        made_healthy(list[i] = &flows[i], i + 1);
    char *text = report_of(&narrow, list, 3);
    assert_says(text, "Nothing is wrong here: 3 connections, 3 closed in order.\n");
    assert_int_equal(*line_of(text, 3), '\n');
    assert_says(text, "192.168.1.20 -> 17.149.36.100:5223  TLSv1.2  courier.push.example\n"
                      "   1 00:48:01 49152  TIME_WAIT          0  CLOSED             0 closed by "
                      "client\n"
                      "   2 00:48:02 49153  ");
    assert_null(strstr(text, "Flow 1"));
    free(text);
}

static const char *const questions[] = {"\nHow sure? ", "\n\nHow does it work here?\n  ",
                                        "\nIs it misbehaving?\n  ", "\nHow to check?\n  ", NULL};

static void the_pileup(void **state)
{
    (void)state;
    static struct made_flow flows[36];
    struct made_flow *list[36];
    for (unsigned i = 0; i < 36; i++) {
        list[i] = &flows[i];
        if (i < 34)
            made_stuck_fin(&flows[i], i + 1, i % 3 == 2 ? 143 : 106);
        else
            made_healthy(&flows[i], i + 1);
    }
    char *text = report_of(&narrow, list, 36);
    assert_fits(text, 80);
    assert_memory_equal(text, "The program is likely not at fault: ", 36);
    assert_says(text, "34\nof 36 connections are stuck: they sent a FIN");
    for (const char *const *question = questions; *question; question++)
        assert_says(text, *question);
    assert_says(text, "34 connections of 192.168.1.20 were stuck at once");
    /* Each is in the table, with its state and bytes. */
    for (unsigned i = 0; i < 34; i++) {
        char row[128];
        snprintf(row, sizeof(row),
                 "\n%4u 00:48:%02u %u  FIN_WAIT_1       %s  ESTABLISHED        0 FIN", i + 1, i + 1,
                 49152 + i, i % 3 == 2 ? "143" : "106");
        assert_says(text, row);
    }
    /* The first few are told in full, the others in a line each. */
    assert_says(text, "\nFlow 1  192.168.1.20:49152 -> 17.149.36.100:5223  courier.push.example\n");
    assert_says(text, "8 retransmissions over\n  58.2 s (frames 31, 32, 39).");
    assert_says(text, "37 of application data\n  + 69 of application data + 37 of alert");
    assert_null(strstr(text, "\nFlow 4 "));
    assert_says(text, "\nAnd 31 more like these.");
    assert_says(text, "\n  Flow 34       106 bytes, unanswered: 8 retries in 58.2 s, frames ");
    assert_says(text, "bytes in 23, 143\nbytes in 11");
    free(text);
}

static void make_mixture(struct made_flow *flows)
{
    static const char hostile[] = "evil\x1b[2J\nFlow 7 is fine \xe2\x80\xae \xd7\xa9 \xff "
                                  "very-long-very-long-very-long-very-long-very-long.example.com";
    made_stuck_fin(&flows[0], 1, 106);
    made_ipv6(&flows[0]);
    made_failed(&flows[1], 2, 48);
    flows[1].tls.sni = made_text(hostile);
    made_reset(&flows[2], 3, SERVER, RESET_IN_DATA);
    made_ipv6(&flows[2]);
    flows[2].tls.sni = made_text(hostile);
    made_healthy(&flows[3], 4);
    flows[3].leaf.subject = flows[3].leaf.issuer = made_text(hostile);
    flows[3].san[0] = made_text(hostile);
    flows[3].leaf.self_signed = true;
    flows[3].leaf.ordinal = 9;
    made_silent_peer(&flows[4], 5, STUCK_WINDOW_CLOSED);
    flows[4].record.n = flows[4].record.tcp.stuck.first_frame = UINT64_MAX;
    flows[4].record.tcp.ends[CLIENT].unacked = UINT64_MAX;
    made_plain(&flows[5], 6, PLAIN_UNKNOWN);
}

static void every_line_fits_and_is_harmless(void **state)
{
    (void)state;
    static struct made_flow flows[6];
    struct made_flow *list[6];
    make_mixture(flows);
    for (unsigned i = 0; i < 6; i++)
        list[i] = &flows[i];
    for (unsigned columns = 80; columns <= 200; columns += 3) {
        struct report_options options = {.columns = columns, .verbose = true};
        char *text = report_of(&options, list, 6);
        assert_fits(text, columns);
        assert_harmless(text);
        assert_null(strstr(text, "\xe2\x80\xae"));
        assert_null(strstr(text, "\nFlow 7 "));
        free(text);
    }
}

static void ascii_is_ascii(void **state)
{
    (void)state;
    static struct made_flow flows[6];
    struct made_flow *list[6];
    make_mixture(flows);
    flows[0].tls.sni = made_text("b\xc3\xbc"
                                 "cher.example");
    for (unsigned i = 0; i < 6; i++)
        list[i] = &flows[i];
    struct report_options options = {.columns = 80, .ascii = true, .verbose = true};
    char *text = report_of(&options, list, 6);
    for (const char *c = text; *c; c++)
        assert_true((unsigned char)*c < 0x7f);
    assert_says(text, "b\\u{fc}cher.example");
    free(text);
}

static void colour_only_when_asked_for(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    made_stuck_fin(&flow, 1, 106);
    struct report_options options = {.columns = 80, .colour = true};
    char *plain = report_of(&narrow, list, 1), *coloured = report_of(&options, list, 1);
    assert_null(strchr(plain, '\033'));
    assert_says(coloured, "\033[31mFIN_WAIT_1 ");

    /* But for the colours they are the same. */
    char *to = coloured;
    for (const char *from = coloured; *from;) {
        if (*from == '\033')
            from = strchr(from, 'm') + 1;
        else
            *to++ = *from++;
    }
    *to = '\0';
    assert_string_equal(coloured, plain);
    free(plain);
    free(coloured);
}

static void certificates_are_printed_once(void **state)
{
    (void)state;
    struct made_flow flows[2], *list[2];
    for (unsigned i = 0; i < 2; i++)
        made_healthy(list[i] = &flows[i], i + 1);
    struct report_options options = {.columns = 80, .verbose = true};
    char *text = report_of(&options, list, 2);
    assert_says(text, "      subject   CN=courier.push.example,O=Example Inc.,C=US\n");
    assert_says(text, "      names     courier.push.example, *.push.example\n");
    assert_says(text, "  server 1: C1 (above)\n  server 2: C2 (above)\n");
    assert_null(strstr(strstr(text, "subject   CN=courier") + 1, "subject   CN=courier"));
    free(text);
    flows[0].tls.server_cert_count = 0;
    flows[0].tls.certs_via = CERTS_ENCRYPTED;
    text = report_of(&options, list, 1);
    assert_says(text, "no certificate: encrypted, as always in TLS 1.3");
    free(text);
}

static void days_are_told_apart(void **state)
{
    (void)state;
    struct made_flow flows[2], *list[2] = {&flows[0], &flows[1]};
    made_healthy(&flows[0], 1);
    made_healthy(&flows[1], 2);
    flows[1].record.start += 86400 * NS_PER_SECOND;
    char *text = report_of(&narrow, list, 2);
    assert_says(text, "\n--- 2014-05-26\n   2 00:48:02");
    free(text);
}

static void packets_without_a_time_have_none(void **state)
{
    (void)state;
    struct made_flow flow, *list[] = {&flow};
    made_healthy(&flow, 1);
    flow.record.start = flow.record.end = 0;
    for (unsigned wide = 0; wide < 2; wide++) {
        char *text = report_of(wide ? &(struct report_options){.columns = 120} : &narrow, list, 1);
        assert_says(text,
                    wide ? "\n   1            -          - 49152 " : "\n   1        - 49152 ");
        free(text);
    }
}

static void nothing_at_all(void **state)
{
    (void)state;
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    char *text = made_report(REPORT_TEXT, &narrow, &meta, &end, NULL, 0);
    assert_says(text, "No TCP connection on port 5223 was seen.");
    assert_says(text, "Packets not used: 200 not TCP.");
    free(text);
    memset(&end.counts, 0, sizeof(end.counts));
    text = made_report(REPORT_TEXT, &narrow, &meta, &end, NULL, 0);
    assert_says(text, "The capture holds no packets.");
    free(text);
}

static void damage_is_told(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    made_healthy(&flow, 1);
    end.clean = false;
    end.damage = "made.pcap: byte 4711: cut short";
    char *text = made_report(REPORT_TEXT, &narrow, &meta, &end, list, 1);
    assert_says(text, "The connections look well, but the capture has holes");
    assert_says(text, "byte 4711");
    free(text);
}

/* Live: rows at once, snapshots as tables, the summary at the end. */
static void a_live_run(void **state)
{
    (void)state;
    struct made_flow ended, open;
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    meta.live = true;
    made_stuck_fin(&ended, 1, 106);
    made_silent_peer(&open, 2, STUCK_SILENCE);
    open.record.final = false;

    struct report *report = report_new(&meta);
    report_add_output(report, REPORT_TEXT, out, &narrow);
    report_begin(report);
    made_take(report, &ended);
    assert_int_equal(fflush(out), 0);
    assert_says(text, "Watching made.pcap");
    assert_says(text, "FIN_WAIT_1       106");
    assert_says(text, "Flow 1  192.168.1.20:49152");
    made_take(report, &open);
    report_snapshot_end(report, made_epoch);
    assert_int_equal(fflush(out), 0);
    assert_says(text, "Open at 2014-05-25 00:48:00 UTC: 1 connection\n");
    assert_says(text, "   2 00:48:02 49153  ESTABLISHED      106");
    assert_null(strstr(text, "Flow 2"));
    assert_true(report_finish(report, &end));
    assert_int_equal(fflush(out), 0);
    assert_says(text, "The\nconnection is stuck");
    assert_says(text, "Connections 1: 1 FIN unanswered");
    report_free(report);
    fclose(out);
    free(text);
}

/* More rows than are kept in memory come out whole and in order. */
static void a_long_table_is_spilled(void **state)
{
    (void)state;
    enum { MANY = 300000 };
    static const struct report_options all = {.columns = 80, .verbose = true};
    struct made_flow flow;
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    FILE *out = tmpfile();
    assert_non_null(out);
    made_healthy(&flow, 1);
    struct report *report = report_new(&meta);
    report_add_output(report, REPORT_TEXT, out, &all);
    report_begin(report);
    for (uint64_t n = 1; n <= MANY; n++) {
        flow.record.n = n;
        made_take(report, &flow);
    }
    assert_true(report_finish(report, &end));
    report_free(report);

    char line[256];
    uint64_t next = 1;
    rewind(out);
    while (fgets(line, sizeof(line), out))
        if (strstr(line, "closed by client"))
            assert_int_equal(strtoull(line, NULL, 10), next++);
    assert_int_equal(next, MANY + 1);
    fclose(out);
}

/* Nobody looks through thousands of lines: the report says how many more there are, and where. */
static void a_long_report_stays_short(void **state)
{
    (void)state;
    enum { MANY = 3000, LINES = 360 };
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    struct made_flow flow;
    char *text = NULL;
    size_t size = 0, lines = 0;
    FILE *out = open_memstream(&text, &size);
    struct report *report = report_new(&meta);
    report_add_output(report, REPORT_TEXT, out, &narrow);
    report_begin(report);
    for (uint64_t n = 1; n <= MANY; n++) {
        if (n % 2)
            made_stuck_fin(&flow, n, 106);
        else
            made_reset(&flow, n, SERVER, RESET_IN_DATA);
        made_take(report, &flow);
    }
    assert_true(report_finish(report, &end));
    report_free(report);
    fclose(out);
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_in_range(lines, 200, LINES);
    assert_fits(text, 80);
    assert_says(text,
                "\n\xe2\x80\xa6 and 2800 more connections; -v shows all, and -o json has all.\n");
    assert_says(text, "\n  \xe2\x80\xa6 and 1457 more; -o json has all.\n");
    assert_says(text, "notice: Connection reset [reset], 1500 connections\n");
    free(text);
}

static void the_severest_findings_come_first(void **state)
{
    (void)state;
    static struct made_flow flows[5];
    struct made_flow *list[5];
    made_reset(list[0] = &flows[0], 1, SERVER, RESET_IN_DATA);
    for (unsigned i = 1; i < 4; i++)
        made_stuck_fin(list[i] = &flows[i], i + 1, 106);
    made_healthy(list[4] = &flows[4], 5);
    char *text = report_of(&narrow, list, 5);
    const char *pileup = strstr(text, "\ncritical: Many connections of one client are stuck [");
    const char *fin = strstr(text, "\nwarning: FIN without an acknowledgment [fin-unanswered], 3");
    const char *reset = strstr(text, "\nnotice: Connection reset [reset]\n");
    const char *table = strstr(text, "\nConnections (times are UTC");
    assert_true(pileup && fin && reset && table);
    assert_true(pileup < fin && fin < reset && reset < table);
    assert_says(reset, "\n  Filter: ip.addr==192.168.1.20 && tcp.port==49152 && tcp.port==5223\n");
    assert_says(pileup, "\n  Filter: frame.number in {");
    assert_says(fin, "\n  Harmless if ");
    assert_says(fin, "\n  Next: ");
    free(text);
}

/* So do the lines of connections that are stuck alike; a live run prints each of them once. */
static void many_alike_are_told_once(void **state)
{
    (void)state;
    enum { MANY = 20, IN_FULL = 3 };
    for (unsigned live = 0; live < 2; live++) {
        struct made_flow flow;
        struct run_meta meta = made_meta();
        struct run_end end = made_end();
        char *text = NULL;
        size_t size = 0, found = 0;
        FILE *out = open_memstream(&text, &size);
        meta.live = live;
        struct report *report = report_new(&meta);
        report_add_output(report, REPORT_TEXT, out, &narrow);
        report_begin(report);
        for (uint64_t n = 1; n <= MANY; n++) {
            made_stuck_fin(&flow, n, 106);
            made_take(report, &flow);
        }
        assert_true(report_finish(report, &end));
        report_free(report);
        fclose(out);
        for (const char *at = text; (at = strstr(at, "   106 bytes, unanswered: ")); at++)
            found++;
        assert_int_equal(found, MANY - IN_FULL);
        free(text);
    }
}

/* A FIN that is not stuck by any cause has a time, too, whichever end sent it. */
static void the_server_s_fin_has_its_time(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    made_stuck_fin(&flow, 1, 106);
    struct end_record client = flow.record.tcp.ends[CLIENT];
    flow.record.tcp.ends[CLIENT] = flow.record.tcp.ends[SERVER];
    flow.record.tcp.ends[SERVER] = client;
    flow.record.tcp.stuck = (struct stuck_record){.cause = STUCK_NOT};
    char *text = made_report(REPORT_TEXT, &narrow, &meta, &end, list, 1);
    assert_says(text, "it sent a FIN and got no acknowledgment");
    assert_null(strstr(text, "00:00:00"));
    free(text);
}

static void a_full_disk_is_noticed(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    struct report *report = report_new(&meta);
    report_add_output(report, REPORT_TEXT, full, &narrow);
    report_begin(report);
    assert_false(report_finish(report, &end));
    report_free(report);
    fclose(full);
}

/* A stream of APNs: what came how often, how large, how far apart; then all in order. */
static void commands_are_told_by_kind(void **state)
{
    (void)state;
    struct apns_command commands[9], *command = commands;
    struct apns_facts apns = {.commands = commands, .count = COUNT_OF(commands), .more = 3};
    struct tls_extras extras = {.apns = &apns};
    struct made_flow flow, *list[] = {&flow};
    made_healthy(&flow, 1);
    flow.tls.extras = &extras;
    static const uint8_t sent[] = {0x07, 0x08, 0xfe, 0x0c, 0x0d, 0x0c, 0x0d, 0x0c, 0x0d};
    for (unsigned i = 0; i < COUNT_OF(sent); i++)
        *command++ = (struct apns_command){.time = made_epoch + i * 60 * NS_PER_SECOND,
                                           .command = sent[i],
                                           .direction = i % 2,
                                           .length = 10 + i,
                                           .status = (int16_t)(sent[i] == 0x08 ? 2 : -1),
                                           .interval = sent[i] == 0x0c ? 20 : -1};
    char *text = report_of(&narrow, list, 1);
    assert_says(text, "\nAPNs commands (as the key log shows them; times are UTC)\nFlow 1 ");
    assert_says(text, "\n  07 connect          client     1 10          00:48:00\n");
    assert_says(text, "\n  08 connect ack      server     1 11          00:49:00"
                      "              status 2\n");
    assert_says(text, "\n  fe                  client     1 12          00:50:00\n");
    assert_says(text, "\n  0c keep-alive       server     3 13-17       00:51:00"
                      "  2 min 0 s   20 min\n");
    assert_says(text, "\n  In order (> client's, < server's): >07 <08 >fe <0c >0d <0c >0d ");
    assert_says(text, "more that were not kept\n");
    assert_fits(text, 80);
    free(text);
    for (unsigned i = 0; i < apns.count; i++) { /* at its widest */
        commands[i].command = i % 2 ? 0x0b : 0xfe;
        commands[i].length = i < 2 ? 10 : UINT32_MAX;
        commands[i].time = made_epoch + i * 98765 * NS_PER_SECOND;
        commands[i].interval = UINT16_MAX;
    }
    text = report_of(&narrow, list, 1);
    assert_fits(text, 80);
    free(text);
    for (unsigned i = 0; i < apns.count; i++) { /* packets without a time */
        commands[i] = (struct apns_command){.command = 0x0c, .status = -1, .interval = -1};
    }
    text = report_of(&narrow, list, 1);
    assert_says(text, "\n  0c keep-alive       client     9 0                  -\n");
    free(text);
    struct made_flow many[22], *all[22];
    for (unsigned i = 0; i < COUNT_OF(many); i++) {
        made_healthy(all[i] = &many[i], i + 1);
        many[i].tls.extras = &extras;
    }
    text = report_of(&narrow, all, COUNT_OF(many));
    assert_says(text, "and those of 2 more connections; -v shows all.\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy_takes_three_lines),
        cmocka_unit_test(the_pileup),
        cmocka_unit_test(every_line_fits_and_is_harmless),
        cmocka_unit_test(ascii_is_ascii),
        cmocka_unit_test(colour_only_when_asked_for),
        cmocka_unit_test(certificates_are_printed_once),
        cmocka_unit_test(days_are_told_apart),
        cmocka_unit_test(packets_without_a_time_have_none),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(a_live_run),
        cmocka_unit_test(a_long_table_is_spilled),
        cmocka_unit_test(a_long_report_stays_short),
        cmocka_unit_test(the_severest_findings_come_first),
        cmocka_unit_test(many_alike_are_told_once),
        cmocka_unit_test(the_server_s_fin_has_its_time),
        cmocka_unit_test(commands_are_told_by_kind),
        cmocka_unit_test(a_full_disk_is_noticed),
    };
    return cmocka_run_group_tests_name("sink_text", tests, NULL, NULL);
}
