/* teardown.c: connections that were not made, do not move, or did not end well. */
#include "families.h"

#include "../names.h"
#include "../timetext.h"

#include <inttypes.h>

static enum side other(enum side side)
{
    return side == CLIENT ? SERVER : CLIENT;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Whether a lack of answer proves something: it was asked for again, or long enough ago. */
static bool overdue(const struct flow_record *record, nanotime since, uint32_t attempts)
{
    nanotime waited = judge_waited(record, since);
    return waited >= ANSWER_DUE || (attempts >= 2 && waited >= NS_PER_SECOND);
}

static void say_attempts(struct finding *finding, const struct stuck_record *stuck,
                         const char *attempt)
{
    struct time_room room;
    finding_seen(finding, "%" PRIu32 " %s%s", stuck->attempts, attempt, plural(stuck->attempts));
    if (stuck->last_attempt > stuck->since)
        finding_seen(finding, " over %s", timetext_span(&room, stuck->last_attempt - stuck->since));
}

/* Goes on after what was sent: what came back, or did not. */
static void say_cause(struct finding *finding, const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    const char *peer = names_side(other(stuck->end));
    struct time_room room;

    switch (stuck->cause) {
    case STUCK_UNANSWERED:
        finding_seen(finding, " and the %s did not answer: ", peer);
        say_attempts(finding, stuck,
                     record->tcp.ends[stuck->end].unacked > 0 ||
                             record->tcp.ends[stuck->end].fin > 0
                         ? "retransmission"
                         : "probe");
        break;
    case STUCK_WINDOW_CLOSED:
        finding_seen(finding, " and the %s keeps its receive window closed: ", peer);
        say_attempts(finding, stuck, "probe");
        finding_seen(finding, " answered with window 0");
        break;
    case STUCK_DUPLICATE_ACKS:
        finding_seen(finding, " and the %s goes on acknowledging less than that: ", peer);
        say_attempts(finding, stuck, "retransmission");
        break;
    case STUCK_ANSWERS_LOST:
        finding_seen(finding,
                     " and goes on sending although the %s acknowledges it, so that the "
                     "acknowledgments do not reach the %s: ",
                     peer, names_side(stuck->end));
        say_attempts(finding, stuck, "retransmission");
        break;
    case STUCK_SILENCE:
    case STUCK_NOT:
        finding_seen(finding,
                     " and no packet followed, not even a retransmission, for the %s "
                     "that the capture goes on",
                     timetext_span(&room, judge_waited(record, record->end)));
        break;
    }
}

static void explain_cause(struct finding *finding, enum stuck_cause cause)
{
    switch (cause) {
    case STUCK_UNANSWERED:
        finding->why = "the peer or the path to it is likely dead, such as a firewall or NAT that "
                       "forgot the connection or a host that is gone; the socket stays until its "
                       "retransmissions are used up";
        break;
    case STUCK_WINDOW_CLOSED:
        finding->why = "the peer's system is alive but its program does not read; a connection "
                       "like this is never given up while its probes are answered";
        finding->next = "see what the receiving program waits for";
        break;
    case STUCK_DUPLICATE_ACKS:
        finding->why = "the peer is alive but does not get these bytes; something between likely "
                       "drops or alters exactly these packets";
        finding->next = "capture at both ends at once and compare";
        break;
    case STUCK_ANSWERS_LOST:
        finding->why = "the peer and the path to it work; something between this capture and the "
                       "sender drops what comes back, such as a firewall on the sender itself";
        finding->next = "look at the sender's own packet filter and capture there";
        break;
    case STUCK_SILENCE:
    case STUCK_NOT:
        finding->why = "a system that still had this socket would have sent again; likely it is "
                       "gone from the network, or the capture does not see its packets";
        finding->next = "see whether the sender still lists the socket (netstat -an, ss -tan)";
        break;
    }
}

static void prove_stuck(struct finding *finding, const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    finding_frame(finding, stuck->first_frame);
    finding_frame(finding, stuck->last_frame);
    finding_word(finding, "end", names_side(stuck->end));
    finding_word(finding, "cause", names_stuck_cause(stuck->cause));
    finding_time(finding, "since", stuck->since);
    finding_seconds(finding, "waited", judge_waited(record, stuck->since));
    finding_number(finding, "attempts", stuck->attempts);
    finding_number(finding, "unacked", record->tcp.ends[stuck->end].unacked);
}

static bool fin_unacknowledged(const struct end_record *end)
{
    return end->fin > 0 && (end->state == SIDE_FIN_WAIT_1 || end->state == SIDE_CLOSING ||
                            end->state == SIDE_LAST_ACK);
}

static void judge_fin(struct findings *out, const struct flow_record *record, enum side side)
{
    const struct end_record *end = &record->tcp.ends[side];
    const struct stuck_record *stuck = &record->tcp.stuck;
    bool told = stuck->cause != STUCK_NOT && stuck->end == side;
    if (!fin_unacknowledged(end) || !overdue(record, end->fin_time, end->fin - 1) ||
        judge_one_way(record, other(side)))
        return;

    struct finding *finding = findings_add(out, FINDING_FIN_UNANSWERED);
    struct time_room room;
    finding_seen(finding, "The %s sent its FIN at %s", names_side(side),
                 timetext_clock(&room, end->fin_time, 3));
    if (end->unacked > 0)
        finding_seen(
            finding, ", with %" PRIu64 " byte%s before it%s", end->unacked, plural(end->unacked),
            told && stuck->cause == STUCK_ANSWERS_LOST ? "," : " not acknowledged either,");
    finding_frame(finding, end->fin_frame);
    finding_frame(finding, end->fin_last_frame);
    if (told) {
        say_cause(finding, record);
        explain_cause(finding, stuck->cause);
        prove_stuck(finding, record);
    } else {
        finding_seen(finding, " and it was never acknowledged: sent %" PRIu32 " time%s", end->fin,
                     plural(end->fin));
        finding_word(finding, "end", names_side(side));
        finding_number(finding, "unacked", end->unacked);
    }
    finding_word(finding, "state", names_state(end->state));
    finding_number(finding, "fins", end->fin);
}

/* Data that is stuck without a FIN behind it; a FIN's own finding speaks of the data before it. */
static void judge_stuck_data(struct findings *out, const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    const struct tcp_record *tcp = &record->tcp;
    const struct end_record *end = &tcp->ends[stuck->end];
    bool closed_window = stuck->cause == STUCK_WINDOW_CLOSED;
    if (stuck->cause == STUCK_NOT || tcp->teardown == TEARDOWN_UNANSWERED ||
        !overdue(record, stuck->since, stuck->attempts))
        return;
    if (tcp->handshake == HANDSHAKE_SYN_ACK || (!closed_window && fin_unacknowledged(end)))
        return;

    struct finding *finding =
        findings_add(out, closed_window ? FINDING_ZERO_WINDOW : FINDING_SILENT_PEER);
    struct time_room room;
    if (end->unacked > 0)
        finding_seen(finding, "The %s sent %" PRIu64 " byte%s from %s on", names_side(stuck->end),
                     end->unacked, plural(end->unacked), timetext_clock(&room, stuck->since, 3));
    else if (closed_window)
        finding_seen(finding, "The %s has had something to send since %s", names_side(stuck->end),
                     timetext_clock(&room, stuck->since, 3));
    else
        finding_seen(finding, "The %s has asked for a sign of life since %s",
                     names_side(stuck->end), timetext_clock(&room, stuck->since, 3));
    say_cause(finding, record);
    if (!closed_window)
        explain_cause(finding, stuck->cause);
    prove_stuck(finding, record);
}

static void judge_syn(struct findings *out, const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    struct time_room room;

    if (tcp->teardown == TEARDOWN_REFUSED) {
        struct finding *finding = findings_add(out, FINDING_SYN_REFUSED);
        finding_seen(finding, "The SYN was answered with a RST");
        if (record->end != 0)
            finding_seen(finding, " after %s", timetext_span(&room, record->end - record->start));
        finding_frame(finding, record->first_frame);
        finding_frame(finding, tcp->reset_frame);
    } else if (tcp->teardown == TEARDOWN_UNANSWERED) {
        uint64_t syns = tcp->ends[CLIENT].packets;
        if (!overdue(record, record->start, (uint32_t)(syns > 0 ? syns - 1 : 0)))
            return;
        struct finding *finding = findings_add(out, FINDING_SYN_UNANSWERED);
        finding_seen(finding, "The client sent %" PRIu64 " SYN%s", syns, plural(syns));
        if (syns > 1)
            finding_seen(finding, " over %s", timetext_span(&room, record->end - record->start));
        finding_seen(finding, " and got no answer");
        finding_frame(finding, record->first_frame);
        finding_frame(finding, record->last_frame);
        finding_number(finding, "syns", syns);
        finding_seconds(finding, "waited", judge_waited(record, record->start));
    }
}

/* The server's SYN-ACK went unanswered: the client sees nothing of it, and goes on sending SYNs. */
static void judge_syn_ack(struct findings *out, const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    const struct stuck_record *stuck = &tcp->stuck;
    if (tcp->handshake != HANDSHAKE_SYN_ACK || stuck->cause == STUCK_NOT || stuck->end != SERVER ||
        !overdue(record, stuck->since, stuck->attempts))
        return;
    struct finding *finding = findings_add(out, FINDING_SYN_UNANSWERED);
    finding_seen(finding, "The server answered the SYN, and its answer was never acknowledged: ");
    say_attempts(finding, stuck, "retransmission");
    finding->why = "no connection was made: the server's answer likely does not reach the client";
    finding->next = "capture at the client, and look for what drops packets on the way back";
    prove_stuck(finding, record);
}

static void judge_half_closed(struct findings *out, const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    if (tcp->teardown != TEARDOWN_HALF_CLOSED)
        return;
    enum side closer = tcp->ends[CLIENT].fin > 0 ? CLIENT : SERVER;
    const struct end_record *end = &tcp->ends[closer];
    nanotime waited = judge_waited(record, end->fin_last_time);
    if (waited < ANSWER_DUE)
        return;
    struct finding *finding = findings_add(out, FINDING_HALF_CLOSED);
    struct time_room room, wait_room;
    finding_seen(finding,
                 "The %s's FIN of %s was acknowledged, but the %s has not closed its end "
                 "in the %s since",
                 names_side(closer), timetext_clock(&room, end->fin_time, 3),
                 names_side(other(closer)), timetext_span(&wait_room, waited));
    finding_frame(finding, end->fin_frame);
    finding_frame(finding, end->fin_acked_frame);
    finding_word(finding, "closed_by", names_side(closer));
    finding_seconds(finding, "waited", waited);
}

void judge_teardown(struct findings *out, const struct flow_record *record)
{
    judge_syn(out, record);
    judge_syn_ack(out, record);
    judge_fin(out, record, CLIENT);
    judge_fin(out, record, SERVER);
    judge_stuck_data(out, record);
    judge_half_closed(out, record);
}
