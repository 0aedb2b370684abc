/* tls_handshake.c: handshake messages out of record bodies. Only a message that is not whole in
 * one piece is copied. */
#include "tls_handshake.h"

#include "limits.h"

#include <stdlib.h>

struct tls_body {
    union {
        size_t have;           /* bytes */
        struct tls_body *next; /* of the spare ones */
    };
    size_t room;
    uint8_t bytes[];
};

/* Most messages come in two to four segments: so much is had at once, if the header promises as
 * much, and kept for the next message. Beyond it room grows with what has come, as a promise costs
 * its sender nothing. */
enum { ROOM_USUAL = 4096, ROOM_PROMISED = 8192, SPARE_MAX = 16 };

static void drop(struct tls_joiner *joiner, struct tls_joiner_pool *pool)
{
    struct tls_body *body = joiner->body;
    if (!body)
        return;
    pool->held -= body->room;
    joiner->body = NULL;
    if (body->room != ROOM_USUAL || pool->spare_count == SPARE_MAX) {
        free(body);
        return;
    }
    body->next = pool->spare;
    pool->spare = body;
    pool->spare_count++;
}

static bool is_too_much(const struct tls_joiner_pool *pool, size_t held)
{
    return held > (pool->most ? pool->most : LIMIT_TLS_HELD);
}

/* begin makes the first room for a body of which `want` bytes are promised and `first` are here.
 * Returns false if that passes the limit of all buffers. */
static bool begin(struct tls_joiner *joiner, size_t want, size_t first,
                  struct tls_joiner_pool *pool)
{
    size_t room = want <= ROOM_USUAL      ? ROOM_USUAL
                  : want <= ROOM_PROMISED ? want
                  : first > ROOM_PROMISED ? first
                                          : ROOM_PROMISED;
    if (is_too_much(pool, pool->held + room))
        return false;
    struct tls_body *body = room == ROOM_USUAL ? pool->spare : NULL;
    if (body) {
        pool->spare = body->next;
        pool->spare_count--;
    } else {
        body = xmalloc(sizeof *body + room);
    }
    body->have = 0;
    body->room = room;
    pool->held += room;
    joiner->body = body;
    return true;
}

/* make_room makes room for `more` bytes of a body of which `want` are promised. Returns false if
 * that passes the limit of all buffers. */
static bool make_room(struct tls_joiner *joiner, size_t want, size_t more,
                      struct tls_joiner_pool *pool)
{
    struct tls_body *body = joiner->body;
    if (!body)
        return begin(joiner, want, more, pool);
    if (body->room - body->have >= more)
        return true;
    size_t room = body->room * 2 < body->have + more ? body->have + more : body->room * 2;
    room = room < want ? room : want;
    if (is_too_much(pool, pool->held - body->room + room))
        return false;
    pool->held += room - body->room;
    joiner->body = body = xrealloc(body, sizeof *body + room);
    body->room = room;
    return true;
}

/* give hands out what there is of the message; the rest of it is passed over. */
static enum tls_join give(struct tls_joiner *joiner, struct tls_message *message, struct span body)
{
    *message = (struct tls_message){
        .type = joiner->header[0], .length = tls_message_length(joiner->header), .body = body};
    joiner->skip = message->length - (uint32_t)body.n;
    joiner->given = true;
    return JOIN_MESSAGE;
}

static enum tls_join give_buffered(struct tls_joiner *joiner, struct tls_message *message)
{
    const struct tls_body *body = joiner->body;
    return give(joiner, message, body ? span_of(body->bytes, body->have) : span_of(NULL, 0));
}

/* finish_given passes over the rest of a message that was handed out. Returns false if that needs
 * more bytes than there are. */
static bool finish_given(struct tls_joiner *joiner, struct cursor *in, struct tls_joiner_pool *pool)
{
    size_t n = joiner->skip < in->left ? joiner->skip : in->left;
    if (!cursor_skip(in, n))
        return false;
    joiner->skip -= (uint32_t)n;
    if (joiner->skip > 0)
        return false;
    drop(joiner, pool);
    joiner->given = false;
    joiner->have = 0;
    return true;
}

static enum tls_join read_header(struct tls_joiner *joiner, struct tls_message *message,
                                 struct cursor *in)
{
    struct span whole;
    if (joiner->have == 0 && cursor_bytes(in, &whole, TLS_MESSAGE_HEADER)) {
        memcpy(joiner->header, whole.p, TLS_MESSAGE_HEADER);
        joiner->have = TLS_MESSAGE_HEADER;
    }
    while (joiner->have < TLS_MESSAGE_HEADER) {
        if (!cursor_u8(in, &joiner->header[joiner->have]))
            return JOIN_MORE;
        joiner->have++;
    }
    *message = (struct tls_message){.type = joiner->header[0],
                                    .length = tls_message_length(joiner->header)};
    return JOIN_HEADER;
}

enum tls_join tls_joiner_part(struct tls_joiner *joiner, struct tls_message *message,
                              struct cursor *in, struct tls_joiner_pool *pool)
{
    struct span part;
    if (joiner->lost)
        *in = (struct cursor){in->p, 0};
    if (joiner->given && !finish_given(joiner, in, pool))
        return JOIN_MORE;
    if (joiner->have < TLS_MESSAGE_HEADER)
        return read_header(joiner, message, in);
    /* A message without a body is whole as soon as its header is. */
    if (!tls_message_is_read(joiner->header[0]))
        return give_buffered(joiner, message);
    size_t length = tls_message_length(joiner->header);
    if (!joiner->body && cursor_bytes(in, &part, length))
        return give(joiner, message, part);
    size_t want = length < LIMIT_TLS_MESSAGE ? length : LIMIT_TLS_MESSAGE;
    size_t have = joiner->body ? joiner->body->have : 0;
    if (!cursor_bytes(in, &part, want - have < in->left ? want - have : in->left) || part.n == 0)
        return JOIN_MORE;
    if (!make_room(joiner, want, part.n, pool)) {
        *in = (struct cursor){part.p, part.n + in->left};
        return give_buffered(joiner, message);
    }
    memcpy(joiner->body->bytes + have, part.p, part.n);
    joiner->body->have += part.n;
    return joiner->body->have == want ? give_buffered(joiner, message) : JOIN_MORE;
}

bool tls_joiner_gap(struct tls_joiner *joiner, struct tls_message *message, uint64_t length,
                    struct tls_joiner_pool *pool)
{
    if (length == 0 || joiner->lost)
        return false;
    if (joiner->have < TLS_MESSAGE_HEADER || (joiner->given && joiner->skip == 0)) {
        tls_joiner_reset(joiner, pool);
        joiner->lost = true;
        return false;
    }
    bool cut = !joiner->given;
    if (cut)
        give_buffered(joiner, message);
    joiner->lost = length > joiner->skip;
    joiner->skip -= length < joiner->skip ? (uint32_t)length : joiner->skip;
    return cut;
}

void tls_joiner_resync(struct tls_joiner *joiner)
{
    joiner->lost = false;
}

void tls_joiner_reset(struct tls_joiner *joiner, struct tls_joiner_pool *pool)
{
    drop(joiner, pool);
    *joiner = (struct tls_joiner){0};
}

void tls_joiner_pool_done(struct tls_joiner_pool *pool)
{
    for (struct tls_body *body = pool->spare, *next; body; body = next) {
        next = body->next;
        free(body);
    }
    *pool = (struct tls_joiner_pool){.held = pool->held};
}
