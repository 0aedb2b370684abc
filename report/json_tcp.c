/* json_tcp.c: the `tcp` object of a flow. */
#include "injection.h"
#include "json_flow.h"
#include "names.h"

JSON_INLINE void time_if_known(struct json *json, const char *key, nanotime time)
{
    if (time != 0)
        json_time(json, key, time);
}

JSON_INLINE void seconds_if_known(struct json *json, const char *key, nanotime duration)
{
    if (duration >= 0)
        json_seconds(json, key, duration);
}

static void put_pending(struct json *json, const struct end_record *end)
{
    if (end->pending_count == 0)
        return;
    json_open_array(json, "unacked_records");
    for (unsigned i = 0; i < end->pending_count; i++) {
        struct name_room room;
        json_open_object(json, NULL);
        json_word(json, "type", names_content_type(&room, end->pending[i].type));
        json_uint(json, "length", end->pending[i].length);
        if (end->pending[i].partial)
            json_bool(json, "partial", true);
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_syn_options(struct json *json, const struct end_record *end)
{
    if (!end->syn_seen)
        return;
    if (end->mss > 0)
        json_uint(json, "mss", end->mss);
    if (end->wscale >= 0)
        json_uint(json, "wscale", (uint64_t)end->wscale);
    json_bool(json, "sack", end->sack);
    json_bool(json, "timestamps", end->timestamps);
}

static void put_end(struct json *json, const struct tcp_record *tcp, enum side side)
{
    const struct end_record *end = &tcp->ends[side];
    json_open_object(json, names_side(side));
    json_word(json, "state", names_state(end->state));
    time_if_known(json, "since", end->since);
    json_uint(json, "packets", end->packets);
    json_uint(json, "bytes", end->bytes);
    json_uint(json, "unacked", end->unacked);
    if (tcp->reset)
        json_uint(json, "unacked_at_reset", end->unacked_at_reset);
    put_pending(json, end);
    json_uint(json, "retransmits", end->retransmits);
    json_uint(json, "out_of_order", end->out_of_order);
    json_uint(json, "dup_acks", end->dup_acks);
    json_uint(json, "keepalives", end->keepalives);
    json_uint(json, "zero_windows", end->zero_windows);
    json_uint(json, "gap_bytes", end->gap_bytes);
    json_uint(json, "fin", end->fin);
    json_uint(json, "rst", end->rst);
    if (end->marked_retransmits + end->marked_keepalives > 0) {
        json_open_object(json, "kernel_marked");
        json_uint(json, "retransmits", end->marked_retransmits);
        json_uint(json, "keepalives", end->marked_keepalives);
        json_close_object(json);
    }
    if (end->corrupt > 0)
        json_uint(json, "bad_checksums", end->corrupt);
    if (end->packets > 0) {
        json_open_array(json, "ttl");
        json_uint(json, NULL, end->ttl_min);
        json_uint(json, NULL, end->ttl_max);
        json_close_array(json);
    }
    put_syn_options(json, end);
    if (end->pending_more)
        json_bool(json, "unacked_records_more", true);
    json_uint(json, "window_probes", end->window_probes);
    frame_if_known(json, "fin_frame", end->fin_frame);
    frame_if_known(json, "fin_last_frame", end->fin_last_frame);
    frame_if_known(json, "fin_acked_frame", end->fin_acked_frame);
    frame_if_known(json, "rst_frame", end->rst_frame);
    frame_if_known(json, "last_frame", end->last_frame);
    json_close_object(json);
}

/* A word for each sign, strongest first. */
static void put_injected(struct json *json, const struct injection *injection)
{
    struct buf because = {0};
    for (unsigned sign = 0; sign < SIGNS; sign++)
        if (injection->signs[sign])
            buf_printf(&because, "%s%s", because.n ? ", " : "",
                       injection_sign_name((enum injection_sign)sign));
    json_bool(json, "injected", true);
    json_word(json, "injected_because", buf_text(&because));
    buf_done(&because);
}

static void put_reset(struct json *json, const struct tcp_record *tcp)
{
    const struct injection injection = injection_of(tcp);
    json_open_object(json, "reset");
    json_word(json, "by", names_side(tcp->reset_by));
    json_word(json, "phase", names_reset_phase(tcp->reset_phase));
    frame_if_known(json, "frame", tcp->reset_frame);
    if (injection.score >= INJECTION_LIKELY)
        put_injected(json, &injection);
    json_close_object(json);
}

static void put_stuck(struct json *json, const struct stuck_record *stuck)
{
    json_open_object(json, "stuck");
    json_word(json, "end", names_side(stuck->end));
    json_word(json, "cause", names_stuck_cause(stuck->cause));
    time_if_known(json, "since", stuck->since);
    json_uint(json, "attempts", stuck->attempts);
    time_if_known(json, "last_attempt", stuck->last_attempt);
    frame_if_known(json, "first_frame", stuck->first_frame);
    frame_if_known(json, "last_frame", stuck->last_frame);
    json_close_object(json);
}

static void put_rtt(struct json *json, const nanotime rtt[2])
{
    if (rtt[CLIENT] < 0 && rtt[SERVER] < 0)
        return;
    json_open_object(json, "rtt");
    seconds_if_known(json, "client", rtt[CLIENT]);
    seconds_if_known(json, "server", rtt[SERVER]);
    json_close_object(json);
}

void json_tcp(struct json *json, const struct tcp_record *tcp)
{
    if (tcp->conn_state)
        json_word(json, "conn_state", tcp->conn_state);
    json_word(json, "history", tcp->history);
    json_word(json, "teardown", names_teardown(tcp->teardown));
    if (tcp->closed_by != CLOSED_BY_NOBODY)
        json_word(json, "closed_by", names_closed_by(tcp->closed_by));
    if (tcp->reset)
        put_reset(json, tcp);
    json_word(json, "handshake", names_handshake(tcp->handshake));
    put_rtt(json, tcp->rtt);
    seconds_if_known(json, "idle_before_close", tcp->idle_before_close);
    seconds_if_known(json, "max_idle", tcp->max_idle);
    seconds_if_known(json, "idle_at_end", tcp->idle_at_end);
    if (tcp->stuck.cause != STUCK_NOT)
        put_stuck(json, &tcp->stuck);
    put_end(json, tcp, CLIENT);
    put_end(json, tcp, SERVER);
}
