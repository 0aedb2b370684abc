/* hello_marks.c: a walk over both hellos (RFC 8446 sections 4.1.2 and 4.1.3). */
#include "hello_marks.h"

enum { CLIENT_HELLO = 1, SERVER_HELLO = 2 };
enum { CHANGE_CIPHER_SPEC_RECORD = 20, HANDSHAKE_RECORD = 22 };
enum { EXT_SESSION_TICKET = 35, EXT_PRE_SHARED_KEY = 41, EXT_KEY_SHARE = 51 };

/* RFC 8446 section 4.1.3: this random makes a ServerHello a HelloRetryRequest. */
static const uint8_t retry_random[8] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11};

struct walk {
    struct piece *piece;
    uint32_t at, end;
    bool server;
};

/* skip moves on and tells where it was. The bytes are OpenSSL's own: if they end early, this
 * program does not understand them and must not go on. */
static uint32_t skip(struct walk *walk, uint32_t n)
{
    bench_need(n <= walk->end - walk->at, "a hello is not as it should be");
    uint32_t at = walk->at;
    walk->at += n;
    return at;
}

static uint32_t number(struct walk *walk, unsigned width)
{
    uint32_t value = 0;
    for (uint32_t at = skip(walk, width), i = 0; i < width; i++)
        value = value << 8 | walk->piece->bytes[at + i];
    return value;
}

static void mark(struct walk *walk, enum fresh_kind kind, uint32_t length)
{
    struct piece *piece = walk->piece;
    bench_need(piece->fresh_count < FRESH_MAX, "too much is fresh in a hello");
    piece->fresh[piece->fresh_count++] = (struct fresh){kind, skip(walk, length), length};
}

static void mark_session_id(struct walk *walk, struct chosen_id *id)
{
    uint32_t length = number(walk, 1);
    const uint8_t *bytes = walk->piece->bytes + walk->at;
    if (!length)
        return;
    bool echo = walk->server && length == id->length && !memcmp(bytes, id->bytes, length);
    if (!walk->server && length <= sizeof id->bytes) {
        memcpy(id->bytes, bytes, length);
        id->length = length;
    }
    mark(walk, walk->server && !echo ? FRESH_SERVER_SESSION_ID : FRESH_SESSION_ID, length);
}

static void mark_share(struct walk *walk)
{
    if (!walk->server)
        skip(walk, 2); /* length of the list; OpenSSL sends one share */
    skip(walk, 2);     /* group */
    if (walk->at == walk->end)
        return; /* a HelloRetryRequest names a group and no share */
    uint32_t length = number(walk, 2);
    /* RFC 8446 section 4.2.8.2: a point on a NIST curve begins with 4. */
    if (length % 2 && walk->piece->bytes[walk->at] == 4) {
        skip(walk, 1);
        length--;
    }
    mark(walk, walk->server ? FRESH_SERVER_SHARE : FRESH_CLIENT_SHARE, length);
}

static void mark_extension(struct walk *walk)
{
    uint32_t type = number(walk, 2), length = number(walk, 2);
    struct walk inner = {walk->piece, walk->at, walk->at + length, walk->server};
    skip(walk, length);
    if (type == EXT_KEY_SHARE) {
        mark_share(&inner);
    } else if (type == EXT_SESSION_TICKET && length) {
        mark(&inner, FRESH_TICKET, length);
    } else if (type == EXT_PRE_SHARED_KEY && !walk->server) {
        skip(&inner, 2);
        mark(&inner, FRESH_TICKET, number(&inner, 2));
    }
}

/* Goes to the body of the first record and returns its length, 0 if it is not a handshake record.
 * After a HelloRetryRequest the client sends a ChangeCipherSpec before it says hello again (RFC
 * 8446 appendix D.4). */
static uint32_t enter_record(struct walk *walk)
{
    for (;;) {
        uint32_t type = number(walk, 1);
        skip(walk, 2);
        uint32_t length = number(walk, 2);
        if (type == HANDSHAKE_RECORD)
            return length;
        if (type != CHANGE_CIPHER_SPEC_RECORD)
            return 0;
        skip(walk, length);
    }
}

void hello_marks(struct piece *piece, struct chosen_id *id)
{
    struct walk walk = {.piece = piece, .end = piece->length};
    uint32_t length = enter_record(&walk);
    if (length < 4)
        return;
    uint32_t type = number(&walk, 1), body = number(&walk, 3);
    if ((type != CLIENT_HELLO && type != SERVER_HELLO) || body + 4 > length)
        return; /* as in an encrypted Finished */
    walk.end = walk.at + body;
    walk.server = type == SERVER_HELLO;
    skip(&walk, 2);
    if (walk.server && !memcmp(piece->bytes + walk.at, retry_random, sizeof retry_random))
        skip(&walk, 32);
    else
        mark(&walk, walk.server ? FRESH_SERVER_RANDOM : FRESH_CLIENT_RANDOM, 32);
    mark_session_id(&walk, id);
    if (walk.server) {
        skip(&walk, 3);
    } else {
        skip(&walk, number(&walk, 2));
        skip(&walk, number(&walk, 1));
    }
    if (walk.at == walk.end)
        return; /* no extensions */
    skip(&walk, 2);
    while (walk.at < walk.end)
        mark_extension(&walk);
}
