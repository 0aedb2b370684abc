/* headline.c: what was seen, in numbers. */
#include "headline.h"

#include "../address.h"
#include "../names.h"
#include "../timetext.h"

#include <ctype.h>
#include <inttypes.h>

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* What the stuck ones have done; with numbers only if they did not all do the same. */
static void say_stuck_kinds(struct buf *text, const struct overview *overview)
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

static void say_stuck(struct buf *text, const struct overview *overview, uint64_t flows)
{
    struct time_room room;
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
    buf_printf(text, "Server%s: ", overview->stuck_servers.count == 1 ? "" : "s");
    overview_list(text, &overview->stuck_servers, true);
    buf_printf(text, ". ");
}

/* A finding's title, as it is at the beginning of a sentence, or within one: "FIN" stays. */
static void say_title(struct buf *text, enum finding_id id, bool begins)
{
    const char *title = finding_title(id);
    bool small = !begins && islower((unsigned char)title[1]);
    buf_printf(text, "%c%s", small ? tolower((unsigned char)title[0]) : title[0], title + 1);
}

/* The troubles that do not leave a connection stuck, a clause for each. */
static void say_other_troubles(struct buf *text, const struct overview *overview)
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
        {FINDING_WEAK_CIPHER, "connection uses a weak cipher suite",
         "connections use a weak cipher suite"},
        {FINDING_NOT_TLS, "connection is not TLS", "connections are not TLS"},
        {FINDING_CLIENT_CERTIFICATE_EXPOSED, "client certificate went in clear",
         "client certificates went in clear"},
        {FINDING_CAPTURE_LOSS, "connection has holes in the capture",
         "connections have holes in the capture"},
    };
    uint64_t rest[FINDINGS];
    const char *lead = "";
    memcpy(rest, overview->by_worst, sizeof(rest));
    /* These leave a connection stuck, and were told of. */
    rest[FINDING_FIN_UNANSWERED] = rest[FINDING_SILENT_PEER] = rest[FINDING_ZERO_WINDOW] = 0;
    for (size_t i = 0; i < COUNT_OF(clauses); i++) {
        uint64_t count = rest[clauses[i].id];
        if (count == 0)
            continue;
        buf_printf(text, "%s%" PRIu64 " %s", lead, count,
                   count == 1 ? clauses[i].one : clauses[i].many);
        rest[clauses[i].id] = 0;
        lead = ", ";
    }
    for (unsigned id = 0; id < FINDINGS; id++) {
        if (rest[id] == 0)
            continue;
        buf_printf(text, "%s", lead);
        say_title(text, (enum finding_id)id, !*lead);
        buf_printf(text, " (%" PRIu64 " connection%s)", rest[id], plural(rest[id]));
        lead = ", ";
    }
    if (*lead)
        buf_printf(text, ".");
}

static void say_healthy(struct buf *text, const struct summary *summary, bool holes)
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
    buf_printf(text, "%s%" PRIu64 " connection%s",
               holes ? "" : "Nothing is wrong here: ", summary->flows, plural(summary->flows));
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

/* What many flows, or other witnesses, show together, where no flow shows anything by itself. */
static void say_worst(struct buf *text, const struct finding *worst)
{
    buf_append(text, worst->seen.p, worst->seen.n);
    buf_printf(text, ".");
}

void headline_say(struct buf *text, const struct run_meta *meta, const struct summary *summary,
                  const struct findings *findings, const struct run_end *end)
{
    const struct overview *overview = &summary->overview;
    const struct finding *worst = findings_worst(findings);
    bool any_port = meta->ports && strcmp(meta->ports, "any") == 0;
    bool capture_alone =
        !worst || worst->severity < SEVERITY_NOTICE || finding_about(worst->id) == ABOUT_CAPTURE;
    if (overview->troubled > 0) {
        if (overview->stuck > 0)
            say_stuck(text, overview, summary->flows);
        say_other_troubles(text, overview);
    } else if (!capture_alone) {
        say_worst(text, worst);
    } else if (end->counts.packets == 0) {
        buf_printf(text, "The capture holds no packets.");
    } else if (summary->flows == 0) {
        buf_printf(text, "No TCP connection%s%s was seen.", any_port ? "" : " on port ",
                   any_port ? "" : meta->ports);
    } else {
        say_healthy(text, summary, worst && worst->severity >= SEVERITY_NOTICE);
    }
    if (text->n > 0 && text->p[text->n - 1] == ' ')
        text->n--;
}

static void list_names(struct buf *text, const struct overview *overview)
{
    for (unsigned i = 0; i < overview->name_count; i++) {
        buf_printf(text, "%s", i ? ", " : "");
        buf_append(text, overview->names[i].p, overview->names[i].n);
    }
    buf_printf(text, "%s (", overview->more_names ? " and others" : "");
    overview_list(text, &overview->servers, true);
    buf_printf(text, ")");
}

static void say_versions(struct buf *text, const struct summary *summary)
{
    struct name_room room;
    if (summary->tls_flows == 0) {
        buf_printf(text, ", without TLS");
        return;
    }
    for (size_t i = 0; i < summary->version_count; i++)
        buf_printf(text, "%s%s", i ? " or " : " over ",
                   names_tls_version(&room, summary->versions[i].version));
    if (summary->tls_flows < summary->flows)
        buf_printf(text, " in %" PRIu64 " of them", summary->tls_flows);
}

void headline_works(struct buf *text, const struct summary *summary)
{
    const struct overview *overview = &summary->overview;
    struct time_room room;
    if (summary->flows == 0)
        return;
    bool one = summary->flows == 1;
    overview_list(text, &overview->clients, false);
    if (one)
        buf_printf(text, " made a connection to ");
    else
        buf_printf(text, " made %" PRIu64 " connections to ", summary->flows);
    if (overview->name_count > 0)
        list_names(text, overview);
    else
        overview_list(text, &overview->servers, true);
    say_versions(text, summary);
    if (overview->longest > 0)
        buf_printf(text, "; %s lasted %s here", one ? "it" : "the longest",
                   timetext_span(&room, overview->longest));
    buf_printf(text, ".");
    if (overview->apns)
        buf_printf(text, " This is Apple's push service: each device keeps one connection open for "
                         "hours, says a few bytes every 10 to 20 minutes, and makes a new one when "
                         "it is lost.");
}
