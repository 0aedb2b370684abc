/* tls_missed.c: the order of messages (RFC 5246 section 7.3, RFC 8446 section 2) tells what must
 * have been in a hole. */
#include "tls_missed.h"

#include "tls_messages.h"

static bool sent(const struct tls_direction *d, unsigned type)
{
    return d->seen & UINT32_C(1) << type;
}

static uint32_t unless_sent(const struct tls_direction *d, unsigned type)
{
    return sent(d, type) ? 0 : UINT32_C(1) << type;
}

static uint32_t unless_whole_chain(const struct tls_direction *d)
{
    return d->chain == CHAIN_UNSEEN || d->chain == CHAIN_CUT ? UINT32_C(1) << TLS_CERTIFICATE : 0;
}

static uint32_t missed_of_server(const struct tls *tls, const struct tls_direction *server,
                                 const struct tls_direction *client)
{
    const struct tls_facts *facts = &tls->facts;
    uint32_t missed = 0;
    if (server->ccs || server->data || client->ccs)
        missed |= unless_sent(server, TLS_SERVER_HELLO);
    /* Up to TLS 1.2, and no resumption: the client does not send its key otherwise. Which suites
     * come without a certificate only the hello tells. */
    if (!sent(client, TLS_CLIENT_KEY_EXCHANGE))
        return missed | (server->chain == CHAIN_CUT ? UINT32_C(1) << TLS_CERTIFICATE : 0);
    missed |= unless_sent(server, TLS_SERVER_HELLO_DONE);
    if (facts->server_hello && !tls_suite_anonymous(facts->server_hello->cipher))
        missed |= unless_whole_chain(server);
    return missed;
}

static uint32_t missed_of_client(const struct tls *tls, const struct tls_direction *client,
                                 const struct tls_direction *server)
{
    uint32_t missed = 0;
    if (sent(server, TLS_SERVER_HELLO))
        missed |= unless_sent(client, TLS_CLIENT_HELLO);
    if (!sent(server, TLS_SERVER_HELLO_DONE) || !(client->ccs || client->data))
        return missed;
    missed |= unless_sent(client, TLS_CLIENT_KEY_EXCHANGE);
    if (tls->facts.certificate_requested)
        missed |= unless_whole_chain(client);
    return missed;
}

void tls_missed_judge(struct tls *tls)
{
    struct tls_facts *facts = &tls->facts;
    facts->missed[0] = facts->missed[1] = 0;
    if (LIKELY(facts->gap_bytes == 0) || facts->client < 0)
        return;
    unsigned client = (unsigned)facts->client & 1;
    const struct tls_direction *x = &tls->directions[client], *y = &tls->directions[client ^ 1];
    if (x->holes)
        facts->missed[client] = missed_of_client(tls, x, y);
    if (y->holes)
        facts->missed[client ^ 1] = missed_of_server(tls, y, x);
}
