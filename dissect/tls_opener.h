/* tls_opener.h: the state of a session whose records are opened, or may be once its secrets come.
 * Internal to tls_decrypt.c, tls_open.c and tls_inside.c. Few sessions have one. */
#ifndef PUSHWATCH_DISSECT_TLS_OPENER_H
#define PUSHWATCH_DISSECT_TLS_OPENER_H

#include "apns.h"
#include "decrypt.h"
#include "tls_session.h"

/* Keys follow one another in this order; up to TLS 1.2 all are PHASE_TRAFFIC. */
enum opener_phase { PHASE_EARLY, PHASE_HANDSHAKE, PHASE_TRAFFIC };

/* A record, or a hole. */
enum opener_item {
    ITEM_RECORD,
    ITEM_LOST, /* a record of which bytes are missing */
    ITEM_GAP   /* bytes of which nobody knows what they were */
};
struct opener_record {
    uint8_t item; /* enum opener_item */
    uint8_t type;
    uint16_t version;
    uint64_t gap; /* bytes */
    uint64_t frame;
    nanotime time;
    struct span body;
};

/* One that waits for its keys. It owns its body. */
struct opener_waiting {
    struct opener_waiting *next;
    struct opener_record record;
};

/* A handshake, up to TLS 1.2 one of several: a direction that is ahead of the other may have begun
 * the next one. */
struct opener_handshake {
    struct decrypt_session session;
    uint32_t client_hello, server_hello; /* for which time its hellos were taken, from 1 on */
};

struct opener_direction {
    struct decrypt_keys *keys; /* NULL: none yet, or its secret is missing */
    struct tls_secret secret;  /* that they are of: TLS 1.3 */
    uint64_t number;           /* of the next record */
    uint32_t changes;          /* handshakes whose keys it has used */
    uint32_t slack;            /* it may be up to so much higher */
    uint32_t trials;           /* how many were tried that need not have been right */
    uint8_t phase;             /* enum opener_phase */
    bool ccs;                  /* ChangeCipherSpec was seen */
    bool unsure;               /* after a hole: keys and number may have moved on */
    bool changing;             /* a ChangeCipherSpec was opened: other keys come next */
    bool dead;                 /* given up */
    bool spoiled;              /* bytes of the record at hand are missing */
    struct buf partial;        /* what has come of it */
    struct opener_waiting *first, **last;
    struct tls_joiner joiner; /* of the messages inside */
    struct apns_stream apns;
    bool any_data;
};

struct tls_opener {
    struct tls_opener *older, *newer; /* of those that wait, in their store */
    size_t waiting;                   /* bytes */
    bool listed;                      /* it is among those */
    bool has_client, has_server;      /* what of the hellos is known */
    bool early_offered, late;
    struct opener_handshake handshakes[2]; /* by turns */
    uint8_t first_random[TLS_RANDOM_BYTES];
    struct opener_direction directions[2];
};

/* What the sessions of a store share. */
struct tls_openers {
    const struct keylog *keylog;        /* NULL: there is none */
    bool values;                        /* keep what is inside, too */
    size_t held;                        /* bytes that they hold, those included that */
    size_t waiting;                     /* wait */
    struct tls_opener *oldest, *newest; /* that wait */
    struct buf room;                    /* for what is opened */
};

/* opener_next gives the handshake whose keys a direction changes to next. */
static inline struct opener_handshake *opener_next(struct tls_opener *opener, unsigned direction)
{
    return &opener->handshakes[opener->directions[direction].changes & 1];
}

/* tls_store_openers is in tls_store.c. */
struct tls_openers *tls_store_openers(struct tls_store *store);

/* tls_open_record opens a record of a direction that may be protected; false if it has to wait for
 * hellos or secrets. What it holds goes to tls_inside_take. `last` tells that nothing more comes,
 * so that there is nothing to wait for. */
MUST_CHECK bool tls_open_record(struct tls *tls, unsigned direction,
                                const struct opener_record *record, bool last);

/* tls_inside_take reads what a record held: RFC 8446 section 5.1. */
void tls_inside_take(struct tls *tls, unsigned direction, uint8_t type, struct span content,
                     const struct opener_record *record);

/* tls_inside_lose says that content is missing, tls_inside_end that none follows. */
void tls_inside_lose(struct tls *tls, unsigned direction);
void tls_inside_end(struct tls *tls, unsigned direction);

/* tls_open_finished says that a direction has sent Finished, tls_open_update that it changes its
 * keys, tls_open_end_early that its early data is over: TLS 1.3. */
void tls_open_finished(struct tls *tls, unsigned direction);
void tls_open_update(struct tls *tls, unsigned direction);
void tls_open_end_early(struct tls *tls, unsigned direction);

#endif
