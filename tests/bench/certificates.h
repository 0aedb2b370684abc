/* certificates.h: the keys and chains that the recorded sessions present. */
#ifndef PUSHWATCH_BENCH_CERTIFICATES_H
#define PUSHWATCH_BENCH_CERTIFICATES_H

#include <stdbool.h>

#include <openssl/ssl.h>

enum { SERVER_CHAINS = 8, CLIENT_CHAINS = 2, CHAIN_MAX = 3 };

/* A key and its certificate. `number` is its own among all of a set, from 0. */
struct identity {
    EVP_PKEY *key;
    X509 *x;
    unsigned number;
};

/* What one end sends: the leaf first. */
struct chain {
    const struct identity *sent[CHAIN_MAX];
    unsigned count;
};

enum { IDENTITIES_MAX = 3 * SERVER_CHAINS + 1 + CLIENT_CHAINS, KEYS_MAX = 8 };

struct shared_key {
    const char *kind;
    bool authority;
    EVP_PKEY *key;
};

struct certificates {
    struct identity all[IDENTITIES_MAX];
    unsigned count;
    struct chain server[SERVER_CHAINS], client[CLIENT_CHAINS];
    const struct identity *client_root; /* whom servers name when they ask for a certificate */
    unsigned keys;
    struct shared_key key[KEYS_MAX];
};

/* certificates_make makes all of them, RSA and ECDSA, with small and large leaves. Their dates are
 * fixed; their keys are not. Free them with certificates_done. */
void certificates_make(struct certificates *certificates);
void certificates_done(struct certificates *certificates);

/* bench_need ends the program with OpenSSL's own words if something did not work. */
void bench_need(bool good, const char *what);

#endif
