/* witness_findings.c: what follows from other witnesses, alone or together with the wire. */
#include "witness.h"

#include "piles.h"

#include "../address.h"
#include "../names.h"
#include "../timetext.h"

#include <inttypes.h>

enum {
    NAMED_MAX = 6, /* servers named in a sentence */
    /* A system that has something to send tries again within this: BSD's retransmissions are 64 s
     * apart at most (TCPTV_REXMTMAX), Linux's 120 s (TCP_RTO_MAX). */
    RETRY_MOST_S = 130
};

/* A name that somebody chose. */
static void say_name(struct finding *finding, const char *name)
{
    finding_seen_text(finding, span_of(name, strlen(name)));
}

static void say_host(struct finding *finding, const struct socket_end *end)
{
    struct address_room room;
    if (end->host_cut) {
        finding_seen_text(finding, end->host);
        finding_seen(finding, "...");
    } else {
        finding_seen(finding, "%s", address_host(&room, &end->at));
    }
}

static void say_peers(struct finding *finding, const struct told_pile *pile)
{
    finding_seen(finding, "%zu%s address%s (", pile->peer_count,
                 pile->more_peers ? " and more" : "", pile->peer_count == 1 ? "" : "es");
    for (size_t i = 0; i < pile->peer_count && i < NAMED_MAX; i++) {
        finding_seen(finding, i ? ", " : "");
        say_host(finding, pile->peers[i].end);
        finding_seen(finding, ": %" PRIu64, pile->peers[i].count);
    }
    finding_seen(finding, "%s)", pile->peer_count > NAMED_MAX ? " and others" : "");
}

static void say_sizes(struct finding *finding, const struct told_pile *pile)
{
    if (pile->size_count == 1 && pile->sizes[0].bytes == 0)
        return;
    finding_seen(finding, ", with bytes that nobody has acknowledged: ");
    for (size_t i = 0; i < pile->size_count && i < NAMED_MAX; i++)
        finding_seen(finding, "%s%" PRIu64 " in %" PRIu64, i ? ", " : "", pile->sizes[i].bytes,
                     pile->sizes[i].count);
    finding_seen(finding, "%s",
                 pile->size_count > NAMED_MAX || pile->more_sizes ? ", and more" : "");
}

/* An address that was cut is told as far as it was printed. */
static void name_host(struct finding *finding, const struct told_pile *pile)
{
    struct address_room room;
    const char *key = pile->side == CLIENT ? "client" : "server";
    if (pile->host->host_cut)
        finding_text(finding, key, pile->host->host);
    else
        finding_word(finding, key, address_host(&room, &pile->host->at));
}

static void say_pile(struct finding *finding, const struct told_pile *pile)
{
    finding_seen(finding, "The socket table ");
    say_name(finding, pile->table->name);
    finding_seen(finding, " lists %" PRIu64 " sockets of ", pile->count);
    say_host(finding, pile->host);
    finding_seen(finding, " in %s, %s ", names_state(pile->state),
                 pile->side == CLIENT ? "to" : "with clients at");
    say_peers(finding, pile);
    say_sizes(finding, pile);
    if (pile->changed > 0)
        finding_seen(finding, "; %" PRIu64 " of them %s gone on since then", pile->changed,
                     pile->changed == 1 ? "has" : "have");
    finding_word(finding, "from", "socket-table");
    name_host(finding, pile);
    finding_text(finding, "table", span_of(pile->table->name, strlen(pile->table->name)));
    finding_word(finding, "state", names_state(pile->state));
    finding_number(finding, "sockets", pile->count);
    finding_number(finding, "addresses", pile->peer_count);
    finding_time(finding, "taken", pile->table->taken);
}

static void judge_pile(struct findings *out, const struct told_pile *pile, bool captured)
{
    if (pile_is_stuck(pile)) {
        struct finding *finding = findings_add(out, FINDING_STUCK_PILEUP);
        say_pile(finding, pile);
        finding->why = "each has sent its FIN and waits for an acknowledgment: their peers, or the "
                       "path to them, likely went away while the connections were idle, and so "
                       "many do not wait by chance";
        if (pile_is_probing(pile)) {
            finding->why = "most of them probe a window that their peer keeps closed (timer "
                           "persist): something answers in the peer's name and takes nothing, and "
                           "as long as it does, a system may keep such a socket for ever";
            finding_number(finding, "probing", pile->probing);
        }
        if (!captured)
            finding->next = "capture these ports for a while (commands are below): the packets "
                            "tell whether they are sent again, and who does not answer";
        if (pile->readable) {
            finding_word(finding, "suites", pile->reading.suites);
            finding_number(finding, "close_notify", pile->reading.close_notify);
        }
    } else if (pile_is_leak(pile)) {
        struct finding *finding = findings_add(out, FINDING_HALF_CLOSED);
        say_pile(finding, pile);
        finding->severity = SEVERITY_WARNING;
        finding->why = "their peers have closed, and the program here has not: it likely leaks "
                       "sockets";
        finding->next = "find the program (lsof -i, ss -tanp) and see whether their number grows";
    }
}

/* --- sockets and the wire --- */

/* Does the kernel have something to send on it, again and again? */
static bool should_send(const struct told_socket *socket)
{
    uint8_t state = socket->row->state;
    return socket->queued > 0 || state == SIDE_FIN_WAIT_1 || state == SIDE_CLOSING ||
           state == SIDE_LAST_ACK || state == SIDE_SYN_SENT;
}

/* Its queue is empty, so that silence is nothing odd; or the capture is too short to tell. */
static bool is_oddly_unseen(const struct told_socket *socket, nanotime captured)
{
    return socket->verdict == SOCKET_UNSEEN && should_send(socket) &&
           captured >= RETRY_MOST_S * NS_PER_SECOND;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void say_first(struct finding *finding, const struct told_socket *first)
{
    finding_seen(finding, ", the first in line %" PRIu32 " of ", first->row->line);
    say_name(finding, first->table->name);
    finding_seen(finding, " (");
    say_host(finding, &first->row->local);
    finding_seen(finding, " port %u, %s)", first->row->local.at.port,
                 names_state((enum tcp_state)first->row->state));
}

static void judge_unseen(struct findings *out, const struct testimony *told,
                         const struct run_end *end)
{
    nanotime captured = end->counts.last_time - end->counts.first_time;
    const struct told_socket *first = NULL;
    uint64_t count = 0;
    for (size_t i = 0; i < told->socket_count; i++)
        if (is_oddly_unseen(&told->sockets[i], captured) && count++ == 0)
            first = &told->sockets[i];
    if (!first)
        return;
    struct finding *finding = findings_add(out, FINDING_SOCKET_UNSEEN);
    struct time_room room;
    finding_seen(finding,
                 "%" PRIu64 " socket%s with something to send %s no packet in the %s that were "
                 "captured",
                 count, plural(count), count == 1 ? "has" : "have", timetext_span(&room, captured));
    say_first(finding, first);
    finding_word(finding, "from", "socket-table");
    finding_number(finding, "sockets", count);
    finding_number(finding, "first_line", first->row->line);
    finding_seconds(finding, "captured", captured);
}

static void judge_over(struct findings *out, const struct testimony *told)
{
    const struct told_socket *first = NULL;
    uint64_t count = 0;
    for (size_t i = 0; i < told->socket_count; i++)
        if (told->sockets[i].verdict == SOCKET_OVER && count++ == 0)
            first = &told->sockets[i];
    if (!first)
        return;
    struct finding *finding = findings_add(out, FINDING_SOCKET_OVER);
    struct time_room room;
    finding_seen(finding,
                 "%" PRIu64
                 " socket%s %s still listed whose connection was over on the wire before",
                 count, plural(count), count == 1 ? "is" : "are");
    say_first(finding, first);
    finding_seen(finding, ", flow %" PRIu64, first->flow);
    if (first->wire_since) /* its packets may have no time */
        finding_seen(finding, ": over since %s", timetext_day_second(&room, first->wire_since));
    finding_word(finding, "from", "socket-table");
    finding_number(finding, "sockets", count);
    finding_number(finding, "first_line", first->row->line);
    finding_number(finding, "flow", first->flow);
    if (first->wire_since)
        finding_time(finding, "over_since", first->wire_since);
}

/* --- lines of logs --- */

static void say_lines(struct finding *finding, const struct told_message *message)
{
    struct time_room first, last;
    finding_seen(finding, "The log says \"");
    finding_seen(finding, "%s", message->message->contains);
    finding_seen(finding, "\" %" PRIu64 " time%s", message->count, plural(message->count));
    if (message->last > message->first)
        finding_seen(finding, " from %s to %s", timetext_day_second(&first, message->first),
                     timetext_day_second(&last, message->last));
    else
        finding_seen(finding, " at %s", timetext_day_second(&first, message->first));
    finding_seen(finding, ": %s", message->message->meaning);
    finding_word(finding, "from", "log");
    finding_word(finding, "message", message->message->name);
    finding_number(finding, "lines", message->count);
    finding_time(finding, "first", message->first);
    finding_time(finding, "last", message->last);
    finding_word(finding, "source", message->message->source);
}

static void judge_message(struct findings *out, const struct told_message *message)
{
    struct finding *finding;
    switch (message->message->kind) {
    case MESSAGE_LEAF:
        finding = findings_add(out, FINDING_UNRECOGNIZED_LEAF);
        finding->severity = SEVERITY_INFO;
        finding->why = "it is likely harmless: a client that does not accept a certificate logs "
                       "that it hangs up, and this one goes on";
        finding->harmless = NULL;
        finding->next = "to be certain, capture one of these connections, and see who issued the "
                        "certificate and whether data follow";
        break;
    case MESSAGE_DISTRUST:
        finding = findings_add(out, FINDING_HANDSHAKE_FAILED);
        finding->why = "the client itself says that it does not trust the server: somebody may be "
                       "between, such as a proxy that decrypts, or the client's clock or "
                       "authorities are out of date";
        finding->next = "capture one of these connections and look who issued the certificate";
        break;
    case MESSAGE_FAILURE:
    default:
        finding = findings_add(out, FINDING_HANDSHAKE_FAILED);
        finding->next = "capture one of these connections, and see which end gives up";
        break;
    }
    say_lines(finding, message);
}

/* Several messages of one connection have one rhythm: said once. */
static bool has_rhythm_of_other(const struct testimony *told, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (told->messages[i].periodic && told->messages[i].period.period / NS_PER_SECOND ==
                                              told->messages[at].period.period / NS_PER_SECOND)
            return true;
    return false;
}

static void judge_period(struct findings *out, const struct told_message *message)
{
    const struct period *period = &message->period;
    struct time_room room;
    struct finding *finding = findings_add(out, FINDING_PERIODIC);
    finding_seen(finding, "The log's \"%s\" comes every %s", message->message->contains,
                 timetext_about(&room, period->period));
    finding_seen(finding, ", give or take %s: %" PRIu32 " times",
                 testimony_jitter(&room, period->jitter), period->repetitions);
    finding_seen(finding, " over %s", timetext_span(&room, period->last - period->first));
    if (period->missed > 0)
        finding_seen(finding, ", while %" PRIu32 " more would have been due between",
                     period->missed);
    finding->why = "it is written at each new connection, so that the client likely connects anew "
                   "as often";
    finding_word(finding, "from", "log");
    finding_word(finding, "event", message->message->name);
    finding_seconds(finding, "period", period->period);
    finding_seconds(finding, "jitter", period->jitter);
    finding_number(finding, "repetitions", period->repetitions);
    finding_number(finding, "missed", period->missed);
    finding_time(finding, "first", period->first);
    finding_time(finding, "last", period->last);
}

void witness_judge(struct findings *out, const struct testimony *testimony,
                   const struct run_end *end)
{
    for (size_t i = 0; i < testimony->pile_count; i++)
        judge_pile(out, &testimony->piles[i], testimony->captured);
    if (testimony->captured) {
        judge_unseen(out, testimony, end);
        judge_over(out, testimony);
    }
    for (size_t i = 0; i < testimony->message_count; i++)
        judge_message(out, &testimony->messages[i]);
    for (size_t i = 0; i < testimony->message_count; i++)
        if (testimony->messages[i].periodic && !has_rhythm_of_other(testimony, i))
            judge_period(out, &testimony->messages[i]);
}
