/* dialogue.c: two TCP ends that talk, lose and repeat packets, and part in every way there is. The
 * observer sits near the client. */
#include "dialogue.h"

#include <stdlib.h>

/* 1500 bytes less headers and 12 bytes of timestamps. */
enum { SEGMENT_IPV4 = 1448, SEGMENT_IPV6 = 1428 };

/* In a thousand. Together they touch a few per cent of the packets. */
enum { RETRANSMIT = 18, LATE = 60, SWAP = 60 };

/* A connection in progress. */
struct talk {
    struct dialogue *dialogue;
    struct disorder *disorder;
    struct random *random;
    bool orderly;
    uint32_t segment; /* payload of a full one */
    int64_t now, round_trip;
    unsigned last_speaker;
    uint32_t sent[2];  /* next sequence number of each end, from its initial one */
    uint32_t taken[2]; /* what each end has received in order of the other's */
    bool owes_ack[2];
};

static struct step *append(struct dialogue *dialogue)
{
    if (dialogue->count == dialogue->room) {
        dialogue->room = dialogue->room ? 2 * dialogue->room : 64;
        dialogue->steps = realloc(dialogue->steps, dialogue->room * sizeof dialogue->steps[0]);
        bench_need(dialogue->steps, "no memory");
    }
    return &dialogue->steps[dialogue->count++];
}

static void pass(struct talk *talk, int64_t low, int64_t high)
{
    talk->now += random_between(talk->random, (uint32_t)low, (uint32_t)high);
}

/* What the other end says comes a round trip later, if that is the far one. */
static void speak(struct talk *talk, unsigned from)
{
    if (from != talk->last_speaker)
        talk->now += from == BY_SERVER ? talk->round_trip : 300 * BENCH_MICROSECOND;
    talk->last_speaker = from;
    pass(talk, 8, 60);
}

static struct step *send(struct talk *talk, unsigned from, unsigned flags)
{
    struct step *step = append(talk->dialogue);
    *step = (struct step){.time = talk->now,
                          .seq = talk->sent[from],
                          .ack = talk->taken[from],
                          .from = (uint8_t)from,
                          .flags = (uint8_t)flags};
    talk->owes_ack[from] = false;
    return step;
}

static void acknowledge(struct talk *talk, unsigned from)
{
    speak(talk, from);
    talk->taken[from] = talk->sent[!from];
    send(talk, from, FLAG_ACK);
}

/* An acknowledgement that says again what the last one said, and names what arrived out of turn
 * (RFC 2018), or twice (RFC 2883). */
static void duplicate_ack(struct talk *talk, unsigned from, uint32_t left, uint32_t right)
{
    speak(talk, from);
    struct step *step = send(talk, from, FLAG_ACK);
    step->sack[0] = left;
    step->sack[1] = right;
    talk->disorder->duplicate_acks++;
}

static void send_part(struct talk *talk, unsigned from, const struct piece *piece, uint32_t at,
                      uint32_t base)
{
    uint32_t left = piece->length - at;
    bool last = left <= talk->segment;
    struct step *step = send(talk, from, last ? FLAG_ACK | FLAG_PSH : FLAG_ACK);
    step->piece = piece;
    step->at = at;
    step->length = last ? left : talk->segment;
    step->seq = base + at;
}

/* All of a piece in order, the receiver acknowledging every second segment, or each. */
static void send_in_order(struct talk *talk, unsigned from, const struct piece *piece, bool eager)
{
    uint32_t base = talk->sent[from];
    for (uint32_t at = 0, n = 1; at < piece->length; n++) {
        speak(talk, from);
        send_part(talk, from, piece, at, base);
        at = at + talk->segment < piece->length ? at + talk->segment : piece->length;
        talk->sent[from] = base + at;
        if (at < piece->length && (eager || n % 2 == 0)) {
            acknowledge(talk, !from);
            /* More was on its way meanwhile: no round trip. */
            talk->last_speaker = from;
        }
    }
}

/* One segment overtakes the one before it. */
static void send_swapped(struct talk *talk, unsigned from, const struct piece *piece)
{
    uint32_t first = talk->dialogue->count;
    uint32_t base = talk->sent[from];
    speak(talk, from);
    for (uint32_t at = 0; at < piece->length; at += talk->segment) {
        pass(talk, 8, 60);
        send_part(talk, from, piece, at, base);
    }
    talk->sent[from] = base + piece->length;
    uint32_t parts = talk->dialogue->count - first;
    struct step *a = &talk->dialogue->steps[first + random_below(talk->random, parts - 1)];
    struct step swapped = a[0];
    int64_t earlier = a[0].time, later = a[1].time;
    a[0] = a[1];
    a[1] = swapped;
    a[0].time = earlier;
    a[1].time = later;
    talk->disorder->swapped++;
}

/* One segment is lost before the observer; what comes behind it is answered with duplicate
 * acknowledgements, and then it is sent again. */
static void send_late(struct talk *talk, unsigned from, const struct piece *piece)
{
    uint32_t base = talk->sent[from];
    uint32_t parts = (piece->length + talk->segment - 1) / talk->segment;
    uint32_t lost = random_below(talk->random, parts - 1);
    for (uint32_t i = 0; i < parts; i++) {
        if (i == lost)
            continue;
        speak(talk, from);
        send_part(talk, from, piece, i * talk->segment, base);
        if (i < lost) {
            talk->sent[from] = base + (i + 1) * talk->segment;
            continue;
        }
        /* The receiver has all before the hole, and says so again and again. */
        talk->taken[!from] = base + lost * talk->segment;
        uint32_t end = i + 1 < parts ? (i + 1) * talk->segment : piece->length;
        duplicate_ack(talk, !from, base + (lost + 1) * talk->segment, base + end);
        talk->last_speaker = from;
    }
    talk->now += talk->round_trip;
    send_part(talk, from, piece, lost * talk->segment, base);
    talk->sent[from] = base + piece->length;
    talk->disorder->late++;
    acknowledge(talk, !from);
}

/* The last segment comes once more, since its acknowledgement was lost or late. */
static void retransmit_last(struct talk *talk, unsigned from)
{
    struct step last = talk->dialogue->steps[talk->dialogue->count - 1];
    acknowledge(talk, !from);
    pass(talk, 200 * BENCH_MILLISECOND, 260 * BENCH_MILLISECOND);
    last.time = talk->now;
    *append(talk->dialogue) = last;
    talk->disorder->retransmitted++;
    duplicate_ack(talk, !from, last.seq, last.seq + last.length);
}

/* One end sends a piece; whether its receiver acknowledges it at once or with its own next data is
 * left to chance. */
static void say(struct talk *talk, unsigned from, const struct piece *piece, bool eager)
{
    bool calm = talk->orderly;
    bool several = piece->length > talk->segment;
    talk->owes_ack[!from] = true;
    if (!calm && several && random_chance(talk->random, LATE)) {
        send_late(talk, from, piece);
        return;
    }
    if (!calm && several && random_chance(talk->random, SWAP))
        send_swapped(talk, from, piece);
    else
        send_in_order(talk, from, piece, eager);
    if (!calm && random_chance(talk->random, RETRANSMIT)) {
        retransmit_last(talk, from);
        return;
    }
    if (random_chance(talk->random, 400))
        acknowledge(talk, !from);
    else
        talk->taken[!from] = talk->sent[from];
}

static void settle(struct talk *talk)
{
    for (unsigned end = 0; end < 2; end++)
        if (talk->owes_ack[end])
            acknowledge(talk, end);
}

static void open_connection(struct talk *talk)
{
    talk->last_speaker = BY_CLIENT;
    send(talk, BY_CLIENT, FLAG_SYN);
    talk->sent[BY_CLIENT] = 1;
    talk->taken[BY_SERVER] = 1;
    speak(talk, BY_SERVER);
    send(talk, BY_SERVER, FLAG_SYN | FLAG_ACK);
    talk->sent[BY_SERVER] = 1;
    talk->taken[BY_CLIENT] = 1;
    speak(talk, BY_CLIENT);
    send(talk, BY_CLIENT, FLAG_ACK);
}

/* FIN, on a segment of its own behind the goodbye or on the goodbye itself. */
static struct step *send_fin(struct talk *talk, unsigned from, const struct piece *goodbye)
{
    if (goodbye && random_chance(talk->random, 500)) {
        send_in_order(talk, from, goodbye, false);
        goodbye = NULL;
    }
    speak(talk, from);
    struct step *fin = send(talk, from, FLAG_FIN | FLAG_ACK);
    if (goodbye) {
        fin->flags |= FLAG_PSH;
        fin->piece = goodbye;
        fin->length = goodbye->length;
        talk->sent[from] += goodbye->length;
    }
    talk->sent[from]++;
    return fin;
}

/* A packet again and again, each time after twice as long. */
static void repeat(struct talk *talk, struct step packet, unsigned times, int64_t wait)
{
    for (unsigned i = 0; i < times; i++) {
        talk->now += wait << i;
        packet.time = talk->now;
        *append(talk->dialogue) = packet;
    }
    talk->disorder->retransmitted += times;
}

static void keep_alive(struct talk *talk)
{
    unsigned end = random_below(talk->random, 2);
    for (unsigned n = random_below(talk->random, 4); n > 0; n--) {
        pass(talk, 5 * BENCH_SECOND, 30 * BENCH_SECOND);
        speak(talk, end);
        send(talk, end, FLAG_ACK)->seq--; /* RFC 9293 section 3.8.4 */
        talk->disorder->keepalives++;
        acknowledge(talk, !end);
    }
}

static void close_gracefully(struct talk *talk, unsigned by, const struct piece *const goodbye[2])
{
    send_fin(talk, by, goodbye[by]);
    if (random_chance(talk->random, 500))
        acknowledge(talk, !by);
    else
        talk->taken[!by] = talk->sent[by];
    send_fin(talk, !by, goodbye[!by]);
    acknowledge(talk, by);
}

/* Each end sends its FIN before it has the other's. */
static void close_at_once(struct talk *talk, const struct piece *const goodbye[2])
{
    uint32_t taken = talk->taken[BY_SERVER];
    send_fin(talk, BY_CLIENT, goodbye[BY_CLIENT]);
    talk->taken[BY_SERVER] = taken;
    talk->last_speaker = BY_SERVER; /* it was already under way */
    send_fin(talk, BY_SERVER, goodbye[BY_SERVER]);
    acknowledge(talk, BY_CLIENT);
    acknowledge(talk, BY_SERVER);
}

static void reset(struct talk *talk, unsigned by)
{
    speak(talk, by);
    send(talk, by, FLAG_RST | FLAG_ACK);
}

/* The client is gone when the server's goodbye arrives. */
static void reset_after_fin(struct talk *talk, const struct piece *const goodbye[2])
{
    send_fin(talk, BY_CLIENT, goodbye[BY_CLIENT]);
    acknowledge(talk, BY_SERVER);
    send_in_order(talk, BY_SERVER, goodbye[BY_SERVER], false);
    speak(talk, BY_CLIENT);
    send(talk, BY_CLIENT, FLAG_RST)->ack = 0;
}

static void fin_unanswered(struct talk *talk, unsigned by, const struct piece *const goodbye[2])
{
    struct step again = *send_fin(talk, by, goodbye[by]);
    if (goodbye[by] && !again.piece) {
        /* What went out as two segments is repeated as one. */
        again.piece = goodbye[by];
        again.length = goodbye[by]->length;
        again.seq -= again.length;
        again.flags |= FLAG_PSH;
    }
    repeat(talk, again, random_between(talk->random, 3, 6), 250 * BENCH_MILLISECOND);
}

/* The server has the client's FIN, and its own goes unanswered. */
static void last_fin_unanswered(struct talk *talk, const struct piece *const goodbye[2])
{
    send_fin(talk, BY_CLIENT, goodbye[BY_CLIENT]);
    acknowledge(talk, BY_SERVER);
    fin_unanswered(talk, BY_SERVER, goodbye);
}

static void half_close(struct talk *talk, unsigned by, const struct piece *const goodbye[2])
{
    send_fin(talk, by, goodbye[by]);
    acknowledge(talk, !by);
}

static void end_it(struct talk *talk, enum ending ending, const struct session *session)
{
    /* Some programs close without a word. */
    bool polite = session && (ending == RESET_AFTER_FIN || random_chance(talk->random, 800));
    const struct piece *const goodbye[2] = {polite ? &session->goodbye[BY_CLIENT] : NULL,
                                            polite ? &session->goodbye[BY_SERVER] : NULL};
    switch (ending) {
    case GRACEFUL_BY_CLIENT:
    case GRACEFUL_BY_SERVER:
        close_gracefully(talk, ending == GRACEFUL_BY_CLIENT ? BY_CLIENT : BY_SERVER, goodbye);
        break;
    case GRACEFUL_BY_BOTH:
        close_at_once(talk, goodbye);
        break;
    case RESET_BY_CLIENT:
    case RESET_BY_SERVER:
    case RESET_IN_TLS_HANDSHAKE:
        reset(talk, ending == RESET_BY_CLIENT ? BY_CLIENT : BY_SERVER);
        break;
    case RESET_AFTER_FIN:
        reset_after_fin(talk, goodbye);
        break;
    case FIN_UNANSWERED_BY_CLIENT:
    case FIN_UNANSWERED_BY_SERVER:
        fin_unanswered(talk, ending == FIN_UNANSWERED_BY_CLIENT ? BY_CLIENT : BY_SERVER, goodbye);
        break;
    case HALF_CLOSED_BY_CLIENT:
    case HALF_CLOSED_BY_SERVER:
        half_close(talk, ending == HALF_CLOSED_BY_CLIENT ? BY_CLIENT : BY_SERVER, goodbye);
        break;
    case LAST_FIN_UNANSWERED:
        last_fin_unanswered(talk, goodbye);
        break;
    case IDLE_OPEN:
        if (!talk->orderly)
            keep_alive(talk);
        break;
    case REFUSED:
    case UNANSWERED:
        break; /* there is nothing to end */
    }
}

/* A SYN that gets no connection. */
static void knock_in_vain(struct talk *talk, enum ending ending)
{
    struct step syn = *send(talk, BY_CLIENT, FLAG_SYN);
    talk->sent[BY_CLIENT] = talk->taken[BY_SERVER] = 1;
    if (ending == UNANSWERED) {
        repeat(talk, syn, random_below(talk->random, 5), BENCH_SECOND);
        return;
    }
    speak(talk, BY_SERVER);
    send(talk, BY_SERVER, FLAG_RST | FLAG_ACK);
}

static void talk_of_business(struct talk *talk, const struct course *course)
{
    const struct session *session = course->session;
    for (unsigned i = 0; i < course->exchanges; i++) {
        pass(talk, 30 * BENCH_MILLISECOND, 1500 * BENCH_MILLISECOND);
        unsigned first = random_below(talk->random, 2);
        say(talk, first, &session->app[first][random_below(talk->random, APP_PIECES)], false);
        say(talk, !first, &session->app[!first][random_below(talk->random, APP_PIECES)], false);
    }
    for (unsigned i = 0; i < course->bulk_count; i++) {
        pass(talk, 20 * BENCH_MILLISECOND, 1500 * BENCH_MILLISECOND);
        say(talk, BY_SERVER, course->bulk, random_chance(talk->random, 950));
    }
}

void dialogue_tcp(struct dialogue *dialogue, struct disorder *disorder, struct random *random,
                  const struct course *course)
{
    struct talk talk = {.dialogue = dialogue,
                        .disorder = disorder,
                        .random = random,
                        .orderly = course->orderly,
                        .segment = dialogue->parties.ipv6 ? SEGMENT_IPV6 : SEGMENT_IPV4};
    talk.round_trip = random_between(random, 8 * BENCH_MILLISECOND, 90 * BENCH_MILLISECOND);
    if (course->ending == REFUSED || course->ending == UNANSWERED) {
        knock_in_vain(&talk, course->ending);
        return;
    }
    open_connection(&talk);
    const struct session *session = course->session;
    unsigned flights = !session                                   ? 0
                       : course->ending == RESET_IN_TLS_HANDSHAKE ? 1
                                                                  : session->flights;
    for (unsigned i = 0; i < flights; i++)
        say(&talk, session->from[i], &session->flight[i], false);
    if (course->ending != RESET_IN_TLS_HANDSHAKE)
        talk_of_business(&talk, course);
    settle(&talk);
    pass(&talk, 5 * BENCH_MILLISECOND, 900 * BENCH_MILLISECOND);
    end_it(&talk, course->ending, session);
}

void dialogue_udp(struct dialogue *dialogue, int64_t time, unsigned from, const struct piece *piece,
                  uint32_t at, uint32_t length)
{
    *append(dialogue) = (struct step){
        .time = time, .piece = piece, .at = at, .length = length, .from = (uint8_t)from};
}

void dialogue_syn(struct dialogue *dialogue)
{
    *append(dialogue) = (struct step){.flags = FLAG_SYN};
}
