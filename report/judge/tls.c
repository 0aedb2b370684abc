/* tls.c: handshakes that failed, what should not be used any more, what should not be readable. */
#include "families.h"

#include "weak_suites.h"

#include "../injection.h"
#include "../names.h"

#include <inttypes.h>

enum { ALERT_FATAL = 2, ALERT_CLOSE_NOTIFY = 0 };

/* The alerts by which an end says that it does not accept the other's certificate: RFC 8446
 * section 6.2, bad_certificate to unknown_ca but for illegal_parameter. */
static bool about_certificate(uint8_t description)
{
    return (description >= 42 && description <= 46) || description == 48;
}

static const struct tls_alert *fatal_alert(const struct tls_facts *tls)
{
    for (unsigned i = 0; i < tls->alert_count; i++)
        if (!tls->alerts[i].encrypted && tls->alerts[i].level == ALERT_FATAL &&
            tls->alerts[i].description != ALERT_CLOSE_NOTIFY)
            return &tls->alerts[i];
    return NULL;
}

static const struct tls_alert *encrypted_alert(const struct tls_facts *tls)
{
    for (unsigned i = 0; i < tls->alert_count; i++)
        if (tls->alerts[i].encrypted)
            return &tls->alerts[i];
    return NULL;
}

static void failed_by_alert(struct finding *finding, const struct flow_record *record,
                            const struct tls_alert *alert)
{
    struct name_room room;
    enum side from = side_of_direction(record, alert->direction);
    const char *name = names_alert(&room, alert->description);
    finding_seen(finding, "The %s ended the TLS handshake with the alert %s", names_side(from),
                 name);
    finding_frame(finding, alert->frame);
    finding_word(finding, "from", names_side(from));
    finding_word(finding, "alert", name);
    if (!about_certificate(alert->description))
        return;
    if (from == CLIENT) {
        finding->why = "the client does not accept the server's certificate";
        finding->next = "compare the certificate's issuer and hash with the ones expected: another "
                        "issuer may be a proxy that intercepts";
    } else {
        finding->why = "the server does not accept the client's certificate";
        finding->next = "check that the client's certificate is the right one and still valid";
    }
}

static void failed_by_hidden_alert(struct finding *finding, const struct flow_record *record,
                                   const struct tls_alert *alert)
{
    enum side from = side_of_direction(record, alert->direction);
    finding_seen(finding,
                 "The %s ended the TLS handshake, likely with an alert, which is "
                 "encrypted",
                 names_side(from));
    finding_frame(finding, alert->frame);
    finding_word(finding, "from", names_side(from));
    finding->next = "a key log, or the log of that end, tells the reason";
}

/* A client that does not trust the server need not say so: it closes or resets as soon as it has
 * seen the certificate. */
static void failed_after_certificate(struct finding *finding, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    const struct tcp_record *tcp = &record->tcp;
    bool reset = tcp->reset && tcp->reset_by == CLIENT;
    finding_seen(finding, "The client %s right after %s, without an alert",
                 reset ? "reset the connection" : "closed",
                 tls->certificate_frame ? "the server's Certificate"
                                        : "the server's first messages, which are encrypted");
    finding_frame(finding, tls->certificate_frame);
    finding_frame(finding, reset ? tcp->reset_frame : tcp->ends[CLIENT].fin_frame);
    finding_word(finding, "from", names_side(CLIENT));
    finding->why = "this is what a client does that distrusts the certificate, so that is the "
                   "likely reason";
    finding->harmless =
        "the client wanted to see the certificate alone, as scanners and monitors do, or was ended "
        "or lost its network just then";
    if (tls->certificate_frame) {
        finding->next = "look for the reason in the client's log, and compare the certificate's "
                        "issuer and hash with the ones expected";
    } else {
        finding->next = "look for the reason in the client's log; a key log would show the "
                        "certificate and any alert, and TLS up to 1.2 would show it in the clear";
    }
}

static bool client_gave_up_on_server(const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    const struct tcp_record *tcp = &record->tcp;
    bool shown = tls->certificate_frame || (tls->server_hello && tls->certs_via == CERTS_ENCRYPTED);
    bool client_ended =
        tcp->closed_by == CLOSED_BY_CLIENT || (tcp->reset && tcp->reset_by == CLIENT);
    bool doubted = injection_of(tcp).score >= INJECTION_POSSIBLE;
    return shown && client_ended && !tls->client_key_exchange && !doubted;
}

static void failed_by_end(struct finding *finding, const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    bool reset = tcp->reset;
    enum side by = reset ? tcp->reset_by : tcp->closed_by == CLOSED_BY_SERVER ? SERVER : CLIENT;
    if (injection_of(tcp).score >= INJECTION_POSSIBLE)
        finding_seen(finding, "A RST in the name of the %s came", names_side(by));
    else
        finding_seen(finding, "The %s %s", names_side(by),
                     reset ? "reset the connection" : "closed");
    finding_seen(finding, " before the TLS handshake was complete, without an alert");
    finding_frame(finding, reset ? tcp->reset_frame : tcp->ends[by].fin_frame);
    finding_frame(finding, record->tls->client_hello_frame);
    finding_frame(finding, record->tls->server_hello_frame);
    finding_word(finding, "from", names_side(by));
}

/* An end that sees the other's FIN in the middle of a handshake may well complain: that alert is
 * not the reason. */
static const struct tls_alert *unless_late(const struct flow_record *record,
                                           const struct tls_alert *alert)
{
    if (!alert)
        return NULL;
    enum side from = side_of_direction(record, alert->direction);
    const struct end_record *peer = &record->tcp.ends[from == CLIENT ? SERVER : CLIENT];
    bool late = (peer->fin_frame != 0 && peer->fin_frame < alert->frame) ||
                (peer->rst_frame != 0 && peer->rst_frame < alert->frame);
    return late ? NULL : alert;
}

static void judge_handshake_failed(struct findings *out, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    const struct tls_alert *alert = unless_late(record, fatal_alert(tls));
    const struct tls_alert *hidden = unless_late(record, encrypted_alert(tls));
    struct finding *finding = findings_add(out, FINDING_HANDSHAKE_FAILED);
    if (alert)
        failed_by_alert(finding, record, alert);
    else if (hidden)
        failed_by_hidden_alert(finding, record, hidden);
    else if (client_gave_up_on_server(record))
        failed_after_certificate(finding, record);
    else
        failed_by_end(finding, record);
}

/* Not where the capture has a hole, nor where it ends a moment after the last packet. */
static void judge_handshake_incomplete(struct findings *out, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    bool over = record->end_reason == ENDED_CLOSED || record->end_reason == ENDED_RESET;
    if (tls->gap_bytes > 0 || (!over && judge_waited(record, record->end) < ANSWER_DUE))
        return;
    struct finding *finding = findings_add(out, FINDING_HANDSHAKE_INCOMPLETE);
    finding_seen(finding, "The TLS handshake stopped after the %s",
                 tls->certificate_frame    ? "server's Certificate"
                 : tls->server_hello_frame ? "ServerHello"
                 : tls->client_hello_frame ? "ClientHello"
                                           : "first bytes");
    finding_frame(finding, tls->client_hello_frame);
    finding_frame(finding, tls->server_hello_frame);
    finding_frame(finding, tls->certificate_frame);
    finding_seconds(finding, "idle_at_end", judge_waited(record, record->end));
}

static void judge_close(struct findings *out, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    const struct tcp_record *tcp = &record->tcp;
    bool through = tls->progress == TLS_COMPLETE || tls->progress == TLS_MIDSTREAM;
    if (!through || tcp->teardown != TEARDOWN_GRACEFUL || tls->gap_bytes > 0)
        return;
    for (unsigned direction = 0; direction < 2; direction++) {
        enum side side = side_of_direction(record, direction);
        bool first = tcp->closed_by == CLOSED_BY_BOTH ||
                     tcp->closed_by == (side == CLIENT ? CLOSED_BY_CLIENT : CLOSED_BY_SERVER);
        if (!first || tls->close_notify[direction] != CLOSE_NOTIFY_NO || tls->data == 0)
            continue;
        struct finding *finding = findings_add(out, FINDING_TRUNCATED_CLOSE);
        finding_seen(finding, "The %s closed without a close_notify", names_side(side));
        if (tls->close_notify[direction ^ 1] != CLOSE_NOTIFY_NO)
            finding_seen(finding, ", while its peer sent one");
        finding_frame(finding, tcp->ends[side].fin_frame);
        finding_word(finding, "by", names_side(side));
    }
}

static void judge_version(struct findings *out, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    struct name_room room;
    /* The record layer's version alone proves something only where no hello was due: a hello's
     * record may bear an older one (RFC 8446 section 5.1). */
    bool known = tls->negotiated || tls->client_hello || tls->progress == TLS_MIDSTREAM;
    bool midstream = record->tcp.handshake == HANDSHAKE_MIDSTREAM;
    if (!known || tls->version == 0 || tls->version >= TLS_VERSION_12 ||
        (tls->progress == TLS_MIDSTREAM && !midstream))
        return;
    struct finding *finding = findings_add(out, FINDING_OLD_VERSION);
    const char *name = names_tls_version(&room, tls->version);
    if (tls->version <= TLS_VERSION_SSL3)
        finding->severity = SEVERITY_WARNING;
    if (tls->version == TLS_VERSION_SSL2)
        finding->why = "it must not be used any more (RFC 6176)";
    if (tls->negotiated)
        finding_seen(finding, "The ends agreed on %s", name);
    else if (tls->client_hello)
        finding_seen(finding, "The client offers nothing newer than %s", name);
    else
        finding_seen(finding, "The records are those of %s", name);
    finding_frame(finding, tls->negotiated ? tls->server_hello_frame : tls->client_hello_frame);
    finding_word(finding, "version", name);
}

static void judge_cipher(struct findings *out, const struct flow_record *record,
                         struct weak_suites *suites)
{
    const struct tls_facts *tls = record->tls;
    struct name_room room;
    if (!tls->negotiated || !tls->server_hello || tls->version == TLS_VERSION_SSL2)
        return; /* in SSLv2 the client says which */
    const struct weakness *weakness = weak_suites_find(suites, tls->server_hello->cipher);
    if (!weakness)
        return;
    const char *suite = names_cipher(&room, tls->server_hello->cipher);
    struct finding *finding = findings_add(out, FINDING_WEAK_CIPHER);
    finding->severity = weakness->severity;
    finding_seen(finding, "The ends agreed on %s: %s", suite, weakness->words);
    finding_frame(finding, tls->server_hello_frame);
    finding_word(finding, "cipher", suite);
}

static void judge_hello(struct findings *out, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    if (tls->client_hello && tls->sni.n == 0) {
        struct finding *finding = findings_add(out, FINDING_NO_SNI);
        finding_seen(finding, "The ClientHello names no server");
        finding_frame(finding, tls->client_hello_frame);
    }
    if (tls->client_cert_count > 0 && tls->certs_via != CERTS_KEYLOG) {
        struct finding *finding = findings_add(out, FINDING_CLIENT_CERTIFICATE_EXPOSED);
        const struct cert *leaf = tls->client_certs[0];
        finding_seen(finding, "The client sent its certificate in clear");
        if (leaf->subject.n > 0) {
            finding_seen(finding, ", with the subject ");
            finding_seen_text(finding, leaf->subject);
            finding_text(finding, "subject", leaf->subject);
        }
        finding_frame(finding, tls->client_certificate_frame);
    }
}

/* A flow that was joined midway, or has lost bytes, may be TLS that begins between two records. */
static void judge_not_tls(struct findings *out, const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    bool whole = tcp->handshake != HANDSHAKE_MIDSTREAM && tcp->ends[CLIENT].gap_bytes == 0 &&
                 tcp->ends[SERVER].gap_bytes == 0;
    if (record->plain == PLAIN_NONE || (record->plain == PLAIN_UNKNOWN && !whole))
        return;
    struct finding *finding = findings_add(out, FINDING_NOT_TLS);
    if (record->plain == PLAIN_UNKNOWN) {
        finding_seen(finding, "The payload is neither TLS nor another protocol known here");
    } else {
        const char *name = names_plain(record->plain);
        finding_seen(finding, "The payload is not TLS but ");
        for (const char *c = name; *c; c++)
            finding_seen(finding, "%c", *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        finding_word(finding, "protocol", name);
    }
    finding_frame(finding, record->first_frame);
}

void judge_tls(struct findings *out, const struct flow_record *record, struct weak_suites *suites,
               bool any_port)
{
    const struct tls_facts *tls = record->tls;
    if (!tls) {
        if (!any_port)
            judge_not_tls(out, record);
        return;
    }
    if (tls->progress == TLS_FAILED)
        judge_handshake_failed(out, record);
    else if (tls->progress == TLS_INCOMPLETE)
        judge_handshake_incomplete(out, record);
    judge_version(out, record);
    judge_cipher(out, record, suites);
    judge_hello(out, record);
    judge_close(out, record);
}
