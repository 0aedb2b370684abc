/* json_tcp.c: the `tcp` object of a flow. */
#include "injection.h"
#include "json_flow.h"
#include "members.h"
#include "names.h"

/* What few have is written between the members of which each has one: these are broken off for it
 * and gone on with. */
enum { TCP_MEMBERS = 20, END_MEMBERS = 41 };

static NOINLINE char *put_pending(char *at, struct json *json, const struct end_record *end)
{
    members_end(json, at);
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
    return members_begin(json, END_MEMBERS);
}

static bool has_oddities(const struct end_record *end)
{
    return end->marked_retransmits || end->marked_keepalives || end->corrupt;
}

static NOINLINE char *put_oddities(char *at, struct json *json, const struct end_record *end)
{
    members_end(json, at);
    if (end->marked_retransmits + end->marked_keepalives > 0) {
        json_open_object(json, "kernel_marked");
        json_uint(json, "retransmits", end->marked_retransmits);
        json_uint(json, "keepalives", end->marked_keepalives);
        json_close_object(json);
    }
    if (end->corrupt > 0)
        json_uint(json, "bad_checksums", end->corrupt);
    return members_begin(json, END_MEMBERS);
}

static char *put_syn_options(char *at, const struct end_record *end)
{
    if (!end->syn_seen)
        return at;
    if (end->mss > 0)
        at = member_uint(at, KEY("mss"), end->mss);
    if (end->wscale >= 0)
        at = member_uint(at, KEY("wscale"), (uint64_t)end->wscale);
    at = member_bool(at, KEY("sack"), end->sack);
    return member_bool(at, KEY("timestamps"), end->timestamps);
}

static char *put_ttl(char *at, const struct end_record *end)
{
    if (end->packets == 0)
        return at;
    at = member_open(at, KEY("ttl"), '[');
    at = member_uint(at, ITEM, end->ttl_min);
    at = member_uint(at, ITEM, end->ttl_max);
    return member_close_some(at, ']');
}

static char *put_last_frames(char *at, const struct end_record *end)
{
    if (end->pending_more)
        at = member_bool(at, KEY("unacked_records_more"), true);
    at = member_uint(at, KEY("window_probes"), end->window_probes);
    at = member_frame(at, KEY("fin_frame"), end->fin_frame);
    at = member_frame(at, KEY("fin_last_frame"), end->fin_last_frame);
    at = member_frame(at, KEY("fin_acked_frame"), end->fin_acked_frame);
    at = member_frame(at, KEY("rst_frame"), end->rst_frame);
    return member_frame(at, KEY("last_frame"), end->last_frame);
}

/* Most ends have had no trouble: that is said at once. */
static char *put_no_trouble(char *at)
{
    return member_key(at, KEY("retransmits") "0," KEY("out_of_order") "0," KEY("dup_acks") "0," KEY(
                              "keepalives") "0," KEY("zero_windows") "0," KEY("gap_bytes") "0,");
}

static char *put_trouble(char *at, const struct end_record *end)
{
    at = member_uint(at, KEY("retransmits"), end->retransmits);
    at = member_uint(at, KEY("out_of_order"), end->out_of_order);
    at = member_uint(at, KEY("dup_acks"), end->dup_acks);
    at = member_uint(at, KEY("keepalives"), end->keepalives);
    at = member_uint(at, KEY("zero_windows"), end->zero_windows);
    return member_uint(at, KEY("gap_bytes"), end->gap_bytes);
}

static char *put_counts(char *at, const struct end_record *end)
{
    uint64_t any = end->retransmits | end->out_of_order | end->dup_acks | end->keepalives |
                   end->zero_windows | end->gap_bytes;
    at = any ? put_trouble(at, end) : put_no_trouble(at);
    at = member_uint(at, KEY("fin"), end->fin);
    return member_uint(at, KEY("rst"), end->rst);
}

static char *put_end(char *at, struct json *json, const struct tcp_record *tcp, enum side side)
{
    const struct end_record *end = &tcp->ends[side];
    at = member_open(at, side == CLIENT ? KEY("client") : KEY("server"), '{');
    at = member_word(at, KEY("state"), word_state(end->state));
    at = member_known_time(at, KEY("since"), &json->time, end->since);
    at = member_uint(at, KEY("packets"), end->packets);
    at = member_uint(at, KEY("bytes"), end->bytes);
    at = member_uint(at, KEY("unacked"), end->unacked);
    if (tcp->reset)
        at = member_uint(at, KEY("unacked_at_reset"), end->unacked_at_reset);
    if (UNLIKELY(end->pending_count > 0))
        at = put_pending(at, json, end);
    at = put_counts(at, end);
    if (UNLIKELY(has_oddities(end)))
        at = put_oddities(at, json, end);
    at = put_ttl(at, end);
    at = put_syn_options(at, end);
    at = put_last_frames(at, end);
    return member_close_some(at, '}');
}

/* A word for each sign, strongest first. */
static NOINLINE void put_injected(struct json *json, const struct injection *injection)
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

static NOINLINE char *put_reset(char *at, struct json *json, const struct tcp_record *tcp)
{
    members_end(json, at);
    const struct injection injection = injection_of(tcp);
    json_open_object(json, "reset");
    json_word(json, "by", names_side(tcp->reset_by));
    json_word(json, "phase", names_reset_phase(tcp->reset_phase));
    frame_if_known(json, "frame", tcp->reset_frame);
    if (injection.score >= INJECTION_LIKELY)
        put_injected(json, &injection);
    json_close_object(json);
    return members_begin(json, TCP_MEMBERS);
}

static NOINLINE char *put_stuck(char *at, struct json *json, const struct stuck_record *stuck)
{
    members_end(json, at);
    json_open_object(json, "stuck");
    json_word(json, "end", names_side(stuck->end));
    json_word(json, "cause", names_stuck_cause(stuck->cause));
    time_if_known(json, "since", stuck->since);
    json_uint(json, "attempts", stuck->attempts);
    time_if_known(json, "last_attempt", stuck->last_attempt);
    frame_if_known(json, "first_frame", stuck->first_frame);
    frame_if_known(json, "last_frame", stuck->last_frame);
    json_close_object(json);
    return members_begin(json, TCP_MEMBERS);
}

static char *put_rtt(char *at, const nanotime rtt[2])
{
    if (rtt[CLIENT] < 0 && rtt[SERVER] < 0)
        return at;
    at = member_open(at, KEY("rtt"), '{');
    at = member_known_seconds(at, KEY("client"), rtt[CLIENT]);
    at = member_known_seconds(at, KEY("server"), rtt[SERVER]);
    return member_close_some(at, '}');
}

void json_tcp(struct json *json, const struct tcp_record *tcp)
{
    char *at = members_begin(json, TCP_MEMBERS);
    at = member_open(at, KEY("tcp"), '{');
    if (tcp->conn_state)
        at = member_text(at, KEY("conn_state"), tcp->conn_state);
    at = member_text(at, KEY("history"), tcp->history);
    at = member_word(at, KEY("teardown"), word_teardown(tcp->teardown));
    if (tcp->closed_by != CLOSED_BY_NOBODY)
        at = member_word(at, KEY("closed_by"), word_closed_by(tcp->closed_by));
    if (tcp->reset)
        at = put_reset(at, json, tcp);
    at = member_word(at, KEY("handshake"), word_handshake(tcp->handshake));
    at = put_rtt(at, tcp->rtt);
    at = member_known_seconds(at, KEY("idle_before_close"), tcp->idle_before_close);
    at = member_known_seconds(at, KEY("max_idle"), tcp->max_idle);
    at = member_known_seconds(at, KEY("idle_at_end"), tcp->idle_at_end);
    if (tcp->stuck.cause != STUCK_NOT)
        at = put_stuck(at, json, &tcp->stuck);
    members_end(json, at);
    for (unsigned side = 0; side < 2; side++) {
        at = put_end(members_begin(json, END_MEMBERS), json, tcp, (enum side)side);
        members_end(json, side == CLIENT ? at : member_close_some(at, '}'));
    }
}
