/* json_witness.c: see json_witness.h. */
#include "json_witness.h"

#include "address.h"
#include "json_flow.h"
#include "names.h"

static void put_end(struct json *json, const char *key, const struct socket_end *end)
{
    struct address_room room;
    json_open_object(json, key);
    if (end->host_cut)
        json_span(json, "ip_begins", end->host);
    else
        json_text(json, "ip", address_host(&room, &end->at));
    json_uint(json, end->port_cut ? "port_begins" : "port", end->at.port);
    json_close_object(json);
}

void json_table(struct json *json, const struct testimony *told, const struct socket_table *table)
{
    static const char *const by[] = {[TABLE_TIME_OPTION] = "option",
                                     [TABLE_TIME_LINE] = "date-line",
                                     [TABLE_TIME_FILE] = "file"};
    uint64_t watched = 0;
    for (size_t i = 0; i < told->socket_count; i++)
        watched += told->sockets[i].table == table;
    json_word(json, "kind", "socket-table");
    json_text(json, "file", table->name);
    json_time(json, "taken", table->taken);
    json_word(json, "taken_by", by[table->taken_by]);
    json_uint(json, "rows", table->count);
    json_uint(json, "watched", watched);
    json_uint(json, "other_lines", table->other);
    json_uint(json, "bad_lines", table->bad);
    if (table->more)
        json_bool(json, "more", true);
}

void json_log_file(struct json *json, const struct log_file *log)
{
    json_word(json, "kind", "log");
    json_text(json, "file", log->name);
    json_uint(json, "rows", log->count);
    json_bool(json, "year_guessed", log->yearless);
    json_bool(json, "zone_assumed", log->zoneless);
    json_uint(json, "other_lines", log->other);
    json_uint(json, "bad_lines", log->bad);
    if (log->more)
        json_bool(json, "more", true);
}

static void put_timer(struct json *json, const struct socket_row *row)
{
    static const char *const names[] = {[TIMER_ON] = "on",
                                        [TIMER_KEEPALIVE] = "keepalive",
                                        [TIMER_TIMEWAIT] = "timewait",
                                        [TIMER_PERSIST] = "persist"};
    if (row->timer == TIMER_UNKNOWN)
        return;
    json_word(json, "timer", names[row->timer]);
    json_uint(json, "tries", row->tries);
}

void json_socket(struct json *json, const struct told_socket *socket)
{
    const struct socket_row *row = socket->row;
    json_text(json, "file", socket->table->name);
    json_uint(json, "line", row->line);
    put_end(json, "local", &row->local);
    put_end(json, "remote", &row->remote);
    json_word(json, "end", names_side(socket->side));
    json_word(json, "state", names_state((enum tcp_state)row->state));
    json_uint(json, "recv_q", row->recv_q);
    json_uint(json, "send_q", row->send_q);
    json_uint(json, "queued", socket->queued);
    put_timer(json, row);
    if (row->process.n > 0)
        json_span(json, "process", row->process);
    if (socket->cut)
        json_bool(json, "cut", true);
    json_word(json, "verdict", testimony_verdict(socket->verdict));
    if (socket->flow == 0)
        return;
    json_uint(json, "flow", socket->flow);
    json_open_object(json, "wire");
    json_word(json, "state", names_state(socket->wire_state));
    time_if_known(json, "since", socket->wire_since);
    json_uint(json, "unacked", socket->wire_unacked);
    json_close_object(json);
}

void json_log_line(struct json *json, const struct told_line *told)
{
    json_text(json, "file", told->log->name);
    json_uint(json, "line", told->line->line);
    json_time(json, "time", told->line->time);
    if (told->line->pid > 0)
        json_uint(json, "pid", told->line->pid);
    json_word(json, "message", told->message->name);
    json_span(json, "text", told->line->message);
    if (told->line->repeats > 0)
        json_uint(json, "repeats", told->line->repeats);
    if (told->flow > 0)
        json_uint(json, "flow", told->flow);
    if (told->leaf)
        json_hex(json, "leaf_sha256", span_of(told->leaf->sha256, sizeof told->leaf->sha256));
}
