/* tls_flight.c: handshake messages to facts. The first of each kind counts: what was published is
 * not taken back. */
#include "tls_flight.h"

#include "limits.h"
#include "tls_messages.h"

#include <stdlib.h>

bool tls_flight_sent(const struct tls_direction *d, unsigned type)
{
    return type < 32 && d->seen & UINT32_C(1) << type;
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

/* learn_client notes which direction is the client's, unless that is known. */
static void learn_client(struct tls *tls, unsigned client)
{
    struct tls_held_chain *held = tls->held_chain;
    if (tls->facts.client >= 0)
        return;
    tls->facts.client = (int8_t)client;
    if (!held)
        return;
    publish_chain_take(tls, held->direction != client, held->certs, held->count, held->frame);
    free(held);
    tls->held_chain = NULL;
}

static void take_certificate(struct tls *tls, unsigned direction, const struct tls_message *message,
                             bool lost, const struct tls_where *where)
{
    struct tls_facts *facts = &tls->facts;
    struct tls_direction *d = &tls->directions[direction];
    uint8_t count;
    bool whole;
    if (d->chain != CHAIN_UNSEEN)
        return;
    const struct cert *const *list = tls_store_chain(
        tls->store, &count, &whole, message->body, tls_is_13(facts->version) && facts->negotiated);
    d->chain = whole && !is_cut(message) ? CHAIN_WHOLE : lost ? CHAIN_CUT : CHAIN_MALFORMED;
    cert_store_seen(tls_store_certs(tls->store), list, count, where->time, where->frame);
    if (facts->client < 0)
        hold_chain_take(tls, direction, list, count, where->frame);
    else
        publish_chain_take(tls, facts->client != (int)direction, list, count, where->frame);
}

static void take_sni(struct tls *tls, struct span sni)
{
    struct tls_facts *facts = &tls->facts;
    if (sni.n == 0 || facts->sni.n > 0)
        return;
    size_t n = sni.n < LIMIT_TLS_SNI ? sni.n : LIMIT_TLS_SNI;
    facts->sni = span_of(tls_store_name(tls->store, span_of(sni.p, n)), n);
    if (facts->server_cert_count > 0)
        cert_store_presented(tls_store_certs(tls->store), facts->server_certs,
                             facts->server_cert_count, CERT_FROM_SERVER, facts->sni);
}

/* The hello clears what was lost before it: a new flight begins. */
static void begin_flight(struct tls_direction *d)
{
    d->gap = false;
    d->unsure = false;
}

static bool take_client_hello(struct tls *tls, unsigned direction,
                              const struct tls_message *message, const struct tls_where *where)
{
    struct tls_facts *facts = &tls->facts;
    struct tls_direction *d = &tls->directions[direction];
    bool ssl2 = tls_framer_type(&d->framer) == TLS_SSL2_HELLO;
    struct tls_hello hello;
    bool good = ssl2 ? tls_hello_ssl2(&hello, tls_framer_version(&d->framer), message->body)
                     : tls_hello_client(&hello, message->body);
    if ((d->ccs || d->unsure || ssl2) && !is_cut(message) && !(good && hello.whole))
        return false;
    learn_client(tls, direction);
    if (!good || facts->client != (int)direction || facts->client_hello)
        return true;
    take_sni(tls, hello.sni);
    facts->client_hello_frame = where->frame;
    if (!facts->negotiated)
        facts->version = hello.version;
    if (is_cut(message))
        return true; /* a fingerprint of half a hello would be a wrong one */
    facts->client_hello = tls_store_client_hello(tls->store, &hello);
    begin_flight(d);
    return true;
}

/* A HelloRetryRequest has chosen version and suite already: it stands for the ServerHello until
 * that comes. */
static void take_negotiated(struct tls *tls, unsigned direction, const struct tls_hello *hello,
                            const struct tls_where *where)
{
    struct tls_facts *facts = &tls->facts;
    struct tls_direction *d = &tls->directions[direction];
    const struct server_hello *before = facts->server_hello;
    facts->server_hello = tls_store_server_hello(tls->store, hello);
    tls_store_release(tls->store, before);
    facts->server_hello_frame = where->frame;
    facts->negotiated = true;
    facts->version = hello->version;
    if (hello->group)
        facts->group = hello->group;
    begin_flight(d);
    tls->retry_only = hello->retry;
    if (!tls_is_13(hello->version) || hello->retry)
        return;
    d->encrypted = true;
    tls->pre_shared_key = hello->pre_shared_key;
    if (tls->early_last_frame > where->frame)
        tls->early_over = true;
}

static bool take_server_hello(struct tls *tls, unsigned direction,
                              const struct tls_message *message, const struct tls_where *where)
{
    struct tls_facts *facts = &tls->facts;
    struct tls_direction *d = &tls->directions[direction];
    struct tls_hello hello;
    bool good = tls_hello_server(&hello, message->body);
    if ((d->ccs || d->unsure) && !is_cut(message) && !(good && hello.whole))
        return false;
    learn_client(tls, direction ^ 1);
    if (!good || is_cut(message) || facts->client == (int)direction)
        return true;
    facts->hello_retry = facts->hello_retry || hello.retry;
    if (!facts->server_hello || (tls->retry_only && !hello.retry))
        take_negotiated(tls, direction, &hello, where);
    return true;
}

static void take_request(struct tls *tls, const struct tls_message *message)
{
    struct tls_facts *facts = &tls->facts;
    uint16_t version = facts->negotiated ? facts->version : TLS_VERSION_12, count;
    if (facts->certificate_requested)
        return;
    facts->certificate_requested = true;
    bool whole = !is_cut(message) && tls_count_authorities(&count, message->body, version);
    facts->acceptable_cas = whole ? count : TLS_CAS_UNKNOWN;
}

bool tls_flight_take(struct tls *tls, unsigned direction, const struct tls_message *message,
                     bool lost, const struct tls_where *where)
{
    struct tls_facts *facts = &tls->facts;
    struct tls_direction *d = &tls->directions[direction];
    bool good = true;
    uint16_t group;
    tls->changed = true;
    switch (message->type) {
    case TLS_CLIENT_HELLO:
        good = take_client_hello(tls, direction, message, where);
        break;
    case TLS_SERVER_HELLO:
        good = take_server_hello(tls, direction, message, where);
        break;
    case TLS_HELLO_RETRY_REQUEST:
        learn_client(tls, direction ^ 1);
        facts->hello_retry = true;
        break;
    case TLS_CERTIFICATE:
        take_certificate(tls, direction, message, lost, where);
        break;
    case TLS_SERVER_KEY_EXCHANGE:
        learn_client(tls, direction ^ 1);
        if (facts->group == 0 && tls_named_curve(&group, message->body))
            facts->group = group;
        break;
    case TLS_CERTIFICATE_REQUEST:
        learn_client(tls, direction ^ 1);
        take_request(tls, message);
        break;
    case TLS_NEW_SESSION_TICKET:
    case TLS_SERVER_HELLO_DONE:
        learn_client(tls, direction ^ 1);
        break;
    case TLS_CLIENT_KEY_EXCHANGE:
    case TLS_CERTIFICATE_VERIFY:
        learn_client(tls, direction);
        break;
    case TLS_CERTIFICATE_STATUS:
        learn_client(tls, direction ^ 1);
        facts->ocsp_stapled = true;
        break;
    default:
        break;
    }
    if (good && message->type < 32)
        d->seen |= UINT32_C(1) << message->type;
    return good;
}
