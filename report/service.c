/* service.c: the rules. Where APNs lives: support.apple.com/102266 (17.0.0.0/8, the IPv6 prefixes
 * below, ports 5223, 443, 2197). Its names end in push.apple.com; its ALPN is apns-security-v… or
 * apns-pack-v…, and a server may answer with a longer form of the latter. */
#include "service.h"

#include "words.h"

#include <strings.h>

static const struct word apns = WORD("apns"), xmpp = WORD("xmpp"), https = WORD("https"),
                         tls_itself = WORD("tls");

const struct word *word_service_evidence(enum service_evidence evidence)
{
    static const struct word words[SERVICE_EVIDENCE_MAX] = {
        [SERVICE_BY_SNI] = WORD("sni"),
        [SERVICE_BY_ALPN] = WORD("alpn"),
        [SERVICE_BY_CERTIFICATE] = WORD("certificate"),
        [SERVICE_BY_ISSUER] = WORD("issuer"),
        [SERVICE_BY_PAYLOAD] = WORD("payload"),
        [SERVICE_BY_ADDRESS] = WORD("address"),
        [SERVICE_BY_PORT] = WORD("port"),
    };
    return &words[evidence];
}

static bool starts_with(struct span text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.n >= n && memcmp(text.p, prefix, n) == 0;
}

static bool equals(struct span text, const char *word)
{
    return text.n == strlen(word) && starts_with(text, word);
}

/* A name of the domain or below it; case does not matter in names (RFC 4343). */
static bool in_domain(struct span name, const char *domain)
{
    size_t n = strlen(domain);
    if (name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n < n || (name.p[name.n - 1] | 0x20) != domain[n - 1] || /* most end otherwise */
        strncasecmp((const char *)name.p + name.n - n, domain, n) != 0)
        return false;
    return name.n == n || name.p[name.n - n - 1] == '.';
}

static bool contains(struct span text, const char *word)
{
    return text.n > 0 && memmem(text.p, text.n, word, strlen(word)) != NULL;
}

/* Whether the ALPN that was chosen has one of two prefixes, or one was offered that has. */
static bool speaks(const struct tls_facts *tls, const char *prefix, const char *other)
{
    struct span chosen = tls_alpn(tls);
    if (chosen.n > 0)
        return starts_with(chosen, prefix) || starts_with(chosen, other);
    for (size_t i = 0; tls->client_hello && i < tls->client_hello->alpn.count; i++) {
        struct span offered = tls->client_hello->alpn.items[i];
        if (starts_with(offered, prefix) || starts_with(offered, other))
            return true;
    }
    return false;
}

static bool chose(const struct tls_facts *tls, const char *a, const char *b)
{
    struct span chosen = tls_alpn(tls);
    return equals(chosen, a) || equals(chosen, b);
}

static bool certificate_names(const struct cert *leaf, const char *domain)
{
    for (size_t i = 0; i < leaf->san.count; i++)
        if (in_domain(leaf->san.items[i], domain))
            return true;
    return leaf->san.count == 0 && contains(leaf->subject, domain);
}

static bool at_apple(const struct endpoint *server)
{
    static const uint8_t prefixes[][6] = {
        {0x26, 0x20, 0x01, 0x49, 0x0a, 0x44}, /* 2620:149:a44::/48 */
        {0x24, 0x03, 0x03, 0x00, 0x0a, 0x42}, /* 2403:300:a42::/48 */
        {0x24, 0x03, 0x03, 0x00, 0x0a, 0x51}, /* 2403:300:a51::/48 */
        {0x2a, 0x01, 0xb7, 0x40, 0x0a, 0x42}, /* 2a01:b740:a42::/48 */
    };
    if (!server->ipv6)
        return server->ip[0] == 17;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (memcmp(server->ip, prefixes[i], sizeof(prefixes[i])) == 0)
            return true;
    return false;
}

static bool at_apns_port(const struct endpoint *server)
{
    return server->port == 5223 || server->port == 2197;
}

static uint8_t bit(bool set, enum service_evidence evidence)
{
    return (uint8_t)(set << evidence);
}

static struct service found(const struct word *name, enum service_evidence evidence)
{
    return (struct service){.name = name, .evidence = bit(true, evidence)};
}

/* The protocol that began TLS itself; what leads to a proxy says nothing of what is behind it. */
static enum plain_protocol protocol_before(const struct flow_record *record)
{
    const struct prologue_facts *prologue = record->prologue;
    if (!prologue)
        return PLAIN_NONE;
    enum plain_protocol last = (enum plain_protocol)prologue->steps[prologue->count - 1].protocol;
    bool proxy =
        last == PLAIN_SOCKS4 || last == PLAIN_SOCKS5 || last == PLAIN_PROXY || last == PLAIN_HTTP;
    return proxy ? PLAIN_NONE : last;
}

/* What decryption has shown: a service that the records themselves tell. NULL if none. */
static const struct word *service_inside(const struct tls_facts *tls)
{
    if (!tls->extras)
        return NULL;
    if (tls->extras->apns && tls->extras->apns->count > 0)
        return &apns;
    enum plain_protocol inside = (enum plain_protocol)tls->extras->inside;
    return inside == PLAIN_HTTP ? &https : inside > PLAIN_UNKNOWN ? word_plain(inside) : NULL;
}

/* The issuer alone would not do: Apple's server authority signs for other services, too. So it
 * counts only together with the address and the port. */
static struct service conclude_tls(const struct flow_record *record, bool at_home)
{
    const struct tls_facts *tls = record->tls;
    const struct cert *leaf = tls->server_cert_count > 0 ? tls->server_certs[0] : NULL;
    bool sni = in_domain(tls->sni, "push.apple.com");
    bool alpn = speaks(tls, "apns-security-v", "apns-pack-v");
    bool names = leaf && certificate_names(leaf, "push.apple.com");
    bool issuer = leaf && at_home && contains(leaf->issuer, "Apple Server Authentication CA");
    const struct word *inside = service_inside(tls);
    uint8_t evidence = bit(sni, SERVICE_BY_SNI) | bit(alpn, SERVICE_BY_ALPN) |
                       bit(names, SERVICE_BY_CERTIFICATE) | bit(issuer, SERVICE_BY_ISSUER) |
                       bit(inside == &apns, SERVICE_BY_PAYLOAD);
    if (evidence)
        return (struct service){.name = &apns, .evidence = evidence};
    if (speaks(tls, "xmpp-client", "xmpp-server"))
        return found(&xmpp, SERVICE_BY_ALPN);
    if (chose(tls, "h2", "http/1.1"))
        return found(&https, SERVICE_BY_ALPN);
    if (inside)
        return found(inside, SERVICE_BY_PAYLOAD);
    if (protocol_before(record) > PLAIN_UNKNOWN)
        return found(word_plain(protocol_before(record)), SERVICE_BY_PAYLOAD);
    return found(&tls_itself, SERVICE_BY_PAYLOAD);
}

static struct service conclude_plain(enum plain_protocol plain)
{
    if (plain > PLAIN_UNKNOWN)
        return found(word_plain(plain), SERVICE_BY_PAYLOAD);
    return (struct service){.name = word_plain(PLAIN_UNKNOWN)};
}

bool service_is_apns(const struct service *service)
{
    return service->name == &apns;
}

struct service service_of(const struct flow_record *record)
{
    const struct endpoint *server = &record->ends[SERVER];
    bool address = at_apple(server), port = at_apns_port(server);
    struct service service =
        record->tls ? conclude_tls(record, address && port) : conclude_plain(record->plain);
    bool open_question =
        service.name == &tls_itself || (!record->tls && record->plain == PLAIN_NONE);
    service.likely_apns = open_question && address && port;
    if (service_is_apns(&service) || service.likely_apns)
        service.evidence |= bit(address, SERVICE_BY_ADDRESS) | bit(port, SERVICE_BY_PORT);
    return service;
}
