/* tls_session.h: the state of one TLS session, and what its records say. Internal to tls.c,
 * tls_session.c, tls_flight.c and tls_outcome.c.
 *
 * The bytes of one direction may be delivered long after those of the other, so that nothing here
 * may rest on the order in which the two directions' events come in; frame numbers tell it. */
#ifndef PUSHWATCH_DISSECT_TLS_SESSION_H
#define PUSHWATCH_DISSECT_TLS_SESSION_H

#include "tls_handshake.h"
#include "tls_record.h"
#include "tls_store.h"

/* How the Certificate message of one end came out. */
enum chain_state { CHAIN_UNSEEN, CHAIN_WHOLE, CHAIN_CUT, CHAIN_MALFORMED };

/* One direction. Once its handshake is over the joiner is all zero. */
struct tls_direction {
    struct tls_joiner joiner;
    uint64_t last_frame; /* that brought its latest bytes */
    nanotime last_time;  /* of that, while a message is not whole; else 0 */
    struct tls_framer framer;
    uint32_t seen;         /* clear handshake messages, a bit for each type below 32 */
    uint16_t first_data;   /* body length of its first application data record */
    uint8_t chain : 2;     /* enum chain_state */
    bool any_bytes : 1;    /* data or a gap */
    bool ccs : 1;          /* ChangeCipherSpec was sent */
    bool encrypted : 1;    /* its handshake records can't be read any more */
    bool unsure : 1;       /* after a gap: what looks like a message may be none */
    bool gap : 1;          /* bytes are missing between its hello and its encryption */
    bool holes : 1;        /* bytes are missing anywhere */
    bool finished : 1;     /* it has sent Finished, by what follows */
    bool data : 1;         /* application data was sent */
    bool many_data : 1;    /* more than one record of it */
    bool fatal : 1;        /* a fatal alert that can be read */
    bool fin : 1;          /* closed, or the flow is over for it */
    bool close_notify : 1; /* a close_notify that can be read */
    bool opened : 1;       /* every protected record so far was opened: tls_decrypt.h */
    bool last_alert : 1;   /* an encrypted alert was the last record before its end */
    uint8_t head[4];       /* first bytes of an alert, heartbeat or SSLv2 record, and */
    uint8_t head_have;     /* how many of them */
    uint8_t searched;      /* segments in which no record was found */
    uint8_t ssl2_records;  /* of SSLv2, after the hello; counted up to a few */
};

/* A chain that came before it was known which end is the client. */
struct tls_held_chain {
    unsigned direction;
    uint64_t frame;
    uint8_t count;
    const struct cert *const *certs; /* of tls_store_chain */
};

/* What every segment needs comes first, in one cache line for each direction and one for both. */
struct tls {
    struct tls_direction directions[2];
    struct tls_opener *opener; /* NULL: no secrets are known, nor waited for; tls_decrypt.h */
    struct tls_store *store;
    bool is_tls : 1;         /* decided */
    bool is_other : 1;       /* decided */
    bool changed : 1;        /* something happened that the outcome may depend on */
    bool stale : 1;          /* since the outcome was last judged */
    bool completed : 1;      /* facts.complete_frame is set: it lies farther away */
    bool retry_only : 1;     /* facts.server_hello is a HelloRetryRequest */
    bool pre_shared_key : 1; /* the server has accepted one: TLS 1.3 */
    bool early_offered : 1;  /* by the ClientHello: its sender's application data may be early */
    bool early_unheard : 1;  /* its sender had no ServerHello yet, wherever that was captured */
    bool unheard : 1;        /* that is so of the record that begins, where it may be early */
    bool early_over : 1;     /* after early data the client has sent Finished */
    bool hello_again : 1;    /* the client has sent a second hello */
    bool ech_again : 1;      /* with an ECH that goes on from that of the first */
    bool ech_answered : 1;   /* the server's hello, or request for another, knows ECH */
    bool ech_rejected : 1;   /* it has said so */
    bool ssl2_resumed : 1;   /* the server goes on from an earlier session of SSLv2 */
    struct tls_facts facts;
    struct tls_held_chain *held_chain; /* NULL if there is none */
    /* Where early data was offered: frames of the client's first and latest application data. */
    uint64_t early_first_frame, early_last_frame;
};

/* A sum, since gcc makes of &tls->directions[i] a new one for each field that is looked at. */
static inline struct tls_direction *tls_direction_of(struct tls *tls, unsigned direction)
{
    return tls->directions + (direction & 1);
}

/* tls_session_header tells of a record that begins. */
void tls_session_header(struct tls *tls, unsigned direction, const struct tls_record *record,
                        const struct tls_where *where);

/* tls_session_body takes a piece of the body of the current record. Returns false if the stream's
 * first bytes show that this is not TLS after all. */
MUST_CHECK bool tls_session_body(struct tls *tls, unsigned direction,
                                 const struct tls_record *record, const struct tls_where *where);

/* tls_session_gap tells of missing bytes; `framed` that they lie inside the current record. */
void tls_session_gap(struct tls *tls, unsigned direction, uint64_t length, bool framed,
                     const struct tls_where *where);

/* tls_session_end says that no more bytes of a direction come: what there is of a message is used.
 */
void tls_session_end(struct tls *tls, unsigned direction);

/* tls_session_alert takes an alert that can be read. One that was `opened` takes the place of that
 * which could not be read, of the same record. */
void tls_session_alert(struct tls *tls, unsigned direction, uint8_t level, uint8_t description,
                       bool opened, const struct tls_where *where);

/* tls_session_extras gives the session's extras, made when they are first asked for. */
struct tls_extras *tls_session_extras(struct tls *tls);

/* tls_session_done frees what the session holds. */
void tls_session_done(struct tls *tls);

#endif
