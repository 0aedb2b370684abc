/* flow_pack.c: the words of struct flow, most of which are zero. Those that are times, frames and
 * sequence numbers are given relative to one another first, so that they are small, unless the
 * connection is over: most of those have a form of their own, and the others are few. */
#include "flow_pack.h"

#include "flow_over.h"

_Static_assert(offsetof(struct flow, recent) % sizeof(uint64_t) == 0, "a flow is whole words");
_Static_assert(FLOW_WORDS <= PACK_WORDS_MAX, "a flow is packed at once");
_Static_assert(FLOW_OVER_ROOM <= PACK_ROOM(FLOW_WORDS), "there is room for either form");
_Static_assert(TLS_OVER_ROOM <= PACK_ROOM(TLS_WORDS), "there is room for either form");

/* A flow's words are changed where they are. Those of what is not kept are for the time and the
 * frame that the caller knows. */
enum { TIME_AT = FLOW_WORDS, FRAME_AT, WORDS };
_Static_assert(WORDS * sizeof(uint64_t) <= sizeof(struct flow), "there is room for the two");

#define AT(field)     (offsetof(struct flow, field) / sizeof(uint64_t))
#define END(i, field) AT(tcp.ends[i].field)

/* A word, and one that it is near to. */
struct near {
    uint16_t at, base;
};

/* Those that may be zero, for what is not known. Their bases stand above: they must be known first.
 */
static const struct near nears[] = {
    {AT(start), TIME_AT},
    {AT(first_frame), FRAME_AT},
    {AT(tcp.last_time), TIME_AT},
    {AT(tcp.syn_time), AT(start)},
    {AT(tcp.syn_ack_time), AT(start)},
    {AT(tcp.ack_time), AT(start)},
#define NEARS_OF_END(i)                                                                            \
    {END(i, sent), END(i, next)}, {END(i, isn), END(i, next)}, {END(i, fin_at), END(i, next)},     \
        {END(i, fin_ack), END(!(i), next)}, {END(i, edge), END(i, next)},                          \
        {END(i, first), END(i, next)}, {END(i, last_time), AT(tcp.last_time)},                     \
        {END(i, since), AT(tcp.ack_time)}, {END(i, fin_time), AT(tcp.last_time)},                  \
        {END(i, flight.acked_time), AT(tcp.last_time)},                                            \
        {END(i, flight.segment.time), AT(tcp.last_time)},                                          \
        {END(i, flight.segment.seq), END(i, next)}, {END(i, flight.records[0].seq), END(i, next)}, \
        {END(i, last_frame), AT(first_frame)}, {END(i, flight.acked_frame), AT(first_frame)},      \
        {END(i, flight.segment.frame), AT(first_frame)}, {END(i, fin_frame), AT(first_frame)},     \
        {END(i, fin_acked_frame), AT(first_frame)},                                                \
    {                                                                                              \
        END(i, rst_frame), AT(first_frame)                                                         \
    }
    NEARS_OF_END(0),
    NEARS_OF_END(1),
#undef NEARS_OF_END
};

/* Those that most often equal another one, which is none of these. */
static const struct near equals[] = {
#define EQUALS_OF_END(i)                                                                           \
    {END(i, una), END(i, next)}, {END(i, fin_last_time), END(i, fin_time)},                        \
    {                                                                                              \
        END(i, fin_last_frame), END(i, fin_frame)                                                  \
    }
    EQUALS_OF_END(0),
    EQUALS_OF_END(1),
#undef EQUALS_OF_END
};

/* Those that are 1 for most of a flow's life. */
static const uint16_t ones[] = {AT(tls), END(0, reasm.started), END(1, reasm.started)};
_Static_assert(offsetof(struct reasm, started) % sizeof(uint64_t) == 0, "it begins a word");

/* What was delivered reaches to the end of what was seen, if there is any. */
static void shift_delivered(pack_word *words, bool back)
{
    static const uint16_t ends[][3] = {{END(0, reasm.next), END(0, sent), END(0, next)},
                                       {END(1, reasm.next), END(1, sent), END(1, next)}};
    for (unsigned i = 0; i < COUNT_OF(ends); i++) {
        pack_word *word = &words[ends[i][0]];
        uint64_t base = words[ends[i][1]] ? words[ends[i][1]] : words[ends[i][2]];
        *word = back ? unpack_difference(*word, base) : pack_difference(*word, base);
    }
}

/* What Zeek's words have of sequence numbers, 32 bits, is most often the same as TCP has: it is
 * given as the difference from that. */
static const struct half {
    uint16_t at; /* in bytes */
    uint16_t base;
} halves[] = {
    {offsetof(struct flow, zeek.ends[0].last), END(0, next)},
    {offsetof(struct flow, zeek.ends[1].last), END(1, next)},
    {offsetof(struct flow, zeek.rest[0].last_syn), END(0, isn)},
    {offsetof(struct flow, zeek.rest[1].last_syn), END(1, isn)},
};

static void shift_halves(pack_word *words, bool back)
{
    for (unsigned i = 0; i < COUNT_OF(halves); i++) {
        uint8_t *at = (uint8_t *)words + halves[i].at;
        uint32_t half, base = (uint32_t)words[halves[i].base];
        memcpy(&half, at, sizeof half);
        half = back ? half + base : half - base;
        memcpy(at, &half, sizeof half);
    }
}

/* What tells it is the same before and after. */
static bool shall_be_small(const struct flow *flow)
{
    return !tcp_is_over(&flow->tcp);
}

static void shrink(pack_word *words, nanotime time, uint64_t frame)
{
    words[TIME_AT] = (uint64_t)time;
    words[FRAME_AT] = frame;
    shift_halves(words, false);
    shift_delivered(words, false);
    for (unsigned i = 0; i < COUNT_OF(equals); i++)
        words[equals[i].at] = pack_difference(words[equals[i].at], words[equals[i].base]);
    for (unsigned i = COUNT_OF(nears); i-- > 0;)
        words[nears[i].at] = pack_near(words[nears[i].at], words[nears[i].base]);
    for (unsigned i = 0; i < COUNT_OF(ones); i++)
        words[ones[i]] ^= 1;
}

static void grow(pack_word *words, nanotime time, uint64_t frame)
{
    words[TIME_AT] = (uint64_t)time;
    words[FRAME_AT] = frame;
    for (unsigned i = 0; i < COUNT_OF(ones); i++)
        words[ones[i]] ^= 1;
    for (unsigned i = 0; i < COUNT_OF(nears); i++)
        words[nears[i].at] = unpack_near(words[nears[i].at], words[nears[i].base]);
    for (unsigned i = 0; i < COUNT_OF(equals); i++)
        words[equals[i].at] = unpack_difference(words[equals[i].at], words[equals[i].base]);
    shift_delivered(words, true);
    shift_halves(words, true);
}

/* Words that are pointers. */
static const uint16_t pointers[] = {
    AT(appid),          AT(label),          AT(pending_syn), AT(prologue),
    AT(outer),          AT(doubts),         AT(tcp.signs),   AT(cadence),
#define POINTERS_OF_END(i)                                                                         \
    END(i, reasm.held), END(i, flight.segment_block), END(i, flight.record_block), END(i, resends)
    POINTERS_OF_END(0), POINTERS_OF_END(1),
#undef POINTERS_OF_END
};

/* In the general form, behind a byte that says so. */
static size_t pack_any(uint8_t *out, size_t *slack, struct flow *flow, bool small, nanotime time,
                       uint64_t frame)
{
    pack_word *words = (pack_word *)flow;
    if (small)
        shrink(words, time, frame);
    *out = 0;
    size_t n = 1 + pack_words(out + 1, words, FLOW_WORDS);
    for (unsigned i = 0; i < COUNT_OF(pointers); i++)
        *slack += pack_slack(words[pointers[i]]);
    return n;
}

/* The session behind the flow: in one of two forms, too, if the connection is over. */
static size_t pack_tls(uint8_t *out, size_t *slack, struct tls *tls, bool small, nanotime start,
                       uint64_t first_frame)
{
    uint64_t words[TLS_WORDS];
    size_t n = small ? 0 : tls_over_put(out, tls, first_frame);
    if (n > 0)
        return n;
    *slack += tls_rest(words, tls, small, start, first_frame);
    *out = 0;
    return 1 + pack_words(out + 1, words, TLS_WORDS);
}

size_t flow_pack(uint8_t *out, size_t *cost, struct flow *flow, nanotime time, uint64_t frame)
{
    struct tls *tls = flow->tls;
    nanotime start = flow->start;
    uint64_t first_frame = flow->first_frame;
    bool small = shall_be_small(flow);
    size_t slack = 0, n = small ? 0 : flow_over_put(out, flow, time, frame);
    if (tls) /* any number says that one follows */
        flow->tls = (struct tls *)1;
    if (n == 0)
        n = pack_any(out, &slack, flow, small, time, frame);
    if (tls)
        n += pack_tls(out + n, &slack, tls, small, start, first_frame);
    *cost = n + slack;
    return n;
}

static size_t unpack_any(struct flow *flow, const uint8_t *packed, nanotime time, uint64_t frame)
{
    pack_word *words = (pack_word *)flow;
    size_t n = 1 + unpack_words(words, FLOW_WORDS, packed + 1);
    if (shall_be_small(flow))
        grow(words, time, frame);
    return n;
}

static struct tls *unpack_tls(const struct flow *flow, const uint8_t *packed,
                              struct tls_store *store)
{
    uint64_t words[TLS_WORDS];
    if (*packed)
        return tls_over_get(packed, store, flow->first_frame);
    unpack_words(words, TLS_WORDS, packed + 1);
    return tls_resume(words, store, shall_be_small(flow), flow->start, flow->first_frame);
}

void flow_unpack(struct flow *flow, const uint8_t *packed, struct tls_store *store, nanotime time,
                 uint64_t frame)
{
    size_t n =
        *packed ? flow_over_get(flow, packed, time, frame) : unpack_any(flow, packed, time, frame);
    memset(flow->recent, 0, sizeof flow->recent);
    if (flow->tls)
        flow->tls = unpack_tls(flow, packed + n, store);
}
