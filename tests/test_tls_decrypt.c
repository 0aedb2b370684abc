/* test_tls_decrypt.c: real sessions of OpenSSL, with what it wrote into its key log: every suite,
 * in several splits and orders, the secrets before, amid and behind the records; with holes, with
 * wrong secrets, and with some of the secrets only. */
#include "../dissect/keylog.h"
#include "../dissect/tls_opener.h"
#include "tls_peer.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "../dissect/limits.h"

struct scenario {
    const char *name;
    struct peer_options options;
    int alert; /* description of the fatal one; 0: none */
};

#define NAMED     .sni = "courier.push.example", .alpn = "apns-security-v3"
#define CBC(text) .ciphers = text ":@SECLEVEL=0"

/* Connect with a token in its field 1, and two topics; the answer with status 0. */
static const uint8_t connect[] = {0x07, 0,    0, 0, 13, 1, 0, 4,    't', 'o', 'k',
                                  'n',  2,    0, 1, 1,  9, 0, 0x09, 0,   0,   0,
                                  0,    0x0c, 0, 0, 0,  5, 5, 0,    2,   0,   20};
static const uint8_t connect_ack[] = {0x08, 0, 0, 0, 4, 1, 0, 1, 0, 0x0d, 0, 0, 0, 0};

#define APNS .says = {connect, sizeof connect}, .answers = {connect_ack, sizeof connect_ack}

static const struct scenario scenarios[] = {
    {"TLS 1.3, AES-128-GCM",
     {.version = TLS1_3_VERSION, NAMED, .suites = "TLS_AES_128_GCM_SHA256", .close = true, APNS},
     0},
    {"TLS 1.3, AES-256-GCM, client certificate",
     {.version = TLS1_3_VERSION,
      NAMED,
      .suites = "TLS_AES_256_GCM_SHA384",
      .client_certificate = true,
      .close = true},
     0},
    {"TLS 1.3, ChaCha20",
     {.version = TLS1_3_VERSION, NAMED, .suites = "TLS_CHACHA20_POLY1305_SHA256", .close = true},
     0},
    {"TLS 1.3, CCM",
     {.version = TLS1_3_VERSION, .suites = "TLS_AES_128_CCM_SHA256", .close = true, APNS},
     0},
    {"TLS 1.3, CCM_8",
     {.version = TLS1_3_VERSION, NAMED, .suites = "TLS_AES_128_CCM_8_SHA256", .close = true},
     0},
    {"TLS 1.3, keys updated",
     {.version = TLS1_3_VERSION, NAMED, .key_updates = 5, .close = true, APNS},
     0},
    {"TLS 1.3, retry",
     {.version = TLS1_3_VERSION,
      NAMED,
      .client_groups = "X25519:P-256",
      .server_groups = "P-256",
      .close = true},
     0},
    {"TLS 1.3, resumed", {.version = TLS1_3_VERSION, NAMED, .resume = true, .close = true}, 0},
    {"TLS 1.3, early data",
     {.version = TLS1_3_VERSION, NAMED, .resume = true, .early_data = true, .close = true},
     0},
    {"TLS 1.3, the server refuses the client",
     {.version = TLS1_3_VERSION, NAMED, .client_certificate = true, .refuse_client = true},
     SSL_AD_UNKNOWN_CA},
    {"TLS 1.2, AES-128-GCM",
     {.version = TLS1_2_VERSION,
      NAMED,
      .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256",
      .close = true,
      APNS},
     0},
    {"TLS 1.2, AES-256-GCM",
     {.version = TLS1_2_VERSION, NAMED, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384", .close = true},
     0},
    {"TLS 1.2, CCM", {.version = TLS1_2_VERSION, CBC("ECDHE-ECDSA-AES128-CCM"), .close = true}, 0},
    {"TLS 1.2, CCM_8",
     {.version = TLS1_2_VERSION, CBC("ECDHE-ECDSA-AES256-CCM8"), .close = true},
     0},
    {"TLS 1.2, ChaCha20",
     {.version = TLS1_2_VERSION, CBC("ECDHE-ECDSA-CHACHA20-POLY1305"), .close = true},
     0},
    {"TLS 1.2, CBC, encrypt then MAC",
     {.version = TLS1_2_VERSION, NAMED, CBC("ECDHE-ECDSA-AES128-SHA"), .close = true},
     0},
    {"TLS 1.2, CBC, MAC then encrypt",
     {.version = TLS1_2_VERSION,
      NAMED,
      CBC("ECDHE-ECDSA-AES256-SHA"),
      .no_encrypt_then_mac = true,
      .close = true},
     0},
    {"TLS 1.2, CBC with SHA-256",
     {.version = TLS1_2_VERSION, CBC("ECDHE-ECDSA-AES128-SHA256"), .close = true},
     0},
    {"TLS 1.2, CBC with SHA-384",
     {.version = TLS1_2_VERSION,
      CBC("ECDHE-ECDSA-AES256-SHA384"),
      .no_encrypt_then_mac = true,
      .close = true},
     0},
    {"TLS 1.2, ARIA",
     {.version = TLS1_2_VERSION, CBC("ECDHE-ECDSA-ARIA128-GCM-SHA256"), .close = true},
     0},
    {"TLS 1.2, ARIA-256",
     {.version = TLS1_2_VERSION, CBC("ECDHE-ECDSA-ARIA256-GCM-SHA384"), .close = true},
     0},
    {"TLS 1.2, Camellia",
     {.version = TLS1_2_VERSION, CBC("ECDHE-ECDSA-CAMELLIA128-SHA256"), .close = true},
     0},
    {"TLS 1.2, Camellia with SHA-384",
     {.version = TLS1_2_VERSION,
      CBC("ECDHE-ECDSA-CAMELLIA256-SHA384"),
      .no_encrypt_then_mac = true,
      .close = true},
     0},
    {"TLS 1.2, ticket", {.version = TLS1_2_VERSION, NAMED, .resume = true, .close = true}, 0},
    {"TLS 1.2, renegotiated",
     {.version = TLS1_2_VERSION, NAMED, .renegotiations = 3, .close = true, APNS},
     0},
    {"TLS 1.2, CBC, renegotiated with a client's certificate",
     {.version = TLS1_2_VERSION,
      NAMED,
      CBC("ECDHE-ECDSA-AES128-SHA"),
      .client_certificate = true,
      .renegotiations = 1,
      .close = true},
     0},
    {"TLS 1.1", {.version = TLS1_1_VERSION, CBC("ECDHE-ECDSA-AES128-SHA"), .close = true}, 0},
    {"TLS 1.0",
     {.version = TLS1_VERSION,
      CBC("ECDHE-ECDSA-AES256-SHA"),
      .no_encrypt_then_mac = true,
      .close = true},
     0},
    {"TLS 1.0, encrypt then MAC",
     {.version = TLS1_VERSION, CBC("ECDHE-ECDSA-AES128-SHA"), .close = true},
     0},
};

struct fixture {
    struct tls_peer *peer;
    struct peer_session sessions[COUNT_OF(scenarios)];
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    f->peer = tls_peer_new();
    for (size_t i = 0; i < COUNT_OF(scenarios); i++)
        tls_peer_run(&f->sessions[i], f->peer, &scenarios[i].options);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++)
        peer_session_done(&f->sessions[i]);
    tls_peer_free(f->peer);
    free(f);
    return 0;
}

/* --- delivery --- */

enum order { IN_TURN, CLIENT_FIRST, SERVER_FIRST };
enum when { KEYS_BEFORE, KEYS_AMID, KEYS_BEHIND, KEYS_NEVER };

enum { FIRST_FRAME = 10 };

/* A session under way, with stores of its own. */
struct run {
    struct cert_store *certs;
    struct keylog *keylog;
    struct tls_store *store;
    struct tls *tls;
    const struct peer_session *session;
    struct span keys;
    uint64_t offset[2];
    uint64_t delivered;                /* bytes, both directions */
    uint64_t hole_from[2], hole_to[2]; /* offsets of what is missing */
};

enum { RECORD_HEADER = 5 };

static struct run begin(const struct fixture *f, size_t i, enum when when)
{
    const struct peer_session *session = &f->sessions[i];
    struct run run = {.certs = cert_store_new(SIZE_MAX),
                      .keylog = keylog_new(),
                      .session = session,
                      .keys = span_of(session->keylog.p, session->keylog.n)};
    run.store = tls_store_new(run.certs);
    keylog_expect(run.keylog, when != KEYS_BEFORE);
    tls_store_use_keys(run.store, run.keylog, true);
    run.tls = tls_new(run.store, false);
    return run;
}

static void give_keys(struct run *run)
{
    struct keylog_counts counts = {0};
    keylog_add(run->keylog, &counts, run->keys);
}

static void done(struct run *run)
{
    tls_free(run->tls);
    assert_int_equal(tls_store_openers(run->store)->held, 0);
    assert_int_equal(tls_store_openers(run->store)->waiting, 0);
    tls_store_free(run->store);
    cert_store_free(run->certs);
    keylog_free(run->keylog);
}

/* deliver hands over a piece in an exactly sized copy, or tells that it is missing. */
static void deliver(struct run *run, unsigned direction, struct span piece, uint64_t frame)
{
    uint64_t at = run->offset[direction];
    const struct tls_where where = {at, frame, (nanotime)frame * NS_PER_SECOND};
    run->offset[direction] += piece.n;
    run->delivered += piece.n;
    if (at >= run->hole_from[direction] && at < run->hole_to[direction]) {
        tls_gap(run->tls, direction, piece.n, &where);
        return;
    }
    void *copy = xmalloc(piece.n);
    memcpy(copy, piece.p, piece.n);
    tls_data(run->tls, direction, span_of(copy, piece.n), &where, NULL);
    free(copy);
}

static void deliver_flight(struct run *run, const struct peer_flight *flight, size_t step,
                           uint64_t frame)
{
    for (size_t at = 0; at < flight->bytes.n; at += step) {
        size_t left = flight->bytes.n - at;
        deliver(run, flight->direction, span_of(flight->bytes.p + at, left < step ? left : step),
                frame);
    }
}

static void deliver_all(struct run *run, size_t step, enum order order, enum when when)
{
    const struct peer_session *s = run->session;
    unsigned first = order == SERVER_FIRST ? PEER_SERVER : PEER_CLIENT, sent = 0;
    if (when == KEYS_BEFORE)
        give_keys(run);
    for (unsigned pass = 0; pass < (order == IN_TURN ? 1 : 2); pass++)
        for (size_t i = 0; i < s->count; i++) {
            if (order != IN_TURN && s->flights[i].direction != (pass ? first ^ 1 : first))
                continue;
            deliver_flight(run, &s->flights[i], step, FIRST_FRAME + i);
            if (++sent == 3 && when == KEYS_AMID)
                give_keys(run);
        }
    if (when == KEYS_BEHIND)
        give_keys(run);
    tls_fin(run->tls, 0);
    tls_fin(run->tls, 1);
    tls_finish(run->tls);
}

/* --- checks --- */

static void expect_certificates(const struct fixture *f, const struct scenario *s,
                                const struct tls_facts *facts)
{
    bool hidden = s->options.version == TLS1_3_VERSION;
    if (s->options.resume) {
        assert_int_equal(facts->certs_via, CERTS_RESUMED);
        return;
    }
    assert_int_equal(facts->certs_via, hidden ? CERTS_KEYLOG : CERTS_PLAIN);
    assert_int_equal(facts->server_cert_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(span_equal(facts->server_certs[i]->der, tls_peer_server_chain(f->peer, i)));
    assert_int_equal(facts->certificate_requested, s->options.client_certificate);
    assert_int_equal(facts->client_cert_count, s->options.client_certificate);
    if (s->options.client_certificate) {
        assert_true(span_equal(facts->client_certs[0]->der, tls_peer_client_leaf(f->peer)));
        assert_int_equal(facts->acceptable_cas, 1);
    }
}

static void expect_alerts(const struct scenario *s, const struct tls_facts *facts)
{
    unsigned closes = 0, fatal = 0;
    for (unsigned i = 0; i < facts->alert_count; i++) {
        const struct tls_alert *alert = &facts->alerts[i];
        assert_false(alert->encrypted);
        closes += alert->description == SSL_AD_CLOSE_NOTIFY;
        fatal += alert->description == s->alert && alert->level == 2;
    }
    assert_int_equal(closes, s->options.close ? 2 : 0);
    assert_int_equal(fatal, s->alert ? 1 : 0);
    assert_int_equal(facts->alert_count, closes + fatal);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(facts->close_notify[i],
                         s->options.close ? CLOSE_NOTIFY_YES : CLOSE_NOTIFY_NO);
}

static void expect_command(const struct apns_command *c, uint8_t command, unsigned direction,
                           uint32_t length, int status, int interval)
{
    assert_int_equal(c->command, command);
    assert_int_equal(c->direction, direction);
    assert_int_equal(c->length, length);
    assert_int_equal(c->status, status);
    assert_int_equal(c->interval, interval);
    assert_true(c->frame >= FIRST_FRAME);
    assert_true(c->time == (nanotime)c->frame * NS_PER_SECOND);
}

/* What is said before the commands is no APNs, so that only a stream without a name for its
 * protocol could be misread: it must not be. */
static void expect_apns(const struct scenario *s, const struct tls_facts *facts)
{
    (void)s;
    assert_null(facts->extras->apns);
}

static void expect_opened(const struct fixture *f, const struct scenario *s, const struct tls *tls,
                          const struct tls_facts *facts)
{
    assert_int_equal(tls_verdict(tls), TLS_IS);
    assert_non_null(facts->extras);
    const struct tls_decryption *decryption = &facts->extras->decryption;
    assert_int_equal(decryption->closed[0] + decryption->closed[1], 0);
    assert_int_equal(tls_decryption_status(decryption), DECRYPTION_COMPLETE);
    assert_true(decryption->opened[0] > 0 && decryption->opened[1] > 0);
    assert_int_equal(facts->progress, s->alert ? TLS_FAILED : TLS_COMPLETE);
    assert_int_equal(facts->complete_frame != 0, !s->alert);
    assert_int_equal(facts->extras->early_data_accepted, s->options.early_data);
    if (s->options.alpn)
        assert_true(span_equal(tls_alpn(facts), span_of(s->options.alpn, strlen(s->options.alpn))));
    expect_certificates(f, s, facts);
    expect_alerts(s, facts);
    expect_apns(s, facts);
}

/* --- tests --- */

static void every_session_is_opened(void **state)
{
    const struct fixture *f = *state;
    static const size_t steps[] = {1 << 20, 536, 7};
    for (size_t i = 0; i < COUNT_OF(scenarios); i++)
        for (size_t step = 0; step < COUNT_OF(steps); step++)
            for (enum order order = IN_TURN; order <= SERVER_FIRST; order++)
                for (enum when when = KEYS_BEFORE; when <= KEYS_BEHIND; when++) {
                    struct run run = begin(f, i, when);
                    deliver_all(&run, steps[step], order, when);
                    const struct tls_facts *facts = tls_facts(run.tls);
                    if (!facts->extras ||
                        tls_decryption_status(&facts->extras->decryption) != DECRYPTION_COMPLETE)
                        print_error("%s: step %zu, order %d, keys %d\n", scenarios[i].name,
                                    steps[step], order, when);
                    expect_opened(f, &scenarios[i], run.tls, facts);
                    done(&run);
                }
}

static void without_secrets_nothing_changes(void **state)
{
    const struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++)
        for (enum when when = KEYS_BEFORE; when <= KEYS_NEVER; when += KEYS_NEVER) {
            struct run run = begin(f, i, when);
            run.keys = span_of(NULL, 0);
            deliver_all(&run, 536, IN_TURN, when);
            const struct tls_facts *facts = tls_facts(run.tls);
            if (facts->extras) {
                assert_int_equal(tls_decryption_status(&facts->extras->decryption),
                                 DECRYPTION_NONE);
                assert_int_equal(facts->extras->alpn.n, 0);
            }
            for (unsigned a = 0; a < facts->alert_count; a++)
                assert_true(facts->alerts[a].encrypted);
            done(&run);
        }
}

/* damage_keys changes a digit of each secret, the last of its line. */
static void damage_keys(struct buf *out, struct span keys)
{
    buf_append(out, keys.p, keys.n);
    for (size_t i = 0; i < out->n; i++)
        if (out->p[i] == '\n')
            out->p[i - 1] = out->p[i - 1] == '0' ? '1' : '0';
}

static void wrong_secrets_are_told(void **state)
{
    const struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        struct buf wrong = {0};
        struct run run = begin(f, i, KEYS_BEFORE);
        damage_keys(&wrong, run.keys);
        run.keys = span_of(wrong.p, wrong.n);
        deliver_all(&run, 536, IN_TURN, KEYS_BEFORE);
        const struct tls_facts *facts = tls_facts(run.tls);
        const struct tls_decryption *decryption = &facts->extras->decryption;
        assert_int_equal(tls_decryption_status(decryption), DECRYPTION_FAILED);
        if (!scenarios[i].options.early_data)
            assert_int_equal(decryption->trouble, TROUBLE_WRONG_SECRET);
        if (scenarios[i].options.version == TLS1_3_VERSION && !scenarios[i].options.resume)
            assert_int_equal(facts->certs_via, CERTS_ENCRYPTED);
        buf_done(&wrong);
        done(&run);
    }
}

/* only keeps the lines that begin with a label. */
static void only(struct buf *out, struct span keys, const char *label)
{
    for (size_t at = 0; at < keys.n;) {
        size_t n = (size_t)((const uint8_t *)memchr(keys.p + at, '\n', keys.n - at) - keys.p) - at;
        if (strncmp((const char *)keys.p + at, label, strlen(label)) == 0)
            buf_append(out, keys.p + at, n + 1);
        at += n + 1;
    }
}

/* Without the handshake's secrets, what is said later can be read all the same; with one end's,
 * that end. */
static void some_secrets_open_some_records(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        const char *label;
        bool opened[2];
    } parts[] = {{"CLIENT_TRAFFIC", {true, false}},
                 {"SERVER_TRAFFIC", {false, true}},
                 {"SERVER_HANDSHAKE", {false, true}}};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct buf keys = {0};
        struct run run = begin(f, 0, KEYS_BEFORE);
        only(&keys, run.keys, parts[i].label);
        run.keys = span_of(keys.p, keys.n);
        deliver_all(&run, 536, IN_TURN, KEYS_BEFORE);
        const struct tls_facts *facts = tls_facts(run.tls);
        const struct tls_decryption *decryption = &facts->extras->decryption;
        for (unsigned d = 0; d < 2; d++) {
            assert_int_equal(decryption->opened[d] > 0, parts[i].opened[d]);
            assert_true(decryption->closed[d] > 0);
        }
        assert_int_equal(decryption->trouble, TROUBLE_MISSING_SECRET);
        assert_int_equal(facts->progress, TLS_COMPLETE);
        buf_done(&keys);
        done(&run);
    }
}

/* deliver_records hands over each record for itself, but `count` of the server's from number `from`
 * on, of which the first `seen` bytes come and the others are missing. Returns how many the server
 * sent. */
static unsigned deliver_records(struct run *run, unsigned from, unsigned count, size_t seen)
{
    const struct peer_session *s = run->session;
    unsigned number = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct peer_flight *flight = &s->flights[i];
        for (size_t at = 0, n; at < flight->bytes.n; at += n) {
            n = RECORD_HEADER + ((size_t)flight->bytes.p[at + 3] << 8 | flight->bytes.p[at + 4]);
            bool missing = flight->direction == PEER_SERVER && number - from < count;
            size_t shown = missing ? seen : n;
            number += flight->direction == PEER_SERVER;
            run->hole_from[1] = missing ? run->offset[1] + shown : UINT64_MAX;
            run->hole_to[1] = UINT64_MAX;
            if (shown > 0)
                deliver(run, flight->direction, span_of(flight->bytes.p + at, shown),
                        FIRST_FRAME + i);
            if (missing)
                deliver(run, flight->direction, span_of(flight->bytes.p + at + shown, n - shown),
                        FIRST_FRAME + i);
        }
    }
    tls_fin(run->tls, 0);
    tls_fin(run->tls, 1);
    tls_finish(run->tls);
    return number;
}

static void expect_hole_passed(const struct fixture *f, size_t i, unsigned from, unsigned count,
                               size_t seen)
{
    struct run run = begin(f, i, KEYS_BEFORE);
    give_keys(&run);
    deliver_records(&run, from, count, seen);
    const struct tls_facts *facts = tls_facts(run.tls);
    /* Up to TLS 1.2 an alert alone, behind the hole, does not show that Finished was sent. */
    bool told = scenarios[i].options.version == TLS1_3_VERSION;
    if (facts->close_notify[1] != CLOSE_NOTIFY_YES || (told && facts->progress != TLS_COMPLETE))
        fail_msg("%s: %u records from %u on, but for %zu bytes: close_notify %d, progress %d",
                 scenarios[i].name, count, from, seen, facts->close_notify[1], facts->progress);
    assert_int_equal(facts->close_notify[0], CLOSE_NOTIFY_YES);
    for (unsigned c = 0; c < facts->server_cert_count; c++)
        assert_true(span_equal(facts->server_certs[c]->der, tls_peer_server_chain(f->peer, c)));
    done(&run);
}

/* The server's records are missing, whole or but for their headers, up to five in a row, anywhere
 * behind its hello: what comes later is read. Only TLS 1.0 chains each record to the one before,
 * and a renegotiation can't be followed without its hellos. */
static void holes_are_passed(void **state)
{
    const struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        const struct peer_options *options = &scenarios[i].options;
        if (!options->close || options->renegotiations > 0)
            continue;
        struct run whole = begin(f, i, KEYS_BEFORE);
        give_keys(&whole);
        unsigned records = deliver_records(&whole, 0, 0, 0);
        done(&whole);
        unsigned hellos = options->client_groups ? 3 : 1; /* a retry, and ChangeCipherSpec */
        unsigned behind = options->version < TLS1_1_VERSION ? 2 : 1;
        for (unsigned count = 1; count <= 5; count++)
            for (unsigned from = hellos; from + count + behind <= records; from++) {
                expect_hole_passed(f, i, from, count, 0);
                expect_hole_passed(f, i, from, count, RECORD_HEADER);
            }
    }
}

/* Cut anywhere, a session gives what came before. */
static void a_session_may_end_anywhere(void **state)
{
    const struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        struct run whole = begin(f, i, KEYS_BEFORE);
        deliver_all(&whole, 1 << 20, IN_TURN, KEYS_BEFORE);
        uint64_t length = whole.delivered;
        done(&whole);
        for (uint64_t most = 0; most < length; most += 17) {
            struct run run = begin(f, i, KEYS_BEFORE);
            give_keys(&run);
            for (size_t j = 0; j < run.session->count && run.delivered < most; j++) {
                const struct peer_flight *flight = &run.session->flights[j];
                uint64_t left = most - run.delivered;
                deliver(&run, flight->direction,
                        span_of(flight->bytes.p, left < flight->bytes.n ? left : flight->bytes.n),
                        FIRST_FRAME + j);
            }
            tls_finish(run.tls);
            (void)tls_facts(run.tls);
            done(&run);
        }
    }
}

/* What waits for secrets is bounded, and a session whose secrets come too late says so. */
static void waiting_has_an_end(void **state)
{
    const struct fixture *f = *state;
    struct run run = begin(f, 0, KEYS_NEVER);
    struct buf some = {0};
    only(&some, run.keys, "CLIENT_TRAFFIC"); /* so that it knows of the session */
    struct keylog_counts counts = {0};
    keylog_add(run.keylog, &counts, span_of(some.p, some.n));
    const uint8_t header[] = {23, 3, 3, 0x40, 0};
    uint8_t *bytes = xcalloc(1, sizeof header + 0x4000);
    memcpy(bytes, header, sizeof header);
    for (size_t i = 0; i < 3; i++)
        deliver_flight(&run, &run.session->flights[i], 1 << 20, FIRST_FRAME + i);
    for (unsigned i = 0; i < 100; i++) {
        deliver(&run, 1, span_of(bytes, sizeof header + 0x4000), FIRST_FRAME + 3 + i);
        assert_true(tls_store_openers(run.store)->held < 2 * LIMIT_DECRYPT_WAITING);
    }
    give_keys(&run);
    tls_finish(run.tls);
    const struct tls_decryption *decryption = &tls_facts(run.tls)->extras->decryption;
    assert_int_equal(tls_decryption_status(decryption), DECRYPTION_FAILED);
    assert_int_equal(decryption->trouble, TROUBLE_LATE);
    /* What the records look like tells how it went, as without secrets. */
    assert_int_equal(tls_facts(run.tls)->progress, TLS_COMPLETE);
    free(bytes);
    buf_done(&some);
    done(&run);
}

/* Many sessions without secrets wait together: the oldest give way. */
static void all_that_waits_has_an_end(void **state)
{
    const struct fixture *f = *state;
    enum { SESSIONS = LIMIT_DECRYPT_HELD / 2048 }; /* at over 2 kB each */
    struct run run = begin(f, 1, KEYS_NEVER);
    struct tls **all = xcalloc(SESSIONS, sizeof *all);
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct run one = run;
        all[i] = one.tls = tls_new(run.store, false);
        for (size_t j = 0; j < run.session->count; j++)
            deliver_flight(&one, &run.session->flights[j], 1 << 20, FIRST_FRAME + j);
    }
    give_keys(&run);
    unsigned opened = 0;
    for (unsigned i = 0; i < SESSIONS; i++) {
        tls_finish(all[i]);
        const struct tls_facts *facts = tls_facts(all[i]);
        opened += facts->certs_via == CERTS_KEYLOG;
        if (i == 0)
            assert_int_equal(facts->extras->decryption.trouble, TROUBLE_LATE);
        if (i == SESSIONS - 1)
            assert_int_equal(facts->certs_via, CERTS_KEYLOG);
        tls_free(all[i]);
    }
    assert_true(opened > 0 && opened < SESSIONS);
    free(all);
    done(&run);
}

/* A stream that begins with APNs commands: told by its ALPN, or by how it begins. */
static void commands_are_read(void **state)
{
    const struct fixture *f = *state;
    static const char *const alpns[] = {"apns-security-v3", NULL, "apns-pack-v1"};
    for (size_t i = 0; i < COUNT_OF(alpns); i++) {
        struct peer_options options = {.version = TLS1_3_VERSION,
                                       .sni = "courier.push.example",
                                       .alpn = alpns[i],
                                       .silent = true,
                                       APNS};
        struct fixture own = *f;
        tls_peer_run(&own.sessions[0], f->peer, &options);
        struct run run = begin(&own, 0, KEYS_BEFORE);
        deliver_all(&run, 100, IN_TURN, KEYS_BEFORE);
        const struct apns_facts *apns = tls_facts(run.tls)->extras->apns;
        assert_int_equal(apns != NULL, i < 2);
        if (apns) {
            assert_int_equal(apns->count, 5);
            expect_command(&apns->commands[0], 0x07, 0, 13, -1, -1);
            expect_command(&apns->commands[1], 0x09, 0, 0, -1, -1);
            expect_command(&apns->commands[2], 0x0c, 0, 5, -1, 20);
            expect_command(&apns->commands[3], 0x08, 1, 4, 0, -1);
            expect_command(&apns->commands[4], 0x0d, 1, 0, -1, -1);
            assert_int_equal(apns->commands[0].field_count, 2);
            assert_memory_equal(apns->commands[0].fields[0].value, "tokn", 4);
        }
        done(&run);
        peer_session_done(&own.sessions[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_session_is_opened),
        cmocka_unit_test(without_secrets_nothing_changes),
        cmocka_unit_test(wrong_secrets_are_told),
        cmocka_unit_test(some_secrets_open_some_records),
        cmocka_unit_test(holes_are_passed),
        cmocka_unit_test(a_session_may_end_anywhere),
        cmocka_unit_test(waiting_has_an_end),
        cmocka_unit_test(all_that_waits_has_an_end),
        cmocka_unit_test(commands_are_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
