/* tls_peer.h: real TLS sessions between OpenSSL and itself, over memory, recorded as the flights
 * that each end sent. */
#ifndef PUSHWATCH_TESTS_TLS_PEER_H
#define PUSHWATCH_TESTS_TLS_PEER_H

#include "../capture/base.h"

/* Keys, certificates and contexts are made anew for each session, but for the chain. */
struct tls_peer;

enum { PEER_CLIENT, PEER_SERVER };

/* What one end sent without waiting for the other. */
struct peer_flight {
    unsigned direction;
    struct buf bytes;
};

enum { PEER_FLIGHTS_MAX = 32 };

struct peer_session {
    struct peer_flight flights[PEER_FLIGHTS_MAX];
    size_t count;
    size_t handshake_flights; /* those before application data */
    struct buf keylog;        /* its secrets, as SSLKEYLOGFILE has them */
    bool connected;           /* both ends say that the handshake is complete */
};

struct peer_options {
    int version;              /* OpenSSL's TLS1_2_VERSION and the like: the only one at both ends */
    const char *ciphers;      /* OpenSSL's names; up to TLS 1.2 */
    const char *suites;       /* the same for TLS 1.3 */
    bool no_encrypt_then_mac; /* with CBC */
    const char *client_groups, *server_groups;
    const char *sni, *alpn; /* alpn: one name */
    bool client_certificate;
    bool no_tickets; /* resume by session id, up to TLS 1.2 */
    bool resume;     /* record the second of two sessions */
    bool reject;     /* the client trusts nobody */
    bool no_common_suite;
    bool external_key;         /* TLS 1.3: both know a pre-shared one */
    bool early_data;           /* with resume: the client sends some */
    bool close;                /* both ends send close_notify */
    bool refuse_client;        /* the server trusts no client: TLS 1.3 */
    bool silent;               /* they say nothing but what follows */
    unsigned key_updates;      /* how often either end does it: TLS 1.3 */
    struct span says, answers; /* what client and server say besides; n is 0: nothing */
    unsigned renegotiations;   /* how often the client does it, up to TLS 1.2 */
};

/* tls_peer_new makes a root, a server's leaf under it, and a client's. */
struct tls_peer *tls_peer_new(void);
void tls_peer_free(struct tls_peer *peer);

/* tls_peer_server_chain gives the DER of the server's chain as it is sent: leaf, root. */
struct span tls_peer_server_chain(const struct tls_peer *peer, size_t index);
struct span tls_peer_client_leaf(const struct tls_peer *peer);

/* tls_peer_run records a session. Free it with peer_session_done. */
void tls_peer_run(struct peer_session *session, const struct tls_peer *peer,
                  const struct peer_options *options);
void peer_session_done(struct peer_session *session);

#endif
