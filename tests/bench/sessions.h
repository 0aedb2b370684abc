/* sessions.h: TLS sessions recorded from OpenSSL, to be replayed by many connections. */
#ifndef PUSHWATCH_BENCH_SESSIONS_H
#define PUSHWATCH_BENCH_SESSIONS_H

#include "certificates.h"
#include "random.h"

/* What differs from one connection to the next even where the same program speaks: without it the
 * same hello would come again and again, and whoever remembers hellos would look too good. The
 * same kind has the same bytes everywhere in one connection. */
enum fresh_kind {
    FRESH_CLIENT_RANDOM,
    FRESH_SESSION_ID, /* the client's; a server may send it back */
    FRESH_SERVER_RANDOM,
    FRESH_SERVER_SESSION_ID,
    FRESH_CLIENT_SHARE,
    FRESH_SERVER_SHARE,
    FRESH_TICKET,
    FRESH_KINDS
};

struct fresh {
    enum fresh_kind kind;
    uint32_t at, length;
};

enum { FRESH_MAX = 4 };

/* Bytes that one end sends at once. */
struct piece {
    uint8_t *bytes;
    uint32_t length;
    struct fresh fresh[FRESH_MAX];
    unsigned fresh_count;
};

enum { BY_CLIENT, BY_SERVER };

enum { FLIGHTS_MAX = 12, APP_PIECES = 8 };

struct session {
    bool usable;                     /* the two ends came to terms */
    int version, offered;            /* as in the record: 0x0303 is TLS 1.2 */
    bool resumed;                    /* as a passive observer can tell: not in TLS 1.3 */
    unsigned shown;                  /* certificates that are visible, */
    unsigned visible[2 * CHAIN_MAX]; /* by identity.number */
    unsigned flights;
    unsigned from[FLIGHTS_MAX]; /* BY_CLIENT or BY_SERVER */
    struct piece flight[FLIGHTS_MAX];
    struct piece app[2][APP_PIECES]; /* by end: application data, from small to large */
    struct piece goodbye[2];         /* close_notify */
};

enum { HELLOS = 12, VARIANTS = 3 };

/* Which way a session goes. */
enum variant { VARIANT_FULL, VARIANT_CLIENT_CERTIFICATE, VARIANT_RESUMED };

struct sessions {
    struct session all[HELLOS][SERVER_CHAINS][VARIANTS];
};

/* sessions_record runs OpenSSL against itself: each hello with each chain, and some with a client's
 * certificate or resumed. Free with sessions_done. */
void sessions_record(struct sessions *sessions, const struct certificates *certificates);
void sessions_done(struct sessions *sessions);

/* sessions_pick chooses as real clients would be mixed; with a version other than 0 only such as
 * negotiated it, with a full handshake. */
const struct session *sessions_pick(const struct sessions *sessions, struct random *random,
                                    int version);

#endif
