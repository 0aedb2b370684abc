/* text_table.c: the layout. In 80 columns there is no room for two addresses, two states and a
 * server name in one line; but most captures hold many connections between the same two hosts. So
 * what a connection shares with the one before it stands in a line above, and its own line holds
 * the rest. */
#include "text_table.h"

#include "address.h"
#include "names.h"
#include "timetext.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    STATE_WIDTH = 12, /* SYN_RECEIVED */
    COUNT_WIDTH = 7,
    LASTED_WIDTH = 10,
    WIDE_COLUMNS = 100, /* from here on: milliseconds, and how long it lasted */
    INDENT = 4
};

void text_flow_ends(struct buf *out, const struct flow_record *record, bool client_port)
{
    struct address_room room;
    const struct endpoint *client = &record->ends[CLIENT];
    buf_printf(out, "%s", client_port ? address_text(&room, client) : address_host(&room, client));
    buf_printf(out, " -> %s", address_text(&room, &record->ends[SERVER]));
}

static const char *stuck_in_words(enum stuck_cause cause)
{
    static const char *const words[] = {
        [STUCK_NOT] = "open",
        [STUCK_UNANSWERED] = "stuck: no answer",
        [STUCK_WINDOW_CLOSED] = "stuck: window 0",
        [STUCK_DUPLICATE_ACKS] = "stuck: dup. ACKs",
        [STUCK_SILENCE] = "unacked, silent",
        [STUCK_ANSWERS_LOST] = "stuck: ACKs lost",
    };
    return words[cause];
}

const char *text_flow_ended(const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    bool tls_failed = record->tls && record->tls->progress == TLS_FAILED;
    switch (tcp->teardown) {
    case TEARDOWN_OPEN:
        return stuck_in_words(tcp->stuck.cause);
    case TEARDOWN_GRACEFUL:
        if (tls_failed)
            return "TLS failed";
        return tcp->closed_by == CLOSED_BY_CLIENT   ? "closed by client"
               : tcp->closed_by == CLOSED_BY_SERVER ? "closed by server"
                                                    : "closed by both";
    case TEARDOWN_HALF_CLOSED:
        return tcp->stuck.cause == STUCK_NOT ? "half-closed" : stuck_in_words(tcp->stuck.cause);
    case TEARDOWN_FIN_UNANSWERED:
        return "FIN unanswered";
    case TEARDOWN_CLOSING:
        return "closing";
    case TEARDOWN_RESET:
        if (tls_failed)
            return "TLS failed, RST";
        return tcp->reset_by == CLIENT ? "reset by client" : "reset by server";
    case TEARDOWN_REFUSED:
        return "refused";
    case TEARDOWN_UNANSWERED:
        return "SYN unanswered";
    }
    return "";
}

static enum colour colour_of_end(const struct flow_record *record)
{
    switch (record->tcp.teardown) {
    case TEARDOWN_FIN_UNANSWERED:
    case TEARDOWN_UNANSWERED:
    case TEARDOWN_REFUSED:
        return COLOUR_RED;
    case TEARDOWN_RESET:
    case TEARDOWN_HALF_CLOSED:
    case TEARDOWN_CLOSING:
        return COLOUR_YELLOW;
    case TEARDOWN_OPEN:
        return record->tcp.stuck.cause == STUCK_NOT ? COLOUR_OFF : COLOUR_RED;
    case TEARDOWN_GRACEFUL:
        return record->tls && record->tls->progress == TLS_FAILED ? COLOUR_RED : COLOUR_GREEN;
    }
    return COLOUR_OFF;
}

/* As ps shows them: a name, and a number. */
static void put_process(struct buf *out, const struct text_style *style,
                        const struct packet_process *process)
{
    if (out->n > 0)
        buf_printf(out, "  ");
    buf_printf(out, "by ");
    if (process->name)
        terminal_append(out, style, span_of(process->name, strlen(process->name)), WIRE_NAME);
    if (process->pid)
        buf_printf(out, "[%" PRIu32 "]", process->pid);
}

static void put_protocol(struct buf *out, const struct text_style *style,
                         const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    struct name_room room;
    if (!tls) {
        if (record->plain == PLAIN_UNKNOWN)
            buf_printf(out, "not TLS");
        else if (record->plain != PLAIN_NONE)
            buf_printf(out, "not TLS: %s", names_plain(record->plain));
        return;
    }
    buf_printf(out, "%s", tls->version ? names_tls_version(&room, tls->version) : "TLS");
    if (!tls->negotiated && tls->client_hello)
        buf_printf(out, " (offered)");
    for (unsigned i = 0; record->prologue && i < record->prologue->count; i++)
        buf_printf(out, "%s%s", i ? ", " : " after ", names_prologue(&record->prologue->steps[i]));
    if (tls->sni.n > 0) {
        buf_printf(out, "  ");
        terminal_append(out, style, tls->sni, WIRE_NAME);
    }
}

/* Addresses, then version and name: in one line if they fit, else in two. */
static void put_shared(struct buf *out, const struct text_style *style,
                       const struct flow_record *record)
{
    struct buf protocol = {0};
    size_t begin = out->n;
    text_flow_ends(out, record, false);
    unsigned used = (unsigned)(out->n - begin);
    put_protocol(&protocol, style, record);
    if (record->has_process && (record->process.name || record->process.pid))
        put_process(&protocol, style, &record->process);
    struct span safe = span_of(protocol.p, protocol.n);
    unsigned width = terminal_width(safe);

    if (used > style->columns) { /* two whole IPv6 addresses: the second goes below the first */
        struct buf lines = {0};
        terminal_wrap(&lines, style, span_of(out->p + begin, used), 0, INDENT);
        out->n = begin;
        buf_append(out, lines.p, lines.n - 1);
        buf_done(&lines);
        used = style->columns;
    }
    if (width > 0 && used + 2 + width <= style->columns) {
        buf_printf(out, "  ");
        buf_append(out, safe.p, safe.n);
    } else if (width > 0) {
        buf_printf(out, "\n%*s", INDENT, "");
        terminal_cut(out, style, safe, style->columns - INDENT);
    }
    buf_append(out, "\n", 1);
    buf_done(&protocol);
}

static void put_titles(struct buf *out, const struct text_style *style)
{
    bool wide = style->columns >= WIDE_COLUMNS;
    terminal_colour(out, style, COLOUR_DIM);
    buf_printf(out, "   # %-*s ", wide ? 12 : 8, "start");
    if (wide)
        buf_printf(out, "%*s ", LASTED_WIDTH, "lasted");
    buf_printf(out, " port  %-*s unacked  %-*s unacked ended", STATE_WIDTH, "client", STATE_WIDTH,
               "server");
    terminal_colour(out, style, COLOUR_OFF);
    buf_append(out, "\n", 1);
}

static void put_day(struct buf *out, struct text_table *table, const struct text_style *style,
                    nanotime start)
{
    struct time_room room;
    if (table->begun && timetext_same_day(table->day, start))
        return;
    if (table->begun) {
        terminal_colour(out, style, COLOUR_DIM);
        buf_printf(out, "--- %s", timetext_date(&room, start));
        terminal_colour(out, style, COLOUR_OFF);
        buf_append(out, "\n", 1);
    } else {
        put_titles(out, style);
    }
    table->begun = true;
    table->day = start;
}

/* At most seven characters: exact up to 9999999. */
static void put_count(struct buf *out, uint64_t count)
{
    static const char units[] = "kMGTPE";
    if (count < 10000000) {
        buf_printf(out, "%*" PRIu64, COUNT_WIDTH, count);
        return;
    }
    unsigned unit = 0;
    for (count /= 1000; count >= 1000000; count /= 1000)
        unit++;
    buf_printf(out, "%*" PRIu64 "%c", COUNT_WIDTH - 1, count, units[unit]);
}

static void put_end(struct buf *out, const struct text_style *style,
                    const struct flow_record *record, enum side side)
{
    const struct end_record *end = &record->tcp.ends[side];
    bool stuck = record->tcp.stuck.cause != STUCK_NOT && record->tcp.stuck.end == side;
    if (stuck)
        terminal_colour(out, style, COLOUR_RED);
    buf_printf(out, "%-*s ", STATE_WIDTH, names_state(end->state));
    put_count(out, end->unacked);
    if (stuck)
        terminal_colour(out, style, COLOUR_OFF);
}

static void put_ended(struct buf *out, const struct text_style *style,
                      const struct flow_record *record, unsigned room_left)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    struct buf words = {0};
    buf_printf(&words, "%s", text_flow_ended(record));
    if (stuck->cause != STUCK_NOT && stuck->attempts > 0 && room_left >= 34)
        buf_printf(&words, ", retried %" PRIu32 " time%s", stuck->attempts,
                   stuck->attempts == 1 ? "" : "s");
    terminal_colour(out, style, colour_of_end(record));
    terminal_cut(out, style, span_of(words.p, words.n), room_left);
    terminal_colour(out, style, COLOUR_OFF);
    buf_append(out, "\n", 1);
    buf_done(&words);
}

/* Numbers beyond 9999 take their room from the gaps, so that the columns stay where they are. */
static void put_line(struct buf *out, const struct text_style *style,
                     const struct flow_record *record)
{
    enum { END_WIDTH = STATE_WIDTH + 1 + COUNT_WIDTH };
    bool wide = style->columns >= WIDE_COLUMNS;
    unsigned client_column = wide ? 5 + 13 + LASTED_WIDTH + 1 + 7 : 5 + 9 + 7;
    unsigned server_column = client_column + END_WIDTH + 2;
    struct time_room room;
    struct buf left = {0};
    bool timed = record->end != 0; /* pcapng's simple packets have no time */
    buf_printf(&left, "%4" PRIu64 " %*s ", record->n, wide ? 12 : 8,
               timed ? timetext_clock(&room, record->start, wide ? 3 : 0) : "-");
    if (wide)
        buf_printf(&left, "%*s ", LASTED_WIDTH,
                   timed ? timetext_span(&room, record->end - record->start) : "-");
    buf_printf(&left, "%5u ", record->ends[CLIENT].port);
    terminal_pad(&left, (unsigned)left.n, client_column);
    unsigned column = (unsigned)left.n + END_WIDTH;
    buf_append(out, left.p, left.n);
    buf_done(&left);

    put_end(out, style, record, CLIENT);
    unsigned gap = column + 1 < server_column ? server_column - column : 1;
    terminal_pad(out, 0, gap);
    put_end(out, style, record, SERVER);
    column += gap + END_WIDTH + 1;
    buf_printf(out, " ");
    put_ended(out, style, record, style->columns > column ? style->columns - column : 0);
}

void text_table_row(struct buf *out, struct text_table *table, const struct text_style *style,
                    const struct flow_record *record)
{
    struct buf shared = {0};
    put_day(out, table, style, record->start);
    put_shared(&shared, style, record);
    if (!span_equal(span_of(shared.p, shared.n), span_of(table->shared.p, table->shared.n))) {
        buf_append(out, shared.p, shared.n);
        buf_done(&table->shared);
        table->shared = shared;
    } else {
        buf_done(&shared);
    }
    put_line(out, style, record);
}

void text_table_done(struct text_table *table)
{
    buf_done(&table->shared);
    *table = (struct text_table){0};
}
