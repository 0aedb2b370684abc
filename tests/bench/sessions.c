/* sessions.c: two OpenSSL ends joined by memory BIOs; what goes between them is kept. */
#include "sessions.h"

#include <stdlib.h>

#include <openssl/err.h>

#include "hello_marks.h"

/* One kind of client, and how the server that it meets is set up. */
struct hello {
    unsigned weight;
    int oldest, newest, server_newest; /* TLS1_VERSION and the like */
    const char *ciphers, *suites;      /* up to TLS 1.2; of TLS 1.3 */
    const char *groups, *server_groups;
    const char *sni;
    const char *alpn; /* as on the wire: each name behind its length */
    uint64_t options;
};

#define MODERN  "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=0"
#define SUITES  "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
#define COURIER "courier.push.example"

static const struct hello hellos[HELLOS] = {
    {.weight = 40,
     .oldest = TLS1_VERSION,
     .newest = TLS1_VERSION,
     .ciphers = "AES128-SHA:AES256-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"},
    {.weight = 40,
     .oldest = TLS1_VERSION,
     .newest = TLS1_VERSION,
     .ciphers = "ECDHE+SHA1:AES+SHA1:@SECLEVEL=0",
     .sni = COURIER},
    {.weight = 30,
     .oldest = TLS1_VERSION,
     .newest = TLS1_1_VERSION,
     .ciphers = "ECDHE+SHA1:AES+SHA1:@SECLEVEL=0",
     .sni = "legacy.push.example"},
    {.weight = 200, .newest = TLS1_2_VERSION, .ciphers = MODERN, .sni = COURIER},
    {.weight = 50, .newest = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256:ECDHE:@SECLEVEL=0"},
    {.weight = 200,
     .newest = TLS1_2_VERSION,
     .ciphers = "DEFAULT:@SECLEVEL=0",
     .groups = "P-256:P-384",
     .sni = "1-courier.push.example",
     .alpn = "\x10"
             "apns-security-v3"},
    {.weight = 60,
     .newest = TLS1_2_VERSION,
     .ciphers = "DEFAULT:@SECLEVEL=0",
     .sni = "gateway.push.example",
     .options = SSL_OP_NO_TICKET},
    {.weight = 60,
     .newest = TLS1_3_VERSION,
     .server_newest = TLS1_2_VERSION,
     .ciphers = MODERN,
     .sni = "api.push.example",
     .alpn = "\x02"
             "h2"
             "\x08"
             "http/1.1"},
    {.weight = 150,
     .newest = TLS1_3_VERSION,
     .ciphers = "DEFAULT:@SECLEVEL=0",
     .sni = "22-courier.push.example",
     .alpn = "\x10"
             "apns-security-v3"
             "\x0c"
             "apns-pack-v1"},
    {.weight = 80,
     .newest = TLS1_3_VERSION,
     .ciphers = MODERN,
     .groups = "P-256:X25519",
     .sni = "7-courier.push.example"},
    {.weight = 20,
     .newest = TLS1_3_VERSION,
     .ciphers = MODERN,
     .groups = "X25519:P-256",
     .server_groups = "P-256",
     .sni = COURIER},
    {.weight = 70,
     .oldest = TLS1_3_VERSION,
     .newest = TLS1_3_VERSION,
     .suites = SUITES,
     .sni = "sandbox.push.example"},
};

/* Plain bytes of the application's records; the last two go out as one piece. */
static const int app_sizes[APP_PIECES] = {5, 17, 33, 64, 110, 220, 760, 60};
enum { APP_SECOND = 90, APP_LARGEST = 760 };

/* A session in progress. */
struct run {
    struct session *out; /* NULL: not recorded */
    struct chosen_id id;
    SSL *ends[2];
};

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                       const unsigned char *in, unsigned int in_length, void *context)
{
    (void)ssl;
    (void)in_length;
    (void)context;
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

static void present(SSL_CTX *context, const struct chain *chain)
{
    bench_need(SSL_CTX_use_certificate(context, chain->sent[0]->x) &&
                   SSL_CTX_use_PrivateKey(context, chain->sent[0]->key),
               "certificate not used");
    for (unsigned i = 1; i < chain->count; i++)
        bench_need(SSL_CTX_add1_chain_cert(context, chain->sent[i]->x), "chain not used");
}

static SSL_CTX *client_context(const struct hello *hello, const struct chain *chain)
{
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    bench_need(c, "no context");
    SSL_CTX_set_min_proto_version(c, hello->oldest ? hello->oldest : TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(c, hello->newest);
    SSL_CTX_set_options(c, hello->options);
    if (hello->ciphers)
        bench_need(SSL_CTX_set_cipher_list(c, hello->ciphers), "ciphers");
    if (hello->suites)
        bench_need(SSL_CTX_set_ciphersuites(c, hello->suites), "suites");
    if (hello->groups)
        bench_need(SSL_CTX_set1_groups_list(c, hello->groups), "groups");
    if (hello->alpn)
        bench_need(!SSL_CTX_set_alpn_protos(c, (const uint8_t *)hello->alpn,
                                            (unsigned)strlen(hello->alpn)),
                   "ALPN");
    if (chain)
        present(c, chain);
    SSL_CTX_set_mode(c, SSL_MODE_NO_AUTO_CHAIN);
    return c;
}

static SSL_CTX *server_context(const struct hello *hello, const struct chain *chain,
                               const struct identity *ask_for)
{
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    bench_need(c, "no context");
    SSL_CTX_set_min_proto_version(c, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(c, hello->server_newest ? hello->server_newest : TLS1_3_VERSION);
    SSL_CTX_set_options(c, hello->options);
    SSL_CTX_set_mode(c, SSL_MODE_NO_AUTO_CHAIN);
    bench_need(SSL_CTX_set_cipher_list(c, "ALL:@SECLEVEL=0"), "ciphers");
    if (hello->server_groups)
        bench_need(SSL_CTX_set1_groups_list(c, hello->server_groups), "groups");
    SSL_CTX_set_alpn_select_cb(c, choose_alpn, NULL);
    bench_need(SSL_CTX_set_session_id_context(c, (const uint8_t *)"bench", 5), "context");
    present(c, chain);
    if (ask_for) {
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, accept_any);
        bench_need(SSL_CTX_add_client_CA(c, ask_for->x), "authority");
    }
    return c;
}

static void keep(struct piece *piece, const char *bytes, size_t n, struct chosen_id *id)
{
    *piece = (struct piece){.bytes = malloc(n), .length = (uint32_t)n};
    bench_need(piece->bytes, "no memory");
    memcpy(piece->bytes, bytes, n);
    if (id)
        hello_marks(piece, id);
}

/* carry hands what an end has written to the other, and keeps it in `piece` if that is not NULL. */
static bool carry(struct run *run, unsigned from, struct piece *piece, struct chosen_id *id)
{
    char *bytes;
    BIO *out = SSL_get_wbio(run->ends[from]);
    long n = BIO_get_mem_data(out, &bytes);
    if (n <= 0)
        return false;
    if (piece)
        keep(piece, bytes, (size_t)n, id);
    bench_need(BIO_write(SSL_get_rbio(run->ends[!from]), bytes, (int)n) == n, "not carried");
    (void)BIO_reset(out);
    return true;
}

static bool carry_flight(struct run *run, unsigned from)
{
    struct session *s = run->out;
    bench_need(!s || s->flights < FLIGHTS_MAX, "too many flights");
    if (!carry(run, from, s ? &s->flight[s->flights] : NULL, &run->id))
        return false;
    if (s)
        s->from[s->flights++] = from;
    return true;
}

static bool shake_hands(struct run *run)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (unsigned end = 0; end < 2; end++) {
            SSL_do_handshake(run->ends[end]);
            moved = carry_flight(run, end) || moved;
        }
    }
    ERR_clear_error();
    return SSL_is_init_finished(run->ends[0]) && SSL_is_init_finished(run->ends[1]);
}

static void say(struct run *run, unsigned from, unsigned which)
{
    static const char text[APP_LARGEST];
    char heard[APP_LARGEST];
    struct piece *piece = run->out ? &run->out->app[from][which] : NULL;
    bench_need(SSL_write(run->ends[from], text, app_sizes[which]) > 0, "not said");
    if (which == APP_PIECES - 1)
        bench_need(SSL_write(run->ends[from], text, APP_SECOND) > 0, "not said");
    carry(run, from, piece, NULL);
    while (SSL_read(run->ends[!from], heard, sizeof heard) > 0)
        continue;
    ERR_clear_error();
}

static void talk(struct run *run)
{
    for (unsigned which = 0; which < APP_PIECES; which++)
        for (unsigned end = 0; end < 2; end++)
            say(run, end, which);
    for (unsigned end = 0; end < 2; end++) {
        SSL_shutdown(run->ends[end]);
        carry(run, end, run->out ? &run->out->goodbye[end] : NULL, NULL);
    }
}

static SSL *new_end(SSL_CTX *context, unsigned end, const struct hello *hello, SSL_SESSION *old)
{
    SSL *ssl = SSL_new(context);
    bench_need(ssl, "no end");
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (end == BY_SERVER) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_set_connect_state(ssl);
    if (old)
        SSL_set_session(ssl, old);
    if (hello->sni)
        bench_need(SSL_set_tlsext_host_name(ssl, hello->sni), "SNI");
    return ssl;
}

/* run_once returns the client's session, to be resumed; NULL if the ends did not come to terms. */
static SSL_SESSION *run_once(struct session *out, SSL_CTX *const contexts[2],
                             const struct hello *hello, SSL_SESSION *old)
{
    struct run run = {.out = out};
    for (unsigned end = 0; end < 2; end++)
        run.ends[end] = new_end(contexts[end], end, hello, old);
    bool good = shake_hands(&run);
    if (good)
        talk(&run);
    if (good && out) {
        out->usable = true;
        out->version = SSL_version(run.ends[BY_CLIENT]);
        out->offered = hello->newest;
        out->resumed = SSL_session_reused(run.ends[BY_CLIENT]);
    }
    SSL_SESSION *session = good ? SSL_get1_session(run.ends[BY_CLIENT]) : NULL;
    for (unsigned end = 0; end < 2; end++)
        SSL_free(run.ends[end]);
    return session;
}

static void show(struct session *session, const struct chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++)
        session->visible[session->shown++] = chain->sent[i]->number;
}

static void record(struct session *session, const struct certificates *certificates,
                   unsigned number, unsigned server, enum variant variant)
{
    const struct hello *hello = &hellos[number];
    const struct chain *chain = &certificates->server[server];
    const struct chain *own = variant == VARIANT_CLIENT_CERTIFICATE
                                  ? &certificates->client[(number + server) % CLIENT_CHAINS]
                                  : NULL;
    SSL_CTX *contexts[2] = {client_context(hello, own),
                            server_context(hello, chain, own ? certificates->client_root : NULL)};
    SSL_SESSION *first = variant == VARIANT_RESUMED ? run_once(NULL, contexts, hello, NULL) : NULL;
    if (variant != VARIANT_RESUMED || first)
        SSL_SESSION_free(run_once(session, contexts, hello, first));
    bench_need(!session->usable || session->resumed == (variant == VARIANT_RESUMED),
               "resumed or not, against expectation");
    if (session->usable && !session->resumed && session->version < TLS1_3_VERSION) {
        show(session, chain);
        if (own)
            show(session, own);
    }
    SSL_SESSION_free(first);
    SSL_CTX_free(contexts[0]);
    SSL_CTX_free(contexts[1]);
}

void sessions_record(struct sessions *sessions, const struct certificates *certificates)
{
    memset(sessions, 0, sizeof *sessions);
    for (unsigned hello = 0; hello < HELLOS; hello++)
        for (unsigned server = 0; server < SERVER_CHAINS; server++)
            for (unsigned variant = 0; variant < VARIANTS; variant++)
                record(&sessions->all[hello][server][variant], certificates, hello, server,
                       (enum variant)variant);
}

static void free_session(struct session *session)
{
    for (unsigned i = 0; i < session->flights; i++)
        free(session->flight[i].bytes);
    for (unsigned end = 0; end < 2; end++) {
        for (unsigned i = 0; i < APP_PIECES; i++)
            free(session->app[end][i].bytes);
        free(session->goodbye[end].bytes);
    }
}

void sessions_done(struct sessions *sessions)
{
    for (unsigned hello = 0; hello < HELLOS; hello++)
        for (unsigned server = 0; server < SERVER_CHAINS; server++)
            for (unsigned variant = 0; variant < VARIANTS; variant++)
                free_session(&sessions->all[hello][server][variant]);
}

static unsigned pick_hello(struct random *random)
{
    unsigned sum = 0, at = 0;
    for (unsigned i = 0; i < HELLOS; i++)
        sum += hellos[i].weight;
    for (uint32_t left = random_below(random, sum); left >= hellos[at].weight; at++)
        left -= hellos[at].weight;
    return at;
}

const struct session *sessions_pick(const struct sessions *sessions, struct random *random,
                                    int version)
{
    for (;;) {
        enum variant variant = VARIANT_FULL;
        if (!version && random_chance(random, 200))
            variant = VARIANT_RESUMED;
        else if (!version && random_chance(random, 120))
            variant = VARIANT_CLIENT_CERTIFICATE;
        const struct session *session =
            &sessions->all[pick_hello(random)][random_below(random, SERVER_CHAINS)][variant];
        if (session->usable && (!version || session->version == version))
            return session;
    }
}
