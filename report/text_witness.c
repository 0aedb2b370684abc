/* text_witness.c: see text_witness.h. Names of files, and what tables and logs hold, are somebody
 * else's words, and escaped. */
#include "text_witness.h"

#include "address.h"
#include "judge/piles.h"
#include "names.h"
#include "timetext.h"

#include <inttypes.h>

enum {
    PEERS_SHOWN = 8,
    SIZES_SHOWN = 6,
    ROWS_SHOWN = 20, /* of sockets that the wire does not confirm, and of lines with a connection */
    INDENT = 2
};

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Appends what was put together as wrapped lines, and empties it. */
static void put(struct buf *out, const struct text_style *style, struct buf *text, unsigned first,
                unsigned rest)
{
    terminal_wrap(out, style, span_of(text->p, text->n), first, rest);
    text->n = 0;
}

static void add_name(struct buf *text, const struct text_style *style, const char *name)
{
    terminal_append(text, style, span_of(name, strlen(name)), WIRE_TEXT);
}

static void add_host(struct buf *text, const struct text_style *style, const struct socket_end *end)
{
    struct address_room room;
    if (!end->host_cut) {
        buf_printf(text, "%s", address_host(&room, &end->at));
        return;
    }
    terminal_append(text, style, end->host, WIRE_NAME);
    buf_printf(text, "...");
}

static void add_end(struct buf *text, const struct text_style *style, const struct socket_end *end)
{
    bool bracket = end->at.ipv6;
    buf_printf(text, "%s", bracket ? "[" : "");
    add_host(text, style, end);
    buf_printf(text, "%s:%u%s", bracket ? "]" : "", end->at.port, end->port_cut ? "..." : "");
}

/* --- sockets --- */

static void add_sizes(struct buf *text, const struct told_pile *pile)
{
    for (size_t i = 0; i < pile->size_count && i < SIZES_SHOWN; i++)
        buf_printf(text, "%s%" PRIu64 " in %" PRIu64, i ? ", " : "", pile->sizes[i].bytes,
                   pile->sizes[i].count);
    if (pile->size_count > SIZES_SHOWN || pile->more_sizes)
        buf_printf(text, ", others");
}

static void put_pile(struct buf *out, const struct text_style *style, const struct told_pile *pile)
{
    struct buf text = {0};
    buf_printf(&text, "%" PRIu64 " in %s of ", pile->count, names_state(pile->state));
    add_host(&text, style, pile->host);
    buf_printf(&text, ", %s", pile->side == CLIENT ? "as client" : "as server");
    if (pile->size_count > 1 || pile->sizes[0].bytes > 0) {
        buf_printf(&text, "; bytes that are not acknowledged: ");
        add_sizes(&text, pile);
    }
    buf_printf(&text, "; with ");
    for (size_t i = 0; i < pile->peer_count && i < PEERS_SHOWN; i++) {
        buf_printf(&text, "%s", i ? ", " : "");
        add_host(&text, style, pile->peers[i].end);
        buf_printf(&text, " (%" PRIu64 ")", pile->peers[i].count);
    }
    if (pile->peer_count > PEERS_SHOWN)
        buf_printf(&text, " and %zu others%s", pile->peer_count - PEERS_SHOWN,
                   pile->more_peers ? " or more" : "");
    buf_printf(&text, ".");
    put(out, style, &text, INDENT, INDENT + 2);
    buf_done(&text);
}

/* What the sizes give away: an inference, and said to be one. */
static void put_reading(struct buf *out, const struct text_style *style,
                        const struct told_pile *pile)
{
    const struct queue_reading *reading = &pile->reading;
    struct buf text = {0};
    /* A socket that is open has sent no FIN, and two sizes of many may fit by chance. */
    if (!pile->readable || !pile_is_stuck(pile) ||
        2 * (reading->with.count + reading->alone.count) < pile->count)
        return;
    buf_printf(&text,
               "Likely reading of these bytes, from their sizes alone: %" PRIu64 " - %" PRIu64
               " = %" PRIu64 ", which is an encrypted close_notify of %s, and of no other common "
               "suite that makes %" PRIu64 " one message: ",
               reading->with.bytes, reading->alone.bytes, reading->close_notify, reading->suites,
               reading->alone.bytes);
    if (reading->first > 0)
        buf_printf(&text, "%" PRIu64 " + %" PRIu64 ", split after its first byte; ", reading->first,
                   reading->rest);
    buf_printf(&text, "%" PRIu64 " to %" PRIu64 " bytes before encryption%s. ", reading->least,
               reading->most, reading->most <= 128 ? ", as short as a keep-alive" : "");
    buf_printf(&text,
               "So likely %" PRIu64 " socket%s the message, close_notify and FIN, %" PRIu64
               " the message and FIN; nothing of it was acknowledged: the path was likely dead "
               "before the message was sent.",
               reading->with.count, reading->with.count == 1 ? " holds" : "s hold",
               reading->alone.count);
    put(out, style, &text, INDENT, INDENT);
    buf_done(&text);
}

static const struct told_message *periodic_message(const struct testimony *told)
{
    for (size_t i = 0; i < told->message_count; i++)
        if (told->messages[i].periodic)
            return &told->messages[i];
    return NULL;
}

/* How long that took, if each connection leaves a socket behind. */
static void put_age(struct buf *out, const struct text_style *style, const struct told_pile *pile,
                    const struct told_message *message)
{
    struct buf text = {0};
    struct time_room room, room2;
    if (!pile_is_stuck(pile) || !message ||
        pile->count > (uint64_t)(INT64_MAX / message->period.period))
        return;
    nanotime age = message->period.period * (nanotime)pile->count;
    buf_printf(&text,
               "If each connection leaves one behind, and the client connects anew as often as the "
               "log's \"%s\" comes (every %s), it took %s to pile up %" PRIu64 " (inferred).",
               message->message->contains, timetext_about(&room, message->period.period),
               timetext_about(&room2, age), pile->count);
    put(out, style, &text, INDENT, INDENT);
    buf_done(&text);
}

static void put_table(struct buf *out, const struct text_style *style, const struct testimony *told,
                      const struct socket_table *table)
{
    static const char *const by[] = {[TABLE_TIME_OPTION] = "as --netstat-at says",
                                     [TABLE_TIME_LINE] = "as its own line of date says",
                                     [TABLE_TIME_FILE] = "when the file was last written"};
    struct buf text = {0};
    struct time_room room;
    uint64_t watched = 0;
    for (size_t i = 0; i < told->socket_count; i++)
        watched += told->sockets[i].table == table;
    add_name(&text, style, table->name);
    buf_printf(
        &text,
        ", printed %s UTC (%s): %" PRIu64 " socket%s of the watched ports, %" PRIu64 " others%s.",
        timetext_day_second(&room, table->taken), by[table->taken_by], watched, plural(watched),
        table->count - watched, table->more ? ", and more than are read" : "");
    put(out, style, &text, 0, INDENT);
    for (size_t i = 0; i < told->pile_count; i++) {
        const struct told_pile *pile = &told->piles[i];
        if (pile->table != table)
            continue;
        put_pile(out, style, pile);
        put_reading(out, style, pile);
        put_age(out, style, pile, periodic_message(told));
    }
    if (told->more_piles)
        buf_printf(out, "  (and others)\n");
    buf_done(&text);
}

static const char *words_of(enum socket_verdict verdict)
{
    static const char *const words[SOCKET_VERDICTS] = {
        [SOCKET_NO_CAPTURE] = "",
        [SOCKET_UNSEEN] = "not in the capture",
        [SOCKET_AGREES] = "as on the wire",
        [SOCKET_CHANGED] = "changed on the wire since",
        [SOCKET_FIN_HELD] = "closed, the FIN held back behind what is sent again",
        [SOCKET_OVER] = "over on the wire before",
        [SOCKET_STATE_OTHER] = "in another state on the wire",
        [SOCKET_QUEUE_OTHER] = "with another number of bytes under way on the wire",
    };
    return words[verdict];
}

static bool is_confirmed(enum socket_verdict verdict)
{
    return verdict == SOCKET_AGREES || verdict == SOCKET_CHANGED || verdict == SOCKET_FIN_HELD;
}

static void put_odd_row(struct buf *out, const struct text_style *style,
                        const struct told_socket *socket)
{
    struct buf text = {0};
    buf_printf(&text, "Line %" PRIu32 ": ", socket->row->line);
    add_end(&text, style, &socket->row->local);
    buf_printf(&text, " with ");
    add_end(&text, style, &socket->row->remote);
    buf_printf(&text, ": %s, %" PRIu64 " unacknowledged; %s",
               names_state((enum tcp_state)socket->row->state), socket->queued,
               words_of(socket->verdict));
    if (socket->flow > 0) {
        struct time_room room;
        buf_printf(&text, ": %s", names_state(socket->wire_state));
        if (socket->wire_since != 0)
            buf_printf(&text, " since %s", timetext_day_second(&room, socket->wire_since));
        buf_printf(&text, ", %" PRIu64 " (flow %" PRIu64 ")", socket->wire_unacked, socket->flow);
    }
    buf_printf(&text, ".");
    put(out, style, &text, INDENT, INDENT + 2);
    buf_done(&text);
}

static void put_comparison(struct buf *out, const struct text_style *style,
                           const struct testimony *told)
{
    uint64_t counts[SOCKET_VERDICTS] = {0}, cut = 0, shown = 0;
    struct buf text = {0};
    for (size_t i = 0; i < told->socket_count; i++) {
        counts[told->sockets[i].verdict]++;
        cut += told->sockets[i].cut && told->sockets[i].flow > 0;
    }
    buf_printf(&text, "Held against the wire:");
    for (unsigned i = 0; i < SOCKET_VERDICTS; i++)
        if (counts[i] > 0)
            buf_printf(&text, "%s %" PRIu64 " %s", text.p[text.n - 1] == ':' ? "" : ";", counts[i],
                       words_of((enum socket_verdict)i));
    buf_printf(&text, ".");
    if (cut > 0)
        buf_printf(&text,
                   " Of %" PRIu64 ", the table cut an address or a port, and only what it "
                   "shows could be compared.",
                   cut);
    put(out, style, &text, 0, INDENT);
    for (size_t i = 0; i < told->socket_count; i++) {
        if (is_confirmed(told->sockets[i].verdict))
            continue;
        if (shown++ == ROWS_SHOWN) {
            buf_printf(out, "  ... and more.\n");
            break;
        }
        put_odd_row(out, style, &told->sockets[i]);
    }
    buf_done(&text);
}

static void put_sockets(struct buf *out, const struct text_style *style,
                        const struct testimony *told)
{
    if (told->witnesses->table_count == 0)
        return;
    buf_append(out, "\n", 1);
    terminal_heading(out, style, "What netstat or ss said");
    for (size_t i = 0; i < told->witnesses->table_count; i++)
        put_table(out, style, told, &told->witnesses->tables[i]);
    if (told->captured && told->socket_count > 0)
        put_comparison(out, style, told);
}

/* --- logs --- */

static void put_message(struct buf *out, const struct text_style *style,
                        const struct told_message *message)
{
    struct buf text = {0};
    struct time_room first, last, room;
    buf_printf(&text, "\"%s\": %" PRIu64 " time%s, ", message->message->contains, message->count,
               plural(message->count));
    if (message->last > message->first)
        buf_printf(&text, "%s to %s UTC", timetext_day_second(&first, message->first),
                   timetext_day_second(&last, message->last));
    else
        buf_printf(&text, "%s UTC", timetext_day_second(&first, message->first));
    if (message->periodic) {
        buf_printf(&text, ", every %s", timetext_about(&room, message->period.period));
        buf_printf(&text, " give or take %s", testimony_jitter(&room, message->period.jitter));
        if (message->period.missed > 0)
            buf_printf(&text, " (%" PRIu32 " of them missing)", message->period.missed);
    }
    buf_printf(&text, ".");
    put(out, style, &text, INDENT, INDENT + 2);
    buf_printf(&text, "%s: %s. %s: %s.",
               message->message->surety == MEANING_DOCUMENTED ? "It means" : "It likely means",
               message->message->meaning,
               message->message->surety == MEANING_DOCUMENTED ? "Source" : "How sure",
               message->message->source);
    put(out, style, &text, INDENT + 2, INDENT + 2);
    buf_done(&text);
}

static void put_line(struct buf *out, const struct text_style *style, const struct told_line *told)
{
    struct buf text = {0};
    struct time_room room;
    buf_printf(&text, "%s: flow %" PRIu64, timetext_day_second(&room, told->line->time),
               told->flow);
    if (told->leaf) {
        buf_printf(&text, ", whose server showed ");
        terminal_append(&text, style, told->leaf->subject, WIRE_TEXT);
        buf_printf(&text, ", issued by ");
        terminal_append(&text, style, told->leaf->issuer, WIRE_TEXT);
        buf_printf(&text, " (SHA-256 ");
        for (size_t i = 0; i < 8; i++)
            buf_printf(&text, "%02x", told->leaf->sha256[i]);
        buf_printf(&text, "...)");
    }
    buf_printf(&text, ".");
    put(out, style, &text, INDENT, INDENT + 2);
    buf_done(&text);
}

/* The connections that lines speak of; each line likely of the one that began just before it. */
static void put_lines(struct buf *out, const struct text_style *style, const struct testimony *told)
{
    struct buf text = {0};
    uint64_t joined = 0, shown = 0;
    for (size_t i = 0; i < told->line_count; i++)
        joined += told->lines[i].flow > 0;
    buf_printf(&text,
               "%" PRIu64 " of these lines came%s within seconds of a connection's beginning, and "
               "likely speak%s of it.",
               joined, "", joined == 1 ? "s" : "");
    put(out, style, &text, INDENT, INDENT);
    for (size_t i = 0; i < told->line_count && joined > 0; i++) {
        if (told->lines[i].flow == 0)
            continue;
        if (shown++ == ROWS_SHOWN) {
            buf_printf(out, "  ... and more.\n");
            break;
        }
        put_line(out, style, &told->lines[i]);
    }
    buf_done(&text);
}

static void put_logs(struct buf *out, const struct text_style *style, const struct testimony *told)
{
    const struct witnesses *witnesses = told->witnesses;
    struct buf text = {0};
    uint64_t kept = 0;
    bool yearless = false, zoneless = false, more = false;
    if (witnesses->log_count == 0)
        return;
    buf_append(out, "\n", 1);
    terminal_heading(out, style, "What the log said");
    for (size_t i = 0; i < witnesses->log_count; i++) {
        buf_printf(&text, "%s", i ? ", " : "");
        add_name(&text, style, witnesses->logs[i].name);
        kept += witnesses->logs[i].count;
        more = more || witnesses->logs[i].more;
        yearless = yearless || witnesses->logs[i].yearless;
        zoneless = zoneless || witnesses->logs[i].zoneless;
    }
    buf_printf(&text, ": %" PRIu64 " line%s of apsd, %" PRIu64 " of them about something else.",
               kept, plural(kept), told->other_lines);
    if (more)
        buf_printf(&text, " There are more than are read.");
    if (zoneless)
        buf_printf(&text, " Its clock is taken to be that of %s.",
                   witnesses->zone ? witnesses->zone : "UTC (--tz says otherwise)");
    if (yearless)
        buf_printf(&text, " It does not tell the year.");
    put(out, style, &text, 0, INDENT);
    for (size_t i = 0; i < told->message_count; i++)
        put_message(out, style, &told->messages[i]);
    if (told->captured && told->line_count > 0)
        put_lines(out, style, told);
    buf_done(&text);
}

/* --- what to capture --- */

static void add_filter(struct buf *text, const struct witnesses *told)
{
    buf_printf(text, "'tcp");
    for (size_t i = 0; i < told->port_count; i++)
        buf_printf(text, "%s port %u", i ? " or tcp" : "", told->ports[i]);
    buf_printf(text, "'");
}

/* Twice the period, so that two connections are in it; else some hours. */
static uint64_t seconds_to_capture(const struct testimony *told)
{
    enum { USUAL = 3 * 3600, LONGEST = 2 * 86400 };
    const struct told_message *message = periodic_message(told);
    if (!message)
        return USUAL;
    uint64_t minutes = 2 * (uint64_t)(message->period.period / NS_PER_SECOND) / 60 + 5;
    return minutes * 60 < LONGEST ? minutes * 60 : LONGEST;
}

static void put_next(struct buf *out, const struct text_style *style, const struct testimony *told)
{
    struct buf text = {0};
    struct time_room room;
    uint64_t seconds = seconds_to_capture(told);
    bool linux_host = told->socket_count > 0 && told->sockets[0].row->dialect != SOCKETS_BSD;
    bool stuck = false, leak = false;
    for (size_t i = 0; i < told->pile_count; i++) {
        stuck = stuck || pile_is_stuck(&told->piles[i]);
        leak = leak || pile_is_leak(&told->piles[i]);
    }
    if (told->captured || !(stuck || leak || told->message_count > 0))
        return;
    buf_append(out, "\n", 1);
    terminal_heading(out, style, "What to capture next");
    buf_printf(&text, "On that system, for %s, then its sockets once more, then all together:",
               timetext_span(&room, (nanotime)seconds * NS_PER_SECOND));
    put(out, style, &text, 0, 0);
    buf_printf(&text, "  sudo tcpdump -i %s -s 0 -G %" PRIu64 " -W 1 -w push.pcap ",
               linux_host ? "any" : "en0", seconds);
    add_filter(&text, told->witnesses);
    buf_printf(&text, "\n  (date; %s) > sockets.txt\n", linux_host ? "ss -tanoi" : "netstat -An");
    buf_printf(&text, "  pushwatch --netstat sockets.txt%s push.pcap\n",
               linux_host ? "" : " --syslog /var/log/system.log");
    buf_append(out, text.p, text.n);
    text.n = 0;
    if (stuck)
        buf_printf(&text, "If the FINs are sent again and nobody answers, the path or the peer is "
                          "dead; if probes are answered with window 0, the peer lives and does not "
                          "read; if not one packet of these sockets comes by, the system itself "
                          "has forgotten them. ");
    if (told->message_count > 0)
        buf_printf(&text, "A new connection's handshake shows the certificate that the log speaks "
                          "of, who issued it, and whether the client goes on after it.");
    put(out, style, &text, 0, 0);
    buf_done(&text);
}

void text_witness_print(struct buf *out, const struct text_style *style,
                        const struct testimony *told)
{
    put_sockets(out, style, told);
    put_logs(out, style, told);
    put_next(out, style, told);
}
