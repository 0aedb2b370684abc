/* tls_auth.c: certificates, bare keys, stapled responses, timestamps. The first of each kind
 * counts, as in tls_flight.c. */
#include "tls_auth.h"

#include "decompress.h"
#include "limits.h"
#include "tls_messages.h"

#include <stdlib.h>

static bool is_13(const struct tls *tls)
{
    return tls->facts.negotiated && tls_is_13(tls->facts.version);
}

static bool is_cut(const struct tls_message *message)
{
    return message->body.n < message->length;
}

/* publish_chain_take puts a chain into the facts. It takes the list of certificates. */
static void publish_chain_take(struct tls *tls, bool from_server, const struct cert *const *list,
                               uint8_t count, uint64_t frame)
{
    struct tls_facts *facts = &tls->facts;
    unsigned direction = (unsigned)facts->client ^ (from_server ? 1 : 0);
    bool cut = tls->directions[direction].chain == CHAIN_CUT;
    cert_store_presented(tls_store_certs(tls->store), list, count,
                         from_server ? CERT_FROM_SERVER : CERT_FROM_CLIENT, facts->sni);
    if (from_server) {
        facts->server_certs = list;
        facts->server_cert_count = count;
        facts->server_chain_cut = cut;
        facts->certificate_frame = frame;
    } else {
        facts->client_certs = list;
        facts->client_cert_count = count;
        facts->client_chain_cut = cut;
        facts->client_certificate_frame = frame;
    }
}

/* hold_chain_take keeps a chain until it is known whose it is: a wrong certificate is worse than
 * none. It takes the list of certificates. */
static void hold_chain_take(struct tls *tls, unsigned direction, const struct cert *const *list,
                            uint8_t count, uint64_t frame)
{
    if (tls->held_chain) {
        tls_store_release(tls->store, list);
        return;
    }
    tls->held_chain = xmalloc(sizeof *tls->held_chain);
    *tls->held_chain = (struct tls_held_chain){direction, frame, count, list};
}

void tls_auth_client_known(struct tls *tls)
{
    struct tls_held_chain *held = tls->held_chain;
    if (!held)
        return;
    publish_chain_take(tls, held->direction != (unsigned)tls->facts.client, held->certs,
                       held->count, held->frame);
    free(held);
    tls->held_chain = NULL;
}

static bool from_server(const struct tls *tls, unsigned direction)
{
    return tls->facts.client >= 0 && tls->facts.client != (int)direction;
}

/* take_staple reads a CertificateStatus for the server's leaf. */
static void take_staple(struct tls *tls, struct span status, bool whole)
{
    struct tls_extras *extras = tls_session_extras(tls);
    const struct tls_facts *facts = &tls->facts;
    struct span response = {NULL, 0}, serial = {NULL, 0};
    if (extras->staple)
        return;
    if (facts->server_cert_count > 0)
        serial = facts->server_certs[0]->serial;
    if (whole && !tls_ocsp_response(&response, status))
        response = span_of(NULL, 0);
    extras->staple = tls_store_staple(tls->store, whole, response, serial);
}

void tls_auth_status(struct tls *tls, const struct tls_message *message)
{
    take_staple(tls, message->body, !is_cut(message));
}

/* TLS 1.3 has moved what goes with a certificate into its extensions: RFC 8446 section 4.4.2.1. */
static void take_entry_extensions(struct tls *tls, struct span message)
{
    struct tls_chain chain;
    struct span der;
    struct cursor body;
    uint16_t type;
    tls_chain_open(&chain, message, true);
    if (!tls_chain_next(&chain, &der))
        return;
    struct cursor list = cursor_of(chain.extensions);
    while (tls_hello_extension(&list, &type, &body)) {
        if (type == TLS_EXT_STATUS_REQUEST)
            take_staple(tls, cursor_rest(&body), true);
        else if (type == TLS_EXT_SCTS)
            tls_session_extras(tls)->scts = (uint16_t)tls_count_scts(cursor_rest(&body));
    }
}

/* take_chain reads the body of a Certificate; `whole` tells that no byte of it is missing. */
static void take_chain(struct tls *tls, unsigned direction, struct span body, bool whole, bool lost,
                       const struct tls_where *where)
{
    struct tls_facts *facts = &tls->facts;
    struct tls_direction *d = &tls->directions[direction];
    uint8_t count;
    bool good;
    const struct cert *const *list = tls_store_chain(tls->store, &count, &good, body, is_13(tls));
    d->chain = good && whole ? CHAIN_WHOLE : lost ? CHAIN_CUT : CHAIN_MALFORMED;
    cert_store_seen(tls_store_certs(tls->store), list, count, where->time, where->frame);
    if (facts->client < 0)
        hold_chain_take(tls, direction, list, count, where->frame);
    else
        publish_chain_take(tls, from_server(tls, direction), list, count, where->frame);
    if (is_13(tls) && from_server(tls, direction))
        take_entry_extensions(tls, body);
}

/* take_raw_key does the same where the ends have agreed on bare keys. */
static void take_raw_key(struct tls *tls, unsigned direction, struct span body, bool whole,
                         bool lost, const struct tls_where *where)
{
    struct tls_facts *facts = &tls->facts;
    struct tls_direction *d = &tls->directions[direction];
    struct tls_extras *extras = tls_session_extras(tls);
    struct span spki;
    bool good = tls_raw_key(&spki, body, is_13(tls)) && whole;
    d->chain = good ? CHAIN_WHOLE : lost ? CHAIN_CUT : CHAIN_MALFORMED;
    if (!good)
        return;
    if (from_server(tls, direction)) {
        extras->server_key = tls_store_raw_key(tls->store, spki);
        facts->certificate_frame = where->frame;
    } else {
        extras->client_key = tls_store_raw_key(tls->store, spki);
        facts->client_certificate_frame = where->frame;
    }
}

static enum certificate_type type_of(const struct tls *tls, unsigned direction)
{
    const struct tls_extras *extras = tls->facts.extras;
    return extras ? (enum certificate_type)extras->certificate_types[from_server(tls, direction)]
                  : CERTIFICATE_X509;
}

static void take_body(struct tls *tls, unsigned direction, struct span body, bool whole, bool lost,
                      const struct tls_where *where)
{
    if (type_of(tls, direction) == CERTIFICATE_RAW_KEY)
        take_raw_key(tls, direction, body, whole, lost, where);
    else if (type_of(tls, direction) == CERTIFICATE_X509)
        take_chain(tls, direction, body, whole, lost, where);
    else
        tls->directions[direction].chain = CHAIN_WHOLE; /* one that nobody here can read */
}

void tls_auth_certificate(struct tls *tls, unsigned direction, const struct tls_message *message,
                          bool lost, const struct tls_where *where)
{
    if (tls->directions[direction].chain == CHAIN_UNSEEN)
        take_body(tls, direction, message->body, !is_cut(message), lost, where);
}

void tls_auth_compressed(struct tls *tls, unsigned direction, const struct tls_message *message,
                         bool lost, const struct tls_where *where)
{
    struct tls_direction *d = &tls->directions[direction];
    struct tls_compressed compressed;
    struct buf body = {0};
    if (d->chain != CHAIN_UNSEEN || !is_13(tls))
        return;
    bool read = !is_cut(message) && tls_compressed_read(&compressed, message->body);
    if (read && from_server(tls, direction))
        tls_session_extras(tls)->compression = compressed.algorithm;
    if (read && compressed.length <= LIMIT_TLS_MESSAGE &&
        decompress(&body, compressed.algorithm, compressed.bytes, compressed.length))
        take_body(tls, direction, span_of(body.p, body.n), true, false, where);
    else
        d->chain = lost && is_cut(message) ? CHAIN_CUT : CHAIN_MALFORMED;
    buf_done(&body);
}

void tls_auth_ssl2_certificate(struct tls *tls, unsigned direction, struct span der,
                               const struct tls_where *where)
{
    /* A list of one, as a Certificate message has it. */
    const uint8_t lengths[] = {0, (uint8_t)((der.n + 3) >> 8), (uint8_t)(der.n + 3),
                               0, (uint8_t)(der.n >> 8),       (uint8_t)der.n};
    struct buf body = {0};
    buf_append(&body, lengths, sizeof lengths);
    buf_append(&body, der.p, der.n);
    take_chain(tls, direction, span_of(body.p, body.n), true, false, where);
    buf_done(&body);
}

void tls_auth_request(struct tls *tls, const struct tls_message *message)
{
    struct tls_facts *facts = &tls->facts;
    uint16_t version = facts->negotiated ? facts->version : TLS_VERSION_12, count;
    if (facts->certificate_requested)
        return;
    facts->certificate_requested = true;
    bool whole = !is_cut(message) && tls_count_authorities(&count, message->body, version);
    facts->acceptable_cas = whole ? count : TLS_CAS_UNKNOWN;
}
