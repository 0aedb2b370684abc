/* witness.c: see witness.h. */
#include "witness.h"

#include "log_messages.h"
#include "piles.h"

#include <stdlib.h>

enum {
    FLOWS_MAX = 1 << 20, /* connections remembered for the lines of logs: 24 MiB */
    LINE_BEHIND_S = 15,  /* a line is written that long after its connection began, at most: name
                            lookup is over then, and the handshake takes some round trips */
    LINE_BEFORE_S = 1    /* syslog's times are cut to whole seconds */
};

/* What the lines of a log may speak of. */
struct begun {
    nanotime start;
    uint64_t n;
    const struct cert *leaf; /* NULL if it is not known */
};

struct witness {
    struct testimony told;
    struct told_socket **by_port; /* the same sockets, sorted by the printed ports, local first */
    struct begun *begun;
    size_t begun_count, begun_cap;
};

/* --- what was told --- */

static bool is_watched(const struct witnesses *told, const struct socket_end *end, bool *cut)
{
    if (told->port_count == 0)
        return true;
    for (size_t i = 0; i < told->port_count; i++)
        if (socket_end_has_port(end, told->ports[i], cut))
            return true;
    return false;
}

/* Linux counts a SYN or FIN that is under way as one byte more, and what was never sent. */
static uint64_t queued_of(const struct socket_row *row)
{
    uint64_t queued = row->send_q - row->notsent;
    bool one = row->state == SIDE_SYN_SENT || row->state == SIDE_FIN_WAIT_1 ||
               row->state == SIDE_CLOSING || row->state == SIDE_LAST_ACK;
    return queued > 0 && one && row->dialect != SOCKETS_BSD ? queued - 1 : queued;
}

/* The end with the watched port is the server; with none in particular, the lower port is. */
static bool place_socket(struct told_socket *out, const struct witnesses *told)
{
    const struct socket_row *row = out->row;
    bool cut = false;
    if (row->listening || row->remote.any_port)
        return false;
    if (told->port_count == 0)
        out->side = row->local.at.port < row->remote.at.port ? SERVER : CLIENT;
    else if (is_watched(told, &row->remote, &cut))
        out->side = CLIENT;
    else if (is_watched(told, &row->local, &cut))
        out->side = SERVER;
    else
        return false;
    out->cut = cut || row->local.host_cut || row->remote.host_cut;
    out->queued = queued_of(row);
    return true;
}

/* Both: a server's sockets share the local one. */
static uint32_t printed_ports(uint16_t local, uint16_t remote)
{
    return (uint32_t)local << 16 | remote;
}

static uint32_t ports_of(const struct told_socket *socket)
{
    return printed_ports(socket->row->local.at.port, socket->row->remote.at.port);
}

static int by_printed_port(const void *left, const void *right)
{
    const struct told_socket *a = *(struct told_socket *const *)left,
                             *b = *(struct told_socket *const *)right;
    uint32_t ports_a = ports_of(a), ports_b = ports_of(b);
    if (ports_a != ports_b)
        return ports_a < ports_b ? -1 : 1;
    return (a > b) - (a < b);
}

static void hear_sockets(struct witness *witness)
{
    struct testimony *told = &witness->told;
    size_t all = 0;
    for (size_t i = 0; i < told->witnesses->table_count; i++)
        all += told->witnesses->tables[i].count;
    told->sockets = xcalloc(all, sizeof told->sockets[0]);
    for (size_t i = 0; i < told->witnesses->table_count; i++) {
        const struct socket_table *table = &told->witnesses->tables[i];
        for (size_t j = 0; j < table->count; j++) {
            struct told_socket socket = {.table = table, .row = &table->rows[j]};
            if (place_socket(&socket, told->witnesses))
                told->sockets[told->socket_count++] = socket;
            else
                told->other_sockets++;
        }
    }
    witness->by_port = xcalloc(told->socket_count, sizeof witness->by_port[0]);
    for (size_t i = 0; i < told->socket_count; i++)
        witness->by_port[i] = &told->sockets[i];
    qsort(witness->by_port, told->socket_count, sizeof witness->by_port[0], by_printed_port);
}

struct witness *witness_new(const struct witnesses *told)
{
    struct witness *witness = xcalloc(1, sizeof *witness);
    witness->told.witnesses = told;
    hear_sockets(witness);
    return witness;
}

void witness_free(struct witness *witness)
{
    if (witness) {
        free(witness->told.sockets);
        free(witness->told.piles);
        free(witness->told.lines);
        free(witness->by_port);
        free(witness->begun);
    }
    free(witness);
}

/* --- connections as they end --- */

/* Of several that used the same ports one after the other, the last that had begun when the table
 * was printed. */
static bool is_better(const struct told_socket *socket, const struct flow_record *record)
{
    if (socket->flow == 0 || record->start <= socket->table->taken)
        return true;
    return socket->wire_start > socket->table->taken;
}

static void note_wire(struct told_socket *socket, const struct flow_record *record, enum side side)
{
    const struct end_record *end = &record->tcp.ends[side];
    socket->flow = record->n;
    socket->side = side;
    socket->wire_state = end->state;
    socket->wire_unacked = end->unacked;
    socket->wire_start = record->start;
    socket->wire_since = end->since;
    socket->wire_end = record->end;
}

/* The first socket whose printed ports are not below these. */
static size_t first_with_ports(const struct witness *witness, uint32_t ports)
{
    size_t low = 0, high = witness->told.socket_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ports_of(witness->by_port[middle]) < ports)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Sockets with these printed ports. */
static void find_with_ports(struct witness *witness, const struct flow_record *record,
                            enum side side, uint32_t ports)
{
    const struct endpoint *local = &record->ends[side];
    const struct endpoint *remote = &record->ends[side == CLIENT ? SERVER : CLIENT];
    for (size_t at = first_with_ports(witness, ports); at < witness->told.socket_count; at++) {
        struct told_socket *socket = witness->by_port[at];
        bool cut = false;
        if (ports_of(socket) != ports)
            break;
        if (!socket_end_matches(&socket->row->local, local, &cut) ||
            !socket_end_matches(&socket->row->remote, remote, &cut) || !is_better(socket, record))
            continue;
        note_wire(socket, record, side);
        socket->cut = cut;
    }
}

/* The port of a socket may have been printed in part: then it is the wanted one without its last
 * digits; none at all is printed as 0. */
static void find_sockets(struct witness *witness, const struct flow_record *record, enum side side)
{
    uint16_t local = record->ends[side].port;
    for (; local > 0; local /= 10)
        for (uint16_t remote = record->ends[side == CLIENT ? SERVER : CLIENT].port;; remote /= 10) {
            find_with_ports(witness, record, side, printed_ports(local, remote));
            if (remote == 0)
                break;
        }
}

static void note_begun(struct witness *witness, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    if (witness->told.witnesses->log_count == 0 || witness->begun_count == FLOWS_MAX)
        return;
    if (witness->begun_count == witness->begun_cap) {
        witness->begun_cap = witness->begun_cap ? witness->begun_cap * 2 : 64;
        witness->begun = xrealloc(witness->begun, witness->begun_cap * sizeof witness->begun[0]);
    }
    witness->begun[witness->begun_count++] =
        (struct begun){.start = record->start,
                       .n = record->n,
                       .leaf = tls && tls->server_cert_count > 0 ? tls->server_certs[0] : NULL};
}

void witness_add(struct witness *witness, const struct flow_record *record)
{
    find_sockets(witness, record, CLIENT);
    find_sockets(witness, record, SERVER);
    note_begun(witness, record);
}

/* --- comparing --- */

static bool is_over(enum tcp_state state)
{
    return state == SIDE_CLOSED || state == SIDE_TIME_WAIT;
}

/* README, "How to read a report": a system that retransmits when its program closes holds the FIN
 * back. */
static bool holds_fin(const struct told_socket *socket)
{
    return (socket->row->state == SIDE_FIN_WAIT_1 && socket->wire_state == SIDE_ESTABLISHED &&
            socket->wire_unacked > 0) ||
           (socket->row->state == SIDE_LAST_ACK && socket->wire_state == SIDE_CLOSE_WAIT &&
            socket->wire_unacked > 0);
}

static enum socket_verdict compare(const struct told_socket *socket, bool captured)
{
    enum tcp_state kernel = (enum tcp_state)socket->row->state;
    nanotime taken = socket->table->taken;
    if (!captured)
        return SOCKET_NO_CAPTURE;
    if (socket->flow == 0)
        return SOCKET_UNSEEN;
    if (kernel != socket->wire_state) {
        if (socket->wire_since > taken)
            return SOCKET_CHANGED;
        if (is_over(socket->wire_state))
            return is_over(kernel) ? SOCKET_AGREES : SOCKET_OVER;
        return holds_fin(socket) ? SOCKET_FIN_HELD : SOCKET_STATE_OTHER;
    }
    if (is_over(kernel) || socket->queued == socket->wire_unacked)
        return SOCKET_AGREES;
    return socket->wire_end > taken ? SOCKET_CHANGED : SOCKET_QUEUE_OTHER;
}

/* --- lines of logs --- */

static int by_start(const void *left, const void *right)
{
    const struct begun *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return (a->n > b->n) - (a->n < b->n);
}

/* Files come in any order, rotated ones often newest first. */
static int by_time(const void *left, const void *right)
{
    const struct told_line *a = left, *b = right;
    if (a->line->time != b->line->time)
        return a->line->time < b->line->time ? -1 : 1;
    if (a->log != b->log)
        return a->log < b->log ? -1 : 1;
    return (a->line->line > b->line->line) - (a->line->line < b->line->line);
}

/* The connection that a line speaks of: the last one that began shortly before it. */
static void find_begun(struct told_line *line, const struct begun *begun, size_t count)
{
    size_t low = 0, high = count;
    nanotime time = line->line->time + LINE_BEFORE_S * NS_PER_SECOND;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (begun[middle].start <= time)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || line->line->time - begun[low - 1].start > LINE_BEHIND_S * NS_PER_SECOND)
        return;
    line->flow = begun[low - 1].n;
    line->leaf = begun[low - 1].leaf;
}

static void hear_lines(struct witness *witness)
{
    struct testimony *told = &witness->told;
    const struct witnesses *witnesses = told->witnesses;
    size_t all = 0;
    for (size_t i = 0; i < witnesses->log_count; i++)
        all += witnesses->logs[i].count;
    told->lines = xcalloc(all, sizeof told->lines[0]);
    if (witness->begun_count > 0)
        qsort(witness->begun, witness->begun_count, sizeof witness->begun[0], by_start);
    for (size_t i = 0; i < witnesses->log_count; i++)
        for (size_t j = 0; j < witnesses->logs[i].count; j++) {
            const struct log_line *line = &witnesses->logs[i].lines[j];
            struct told_line found = {.log = &witnesses->logs[i],
                                      .line = line,
                                      .message = log_messages_find(line->message)};
            if (!found.message) {
                told->other_lines++;
                continue;
            }
            find_begun(&found, witness->begun, witness->begun_count);
            told->lines[told->line_count++] = found;
        }
    qsort(told->lines, told->line_count, sizeof told->lines[0], by_time);
}

static void find_period(struct told_message *message, const struct testimony *told)
{
    struct period_events events = {0};
    for (size_t i = 0; i < told->line_count; i++)
        if (told->lines[i].message == message->message)
            period_events_add(&events, told->lines[i].line->time);
    message->periodic = period_find(&message->period, events.times, events.used);
    period_events_done(&events);
}

static void count_messages(struct testimony *told)
{
    struct told_message all[TOLD_MESSAGES_MAX] = {0};
    for (size_t i = 0; i < told->line_count; i++) {
        const struct told_line *line = &told->lines[i];
        struct told_message *message = &all[log_messages_place(line->message)];
        if (message->count == 0)
            message->first = line->line->time;
        message->message = line->message;
        message->last = line->line->time;
        message->count += 1 + (uint64_t)line->line->repeats;
    }
    for (size_t i = 0; i < TOLD_MESSAGES_MAX; i++)
        if (all[i].count > 0) {
            find_period(&all[i], told);
            told->messages[told->message_count++] = all[i];
        }
}

const struct testimony *witness_hear(struct witness *witness, const struct run_end *end)
{
    struct testimony *told = &witness->told;
    told->captured = end->counts.packets > 0;
    for (size_t i = 0; i < told->socket_count; i++)
        told->sockets[i].verdict = compare(&told->sockets[i], told->captured);
    told->piles = piles_of(told, &told->pile_count, &told->more_piles);
    hear_lines(witness);
    count_messages(told);
    return told;
}
