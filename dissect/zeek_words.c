/* zeek_words.c: see zeek_words.h. x is the end that sent a segment, y its peer. */
#include "zeek_words.h"

#include <ctype.h>

enum zeek_state { INACTIVE, RESET, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED };

/* Control bits that tell more of a segment than that the connection goes on. */
enum { FLAGS_TELLING = FLAG_SYN | FLAG_FIN | FLAG_RST };

/* The number of a RST this far from the others says nothing. */
enum { FAR = 1 << 20 };

/* Kinds of segment that stand in the history once, or again only with another number. */
enum kind {
    KIND_SYN = 1,
    KIND_FIN = 2,
    KIND_RST = 4,
    KIND_DATA = 8,
    KIND_ACK = 16,
    KIND_ODD = 32,
    KIND_FIN_RST = 64
};

/* What turns a letter of one end into that of the other. */
enum { OTHER_CASE = 'a' ^ 'A' };

static void add(struct zeek_words *words, unsigned from, char letter)
{
    if (words->count < ZEEK_HISTORY_MAX)
        words->letters[words->count++] = (char)(from == 0 ? letter : letter ^ OTHER_CASE);
}

/* Adds a letter once; tells whether it was there already. */
static inline bool add_once(struct zeek_words *words, unsigned from, enum kind kind, char letter)
{
    struct zeek_end *x = &words->ends[from];
    if (x->seen & kind)
        return true;
    x->seen |= (uint8_t)kind;
    add(words, from, letter);
    return false;
}

/* Letters of frequent events stand for the 1st, 10th, 100th, … */
static void add_scaled(struct zeek_words *words, unsigned from, uint32_t *count, char letter)
{
    uint32_t n = ++*count;
    while (n > 1 && n % 10 == 0)
        n /= 10;
    if (n == 1)
        add(words, from, letter);
}

/* Zeek starts an end's numbers anew with a SYN, unless the end has closed: then only is a SYN with
 * another number one more. */
static bool is_over(const struct zeek_end *x)
{
    return x->state == CLOSED || x->state == RESET;
}

static void history_plain(struct zeek_words *words, unsigned from, const struct segment *s)
{
    if (s->length)
        (void)add_once(words, from, KIND_DATA, 'D');
    else if (s->flags & FLAG_ACK)
        (void)add_once(words, from, KIND_ACK, 'A');
}

/* Of a segment with telling control bits. */
static void history_telling(struct zeek_words *words, unsigned from, const struct segment *s)
{
    struct zeek_rest *x = &words->rest[from];
    bool syn = s->flags & FLAG_SYN, fin = s->flags & FLAG_FIN, rst = s->flags & FLAG_RST;
    if (fin && rst) {
        (void)add_once(words, from, KIND_FIN_RST, 'I');
    } else if (syn + fin + rst > 1) {
        (void)add_once(words, from, KIND_ODD, 'Q');
    } else if (syn) {
        char letter = s->flags & FLAG_ACK ? 'H' : 'S';
        if (add_once(words, from, KIND_SYN, letter) && s->seq != x->last_syn &&
            is_over(&words->ends[from]))
            add(words, from, letter);
        x->last_syn = s->seq;
    } else if (fin) {
        if (add_once(words, from, KIND_FIN, 'F') && s->seq + s->length != x->last_fin)
            add(words, from, 'F');
        x->last_fin = s->seq + s->length;
    } else {
        if (add_once(words, from, KIND_RST, 'R') && s->seq != x->last_rst)
            add(words, from, 'R');
        x->last_rst = s->seq;
    }
}

static void enter(struct zeek_end *x, enum zeek_state state)
{
    if (x->state != state)
        x->before = x->state & 15;
    x->state = state & 15;
}

static void from_inactive(struct zeek_words *words, unsigned from, const struct segment *s)
{
    struct zeek_end *x = &words->ends[from], *y = &words->ends[!from];
    bool originator = from == words->first, ack = s->flags & FLAG_ACK;
    if (s->flags & FLAG_SYN) {
        if (originator && !(y->state == SYN_ACK_SENT && !ack)) {
            enter(x, ack ? SYN_ACK_SENT : SYN_SENT);
        } else {
            if (y->state == SYN_SENT)
                enter(y, ESTABLISHED);
            enter(x, ESTABLISHED);
        }
    }
    if (s->flags & FLAG_FIN)
        enter(x, CLOSED);
    if (s->flags & FLAG_RST)
        enter(x, RESET);
    if (x->state != INACTIVE)
        return;
    if (!originator && s->length == 0 && y->state == SYN_SENT)
        return; /* some stacks acknowledge a SYN before they answer it */
    enter(x, ack && y->state == ESTABLISHED ? ESTABLISHED : PARTIAL);
}

static void from_established(struct zeek_end *x, struct zeek_end *y, const struct segment *s)
{
    bool fin = s->flags & FLAG_FIN, rst = s->flags & FLAG_RST;
    if (s->flags & FLAG_SYN && !(s->flags & FLAG_ACK) && x->state == PARTIAL &&
        y->state == INACTIVE)
        enter(x, SYN_SENT);
    if (fin && !rst) {
        enter(x, CLOSED);
        if (y->state == RESET && y->before == CLOSED)
            enter(y, CLOSED); /* its FIN came before its RST: a normal end after all */
    }
    if (rst)
        enter(x, RESET);
}

static void step(struct zeek_words *words, unsigned from, const struct segment *s)
{
    struct zeek_end *x = &words->ends[from], *y = &words->ends[!from];
    switch ((enum zeek_state)x->state) {
    case INACTIVE:
        from_inactive(words, from, s);
        break;
    case SYN_SENT:
    case SYN_ACK_SENT:
        if (s->flags & FLAG_FIN)
            enter(x, CLOSED);
        if (s->flags & FLAG_RST)
            enter(x, RESET);
        break;
    case PARTIAL:
    case ESTABLISHED:
        from_established(x, y, s);
        break;
    case CLOSED:
        if (s->flags & FLAG_RST && y->state != CLOSED)
            enter(x, RESET);
        break;
    case RESET:
        break;
    }
}

/* The first segments of an end, up to one that moves its state. Where its numbers begin, and with
 * the first of all, who is the originator. */
static void begin(struct zeek_words *words, unsigned from, const struct segment *s)
{
    words->ends[from].last = s->flags & FLAG_SYN ? s->seq + 1 : s->seq;
    if (words->begun)
        return;
    words->begun = true;
    words->flipped = (s->flags & FLAG_SYN) && (s->flags & FLAG_ACK);
    words->first = (uint8_t)(words->flipped ? !from : from);
}

static void sequence(struct zeek_words *words, unsigned from, const struct segment *s)
{
    struct zeek_end *x = &words->ends[from];
    bool rst = s->flags & FLAG_RST;
    uint32_t end = s->seq + (rst ? 0 : s->length) + (s->flags & FLAG_SYN ? 1 : 0) +
                   (s->flags & FLAG_FIN ? 1 : 0);
    int32_t ahead = (int32_t)(end - x->last);
    if (x->state == RESET)
        return;
    if (rst) { /* its number is not believed, but with a reason as payload it may be one again */
        if (s->length && ahead <= 0 && ahead >= -FAR)
            add_scaled(words, from, &words->rest[from].retransmits, 'T');
        return;
    }
    if (ahead > 0)
        x->last = end;
    else if (s->length)
        add_scaled(words, from, &words->rest[from].retransmits, 'T');
    if (s->length)
        x->payload = true;
}

/* --- gaps --- */

static bool is_clean(const struct zeek_end *x)
{
    return x->state == ESTABLISHED || (x->state == CLOSED && x->before == ESTABLISHED);
}

/* A segment that the capture cut short is no data to Zeek: all of it is missing. */
static void note_cut(struct zeek_end *x, struct zeek_rest *rest, const struct segment *s)
{
    uint32_t seq = s->seq + (s->flags & FLAG_SYN ? 1 : 0);
    if (!x->cut)
        rest->cut_from = seq;
    x->cut = true;
    rest->cut_to = seq + s->length;
}

/* Each acknowledgment that reaches further into what is missing shows another gap. */
static void acknowledge_cut(struct zeek_words *words, unsigned end, uint32_t ack)
{
    struct zeek_end *x = &words->ends[end];
    struct zeek_rest *rest = &words->rest[end];
    if ((int32_t)(ack - rest->cut_from) <= 0)
        return;
    zeek_gap(words, end);
    x->cut = (int32_t)(ack - rest->cut_to) < 0;
    rest->cut_from = x->cut ? ack : 0;
    rest->cut_to = x->cut ? rest->cut_to : 0;
}

static bool goes_on(const struct zeek_end *x, uint32_t next)
{
    return x->state > RESET && x->last == next && !x->cut;
}

bool zeek_is_steady(const struct zeek_words *words, uint32_t next0, uint32_t next1)
{
    return goes_on(&words->ends[0], next0) && goes_on(&words->ends[1], next1);
}

void zeek_take_in_order(struct zeek_words *words, unsigned from, const struct segment *s)
{
    struct zeek_end *x = &words->ends[from];
    if (UNLIKELY(!(x->seen & (s->length ? KIND_DATA : KIND_ACK))))
        history_plain(words, from, s);
    x->last += s->length;
    x->payload |= s->length != 0;
}

void zeek_take(struct zeek_words *words, unsigned from, const struct segment *s)
{
    struct zeek_end *x = &words->ends[from], *y = &words->ends[!from];
    if (x->state == INACTIVE) /* what else there is to begin with lies in another cache line */
        begin(words, from, s);
    bool telling = s->flags & FLAGS_TELLING;
    if (telling)
        history_telling(words, from, s);
    else
        history_plain(words, from, s);
    if (s->window == 0 && !(s->flags & FLAG_RST) && y->state != CLOSED && x->state != RESET)
        add_scaled(words, from, &words->rest[from].zero_windows, 'W');
    sequence(words, from, s);
    if (telling || x->state == INACTIVE) /* nothing else moves a state */
        step(words, from, s);
    if (UNLIKELY(y->cut) && s->flags & FLAG_ACK)
        acknowledge_cut(words, !from, s->ack);
    if (UNLIKELY(s->payload.n < s->length) && !(s->flags & FLAG_RST))
        note_cut(x, &words->rest[from], s);
}

void zeek_corrupt(struct zeek_words *words, unsigned from)
{
    add_scaled(words, from, &words->rest[from].corrupt, 'C');
}

void zeek_gap(struct zeek_words *words, unsigned from)
{
    if (is_clean(&words->ends[from]) && is_clean(&words->ends[!from]))
        add_scaled(words, from, &words->rest[from].gaps, 'G');
}

/* Zeek's pattern: a SYN, then no SYN-ACK, ACK, FIN, gap or odd segment of the originator until its
 * RST. */
static bool is_syn_then_reset(const struct zeek_words *words, unsigned client)
{
    for (unsigned i = 0; i < words->count; i++) {
        unsigned char letter = (unsigned char)words->letters[i];
        bool from_client = (isupper(letter) != 0) == (client == 0);
        if (i == 0 && (!from_client || toupper(letter) != 'S'))
            return false;
        if (from_client && toupper(letter) == 'R')
            return true;
        if (from_client && strchr("HAFGIQ", toupper(letter)))
            return false;
    }
    return false;
}

const char *zeek_conn_state(const struct zeek_words *words, unsigned client)
{
    const struct zeek_end *o = &words->ends[client], *r = &words->ends[!client];
    bool o_absent = o->state == INACTIVE || o->state == PARTIAL;
    bool r_absent = r->state == INACTIVE || r->state == PARTIAL;
    if (r->state == RESET) {
        if (o->state == SYN_SENT || o->state == SYN_ACK_SENT ||
            (o->state == RESET && !o->payload && !r->payload))
            return "REJ";
        return o_absent ? "RSTRH" : "RSTR";
    }
    if (o->state == RESET)
        return !r_absent ? "RSTO" : is_syn_then_reset(words, client) ? "RSTOS0" : "OTH";
    if (r->state == CLOSED && o->state == CLOSED)
        return "SF";
    if (o->state == CLOSED)
        return r_absent ? "SH" : "S2";
    if (r->state == CLOSED)
        return o_absent ? "SHR" : "S3";
    if (o->state == SYN_SENT && r->state == INACTIVE)
        return "S0";
    if (o->state == ESTABLISHED && r->state == ESTABLISHED)
        return "S1";
    return "OTH";
}

void zeek_history(char *out, size_t size, const struct zeek_words *words, unsigned client)
{
    size_t n = 0, count = words->count;
    const char other_case = client == 0 ? 0 : OTHER_CASE;
    const bool flipped = words->flipped || (words->begun && words->first != client);
    char letters[ZEEK_HISTORY_MAX];
    for (size_t i = 0; i < sizeof letters; i++) /* all, several at once */
        letters[i] = (char)(words->letters[i] ^ other_case);
    if (size == 0)
        return;
    if (flipped && size > 1)
        out[n++] = '^';
    if (count > size - 1 - n)
        count = size - 1 - n;
    memcpy(out + n, letters, count);
    out[n + count] = '\0';
}
