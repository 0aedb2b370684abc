/* tls_peer.c: two OpenSSL ends, joined by memory BIOs, and what goes between them. */
#include "tls_peer.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct identity {
    EVP_PKEY *key;
    X509 *x;
    uint8_t *der;
    int der_length;
};

struct tls_peer {
    struct identity root, server, client;
};

static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "tls_peer: %s\n", what);
    ERR_print_errors_fp(stderr);
    abort();
}

static void make(struct identity *id, const struct identity *issuer, const char *name, long serial)
{
    id->key = EVP_EC_gen("P-256");
    id->x = X509_new();
    need(id->key && id->x, "no key");
    X509_set_version(id->x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(id->x), serial);
    X509_gmtime_adj(X509_getm_notBefore(id->x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(id->x), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(id->x), "CN", MBSTRING_ASC,
                               (const uint8_t *)name, -1, -1, 0);
    const struct identity *by = issuer ? issuer : id;
    X509_set_issuer_name(id->x, X509_get_subject_name(by->x));
    X509_set_pubkey(id->x, id->key);
    X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                             issuer ? "CA:FALSE" : "critical,CA:TRUE");
    X509_add_ext(id->x, ca, -1);
    X509_EXTENSION_free(ca);
    need(X509_sign(id->x, by->key, EVP_sha256()) > 0, "not signed");
    id->der_length = i2d_X509(id->x, &id->der);
    need(id->der_length > 0, "no DER");
}

static void unmake(struct identity *id)
{
    EVP_PKEY_free(id->key);
    X509_free(id->x);
    OPENSSL_free(id->der);
}

struct tls_peer *tls_peer_new(void)
{
    struct tls_peer *peer = xcalloc(1, sizeof *peer);
    make(&peer->root, NULL, "Root of the test", 1);
    make(&peer->server, &peer->root, "courier.push.example", 2);
    make(&peer->client, &peer->root, "device.push.example", 3);
    return peer;
}

void tls_peer_free(struct tls_peer *peer)
{
    if (!peer)
        return;
    unmake(&peer->root);
    unmake(&peer->server);
    unmake(&peer->client);
    free(peer);
}

static struct span der_of(const struct identity *id)
{
    return span_of(id->der, (size_t)id->der_length);
}

struct span tls_peer_server_chain(const struct tls_peer *peer, size_t index)
{
    return index == 0 ? der_of(&peer->server) : index == 1 ? der_of(&peer->root) : span_of(NULL, 0);
}

struct span tls_peer_client_leaf(const struct tls_peer *peer)
{
    return der_of(&peer->client);
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                       const unsigned char *in, unsigned int in_length, void *context)
{
    (void)ssl;
    (void)context;
    (void)in_length;
    *out = in + 1;
    *out_length = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static int accept_any(int good, X509_STORE_CTX *context)
{
    (void)good;
    (void)context;
    return 1;
}

/* The key that both ends know beforehand. */
static SSL_SESSION *external_key(void)
{
    static const uint8_t suite[] = {0x13, 0x01}, key[32] = {7};
    SSL *ssl = SSL_new(SSL_CTX_new(TLS_method()));
    SSL_SESSION *session = SSL_SESSION_new();
    need(ssl && session && SSL_SESSION_set1_master_key(session, key, sizeof key) &&
             SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, suite)) &&
             SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION),
         "no key");
    SSL_CTX_free(SSL_get_SSL_CTX(ssl));
    SSL_free(ssl);
    return session;
}

static int offer_key(SSL *ssl, const EVP_MD *hash, const uint8_t **id, size_t *id_length,
                     SSL_SESSION **session)
{
    (void)ssl;
    (void)hash;
    *id = (const uint8_t *)"device";
    *id_length = 6;
    *session = external_key();
    return 1;
}

static int find_key(SSL *ssl, const uint8_t *id, size_t id_length, SSL_SESSION **session)
{
    (void)ssl;
    (void)id;
    *session = id_length == 6 ? external_key() : NULL;
    return 1;
}

static void use(SSL_CTX *context, const struct identity *id, const struct identity *above)
{
    need(SSL_CTX_use_certificate(context, id->x) && SSL_CTX_use_PrivateKey(context, id->key),
         "certificate not used");
    if (above) {
        X509_up_ref(above->x);
        need(SSL_CTX_add_extra_chain_cert(context, above->x), "chain not used");
    }
}

static SSL_CTX *context_of(const struct peer_options *o, unsigned end)
{
    SSL_CTX *c = SSL_CTX_new(end == PEER_CLIENT ? TLS_client_method() : TLS_server_method());
    need(c, "no context");
    SSL_CTX_set_security_level(c, 0);
    SSL_CTX_set_min_proto_version(c, o->version);
    SSL_CTX_set_max_proto_version(c, o->version);
    const char *groups = end == PEER_CLIENT ? o->client_groups : o->server_groups;
    if (groups)
        need(SSL_CTX_set1_groups_list(c, groups), "groups");
    const char *ciphers = o->ciphers ? o->ciphers : "DEFAULT:@SECLEVEL=0";
    if (o->no_common_suite)
        ciphers = end == PEER_CLIENT ? "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"
                                     : "ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0";
    need(SSL_CTX_set_cipher_list(c, ciphers), "ciphers");
    if (o->suites)
        need(SSL_CTX_set_ciphersuites(c, o->suites), "suites");
    if (o->no_encrypt_then_mac)
        SSL_CTX_set_options(c, SSL_OP_NO_ENCRYPT_THEN_MAC);
    if (o->no_tickets)
        SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
    if (o->renegotiations)
        SSL_CTX_set_options(c, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    return c;
}

static void note_secret(const SSL *ssl, const char *line)
{
    struct peer_session *session = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    buf_append(&session->keylog, line, strlen(line));
    buf_append(&session->keylog, "\n", 1);
}

static void prepare_server(SSL_CTX *c, const struct tls_peer *peer, const struct peer_options *o)
{
    use(c, &peer->server, &peer->root);
    SSL_CTX_set_dh_auto(c, 1);
    SSL_CTX_set_session_id_context(c, (const uint8_t *)"t", 1);
    SSL_CTX_set_alpn_select_cb(c, choose_alpn, NULL);
    if (o->client_certificate) {
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, o->refuse_client ? NULL : accept_any);
        need(SSL_CTX_add_client_CA(c, peer->root.x), "authority");
    }
    if (o->external_key)
        SSL_CTX_set_psk_find_session_callback(c, find_key);
    if (o->early_data)
        SSL_CTX_set_max_early_data(c, 4096);
}

static void prepare_client(SSL_CTX *c, const struct tls_peer *peer, const struct peer_options *o)
{
    if (o->external_key) {
        SSL_CTX_set_ciphersuites(c, "TLS_AES_128_GCM_SHA256");
        SSL_CTX_set_psk_use_session_callback(c, offer_key);
    }
    if (o->client_certificate)
        use(c, &peer->client, NULL);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, o->reject ? NULL : accept_any);
}

/* A session in progress. */
struct run {
    struct peer_session *out; /* NULL: not recorded */
    SSL *ends[2];
};

/* move carries what an end has written to the other, and records it. */
static bool move(struct run *run, unsigned from)
{
    char *bytes;
    BIO *out = SSL_get_wbio(run->ends[from]);
    long n = BIO_get_mem_data(out, &bytes);
    if (n <= 0)
        return false;
    if (run->out) {
        need(run->out->count < PEER_FLIGHTS_MAX, "too many flights");
        struct peer_flight *flight = &run->out->flights[run->out->count++];
        flight->direction = from;
        buf_append(&flight->bytes, bytes, (size_t)n);
    }
    need(BIO_write(SSL_get_rbio(run->ends[from ^ 1]), bytes, (int)n) == n, "not moved");
    (void)BIO_reset(out);
    return true;
}

static void send_early_data(struct run *run)
{
    size_t written;
    need(SSL_write_early_data(run->ends[PEER_CLIENT], "early", 5, &written), "early data");
}

static bool shake_hands(struct run *run, bool early)
{
    bool moved = true;
    if (early)
        send_early_data(run);
    while (moved) {
        if (!early || SSL_get_early_data_status(run->ends[PEER_CLIENT]) >= 0)
            SSL_do_handshake(run->ends[PEER_CLIENT]);
        moved = move(run, PEER_CLIENT);
        if (early) {
            char text[16];
            size_t n;
            SSL_read_early_data(run->ends[PEER_SERVER], text, sizeof text, &n);
        }
        SSL_do_handshake(run->ends[PEER_SERVER]);
        moved = move(run, PEER_SERVER) || moved;
    }
    ERR_clear_error();
    return SSL_is_init_finished(run->ends[0]) && SSL_is_init_finished(run->ends[1]);
}

static void say_bytes(struct run *run, unsigned from, struct span bytes)
{
    char heard[1024];
    need(SSL_write(run->ends[from], bytes.p, (int)bytes.n) > 0, "not said");
    move(run, from);
    need(SSL_read(run->ends[from ^ 1], heard, sizeof heard) == (int)bytes.n, "not heard");
}

static void say(struct run *run, unsigned from, const char *text)
{
    say_bytes(run, from, span_of(text, strlen(text)));
}

/* update_keys: each end in turn, every other time asking the other to do it as well. */
static void update_keys(struct run *run, unsigned i)
{
    unsigned from = i % 2;
    int how = i / 2 % 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
    need(SSL_key_update(run->ends[from], how) && SSL_do_handshake(run->ends[from]) > 0,
         "keys not updated");
    say(run, from, "under new keys");
    say(run, from ^ 1, "so be it");
}

/* renegotiate: the server learns of it as it reads. */
static void renegotiate(struct run *run)
{
    char nothing[1];
    bool moved = true;
    need(SSL_renegotiate(run->ends[PEER_CLIENT]), "no renegotiation");
    while (moved) {
        SSL_do_handshake(run->ends[PEER_CLIENT]);
        moved = move(run, PEER_CLIENT);
        need(SSL_read(run->ends[PEER_SERVER], nothing, sizeof nothing) <= 0, "data");
        moved = move(run, PEER_SERVER) || moved;
    }
    ERR_clear_error();
    need(!SSL_renegotiate_pending(run->ends[PEER_CLIENT]), "renegotiation failed");
}

static void talk(struct run *run, const struct peer_options *o)
{
    if (!o->silent) {
        say(run, PEER_CLIENT, "a keep-alive of some thirty bytes");
        say(run, PEER_SERVER, "its answer");
    }
    for (unsigned i = 0; i < o->renegotiations; i++)
        renegotiate(run);
    for (unsigned i = 0; i < o->key_updates; i++)
        update_keys(run, i);
    if (o->says.n > 0)
        say_bytes(run, PEER_CLIENT, o->says);
    if (o->answers.n > 0)
        say_bytes(run, PEER_SERVER, o->answers);
    if (!o->silent)
        say(run, PEER_CLIENT, "something else");
    if (!o->close)
        return;
    SSL_shutdown(run->ends[PEER_CLIENT]);
    move(run, PEER_CLIENT);
    SSL_shutdown(run->ends[PEER_SERVER]);
    move(run, PEER_SERVER);
}

static SSL *end_of(SSL_CTX *context, unsigned end, const struct peer_options *o, SSL_SESSION *old)
{
    SSL *ssl = SSL_new(context);
    need(ssl, "no end");
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (end == PEER_SERVER) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_set_connect_state(ssl);
    if (old)
        SSL_set_session(ssl, old);
    if (o->sni)
        SSL_set_tlsext_host_name(ssl, o->sni);
    if (o->alpn) {
        uint8_t list[64];
        size_t n = strlen(o->alpn);
        list[0] = (uint8_t)n;
        memcpy(list + 1, o->alpn, n);
        need(SSL_set_alpn_protos(ssl, list, (unsigned)n + 1) == 0, "alpn");
    }
    return ssl;
}

/* run_once returns the client's session, to be resumed. */
static SSL_SESSION *run_once(struct peer_session *out, SSL_CTX *const contexts[2],
                             const struct peer_options *o, SSL_SESSION *old)
{
    struct run run = {.out = out};
    for (unsigned end = 0; end < 2; end++)
        run.ends[end] = end_of(contexts[end], end, o, old);
    bool connected = shake_hands(&run, o->early_data && old);
    if (out) {
        out->connected = connected;
        out->handshake_flights = out->count;
    }
    if (connected)
        talk(&run, o);
    SSL_SESSION *session = connected ? SSL_get1_session(run.ends[PEER_CLIENT]) : NULL;
    for (unsigned end = 0; end < 2; end++) {
        SSL_set_shutdown(run.ends[end], SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(run.ends[end]);
    }
    return session;
}

void tls_peer_run(struct peer_session *session, const struct tls_peer *peer,
                  const struct peer_options *o)
{
    SSL_CTX *contexts[2] = {context_of(o, PEER_CLIENT), context_of(o, PEER_SERVER)};
    prepare_client(contexts[PEER_CLIENT], peer, o);
    prepare_server(contexts[PEER_SERVER], peer, o);
    *session = (struct peer_session){0};
    SSL_CTX_set_app_data(contexts[PEER_CLIENT], session);
    SSL_CTX_set_keylog_callback(contexts[PEER_CLIENT], note_secret);
    SSL_SESSION *first = o->resume ? run_once(NULL, contexts, o, NULL) : NULL;
    SSL_SESSION_free(run_once(session, contexts, o, first));
    SSL_SESSION_free(first);
    SSL_CTX_free(contexts[0]);
    SSL_CTX_free(contexts[1]);
}

void peer_session_done(struct peer_session *session)
{
    for (size_t i = 0; i < session->count; i++)
        buf_done(&session->flights[i].bytes);
    buf_done(&session->keylog);
    session->count = 0;
}
