/* rhythm.c: what one client does again and again: at a regular distance, or too quickly. */
#include "families.h"

#include "contacts.h"

#include "../address.h"
#include "../timetext.h"

#include <inttypes.h>

/* Shorter periods than this are a storm's, or one program's many connections. */
#define PERIOD_LEAST NS_PER_SECOND

/* --- periodic --- */

/* The odds are given no finer than that: the model of chance is none finer. */
static uint64_t odds(const struct period *period)
{
    enum { ODDS_MOST = 1000000 };
    double chance = 1 - period->confidence;
    return chance * ODDS_MOST > 1 ? (uint64_t)(1 / chance) : ODDS_MOST;
}

static bool find_period(struct period *out, const struct period_events *events)
{
    return period_find(out, events->times, events->used) && out->period >= PERIOD_LEAST;
}

static void say_period(struct finding *finding, const struct period *period)
{
    struct time_room room;
    finding_seen(finding, " every %s", timetext_span(&room, period->period));
    if (period->jitter >= NS_PER_SECOND / 1000)
        finding_seen(finding, ", give or take %s", timetext_span(&room, period->jitter));
    finding_seen(finding, ": %" PRIu32 " times", period->repetitions);
    finding_seen(finding, " over %s", timetext_span(&room, period->last - period->first));
    if (period->missed > 0)
        finding_seen(finding, ", while %" PRIu32 " more would have been due between",
                     period->missed);
}

/* The first events' frames are known: those that came before the period began prove nothing. */
static void prove_period(struct finding *finding, const struct period *period,
                         const uint64_t *frames, const struct period_events *events)
{
    for (uint64_t i = 0; i < events->count && i < CONTACT_FRAMES_MAX; i++)
        if (events->times[i] >= period->first && events->times[i] <= period->last)
            finding_frame(finding, frames[i]);
    finding_seconds(finding, "period", period->period);
    finding_seconds(finding, "jitter", period->jitter);
    finding_number(finding, "repetitions", period->repetitions);
    finding_number(finding, "missed", period->missed);
    finding_time(finding, "first", period->first);
    finding_time(finding, "last", period->last);
    finding_number(finding, "odds_against_chance", odds(period));
}

static void say_contact(struct finding *finding, const struct contact *contact)
{
    struct address_room room;
    finding_word(finding, "client", address_host(&room, &contact->client));
    finding_text(finding, "server", contact->name);
}

static void judge_connects(struct findings *out, const struct contact *contact)
{
    struct period period;
    struct address_room room;
    if (!find_period(&period, &contact->events))
        return;
    bool failed = contact->failures.count == contact->events.count;
    struct finding *finding = findings_add(out, FINDING_PERIODIC);
    finding_seen(finding, failed ? "%s tried to connect to " : "%s connected to ",
                 address_host(&room, &contact->client));
    finding_seen_text(finding, contact->name);
    say_period(finding, &period);
    if (failed) {
        finding_seen(finding, "; each of these connections failed or was reset");
        finding->severity = SEVERITY_NOTICE;
        finding->why = "a program tries again by a timer, and no try ends as it should";
        finding->harmless = "what it connects to is meant to be down, or it always ends its "
                            "connections with a RST when it has what it wants";
        finding->next = "see what is said of one of these connections";
    }
    finding_word(finding, "event", failed ? "failure" : "connect");
    say_contact(finding, contact);
    prove_period(finding, &period, contact->frames, &contact->events);
}

/* Only where they have a rhythm of their own, and not that of the connections they are among. */
static void judge_failures(struct findings *out, const struct contact *contact)
{
    struct period period;
    struct address_room room;
    if (contact->failures.count == contact->events.count ||
        !find_period(&period, &contact->failures))
        return;
    struct finding *finding = findings_add(out, FINDING_PERIODIC);
    finding->severity = SEVERITY_NOTICE;
    finding_seen(finding, "Connections of %s to ", address_host(&room, &contact->client));
    finding_seen_text(finding, contact->name);
    finding_seen(finding, " failed or were reset");
    say_period(finding, &period);
    finding->why = "something that works between these times is undone by a timer";
    finding->harmless = "a program or server is restarted at these times on purpose";
    finding->next = "look for what else happens then, at either end or between";
    finding_word(finding, "event", "failure");
    say_contact(finding, contact);
    prove_period(finding, &period, contact->failure_frames, &contact->failures);
}

static void judge_sightings(struct findings *out, const struct contacts *contacts,
                            const struct contact *seen)
{
    const struct contact *made = &contacts->made.items[seen->seen_by];
    struct period period;
    struct address_room room;
    if (seen->events.count == made->events.count || !find_period(&period, &seen->events))
        return;
    struct finding *finding = findings_add(out, FINDING_PERIODIC);
    struct buf hash = {0};
    enum { SHOWN = 16 }; /* digits that people can compare; the evidence has all */
    for (size_t i = 0; i < seen->name.n; i++)
        buf_printf(&hash, "%02x", seen->name.p[i]);
    finding_seen(finding, "%s was shown the certificate ", address_host(&room, &seen->client));
    finding_seen_text(finding, span_of(hash.p, SHOWN));
    finding_seen(finding, "... of ");
    finding_seen_text(finding, made->name);
    say_period(finding, &period);
    finding->why = "a log line that a program writes at each certificate comes as often; "
                   "connections between these times were resumed, or showed another certificate";
    finding_word(finding, "event", "certificate");
    finding_word(finding, "client", address_host(&room, &seen->client));
    finding_word(finding, "sha256", buf_text(&hash));
    prove_period(finding, &period, seen->frames, &seen->events);
    buf_done(&hash);
}

/* --- reconnect-storm --- */

static void say_end(struct finding *finding, enum contact_end end)
{
    static const char *const words[CONTACT_ENDS] = {
        [CONTACT_REFUSED] = "refused",
        [CONTACT_TLS_FAILED] = "ended by a failed TLS handshake",
        [CONTACT_RESET_BY_CLIENT] = "reset by the client",
        [CONTACT_RESET_BY_SERVER] = "reset by the server",
        [CONTACT_CLOSED_BY_CLIENT] = "closed by the client",
        [CONTACT_CLOSED_BY_SERVER] = "closed by the server"};
    finding_seen(finding, "%s", words[end]);
}

static void explain_storm(struct finding *finding, const struct storm *storm)
{
    enum contact_end most = CONTACT_REFUSED;
    for (unsigned i = 0; i < CONTACT_ENDS; i++)
        if (storm->by_end[i] > storm->by_end[most])
            most = (enum contact_end)i;
    if (most == CONTACT_TLS_FAILED || most == CONTACT_REFUSED)
        finding->harmless = NULL; /* a request needs a connection that is made */
    if (most == CONTACT_TLS_FAILED)
        finding->next = "see what is said of one of these handshakes";
    else if (most == CONTACT_CLOSED_BY_CLIENT || most == CONTACT_RESET_BY_CLIENT)
        finding->next = "find the reason in the client's log: it is the client that ends them";
}

static void judge_storm(struct findings *out, const struct contact *contact)
{
    const struct storm *storm = contact->storm;
    struct address_room room;
    struct time_room time_room;
    if (!storm || storm->count == 0)
        return;
    struct finding *finding = findings_add(out, FINDING_RECONNECT_STORM);
    bool made = storm->by_end[CONTACT_REFUSED] == 0;
    finding_seen(finding, "%s %s %" PRIu64 " times to ", address_host(&room, &contact->client),
                 made ? "connected" : "tried to connect", storm->count);
    finding_seen_text(finding, contact->name);
    finding_seen(finding, " within %s, each time after the connection before had ended: ",
                 timetext_span(&time_room, storm->last - storm->first));
    const char *between = "";
    for (unsigned i = 0; i < CONTACT_ENDS; i++) {
        if (storm->by_end[i] == 0)
            continue;
        finding_seen(finding, "%s%" PRIu64 " ", between, storm->by_end[i]);
        say_end(finding, (enum contact_end)i);
        between = ", ";
    }
    explain_storm(finding, storm);
    for (unsigned i = 0; i < STORM_LEAST; i++)
        finding_frame(finding, storm->frames[i]);
    say_contact(finding, contact);
    finding_number(finding, "connections", storm->count);
    finding_time(finding, "first", storm->first);
    finding_time(finding, "last", storm->last);
    for (unsigned i = 0; i < CONTACT_ENDS; i++) {
        static const char *const keys[CONTACT_ENDS] = {"refused",          "tls_failed",
                                                       "reset_by_client",  "reset_by_server",
                                                       "closed_by_client", "closed_by_server"};
        if (storm->by_end[i] > 0)
            finding_number(finding, keys[i], storm->by_end[i]);
    }
}

void judge_rhythm(struct findings *out, const struct contacts *contacts)
{
    for (size_t i = 0; i < contacts->made.count; i++)
        judge_storm(out, &contacts->made.items[i]);
    for (size_t i = 0; i < contacts->made.count; i++) {
        judge_connects(out, &contacts->made.items[i]);
        judge_failures(out, &contacts->made.items[i]);
    }
    for (size_t i = 0; i < contacts->seen.count; i++)
        judge_sightings(out, contacts, &contacts->seen.items[i]);
}
