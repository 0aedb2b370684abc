/* tls_handshake.h: joins handshake messages that are spread over records and segments: RFC 8446
 * sections 4 and 5.1. */
#ifndef PUSHWATCH_DISSECT_TLS_HANDSHAKE_H
#define PUSHWATCH_DISSECT_TLS_HANDSHAKE_H

#include "cursor.h"

/* Message types (RFC 8446 section 4, RFC 5246 section 7.4, RFC 6066, RFC 8879). */
enum {
    TLS_HELLO_REQUEST = 0,
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_NEW_SESSION_TICKET = 4,
    TLS_END_OF_EARLY_DATA = 5,
    TLS_HELLO_RETRY_REQUEST = 6, /* TLS 1.3 before draft 22; later it is a ServerHello */
    TLS_ENCRYPTED_EXTENSIONS = 8,
    TLS_CERTIFICATE = 11,
    TLS_SERVER_KEY_EXCHANGE = 12,
    TLS_CERTIFICATE_REQUEST = 13,
    TLS_SERVER_HELLO_DONE = 14,
    TLS_CERTIFICATE_VERIFY = 15,
    TLS_CLIENT_KEY_EXCHANGE = 16,
    TLS_FINISHED = 20,
    TLS_CERTIFICATE_STATUS = 22,
    TLS_KEY_UPDATE = 24,
    TLS_COMPRESSED_CERTIFICATE = 25
};

enum { TLS_MESSAGE_HEADER = 4 };

/* A message. The body is borrowed until the next call for the same joiner, or for as long as the
 * bytes of the last call live, if that is shorter. */
struct tls_message {
    uint8_t type;
    uint32_t length;  /* as the header says */
    struct span body; /* shorter than that if the message is cut, or not kept */
};

enum tls_join {
    JOIN_MORE,   /* all bytes are used up */
    JOIN_WHOLE,  /* a message as a whole, header and body at once */
    JOIN_HEADER, /* type and length are known; the body comes with a later call */
    JOIN_MESSAGE /* it is whole, or all that will be had of it */
};

/* The bodies that joiners put together, and spare memory for them. One for each thread at a time.
 * All zero at the start; free with tls_joiner_pool_done once every joiner is reset. */
struct tls_joiner_pool {
    size_t held; /* bytes that all joiners buffer */
    size_t most; /* that they may; 0: LIMIT_TLS_HELD */
    struct tls_body *spare;
    unsigned spare_count;
};

/* The messages of one direction; all zero at the start. */
struct tls_joiner {
    struct tls_body *body; /* what has come of a message that is not whole in one piece, or NULL */
    uint32_t skip;         /* bytes of a message that was given which are passed over */
    uint8_t header[TLS_MESSAGE_HEADER]; /* of the message at hand */
    uint8_t have;                       /* bytes of the header that are there */
    bool given;                         /* the message was handed out */
    bool lost;                          /* bytes are dropped until tls_joiner_resync */
};

/* tls_joiner_next reads the next event from the handshake bytes in `in`. Messages whose content
 * nobody reads are given with an empty body, so that they cost no buffer. A message that passes a
 * limit is given cut. tls_joiner_part does it for a message that is not whole in one piece. */
enum tls_join tls_joiner_part(struct tls_joiner *joiner, struct tls_message *message,
                              struct cursor *in, struct tls_joiner_pool *pool);
static inline enum tls_join tls_joiner_next(struct tls_joiner *joiner, struct tls_message *message,
                                            struct cursor *in, struct tls_joiner_pool *pool);

/* tls_joiner_gap passes over missing handshake bytes. Returns true, with what there is of it in
 * *message, if that cuts a message whose header was there. If the gap reaches beyond the message
 * at hand, the place of the next one is unknown, and joiner->lost is set. */
bool tls_joiner_gap(struct tls_joiner *joiner, struct tls_message *message, uint64_t length,
                    struct tls_joiner_pool *pool);

/* tls_joiner_resync says that the bytes to come are the first of a record, and may be those of a
 * message. */
void tls_joiner_resync(struct tls_joiner *joiner);

/* tls_joiner_reset drops what is buffered and begins anew. */
void tls_joiner_reset(struct tls_joiner *joiner, struct tls_joiner_pool *pool);

/* tls_joiner_pool_done frees the spare memory. */
void tls_joiner_pool_done(struct tls_joiner_pool *pool);

/* --- inline --- */

/* tls_message_is_read tells whether anybody reads the content of messages of a type. */
static inline bool tls_message_is_read(uint8_t type)
{
    const uint32_t read =
        UINT32_C(1) << TLS_CLIENT_HELLO | UINT32_C(1) << TLS_SERVER_HELLO |
        UINT32_C(1) << TLS_HELLO_RETRY_REQUEST | UINT32_C(1) << TLS_CERTIFICATE |
        UINT32_C(1) << TLS_SERVER_KEY_EXCHANGE | UINT32_C(1) << TLS_CERTIFICATE_REQUEST |
        UINT32_C(1) << TLS_CERTIFICATE_STATUS | UINT32_C(1) << TLS_ENCRYPTED_EXTENSIONS |
        UINT32_C(1) << TLS_COMPRESSED_CERTIFICATE;
    return type < 32 && read & UINT32_C(1) << type;
}

static inline uint32_t tls_message_length(const uint8_t header[TLS_MESSAGE_HEADER])
{
    return (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 | header[3];
}

/* tls_message_whole takes a message that lies in `in` from end to end. Returns false, and has done
 * nothing, if there is none. */
static inline bool tls_message_whole(struct tls_message *message, struct cursor *in)
{
    struct cursor ahead = *in;
    struct span header, body;
    if (!cursor_bytes(&ahead, &header, TLS_MESSAGE_HEADER) ||
        !cursor_bytes(&ahead, &body, tls_message_length(header.p)))
        return false;
    *message =
        (struct tls_message){.type = header.p[0],
                             .length = (uint32_t)body.n,
                             .body = tls_message_is_read(header.p[0]) ? body : span_of(NULL, 0)};
    *in = ahead;
    return true;
}

static inline enum tls_join tls_joiner_next(struct tls_joiner *joiner, struct tls_message *message,
                                            struct cursor *in, struct tls_joiner_pool *pool)
{
    if (joiner->have == 0 && !joiner->lost) {
        if (cursor_done(in))
            return JOIN_MORE;
        if (tls_message_whole(message, in))
            return JOIN_WHOLE;
    }
    struct cursor rest = *in; /* a copy, so that `in` can stay in registers */
    enum tls_join join = tls_joiner_part(joiner, message, &rest, pool);
    *in = rest;
    return join;
}

#endif
