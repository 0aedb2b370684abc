/* keylog.h: the secrets of TLS sessions, out of the text of key logs: draft-ietf-tls-keylogfile
 * (SSLKEYLOGFILE), one secret a line: its label, the ClientHello's random, the secret. */
#ifndef PUSHWATCH_DISSECT_KEYLOG_H
#define PUSHWATCH_DISSECT_KEYLOG_H

#include "../capture/base.h"

enum { TLS_RANDOM_BYTES = 32, TLS_SECRET_MAX = 48, TLS_MASTER_SECRET_BYTES = 48 };

/* Secrets that open records. Those of TLS 1.3 are named by who uses them, and for what. */
enum keylog_label {
    KEYLOG_MASTER, /* CLIENT_RANDOM: the master secret, up to TLS 1.2 */
    KEYLOG_CLIENT_EARLY,
    KEYLOG_CLIENT_HANDSHAKE,
    KEYLOG_SERVER_HANDSHAKE,
    KEYLOG_CLIENT_TRAFFIC,
    KEYLOG_SERVER_TRAFFIC
};
enum { KEYLOG_LABELS = KEYLOG_SERVER_TRAFFIC + 1 };

struct tls_secret {
    uint8_t length; /* 32 or 48 */
    uint8_t bytes[TLS_SECRET_MAX];
};

/* What was read of one text after another of the same origin. */
struct keylog_counts {
    uint64_t lines;
    uint64_t secrets;         /* distinct ones that are kept */
    uint64_t ignored;         /* lines with a label that opens no records */
    uint64_t malformed;       /* lines that are no key log's */
    uint64_t first_malformed; /* line of the first of them, from 1; 0 if none */
    uint64_t dropped;         /* secrets for which there was no room: limits.h */
};

struct keylog;

/* keylog_new makes an empty store. Free with keylog_free; NULL is fine. */
MUST_CHECK struct keylog *keylog_new(void);

/* keylog_use_memory lets its secrets take so many bytes, and never more than limits.h has it. */
void keylog_use_memory(struct keylog *keylog, size_t most);
void keylog_free(struct keylog *keylog);

/* keylog_add reads a text, and counts what was in it. Every line counts, also a last one without an
 * end: who reads a file that grows passes whole lines. Where a secret is given twice the last one
 * is right. No thread may look up meanwhile. */
void keylog_add(struct keylog *keylog, struct keylog_counts *counts, struct span text);

/* keylog_expect tells whether more secrets may come: then sessions wait for theirs. */
void keylog_expect(struct keylog *keylog, bool more);

/* keylog_find gives the secret of a session, by the random of its ClientHello; NULL if there is
 * none. It lives until the next keylog_add. Any number of threads may ask. */
const struct tls_secret *keylog_find(const struct keylog *keylog, enum keylog_label label,
                                     const uint8_t client_random[TLS_RANDOM_BYTES]);

/* keylog_knows tells that there is any secret of a session. */
bool keylog_knows(const struct keylog *keylog, const uint8_t client_random[TLS_RANDOM_BYTES]);

/* keylog_is_of_use tells that there are secrets, or may be some later; NULL is of none. */
bool keylog_is_of_use(const struct keylog *keylog);

/* keylog_may_grow tells what keylog_expect was told. */
bool keylog_may_grow(const struct keylog *keylog);

#endif
