/* test_sink_json.c: NDJSON of records of every kind, held against the schema by a validator that
 * is not ours, and a few values by eye. */
#include "../report/json_flow.h"
#include "records.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static const struct report_options options = {.columns = 80};

static char *report_of(struct made_flow *const *flows, size_t count)
{
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    return made_report(REPORT_JSON, &options, &meta, &end, flows, count);
}

/* Reports to be validated, each in a file; starting the validator takes longer than its work. */
enum { REPORTS_MAX = 64 };
static char report_paths[REPORTS_MAX][32];
static unsigned report_count;

static void validate(const char *ndjson)
{
    assert_true(report_count < REPORTS_MAX);
    char *path = report_paths[report_count++];
    strcpy(path, "/tmp/sink-json-XXXXXX");
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    fputs(ndjson, file);
    assert_int_equal(fclose(file), 0);
}

/* The last test. tests/validate_schema.py checks order and uniqueness of keys, too. */
static void all_of_these_are_valid(void **state)
{
    (void)state;
    char command[128 + sizeof(report_paths)] =
        "python3 tests/validate_schema.py report/flow-record.schema.json";
    for (unsigned i = 0; i < report_count; i++)
        strcat(strcat(command, " "), report_paths[i]);
    int status = system(command);
    for (unsigned i = 0; i < report_count; i++)
        unlink(report_paths[i]);
    assert_true(report_count > 0);
    assert_int_equal(status, 0);
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("%s\nis not in\n%s", words, text);
}

static void make_all(struct made_flow *flows)
{
    unsigned n = 0;
    made_healthy(&flows[n], n + 1), n++;
    made_stuck_fin(&flows[n], n + 1, 106), n++;
    made_stuck_fin(&flows[n], n + 1, 143), n++;
    made_silent_peer(&flows[n], n + 1, STUCK_SILENCE), n++;
    made_silent_peer(&flows[n], n + 1, STUCK_WINDOW_CLOSED), n++;
    made_silent_peer(&flows[n], n + 1, STUCK_DUPLICATE_ACKS), n++;
    made_unanswered(&flows[n], n + 1), n++;
    made_refused(&flows[n], n + 1), n++;
    made_reset(&flows[n], n + 1, SERVER, RESET_IN_DATA), n++;
    made_reset(&flows[n], n + 1, CLIENT, RESET_IN_CLOSING), n++;
    made_half_closed(&flows[n], n + 1), n++;
    made_failed(&flows[n], n + 1, 48), n++;
    made_failed(&flows[n], n + 1, 0), n++;
    made_plain(&flows[n], n + 1, PLAIN_XMPP), n++;
    made_healthy(&flows[n], n + 1), made_ipv6(&flows[n]), n++;
    assert_int_equal(n, 15);
}

static void every_kind_of_record_is_valid(void **state)
{
    (void)state;
    struct made_flow flows[15], *list[15];
    make_all(flows);
    for (unsigned i = 0; i < COUNT_OF(flows); i++)
        list[i] = &flows[i];
    char *text = report_of(list, COUNT_OF(flows));
    validate(text);
    free(text);
}

static void a_run_without_flows_is_valid(void **state)
{
    (void)state;
    char *text = report_of(NULL, 0);
    validate(text);
    assert_says(text, "{\"type\":\"meta\",\"schema\":\"1.3\",\"pushwatch\":\"0.1.0\"");
    free(text);
}

static char *with_label(const struct app_label *label)
{
    struct made_flow flow, *list[1] = {&flow};
    made_healthy(&flow, 1);
    flow.record.ndpi = label;
    return report_of(list, 1);
}

/* A label's texts are written as they are where that is known to be right, else looked at. */
static void labels(void **state)
{
    (void)state;
    char most[APP_TEXT_MOST + 1];
    memset(most, 'm', APP_TEXT_MOST);
    most[APP_TEXT_MOST] = '\0';
    struct app_label label = {.protocol = "TLS.ApplePush", .category = most, .risk_count = 0};
    for (unsigned i = 0; i < APP_RISKS_MAX; i++)
        label.risks[i] = i % 2 ? most : "Known protocol on non standard port";
    for (; label.risk_count <= APP_RISKS_MAX; label.risk_count++) {
        label.plain = false;
        char *slowly = with_label(&label);
        label.plain = true;
        char *at_once = with_label(&label);
        assert_string_equal(slowly, at_once);
        assert_non_null(
            strstr(slowly, "\"ndpi\":{\"protocol\":\"TLS.ApplePush\",\"category\":\"m"));
        free(slowly);
        free(at_once);
    }
    label.risk_count = 1;
    label.risks[0] = "a \"risk\"";
    label.plain = false;
    char *escaped = with_label(&label);
    assert_non_null(strstr(escaped, "\"risks\":[\"a \\\"risk\\\"\"]"));
    free(escaped);
}

/* What a flow may have beyond the usual. */
static void rare_members_are_valid(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    made_failed(&flow, 1, 0);
    struct flow_record *record = &flow.record;
    record->interface = "en0";
    record->vlans[0] = 42;
    record->vlan_count = 1;
    const struct app_label label = {.protocol = "TLS.ApplePush",
                                    .category = "Cloud",
                                    .risks = {"Known protocol on non standard port"},
                                    .risk_count = 1};
    record->ndpi = &label;
    record->tcp.rtt[CLIENT] = -1;
    record->tcp.ends[CLIENT].pending_more = true;
    flow.tls.alerts = flow.alerts;
    flow.alerts[0] = (struct tls_alert){.encrypted = true, .frame = 30};
    flow.alerts[1] =
        (struct tls_alert){.direction = 1, .level = 9, .description = 200, .frame = 31};
    flow.tls.alert_count = 2;
    flow.tls.version = 0x7f17;
    flow.server_hello.cipher = 0x4242;
    flow.tls.group = 0x4243;
    flow.tls.certificate_requested = true;
    flow.tls.client_certs = flow.chain;
    flow.tls.client_cert_count = 2;
    flow.tls.client_chain_cut = true;
    flow.root.malformed = true;
    flow.leaf.key_curve = "P-256";
    flow.leaf.names = flow.leaf.key_usage = flow.leaf.policies = flow.leaf.san;
    char *text = report_of(list, 1);
    validate(text);
    assert_says(text, "\"version\":\"TLSv1.3-draft23\"");
    assert_says(text, "\"cipher\":\"0x4242\",\"cipher_id\":\"0x4242\",\"group\":\"0x4243\"");
    assert_says(text, "{\"from\":\"client\",\"encrypted\":true,\"frame\":30}");
    assert_says(text, "{\"from\":\"server\",\"level\":\"0x09\",\"description\":\"0xc8\"");
    assert_says(text, "\"rtt\":{\"server\":0.031250}");
    assert_says(text, "\"client_certificates_partial\":[{\"sha256\":");
    free(text);
}

static void what_few_sessions_have_is_valid(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    struct ocsp_staple staple = {.status = STAPLE_REVOKED,
                                 .other_certificate = true,
                                 .this_update = made_epoch,
                                 .next_update = made_epoch,
                                 .revoked_at = made_epoch,
                                 .sct_count = 2};
    struct raw_key key = {.type = "EC", .bits = 256, .curve = "P-256"};
    struct tls_extras extras = {
        .heartbeats = {{1, 2}, {30, 40}, 1, 12, 13},
        .renegotiation = {7, {2, 1}, 14},
        .staple = &staple,
        .server_key = &key,
        .client_key = &key,
        .alpn = made_text("h2"),
        .scts = 3,
        .compression = 3,
        .certificate_types = {CERTIFICATE_RAW_KEY, CERTIFICATE_RAW_KEY},
        .early_data_accepted = true,
    };
    made_healthy(&flow, 1);
    flow.tls.extras = &extras;
    flow.tls.ech = ECH_LIKELY_ACCEPTED;
    flow.client_hello.ech = flow.client_hello.esni = true;
    flow.leaf.sct_count = 4;
    char *text = report_of(list, 1);
    validate(text);
    assert_says(text, "\"ech\":true,\"ech_status\":\"likely-accepted\",\"esni\":true");
    assert_says(text, "\"server_certificate_type\":\"raw-public-key\"");
    assert_says(text, "\"server_raw_public_key\":{\"spki_sha256\":");
    assert_says(text, "\"certificate_compression\":\"zstd\"");
    assert_says(text, "\"ocsp_stapled\":\"revoked\",\"ocsp_response\":{\"this_update\":");
    assert_says(text, "\"other_certificate\":true},\"sct\":9");
    assert_says(text, "\"overreads\":1,\"overread_frame\":13");
    assert_says(text, "\"renegotiation\":{\"completed\":1,\"records\":7,\"frame\":14}");
    free(text);
    staple.this_update = 0;
    for (int status = STAPLE_UNREAD; status <= STAPLE_MALFORMED; status++) {
        staple.status = (enum staple_status)status;
        text = report_of(list, 1);
        validate(text);
        free(text);
    }
}

static void ssl2_has_its_own_suites(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    struct tls_extras extras = {.ssl2_cipher = 0x0700c0};
    made_healthy(&flow, 1);
    flow.tls.extras = &extras;
    flow.tls.version = flow.server_hello.version = TLS_VERSION_SSL2;
    flow.server_hello.cipher = 0;
    char *text = report_of(list, 1);
    validate(text);
    assert_says(text, "\"version\":\"SSLv2\"");
    assert_says(text, "\"cipher\":\"SSL_CK_DES_192_EDE3_CBC_WITH_MD5\",\"cipher_id\":\"0x0700c0\"");
    free(text);
}

static void packets_without_a_time_have_none(void **state)
{
    (void)state;
    struct made_flow flow, *list[] = {&flow};
    made_healthy(&flow, 1);
    flow.record.start = flow.record.end = 0;
    flow.leaf.first_seen = flow.leaf.last_seen = flow.root.first_seen = flow.root.last_seen = 0;
    struct apns_command command = {.command = 0x0c, .frame = 1, .status = -1, .interval = -1};
    struct apns_facts apns = {.commands = &command, .count = 1};
    struct tls_extras extras = {.apns = &apns};
    flow.tls.extras = &extras;
    char *text = report_of(list, 1);
    validate(text);
    assert_says(text, "=\",\"first_frame\":");
    assert_says(text, "\"flows\":");
    assert_null(strstr(text, "1970"));
    assert_null(strstr(text, "first_seen"));
    free(text);
}

static void fill_end(struct end_record *end, enum tcp_state state)
{
    const uint64_t most = UINT64_MAX;
    *end = (struct end_record){.state = state,
                               .since = INT64_MAX,
                               .packets = most,
                               .bytes = most,
                               .unacked = most,
                               .unacked_at_reset = most,
                               .pending_more = true,
                               .retransmits = UINT32_MAX,
                               .gap_bytes = most,
                               .window_probes = UINT32_MAX,
                               .fin = UINT32_MAX,
                               .rst = UINT32_MAX,
                               .fin_frame = most,
                               .fin_last_frame = most,
                               .fin_acked_frame = most,
                               .rst_frame = most,
                               .last_frame = most,
                               .ttl_min = 255,
                               .ttl_max = 255,
                               .syn_seen = true,
                               .mss = UINT16_MAX,
                               .wscale = 14};
}

static void fill_tls(struct made_flow *flow, struct tls_alert *alerts)
{
    struct tls_facts *tls = &flow->tls;
    for (unsigned i = 0; i < TLS_ALERTS_MAX; i++) /* bad_certificate_status_response */
        alerts[i] = (struct tls_alert){.level = 1, .description = 113, .frame = UINT64_MAX};
    tls->alerts = alerts;
    tls->alert_count = TLS_ALERTS_MAX;
    flow->server_hello.cipher = 0xcca9; /* of the longest names */
    tls->certs_via = CERTS_NOT_CAPTURED;
    tls->ech = ECH_LIKELY_ACCEPTED;
    flow->client_hello.ech = flow->client_hello.esni = true;
    tls->certificate_requested = true;
    tls->acceptable_cas = TLS_CAS_UNKNOWN - 1;
    tls->client_certs = flow->chain;
    tls->client_cert_count = 2;
    tls->client_hello_frame = tls->server_hello_frame = tls->certificate_frame =
        tls->client_certificate_frame = tls->complete_frame = tls->gap_bytes = UINT64_MAX;
}

static void fill_findings(struct findings *findings)
{
    struct validation *validation = &findings->validation;
    *validation = (struct validation){.status = VALIDATION_UNVERIFIABLE,
                                      .at = INT64_MAX,
                                      .named = true,
                                      .depth = UINT8_MAX,
                                      .staple = STAPLE_BAD_SIGNATURE,
                                      .faults = (UINT32_C(1) << FAULTS) - 1};
    struct finding *finding = findings_add(findings, FINDING_CLIENT_CERTIFICATE_EXPOSED);
    finding->known = true;
    for (unsigned i = 0; i < FINDING_FRAMES_MAX; i++)
        finding_frame(finding, UINT64_MAX - FINDING_FRAMES_MAX + i);
}

/* Who counts too few members at members_begin is stopped, under AddressSanitizer by the first that
 * is too many. */
static void all_that_a_flow_may_say_has_room(void **state)
{
    (void)state;
    struct made_flow flow;
    struct findings findings = {0};
    struct tls_alert alerts[TLS_ALERTS_MAX];
    struct buf out = {0};
    made_reset(&flow, 1, SERVER, RESET_IN_DATA);
    made_ipv6(&flow);
    struct flow_record *record = &flow.record;
    for (unsigned side = CLIENT; side <= SERVER; side++) {
        fill_end(&record->tcp.ends[side], SIDE_SYN_RECEIVED);
        memset(record->ends[side].ip, 0xfe, sizeof record->ends[side].ip);
        record->ends[side].port = UINT16_MAX;
    }
    record->end = INT64_MAX;
    record->first_frame = record->last_frame = UINT64_MAX;
    memset(record->tcp.history, 'A', sizeof record->tcp.history - 1);
    record->tcp.rtt[CLIENT] = record->tcp.rtt[SERVER] = record->tcp.idle_before_close =
        record->tcp.max_idle = record->tcp.idle_at_end = INT64_MAX;
    fill_tls(&flow, alerts);
    fill_findings(&findings);
    struct json json;
    json_begin(&json, &out);
    json_open_object(&json, NULL);
    json_flow(&json, record, &findings, NULL);
    json_close_object(&json);
    json_end(&json);
    assert_says(buf_text(&out), "\"unknown-anchor\",\"unknown-time\"],\"ocsp\":");
    assert_says(buf_text(&out), "\"final\":true}");
    buf_done(&out);
    findings_done(&findings);
}

static void the_stuck_connection(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    made_stuck_fin(&flow, 1, 143);
    char *text = report_of(list, 1);
    assert_says(text, "\"stuck\":{\"end\":\"client\",\"cause\":\"unanswered\","
                      "\"since\":\"2014-05-25T00:48:03.000000Z\",\"attempts\":8,");
    assert_says(text, "\"client\":{\"state\":\"FIN_WAIT_1\"");
    assert_says(text, "\"unacked\":143,\"unacked_records\":["
                      "{\"type\":\"application_data\",\"length\":32},"
                      "{\"type\":\"application_data\",\"length\":64},"
                      "{\"type\":\"alert\",\"length\":32}]");
    assert_says(text, "\"teardown\":{\"fin-unanswered\":1}");
    assert_says(text, "\"states\":{\"client\":{\"FIN_WAIT_1\":1},\"server\":{\"ESTABLISHED\":1}}");
    free(text);
}

static void hostile_strings_stay_in_their_field(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    made_healthy(&flow, 1);
    flow.tls.sni = made_text("x\",\"evil\":\"\n{\x1b[2J\xe2\x80\xa8\xff");
    flow.leaf.subject = flow.tls.sni;
    flow.leaf.self_signed = true; /* so that the subject is in a finding, too */
    flow.alpn[0] = flow.tls.sni;
    flow.record.interface = "\x1b]0;title\x07";
    char *text = report_of(list, 1);
    validate(text);
    assert_says(text, "\"sni\":\"x\\\",\\\"evil\\\":\\\"\\\\x0a{\\\\x1b[2J\\u2028\\\\xff\"");
    for (const char *c = text; *c; c++)
        assert_true(*c == '\n' || (unsigned char)*c >= 0x20);
    free(text);
}

static void directions_become_sides(void **state)
{
    (void)state;
    struct made_flow flow, *list[1] = {&flow};
    made_healthy(&flow, 1);
    flow.tls.close_notify[0] = CLOSE_NOTIFY_YES;
    flow.tls.close_notify[1] = CLOSE_NOTIFY_NO;
    char *text = report_of(list, 1);
    assert_says(text, "\"close_notify\":{\"client\":\"yes\",\"server\":\"no\"}");
    free(text);
    flow.record.client_direction = 1;
    text = report_of(list, 1);
    assert_says(text, "\"close_notify\":{\"client\":\"no\",\"server\":\"yes\"}");
    free(text);
}

static void only_live_runs_tell_of_memory_and_drops(void **state)
{
    (void)state;
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    end.peak_memory = 1 << 20;
    char *text = made_report(REPORT_JSON, &options, &meta, &end, NULL, 0);
    assert_null(strstr(text, "peak_memory"));
    free(text);
    meta.live = true;
    text = made_report(REPORT_JSON, &options, &meta, &end, NULL, 0);
    validate(text);
    assert_says(text, "\"drops\":{\"received\":0,\"kernel\":0,\"interface\":0},"
                      "\"peak_memory\":1048576");
    free(text);
}

enum { AHEAD = 15 };

/* Has flows prepared in any order, before their ordinals are known, and committed all at once.
 * Returns whether all was written. */
static bool report_ahead(FILE *const *outs, size_t out_count, struct made_flow *flows)
{
    struct report_item items[AHEAD] = {{.findings = {0}}};
    struct run_meta meta = made_meta();
    struct run_end end = made_end();
    struct report *report = report_new(&meta);
    for (size_t i = 0; i < out_count; i++)
        report_add_output(report, REPORT_JSON, outs[i], &options);
    report_begin(report);
    for (unsigned i = AHEAD; i-- > 0;) {
        flows[i].record.n = 0;
        report_prepare(report, &items[i], &flows[i].record);
        report_render(report, &items[i], &flows[i].record);
    }
    for (unsigned i = 0; i < AHEAD; i++) {
        report_commit(report, &items[i], &flows[i].record, i + 1);
        assert_int_equal(flows[i].record.n, i + 1);
    }
    report_settle(report);
    for (unsigned i = 0; i < AHEAD; i++)
        report_item_done(&items[i]);
    report_certificate(report, &flows[0].leaf);
    report_certificate(report, &flows[0].root);
    bool written = report_finish(report, &end);
    report_free(report);
    return written;
}

static char *report_each(struct made_flow *flows)
{
    struct made_flow *list[AHEAD];
    make_all(flows);
    for (unsigned i = 0; i < AHEAD; i++)
        list[i] = &flows[i];
    return report_of(list, AHEAD);
}

static char *text_of(FILE *file)
{
    char *text = xcalloc(1, (size_t)ftell(file) + 1);
    size_t n = (size_t)ftell(file);
    rewind(file);
    assert_int_equal(fread(text, 1, n, file), n);
    return text;
}

/* For a file, which takes at once what lies in many places, and for a stream that is none. */
static void prepared_ahead_is_the_same(void **state)
{
    (void)state;
    struct made_flow flows[AHEAD];
    char *texts[2] = {NULL, NULL}, *expected = report_each(flows);
    size_t size;
    FILE *outs[2] = {tmpfile(), open_memstream(&texts[1], &size)};
    assert_true(report_ahead(outs, COUNT_OF(outs), flows));
    fseek(outs[0], 0, SEEK_END);
    texts[0] = text_of(outs[0]);
    for (unsigned i = 0; i < COUNT_OF(outs); i++) {
        fclose(outs[i]);
        assert_string_equal(texts[i], expected);
        free(texts[i]);
    }
    free(expected);
}

/* In the middle of what is written at once. */
static void a_full_disk_is_told(void **state)
{
    (void)state;
    enum { ROOM = 10000 };
    struct made_flow flows[AHEAD];
    struct rlimit all, few;
    char *expected = report_each(flows);
    FILE *out = tmpfile();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
    few = all;
    few.rlim_cur = ROOM;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    bool written = report_ahead(&out, 1, flows);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_false(written);
    fseek(out, 0, SEEK_END);
    char *text = text_of(out);
    assert_int_equal(strlen(text), ROOM);
    assert_memory_equal(text, expected, ROOM);
    fclose(out);
    free(text);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_record_is_valid),
        cmocka_unit_test(a_run_without_flows_is_valid),
        cmocka_unit_test(labels),
        cmocka_unit_test(rare_members_are_valid),
        cmocka_unit_test(what_few_sessions_have_is_valid),
        cmocka_unit_test(ssl2_has_its_own_suites),
        cmocka_unit_test(packets_without_a_time_have_none),
        cmocka_unit_test(all_that_a_flow_may_say_has_room),
        cmocka_unit_test(the_stuck_connection),
        cmocka_unit_test(hostile_strings_stay_in_their_field),
        cmocka_unit_test(directions_become_sides),
        cmocka_unit_test(only_live_runs_tell_of_memory_and_drops),
        cmocka_unit_test(prepared_ahead_is_the_same),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(all_of_these_are_valid),
    };
    return cmocka_run_group_tests_name("sink_json", tests, NULL, NULL);
}
