/* resets.c: connections that were reset: by whom, and whether by somebody else in its name; and
 * those that were lost while they were idle. */
#include "families.h"

#include "../injection.h"
#include "../keepalive.h"
#include "../names.h"
#include "../timetext.h"

#include <inttypes.h>

/* Nothing between two hosts is known to forget a connection sooner. */
#define IDLE_LEAST (60 * NS_PER_SECOND)
/* No answer is on its way for longer. */
#define ANSWER_MOST (10 * NS_PER_SECOND)

/* --- reset --- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void say_reset_phase(struct finding *finding, const struct flow_record *record)
{
    switch (record->tcp.reset_phase) {
    case RESET_IN_SYN:
        finding_seen(finding, " before it was made");
        break;
    case RESET_IN_TLS_HANDSHAKE:
        finding_seen(finding, " during the TLS handshake");
        if (record->tls && record->tls->progress == TLS_FAILED)
            finding->severity = SEVERITY_INFO; /* handshake-failed says it all */
        break;
    case RESET_IN_DATA:
        break;
    case RESET_IN_CLOSING:
        finding_seen(finding, " after a FIN had been sent");
        /* A host that gets data for a socket it has closed answers so; nobody misses the data. */
        finding->severity = SEVERITY_INFO;
        finding->why = "this is how many programs end a connection that both are done with";
        finding->next = NULL;
        break;
    }
}

/* Whether the end that the RST names had said nothing for long. */
static bool reset_when_idle(const struct tcp_record *tcp)
{
    return tcp->reset && tcp->reset_signs && tcp->reset_phase == RESET_IN_DATA &&
           tcp->reset_signs->quiet >= IDLE_LEAST;
}

/* A RST out of the silence is a timer's; one that answers what was sent at its end is that of
 * something that knows nothing of the connection any more, be it that end or what lies between. */
static bool reset_in_answer(const struct tcp_record *tcp)
{
    return tcp->idle_before_close >= 0 && tcp->idle_before_close < ANSWER_MOST;
}

static void judge_reset(struct findings *out, const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    if (tcp->teardown != TEARDOWN_RESET || !tcp->reset)
        return;
    struct finding *finding = findings_add(out, FINDING_RESET);
    struct time_room room;
    bool forgotten = reset_when_idle(tcp) && reset_in_answer(tcp);
    if (forgotten)
        finding->next = "capture at the end in whose name it came, too: a RST that is not there "
                        "was sent by something between";
    if (forgotten || injection_of(tcp).score >= INJECTION_POSSIBLE)
        finding_seen(finding, "A RST in the name of the %s reset the connection",
                     names_side(tcp->reset_by));
    else
        finding_seen(finding, "The %s reset the connection", names_side(tcp->reset_by));
    say_reset_phase(finding, record);
    if (tcp->idle_before_close >= NS_PER_SECOND)
        finding_seen(finding, " after %s of silence", timetext_span(&room, tcp->idle_before_close));
    for (unsigned side = 0; side < 2; side++) {
        uint64_t lost = tcp->ends[side].unacked_at_reset;
        if (lost == 0)
            continue;
        finding_seen(finding, ", with %" PRIu64 " byte%s of the %s's not acknowledged", lost,
                     plural(lost), names_side((enum side)side));
        finding_number(finding, side == CLIENT ? "client_unacked" : "server_unacked", lost);
    }
    finding_frame(finding, tcp->reset_frame);
    finding_word(finding, "by", names_side(tcp->reset_by));
    finding_word(finding, "phase", names_reset_phase(tcp->reset_phase));
    if (tcp->idle_before_close >= 0)
        finding_seconds(finding, "idle_before_close", tcp->idle_before_close);
}

/* --- reset-injected --- */

static void say_sign(struct finding *finding, const struct flow_record *record,
                     const struct injection *injection, enum injection_sign sign)
{
    const struct reset_signs *signs = record->tcp.reset_signs;
    const char *name = names_side(record->tcp.reset_by);
    struct time_room room, trip;
    switch (sign) {
    case SIGN_TTL:
    case SIGN_NEAR_TTL:
        finding_seen(finding, "its TTL is %u, the %s's other packets had %u", signs->ttl, name,
                     signs->ttl_min);
        if (signs->ttl_max > signs->ttl_min)
            finding_seen(finding, " to %u", signs->ttl_max);
        break;
    case SIGN_ALIVE:
        finding_seen(finding, "the %s went on with the connection after it", name);
        break;
    case SIGN_TIMING:
        finding_seen(finding,
                     "it came %s after what it acknowledges, and the way to the %s takes %s",
                     timetext_span(&room, signs->answered), name,
                     timetext_span(&trip, injection->half_trip));
        break;
    case SIGN_SERIES:
        finding_seen(finding, "%" PRIu32 " more with numbers that the %s had not got to",
                     signs->beyond, name);
        break;
    case SIGN_ID:
        finding_seen(finding, "its IP identification is not in the row of the %s's", name);
        break;
    case SIGN_WINDOW:
        finding_seen(finding, "its window is nothing like what the %s advertised", name);
        break;
    case SIGN_SEQUENCE:
        finding_seen(finding, "its number is %" PRIu64 " below what the %s had sent", signs->behind,
                     name);
        break;
    case SIGN_TIMESTAMPS:
        finding_seen(finding, "it has no timestamps, which both ends use");
        break;
    case SIGNS:
        break;
    }
}

/* The evidence of a sign is its part of the score. */
static void add_part(struct finding *finding, enum injection_sign sign)
{
    finding_number(finding, injection_sign_name(sign), injection_sign_weight(sign));
}

static void judge_injected(struct findings *out, const struct flow_record *record)
{
    if (!record->tcp.reset)
        return;
    const struct injection injection = injection_of(&record->tcp);
    if (injection.score < INJECTION_POSSIBLE)
        return;
    struct finding *finding = findings_add(out, FINDING_RESET_INJECTED);
    bool likely = injection.score >= INJECTION_LIKELY;
    const char *name = names_side(record->tcp.reset_by);
    const char *between = ": ";
    finding_seen(finding, "The RST in the %s's name %s sent by something else", name,
                 likely ? "was likely" : "may have been");
    for (unsigned sign = 0; sign < SIGNS; sign++) {
        if (!injection.signs[sign])
            continue;
        finding_seen(finding, "%s", between);
        say_sign(finding, record, &injection, (enum injection_sign)sign);
        between = "; ";
    }
    if (!likely)
        finding->severity = SEVERITY_NOTICE;
    finding_frame(finding, record->tcp.reset_frame);
    finding_frame(finding, record->tcp.reset_signs->alive_frame);
    finding_word(finding, "in_the_name_of", name);
    finding_number(finding, "score", injection.score);
    for (unsigned sign = 0; sign < SIGNS; sign++)
        if (injection.signs[sign])
            add_part(finding, (enum injection_sign)sign);
}

/* --- idle-drop --- */

/* Idle timeouts that are in wide use, by their makers' documentation, and what RFC 5382 section 5
 * asks of NATs. */
static const struct {
    uint32_t seconds;
    const char *text;
} forgetful[] = {
    {60, "a minute, as many web servers and proxies have it"},
    {240, "4 min, as Azure's load balancers have it"},
    {350, "350 s, as AWS's NAT gateways and network load balancers have it"},
    {900, "15 min, as several carriers' NATs have it"},
    {1800, "30 min, as Juniper's firewalls have it"},
    {3600, "1 h, as Cisco's and Fortinet's firewalls have it"},
    {7440, "2 h 4 min, the least that RFC 5382 asks of a NAT"},
    {432000, "5 d, as Linux's connection tracking has it"},
};

static const char *longest_within(nanotime idle)
{
    const char *text = NULL;
    for (size_t i = 0; i < COUNT_OF(forgetful); i++)
        if (idle >= forgetful[i].seconds * NS_PER_SECOND)
            text = forgetful[i].text;
    return text;
}

/* How long the peer of what got stuck had been silent when that was sent. -1 if nothing did, or if
 * the peer has sent something since. */
static nanotime idle_before_stuck(const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    const struct end_record *peer = &record->tcp.ends[stuck->end == CLIENT ? SERVER : CLIENT];
    if (stuck->cause != STUCK_UNANSWERED || stuck->attempts < 2 || peer->packets == 0 ||
        peer->last_time > stuck->since)
        return -1;
    return stuck->since - peer->last_time;
}

/* An end that sends more often than a timeout keeps a connection; what was forgotten nevertheless
 * had a shorter one. */
static void say_keepalives(struct finding *finding, const struct flow_record *record)
{
    const struct keepalive_facts *facts = &record->keepalive;
    struct period period;
    struct time_room room;
    if (!keepalive_period(&period, record))
        return;
    finding_seen(finding, "; before, the %s sent what is likely a keep-alive every %s",
                 names_side(side_of_direction(record, facts->direction)),
                 timetext_span(&room, period.period));
    finding_seconds(finding, "keepalive", period.period);
}

static void say_timeout(struct finding *finding, const struct flow_record *record, nanotime idle)
{
    finding_seen(finding, "; of the idle timeouts in wide use, the longest that had passed is %s",
                 longest_within(idle));
    finding_seconds(finding, "idle", idle);
    say_keepalives(finding, record);
}

static void judge_idle_stuck(struct findings *out, const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    nanotime idle = idle_before_stuck(record);
    struct time_room room;
    if (idle < IDLE_LEAST || record->tcp.handshake == HANDSHAKE_SYN_ACK)
        return;
    struct finding *finding = findings_add(out, FINDING_IDLE_DROP);
    finding_seen(finding,
                 "The connection was idle for %s, and nothing came back from the %s when "
                 "the %s went on",
                 timetext_span(&room, idle), names_side(stuck->end == CLIENT ? SERVER : CLIENT),
                 names_side(stuck->end));
    say_timeout(finding, record, idle);
    finding_frame(finding, stuck->first_frame);
    finding_word(finding, "by", "silence");
}

static void judge_idle_reset(struct findings *out, const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    const struct reset_signs *signs = tcp->reset_signs;
    struct time_room room;
    if (!reset_when_idle(tcp))
        return;
    bool answers = reset_in_answer(tcp);
    const char *name = names_side(tcp->reset_by);
    struct finding *finding = findings_add(out, FINDING_IDLE_DROP);
    finding_seen(finding, "Nothing had come from the %s for %s when a RST in its name came, ", name,
                 timetext_span(&room, signs->quiet));
    finding_seen(finding, answers ? "in answer to what its peer then sent" : "out of the silence");
    if (injection_of(tcp).signs[SIGN_NEAR_TTL])
        finding_seen(finding,
                     "; the RST's TTL of %u, which none of the %s's packets before had, is another "
                     "system's, or that of another route",
                     signs->ttl, name);
    say_timeout(finding, record, signs->quiet);
    if (!answers) {
        finding->severity = SEVERITY_INFO;
        finding->why = "a timer ran out, the program's own or that of something between";
    }
    finding_frame(finding, tcp->reset_frame);
    finding_word(finding, "by", answers ? "reset-in-answer" : "reset");
}

void judge_resets(struct findings *out, const struct flow_record *record)
{
    judge_reset(out, record);
    judge_injected(out, record);
    judge_idle_stuck(out, record);
    judge_idle_reset(out, record);
}
