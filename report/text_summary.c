/* text_summary.c: the facts that a verdict stands on, and what the capture does not show. */
#include "text_summary.h"

#include "names.h"
#include "timetext.h"

#include <inttypes.h>

enum { LABEL_WIDTH = 12 };

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
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
    if (counts->last_time == 0) {
        buf_printf(&value, "not known: the packets have none");
        put_fact(out, style, "Time", &value);
        buf_done(&value);
        return;
    }
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
    if (summary->known > 0)
        buf_printf(&value, "; %" PRIu64 " known from the baseline", summary->known);
    if (value.n > 0)
        put_fact(out, style, "Findings", &value);
    buf_done(&value);
}

void text_summary_print(struct buf *out, const struct text_style *style,
                        const struct run_meta *meta, const struct summary *summary, bool brief,
                        const struct run_end *end)
{
    if (meta->input_count > 0) /* else there are other witnesses */
        put_capture(out, style, meta, end);
    put_time(out, style, end);
    if (brief)
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
        [NOTE_CHECKSUM] = "damaged, by their checksums",
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

static void put_unseen(struct buf *text, const struct overview *overview)
{
    if (overview->midstream > 0)
        buf_printf(text,
                   "Joined midway: %" PRIu64 " connection%s; how %s made is unknown, and likely "
                   "what TLS agreed on.",
                   overview->midstream, plural(overview->midstream),
                   overview->midstream == 1 ? "it was" : "they were");
    if (overview->hidden_certificates > 0)
        buf_printf(text, "%sTLS 1.3 hides certificates and most alerts: %" PRIu64 " connection%s.",
                   text->n ? " " : "", overview->hidden_certificates,
                   plural(overview->hidden_certificates));
}

void text_limits_print(struct buf *out, const struct text_style *style,
                       const struct summary *summary, const struct run_end *end)
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
    put_unseen(&text, &summary->overview);
    put_item(&lines, style, &text);
    if (lines.n > 0) {
        buf_append(out, "\n", 1);
        terminal_heading(out, style, "Limits of this capture");
        buf_append(out, lines.p, lines.n);
    }
    buf_done(&text);
    buf_done(&lines);
}
