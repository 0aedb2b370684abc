/* flow_pack.c: the words of struct flow, most of which are zero. Times, frames and sequence numbers
 * are given relative to one another first, so that they are small. */
#include "flow_pack.h"

_Static_assert(offsetof(struct flow, recent) % sizeof(uint64_t) == 0, "a flow is whole words");

/* What a word of struct tcp_end is near to. */
enum base { BASE_TIME, BASE_FRAME, BASE_NEXT };

static const struct near {
    uint16_t at;
    uint8_t base; /* enum base */
} of_end[] = {
#define NEAR(field, base)                                                                          \
    {                                                                                              \
        offsetof(struct tcp_end, field) / sizeof(uint64_t), base                                   \
    }
    NEAR(una, BASE_NEXT),
    NEAR(sent, BASE_NEXT),
    NEAR(isn, BASE_NEXT),
    NEAR(fin_at, BASE_NEXT),
    NEAR(edge, BASE_NEXT),
    NEAR(reasm.next, BASE_NEXT),
    NEAR(since, BASE_TIME),
    NEAR(last_time, BASE_TIME),
    NEAR(fin_time, BASE_TIME),
    NEAR(fin_last_time, BASE_TIME),
    NEAR(flight.acked_time, BASE_TIME),
    NEAR(last_frame, BASE_FRAME),
    NEAR(fin_frame, BASE_FRAME),
    NEAR(fin_last_frame, BASE_FRAME),
    NEAR(fin_acked_frame, BASE_FRAME),
    NEAR(rst_frame, BASE_FRAME),
    NEAR(flight.acked_frame, BASE_FRAME),
#undef NEAR
};

/* Words of struct flow that are times. */
static const uint16_t times[] = {
#define TIME(field) offsetof(struct flow, field) / sizeof(uint64_t)
    TIME(tcp.last_time),
    TIME(tcp.syn_time),
    TIME(tcp.syn_ack_time),
    TIME(tcp.ack_time),
#undef TIME
};

#define END_AT(i) (offsetof(struct flow, tcp.ends[0]) / sizeof(uint64_t) + (i)*END_WORDS)
#define END_WORDS (sizeof(struct tcp_end) / sizeof(uint64_t))
#define NEXT_AT   (offsetof(struct tcp_end, next) / sizeof(uint64_t))
#define START_AT  (offsetof(struct flow, start) / sizeof(uint64_t))
#define FRAME_AT  (offsetof(struct flow, first_frame) / sizeof(uint64_t))

typedef uint64_t change(uint64_t value, uint64_t base);

/* Through words, for a struct may not be written as something else than what it is. */
static void change_all(uint64_t *words, change *how)
{
    for (unsigned end = 0; end < 2; end++) {
        uint64_t *of = words + END_AT(end);
        const uint64_t bases[] = {words[START_AT], words[FRAME_AT], of[NEXT_AT]};
        for (unsigned i = 0; i < COUNT_OF(of_end); i++)
            of[of_end[i].at] = how(of[of_end[i].at], bases[of_end[i].base]);
    }
    for (unsigned i = 0; i < COUNT_OF(times); i++)
        words[times[i]] = how(words[times[i]], words[START_AT]);
}

size_t flow_pack(uint8_t *out, struct flow *flow)
{
    uint64_t words[FLOW_WORDS], tls_words[TLS_WORDS];
    struct tls *tls = flow->tls;
    if (tls) /* any number says that one follows */
        flow->tls = (struct tls *)1;
    memcpy(words, flow, sizeof words);
    change_all(words, pack_near);
    size_t n = pack_words(out, words, FLOW_WORDS);
    if (tls) {
        tls_rest(tls_words, tls, flow->start, flow->first_frame);
        n += pack_words(out + n, tls_words, TLS_WORDS);
    }
    return n;
}

void flow_unpack(struct flow *flow, const uint8_t *packed, struct tls_store *store)
{
    uint64_t words[FLOW_WORDS], tls_words[TLS_WORDS];
    size_t n = unpack_words(words, FLOW_WORDS, packed);
    change_all(words, unpack_near);
    memcpy(flow, words, sizeof words);
    memset(flow->recent, 0, sizeof flow->recent);
    if (flow->tls) {
        unpack_words(tls_words, TLS_WORDS, packed + n);
        flow->tls = tls_resume(tls_words, store, flow->start, flow->first_frame);
    }
}
