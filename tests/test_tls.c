/* test_tls.c: real sessions of OpenSSL, in every split, in both orders, with holes; and what is no
 * TLS. Whatever the delivery, the facts must be the same, or known to be incomplete. */
#include "../dissect/pack.h"
#include "../dissect/tls.h"
#include "../dissect/tls_hello.h"
#include "hello_bytes.h"
#include "tls_peer.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/ssl.h>

/* A session and what must be found out about it. */
struct scenario {
    const char *name;
    struct peer_options options;
    uint16_t version;
    enum tls_progress progress;
    enum certs_via via;
    uint8_t server_certs;
    bool resumed, retry, early;
    int alert; /* description of the one that can be read; -1 for none */
};

#define NAMED .sni = "courier.push.example", .alpn = "apns-security-v3"

static const struct scenario scenarios[] = {
    {"TLS 1.0",
     {.version = TLS1_VERSION, NAMED, .close = true},
     TLS_VERSION_10,
     TLS_COMPLETE,
     CERTS_PLAIN,
     2,
     .alert = -1},
    {"TLS 1.1",
     {.version = TLS1_1_VERSION, NAMED},
     TLS_VERSION_11,
     TLS_COMPLETE,
     CERTS_PLAIN,
     2,
     .alert = -1},
    {"TLS 1.2",
     {.version = TLS1_2_VERSION, NAMED, .close = true},
     TLS_VERSION_12,
     TLS_COMPLETE,
     CERTS_PLAIN,
     2,
     .alert = -1},
    {"TLS 1.2, client certificate",
     {.version = TLS1_2_VERSION, .client_certificate = true},
     TLS_VERSION_12,
     TLS_COMPLETE,
     CERTS_PLAIN,
     2,
     .alert = -1},
    {"TLS 1.2, ticket",
     {.version = TLS1_2_VERSION, NAMED, .resume = true},
     TLS_VERSION_12,
     TLS_COMPLETE,
     CERTS_RESUMED,
     0,
     .resumed = true,
     .alert = -1},
    {"TLS 1.2, session id",
     {.version = TLS1_2_VERSION, .resume = true, .no_tickets = true},
     TLS_VERSION_12,
     TLS_COMPLETE,
     CERTS_RESUMED,
     0,
     .resumed = true,
     .alert = -1},
    {"TLS 1.2, rejected",
     {.version = TLS1_2_VERSION, NAMED, .reject = true},
     TLS_VERSION_12,
     TLS_FAILED,
     CERTS_PLAIN,
     2,
     .alert = 48},
    {"TLS 1.2, no common suite",
     {.version = TLS1_2_VERSION, NAMED, .no_common_suite = true},
     TLS_VERSION_12,
     TLS_FAILED,
     CERTS_NOT_REACHED,
     0,
     .alert = 40},
    {"TLS 1.2, anonymous",
     {.version = TLS1_2_VERSION, .ciphers = "ADH:@SECLEVEL=0"},
     TLS_VERSION_12,
     TLS_COMPLETE,
     CERTS_ANONYMOUS,
     0,
     .alert = -1},
    {"TLS 1.2, CBC",
     {.version = TLS1_2_VERSION, .ciphers = "AES128-SHA:ECDHE-ECDSA-AES128-SHA", .close = true},
     TLS_VERSION_12,
     TLS_COMPLETE,
     CERTS_PLAIN,
     2,
     .alert = -1},
    {"TLS 1.3",
     {.version = TLS1_3_VERSION, NAMED, .close = true},
     TLS_VERSION_13,
     TLS_COMPLETE,
     CERTS_ENCRYPTED,
     0,
     .alert = -1},
    {"TLS 1.3, open",
     {.version = TLS1_3_VERSION, NAMED, .client_certificate = true},
     TLS_VERSION_13,
     TLS_COMPLETE,
     CERTS_ENCRYPTED,
     0,
     .alert = -1},
    {"TLS 1.3, retry",
     {.version = TLS1_3_VERSION,
      NAMED,
      .client_groups = "X25519:P-256",
      .server_groups = "P-256",
      .close = true},
     TLS_VERSION_13,
     TLS_COMPLETE,
     CERTS_ENCRYPTED,
     0,
     .retry = true,
     .alert = -1},
    {"TLS 1.3, resumed",
     {.version = TLS1_3_VERSION, NAMED, .resume = true, .close = true},
     TLS_VERSION_13,
     TLS_COMPLETE,
     CERTS_RESUMED,
     0,
     .resumed = true,
     .alert = -1},
    {"TLS 1.3, external key",
     {.version = TLS1_3_VERSION, NAMED, .external_key = true, .close = true},
     TLS_VERSION_13,
     TLS_COMPLETE,
     CERTS_ANONYMOUS,
     0,
     .alert = -1},
    {"TLS 1.3, early data",
     {.version = TLS1_3_VERSION, NAMED, .resume = true, .early_data = true},
     TLS_VERSION_13,
     TLS_COMPLETE,
     CERTS_RESUMED,
     0,
     .resumed = true,
     .early = true,
     .alert = -1},
    {"TLS 1.2, renegotiated",
     {.version = TLS1_2_VERSION, NAMED, .close = true, .renegotiations = 3},
     TLS_VERSION_12,
     TLS_COMPLETE,
     CERTS_PLAIN,
     2,
     .alert = -1},
    {"TLS 1.0, renegotiated with a client's certificate",
     {.version = TLS1_VERSION, NAMED, .client_certificate = true, .renegotiations = 1},
     TLS_VERSION_10,
     TLS_COMPLETE,
     CERTS_PLAIN,
     2,
     .alert = -1},
    {"TLS 1.3, rejected",
     {.version = TLS1_3_VERSION, NAMED, .reject = true},
     TLS_VERSION_13,
     TLS_FAILED,
     CERTS_ENCRYPTED,
     0,
     .alert = 48},
};

struct fixture {
    struct tls_peer *peer;
    struct peer_session sessions[COUNT_OF(scenarios)];
    struct cert_store *certs;
    struct tls_store *store;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    f->peer = tls_peer_new();
    f->certs = cert_store_new(SIZE_MAX);
    f->store = tls_store_new(f->certs);
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        tls_peer_run(&f->sessions[i], f->peer, &scenarios[i].options);
        bool wanted = scenarios[i].progress == TLS_COMPLETE;
        if (f->sessions[i].connected != wanted)
            fail_msg("%s: the session itself went wrong", scenarios[i].name);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++)
        peer_session_done(&f->sessions[i]);
    tls_store_free(f->store);
    cert_store_free(f->certs);
    tls_peer_free(f->peer);
    free(f);
    return 0;
}

/* --- Delivery --- */

enum order { IN_TURN, CLIENT_FIRST, SERVER_FIRST };

/* Where each direction's stream stands, and where its next record has to begin. */
struct delivery {
    struct tls *tls;
    uint64_t offset[2], next_record[2];
    size_t records;
    bool unheard; /* what is delivered: see struct tls_observer */
};

enum { FIRST_OFFSET = 1000, FIRST_FRAME = 10 };

static void on_record(void *context, unsigned direction, uint64_t offset, uint8_t type,
                      uint16_t length)
{
    struct delivery *d = context;
    assert_true(type >= TLS_CHANGE_CIPHER_SPEC && type <= TLS_APPLICATION_DATA);
    assert_true(offset == d->next_record[direction]);
    d->next_record[direction] = offset + 5 + length;
    d->records++;
}

static bool is_unheard(void *context, unsigned direction)
{
    (void)direction;
    return ((struct delivery *)context)->unheard;
}

static struct delivery begin(struct tls_store *store, bool midstream)
{
    struct delivery d = {.tls = tls_new(store, midstream)};
    for (unsigned i = 0; i < 2; i++)
        d.offset[i] = d.next_record[i] = FIRST_OFFSET;
    return d;
}

/* deliver hands over bytes in an exactly sized copy. */
static void deliver(struct delivery *d, unsigned direction, const uint8_t *bytes, size_t n,
                    uint64_t frame, bool observed)
{
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    const struct tls_where where = {d->offset[direction], frame, (nanotime)frame * NS_PER_SECOND};
    const struct tls_observer observer = {d, on_record, is_unheard};
    tls_data(d->tls, direction, span_of(copy, n), &where, observed ? &observer : NULL);
    d->offset[direction] += n;
    free(copy);
}

static void deliver_split(struct delivery *d, const struct peer_flight *flight, size_t step,
                          uint64_t frame)
{
    for (size_t at = 0; at < flight->bytes.n; at += step) {
        size_t left = flight->bytes.n - at;
        deliver(d, flight->direction, flight->bytes.p + at, left < step ? left : step, frame, true);
    }
}

static void deliver_session(struct delivery *d, const struct peer_session *s, size_t step,
                            enum order order)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < s->count; i++) {
            unsigned first = order == SERVER_FIRST ? PEER_SERVER : PEER_CLIENT;
            bool now = order == IN_TURN ? pass == 0
                                        : s->flights[i].direction == (pass ? first ^ 1 : first);
            if (now)
                deliver_split(d, &s->flights[i], step, FIRST_FRAME + i);
        }
        if (order != IN_TURN)
            tls_fin(d->tls, order == SERVER_FIRST ? pass ^ 1 : pass);
    }
    if (order == IN_TURN) {
        tls_fin(d->tls, 0);
        tls_fin(d->tls, 1);
    }
    tls_finish(d->tls);
}

/* --- Checks --- */

static void expect_chain(const struct fixture *f, const struct tls_facts *facts, size_t count)
{
    assert_int_equal(facts->server_cert_count, count);
    for (size_t i = 0; i < count; i++)
        assert_true(span_equal(facts->server_certs[i]->der, tls_peer_server_chain(f->peer, i)));
}

static void expect_names(const struct scenario *s, const struct tls_facts *facts)
{
    const char *sni = s->options.sni ? s->options.sni : "";
    assert_true(span_equal(facts->sni, span_of(sni, strlen(sni))));
    assert_int_equal(facts->client_hello->alpn.count, s->options.alpn ? 1 : 0);
    if (s->options.alpn && facts->server_hello && s->version != TLS_VERSION_13)
        assert_true(span_equal(facts->server_hello->alpn,
                               span_of(s->options.alpn, strlen(s->options.alpn))));
}

static void expect_renegotiations(unsigned count, const struct tls_facts *facts)
{
    if (count == 0) {
        assert_null(facts->extras);
        return;
    }
    const struct tls_renegotiation *later = &facts->extras->renegotiation;
    assert_int_equal(later->changes[0], count);
    assert_int_equal(later->changes[1], count);
    assert_in_range(later->records, 4 * count, 20 * count);
    assert_true(later->first_frame > FIRST_FRAME + 3);
}

static void expect_facts(const struct fixture *f, const struct scenario *s,
                         const struct tls_facts *facts)
{
    bool answered = s->alert != 40;
    assert_int_equal(facts->client, 0);
    assert_int_equal(facts->negotiated, answered);
    assert_int_equal(facts->version, s->version);
    assert_int_equal(facts->progress, s->progress);
    assert_int_equal(facts->certs_via, s->via);
    assert_int_equal(facts->resumed, s->resumed);
    assert_int_equal(facts->hello_retry, s->retry);
    assert_int_equal(facts->early_data, s->early);
    assert_non_null(facts->client_hello);
    assert_int_equal(facts->client_hello_frame, FIRST_FRAME);
    assert_int_equal(facts->server_hello != NULL, answered);
    assert_int_equal(facts->complete_frame != 0, s->progress == TLS_COMPLETE);
    expect_names(s, facts);
    expect_chain(f, facts, s->server_certs);
    bool request = s->options.client_certificate && s->version != TLS_VERSION_13;
    assert_int_equal(facts->certificate_requested, request);
    assert_int_equal(facts->acceptable_cas, request);
    assert_int_equal(facts->client_cert_count, request);
    if (request)
        assert_true(span_equal(facts->client_certs[0]->der, tls_peer_client_leaf(f->peer)));
    bool closed = s->options.close;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(facts->close_notify[i], closed ? CLOSE_NOTIFY_LIKELY : CLOSE_NOTIFY_NO);
    assert_int_equal(facts->gap_bytes, 0);
    expect_renegotiations(s->options.renegotiations, facts);
}

static void expect_alerts(const struct scenario *s, const struct tls_facts *facts)
{
    unsigned plain = 0, encrypted = 0;
    for (unsigned i = 0; i < facts->alert_count; i++) {
        encrypted += facts->alerts[i].encrypted;
        plain += !facts->alerts[i].encrypted;
        if (!facts->alerts[i].encrypted) {
            assert_int_equal(facts->alerts[i].level, 2);
            assert_int_equal(facts->alerts[i].description, s->alert);
            assert_int_equal(facts->alerts[i].direction, s->alert == 40 ? 1 : 0);
        }
    }
    assert_int_equal(plain, s->alert >= 0);
    assert_int_equal(encrypted, s->options.close && s->version != TLS_VERSION_13 ? 2 : 0);
}

static void run_delivery(struct fixture *f, size_t i, size_t step, enum order order)
{
    struct delivery d = begin(f->store, false);
    deliver_session(&d, &f->sessions[i], step, order);
    const struct tls_facts *facts = tls_facts(d.tls);
    if (tls_verdict(d.tls) != TLS_IS || facts->progress != scenarios[i].progress ||
        facts->certs_via != scenarios[i].via)
        print_error("%s, step %zu, order %d: progress %d, via %d\n", scenarios[i].name, step, order,
                    facts->progress, facts->certs_via);
    assert_int_equal(tls_verdict(d.tls), TLS_IS);
    expect_facts(f, &scenarios[i], facts);
    expect_alerts(&scenarios[i], facts);
    for (unsigned j = 0; j < 2; j++)
        assert_true(d.next_record[j] == d.offset[j]);
    tls_free(d.tls);
}

/* rest lays a session to rest, its numbers made small or as they are, and lets it resume elsewhere;
 * gives how many bytes it took. */
static size_t rest(struct tls_store *store, struct delivery *d, bool small)
{
    uint64_t words[TLS_WORDS];
    uint8_t packed[PACK_ROOM(TLS_WORDS)];
    struct tls *before = d->tls;
    tls_rest(words, before, small, FIRST_FRAME * NS_PER_SECOND, FIRST_FRAME);
    struct tls *elsewhere = tls_new(store, true); /* in the same place, as it happens */
    d->tls = tls_resume(words, store, small, FIRST_FRAME * NS_PER_SECOND, FIRST_FRAME);
    tls_free(elsewhere);
    return pack_words(packed, words, TLS_WORDS);
}

/* rest_over does it in the form for connections that are over. Gives 0 if the session has stayed.
 */
static size_t rest_over(struct tls_store *store, struct delivery *d)
{
    uint8_t packed[TLS_OVER_ROOM];
    size_t size = tls_over_put(packed, d->tls, FIRST_FRAME);
    if (size == 0)
        return 0;
    struct tls *elsewhere = tls_new(store, true);
    d->tls = tls_over_get(packed, store, FIRST_FRAME);
    tls_free(elsewhere);
    return size;
}

static void a_session_can_rest_at_any_time(void **state)
{
    struct fixture *f = *state;
    size_t over = 0;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        const struct peer_session *s = &f->sessions[i];
        struct delivery d = begin(f->store, false);
        for (size_t j = 0; j < s->count; j++) {
            const struct peer_flight *flight = &s->flights[j];
            for (size_t at = 0; at < flight->bytes.n; at += 536) {
                size_t left = flight->bytes.n - at;
                rest(f->store, &d, at / 536 % 2);
                rest_over(f->store, &d);
                deliver(&d, flight->direction, flight->bytes.p + at, left < 536 ? left : 536,
                        FIRST_FRAME + j, true);
            }
        }
        tls_fin(d.tls, 0);
        rest(f->store, &d, true);
        rest(f->store, &d, false);
        tls_fin(d.tls, 1);
        over += rest_over(f->store, &d) > 0;
        expect_facts(f, &scenarios[i], tls_facts(d.tls));
        over += rest_over(f->store, &d) > 0;
        expect_facts(f, &scenarios[i], tls_facts(d.tls));
        tls_free(d.tls);
    }
    assert_in_range(over, COUNT_OF(scenarios), 2 * COUNT_OF(scenarios) - 1); /* few are unlike */
}

static void a_session_that_is_over_takes_little(void **state)
{
    struct fixture *f = *state;
    const struct peer_session *s = &f->sessions[2];
    struct delivery d = begin(f->store, false);
    for (size_t i = 0; i < s->count; i++)
        deliver_split(&d, &s->flights[i], 1448, FIRST_FRAME + i);
    tls_fin(d.tls, 0);
    tls_fin(d.tls, 1);
    assert_in_range(rest_over(f->store, &d), 1, 96);
    assert_int_equal(tls_facts(d.tls)->progress, TLS_COMPLETE);
    tls_free(d.tls);
}

/* There may be a million of them. */
static void an_idle_session_takes_little(void **state)
{
    struct fixture *f = *state;
    const struct peer_session *s = &f->sessions[2];
    struct delivery d = begin(f->store, false);
    for (size_t i = 0; i < s->count && tls_facts(d.tls)->progress != TLS_COMPLETE; i++)
        deliver_split(&d, &s->flights[i], 1448, FIRST_FRAME + i);
    assert_int_equal(tls_facts(d.tls)->progress, TLS_COMPLETE);
    assert_null(tls_facts(d.tls)->alerts);
    size_t size = rest(f->store, &d, true);
    if (size > 96)
        fail_msg("%zu bytes", size);
    tls_free(d.tls);
}

static void every_split_and_order_gives_the_same_facts(void **state)
{
    struct fixture *f = *state;
    static const size_t steps[] = {1, 2, 3, 4, 5, 6, 7, 11, 37, 100, 536, 1448, 100000};
    for (size_t i = 0; i < COUNT_OF(scenarios); i++)
        for (size_t s = 0; s < COUNT_OF(steps); s++)
            for (int order = IN_TURN; order <= SERVER_FIRST; order++)
                run_delivery(f, i, steps[s], (enum order)order);
}

/* shred gives a flight with its clear handshake records cut into records of `step` bytes, or, where
 * that is 0, with those that follow one another made one. */
static struct buf shred(const struct peer_flight *flight, size_t step)
{
    struct buf out = {0}, joined = {0};
    bool clear = true;
    for (size_t at = 0, n; at < flight->bytes.n; at += 5 + n) {
        const uint8_t *record = flight->bytes.p + at;
        n = (size_t)record[3] << 8 | record[4];
        clear = clear && record[0] == TLS_HANDSHAKE;
        if (clear)
            buf_append(&joined, record + 5, n);
        bool last = at + 5 + n >= flight->bytes.n || flight->bytes.p[at + 5 + n] != TLS_HANDSHAKE;
        for (size_t from = 0, part; clear && last && from < joined.n; from += part) {
            size_t most = step ? step : 16384;
            part = joined.n - from < most ? joined.n - from : most;
            put_number(&out, TLS_HANDSHAKE, 1);
            put_number(&out, TLS_VERSION_10, 2);
            put_vector(&out, 2, joined.p + from, part);
        }
        if (!clear)
            buf_append(&out, record, 5 + n);
    }
    buf_done(&joined);
    return out;
}

static void messages_may_be_spread_over_records_in_any_way(void **state)
{
    struct fixture *f = *state;
    static const size_t steps[] = {0, 1, 2, 3, 4, 5, 10, 100};
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        const struct peer_session *s = &f->sessions[i];
        for (size_t j = 0; j < COUNT_OF(steps); j++) {
            struct delivery d = begin(f->store, false);
            for (size_t k = 0; k < s->count; k++) {
                struct buf bytes = {0};
                if (k < 2 && !scenarios[i].retry)
                    bytes = shred(&s->flights[k], steps[j]);
                else
                    buf_append(&bytes, s->flights[k].bytes.p, s->flights[k].bytes.n);
                deliver(&d, s->flights[k].direction, bytes.p, bytes.n, FIRST_FRAME + k, true);
                buf_done(&bytes);
            }
            tls_fin(d.tls, 0);
            tls_fin(d.tls, 1);
            expect_facts(f, &scenarios[i], tls_facts(d.tls));
            tls_free(d.tls);
        }
    }
}

/* The first flight of each end cut in two at every byte. */
static void every_single_cut_gives_the_same_facts(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        const struct peer_session *s = &f->sessions[i];
        for (size_t cut = 1; cut < s->flights[1].bytes.n; cut += 3) {
            struct delivery d = begin(f->store, false);
            for (size_t j = 0; j < s->count; j++) {
                const struct peer_flight *flight = &s->flights[j];
                size_t n = cut < flight->bytes.n ? cut : flight->bytes.n;
                deliver(&d, flight->direction, flight->bytes.p, n, FIRST_FRAME + j, true);
                deliver(&d, flight->direction, flight->bytes.p + n, flight->bytes.n - n,
                        FIRST_FRAME + j, true);
            }
            tls_fin(d.tls, 0);
            tls_fin(d.tls, 1);
            expect_facts(f, &scenarios[i], tls_facts(d.tls));
            tls_free(d.tls);
        }
    }
}

static void equal_hellos_and_certificates_are_shared(void **state)
{
    struct fixture *f = *state;
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(certs);
    struct delivery a = begin(store, false), b = begin(store, false);
    deliver_session(&a, &f->sessions[2], 1448, IN_TURN);
    deliver_session(&b, &f->sessions[2], 5, SERVER_FIRST);
    const struct tls_facts *x = tls_facts(a.tls), *y = tls_facts(b.tls);
    assert_ptr_equal(x->client_hello, y->client_hello);
    assert_ptr_equal(x->server_hello, y->server_hello);
    assert_ptr_equal(x->server_certs[0], y->server_certs[0]);
    assert_int_equal(cert_store_count(certs), 2);
    const struct cert *leaf = x->server_certs[0];
    assert_int_equal(leaf->ordinal, 1);
    assert_int_equal(leaf->flows, 2);
    assert_int_equal(leaf->presented_by, CERT_FROM_SERVER);
    assert_int_equal(leaf->names.count, 1);
    assert_int_equal(leaf->first_frame, FIRST_FRAME + 1);
    assert_true(leaf->first_seen == (FIRST_FRAME + 1) * NS_PER_SECOND);
    tls_free(a.tls);
    assert_int_equal(y->client_hello->alpn.count, 1);
    assert_int_equal(strlen(y->client_hello->ja3), 32);
    tls_free(b.tls);
    tls_store_free(store);
    cert_store_free(certs);
}

/* --- Holes --- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* What holds whatever is missing: nothing that is wrong. */
static void expect_nothing_wrong(const struct fixture *f, const struct scenario *s,
                                 const struct tls_facts *facts, const struct tls_facts *whole)
{
    assert_true(facts->client <= 0);
    assert_true(facts->server_cert_count <= s->server_certs);
    expect_chain(f, facts, facts->server_cert_count);
    if (facts->client_cert_count)
        assert_true(span_equal(facts->client_certs[0]->der, tls_peer_client_leaf(f->peer)));
    assert_true(facts->sni.n == 0 || span_equal(facts->sni, whole->sni));
    if (facts->client_hello)
        assert_string_equal(facts->client_hello->ja3, whole->client_hello->ja3);
    if (facts->server_hello && !s->retry) {
        assert_int_equal(facts->version, s->version);
        assert_ptr_equal(facts->server_hello, whole->server_hello);
    }
    if (facts->certs_via == CERTS_PLAIN)
        assert_int_equal(facts->server_cert_count, s->server_certs);
    assert_true(!facts->resumed || s->resumed);
    assert_true(!facts->hello_retry || s->retry);
    assert_true(facts->progress != TLS_FAILED || s->progress == TLS_FAILED);
    const uint32_t certificate = 1u << 11, full = 1u << 14 | 1u << 16;
    assert_true(!(facts->missed[1] & certificate) || s->server_certs > 0);
    assert_true(!((facts->missed[0] | facts->missed[1]) & full) ||
                (s->version <= TLS_VERSION_12 && !s->resumed));
    assert_true(!(facts->missed[0] & certificate) || whole->certificate_requested);
    assert_true(facts->gap_bytes > 0 || (facts->missed[0] | facts->missed[1]) == 0);
    for (unsigned i = 0; i < facts->alert_count; i++)
        assert_true(facts->alerts[i].encrypted || facts->alerts[i].description == s->alert);
}

static void drop_at_random(struct delivery *d, const struct peer_session *s, uint32_t seed)
{
    size_t step = 1 + next_random(&seed) % 900;
    for (size_t i = 0; i < s->count; i++) {
        const struct peer_flight *flight = &s->flights[i];
        for (size_t at = 0, n; at < flight->bytes.n; at += n) {
            size_t left = flight->bytes.n - at;
            n = 1 + next_random(&seed) % step;
            n = n < left ? n : left;
            if (next_random(&seed) % 8 == 0) {
                const struct tls_where where = {.offset = d->offset[flight->direction],
                                                .frame = FIRST_FRAME + i};
                tls_gap(d->tls, flight->direction, n, &where);
                d->offset[flight->direction] += n;
            } else {
                deliver(d, flight->direction, flight->bytes.p + at, n, FIRST_FRAME + i, false);
            }
        }
    }
    tls_fin(d->tls, 0);
    tls_fin(d->tls, 1);
    tls_finish(d->tls);
}

static void holes_make_nothing_wrong(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        struct delivery whole = begin(f->store, false);
        deliver_session(&whole, &f->sessions[i], 100000, IN_TURN);
        for (uint32_t seed = 0; seed < 400; seed++) {
            struct delivery d = begin(f->store, seed % 4 == 0);
            drop_at_random(&d, &f->sessions[i], seed * 77);
            if (tls_verdict(d.tls) == TLS_IS)
                expect_nothing_wrong(f, &scenarios[i], tls_facts(d.tls), tls_facts(whole.tls));
            tls_free(d.tls);
        }
        tls_free(whole.tls);
    }
}

/* with_hole delivers a session of which `length` bytes from `from` in flight `at` are missing. */
static struct delivery with_hole(const struct fixture *f, size_t i, size_t at, size_t from,
                                 size_t length)
{
    struct delivery d = begin(f->store, false);
    const struct peer_session *s = &f->sessions[i];
    for (size_t j = 0; j < s->count; j++) {
        const struct peer_flight *flight = &s->flights[j];
        if (j != at) {
            deliver_split(&d, flight, 100000, FIRST_FRAME + j);
            continue;
        }
        const struct tls_where where = {.offset = d.offset[flight->direction] + from,
                                        .frame = FIRST_FRAME + j};
        deliver(&d, flight->direction, flight->bytes.p, from, FIRST_FRAME + j, false);
        tls_gap(d.tls, flight->direction, length, &where);
        d.offset[flight->direction] += length;
        d.next_record[flight->direction] = d.offset[flight->direction];
        deliver(&d, flight->direction, flight->bytes.p + from + length,
                flight->bytes.n - from - length, FIRST_FRAME + j, false);
        d.next_record[flight->direction] = d.offset[flight->direction];
    }
    tls_fin(d.tls, 0);
    tls_fin(d.tls, 1);
    return d;
}

/* record_at finds the n-th record of a flight. */
static size_t record_at(const struct peer_flight *flight, size_t n)
{
    size_t at = 0;
    while (n-- > 0)
        at += 5 + ((size_t)flight->bytes.p[at + 3] << 8 | flight->bytes.p[at + 4]);
    return at;
}

static void a_hole_in_the_certificate_is_said_so(void **state)
{
    struct fixture *f = *state;
    /* TLS 1.2: the server's first flight has a record for each message. */
    size_t certificate = record_at(&f->sessions[2].flights[1], 1);
    size_t leaf = tls_peer_server_chain(f->peer, 0).n;
    struct delivery d = with_hole(f, 2, 1, certificate + 40, 20);
    assert_int_equal(tls_facts(d.tls)->certs_via, CERTS_GAP);
    assert_int_equal(tls_facts(d.tls)->server_cert_count, 0);
    assert_int_equal(tls_facts(d.tls)->progress, TLS_COMPLETE);
    assert_int_equal(tls_facts(d.tls)->gap_bytes, 20);
    assert_true(tls_facts(d.tls)->group != 0); /* from the message behind it */
    assert_int_equal(tls_facts(d.tls)->missed[1], 1u << 11);
    assert_int_equal(tls_facts(d.tls)->missed[0], 0);
    tls_free(d.tls);
    /* A hole behind the leaf leaves that. */
    d = with_hole(f, 2, 1, certificate + 5 + 4 + 3 + 3 + leaf + 10, 20);
    assert_int_equal(tls_facts(d.tls)->certs_via, CERTS_GAP);
    expect_chain(f, tls_facts(d.tls), 1);
    tls_free(d.tls);
}

static void whole_messages_in_a_hole_are_named(void **state)
{
    struct fixture *f = *state;
    const struct peer_flight *flights = f->sessions[2].flights; /* TLS 1.2 */
    struct delivery d = with_hole(f, 2, 1, 0, flights[1].bytes.n);
    assert_int_equal(tls_facts(d.tls)->missed[1], 1u << 2 | 1u << 14);
    assert_int_equal(tls_facts(d.tls)->missed[0], 0);
    tls_free(d.tls);
    size_t certificate = record_at(&flights[1], 1);
    d = with_hole(f, 2, 1, certificate, record_at(&flights[1], 2) - certificate);
    assert_int_equal(tls_facts(d.tls)->missed[1], 1u << 11);
    tls_free(d.tls);
    d = with_hole(f, 2, 0, 0, flights[0].bytes.n);
    assert_int_equal(tls_facts(d.tls)->missed[0], 1u << 1);
    assert_int_equal(tls_facts(d.tls)->missed[1], 0);
    tls_free(d.tls);
}

static void a_finished_whose_signal_is_lost_is_no_hello(void **state)
{
    struct fixture *f = *state;
    static const size_t which[] = {2, 9}; /* AEAD and CBC */
    for (size_t i = 0; i < COUNT_OF(which); i++) {
        /* ClientKeyExchange, ChangeCipherSpec, Finished: the first two are missing. */
        size_t finished = record_at(&f->sessions[which[i]].flights[2], 2);
        struct delivery d = with_hole(f, which[i], 2, 0, finished);
        const struct tls_facts *facts = tls_facts(d.tls);
        assert_int_equal(facts->progress, TLS_COMPLETE);
        assert_int_equal(facts->certs_via, CERTS_PLAIN);
        assert_int_equal(facts->client_hello_frame, FIRST_FRAME);
        assert_int_equal(facts->missed[0], 1u << 16);
        assert_int_equal(facts->missed[1], 0);
        tls_free(d.tls);
    }
}

static void a_chain_cut_by_the_end_keeps_its_time_and_frame(void **state)
{
    struct fixture *f = *state;
    const struct peer_flight *flight = &f->sessions[2].flights[1];
    size_t certificate = record_at(flight, 1);
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(certs);
    struct delivery d = begin(store, false);
    deliver_split(&d, &f->sessions[2].flights[0], 100000, FIRST_FRAME);
    deliver(&d, 1, flight->bytes.p, certificate + 30 + tls_peer_server_chain(f->peer, 0).n,
            FIRST_FRAME + 1, false);
    tls_finish(d.tls);
    const struct tls_facts *facts = tls_facts(d.tls);
    expect_chain(f, facts, 1);
    assert_true(facts->server_chain_cut);
    assert_int_equal(facts->certs_via, CERTS_GAP);
    assert_int_equal(facts->certificate_frame, FIRST_FRAME + 1);
    assert_int_equal(facts->server_certs[0]->first_frame, FIRST_FRAME + 1);
    assert_true(facts->server_certs[0]->first_seen == (FIRST_FRAME + 1) * NS_PER_SECOND);
    tls_free(d.tls);
    tls_store_free(store);
    cert_store_free(certs);
}

static void a_chain_that_breaks_off_into_no_record_is_malformed(void **state)
{
    struct fixture *f = *state;
    const struct peer_flight *flight = &f->sessions[2].flights[1];
    static const uint8_t garbage[20];
    /* Behind the first 20 bytes of a Certificate comes what is no record. */
    struct buf bytes = {0};
    size_t certificate = record_at(flight, 1);
    buf_append(&bytes, flight->bytes.p, certificate + 5 + 20);
    bytes.p[certificate + 3] = 0;
    bytes.p[certificate + 4] = 20;
    buf_append(&bytes, garbage, sizeof garbage);
    struct delivery d = begin(f->store, false);
    deliver_split(&d, &f->sessions[2].flights[0], 100000, FIRST_FRAME);
    deliver(&d, 1, bytes.p, bytes.n, FIRST_FRAME + 1, false);
    assert_int_equal(tls_facts(d.tls)->certs_via, CERTS_MALFORMED);
    assert_int_equal(tls_facts(d.tls)->gap_bytes, 0);
    tls_free(d.tls);
    buf_done(&bytes);
}

static void a_lost_first_flight_is_not_captured(void **state)
{
    struct fixture *f = *state;
    /* Only the client's direction is in the capture. */
    struct delivery d = begin(f->store, false);
    for (size_t j = 0; j < f->sessions[2].count; j++)
        if (f->sessions[2].flights[j].direction == PEER_CLIENT)
            deliver_split(&d, &f->sessions[2].flights[j], 500, FIRST_FRAME + j);
    tls_finish(d.tls);
    assert_int_equal(tls_verdict(d.tls), TLS_IS);
    assert_int_equal(tls_facts(d.tls)->certs_via, CERTS_NOT_CAPTURED);
    assert_int_equal(tls_facts(d.tls)->progress, TLS_COMPLETE);
    assert_false(tls_facts(d.tls)->negotiated);
    tls_free(d.tls);
}

static void a_first_record_as_short_as_an_alert_is_a_rejection(void **state)
{
    struct fixture *f = *state;
    /* Behind the server's flight of a TLS 1.3 handshake. */
    for (uint8_t length = 18; length <= 20; length++) {
        uint8_t record[5 + 20] = {TLS_APPLICATION_DATA, 3, 3, 0, length};
        struct delivery d = begin(f->store, false);
        deliver_split(&d, &f->sessions[10].flights[0], 1448, FIRST_FRAME);
        deliver_split(&d, &f->sessions[10].flights[1], 1448, FIRST_FRAME + 1);
        deliver(&d, PEER_CLIENT, record, 5u + length, FIRST_FRAME + 2, true);
        assert_int_equal(tls_facts(d.tls)->progress, length == 19 ? TLS_FAILED : TLS_COMPLETE);
        tls_fin(d.tls, PEER_CLIENT);
        assert_int_equal(tls_facts(d.tls)->close_notify[PEER_CLIENT], CLOSE_NOTIFY_NO);
        assert_int_equal(tls_facts(d.tls)->alert_count, 0);
        tls_free(d.tls);
    }
}

static void an_end_of_capture_is_no_failure(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        struct delivery d = begin(f->store, false);
        deliver_split(&d, &f->sessions[i].flights[0], 100, FIRST_FRAME);
        assert_int_equal(tls_verdict(d.tls), TLS_IS);
        tls_finish(d.tls);
        assert_int_equal(tls_facts(d.tls)->progress, TLS_INCOMPLETE);
        assert_int_equal(tls_facts(d.tls)->certs_via, CERTS_NOT_REACHED);
        tls_free(d.tls);
        /* An end that closes here is one. */
        d = begin(f->store, false);
        deliver_split(&d, &f->sessions[i].flights[0], 100, FIRST_FRAME);
        tls_fin(d.tls, PEER_SERVER);
        assert_int_equal(tls_facts(d.tls)->progress, TLS_FAILED);
        tls_free(d.tls);
    }
}

/* --- Joined midway --- */

/* Behind the server's answer, of which its sender did not know. */
static void early_data_may_be_captured_late(void **state)
{
    struct fixture *f = *state;
    size_t i = 0;
    while (!scenarios[i].early)
        i++;
    const struct peer_flight *first = &f->sessions[i].flights[0];
    const struct peer_flight *answer = &f->sessions[i].flights[1];
    size_t hello = TLS_RECORD_HEADER + (size_t)(first->bytes.p[3] << 8 | first->bytes.p[4]);
    assert_true(first->direction == PEER_CLIENT && answer->direction == PEER_SERVER);
    assert_true(first->bytes.n > hello);
    for (unsigned unheard = 0; unheard < 2; unheard++) {
        struct delivery d = begin(f->store, false);
        deliver(&d, PEER_CLIENT, first->bytes.p, hello, FIRST_FRAME, true);
        deliver_split(&d, answer, 100000, FIRST_FRAME + 1);
        d.unheard = unheard;
        deliver(&d, PEER_CLIENT, first->bytes.p + hello, first->bytes.n - hello, FIRST_FRAME + 2,
                true);
        tls_finish(d.tls);
        assert_int_equal(tls_facts(d.tls)->early_data, unheard);
        tls_free(d.tls);
    }
}

static void a_session_is_known_from_its_middle(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        const struct peer_session *s = &f->sessions[i];
        if (!s->connected)
            continue;
        struct delivery d = begin(f->store, true);
        for (size_t j = s->handshake_flights; j < s->count; j++)
            deliver_split(&d, &s->flights[j], 100000, FIRST_FRAME + j);
        assert_int_equal(tls_verdict(d.tls), TLS_IS);
        tls_fin(d.tls, 0);
        tls_fin(d.tls, 1);
        const struct tls_facts *facts = tls_facts(d.tls);
        assert_int_equal(facts->progress, TLS_MIDSTREAM);
        assert_int_equal(facts->certs_via, CERTS_NOT_CAPTURED);
        assert_int_equal(facts->client, -1);
        assert_false(facts->negotiated);
        /* The records of 1.2 and 1.3 bear the same number; only 1.2 shows its alerts. */
        bool told = scenarios[i].version < TLS_VERSION_12 ||
                    (scenarios[i].version == TLS_VERSION_12 && scenarios[i].options.close);
        assert_int_equal(facts->version, told ? scenarios[i].version : 0);
        assert_int_equal(facts->close_notify[0],
                         scenarios[i].options.close ? CLOSE_NOTIFY_LIKELY : CLOSE_NOTIFY_NO);
        tls_free(d.tls);
    }
}

static void joining_inside_a_record_finds_the_next(void **state)
{
    struct fixture *f = *state;
    const struct peer_session *s = &f->sessions[2];
    struct buf segment = {0};
    buf_append(&segment, s->flights[s->handshake_flights].bytes.p + 12, 20);
    buf_append(&segment, s->flights[s->handshake_flights].bytes.p,
               s->flights[s->handshake_flights].bytes.n);
    struct delivery d = begin(f->store, true);
    d.next_record[0] += 20;
    deliver(&d, 0, segment.p, segment.n, 1, true);
    assert_int_equal(tls_verdict(d.tls), TLS_IS);
    assert_true(d.next_record[0] == d.offset[0]);
    tls_free(d.tls);
    buf_done(&segment);
}

static void a_whole_session_may_be_called_midstream(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        struct delivery d = begin(f->store, true);
        deliver_session(&d, &f->sessions[i], 100000, IN_TURN);
        expect_facts(f, &scenarios[i], tls_facts(d.tls));
        tls_free(d.tls);
    }
}

/* --- Not TLS --- */

static void deliver_text(struct delivery *d, unsigned direction, const char *text, size_t n,
                         size_t step)
{
    for (size_t at = 0; at < n; at += step)
        deliver(d, direction, (const uint8_t *)text + at, at + step < n ? step : n - at, 1, false);
}

static void other_protocols_are_not_tls(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *client, *server;
        size_t client_n, server_n;
    } talks[] = {
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", 18, 19},
        {"<?xml version='1.0'?>", "<?xml version='1.0'?>", 21, 21},
        {"SSH-2.0-x\r\n", "SSH-2.0-y\r\n", 11, 11},
        {"\x16\0\x84\0\xaa\x88\x42", "\x17\0\x34\0\xb7\x81\x5b", 7, 7},
        {"\x16\3\1\0\x40\x10\0\0\x3c"
         "0123",
         "\x16\3\1\0\x40\x40\0\0\x3c"
         "0123",
         13, 13},
        {"\x16\3\1\0\4\1\0\0\0", "\x15\3\1\0\2\7\7", 9, 7},
    };
    for (size_t i = 0; i < COUNT_OF(talks); i++) {
        for (size_t step = 1; step <= 20; step += 19) {
            struct delivery d = begin(f->store, false);
            deliver_text(&d, 0, talks[i].client, talks[i].client_n, step);
            deliver_text(&d, 1, talks[i].server, talks[i].server_n, step);
            assert_int_equal(tls_verdict(d.tls), TLS_IS_NOT);
            tls_free(d.tls);
        }
    }
}

static void a_plain_talker_alone_is_given_up_soon(void **state)
{
    struct fixture *f = *state;
    struct delivery d = begin(f->store, false);
    deliver(&d, 0, (const uint8_t *)"hello", 5, 1, false);
    assert_int_equal(tls_verdict(d.tls), TLS_UNDECIDED);
    for (unsigned i = 0; i < 5; i++)
        deliver(&d, 0, (const uint8_t *)"hello", 5, 1, false);
    assert_int_equal(tls_verdict(d.tls), TLS_IS_NOT);
    tls_free(d.tls);
    d = begin(f->store, false);
    deliver(&d, 0, (const uint8_t *)"hello", 5, 1, false);
    tls_finish(d.tls);
    assert_int_equal(tls_verdict(d.tls), TLS_IS_NOT);
    tls_free(d.tls);
    d = begin(f->store, true);
    for (unsigned i = 0; i < 100; i++)
        deliver(&d, i & 1, (const uint8_t *)"no record in here at all", 24, 1, false);
    assert_int_equal(tls_verdict(d.tls), TLS_IS_NOT);
    tls_free(d.tls);
}

static void a_client_at_the_wrong_port_speaks_tls(void **state)
{
    struct fixture *f = *state;
    const struct peer_flight *hello = &f->sessions[2].flights[0];
    for (unsigned first = 0; first < 2; first++) {
        struct delivery d = begin(f->store, false);
        if (first == PEER_SERVER)
            deliver(&d, 1, (const uint8_t *)"220 mail.example ESMTP\r\n", 24, 1, false);
        deliver_split(&d, hello, 100000, FIRST_FRAME);
        if (first == PEER_CLIENT)
            deliver(&d, 1, (const uint8_t *)"220 mail.example ESMTP\r\n", 24, 1, false);
        tls_fin(d.tls, 1);
        assert_int_equal(tls_verdict(d.tls), TLS_IS);
        assert_int_equal(tls_facts(d.tls)->progress, TLS_FAILED);
        assert_int_equal(tls_facts(d.tls)->client, 0);
        assert_int_equal(tls_facts(d.tls)->certs_via, CERTS_NOT_REACHED);
        tls_free(d.tls);
    }
}

/* --- Old and odd --- */

static void an_sslv2_hello_begins_a_session(void **state)
{
    struct fixture *f = *state;
    struct buf hello = {0};
    put_number(&hello, 0x8000 | 31, 2);
    put_number(&hello, 1, 1);
    put_number(&hello, 0x0301, 2);
    put_number(&hello, 6, 2);
    put_number(&hello, 0, 2);
    put_number(&hello, 16, 2);
    put_number(&hello, 0x00002f010080, 6);
    buf_append(&hello, "0123456789abcdef", 16);
    for (size_t step = 1; step <= hello.n; step++) {
        struct delivery d = begin(f->store, false);
        for (size_t at = 0; at < hello.n; at += step)
            deliver(&d, 0, hello.p + at, at + step < hello.n ? step : hello.n - at, 3, false);
        assert_int_equal(tls_verdict(d.tls), TLS_IS);
        assert_int_equal(tls_facts(d.tls)->client, 0);
        assert_int_equal(tls_facts(d.tls)->version, TLS_VERSION_10);
        assert_string_equal(tls_facts(d.tls)->client_hello->ja3, "");
        deliver_split(&d, &f->sessions[0].flights[1], 100000, 4);
        expect_chain(f, tls_facts(d.tls), 2);
        tls_free(d.tls);
    }
    buf_done(&hello);
}

/* put_ssl2 appends a record of SSLv2, with a header of two bytes, or of three where it is padded.
 */
static void put_ssl2(struct buf *out, const void *body, size_t n, bool padded)
{
    put_number(out, padded ? n : 0x8000 | n, 2);
    if (padded)
        put_number(out, 3, 1);
    buf_append(out, body, n);
}

static void put_ssl2_client_hello(struct buf *out)
{
    struct buf body = {0};
    put_number(&body, 1, 1);
    put_number(&body, TLS_VERSION_SSL2, 2);
    put_number(&body, 3, 2);
    put_number(&body, 0, 2);
    put_number(&body, 16, 2);
    put_number(&body, 0x010080, 3);
    buf_append(&body, "0123456789abcdef", 16);
    put_ssl2(out, body.p, body.n, false);
    buf_done(&body);
}

static void put_ssl2_server_hello(struct buf *out, struct span der)
{
    struct buf body = {0};
    put_number(&body, 4, 1);
    put_number(&body, der.n == 0, 1);
    put_number(&body, 1, 1);
    put_number(&body, TLS_VERSION_SSL2, 2);
    put_number(&body, der.n, 2);
    put_number(&body, 3, 2);
    put_number(&body, 16, 2);
    buf_append(&body, der.p, der.n);
    put_number(&body, 0x010080, 3);
    buf_append(&body, "0123456789abcdef", 16);
    put_ssl2(out, body.p, body.n, false);
    buf_done(&body);
}

static const char master_key[] = "\2\1\0\x80\0\0\0\x10\0\0"
                                 "0123456789abcdef";
static const char encrypted[] = "\x16\3\1\0\x20 that looks like a record header";

/* run_ssl2 delivers a session's two directions, one wholly before the other where `order` says so.
 */
static struct delivery run_ssl2(struct tls_store *store, struct buf talk[2], size_t step,
                                enum order order)
{
    struct delivery d = begin(store, false);
    for (unsigned i = 0; i < 2; i++) {
        unsigned direction = order == SERVER_FIRST ? i ^ 1 : i;
        for (size_t at = 0; at < talk[direction].n; at += step) {
            size_t left = talk[direction].n - at;
            deliver(&d, direction, talk[direction].p + at, left < step ? left : step,
                    FIRST_FRAME + i, false);
        }
    }
    return d;
}

static void sslv2_is_named_as_such(void **state)
{
    struct fixture *f = *state;
    struct span leaf = tls_peer_server_chain(f->peer, 0);
    for (unsigned resumed = 0; resumed < 2; resumed++) {
        struct buf talk[2] = {{0}, {0}};
        put_ssl2_client_hello(&talk[0]);
        put_ssl2_server_hello(&talk[1], resumed ? span_of(NULL, 0) : leaf);
        if (!resumed)
            put_ssl2(&talk[0], master_key, sizeof master_key - 1, false);
        put_ssl2(&talk[0], encrypted, sizeof encrypted, true);
        put_ssl2(&talk[1], encrypted, sizeof encrypted, true);
        put_ssl2(&talk[1], encrypted, sizeof encrypted, false);
        for (size_t step = 1; step < 40; step += 1 + step / 8) {
            for (int order = CLIENT_FIRST; order <= SERVER_FIRST; order++) {
                struct delivery d = run_ssl2(f->store, talk, step, (enum order)order);
                const struct tls_facts *facts = tls_facts(d.tls);
                assert_int_equal(tls_verdict(d.tls), TLS_IS);
                assert_int_equal(facts->client, 0);
                assert_int_equal(facts->version, TLS_VERSION_SSL2);
                assert_true(facts->negotiated);
                assert_int_equal(facts->progress, TLS_COMPLETE);
                assert_int_equal(facts->resumed, resumed);
                assert_int_equal(facts->certs_via, resumed ? CERTS_RESUMED : CERTS_PLAIN);
                expect_chain(f, facts, resumed ? 0 : 1);
                assert_int_equal(facts->extras ? facts->extras->ssl2_cipher : 0,
                                 resumed ? 0 : 0x010080);
                assert_string_equal(facts->server_hello->ja3s, "");
                tls_free(d.tls);
            }
        }
        buf_done(&talk[0]);
        buf_done(&talk[1]);
    }
}

static void an_error_of_sslv2_is_a_failure(void **state)
{
    struct fixture *f = *state;
    struct buf talk[2] = {{0}, {0}};
    put_ssl2_client_hello(&talk[0]);
    put_ssl2(&talk[0], "\0\0\2", 3, false);
    put_ssl2_server_hello(&talk[1], tls_peer_server_chain(f->peer, 0));
    struct delivery d = run_ssl2(f->store, talk, 1448, CLIENT_FIRST);
    assert_int_equal(tls_facts(d.tls)->progress, TLS_FAILED);
    expect_chain(f, tls_facts(d.tls), 1);
    tls_free(d.tls);
    buf_done(&talk[0]);
    buf_done(&talk[1]);
}

static void what_looks_like_sslv2_is_not_tls(void **state)
{
    struct fixture *f = *state;
    /* Lengths that do not add up. */
    struct buf talk[2] = {{0}, {0}};
    put_ssl2_client_hello(&talk[0]);
    put_ssl2_server_hello(&talk[1], tls_peer_server_chain(f->peer, 0));
    talk[0].p[6]++;
    talk[1].p[8]++;
    struct delivery d = run_ssl2(f->store, talk, 100, CLIENT_FIRST);
    assert_int_equal(tls_verdict(d.tls), TLS_IS_NOT);
    tls_free(d.tls);
    buf_done(&talk[0]);
    buf_done(&talk[1]);
}

static void alerts_are_listed_up_to_a_cap(void **state)
{
    struct fixture *f = *state;
    struct delivery d = begin(f->store, false);
    for (unsigned i = 0; i < 3 * TLS_ALERTS_MAX; i++) {
        const uint8_t alert[] = {21, 3, 3, 0, 2, 1, (uint8_t)(i ? 90 : 0)};
        deliver(&d, 1, alert, sizeof alert, 5 + i, true);
    }
    const struct tls_facts *facts = tls_facts(d.tls);
    assert_int_equal(tls_verdict(d.tls), TLS_IS);
    assert_int_equal(facts->alert_count, TLS_ALERTS_MAX);
    assert_int_equal(facts->alerts[7].description, 90);
    assert_int_equal(facts->alerts[7].frame, 12);
    assert_int_equal(facts->close_notify[1], CLOSE_NOTIFY_YES);
    assert_int_equal(facts->close_notify[0], CLOSE_NOTIFY_NO);
    tls_free(d.tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_and_order_gives_the_same_facts),
        cmocka_unit_test(a_session_can_rest_at_any_time),
        cmocka_unit_test(an_idle_session_takes_little),
        cmocka_unit_test(a_session_that_is_over_takes_little),
        cmocka_unit_test(every_single_cut_gives_the_same_facts),
        cmocka_unit_test(messages_may_be_spread_over_records_in_any_way),
        cmocka_unit_test(equal_hellos_and_certificates_are_shared),
        cmocka_unit_test(holes_make_nothing_wrong),
        cmocka_unit_test(a_hole_in_the_certificate_is_said_so),
        cmocka_unit_test(whole_messages_in_a_hole_are_named),
        cmocka_unit_test(a_finished_whose_signal_is_lost_is_no_hello),
        cmocka_unit_test(a_chain_cut_by_the_end_keeps_its_time_and_frame),
        cmocka_unit_test(a_chain_that_breaks_off_into_no_record_is_malformed),
        cmocka_unit_test(a_lost_first_flight_is_not_captured),
        cmocka_unit_test(a_first_record_as_short_as_an_alert_is_a_rejection),
        cmocka_unit_test(an_end_of_capture_is_no_failure),
        cmocka_unit_test(early_data_may_be_captured_late),
        cmocka_unit_test(a_session_is_known_from_its_middle),
        cmocka_unit_test(joining_inside_a_record_finds_the_next),
        cmocka_unit_test(a_whole_session_may_be_called_midstream),
        cmocka_unit_test(other_protocols_are_not_tls),
        cmocka_unit_test(a_plain_talker_alone_is_given_up_soon),
        cmocka_unit_test(a_client_at_the_wrong_port_speaks_tls),
        cmocka_unit_test(an_sslv2_hello_begins_a_session),
        cmocka_unit_test(sslv2_is_named_as_such),
        cmocka_unit_test(an_error_of_sslv2_is_a_failure),
        cmocka_unit_test(what_looks_like_sslv2_is_not_tls),
        cmocka_unit_test(alerts_are_listed_up_to_a_cap),
    };
    return cmocka_run_group_tests_name("tls", tests, set_up, tear_down);
}
