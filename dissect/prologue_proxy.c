/* prologue_proxy.c: what is said to a proxy, or by one, before the connection behind it begins:
 * SOCKS 4 and 4a (the memos of 1992 and 1996 by Y. Lee), SOCKS 5 (RFC 1928, 1929), PROXY protocol
 * (haproxy.org, proxy-protocol.txt, 1.8 of 2020). What follows may be anything. */
#include "limits.h"
#include "prologue_grammar.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_server(const struct prologue_end *end)
{
    return end->role == ROLE_SERVER;
}

/* host:port */
static void keep_name(struct span *kept, struct span name, uint16_t port)
{
    char text[LIMIT_PROLOGUE_TARGET];
    int n = snprintf(text, sizeof text, "%.*s:%u", (int)name.n, (const char *)name.p, port);
    prologue_keep(kept, span_of(text, n < 0                      ? 0
                                      : (size_t)n < sizeof(text) ? (size_t)n
                                                                 : sizeof(text) - 1));
}

/* --- SOCKS 4: version, command, port, address, user, NUL; in 4a a name, NUL --- */

enum { SOCKS4_HEAD = 8, SOCKS4_GRANTED = 90, SOCKS_CONNECT = 1 };

static enum prologue_reading socks4_answer(struct prologue_end *end, struct cursor *in)
{
    if (!prologue_fill(end, in, SOCKS4_HEAD))
        return READING_MORE;
    return end->unit[0] == 0 && end->unit[1] == SOCKS4_GRANTED ? READING_END : READING_NOT;
}

/* Fills up to the next NUL after `from`. */
static enum prologue_reading fill_text(size_t *after, struct prologue_end *end, struct cursor *in,
                                       size_t from)
{
    for (;;) {
        const uint8_t *nul =
            end->have > from ? memchr(end->unit + from, 0, end->have - from) : NULL;
        *after = nul ? (size_t)(nul + 1 - end->unit) : 0;
        if (nul)
            return READING_END;
        if (end->have == PROLOGUE_UNIT)
            return READING_NOT;
        if (!prologue_fill(end, in, end->have + 1u))
            return READING_MORE;
    }
}

enum prologue_reading prologue_socks4(struct prologue_talk *talk, struct prologue_end *end,
                                      struct cursor *in)
{
    size_t user_end, name_end;
    prologue_name(talk, PLAIN_SOCKS4);
    if (is_server(end))
        return socks4_answer(end, in);
    if (!prologue_fill(end, in, SOCKS4_HEAD))
        return READING_MORE;
    const uint8_t *u = end->unit;
    if (u[1] != SOCKS_CONNECT)
        return READING_NOT;
    enum prologue_reading reading = fill_text(&user_end, end, in, SOCKS4_HEAD);
    if (reading != READING_END)
        return reading;
    uint16_t port = be16(u + 2);
    bool named = u[4] == 0 && u[5] == 0 && u[6] == 0 && u[7] != 0;
    if (!named) {
        prologue_keep_address(&talk->step->target, span_of(u + 4, 4), port);
        return READING_END;
    }
    reading = fill_text(&name_end, end, in, user_end);
    if (reading == READING_END)
        keep_name(&talk->step->target, span_of(u + user_end, name_end - 1 - user_end), port);
    return reading;
}

/* --- SOCKS 5: methods, maybe a password, a request; each is answered --- */

enum { METHODS, PASSWORD, REQUEST };
enum { METHOD_NONE = 0, METHOD_PASSWORD = 2 };
enum { TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4, SOCKS5_HEAD = 4 };

/* A request or its answer: version, command or status, 0, type, address, port. */
static enum prologue_reading socks5_request(struct prologue_talk *talk, struct prologue_end *end,
                                            struct cursor *in)
{
    const uint8_t *u = end->unit;
    if (!prologue_fill(end, in, SOCKS5_HEAD + 1))
        return READING_MORE;
    size_t n = u[3] == TYPE_IPV4 ? 4 : u[3] == TYPE_IPV6 ? 16 : u[3] == TYPE_NAME ? u[4] + 1u : 0;
    uint8_t good = is_server(end) ? 0 : SOCKS_CONNECT;
    if (u[0] != 5 || u[1] != good || u[2] != 0 || n == 0)
        return READING_NOT;
    if (!prologue_fill(end, in, SOCKS5_HEAD + n + 2))
        return READING_MORE;
    if (is_server(end))
        return READING_END;
    uint16_t port = be16(u + SOCKS5_HEAD + n);
    if (u[3] == TYPE_NAME)
        keep_name(&talk->step->target, span_of(u + SOCKS5_HEAD + 1, n - 1), port);
    else
        prologue_keep_address(&talk->step->target, span_of(u + SOCKS5_HEAD, n), port);
    return READING_END;
}

/* 5, count, methods; from the server 5, method. */
static enum prologue_reading socks5_methods(struct prologue_end *end, struct cursor *in)
{
    const uint8_t *u = end->unit;
    if (!prologue_fill(end, in, 2))
        return READING_MORE;
    if (u[0] != 5)
        return READING_NOT;
    if (is_server(end)) {
        if (u[1] != METHOD_NONE && u[1] != METHOD_PASSWORD)
            return READING_NOT;
        end->phase = u[1] == METHOD_PASSWORD ? PASSWORD : REQUEST;
    } else {
        if (!prologue_fill(end, in, 2u + u[1]))
            return READING_MORE;
        /* If it comes: a request begins with 5. */
        end->phase = memchr(u + 2, METHOD_PASSWORD, u[1]) ? PASSWORD : REQUEST;
    }
    end->have = 0;
    return READING_END;
}

/* 1, user, password; from the server 1, status. RFC 1929 section 2. */
static enum prologue_reading socks5_password(struct prologue_end *end, struct cursor *in)
{
    const uint8_t *u = end->unit;
    if (!prologue_fill(end, in, 1))
        return READING_MORE;
    if (u[0] == 5 && !is_server(end)) {
        end->phase = REQUEST;
        return READING_END;
    }
    if (u[0] != 1)
        return READING_NOT;
    if (!prologue_fill(end, in, 2))
        return READING_MORE;
    if (is_server(end)) {
        if (u[1] != 0)
            return READING_NOT;
    } else {
        size_t user = 2u + u[1];
        /* What both may take up is more than a unit: such names are not met. */
        if (user >= PROLOGUE_UNIT)
            return READING_NOT;
        if (!prologue_fill(end, in, user + 1))
            return READING_MORE;
        if (user + 1u + u[user] > PROLOGUE_UNIT)
            return READING_NOT;
        if (!prologue_fill(end, in, user + 1u + u[user]))
            return READING_MORE;
    }
    end->phase = REQUEST;
    end->have = 0;
    return READING_END;
}

enum prologue_reading prologue_socks5(struct prologue_talk *talk, struct prologue_end *end,
                                      struct cursor *in)
{
    prologue_name(talk, PLAIN_SOCKS5);
    for (;;) {
        uint8_t phase = end->phase;
        enum prologue_reading reading = phase == METHODS    ? socks5_methods(end, in)
                                        : phase == PASSWORD ? socks5_password(end, in)
                                                            : socks5_request(talk, end, in);
        if (reading != READING_END || phase == REQUEST)
            return reading;
    }
}

/* --- PROXY protocol: a header of the connecting side; the other has none --- */

enum { V1_MAX = 107, V2_HEAD = 16, V2_PROXY = 1, V2_TCP4 = 0x11, V2_TCP6 = 0x21, V2_MAX = 4096 };

static struct span next_word(struct span *line)
{
    const uint8_t *space = line->n > 0 ? memchr(line->p, ' ', line->n) : NULL;
    size_t n = space ? (size_t)(space - line->p) : line->n;
    struct span word = span_of(line->p, n);
    *line = span_of(line->p + n + (space ? 1 : 0), line->n - n - (space ? 1 : 0));
    return word;
}

static void keep_words(struct span *kept, struct span address, struct span port)
{
    char text[LIMIT_PROLOGUE_TARGET];
    bool ipv6 = address.n > 0 && memchr(address.p, ':', address.n);
    int n = snprintf(text, sizeof text, ipv6 ? "[%.*s]:%.*s" : "%.*s:%.*s", (int)address.n,
                     (const char *)address.p, (int)port.n, (const char *)port.p);
    if (n > 0 && (size_t)n < sizeof text)
        prologue_keep(kept, span_of(text, (size_t)n));
}

/* PROXY TCP4 source target source-port target-port */
enum prologue_reading prologue_proxy1(struct prologue_talk *talk, struct prologue_end *end,
                                      struct cursor *in)
{
    struct span line;
    prologue_name(talk, PLAIN_PROXY);
    if (is_server(end))
        return READING_END;
    enum prologue_reading reading = prologue_line(&line, end, in);
    if (reading != READING_END)
        return end->have > V1_MAX ? READING_NOT : reading;
    if (line.n > V1_MAX || !prologue_word(line, "PROXY"))
        return READING_NOT;
    next_word(&line);
    struct span family = next_word(&line);
    if (prologue_word(family, "UNKNOWN"))
        return READING_END;
    if (!prologue_word(family, "TCP4") && !prologue_word(family, "TCP6"))
        return READING_NOT;
    struct span source = next_word(&line), target = next_word(&line);
    struct span source_port = next_word(&line), target_port = next_word(&line);
    if (target_port.n == 0)
        return READING_NOT;
    keep_words(&talk->step->source, source, source_port);
    keep_words(&talk->step->target, target, target_port);
    return READING_END;
}

/* Signature of 12 bytes, version and command, family, length; addresses, ports, and more. */
enum prologue_reading prologue_proxy2(struct prologue_talk *talk, struct prologue_end *end,
                                      struct cursor *in)
{
    prologue_name(talk, PLAIN_PROXY);
    if (is_server(end))
        return READING_END;
    if (end->phase == 0) {
        if (!prologue_fill(end, in, V2_HEAD))
            return READING_MORE;
        const uint8_t *u = end->unit;
        uint16_t length = be16(u + 14);
        size_t n = u[13] == V2_TCP4 ? 4 : u[13] == V2_TCP6 ? 16 : 0, part = 2 * n + (n ? 4 : 0);
        if (u[12] >> 4 != 2 || length > V2_MAX || length < part)
            return READING_NOT;
        if (!prologue_fill(end, in, V2_HEAD + part))
            return READING_MORE;
        if ((u[12] & 15) == V2_PROXY && n > 0) {
            prologue_keep_address(&talk->step->source, span_of(u + V2_HEAD, n),
                                  be16(u + V2_HEAD + 2 * n));
            prologue_keep_address(&talk->step->target, span_of(u + V2_HEAD + n, n),
                                  be16(u + V2_HEAD + 2 * n + 2));
        }
        end->skip = (uint32_t)(length - part);
        end->phase = 1;
    }
    return prologue_pass(end, in) ? READING_END : READING_MORE;
}
