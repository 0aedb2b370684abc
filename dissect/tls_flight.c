/* tls_flight.c: handshake messages to facts. The first of each kind counts: what was published is
 * not taken back. */
#include "tls_flight.h"

#include "limits.h"
#include "tls_auth.h"
#include "tls_decrypt.h"
#include "tls_messages.h"

bool tls_flight_sent(const struct tls_direction *d, unsigned type)
{
    return type < 32 && d->seen & UINT32_C(1) << type;
}

static bool is_cut(const struct tls_message *message)
{
    return message->body.n < message->length;
}

/* learn_client notes which direction is the client's, unless that is known. */
static void learn_client(struct tls *tls, unsigned client)
{
    if (tls->facts.client >= 0)
        return;
    tls->facts.client = (int8_t)client;
    tls_auth_client_known(tls);
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
                     : tls_store_read_client(tls->store, &hello, message->body);
    if ((d->ccs || d->unsure || ssl2) && !is_cut(message) && !(good && hello.whole))
        return false;
    learn_client(tls, direction);
    if (!good || facts->client != (int)direction)
        return true;
    if (facts->client_hello) {
        tls->hello_again = tls->hello_again || hello.whole;
        tls->ech_again = tls->ech_again || hello.ech_again;
        return true;
    }
    take_sni(tls, hello.sni);
    facts->client_hello_frame = where->frame;
    if (!facts->negotiated)
        facts->version = hello.version;
    if (is_cut(message))
        return true; /* a fingerprint of half a hello would be a wrong one */
    facts->client_hello = tls_store_client_hello(tls->store, &hello);
    tls_store_see_hello(tls->store, &hello, where->frame);
    tls->early_offered = hello.early_data;
    tls_decrypt_client_hello(tls, &hello);
    begin_flight(d);
    return true;
}

/* What few servers send in their hello. */
static void take_hello_extras(struct tls *tls, const struct tls_hello *hello)
{
    unsigned types = hello->certificate_types[0] | hello->certificate_types[1];
    if (hello->scts.n == 0 && types == CERTIFICATE_X509)
        return;
    struct tls_extras *extras = tls_session_extras(tls);
    extras->scts = (uint16_t)tls_count_scts(hello->scts);
    memcpy(extras->certificate_types, hello->certificate_types, sizeof extras->certificate_types);
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
    take_hello_extras(tls, hello);
    tls->retry_only = hello->retry;
    if (!hello->retry)
        tls_decrypt_server_hello(tls, hello);
    if (!tls_is_13(hello->version) || hello->retry)
        return;
    d->encrypted = true;
    tls->pre_shared_key = hello->pre_shared_key;
    if (tls->early_last_frame > where->frame)
        tls->early_over = true;
}

/* SSLv2's has the certificate in it, and not the suite. */
static bool take_ssl2_server_hello(struct tls *tls, unsigned direction,
                                   const struct tls_message *message, const struct tls_where *where)
{
    struct tls_hello hello;
    struct span certificate;
    bool good = tls_hello_ssl2_server(&hello, &certificate, message->body);
    if (!good && !is_cut(message))
        return false;
    learn_client(tls, direction ^ 1);
    if (!good || tls->facts.client == (int)direction || tls->facts.server_hello)
        return true;
    take_negotiated(tls, direction, &hello, where);
    tls->ssl2_resumed = certificate.n == 0;
    if (certificate.n > 0)
        tls_auth_ssl2_certificate(tls, direction, certificate, where);
    return true;
}

static bool take_server_hello(struct tls *tls, unsigned direction,
                              const struct tls_message *message, const struct tls_where *where)
{
    struct tls_facts *facts = &tls->facts;
    struct tls_direction *d = &tls->directions[direction];
    struct tls_hello hello;
    if (tls_framer_type(&d->framer) == TLS_SSL2_SERVER_HELLO)
        return take_ssl2_server_hello(tls, direction, message, where);
    bool good = tls_store_read_server(tls->store, &hello, message->body);
    if ((d->ccs || d->unsure) && !is_cut(message) && !(good && hello.whole))
        return false;
    learn_client(tls, direction ^ 1);
    if (!good || is_cut(message) || facts->client == (int)direction)
        return true;
    facts->hello_retry = facts->hello_retry || hello.retry;
    tls->ech_answered = tls->ech_answered || hello.ech_answered;
    if (!facts->server_hello || (tls->retry_only && !hello.retry))
        take_negotiated(tls, direction, &hello, where);
    return true;
}

/* ProtocolVersion server_version, and more: HelloRetryRequest up to draft 21 of TLS 1.3. Its suite,
 * which came with draft 19, is not final: the ServerHello's is. */
static void take_draft_retry(struct tls *tls, const struct tls_message *message)
{
    struct cursor c = cursor_of(message->body);
    uint16_t version;
    tls->facts.hello_retry = true;
    if (!tls->facts.negotiated && cursor_u16(&c, &version) && tls_is_13(version))
        tls->facts.version = version;
}

/* What TLS 1.3 encrypts of the server's answer: seen only where the session is decrypted. */
static void take_encrypted_extensions(struct tls *tls, const struct tls_message *message)
{
    struct tls_hello hello;
    struct cursor names, name;
    if (!tls->facts.negotiated || !tls_is_13(tls->facts.version) || is_cut(message) ||
        !tls_hello_encrypted_extensions(&hello, message->body))
        return;
    struct tls_extras *extras = tls_session_extras(tls);
    memcpy(extras->certificate_types, hello.certificate_types, sizeof hello.certificate_types);
    extras->early_data_accepted = hello.early_data;
    names = cursor_of(hello.alpn);
    if (extras->alpn.n == 0 && cursor_vec8(&names, &name))
        extras->alpn =
            span_of(tls_store_name(tls->store, cursor_rest(&name)), cursor_rest(&name).n);
    tls->ech_rejected = hello.ech_answered;
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
        take_draft_retry(tls, message);
        break;
    case TLS_CERTIFICATE:
        tls_auth_certificate(tls, direction, message, lost, where);
        break;
    case TLS_COMPRESSED_CERTIFICATE:
        tls_auth_compressed(tls, direction, message, lost, where);
        break;
    case TLS_ENCRYPTED_EXTENSIONS:
        learn_client(tls, direction ^ 1);
        take_encrypted_extensions(tls, message);
        break;
    case TLS_SERVER_KEY_EXCHANGE:
        learn_client(tls, direction ^ 1);
        if (facts->group == 0 && tls_named_curve(&group, message->body))
            facts->group = group;
        break;
    case TLS_CERTIFICATE_REQUEST:
        learn_client(tls, direction ^ 1);
        tls_auth_request(tls, message);
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
        tls_auth_status(tls, message);
        break;
    default:
        break;
    }
    if (good && message->type < 32)
        d->seen |= UINT32_C(1) << message->type;
    return good;
}
