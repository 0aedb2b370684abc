/* tls_handshake.c: handshake messages out of record bodies. Only a message that is not whole in
 * one piece is copied, into a buffer that grows with what has come, never with what is promised. */
#include "tls_handshake.h"

#include "limits.h"

#include <stdlib.h>

struct tls_pending {
    size_t have, room; /* bytes, header included */
    size_t skip;       /* bytes of the message that are passed over after those */
    bool given;        /* the message was handed out */
    uint8_t bytes[];
};

/* Room for a header, whatever else is held; then for a short chain, so that it seldom moves. */
enum { ROOM_FIRST = 64, ROOM_SECOND = 4096 };

static bool is_read(uint8_t type)
{
    return type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO ||
           type == TLS_HELLO_RETRY_REQUEST || type == TLS_CERTIFICATE ||
           type == TLS_SERVER_KEY_EXCHANGE || type == TLS_CERTIFICATE_REQUEST;
}

static uint32_t length_of(const uint8_t header[TLS_MESSAGE_HEADER])
{
    return (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 | header[3];
}

static void drop(struct tls_joiner *joiner, size_t *held)
{
    if (joiner->pending)
        *held -= joiner->pending->room;
    free(joiner->pending);
    joiner->pending = NULL;
}

/* grow makes room for `more` bytes. Returns false if that passes the limit of all buffers. */
static bool grow(struct tls_joiner *joiner, size_t more, size_t *held)
{
    struct tls_pending *old = joiner->pending;
    size_t have = old ? old->have : 0, room = old ? old->room : 0, old_room = room;
    if (room - have >= more)
        return true;
    room = !old ? ROOM_FIRST : room < ROOM_SECOND ? ROOM_SECOND : room;
    while (room - have < more)
        room *= 2;
    if (old && *held - old_room + room > LIMIT_TLS_HELD)
        return false;
    joiner->pending = xrealloc(old, sizeof *old + room);
    if (!old)
        *joiner->pending = (struct tls_pending){0};
    joiner->pending->room = room;
    *held += room - old_room;
    return true;
}

/* take moves up to n bytes from `in` into the buffer, for which there is room. */
static void take(struct tls_pending *pending, struct cursor *in, size_t n)
{
    struct span part;
    if (cursor_bytes(in, &part, n < in->left ? n : in->left) && part.n > 0) {
        memcpy(pending->bytes + pending->have, part.p, part.n);
        pending->have += part.n;
    }
}

/* describe fills a message from what is buffered of it. */
static void describe(struct tls_message *message, const struct tls_pending *pending)
{
    *message = (struct tls_message){
        .type = pending->bytes[0],
        .length = length_of(pending->bytes),
        .body = {pending->bytes + TLS_MESSAGE_HEADER, pending->have - TLS_MESSAGE_HEADER}};
}

/* give hands out what is buffered; what the message has beyond that is passed over. */
static enum tls_join give(struct tls_joiner *joiner, struct tls_message *message)
{
    struct tls_pending *pending = joiner->pending;
    describe(message, pending);
    pending->skip = message->length - message->body.n;
    pending->given = true;
    joiner->announced = false;
    return JOIN_MESSAGE;
}

/* finish_given passes over the rest of a message that was handed out. Returns false if that needs
 * more bytes than there are. */
static bool finish_given(struct tls_joiner *joiner, struct cursor *in, size_t *held)
{
    struct tls_pending *pending = joiner->pending;
    if (!pending || !pending->given)
        return true;
    size_t n = pending->skip < in->left ? pending->skip : in->left;
    if (!cursor_skip(in, n))
        return false;
    pending->skip -= n;
    if (pending->skip > 0)
        return false;
    drop(joiner, held);
    return true;
}

/* next_in_place serves a message whose header, and maybe all of it, is in `in`. */
static enum tls_join next_in_place(struct tls_joiner *joiner, struct tls_message *message,
                                   struct cursor *in, size_t *held)
{
    struct cursor ahead = *in, body;
    *message = (struct tls_message){.type = in->p[0], .length = length_of(in->p)};
    if (!joiner->announced) {
        joiner->announced = true;
        return JOIN_HEADER;
    }
    if (cursor_skip(&ahead, TLS_MESSAGE_HEADER) && cursor_sub(&ahead, &body, message->length)) {
        if (is_read(message->type))
            message->body = cursor_rest(&body);
        *in = ahead;
        joiner->announced = false;
        return JOIN_MESSAGE;
    }
    if (!grow(joiner, TLS_MESSAGE_HEADER, held))
        return JOIN_MORE; /* not reached: a first buffer is always had */
    take(joiner->pending, in, TLS_MESSAGE_HEADER);
    return is_read(message->type) ? JOIN_MORE : give(joiner, message);
}

enum tls_join tls_joiner_next(struct tls_joiner *joiner, struct tls_message *message,
                              struct cursor *in, size_t *held)
{
    if (joiner->lost)
        *in = (struct cursor){in->p, 0};
    if (!finish_given(joiner, in, held))
        return JOIN_MORE;
    /* A message without a body is whole as soon as its header is. */
    if (cursor_done(in) && !(joiner->pending && joiner->announced))
        return JOIN_MORE;
    if (!joiner->pending) {
        if (in->left >= TLS_MESSAGE_HEADER) {
            enum tls_join join = next_in_place(joiner, message, in, held);
            if (join != JOIN_MORE)
                return join;
        } else if (!grow(joiner, TLS_MESSAGE_HEADER, held)) {
            return JOIN_MORE;
        }
    }
    struct tls_pending *pending = joiner->pending;
    if (pending->have < TLS_MESSAGE_HEADER) {
        take(pending, in, TLS_MESSAGE_HEADER - pending->have);
        if (pending->have < TLS_MESSAGE_HEADER)
            return JOIN_MORE;
        describe(message, pending);
        joiner->announced = true;
        return JOIN_HEADER;
    }
    size_t length = length_of(pending->bytes);
    if (!is_read(pending->bytes[0]))
        return give(joiner, message);
    size_t want = (length < LIMIT_TLS_MESSAGE ? length : LIMIT_TLS_MESSAGE) + TLS_MESSAGE_HEADER;
    size_t more = want - pending->have < in->left ? want - pending->have : in->left;
    if (!grow(joiner, more, held))
        return give(joiner, message);
    take(joiner->pending, in, more);
    return joiner->pending->have == want ? give(joiner, message) : JOIN_MORE;
}

bool tls_joiner_gap(struct tls_joiner *joiner, struct tls_message *message, uint64_t length,
                    size_t *held)
{
    struct tls_pending *pending = joiner->pending;
    if (length == 0 || joiner->lost)
        return false;
    joiner->announced = false;
    if (!pending || pending->have < TLS_MESSAGE_HEADER || (pending->given && pending->skip == 0)) {
        drop(joiner, held);
        joiner->lost = true;
        return false;
    }
    bool cut = !pending->given;
    if (cut)
        give(joiner, message);
    joiner->lost = length > pending->skip;
    pending->skip -= length < pending->skip ? (size_t)length : pending->skip;
    return cut;
}

void tls_joiner_resync(struct tls_joiner *joiner)
{
    joiner->lost = false;
}

size_t tls_joiner_after(const struct tls_joiner *joiner, const struct cursor *in)
{
    return joiner->pending ? in->left : in->left - TLS_MESSAGE_HEADER;
}

void tls_joiner_reset(struct tls_joiner *joiner, size_t *held)
{
    drop(joiner, held);
    *joiner = (struct tls_joiner){0};
}
