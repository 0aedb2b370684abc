/* records.h: flow records built by hand, for the tests of what reports make of them. */
#ifndef PUSHWATCH_TESTS_RECORDS_H
#define PUSHWATCH_TESTS_RECORDS_H

#include "../dissect/flow_record.h"
#include "../report/report.h"

/* A record with everything it points to. Not to be copied: it points into itself. */
struct made_flow {
    struct flow_record record;
    struct tls_facts tls;
    struct client_hello client_hello;
    struct server_hello server_hello;
    struct cert leaf, root;
    struct span alpn[2], san[2];
    const struct cert *chain[2];
    struct tls_alert alerts[2];
};

/* 2014-05-25 00:48:00 UTC, when the first packet of every made capture was seen. */
extern const nanotime made_epoch;

/* A string as a span, without its NUL. */
struct span made_text(const char *text);

/* made_healthy: 192.168.1.20:(49151 + n) to 17.149.36.100:5223, TLS 1.2 to courier.push.example,
 * closed in order by the client, begun n seconds after made_epoch. */
void made_healthy(struct made_flow *flow, uint64_t n);

/* made_plain: the same without TLS, with what the payload is. */
void made_plain(struct made_flow *flow, uint64_t n, enum plain_protocol plain);

/* made_stuck_fin: the client's FIN and `unacked` bytes before it (106 or 143) were never
 * acknowledged: 8 retransmissions over 58.2 s. */
void made_stuck_fin(struct made_flow *flow, uint64_t n, uint64_t unacked);

/* made_silent_peer: 106 bytes of an open connection are not acknowledged, by this cause. */
void made_silent_peer(struct made_flow *flow, uint64_t n, enum stuck_cause cause);

/* made_unanswered: a SYN sent four times. made_refused: a RST answers it. */
void made_unanswered(struct made_flow *flow, uint64_t n);
void made_refused(struct made_flow *flow, uint64_t n);

/* made_reset: by one end, in a phase. made_half_closed: the client's FIN was acknowledged 60 s
 * before the capture ends. */
void made_reset(struct made_flow *flow, uint64_t n, enum side by, enum reset_phase phase);
void made_half_closed(struct made_flow *flow, uint64_t n);

/* made_failed: the TLS handshake failed. With an alert by the client if `alert` is not 0; else the
 * client closed right after the server's Certificate. */
void made_failed(struct made_flow *flow, uint64_t n, uint8_t alert);

/* made_ipv6 gives both ends addresses that are long in text. */
void made_ipv6(struct made_flow *flow);

/* What a run of made records says of itself. */
struct run_meta made_meta(void);
struct run_end made_end(void);

/* made_take has a report take a record whole. */
void made_take(struct report *report, struct made_flow *flow);

/* made_report runs records through a report and returns its text, which the caller frees. */
char *made_report(enum report_format format, const struct report_options *options,
                  const struct run_meta *meta, const struct run_end *end,
                  struct made_flow *const *flows, size_t count);

#endif
