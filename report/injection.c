/* injection.c: weighs the signs of reset_signs (flow_record.h). What a system's own kernel does,
 * too, weighs little: it sends a RST for a socket that it no longer has from scratch, with the
 * number that was acknowledged (RFC 9293 section 3.10.7.1), no options and another IP
 * identification. */
#include "injection.h"

/* Below this a round trip says nothing: the capture was made at that end. */
#define ROUND_TRIP_LEAST (NS_PER_SECOND / 1000)

static const struct {
    const char *name;
    unsigned weight;
} table[SIGNS] = {
    [SIGN_TTL] = {"ttl", 5},
    [SIGN_ALIVE] = {"alive-after", 5},
    [SIGN_TIMING] = {"timing", 5},
    [SIGN_SERIES] = {"series", 3},
    [SIGN_NEAR_TTL] = {"near-ttl", 1},
    [SIGN_ID] = {"ip-id", 1},
    [SIGN_WINDOW] = {"window", 1},
    [SIGN_SEQUENCE] = {"sequence", 1},
    [SIGN_TIMESTAMPS] = {"no-timestamps", 1},
};

static unsigned ttl_off(const struct reset_signs *signs)
{
    if (!signs->ttl_known)
        return 0;
    if (signs->ttl < signs->ttl_min)
        return signs->ttl_min - signs->ttl;
    return signs->ttl > signs->ttl_max ? signs->ttl - signs->ttl_max : 0;
}

struct injection injection_of(const struct tcp_record *tcp)
{
    struct injection out = {0};
    const struct reset_signs *signs = tcp->reset_signs;
    if (!tcp->reset || !signs)
        return out;
    nanotime trip = tcp->rtt[tcp->reset_by];
    out.half_trip = trip / 2;
    out.signs[SIGN_TTL] = ttl_off(signs) > 1;
    out.signs[SIGN_NEAR_TTL] = ttl_off(signs) == 1;
    out.signs[SIGN_ALIVE] = signs->alive > 0;
    out.signs[SIGN_TIMING] =
        trip >= ROUND_TRIP_LEAST && signs->answered >= 0 && signs->answered < out.half_trip;
    out.signs[SIGN_SERIES] = signs->beyond > 0;
    out.signs[SIGN_ID] = signs->odd_id;
    out.signs[SIGN_WINDOW] = signs->odd_window;
    out.signs[SIGN_SEQUENCE] = signs->behind > 0;
    out.signs[SIGN_TIMESTAMPS] = signs->no_timestamps;
    for (unsigned sign = 0; sign < SIGNS; sign++)
        out.score += out.signs[sign] ? table[sign].weight : 0;
    return out;
}

const char *injection_sign_name(enum injection_sign sign)
{
    return table[sign].name;
}

unsigned injection_sign_weight(enum injection_sign sign)
{
    return table[sign].weight;
}
