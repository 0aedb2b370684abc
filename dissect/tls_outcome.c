/* tls_outcome.c: judges progress, certificates and closing from what was seen. It may be called at
 * any time and gives the answer for what is known by then. */
#include "tls_outcome.h"

#include "tls_messages.h"
#include "tls_missed.h"

enum { ALERT_ECH_REQUIRED = 121 };
enum { SUITE_AES_256_GCM_SHA384 = 0x1302, SUITE_AES_128_CCM_8 = 0x1305 };

static bool sent(const struct tls_direction *d, unsigned type)
{
    return d->seen & UINT32_C(1) << type;
}

static bool is_13(const struct tls *tls)
{
    return tls->facts.server_hello && tls_is_13(tls->facts.server_hello->version);
}

/* A record of TLS 1.3 holds its content, one byte of type, and the tag. Without a ServerHello the
 * usual suites are taken for granted. */
static unsigned overhead(const struct tls *tls)
{
    const struct server_hello *hello = tls->facts.server_hello;
    return hello && hello->cipher == SUITE_AES_128_CCM_8 ? 1 + 8 : 1 + 16;
}

bool tls_alert_sized(const struct tls *tls, uint16_t length)
{
    return length == 2 + overhead(tls);
}

bool tls_finished_sized(const struct tls *tls, uint16_t length)
{
    const struct server_hello *hello = tls->facts.server_hello;
    unsigned hash = hello && hello->cipher == SUITE_AES_256_GCM_SHA384 ? 48 : 32;
    return length == TLS_MESSAGE_HEADER + hash + overhead(tls);
}

static bool any_hello(const struct tls *tls)
{
    const uint32_t hellos = UINT32_C(1) << TLS_CLIENT_HELLO | UINT32_C(1) << TLS_SERVER_HELLO;
    return ((tls->directions[0].seen | tls->directions[1].seen) & hellos) != 0;
}

/* finished_ssl2: the client sends its key, unless the session goes on from an earlier one, and
 * CLIENT-FINISHED; the server SERVER-VERIFY and SERVER-FINISHED. A certificate that the server asks
 * for comes between and is not told apart. */
static bool finished_ssl2(const struct tls *tls, unsigned direction)
{
    bool client = tls->facts.client == (int)direction;
    return tls->directions[direction].ssl2_records >= (client && tls->ssl2_resumed ? 1 : 2);
}

/* finished_12 tells, for TLS up to 1.2 or where the version is not known, whether an end has sent
 * Finished: after it the other end's Finished or its own data can come. Where the capture holds
 * one direction only, that one's data says it of both. */
static bool finished_12(const struct tls *tls, unsigned direction)
{
    const struct tls_direction *d = &tls->directions[direction];
    const struct tls_direction *other = &tls->directions[direction ^ 1];
    return d->finished || d->data || (!d->any_bytes && other->many_data && !tls->early_offered);
}

/* In TLS 1.3 everything after the ServerHello is application data to the eye. The server's first is
 * its encrypted extensions; the client's first is its certificate or Finished, unless it is as
 * short as an alert; after early data it is known by its size alone. */
static bool client_finished_13(const struct tls *tls, const struct tls_direction *client)
{
    if (tls->early_offered)
        return tls->early_over;
    return client->data && !tls_alert_sized(tls, client->first_data);
}

static bool is_complete(const struct tls *tls)
{
    if (is_13(tls)) {
        const struct tls_direction *client = &tls->directions[(unsigned)tls->facts.client & 1];
        const struct tls_direction *server =
            &tls->directions[((unsigned)tls->facts.client & 1) ^ 1];
        return (server->opened ? server->finished : server->data) &&
               (client->opened ? client->finished : client_finished_13(tls, client));
    }
    if (tls->facts.negotiated && tls->facts.version == TLS_VERSION_SSL2)
        return finished_ssl2(tls, 0) && finished_ssl2(tls, 1);
    return finished_12(tls, 0) && finished_12(tls, 1);
}

/* A client of TLS 1.3 that rejects the certificate says so in its first encrypted record. */
static bool rejected_13(const struct tls *tls)
{
    const struct tls_direction *client = &tls->directions[(unsigned)tls->facts.client & 1];
    return is_13(tls) && client->data && !client->opened && !client->holes && !tls->early_offered &&
           tls_alert_sized(tls, client->first_data);
}

/* What the capture misses may have completed the handshake: a hole, or the whole direction, where
 * the other goes on as if it had been answered. */
static bool may_be_missing(const struct tls *tls, unsigned direction)
{
    const struct tls_direction *d = &tls->directions[direction];
    const struct tls_direction *other = &tls->directions[direction ^ 1];
    return d->holes || (!d->any_bytes && (other->ccs || other->data) && !tls->early_offered);
}

static bool has_failed(const struct tls *tls)
{
    const struct tls_direction *d = tls->directions;
    if (d[0].fatal || d[1].fatal || rejected_13(tls))
        return true;
    return (d[0].fin || d[1].fin) && !may_be_missing(tls, 0) && !may_be_missing(tls, 1);
}

static bool has_begun(const struct tls *tls)
{
    return any_hello(tls) || tls->directions[0].fatal || tls->directions[1].fatal;
}

static enum tls_progress progress_of(const struct tls *tls)
{
    if (!has_begun(tls))
        return TLS_MIDSTREAM;
    if (is_complete(tls))
        return TLS_COMPLETE;
    return has_failed(tls) ? TLS_FAILED : TLS_INCOMPLETE;
}

/* An abbreviated handshake (RFC 5246 section 7.3): the server's ChangeCipherSpec follows its hello
 * with nothing but a ticket between. */
static bool resumed_12(const struct tls_direction *server)
{
    const uint32_t full = UINT32_C(1) << TLS_CERTIFICATE | UINT32_C(1) << TLS_SERVER_KEY_EXCHANGE |
                          UINT32_C(1) << TLS_CERTIFICATE_REQUEST |
                          UINT32_C(1) << TLS_SERVER_HELLO_DONE;
    return server->ccs && !server->gap && !server->unsure && sent(server, TLS_SERVER_HELLO) &&
           !(server->seen & full);
}

/* In TLS 1.3 a key that both ends were given beforehand looks like a ticket to the server: only the
 * ClientHello tells which it is. */
static bool resumed_13(const struct tls *tls)
{
    const struct client_hello *client = tls->facts.client_hello;
    return tls->pre_shared_key && client && !client->external_keys;
}

/* Why there is no certificate, where a ServerHello was seen. */
static enum certs_via absent_after_hello(const struct tls *tls, const struct tls_direction *server)
{
    if (is_13(tls))
        return tls->pre_shared_key ? CERTS_ANONYMOUS : CERTS_ENCRYPTED;
    if (tls_suite_anonymous(tls->facts.server_hello->cipher))
        return CERTS_ANONYMOUS;
    return server->gap ? CERTS_GAP : CERTS_NOT_REACHED;
}

static enum certs_via certs_via_of(const struct tls *tls)
{
    const struct tls_facts *facts = &tls->facts;
    if (facts->client < 0)
        return CERTS_NOT_CAPTURED;
    const struct tls_direction *server = &tls->directions[facts->client ^ 1];
    switch ((enum chain_state)server->chain) {
    case CHAIN_WHOLE:
        return is_13(tls) ? CERTS_KEYLOG : CERTS_PLAIN;
    case CHAIN_CUT:
        return CERTS_GAP;
    case CHAIN_MALFORMED:
        return CERTS_MALFORMED;
    case CHAIN_UNSEEN:
        break;
    }
    if (facts->resumed)
        return CERTS_RESUMED;
    if (facts->server_hello)
        return absent_after_hello(tls, server);
    if (server->gap)
        return CERTS_GAP;
    /* The client goes on as if the server had answered. */
    if (!server->any_bytes && facts->progress == TLS_COMPLETE)
        return CERTS_NOT_CAPTURED;
    return sent(server, TLS_SERVER_HELLO) ? CERTS_MALFORMED : CERTS_NOT_REACHED;
}

static enum close_notify closing_of(const struct tls *tls, const struct tls_direction *d)
{
    if (d->close_notify)
        return CLOSE_NOTIFY_YES;
    bool open = tls->facts.progress == TLS_COMPLETE || tls->facts.progress == TLS_MIDSTREAM;
    return d->fin && d->last_alert && !d->opened && open ? CLOSE_NOTIFY_LIKELY : CLOSE_NOTIFY_NO;
}

/* What can be told of an ECH without its keys: RFC 9849 sections 6.1.4 to 6.2. A server that asks
 * for another hello and has accepted it says so; the client, which checks that, then sends no new
 * key. After a plain ServerHello nothing shows but a protocol that has no ECH. */
static enum ech_status ech_of(const struct tls *tls)
{
    const struct tls_facts *facts = &tls->facts;
    if (!facts->client_hello || !facts->client_hello->ech)
        return ECH_UNDECIDED;
    for (unsigned i = 0; i < facts->alert_count; i++) {
        if (!facts->alerts[i].encrypted && facts->alerts[i].description == ALERT_ECH_REQUIRED)
            return ECH_REJECTED;
    }
    if (tls->ech_rejected)
        return ECH_REJECTED;
    if (facts->negotiated && !tls_is_13(facts->version))
        return ECH_NOT_ACCEPTED;
    if (!facts->hello_retry)
        return ECH_UNDECIDED;
    if (!tls->ech_answered || (tls->hello_again && !tls->ech_again))
        return ECH_NOT_ACCEPTED;
    return tls->hello_again ? ECH_LIKELY_ACCEPTED : ECH_UNDECIDED;
}

void tls_outcome_note(struct tls *tls, uint64_t frame)
{
    if (tls->completed || !is_complete(tls) || !has_begun(tls))
        return;
    tls->completed = frame != 0;
    tls->facts.complete_frame = frame;
}

void tls_outcome_judge(struct tls *tls)
{
    struct tls_facts *facts = &tls->facts;
    facts->early_data =
        tls->early_unheard ||
        (tls->early_first_frame != 0 &&
         (!facts->server_hello || tls->early_first_frame < facts->server_hello_frame));
    if (is_13(tls))
        facts->resumed = resumed_13(tls);
    else if (tls->ssl2_resumed)
        facts->resumed = true;
    else if (facts->server_hello && resumed_12(&tls->directions[facts->client == 0 ? 1 : 0]))
        facts->resumed = true;
    facts->progress = progress_of(tls);
    facts->certs_via = certs_via_of(tls);
    facts->ech = ech_of(tls);
    for (unsigned i = 0; i < 2; i++)
        facts->close_notify[i] = (uint8_t)closing_of(tls, &tls->directions[i]);
    tls_missed_judge(tls);
    facts->data = (tls->directions[0].data ? 1u : 0u) | (tls->directions[1].data ? 2u : 0u);
    facts->client_key_exchange =
        facts->client >= 0 && sent(&tls->directions[facts->client], TLS_CLIENT_KEY_EXCHANGE);
}
