/* records.c: builds flow records and runs them through a report. */
#include "records.h"

#include <stdio.h>
#include <stdlib.h>

const nanotime made_epoch = INT64_C(1400978880) * NS_PER_SECOND;

static nanotime seconds(double s)
{
    return (nanotime)(s * 1e9);
}

struct span made_text(const char *text)
{
    return span_of(text, strlen(text));
}

static void make_cert(struct cert *cert, uint8_t seed, const char *subject, const char *issuer)
{
    memset(cert->sha256, seed, sizeof(cert->sha256));
    memset(cert->sha1, seed + 1, sizeof(cert->sha1));
    memset(cert->spki_sha256, seed + 2, sizeof(cert->spki_sha256));
    cert->subject = made_text(subject);
    cert->issuer = made_text(issuer);
    cert->serial = made_text("\x01\xab");
    cert->version = 3;
    cert->not_before = made_epoch - seconds(86400.0 * 100);
    cert->not_after = made_epoch + seconds(86400.0 * 265);
    cert->key_type = "RSA";
    cert->key_bits = 2048;
    cert->signature_algorithm = "sha256WithRSAEncryption";
    cert->ordinal = seed;
    cert->first_seen = cert->last_seen = made_epoch;
    cert->first_frame = 4;
    cert->flows = 1;
    cert->presented_by = CERT_FROM_SERVER;
}

static void make_tls(struct made_flow *flow)
{
    struct tls_facts *tls = &flow->tls;
    flow->alpn[0] = made_text("apns-security-v3");
    flow->alpn[1] = made_text("apns-pack-v1");
    flow->client_hello = (struct client_hello){
        .legacy_version = TLS_VERSION_12,
        .version = TLS_VERSION_12,
        .alpn = {flow->alpn, 2},
        .ja3 = "0123456789abcdef0123456789abcdef",
        .ja4 = "t12d1516h2_8daaf6152771_e5627efa2ab1",
    };
    flow->server_hello = (struct server_hello){
        .version = TLS_VERSION_12,
        .cipher = 0xc02f,
        .alpn = flow->alpn[0],
        .ja3s = "fedcba9876543210fedcba9876543210",
    };
    flow->san[0] = made_text("courier.push.example");
    flow->san[1] = made_text("*.push.example");
    make_cert(&flow->leaf, 1, "CN=courier.push.example,O=Example Inc.,C=US",
              "CN=Example Intermediate CA,O=Example Inc.,C=US");
    flow->leaf.san = (struct text_list){flow->san, 2};
    make_cert(&flow->root, 2, "CN=Example Intermediate CA,O=Example Inc.,C=US",
              "CN=Example Root CA,O=Example Inc.,C=US");
    flow->root.is_ca = true;
    flow->chain[0] = &flow->leaf;
    flow->chain[1] = &flow->root;
    *tls = (struct tls_facts){
        .version = TLS_VERSION_12,
        .negotiated = true,
        .progress = TLS_COMPLETE,
        .client_hello = &flow->client_hello,
        .server_hello = &flow->server_hello,
        .sni = made_text("courier.push.example"),
        .group = 29,
        .certs_via = CERTS_PLAIN,
        .server_certs = flow->chain,
        .server_cert_count = 2,
        .close_notify = {CLOSE_NOTIFY_LIKELY, CLOSE_NOTIFY_LIKELY},
        .data = 3,
        .client_key_exchange = true,
        .client_hello_frame = flow->record.first_frame + 3,
        .server_hello_frame = flow->record.first_frame + 5,
        .certificate_frame = flow->record.first_frame + 5,
        .complete_frame = flow->record.first_frame + 8,
    };
    flow->record.tls = tls;
}

static void make_ends(struct made_flow *flow)
{
    struct flow_record *record = &flow->record;
    for (unsigned side = 0; side < 2; side++) {
        struct end_record *end = &record->tcp.ends[side];
        end->packets = 10 + side;
        end->bytes = 1200 + 2000 * side;
        end->ttl_min = end->ttl_max = 64;
        end->syn_seen = true;
        end->mss = 1460;
        end->wscale = 7;
        end->sack = end->timestamps = true;
        end->since = record->end;
        end->last_time = record->end;
        end->last_frame = record->last_frame - side;
    }
}

/* What all have in common: a connection that is open. */
static void make_open(struct made_flow *flow, uint64_t n)
{
    memset(flow, 0, sizeof(*flow));
    struct flow_record *record = &flow->record;
    record->n = n;
    record->start = made_epoch + seconds((double)n);
    record->end = record->start + seconds(60);
    record->first_frame = 20 * n;
    record->last_frame = 20 * n + 19;
    record->ends[CLIENT] =
        (struct endpoint){.ip = {192, 168, 1, 20}, .port = (uint16_t)(49151 + n)};
    record->ends[SERVER] = (struct endpoint){.ip = {17, 149, 36, 100}, .port = 5223};
    record->client_by = BY_SYN;
    record->tcp.conn_state = "S1";
    strcpy(record->tcp.history, "ShADad");
    record->tcp.handshake = HANDSHAKE_COMPLETE;
    record->tcp.rtt[CLIENT] = seconds(0.000150);
    record->tcp.rtt[SERVER] = seconds(0.031250);
    record->tcp.idle_before_close = -1;
    record->tcp.max_idle = seconds(20);
    record->tcp.idle_at_end = 0;
    record->end_reason = ENDED_END_OF_CAPTURE;
    record->final = true;
    make_ends(flow);
    record->tcp.ends[CLIENT].state = record->tcp.ends[SERVER].state = SIDE_ESTABLISHED;
    make_tls(flow);
}

static void put_fin(struct made_flow *flow, enum side side, double after)
{
    struct end_record *end = &flow->record.tcp.ends[side];
    end->fin = 1;
    end->fin_time = end->fin_last_time = flow->record.start + seconds(after);
    end->fin_frame = end->fin_last_frame = flow->record.first_frame + 12 + side;
}

void made_healthy(struct made_flow *flow, uint64_t n)
{
    make_open(flow, n);
    struct tcp_record *tcp = &flow->record.tcp;
    tcp->conn_state = "SF";
    strcpy(tcp->history, "ShADadFfA");
    tcp->teardown = TEARDOWN_GRACEFUL;
    tcp->closed_by = CLOSED_BY_CLIENT;
    tcp->idle_before_close = seconds(20);
    tcp->ends[CLIENT].state = SIDE_TIME_WAIT;
    tcp->ends[SERVER].state = SIDE_CLOSED;
    put_fin(flow, CLIENT, 60);
    put_fin(flow, SERVER, 60);
    flow->record.end_reason = ENDED_CLOSED;
}

void made_plain(struct made_flow *flow, uint64_t n, enum plain_protocol plain)
{
    made_healthy(flow, n);
    flow->record.tls = NULL;
    flow->record.plain = plain;
}

static void make_stuck(struct made_flow *flow, enum stuck_cause cause, uint64_t unacked,
                       uint32_t attempts)
{
    struct flow_record *record = &flow->record;
    struct end_record *end = &record->tcp.ends[CLIENT];
    record->end = record->start + seconds(60.2);
    end->unacked = unacked;
    end->pending[0] = (struct pending_record){.type = TLS_APPLICATION_DATA, .length = 32};
    end->pending[1] = (struct pending_record){.type = TLS_APPLICATION_DATA, .length = 64};
    end->pending[2] = (struct pending_record){.type = TLS_ALERT, .length = 32};
    end->pending_count = unacked == 106 ? 2 : unacked == 143 ? 3 : 0;
    end->retransmits = attempts;
    record->tcp.stuck = (struct stuck_record){
        .cause = cause,
        .end = CLIENT,
        .since = record->start + seconds(2),
        .attempts = attempts,
        .last_attempt = attempts > 0 ? record->end : 0,
        .first_frame = record->first_frame + 11,
        .last_frame = record->last_frame,
    };
}

void made_stuck_fin(struct made_flow *flow, uint64_t n, uint64_t unacked)
{
    make_open(flow, n);
    make_stuck(flow, STUCK_UNANSWERED, unacked, 8);
    put_fin(flow, CLIENT, 2);
    struct tcp_record *tcp = &flow->record.tcp;
    tcp->conn_state = "S2";
    tcp->teardown = TEARDOWN_FIN_UNANSWERED;
    tcp->closed_by = CLOSED_BY_CLIENT;
    tcp->ends[CLIENT].state = SIDE_FIN_WAIT_1;
    tcp->ends[CLIENT].fin = 9;
    tcp->ends[CLIENT].fin_last_time = flow->record.end;
    tcp->ends[CLIENT].fin_last_frame = flow->record.last_frame;
}

void made_silent_peer(struct made_flow *flow, uint64_t n, enum stuck_cause cause)
{
    make_open(flow, n);
    make_stuck(flow, cause, 106, cause == STUCK_SILENCE ? 0 : 8);
    if (cause == STUCK_SILENCE) {
        flow->record.end = flow->record.start + seconds(2);
        flow->record.tcp.idle_at_end = seconds(58.2);
    }
}

static void make_syn(struct made_flow *flow, uint64_t n, uint64_t packets)
{
    make_open(flow, n);
    struct tcp_record *tcp = &flow->record.tcp;
    flow->record.tls = NULL;
    tcp->rtt[CLIENT] = tcp->rtt[SERVER] = -1;
    tcp->max_idle = -1;
    tcp->ends[CLIENT].packets = packets;
    tcp->ends[CLIENT].bytes = 0;
    tcp->ends[SERVER] = (struct end_record){.wscale = -1};
}

void made_unanswered(struct made_flow *flow, uint64_t n)
{
    make_syn(flow, n, 4);
    struct tcp_record *tcp = &flow->record.tcp;
    flow->record.end = flow->record.start + seconds(7);
    tcp->conn_state = "S0";
    strcpy(tcp->history, "S");
    tcp->teardown = TEARDOWN_UNANSWERED;
    tcp->handshake = HANDSHAKE_SYN_ONLY;
    tcp->ends[CLIENT].state = SIDE_SYN_SENT;
    tcp->stuck = (struct stuck_record){.cause = STUCK_UNANSWERED,
                                       .end = CLIENT,
                                       .since = flow->record.start,
                                       .attempts = 3,
                                       .last_attempt = flow->record.end,
                                       .first_frame = flow->record.first_frame,
                                       .last_frame = flow->record.last_frame};
}

void made_refused(struct made_flow *flow, uint64_t n)
{
    make_syn(flow, n, 1);
    struct tcp_record *tcp = &flow->record.tcp;
    flow->record.end = flow->record.start + seconds(0.031);
    tcp->conn_state = "REJ";
    strcpy(tcp->history, "Sr");
    tcp->teardown = TEARDOWN_REFUSED;
    tcp->handshake = HANDSHAKE_REFUSED;
    tcp->reset = true;
    tcp->reset_by = SERVER;
    tcp->reset_phase = RESET_IN_SYN;
    tcp->reset_frame = flow->record.last_frame;
    tcp->closed_by = CLOSED_BY_SERVER;
    tcp->ends[SERVER].packets = 1;
    tcp->ends[SERVER].rst = 1;
    tcp->ends[CLIENT].state = tcp->ends[SERVER].state = SIDE_CLOSED;
    flow->record.end_reason = ENDED_RESET;
}

void made_reset(struct made_flow *flow, uint64_t n, enum side by, enum reset_phase phase)
{
    make_open(flow, n);
    struct tcp_record *tcp = &flow->record.tcp;
    tcp->conn_state = by == CLIENT ? "RSTO" : "RSTR";
    tcp->teardown = TEARDOWN_RESET;
    tcp->reset = true;
    tcp->reset_by = by;
    tcp->reset_phase = phase;
    tcp->reset_frame = flow->record.last_frame;
    tcp->closed_by = by == CLIENT ? CLOSED_BY_CLIENT : CLOSED_BY_SERVER;
    tcp->idle_before_close = seconds(900);
    tcp->ends[CLIENT].unacked_at_reset = phase == RESET_IN_DATA ? 37 : 0;
    tcp->ends[CLIENT].state = tcp->ends[SERVER].state = SIDE_CLOSED;
    tcp->ends[by].rst = 1;
    tcp->ends[by].rst_frame = tcp->reset_frame;
    flow->record.end_reason = ENDED_RESET;
}

void made_half_closed(struct made_flow *flow, uint64_t n)
{
    make_open(flow, n);
    struct tcp_record *tcp = &flow->record.tcp;
    put_fin(flow, CLIENT, 60);
    tcp->teardown = TEARDOWN_HALF_CLOSED;
    tcp->closed_by = CLOSED_BY_CLIENT;
    tcp->idle_before_close = seconds(20);
    tcp->idle_at_end = seconds(60);
    tcp->ends[CLIENT].fin_acked_frame = flow->record.last_frame;
    tcp->ends[CLIENT].state = SIDE_FIN_WAIT_2;
    tcp->ends[SERVER].state = SIDE_CLOSE_WAIT;
}

void made_failed(struct made_flow *flow, uint64_t n, uint8_t alert)
{
    made_healthy(flow, n);
    flow->tls.progress = TLS_FAILED;
    flow->tls.complete_frame = 0;
    flow->tls.data = 0;
    flow->tls.client_key_exchange = false;
    flow->tls.close_notify[0] = flow->tls.close_notify[1] = CLOSE_NOTIFY_NO;
    if (alert) {
        flow->tls.alerts = flow->alerts;
        flow->alerts[0] = (struct tls_alert){.direction = 0,
                                             .level = 2,
                                             .description = alert,
                                             .frame = flow->record.first_frame + 7};
        flow->tls.alert_count = 1;
    }
}

void made_ipv6(struct made_flow *flow)
{
    static const uint8_t client[16] = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78,
                                       0x9a, 0xbc, 0xde, 0xf0, 0x12, 0x34, 0x56, 0x78};
    static const uint8_t server[16] = {0x26, 0x20, 0x01, 0x49, 0x0a, 0x44, 0x0a, 0xbc,
                                       0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34};
    memcpy(flow->record.ends[CLIENT].ip, client, 16);
    memcpy(flow->record.ends[SERVER].ip, server, 16);
    flow->record.ends[CLIENT].ipv6 = flow->record.ends[SERVER].ipv6 = true;
}

struct run_meta made_meta(void)
{
    static const char *const inputs[] = {"made.pcap"};
    return (struct run_meta){
        .version = "0.1.0",
        .libpcap = "1.10.3",
        .ndpi = "4.2.0",
        .openssl = "3.0.0",
        .ports = "5223",
        .inputs = inputs,
        .input_count = 1,
    };
}

struct run_end made_end(void)
{
    struct run_end end = {.clean = true};
    end.counts.packets = 1200;
    end.counts.bytes = 123456;
    end.counts.matched = 1000;
    end.counts.skipped[NOTE_NOT_TCP] = 200;
    end.counts.first_time = made_epoch;
    end.counts.last_time = made_epoch + seconds(120);
    return end;
}

void made_take(struct report *report, struct made_flow *flow)
{
    struct report_item item = {.findings = {0}};
    report_prepare(report, &item, &flow->record);
    report_render(report, &item, &flow->record);
    report_commit(report, &item, &flow->record, flow->record.n);
    report_settle(report);
    report_item_done(&item);
}

char *made_report(enum report_format format, const struct report_options *options,
                  const struct run_meta *meta, const struct run_end *end,
                  struct made_flow *const *flows, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct report *report = report_new(meta);
    report_add_output(report, format, out, options);
    report_begin(report);
    for (size_t i = 0; i < count; i++)
        made_take(report, flows[i]);
    if (count > 0 && flows[0]->record.tls) {
        report_certificate(report, &flows[0]->leaf);
        report_certificate(report, &flows[0]->root);
    }
    bool written = report_finish(report, end);
    report_free(report);
    fclose(out);
    if (!written)
        abort();
    return text;
}
