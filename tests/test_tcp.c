/* test_tcp.c: both ends of a connection, told by segments alone. The client is end 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../dissect/limits.h"
#include "../dissect/tcp_fate.h"
#include "../dissect/tcp_outcome.h"
#include "nowhere.h"

enum { C, S };
enum { SYN = FLAG_SYN, ACK = FLAG_ACK, FIN = FLAG_FIN, RST = FLAG_RST };

/* A conversation. Sequence numbers are given relative to each end's SYN. */
struct talk {
    struct tcp tcp;
    uint32_t isn[2];
    uint16_t window[2];
    nanotime now;
    uint64_t frame;
    struct segment pending;
    bool has_pending;
    uint8_t marks; /* of the segments to come */
};

static const uint8_t zeros[70000];

static struct segment segment_of(struct talk *t, unsigned from, unsigned flags, uint32_t seq,
                                 uint32_t ack, uint32_t length)
{
    t->now += NS_PER_SECOND / 10;
    return (struct segment){.time = t->now,
                            .frame = ++t->frame,
                            .seq = t->isn[from] + seq,
                            .ack = flags & ACK ? t->isn[!from] + ack : 0,
                            .window = t->window[from],
                            .flags = (uint8_t)flags,
                            .ttl = 64,
                            .marks = t->marks,
                            .length = length,
                            .payload = span_of(zeros, length),
                            .mss = flags & SYN ? 1460 : 0,
                            .wscale = flags & SYN ? 0 : -1};
}

/* Sends a segment and takes it, as the pipeline does. */
static enum tcp_fate send(struct talk *t, unsigned from, unsigned flags, uint32_t seq, uint32_t ack,
                          uint32_t length)
{
    struct segment s = segment_of(t, from, flags, seq, ack, length);
    enum tcp_fate fate = tcp_fate(&t->tcp, from, &s, t->has_pending ? &t->pending : NULL);
    if (fate == TCP_PENDING) {
        t->pending = s;
        t->has_pending = true;
    }
    if (fate == TCP_BELONGS)
        tcp_take(&t->tcp, from, &s, &nowhere);
    return fate;
}

static struct talk begin_at(uint32_t client_isn, uint32_t server_isn)
{
    struct talk t = {.isn = {client_isn, server_isn}, .window = {65000, 65000}};
    tcp_init(&t.tcp);
    return t;
}

static struct talk connected_at(uint32_t client_isn, uint32_t server_isn)
{
    struct talk t = begin_at(client_isn, server_isn);
    send(&t, C, SYN, 0, 0, 0);
    send(&t, S, SYN | ACK, 0, 1, 0);
    send(&t, C, ACK, 1, 1, 0);
    return t;
}

static struct talk connected(void)
{
    return connected_at(1000, 500000);
}

static struct tcp_record outcome_after(struct talk *t, nanotime later)
{
    struct tcp_record record;
    tcp_outcome(&record, &t->tcp, C, t->now + later);
    return record;
}

static void expect_states(const struct talk *t, enum tcp_state client, enum tcp_state server)
{
    assert_int_equal(t->tcp.ends[C].state, client);
    assert_int_equal(t->tcp.ends[S].state, server);
}

/* Every test ends here, so that what is held is freed. */
static void finish(struct talk *t)
{
    tcp_done(&t->tcp, NULL);
}

static void handshake(void **state)
{
    (void)state;
    struct talk t = begin_at(1, 2);
    send(&t, C, SYN, 0, 0, 0);
    expect_states(&t, SIDE_SYN_SENT, SIDE_CLOSED);
    send(&t, S, SYN | ACK, 0, 1, 0);
    expect_states(&t, SIDE_SYN_SENT, SIDE_SYN_RECEIVED);
    assert_int_equal(outcome_after(&t, 0).handshake, HANDSHAKE_SYN_ACK);
    send(&t, C, ACK, 1, 1, 0);
    expect_states(&t, SIDE_ESTABLISHED, SIDE_ESTABLISHED);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.handshake, HANDSHAKE_COMPLETE);
    assert_int_equal(r.teardown, TEARDOWN_OPEN);
    assert_int_equal(r.rtt[SERVER], NS_PER_SECOND / 10);
    assert_int_equal(r.rtt[CLIENT], NS_PER_SECOND / 10);
    assert_int_equal(r.ends[CLIENT].mss, 1460);
    finish(&t);
}

static void graceful(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 100);
    expect_states(&t, SIDE_FIN_WAIT_1, SIDE_ESTABLISHED); /* not known to have got there */
    assert_int_equal(outcome_after(&t, 0).teardown, TEARDOWN_FIN_UNANSWERED);
    assert_int_equal(outcome_after(&t, 0).ends[CLIENT].unacked, 100);
    send(&t, S, ACK, 1, 102, 0);
    expect_states(&t, SIDE_FIN_WAIT_2, SIDE_CLOSE_WAIT);
    assert_int_equal(outcome_after(&t, 0).teardown, TEARDOWN_HALF_CLOSED);
    send(&t, S, FIN | ACK, 1, 102, 50);
    expect_states(&t, SIDE_FIN_WAIT_2, SIDE_LAST_ACK);
    assert_int_equal(outcome_after(&t, 0).teardown, TEARDOWN_CLOSING);
    send(&t, C, ACK, 102, 52, 0);
    expect_states(&t, SIDE_TIME_WAIT, SIDE_CLOSED);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.teardown, TEARDOWN_GRACEFUL);
    assert_int_equal(r.closed_by, CLOSED_BY_CLIENT);
    assert_int_equal(r.ends[CLIENT].bytes, 100);
    assert_int_equal(r.ends[SERVER].bytes, 50);
    assert_int_equal(r.ends[CLIENT].unacked + r.ends[SERVER].unacked, 0);
    finish(&t);
}

static void graceful_by_server_in_three_segments(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, S, FIN | ACK, 1, 1, 0);
    send(&t, C, FIN | ACK, 1, 2, 0);
    expect_states(&t, SIDE_LAST_ACK, SIDE_FIN_WAIT_2);
    send(&t, S, ACK, 2, 2, 0);
    expect_states(&t, SIDE_CLOSED, SIDE_TIME_WAIT);
    assert_int_equal(outcome_after(&t, 0).closed_by, CLOSED_BY_SERVER);
    finish(&t);
}

static void simultaneous_close(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 0);
    send(&t, S, FIN | ACK, 1, 1, 0);
    expect_states(&t, SIDE_FIN_WAIT_1, SIDE_FIN_WAIT_1);
    send(&t, C, ACK, 2, 2, 0);
    expect_states(&t, SIDE_CLOSING, SIDE_FIN_WAIT_2);
    assert_int_equal(outcome_after(&t, 0).teardown, TEARDOWN_CLOSING);
    send(&t, S, ACK, 2, 2, 0);
    expect_states(&t, SIDE_TIME_WAIT, SIDE_TIME_WAIT);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.teardown, TEARDOWN_GRACEFUL);
    assert_int_equal(r.closed_by, CLOSED_BY_BOTH);
    finish(&t);
}

static void simultaneous_open(void **state)
{
    (void)state;
    struct talk t = begin_at(10, 20);
    send(&t, C, SYN, 0, 0, 0);
    assert_int_equal(send(&t, S, SYN, 0, 0, 0), TCP_BELONGS);
    expect_states(&t, SIDE_SYN_SENT, SIDE_SYN_SENT);
    send(&t, C, SYN | ACK, 0, 1, 0);
    expect_states(&t, SIDE_SYN_RECEIVED, SIDE_SYN_SENT);
    send(&t, S, SYN | ACK, 0, 1, 0);
    expect_states(&t, SIDE_ESTABLISHED, SIDE_SYN_RECEIVED);
    send(&t, C, ACK, 1, 1, 0);
    expect_states(&t, SIDE_ESTABLISHED, SIDE_ESTABLISHED);
    finish(&t);
}

/* The case this program is for: data, close_notify and FIN into a path that forgot. */
static void fin_unanswered(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 500);
    send(&t, S, ACK, 1, 501, 0);
    nanotime since = t.now + NS_PER_SECOND / 10;
    send(&t, C, ACK, 501, 1, 106);
    send(&t, C, FIN | ACK, 607, 1, 37);
    for (unsigned i = 0; i < 6; i++)
        send(&t, C, FIN | ACK, 501, 1, 143);
    expect_states(&t, SIDE_FIN_WAIT_1, SIDE_ESTABLISHED);
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.teardown, TEARDOWN_FIN_UNANSWERED);
    assert_int_equal(r.ends[CLIENT].unacked, 143);
    assert_int_equal(r.ends[CLIENT].bytes, 643);
    assert_int_equal(r.ends[CLIENT].fin, 7);
    assert_int_equal(r.ends[CLIENT].retransmits, 6);
    assert_int_equal(r.stuck.cause, STUCK_UNANSWERED);
    assert_int_equal(r.stuck.end, CLIENT);
    assert_int_equal(r.stuck.attempts, 6);
    assert_int_equal(r.stuck.since, since);
    assert_int_equal(r.stuck.last_attempt, t.now);
    assert_int_equal(r.stuck.first_frame, 6);
    assert_int_equal(r.stuck.last_frame, 13);
    finish(&t);
}

/* The same, joined after all but the retransmissions. */
static void fin_unanswered_midstream(void **state)
{
    (void)state;
    struct talk t = begin_at(0xfffffff0, 7);
    send(&t, C, ACK, 501, 1, 106);
    send(&t, C, FIN | ACK, 607, 1, 37);
    send(&t, C, FIN | ACK, 501, 1, 143);
    expect_states(&t, SIDE_FIN_WAIT_1, SIDE_CLOSED);
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.handshake, HANDSHAKE_MIDSTREAM);
    assert_int_equal(r.ends[CLIENT].unacked, 143);
    finish(&t);
}

static void numbers_wrap_around(void **state)
{
    (void)state;
    struct talk t = connected_at(0xffffff00, 0x7fffff00);
    uint32_t at = 1;
    for (unsigned i = 0; i < 10; i++, at += 60000) {
        send(&t, C, ACK, at, 1, 60000);
        send(&t, S, ACK, 1, at + 60000, 0);
    }
    send(&t, C, ACK, at, 1, 10);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.ends[CLIENT].bytes, 600010);
    assert_int_equal(r.ends[CLIENT].unacked, 10);
    assert_int_equal(r.ends[CLIENT].retransmits, 0);
    finish(&t);
}

/* More than 4 GiB in one direction: bytes are still counted right. */
static void more_than_the_sequence_space(void **state)
{
    (void)state;
    struct talk t = connected();
    uint64_t at = 1;
    for (unsigned i = 0; i < 80000; i++, at += 65000) {
        send(&t, C, ACK, (uint32_t)at, 1, 65000);
        send(&t, S, ACK, 1, (uint32_t)(at + 65000), 0);
    }
    assert_true(outcome_after(&t, 0).ends[CLIENT].bytes == UINT64_C(80000) * 65000);
    assert_int_equal(outcome_after(&t, 0).ends[CLIENT].unacked, 0);
    finish(&t);
}

static void refused(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 0);
    send(&t, C, SYN, 0, 0, 0);
    send(&t, S, RST | ACK, 0, 1, 0);
    expect_states(&t, SIDE_CLOSED, SIDE_CLOSED);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.teardown, TEARDOWN_REFUSED);
    assert_int_equal(r.handshake, HANDSHAKE_REFUSED);
    assert_int_equal(r.reset_phase, RESET_IN_SYN);
    assert_int_equal(r.closed_by, CLOSED_BY_SERVER);
    finish(&t);
}

/* A RST that acknowledges something else does not refuse a SYN (RFC 9293 section 3.10.7.3). */
static void not_refused_by_a_forged_reset(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 0);
    send(&t, C, SYN, 0, 0, 0);
    send(&t, S, RST | ACK, 0, 77, 0);
    send(&t, S, RST, 0, 0, 0);
    expect_states(&t, SIDE_SYN_SENT, SIDE_CLOSED);
    assert_int_equal(outcome_after(&t, 0).teardown, TEARDOWN_UNANSWERED);
    finish(&t);
}

/* A RST may acknowledge the SYN without the data that came with it (RFC 7413). */
static void refused_with_data_in_the_syn(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 0);
    send(&t, C, SYN, 0, 0, 100);
    send(&t, S, RST | ACK, 0, 1, 0);
    assert_int_equal(outcome_after(&t, 0).teardown, TEARDOWN_REFUSED);
    assert_int_equal(outcome_after(&t, 0).ends[CLIENT].unacked_at_reset, 100);
    finish(&t);
}

/* The capture has an acknowledgment before the FIN that it is of. */
static void fin_after_its_own_ack(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 100);
    send(&t, S, ACK, 1, 102, 0);
    send(&t, C, FIN | ACK, 101, 1, 0);
    expect_states(&t, SIDE_FIN_WAIT_2, SIDE_CLOSE_WAIT);
    assert_int_equal(outcome_after(&t, 9 * NS_PER_SECOND).stuck.cause, STUCK_NOT);
    finish(&t);
}

/* Two rings of a network card read one after the other: the server's FIN comes first, and says by
 * its acknowledgment that it is the answer to the client's. */
static void fin_after_the_fin_that_answers_it(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 10);
    send(&t, S, FIN | ACK, 1, 12, 0);
    send(&t, C, FIN | ACK, 11, 1, 0);
    expect_states(&t, SIDE_FIN_WAIT_2, SIDE_LAST_ACK);
    send(&t, C, ACK, 12, 2, 0);
    expect_states(&t, SIDE_TIME_WAIT, SIDE_CLOSED);
    assert_int_equal(outcome_after(&t, 0).closed_by, CLOSED_BY_CLIENT);
    finish(&t);
}

/* The same where the capture begins with it. */
static void a_capture_that_begins_with_the_fin_that_answers(void **state)
{
    (void)state;
    struct talk t = begin_at(0, 0);
    send(&t, S, FIN | ACK, 101, 12, 0);
    send(&t, C, FIN | ACK, 11, 101, 0);
    send(&t, C, ACK, 12, 102, 0);
    expect_states(&t, SIDE_TIME_WAIT, SIDE_CLOSED);
    assert_int_equal(outcome_after(&t, 0).closed_by, CLOSED_BY_CLIENT);
    finish(&t);
}

/* Both closed at once, for neither FIN acknowledges the other; the server's acknowledgment of the
 * client's was captured before the server's own FIN. */
static void simultaneous_close_with_an_ack_before_its_fin(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 0);
    send(&t, S, ACK, 2, 2, 0);
    send(&t, S, FIN | ACK, 1, 1, 0);
    expect_states(&t, SIDE_FIN_WAIT_2, SIDE_CLOSING);
    send(&t, C, ACK, 2, 2, 0);
    expect_states(&t, SIDE_TIME_WAIT, SIDE_TIME_WAIT);
    assert_int_equal(outcome_after(&t, 0).closed_by, CLOSED_BY_BOTH);
    finish(&t);
}

/* The same, where the FIN that was sent first is captured behind one that repeats it. */
static void simultaneous_close_with_the_first_fin_last(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 0);
    send(&t, S, FIN | ACK, 1, 2, 30);
    expect_states(&t, SIDE_FIN_WAIT_2, SIDE_LAST_ACK);
    assert_int_equal(outcome_after(&t, 0).closed_by, CLOSED_BY_CLIENT);
    send(&t, S, FIN | ACK, 1, 1, 30);
    expect_states(&t, SIDE_FIN_WAIT_2, SIDE_CLOSING);
    assert_int_equal(outcome_after(&t, 0).closed_by, CLOSED_BY_BOTH);
    finish(&t);
}

/* A FIN that is sent again because the answer has not come yet is no simultaneous close. */
static void a_fin_again_before_its_answer_came(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 0);
    send(&t, S, FIN | ACK, 1, 2, 0);
    send(&t, C, FIN | ACK, 1, 1, 0);
    send(&t, C, ACK, 2, 2, 0);
    expect_states(&t, SIDE_TIME_WAIT, SIDE_CLOSED);
    assert_int_equal(outcome_after(&t, 0).closed_by, CLOSED_BY_CLIENT);
    finish(&t);
}

/* What comes late after a RST brings nobody back. */
static void the_first_fin_last_after_a_reset(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 0);
    send(&t, S, FIN | ACK, 1, 2, 0);
    send(&t, C, RST, 2, 0, 0);
    send(&t, S, FIN | ACK, 1, 1, 0);
    expect_states(&t, SIDE_CLOSED, SIDE_CLOSED);
    finish(&t);
}

/* An acknowledgment of bytes that never were hides no FIN. */
static void fin_after_a_forged_ack(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 50);
    send(&t, S, ACK, 1, 51, 0);
    send(&t, S, ACK, 1, 500000, 0);
    send(&t, C, FIN | ACK, 51, 1, 0);
    expect_states(&t, SIDE_FIN_WAIT_1, SIDE_ESTABLISHED);
    send(&t, S, FIN | ACK, 1, 52, 0);
    send(&t, C, ACK, 52, 2, 0);
    expect_states(&t, SIDE_TIME_WAIT, SIDE_CLOSED);
    finish(&t);
}

/* Only the client's packets are in the capture: what it acknowledges tells that it is answered. */
static void one_direction_of_a_connection(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 900);
    send(&t, C, SYN, 0, 0, 0);
    send(&t, C, ACK, 1, 1, 0);
    expect_states(&t, SIDE_ESTABLISHED, SIDE_CLOSED);
    send(&t, C, ACK, 1, 1, 100);
    send(&t, C, ACK, 101, 501, 100);
    send(&t, C, FIN | ACK, 201, 501, 0);
    expect_states(&t, SIDE_FIN_WAIT_1, SIDE_CLOSED);
    assert_int_equal(outcome_after(&t, 9 * NS_PER_SECOND).stuck.cause, STUCK_NOT);
    finish(&t);
}

/* The capture has lost the SYN-ACK and its ACK. */
static void answer_to_the_syn_missing(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 900);
    send(&t, C, SYN, 0, 0, 0);
    send(&t, S, ACK, 1, 1, 100);
    send(&t, C, FIN | ACK, 1, 101, 0);
    expect_states(&t, SIDE_FIN_WAIT_1, SIDE_ESTABLISHED);
    send(&t, S, FIN | ACK, 101, 2, 0);
    send(&t, C, ACK, 2, 102, 0);
    expect_states(&t, SIDE_TIME_WAIT, SIDE_CLOSED);
    finish(&t);
    t = begin_at(5, 900);
    send(&t, C, SYN, 0, 0, 0);
    send(&t, S, FIN | ACK, 1, 1, 100);
    send(&t, C, ACK, 1, 102, 0);
    expect_states(&t, SIDE_CLOSE_WAIT, SIDE_FIN_WAIT_2);
    finish(&t);
}

/* A FIN scan: no FIN ends what never began. */
static void fin_with_a_syn_or_before_the_handshake(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 900);
    send(&t, C, SYN, 0, 0, 0);
    send(&t, C, FIN, 1, 0, 0);
    send(&t, C, SYN | FIN, 0, 0, 0);
    expect_states(&t, SIDE_SYN_SENT, SIDE_CLOSED);
    assert_int_equal(outcome_after(&t, 9 * NS_PER_SECOND).teardown, TEARDOWN_UNANSWERED);
    finish(&t);
}

/* One direction again, a server's. */
static void the_other_direction_of_a_connection(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 900);
    send(&t, S, SYN | ACK, 0, 1, 0);
    send(&t, S, ACK, 1, 1, 100);
    expect_states(&t, SIDE_CLOSED, SIDE_SYN_RECEIVED); /* it may have sent with its SYN-ACK */
    assert_int_equal(outcome_after(&t, 9 * NS_PER_SECOND).stuck.cause, STUCK_SILENCE);
    send(&t, S, ACK, 101, 301, 100);
    expect_states(&t, SIDE_CLOSED, SIDE_ESTABLISHED);
    assert_int_equal(outcome_after(&t, 9 * NS_PER_SECOND).stuck.cause, STUCK_NOT);
    assert_int_equal(outcome_after(&t, 0).handshake, HANDSHAKE_COMPLETE);
    finish(&t);
}

static void unanswered_syn(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 0);
    for (unsigned i = 0; i < 4; i++)
        send(&t, C, SYN, 0, 0, 0);
    struct tcp_record r = outcome_after(&t, 10 * NS_PER_SECOND);
    assert_int_equal(r.teardown, TEARDOWN_UNANSWERED);
    assert_int_equal(r.handshake, HANDSHAKE_SYN_ONLY);
    assert_int_equal(r.stuck.cause, STUCK_UNANSWERED);
    assert_int_equal(r.stuck.attempts, 3);
    assert_int_equal(r.ends[CLIENT].unacked, 0);
    assert_true(r.rtt[SERVER] < 0);
    finish(&t);
}

static void reset_in_data(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 200);
    send(&t, S, RST | ACK, 1, 1, 0);
    expect_states(&t, SIDE_CLOSED, SIDE_CLOSED);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.teardown, TEARDOWN_RESET);
    assert_int_equal(r.reset_by, SERVER);
    assert_int_equal(r.reset_phase, RESET_IN_DATA);
    assert_int_equal(r.reset_frame, 5);
    assert_int_equal(r.ends[CLIENT].unacked, 0);
    assert_int_equal(r.ends[CLIENT].unacked_at_reset, 200);
    assert_int_equal(r.stuck.cause, STUCK_NOT);
    finish(&t);
}

/* RFC 5961: only the next expected number resets; in the window or out of it is not enough. */
static void reset_that_nobody_accepts(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, S, ACK, 1, 1, 100);
    send(&t, C, ACK, 1, 101, 0);
    send(&t, S, RST, 50000, 0, 0);      /* in the window */
    send(&t, S, RST, 0x70000000, 0, 0); /* out of it */
    send(&t, S, RST, 50, 0, 0);         /* acknowledged long ago */
    expect_states(&t, SIDE_ESTABLISHED, SIDE_ESTABLISHED);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.teardown, TEARDOWN_OPEN);
    assert_int_equal(r.ends[SERVER].rst, 3);
    send(&t, S, RST, 101, 0, 0);
    expect_states(&t, SIDE_CLOSED, SIDE_CLOSED);
    finish(&t);
}

/* A client closes, the server's last words meet a closed socket (shared push servers do that). */
static void reset_after_close(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 0);
    send(&t, S, ACK, 1, 1, 37);
    send(&t, C, RST, 1, 0, 0);
    send(&t, S, FIN | ACK, 38, 2, 0);
    send(&t, C, RST, 2, 0, 0);
    expect_states(&t, SIDE_CLOSED, SIDE_CLOSED);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.teardown, TEARDOWN_RESET);
    assert_int_equal(r.reset_phase, RESET_IN_CLOSING);
    assert_int_equal(r.closed_by, CLOSED_BY_CLIENT);
    assert_int_equal(r.ends[CLIENT].rst, 2);
    finish(&t);
}

static void reset_ends_time_wait_only(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 0);
    send(&t, S, FIN | ACK, 1, 2, 0);
    send(&t, C, ACK, 2, 2, 0);
    expect_states(&t, SIDE_TIME_WAIT, SIDE_CLOSED);
    send(&t, S, RST, 2, 0, 0);
    expect_states(&t, SIDE_CLOSED, SIDE_CLOSED);
    assert_int_equal(outcome_after(&t, 0).teardown, TEARDOWN_GRACEFUL);
    finish(&t);
}

static void keep_alives(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 10);
    send(&t, S, ACK, 1, 11, 0);
    send(&t, C, ACK, 10, 1, 0); /* without a byte */
    send(&t, S, ACK, 1, 11, 0);
    send(&t, C, ACK, 10, 1, 1); /* with a byte of garbage, as old stacks do */
    send(&t, S, ACK, 1, 11, 0);
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.ends[CLIENT].keepalives, 2);
    assert_int_equal(r.ends[CLIENT].bytes, 10);
    assert_int_equal(r.ends[CLIENT].retransmits, 0);
    assert_int_equal(r.ends[SERVER].dup_acks, 0);
    assert_int_equal(r.stuck.cause, STUCK_NOT);
    for (unsigned i = 0; i < 5; i++)
        send(&t, C, ACK, 10, 1, 0);
    r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.stuck.cause, STUCK_UNANSWERED);
    assert_int_equal(r.stuck.attempts, 5);
    assert_int_equal(r.ends[CLIENT].unacked, 0);
    finish(&t);
}

/* The sender's kernel says what a capture that began too late can't show. */
/* One byte is no keep-alive where it is the one that is missing. */
static void a_byte_whose_acknowledgment_came_first(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 1);
    send(&t, S, ACK, 1, 3, 0);
    send(&t, C, ACK, 2, 1, 1);
    struct tcp_record tcp = outcome_after(&t, 9 * NS_PER_SECOND);
    assert_int_equal(tcp.ends[CLIENT].keepalives, 0);
    assert_int_equal(tcp.ends[CLIENT].bytes, 2);
    assert_int_equal(tcp.stuck.cause, STUCK_NOT);
    send(&t, C, ACK, 2, 1, 1); /* but the next one is */
    tcp = outcome_after(&t, 0);
    assert_int_equal(tcp.ends[CLIENT].keepalives, 1);
    assert_int_equal(tcp.ends[CLIENT].bytes, 2);
    finish(&t);
}

static void marked_retransmissions(void **state)
{
    (void)state;
    static const struct {
        unsigned flags;
        uint32_t length;
    } cases[] = {{ACK, 37}, {FIN | ACK, 0}, {FIN | ACK, 37}, {SYN, 0}};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (unsigned marked = 0; marked < 2; marked++) {
            struct talk t = begin_at(1000, 500000);
            t.marks = marked ? MARK_RETRANSMISSION : 0;
            send(&t, C, cases[i].flags, 50, 1, cases[i].length);
            send(&t, C, cases[i].flags, 50, 1, cases[i].length);
            struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
            assert_int_equal(r.ends[CLIENT].marked_retransmits, 2 * marked);
            assert_int_equal(r.ends[CLIENT].retransmits, 1 + marked);
            assert_int_equal(r.stuck.cause, STUCK_UNANSWERED);
            assert_int_equal(r.stuck.attempts, 1 + marked);
            finish(&t);
        }
}

static void marked_syn_tells_no_round_trip(void **state)
{
    (void)state;
    struct talk t = begin_at(1000, 500000);
    t.marks = MARK_RETRANSMISSION;
    send(&t, C, SYN, 0, 0, 0);
    t.marks = 0;
    send(&t, S, SYN | ACK, 0, 1, 0);
    send(&t, C, ACK, 1, 1, 0);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.rtt[SERVER], -1); /* RFC 6298 section 3: which one was answered? */
    assert_int_equal(r.rtt[CLIENT], NS_PER_SECOND / 10);
    finish(&t);
}

/* The first thing seen is a keep-alive: the next byte is the one behind it. */
static void marked_keep_alive(void **state)
{
    (void)state;
    struct talk t = begin_at(1000, 500000);
    t.marks = MARK_KEEPALIVE;
    send(&t, C, ACK, 10, 1, 0);
    t.marks = 0;
    send(&t, S, ACK, 1, 11, 0);
    send(&t, C, ACK, 11, 1, 5);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.ends[CLIENT].keepalives, 1);
    assert_int_equal(r.ends[CLIENT].marked_keepalives, 1);
    assert_int_equal(r.ends[CLIENT].bytes, 5);
    assert_int_equal(r.ends[CLIENT].gap_bytes, 0);
    assert_int_equal(r.ends[CLIENT].unacked, 5);
    finish(&t);
}

static void window_closed(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 1000);
    t.window[S] = 0;
    send(&t, S, ACK, 1, 1001, 0);
    nanotime since = t.now;
    for (unsigned i = 0; i < 3; i++) {
        send(&t, C, ACK, 1000, 1, 0); /* as Linux probes */
        send(&t, S, ACK, 1, 1001, 0);
    }
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.stuck.cause, STUCK_WINDOW_CLOSED);
    assert_int_equal(r.stuck.end, CLIENT);
    assert_int_equal(r.stuck.since, since);
    assert_int_equal(r.stuck.attempts, 3);
    assert_int_equal(r.ends[SERVER].zero_windows, 4);
    assert_int_equal(r.ends[CLIENT].window_probes, 3);
    assert_int_equal(r.ends[CLIENT].keepalives, 0);
    t.window[S] = 1000;
    send(&t, S, ACK, 1, 1001, 0);
    assert_int_equal(outcome_after(&t, 60 * NS_PER_SECOND).stuck.cause, STUCK_NOT);
    finish(&t);
}

/* BSD probes with one new byte, again and again. */
static void window_probed_with_data(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 1000);
    t.window[S] = 0;
    send(&t, S, ACK, 1, 1001, 0);
    for (unsigned i = 0; i < 4; i++) {
        send(&t, C, ACK, 1001, 1, 1);
        send(&t, S, ACK, 1, 1001, 0);
    }
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.stuck.cause, STUCK_WINDOW_CLOSED);
    assert_int_equal(r.ends[CLIENT].unacked, 1);
    finish(&t);
}

static void duplicate_acks(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 106);
    for (unsigned i = 0; i < 4; i++) {
        send(&t, C, FIN | ACK, 1, 1, 106);
        send(&t, S, ACK, 1, 1, 0);
    }
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.stuck.cause, STUCK_DUPLICATE_ACKS);
    assert_int_equal(r.stuck.attempts, 4);
    assert_int_equal(r.ends[SERVER].dup_acks, 4);
    for (unsigned i = 0; i < 4; i++)
        send(&t, C, FIN | ACK, 1, 1, 106);
    assert_int_equal(outcome_after(&t, 60 * NS_PER_SECOND).stuck.cause, STUCK_UNANSWERED);
    finish(&t);
}

/* The capture has the acknowledgments, the client has not: its own filter drops them. */
static void answers_lost(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 106);
    nanotime since = t.now;
    send(&t, S, ACK, 1, 108, 0);
    expect_states(&t, SIDE_FIN_WAIT_2, SIDE_CLOSE_WAIT);
    send(&t, C, FIN | ACK, 1, 1, 106); /* may have crossed */
    send(&t, S, ACK, 1, 108, 0);
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.ends[CLIENT].state, SIDE_FIN_WAIT_2);
    assert_int_equal(r.stuck.cause, STUCK_NOT);
    for (unsigned i = 0; i < 3; i++) {
        send(&t, C, FIN | ACK, 1, 1, 106);
        send(&t, S, ACK, 1, 108, 0);
    }
    r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.ends[CLIENT].state, SIDE_FIN_WAIT_1);
    assert_int_equal(r.ends[CLIENT].since, since);
    assert_int_equal(r.ends[CLIENT].unacked, 106);
    assert_int_equal(r.ends[SERVER].state, SIDE_CLOSE_WAIT);
    assert_int_equal(r.stuck.cause, STUCK_ANSWERS_LOST);
    assert_int_equal(r.stuck.since, since);
    assert_int_equal(r.stuck.attempts, 4);
    assert_int_equal(r.stuck.first_frame, 4);
    finish(&t);
}

/* After a reset what was still under way proves nothing of the sort. */
/* A segment that was captured a second time, behind its acknowledgment, was sent sooner than by any
 * timer: with one real retransmission it makes no two. */
static void captured_twice_around_the_answer(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 100);
    t.now -= NS_PER_SECOND / 10 - NS_PER_SECOND / 100;
    send(&t, S, ACK, 1, 101, 0);
    t.now -= NS_PER_SECOND / 10 - NS_PER_SECOND / 100;
    send(&t, C, ACK, 1, 1, 100);
    t.now += NS_PER_SECOND;
    send(&t, C, ACK, 1, 1, 100);
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.ends[CLIENT].retransmits, 2);
    assert_int_equal(r.ends[CLIENT].unacked, 0);
    assert_int_equal(r.stuck.cause, STUCK_NOT);
    finish(&t);
}

static void resends_after_a_reset(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 100);
    send(&t, S, ACK, 1, 101, 0);
    send(&t, S, RST, 1, 0, 0);
    for (unsigned i = 0; i < 5; i++)
        send(&t, C, ACK, 1, 1, 100);
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.ends[CLIENT].state, SIDE_CLOSED);
    assert_int_equal(r.ends[CLIENT].unacked, 0);
    assert_int_equal(r.stuck.cause, STUCK_NOT);
    finish(&t);
}

/* The first thing seen of an end may be the acknowledgment that some stacks send before a SYN-ACK.
 */
static void an_end_joins_after_a_lone_acknowledgment(void **state)
{
    (void)state;
    for (unsigned syn_ack = 0; syn_ack < 2; syn_ack++) {
        struct talk t = begin_at(5, 9);
        send(&t, C, SYN, 0, 0, 0);
        send(&t, S, ACK, 1, 1, 0);
        expect_states(&t, SIDE_SYN_SENT, SIDE_CLOSED);
        if (syn_ack) { /* with whatever number */
            send(&t, S, SYN | ACK, 70000, 1, 0);
            send(&t, C, ACK, 1, 70001, 0);
            assert_int_equal(t.tcp.ends[C].state, SIDE_ESTABLISHED);
        } else {
            send(&t, S, ACK, 1, 1, 100);
        }
        assert_int_equal(t.tcp.ends[S].state, SIDE_ESTABLISHED);
        finish(&t);
    }
}

/* An end that goes on has got what acknowledged its bytes, however often it had sent them. */
static void answers_that_came_late(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 100);
    send(&t, S, ACK, 1, 101, 0);
    for (unsigned i = 0; i < 5; i++)
        send(&t, C, ACK, 1, 1, 100);
    assert_int_equal(outcome_after(&t, 0).ends[CLIENT].unacked, 100);
    send(&t, C, ACK, 101, 1, 50);
    assert_int_equal(outcome_after(&t, 0).ends[CLIENT].unacked, 50);
    send(&t, S, ACK, 1, 151, 10);
    for (unsigned i = 0; i < 5; i++)
        send(&t, C, ACK, 101, 1, 50);
    send(&t, C, ACK, 151, 11, 0); /* acknowledges what came with the acknowledgment */
    struct tcp_record r = outcome_after(&t, 60 * NS_PER_SECOND);
    assert_int_equal(r.ends[CLIENT].unacked, 0);
    assert_int_equal(r.stuck.cause, STUCK_NOT);
    finish(&t);
}

/* A capture that begins in the middle begins with a segment that was overtaken. Each byte counts
 * once, and what the peer acknowledges first tells what it has. */
static void joined_at_what_was_sent_second(void **state)
{
    (void)state;
    struct talk t = begin_at(0, 0);
    send(&t, C, ACK, 140, 1, 24);
    send(&t, C, ACK, 101, 1, 39);
    send(&t, S, ACK, 1, 101, 0);
    struct tcp_record tcp = outcome_after(&t, 0);
    assert_int_equal(tcp.ends[CLIENT].bytes, 63);
    assert_int_equal(tcp.ends[CLIENT].unacked, 63);
    assert_int_equal(tcp.ends[CLIENT].out_of_order, 1);
    assert_int_equal(tcp.ends[CLIENT].retransmits, 0);
    send(&t, C, ACK, 121, 1, 43);
    send(&t, C, ACK, 91, 1, 20);
    tcp = outcome_after(&t, 0);
    assert_int_equal(tcp.ends[CLIENT].bytes, 73);
    assert_int_equal(tcp.ends[CLIENT].unacked, 63);
    assert_int_equal(tcp.ends[CLIENT].retransmits, 2);
    finish(&t);
}

/* The same before the peer has said anything. */
static void joined_at_what_nobody_has_acknowledged(void **state)
{
    (void)state;
    struct talk t = begin_at(0, 0);
    send(&t, C, FIN | ACK, 140, 1, 0);
    send(&t, C, ACK, 101, 1, 39);
    struct tcp_record tcp = outcome_after(&t, 0);
    assert_int_equal(tcp.ends[CLIENT].bytes, 39);
    assert_int_equal(tcp.ends[CLIENT].unacked, 39);
    finish(&t);
}

/* Either end may come first: the client has sent 222 bytes that the server has not got. */
static void joined_with_bytes_on_their_way(void **state)
{
    (void)state;
    for (unsigned swapped = 0; swapped < 2; swapped++) {
        struct talk t = begin_at(0, 0);
        if (swapped)
            send(&t, C, ACK, 785, 136, 0);
        send(&t, S, FIN | ACK, 135, 563, 0);
        if (!swapped)
            send(&t, C, ACK, 785, 136, 0);
        assert_int_equal(outcome_after(&t, 0).ends[CLIENT].unacked, 222);
        send(&t, S, ACK, 136, 785, 0);
        assert_int_equal(outcome_after(&t, 0).ends[CLIENT].unacked, 0);
        finish(&t);
    }
}

static void silence(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 1, 1, 106);
    assert_int_equal(outcome_after(&t, NS_PER_SECOND).stuck.cause, STUCK_NOT);
    assert_int_equal(outcome_after(&t, 60 * NS_PER_SECOND).stuck.cause, STUCK_SILENCE);
    finish(&t);
}

static void reordering_is_no_retransmission(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 101, 1, 100);
    send(&t, C, ACK, 1, 1, 100);
    send(&t, S, ACK, 1, 201, 0);
    send(&t, C, ACK, 1, 1, 100);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.ends[CLIENT].out_of_order, 1);
    assert_int_equal(r.ends[CLIENT].retransmits, 1);
    assert_int_equal(r.ends[CLIENT].bytes, 200);
    finish(&t);
}

/* The capture saw the acknowledgment before the data, or never the data. */
static void acknowledged_before_seen(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, S, ACK, 1, 301, 0);
    send(&t, C, ACK, 1, 1, 100);
    send(&t, C, ACK, 301, 1, 50);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.ends[CLIENT].bytes, 150);
    assert_int_equal(r.ends[CLIENT].unacked, 50);
    reasm_flush(&t.tcp.ends[C].reasm, &nowhere);
    assert_int_equal(outcome_after(&t, 0).ends[CLIENT].gap_bytes, 200);
    finish(&t);
}

/* What comes behind bytes that were acknowledged, and that the capture misses, does not wait for
 * them for long. */
static void missing_bytes_are_given_up(void **state)
{
    (void)state;
    struct talk t = connected();
    const struct reasm *reasm = &t.tcp.ends[C].reasm;
    send(&t, C, ACK, 101, 1, 50);
    send(&t, S, ACK, 1, 151, 0);
    send(&t, C, ACK, 151, 1, 0);
    assert_non_null(reasm->held);
    t.now += LIMIT_REASM_PATIENCE_S * NS_PER_SECOND;
    send(&t, C, ACK, 151, 1, 0);
    assert_null(reasm->held);
    assert_int_equal(reasm->gap_bytes, 100);
    finish(&t);
}

static void forged_data_far_ahead_changes_nothing(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, ACK, 0x20000000, 1, 100);
    send(&t, C, FIN | ACK, 0x20000000, 1, 100);
    struct tcp_record r = outcome_after(&t, 0);
    assert_int_equal(r.ends[CLIENT].unacked, 0);
    assert_int_equal(r.ends[CLIENT].state, SIDE_ESTABLISHED);
    finish(&t);
}

static void syn_sent_again_is_the_same(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 9);
    send(&t, C, SYN, 0, 0, 0);
    assert_int_equal(send(&t, C, SYN, 0, 0, 0), TCP_BELONGS);
    send(&t, S, SYN | ACK, 0, 1, 0);
    assert_int_equal(send(&t, S, SYN | ACK, 0, 1, 0), TCP_BELONGS);
    send(&t, C, ACK, 1, 1, 0);
    assert_int_equal(send(&t, C, SYN, 0, 0, 0), TCP_BELONGS);
    expect_states(&t, SIDE_ESTABLISHED, SIDE_ESTABLISHED);
    assert_true(outcome_after(&t, 0).rtt[SERVER] < 0); /* which SYN was answered? */
    finish(&t);
}

static void syn_after_the_end_is_a_new_connection(void **state)
{
    (void)state;
    struct talk t = connected();
    send(&t, C, FIN | ACK, 1, 1, 0);
    send(&t, S, FIN | ACK, 1, 2, 0);
    send(&t, C, ACK, 2, 2, 0);
    assert_int_equal(send(&t, S, FIN | ACK, 1, 2, 0), TCP_BELONGS); /* a stray */
    assert_int_equal(send(&t, C, SYN, 100000, 0, 0), TCP_ANEW);
    finish(&t);
}

/* A SYN with another number on a live connection is judged by its answer (RFC 5961 section 4). */
static void syn_on_a_live_connection(void **state)
{
    (void)state;
    struct talk t = connected();
    assert_int_equal(send(&t, C, SYN, 100000, 0, 0), TCP_PENDING);
    assert_int_equal(send(&t, S, ACK, 1, 1, 0), TCP_BELONGS); /* a challenge: the same goes on */
    expect_states(&t, SIDE_ESTABLISHED, SIDE_ESTABLISHED);
    struct segment answer = segment_of(&t, S, SYN | ACK, 900000, 100001, 0);
    assert_int_equal(tcp_fate(&t.tcp, S, &answer, &t.pending), TCP_REPLACED);
    finish(&t);
}

static void client_retries_with_another_number(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 9);
    send(&t, C, SYN, 0, 0, 0);
    assert_int_equal(send(&t, C, SYN, 70000, 0, 0), TCP_BELONGS);
    send(&t, S, SYN | ACK, 0, 70001, 0);
    send(&t, C, ACK, 70001, 1, 0);
    expect_states(&t, SIDE_ESTABLISHED, SIDE_ESTABLISHED);
    assert_int_equal(outcome_after(&t, 0).ends[CLIENT].unacked, 0);
    finish(&t);
}

/* The SYN comes after the SYN-ACK in the capture. */
static void reordered_handshake(void **state)
{
    (void)state;
    struct talk t = begin_at(5, 9);
    send(&t, S, SYN | ACK, 0, 1, 0);
    assert_int_equal(send(&t, C, SYN, 0, 0, 0), TCP_BELONGS);
    send(&t, C, ACK, 1, 1, 0);
    expect_states(&t, SIDE_ESTABLISHED, SIDE_ESTABLISHED);
    assert_int_equal(t.tcp.opener, C);
    assert_int_equal(outcome_after(&t, 0).handshake, HANDSHAKE_COMPLETE);
    finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake),
        cmocka_unit_test(graceful),
        cmocka_unit_test(graceful_by_server_in_three_segments),
        cmocka_unit_test(simultaneous_close),
        cmocka_unit_test(simultaneous_open),
        cmocka_unit_test(fin_unanswered),
        cmocka_unit_test(fin_unanswered_midstream),
        cmocka_unit_test(numbers_wrap_around),
        cmocka_unit_test(more_than_the_sequence_space),
        cmocka_unit_test(refused),
        cmocka_unit_test(not_refused_by_a_forged_reset),
        cmocka_unit_test(refused_with_data_in_the_syn),
        cmocka_unit_test(fin_after_its_own_ack),
        cmocka_unit_test(fin_after_the_fin_that_answers_it),
        cmocka_unit_test(a_capture_that_begins_with_the_fin_that_answers),
        cmocka_unit_test(simultaneous_close_with_an_ack_before_its_fin),
        cmocka_unit_test(simultaneous_close_with_the_first_fin_last),
        cmocka_unit_test(a_fin_again_before_its_answer_came),
        cmocka_unit_test(the_first_fin_last_after_a_reset),
        cmocka_unit_test(fin_after_a_forged_ack),
        cmocka_unit_test(one_direction_of_a_connection),
        cmocka_unit_test(answer_to_the_syn_missing),
        cmocka_unit_test(fin_with_a_syn_or_before_the_handshake),
        cmocka_unit_test(the_other_direction_of_a_connection),
        cmocka_unit_test(unanswered_syn),
        cmocka_unit_test(reset_in_data),
        cmocka_unit_test(reset_that_nobody_accepts),
        cmocka_unit_test(reset_after_close),
        cmocka_unit_test(reset_ends_time_wait_only),
        cmocka_unit_test(keep_alives),
        cmocka_unit_test(a_byte_whose_acknowledgment_came_first),
        cmocka_unit_test(marked_retransmissions),
        cmocka_unit_test(marked_syn_tells_no_round_trip),
        cmocka_unit_test(marked_keep_alive),
        cmocka_unit_test(window_closed),
        cmocka_unit_test(window_probed_with_data),
        cmocka_unit_test(duplicate_acks),
        cmocka_unit_test(answers_lost),
        cmocka_unit_test(answers_that_came_late),
        cmocka_unit_test(joined_at_what_was_sent_second),
        cmocka_unit_test(joined_with_bytes_on_their_way),
        cmocka_unit_test(joined_at_what_nobody_has_acknowledged),
        cmocka_unit_test(captured_twice_around_the_answer),
        cmocka_unit_test(resends_after_a_reset),
        cmocka_unit_test(an_end_joins_after_a_lone_acknowledgment),
        cmocka_unit_test(silence),
        cmocka_unit_test(reordering_is_no_retransmission),
        cmocka_unit_test(acknowledged_before_seen),
        cmocka_unit_test(missing_bytes_are_given_up),
        cmocka_unit_test(forged_data_far_ahead_changes_nothing),
        cmocka_unit_test(syn_sent_again_is_the_same),
        cmocka_unit_test(syn_after_the_end_is_a_new_connection),
        cmocka_unit_test(syn_on_a_live_connection),
        cmocka_unit_test(client_retries_with_another_number),
        cmocka_unit_test(reordered_handshake),
    };
    return cmocka_run_group_tests_name("tcp", tests, NULL, NULL);
}
