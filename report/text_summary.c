/* text_summary.c: the answer first, then the facts it stands on. */
#include "text_summary.h"

#include "address.h"
#include "names.h"
#include "timetext.h"

#include <inttypes.h>

enum { LABEL_WIDTH = 12 };

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void remember_server(struct text_overview *overview, const struct endpoint *server)
{
    for (unsigned i = 0; i < overview->server_count; i++)
        if (address_same(&overview->servers[i], server))
            return;
    if (overview->server_count < OVERVIEW_SERVERS)
        overview->servers[overview->server_count++] = *server;
    else
        overview->more_servers = true;
}

static bool is_stuck_finding(const struct finding *finding)
{
    return finding->id == FINDING_FIN_UNANSWERED || finding->id == FINDING_SILENT_PEER ||
           finding->id == FINDING_ZERO_WINDOW;
}

static void add_stuck(struct text_overview *overview, const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    enum side closer = record->tcp.ends[CLIENT].fin > 0 ? CLIENT : SERVER;
    nanotime since = stuck->cause != STUCK_NOT ? stuck->since : record->tcp.ends[closer].fin_time;
    nanotime now = record->end + (record->tcp.idle_at_end > 0 ? record->tcp.idle_at_end : 0);
    if (overview->stuck == 0 || since < overview->stuck_since)
        overview->stuck_since = since;
    if (now - since > overview->stuck_longest)
        overview->stuck_longest = now - since;
    overview->stuck++;
    if (record->tcp.ends[stuck->cause != STUCK_NOT ? stuck->end : closer].fin > 0)
        overview->stuck_fin++;
    else if (stuck->cause == STUCK_WINDOW_CLOSED)
        overview->stuck_window++;
    remember_server(overview, &record->ends[SERVER]);
}

void text_overview_add(struct text_overview *overview, const struct flow_record *record,
                       const struct findings *findings)
{
    const struct finding *worst = findings_worst(findings);
    if (!worst || worst->severity < SEVERITY_NOTICE)
        return;
    overview->troubled++;
    overview->by_worst[worst->id]++;
    for (size_t i = 0; i < findings->count; i++)
        if (is_stuck_finding(&findings->items[i])) {
            add_stuck(overview, record);
            break;
        }
}

/* What the stuck ones have done; with numbers only if they did not all do the same. */
static void say_stuck_kinds(struct buf *text, const struct text_overview *overview)
{
    const struct {
        uint64_t count;
        const char *words;
    } kinds[] = {
        {overview->stuck_fin, "sent a FIN and got no acknowledgment"},
        {overview->stuck - overview->stuck_fin - overview->stuck_window,
         "sent data or keep-alives and got no acknowledgment"},
        {overview->stuck_window, "met a receive window that stays closed"},
    };
    const char *lead = "";
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (kinds[i].count == 0)
            continue;
        if (kinds[i].count == overview->stuck)
            buf_printf(text, "%s ", overview->stuck == 1 ? "it" : "they");
        else
            buf_printf(text, "%s%" PRIu64 " ", lead, kinds[i].count);
        buf_printf(text, "%s", kinds[i].words);
        lead = ", ";
    }
}

static void say_stuck(struct buf *text, const struct text_overview *overview, uint64_t flows)
{
    struct time_room room;
    struct address_room address;
    bool one = overview->stuck == 1;
    if (flows == 1)
        buf_printf(text, "The connection is stuck: ");
    else if (overview->stuck == flows)
        buf_printf(text, "All %" PRIu64 " connections are stuck: ", flows);
    else
        buf_printf(text, "%" PRIu64 " of %" PRIu64 " connections %s stuck: ", overview->stuck,
                   flows, one ? "is" : "are");
    say_stuck_kinds(text, overview);
    buf_printf(text, ", %s at %s", one ? "first" : "the first",
               timetext_clock(&room, overview->stuck_since, 0));
    buf_printf(text, ", and %s waited %s up to the end of the capture. ",
               one ? "has" : "the longest has", timetext_span(&room, overview->stuck_longest));
    buf_printf(text, "Server%s: ", plural(overview->server_count));
    for (unsigned i = 0; i < overview->server_count; i++)
        buf_printf(text, "%s%s", i ? ", " : "", address_text(&address, &overview->servers[i]));
    buf_printf(text, "%s. ", overview->more_servers ? " and others" : "");
}

/* The troubles that do not leave a connection stuck, a clause for each. */
static void say_other_troubles(struct buf *text, const struct text_overview *overview)
{
    static const struct {
        enum finding_id id;
        const char *one, *many;
    } clauses[] = {
        {FINDING_SYN_UNANSWERED, "connection attempt got no answer",
         "connection attempts got no answer"},
        {FINDING_SYN_REFUSED, "connection was refused", "connections were refused"},
        {FINDING_HANDSHAKE_FAILED, "TLS handshake failed", "TLS handshakes failed"},
        {FINDING_HANDSHAKE_INCOMPLETE, "TLS handshake never finished",
         "TLS handshakes never finished"},
        {FINDING_RESET, "connection was reset", "connections were reset"},
        {FINDING_HALF_CLOSED, "connection is half-closed", "connections are half-closed"},
        {FINDING_EXPIRED, "server showed an expired certificate",
         "connections met an expired certificate"},
        {FINDING_REVOKED, "server showed a revoked certificate",
         "connections met a revoked certificate"},
        {FINDING_NOT_YET_VALID, "server showed a certificate that is not yet valid",
         "connections met a certificate that is not yet valid"},
        {FINDING_SELF_SIGNED, "server showed a self-signed certificate",
         "connections met a self-signed certificate"},
        {FINDING_OLD_VERSION, "connection uses an old TLS version",
         "connections use an old TLS version"},
        {FINDING_NOT_TLS, "connection is not TLS", "connections are not TLS"},
        {FINDING_CLIENT_CERTIFICATE_EXPOSED, "client certificate went in clear",
         "client certificates went in clear"},
        {FINDING_CAPTURE_LOSS, "connection has holes in the capture",
         "connections have holes in the capture"},
    };
    bool any = false;
    for (size_t i = 0; i < COUNT_OF(clauses); i++) {
        uint64_t count = overview->by_worst[clauses[i].id];
        if (count == 0)
            continue;
        buf_printf(text, "%s%" PRIu64 " %s", any ? ", " : "", count,
                   count == 1 ? clauses[i].one : clauses[i].many);
        any = true;
    }
    if (any)
        buf_printf(text, ".");
}

static void say_healthy(struct buf *text, const struct summary *summary, bool doubtful)
{
    static const char *const words[TEARDOWNS] = {
        [TEARDOWN_GRACEFUL] = "closed in order",
        [TEARDOWN_OPEN] = "still open",
        [TEARDOWN_RESET] = "reset when they were done",
        [TEARDOWN_HALF_CLOSED] = "half-closed so far",
        [TEARDOWN_CLOSING] = "closing",
        [TEARDOWN_FIN_UNANSWERED] = "with a FIN just sent",
        [TEARDOWN_UNANSWERED] = "with a SYN just sent",
        [TEARDOWN_REFUSED] = "refused",
    };
    static const enum teardown order[] = {
        TEARDOWN_GRACEFUL, TEARDOWN_OPEN,           TEARDOWN_RESET,      TEARDOWN_HALF_CLOSED,
        TEARDOWN_CLOSING,  TEARDOWN_FIN_UNANSWERED, TEARDOWN_UNANSWERED, TEARDOWN_REFUSED,
    };
    buf_printf(text, "%s: %" PRIu64 " connection%s",
               doubtful ? "The connections look well, but the capture has holes"
                        : "Nothing is wrong here",
               summary->flows, plural(summary->flows));
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        uint64_t count = summary->by_teardown[order[i]];
        if (count > 0 && summary->flows == 1)
            buf_printf(text, ", %s",
                       order[i] == TEARDOWN_RESET ? "reset when it was done" : words[order[i]]);
        else if (count > 0)
            buf_printf(text, ", %" PRIu64 " %s", count, words[order[i]]);
    }
    buf_printf(text, ".");
}

static void say_headline(struct buf *text, const struct run_meta *meta,
                         const struct text_overview *overview, const struct summary *summary,
                         const struct run_end *end, bool doubtful)
{
    bool any_port = meta->ports && strcmp(meta->ports, "any") == 0;
    if (end->counts.packets == 0) {
        buf_printf(text, "The capture holds no packets.");
    } else if (summary->flows == 0) {
        buf_printf(text, "No TCP connection%s%s was seen.", any_port ? "" : " on port ",
                   any_port ? "" : meta->ports);
    } else if (overview->troubled == 0) {
        say_healthy(text, summary, doubtful);
    } else {
        if (overview->stuck > 0)
            say_stuck(text, overview, summary->flows);
        say_other_troubles(text, overview);
    }
}

static void put_fact(struct buf *out, const struct text_style *style, const char *label,
                     const struct buf *value)
{
    struct buf lines = {0};
    terminal_wrap(&lines, style, span_of(value->p, value->n), LABEL_WIDTH, LABEL_WIDTH);
    terminal_colour(out, style, COLOUR_DIM);
    buf_printf(out, "%-*s", LABEL_WIDTH, label);
    terminal_colour(out, style, COLOUR_OFF);
    buf_append(out, lines.p + LABEL_WIDTH, lines.n - LABEL_WIDTH);
    buf_done(&lines);
}

/* A long file name is cut, so that the line stays one. */
static void put_capture(struct buf *out, const struct text_style *style,
                        const struct run_meta *meta, const struct run_end *end)
{
    struct buf value = {0}, rest = {0}, name = {0};
    buf_printf(&rest, ": %" PRIu64 " packet%s", end->counts.packets, plural(end->counts.packets));
    if (!end->clean)
        buf_printf(&rest, "; not read to the end, see below");
    if (meta->input_count == 1)
        terminal_append(&name, style, span_of(meta->inputs[0], strlen(meta->inputs[0])), WIRE_NAME);
    else
        buf_printf(&name, "%zu files", meta->input_count);
    terminal_cut(&value, style, span_of(name.p, name.n),
                 style->columns - LABEL_WIDTH - (unsigned)rest.n);
    buf_append(&value, rest.p, rest.n);
    put_fact(out, style, "Capture", &value);
    buf_done(&value);
    buf_done(&rest);
    buf_done(&name);
}

static void put_time(struct buf *out, const struct text_style *style, const struct run_end *end)
{
    const struct dissect_counts *counts = &end->counts;
    struct time_room room;
    struct buf value = {0};
    if (counts->packets == 0)
        return;
    buf_printf(&value, "%s to ", timetext_day_second(&room, counts->first_time));
    if (timetext_same_day(counts->first_time, counts->last_time))
        buf_printf(&value, "%s", timetext_clock(&room, counts->last_time, 0));
    else
        buf_printf(&value, "%s", timetext_day_second(&room, counts->last_time));
    buf_printf(&value, " UTC (%s)", timetext_span(&room, counts->last_time - counts->first_time));
    put_fact(out, style, "Time", &value);
    buf_done(&value);
}

static void put_endings(struct buf *out, const struct text_style *style,
                        const struct summary *summary)
{
    static const char *const words[TEARDOWNS] = {
        [TEARDOWN_OPEN] = "open",
        [TEARDOWN_GRACEFUL] = "closed",
        [TEARDOWN_HALF_CLOSED] = "half-closed",
        [TEARDOWN_FIN_UNANSWERED] = "FIN unanswered",
        [TEARDOWN_CLOSING] = "closing",
        [TEARDOWN_RESET] = "reset",
        [TEARDOWN_REFUSED] = "refused",
        [TEARDOWN_UNANSWERED] = "SYN unanswered",
    };
    struct buf value = {0};
    buf_printf(&value, "%" PRIu64 ":", summary->flows);
    bool any = false;
    for (unsigned i = 0; i < TEARDOWNS; i++) {
        if (summary->by_teardown[i] == 0)
            continue;
        buf_printf(&value, "%s %" PRIu64 " %s", any ? "," : "", summary->by_teardown[i], words[i]);
        any = true;
    }
    put_fact(out, style, "Connections", &value);
    buf_done(&value);
}

static void put_tls(struct buf *out, const struct text_style *style, const struct summary *summary)
{
    struct buf value = {0};
    if (summary->tls_flows == 0)
        return;
    const char *lead = "";
    for (size_t i = 0; i < summary->version_count; i++) {
        struct name_room room;
        buf_printf(&value, "%s%s in %" PRIu64, lead,
                   names_tls_version(&room, summary->versions[i].version),
                   summary->versions[i].count);
        lead = ", ";
    }
    if (summary->versions_other > 0)
        buf_printf(&value, "%sothers in %" PRIu64, lead, summary->versions_other);
    if (value.n == 0)
        buf_printf(&value, "in %" PRIu64, summary->tls_flows);
    if (summary->certificates > 0)
        buf_printf(&value, "; %" PRIu64 " certificate%s seen", summary->certificates,
                   plural(summary->certificates));
    put_fact(out, style, "TLS", &value);
    buf_done(&value);
}

static void put_severities(struct buf *out, const struct text_style *style,
                           const struct summary *summary)
{
    struct buf value = {0};
    for (unsigned severity = SEVERITIES; severity-- > 0;)
        if (summary->by_severity[severity] > 0)
            buf_printf(&value, "%s%" PRIu64 " %s", value.n ? ", " : "",
                       summary->by_severity[severity], severity_name((enum severity)severity));
    put_fact(out, style, "Findings", &value);
    buf_done(&value);
}

void text_summary_print(struct buf *out, const struct text_style *style,
                        const struct run_meta *meta, const struct text_overview *overview,
                        const struct findings *findings, const struct summary *summary,
                        const struct run_end *end)
{
    const struct finding *worst = findings_worst(findings);
    bool doubtful = worst && worst->severity >= SEVERITY_NOTICE;
    bool healthy = overview->troubled == 0 && !doubtful;
    struct buf headline = {0};
    say_headline(&headline, meta, overview, summary, end, doubtful);
    terminal_colour(out, style, healthy ? COLOUR_GREEN : COLOUR_BOLD);
    terminal_wrap(out, style, span_of(headline.p, headline.n), 0, 0);
    terminal_colour(out, style, COLOUR_OFF);
    buf_done(&headline);
    if (!healthy)
        buf_append(out, "\n", 1);
    put_capture(out, style, meta, end);
    put_time(out, style, end);
    if (healthy)
        return;
    if (summary->flows > 0)
        put_endings(out, style, summary);
    put_tls(out, style, summary);
    put_severities(out, style, summary);
}

static void put_skipped(struct buf *text, const struct run_end *end)
{
    static const char *const words[NOTES] = {
        [NOTE_NOT_WATCHED] = "on other TCP ports",
        [NOTE_FILTERED] = "left out by the filter",
        [NOTE_NOT_IP] = "not IP",
        [NOTE_NOT_TCP] = "not TCP",
        [NOTE_FRAGMENT] = "fragments",
        [NOTE_CUT] = "cut before the end of their headers",
        [NOTE_MALFORMED] = "malformed",
        [NOTE_UNSUPPORTED_LINK] = "of a link type that can't be read",
        [NOTE_ENCRYPTED] = "encrypted below IP",
        [NOTE_TOO_DEEP] = "in too many tunnels",
        [NOTE_DUPLICATE] = "captured twice",
    };
    bool any = false;
    for (unsigned note = NOTE_NONE + 1; note < NOTES; note++) {
        uint64_t count = end->counts.skipped[note];
        if (count == 0)
            continue;
        if (!any)
            buf_printf(text, "Packets not used: ");
        buf_printf(text, "%s%" PRIu64 " %s", any ? ", " : "", count,
                   words[note] ? words[note] : note_name((enum note)note));
        any = true;
    }
    if (any)
        buf_printf(text, ".");
}

static void put_item(struct buf *out, const struct text_style *style, struct buf *text)
{
    if (text->n > 0)
        terminal_wrap(out, style, span_of(text->p, text->n), 0, 2);
    text->n = 0;
}

/* What the system that made a saved capture says of it. */
static void put_told_drops(struct buf *text, const struct capture_facts *facts)
{
    uint64_t system = 0, interface = 0;
    for (size_t i = 0; facts && i < facts->interface_count; i++) {
        system += facts->interfaces[i].counters[FACT_OS_DROPPED];
        interface += facts->interfaces[i].counters[FACT_DROPPED];
    }
    if (system > 0 || interface > 0)
        buf_printf(text,
                   "Dropped while capturing, as the capture says: %" PRIu64
                   " packets by the system, %" PRIu64 " by the interface.",
                   system, interface);
}

void text_limits_print(struct buf *out, const struct text_style *style, const struct run_end *end)
{
    const struct dissect_counts *counts = &end->counts;
    struct buf text = {0}, lines = {0};
    put_skipped(&text, end);
    put_item(&lines, style, &text);
    if (counts->cut_payload > 0)
        buf_printf(&text, "Cut by the snap length: the payload of %" PRIu64 " packets.",
                   counts->cut_payload);
    put_item(&lines, style, &text);
    if (counts->flows_evicted > 0)
        buf_printf(&text, "Given up for lack of room: %" PRIu64 " connections.",
                   counts->flows_evicted);
    put_item(&lines, style, &text);
    if (counts->certificates_dropped > 0)
        buf_printf(&text, "Certificates beyond the number that is kept: %" PRIu64 ".",
                   counts->certificates_dropped);
    put_item(&lines, style, &text);
    if (end->drops_kernel > 0 || end->drops_interface > 0)
        buf_printf(&text,
                   "Dropped while capturing: %" PRIu64 " packets by the kernel, %" PRIu64
                   " by the interface.",
                   end->drops_kernel, end->drops_interface);
    put_item(&lines, style, &text);
    put_told_drops(&text, end->facts);
    put_item(&lines, style, &text);
    if (lines.n > 0) {
        buf_append(out, "\n", 1);
        terminal_heading(out, style, "Limits of this capture");
        buf_append(out, lines.p, lines.n);
    }
    buf_done(&text);
    buf_done(&lines);
}
