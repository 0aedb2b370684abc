/* verdict.c: from findings and counts to one answer. What leads is the most severe finding, of
 * those the most frequent kind; what the capture lacks never leads, but makes the answer less sure.
 */
#include "verdict.h"

#include "headline.h"
#include "piles.h"

#include <inttypes.h>

static const struct answer {
    const char *name;
    enum verdict_surety surety; /* at most */
    const char *sentence;       /* NULL: the headline says it all */
    const char *misbehaves, *change, *check;
} answers[VERDICTS] = {
    [VERDICT_NOTHING_SEEN] =
        {"nothing-seen", SURETY_CERTAIN, NULL, "That cannot be told: there is nothing to judge.",
         "a capture of the right interface and port, taken while the program runs",
         "See with ss -tn (Linux) or netstat -an which ports and addresses the program uses, and "
         "capture those."},
    [VERDICT_HEALTHY] = {"healthy", SURETY_LIKELY, NULL,
                         "No: as far as this capture shows, each connection does what it should.",
                         "a capture that covers the time of the trouble",
                         "If there is trouble nevertheless, capture while it happens, and at the "
                         "other end, too."},
    [VERDICT_CAPTURE_HOLES] = {"capture-holes", SURETY_POSSIBLE,
                               "The connections look well, but the capture has holes.",
                               "Likely not; but this capture does not show all there was.",
                               "a capture without holes",
                               "Record again: whole packets, a larger buffer, to the end."},
    [VERDICT_PATH_DEAD] =
        {"path-dead", SURETY_LIKELY,
         "The program is likely not at fault: its peer, or the path to it, went away.",
         "Likely not. What is stuck is sent again and again, as TCP demands, and nobody answers: a "
         "firewall, NAT or VPN between has likely forgotten the connection, or the peer is gone.",
         "a capture at the other end: if the packets arrive there, the peer is at fault; if not, "
         "what "
         "lies between",
         "Capture on the far side of the firewall, NAT or VPN, and look whether the packets that "
         "are sent again get there."},
    [VERDICT_PATH_DROPS] =
        {"path-drops", SURETY_LIKELY,
         "The program is likely not at fault: something between drops some of its packets.",
         "Likely not. The peer answers, but acknowledges less than was sent: some packets, often "
         "the large ones, get lost each time.",
         "a capture at the other end: if these packets arrive there, the peer is at fault",
         "Capture at both ends at once and compare; see whether only large packets are lost (a "
         "tunnel or VPN with a smaller MTU)."},
    [VERDICT_ANSWERS_LOST] =
        {"answers-lost", SURETY_LIKELY,
         "Answers come back, but do not reach the sender: a firewall at its side likely drops "
         "them.",
         "Likely not. It sends again what was long acknowledged, since it does not see the "
         "answers.",
         "a capture on the sending system itself: if the answers get there, that system is at "
         "fault",
         "Look at the sending system's own packet filter, and capture there."},
    [VERDICT_SENDER_GONE] =
        {"sender-gone", SURETY_POSSIBLE,
         "A system stopped in the middle: what it sent was not answered, and it does not try "
         "again.",
         "That cannot be told from here. A system that still had the connection would send again: "
         "it slept, lost power or changed networks, or this capture does not see its packets.",
         "the sending system's own list of sockets: if it still has this one, that system is at "
         "fault, "
         "or the capture misses packets",
         "Run netstat -an or ss -tano on the sending system and look for the socket."},
    [VERDICT_NOT_READ] =
        {"not-read", SURETY_LIKELY,
         "The network works, but a program does not read what it is sent.",
         "Likely the program at the receiving end: its system answers, but the program leaves its "
         "data unread, so that the sender has to wait.",
         "a look at the receiving program, which may only be slow",
         "See at the receiving end what the program does: its load, its log, a stack trace."},
    [VERDICT_UNREACHABLE] =
        {"unreachable", SURETY_LIKELY,
         "No connection comes about: the first packets, or the answers to them, get lost; likely a "
         "firewall drops this port, or the address is down.",
         "Likely not: it asks, as it should, and gets no answer.",
         "a connection that succeeds from elsewhere: then the fault is near the client",
         "Try from another network, such as: nc -vz ADDRESS PORT; and ask who runs the firewall "
         "about this port."},
    [VERDICT_PATH] =
        {"path", SURETY_POSSIBLE, "Something between the ends likely interferes with connections.",
         "Likely not the program; see below what speaks for that.",
         "a capture at the other end, which shows what was sent there and what was not",
         "Capture at both ends at once and compare."},
    [VERDICT_REFUSED] = {"refused", SURETY_LIKELY,
                         "No connection comes about: the address answers, but refuses this port.",
                         "Likely not the client: nothing listens at the server, or a firewall "
                         "answers in its place.",
                         "the server's own list of sockets, which shows whether the service runs",
                         "See on the server whether something listens on this port (ss -ltn)."},
    [VERDICT_CUT_OFF] =
        {"cut-off", SURETY_POSSIBLE, "An end cuts a connection off instead of closing it.",
         "That cannot be told from packets alone: many programs, and load balancers, end "
         "connections this way on purpose.",
         "the log of the end that sent the RST",
         "Look into the log of the end that sent the RST, at that time."},
    [VERDICT_NOT_CLOSED] =
        {"not-closed", SURETY_LIKELY,
         "One end is done, and the program at the other end does not close.",
         "Likely the program that does not close: it keeps a socket that nobody uses any more.",
         "data that still flow towards the end that is done",
         "List that program's sockets in CLOSE_WAIT (ss -tanp, lsof -i) and see whether they "
         "pile up."},
    [VERDICT_PEER] = {"peer", SURETY_POSSIBLE,
                      "An end does something that it should not, or not often.",
                      "Perhaps; see below what was seen, and when it is harmless.",
                      "the log of that end", "Look into the log of that end, at that time."},
    [VERDICT_NO_HANDSHAKE] =
        {"no-handshake", SURETY_LIKELY,
         "An end gives up while encryption is being set up, so that no data go over.",
         "Not by itself: a program that does not accept what the other end offers has to give up. "
         "The question is which of the two is right.",
         "the log of the end that gave up, which names the reason",
         "Read that log, and compare the certificate's issuer and hash with those expected."},
    [VERDICT_IMPOSTOR] =
        {"impostor", SURETY_LIKELY, "Take care: an end may not be who it says it is.",
         "Perhaps not the program, but somebody may be between: see below who vouches for whom.",
         "knowing that the owner of the network does this on purpose (a proxy that inspects)",
         "Compare the certificate's issuer and hash, over another network, with the ones here."},
    [VERDICT_IDENTITY] =
        {"identity", SURETY_LIKELY,
         "A certificate is not as it should be: a client that checks would refuse it.",
         "The end that shows this certificate does, or whoever set it up; a client that goes on "
         "nevertheless does not check.",
         "a client that knows this very certificate, and needs no other proof",
         "Ask who runs that end for a certificate that is right; compare its hash."},
    [VERDICT_NOT_TLS] =
        {"not-tls", SURETY_CERTAIN, "Something other than TLS uses the watched port.",
         "That depends on the program: this is another one than expected, or it sends in clear "
         "what "
         "it should encrypt.",
         NULL, "Find the programs at both ends (ss -tnp, lsof -i) and see what this port is for."},
    [VERDICT_READABLE] =
        {"readable", SURETY_CERTAIN,
         "It works, but others on the way may be able to read or learn more than they should.",
         "It does what it was made to do; what it was made to do is out of date or in clear.", NULL,
         "Update or set up the end that the findings name."},
    [VERDICT_RHYTHM] = {"rhythm", SURETY_LIKELY, "Nothing is broken, but something repeats.",
                        "Not by itself: see below what repeats, and how often.",
                        "the program's log at these times",
                        "Look into the program's log at these times."},
    [VERDICT_LISTED_PILE] =
        {"pile-listed", SURETY_LIKELY,
         "The program is likely not at fault: its connections have lost their peer, or the path to "
         "it, and the system keeps the sockets.",
         "Likely not: it has closed these connections, and its system waits for an acknowledgment. "
         "A system gives up after some minutes, unless something answers its probes: sockets that "
         "stay for days point at the system itself, or at what answers in the peer's place.",
         "a capture while these sockets are listed: whether their FINs are sent again, and whether "
         "anything answers",
         "Capture with the commands at the end of this report."},
    [VERDICT_LISTED_LEAK] =
        {"leak-listed", SURETY_LIKELY,
         "A program likely leaks sockets: its peers have closed, and it does not.",
         "Likely: a program that is told of the end of a connection should close its own end, too.",
         "a table that is printed later: if these sockets are gone by then, it was only slow",
         "Find the program with lsof -i or ss -tanp, and see whether their number grows."},
    [VERDICT_LOG_DISTRUST] =
        {"distrust-logged", SURETY_LIKELY,
         "The client's own log says that it does not get along with the server's certificate or "
         "handshake.",
         "Likely not: a client that does not trust a server has to hang up. The question is whom "
         "it has met: the server, or something between, such as a proxy that decrypts.",
         "a capture of such a connection: it shows the certificate and who issued it",
         "Capture with the commands at the end of this report, and see who issued the "
         "certificate."},
    [VERDICT_LISTED_NOTHING] =
        {"nothing-listed", SURETY_POSSIBLE,
         "No pile of stuck sockets and no message of distrust is in the socket tables or logs.",
         "That cannot be told from these alone.",
         "a capture, which shows what tables and logs do not",
         "Capture the watched ports while there is trouble."},
};

/* --- which answer --- */

/* An `about` leads by the most severe of its findings, then by how many there are of those. */
static enum about leading_about(const struct summary *summary)
{
    static const enum about order[] = {ABOUT_TRUST, ABOUT_PATH, ABOUT_PEER, ABOUT_PRIVACY,
                                       ABOUT_RHYTHM};
    for (unsigned severity = SEVERITY_CRITICAL; severity >= SEVERITY_NOTICE; severity--) {
        enum about leader = ABOUT_CAPTURE;
        uint64_t most = 0;
        for (size_t i = 0; i < COUNT_OF(order); i++)
            if (summary->by_about[order[i]][severity] > most) {
                leader = order[i];
                most = summary->by_about[order[i]][severity];
            }
        if (most > 0)
            return leader;
    }
    return ABOUT_CAPTURE;
}

static enum verdict_kind of_stuck(const struct overview *overview)
{
    static const enum verdict_kind kinds[STUCK_CAUSES] = {
        [STUCK_NOT] = VERDICT_PATH_DEAD,          [STUCK_UNANSWERED] = VERDICT_PATH_DEAD,
        [STUCK_WINDOW_CLOSED] = VERDICT_NOT_READ, [STUCK_DUPLICATE_ACKS] = VERDICT_PATH_DROPS,
        [STUCK_SILENCE] = VERDICT_SENDER_GONE,    [STUCK_ANSWERS_LOST] = VERDICT_ANSWERS_LOST,
    };
    unsigned most = STUCK_NOT;
    for (unsigned cause = 0; cause < STUCK_CAUSES; cause++)
        if (overview->stuck_by_cause[cause] > overview->stuck_by_cause[most])
            most = cause;
    return kinds[most];
}

/* The finding of a group that most flows have as their worst; FINDINGS if none. */
static unsigned most_frequent(const struct summary *summary, enum about about)
{
    unsigned leader = FINDINGS;
    for (unsigned id = 0; id < FINDINGS; id++)
        if (finding_about((enum finding_id)id) == about && summary->overview.by_worst[id] > 0 &&
            (leader == FINDINGS ||
             summary->overview.by_worst[id] > summary->overview.by_worst[leader]))
            leader = id;
    return leader;
}

static enum verdict_kind of_connections(const struct summary *summary, enum about about)
{
    if (summary->overview.stuck > 0)
        return of_stuck(&summary->overview);
    switch (most_frequent(summary, about)) {
    case FINDING_SYN_UNANSWERED:
        return VERDICT_UNREACHABLE;
    case FINDING_SYN_REFUSED:
        return VERDICT_REFUSED;
    case FINDING_RESET:
        return VERDICT_CUT_OFF;
    case FINDING_HALF_CLOSED:
        return VERDICT_NOT_CLOSED;
    default:
        return about == ABOUT_PATH ? VERDICT_PATH : VERDICT_PEER;
    }
}

static enum verdict_kind of_trust(const struct summary *summary)
{
    if (summary->by_about[ABOUT_TRUST][SEVERITY_CRITICAL] > 0 ||
        summary->overview.by_worst[FINDING_UNEXPECTED_ISSUER] > 0)
        return VERDICT_IMPOSTOR;
    unsigned leader = most_frequent(summary, ABOUT_TRUST);
    if (leader == FINDING_UNRECOGNIZED_LEAF)
        return VERDICT_IMPOSTOR;
    return leader == FINDING_HANDSHAKE_FAILED || leader == FINDING_HANDSHAKE_INCOMPLETE
               ? VERDICT_NO_HANDSHAKE
               : VERDICT_IDENTITY;
}

static uint64_t above_info(const struct summary *summary, enum about about)
{
    uint64_t count = 0;
    for (unsigned severity = SEVERITY_NOTICE; severity < SEVERITIES; severity++)
        count += summary->by_about[about][severity];
    return count;
}

static enum verdict_kind of_witnesses(const struct testimony *told)
{
    bool leaks = false, distrusts = false;
    for (size_t i = 0; i < told->pile_count; i++) {
        if (pile_is_stuck(&told->piles[i]))
            return VERDICT_LISTED_PILE;
        leaks = leaks || pile_is_leak(&told->piles[i]);
    }
    for (size_t i = 0; i < told->message_count; i++)
        distrusts = distrusts || told->messages[i].message->kind != MESSAGE_LEAF;
    if (distrusts)
        return VERDICT_LOG_DISTRUST;
    return leaks ? VERDICT_LISTED_LEAK : VERDICT_LISTED_NOTHING;
}

static enum verdict_kind reach_kind(const struct summary *summary)
{
    if (summary->testimony && !summary->testimony->captured)
        return of_witnesses(summary->testimony);
    enum about about = leading_about(summary);
    switch (about) {
    case ABOUT_PATH:
    case ABOUT_PEER:
        return of_connections(summary, about);
    case ABOUT_TRUST:
        return of_trust(summary);
    case ABOUT_PRIVACY:
        return most_frequent(summary, about) == FINDING_NOT_TLS ? VERDICT_NOT_TLS
                                                                : VERDICT_READABLE;
    case ABOUT_RHYTHM:
        return VERDICT_RHYTHM;
    case ABOUT_CAPTURE:
        break;
    }
    if (summary->flows == 0)
        return VERDICT_NOTHING_SEEN;
    return above_info(summary, ABOUT_CAPTURE) > 0 ? VERDICT_CAPTURE_HOLES : VERDICT_HEALTHY;
}

/* --- how sure --- */

static void weigh(struct verdict *out, const struct summary *summary)
{
    static const char *const words[] = {
        [SURETY_CERTAIN] = "Certain: the packets show it.",
        [SURETY_LIKELY] = "Likely: the packets show what happened, but not why.",
        [SURETY_POSSIBLE] = "Uncertain: the packets show what happened, and allow several reasons.",
    };
    bool holes = above_info(summary, ABOUT_CAPTURE) > 0;
    out->surety = answers[out->kind].surety;
    if (out->kind >= VERDICT_LISTED_PILE) {
        buf_printf(&out->sure, "%s: there is no packet to go by, only what others have written.",
                   out->surety == SURETY_LIKELY ? "Likely" : "Uncertain");
        return;
    }
    if (out->kind == VERDICT_CAPTURE_HOLES) {
        buf_printf(&out->sure, "Uncertain: what the capture lacks may tell otherwise.");
        return;
    }
    if (out->kind == VERDICT_HEALTHY) {
        buf_printf(&out->sure, "Likely: nothing in this capture speaks against it.");
        return;
    }
    if (holes && out->surety < SURETY_POSSIBLE)
        out->surety++;
    buf_printf(&out->sure, "%s", words[out->surety]);
    if (holes)
        buf_printf(&out->sure, " The capture has holes, which makes it less sure.");
}

void verdict_reach(struct verdict *out, const struct run_meta *meta, const struct summary *summary,
                   const struct findings *findings, const struct run_end *end)
{
    *out = (struct verdict){.kind = reach_kind(summary)};
    const struct answer *answer = &answers[out->kind];
    if (answer->sentence)
        buf_printf(&out->sentence, "%s ", answer->sentence);
    if (out->kind != VERDICT_LISTED_NOTHING)
        headline_say(&out->sentence, meta, summary, findings, end);
    weigh(out, summary);
    headline_works(&out->works, summary);
    out->change = answer->change;
    out->misbehaves = answer->misbehaves;
    out->check = answer->check;
}

bool verdict_healthy(const struct verdict *verdict)
{
    return verdict->kind == VERDICT_HEALTHY;
}

void verdict_done(struct verdict *verdict)
{
    buf_done(&verdict->sentence);
    buf_done(&verdict->sure);
    buf_done(&verdict->works);
}

const char *verdict_name(enum verdict_kind kind)
{
    return answers[kind].name;
}

const char *verdict_surety_name(enum verdict_surety surety)
{
    static const char *const names[] = {
        [SURETY_CERTAIN] = "certain",
        [SURETY_LIKELY] = "likely",
        [SURETY_POSSIBLE] = "possible",
    };
    return names[surety];
}
