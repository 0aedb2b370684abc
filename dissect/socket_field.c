/* socket_field.c: see socket_field.h.
 *
 * BSD's netstat prints `address.port` and cuts it to 18 columns with -A, to 22 without and to 45
 * with -l; of an address of IPv6 it prints no more than 16 characters before the port
 * (network_cmds: netstat.tproj/inet.c, inet6.c). Linux's prints `address:port`, and cuts the
 * address so that both have 23 characters at most (net-tools: netstat.c, addr_do_one). ss cuts
 * nothing. */
#include "socket_field.h"

#include <arpa/inet.h>

enum {
    BSD_IPV6_WIDTH = 16,
    LINUX_WIDTH = 23,
    HOST_MAX = 64 /* with its scope */
};

static size_t find_last(struct span text, char wanted)
{
    for (size_t i = text.n; i > 0; i--)
        if (text.p[i - 1] == (uint8_t)wanted)
            return i - 1;
    return SIZE_MAX;
}

static struct span before(struct span text, char wanted)
{
    const uint8_t *at = text.n ? memchr(text.p, wanted, text.n) : NULL;
    return at ? span_of(text.p, (size_t)(at - text.p)) : text;
}

static bool is_star(struct span text)
{
    return text.n == 1 && text.p[0] == '*';
}

static bool read_port(struct socket_end *out, struct span text)
{
    uint32_t port = 0;
    if (is_star(text)) {
        out->any_port = true;
        return true;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(text.p[i] - '0');
        if (port > UINT16_MAX)
            return false;
    }
    out->at.port = (uint16_t)port;
    return text.n > 0;
}

/* inet_pton takes a string; a scope (`%en0`) is no part of the address. */
static bool read_host(struct endpoint *out, struct span text)
{
    char copy[HOST_MAX];
    struct span bare = before(text, '%');
    if (bare.n == 0 || bare.n >= sizeof copy)
        return false;
    memcpy(copy, bare.p, bare.n);
    copy[bare.n] = '\0';
    out->ipv6 = memchr(bare.p, ':', bare.n) != NULL;
    return inet_pton(out->ipv6 ? AF_INET6 : AF_INET, copy, out->ip) == 1;
}

/* What an address may consist of, whole or cut. */
static bool looks_like_host(struct span text)
{
    struct span bare = before(text, '%');
    if (bare.n == 0 || text.n >= HOST_MAX)
        return false;
    for (size_t i = 0; i < bare.n; i++) {
        uint8_t c = bare.p[i];
        if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f') || c == ':' ||
              c == '.'))
            return false;
    }
    return true;
}

/* A socket for both families has IPv4 in the form of IPv6: RFC 4291 section 2.5.5.2. */
static void unmap(struct endpoint *end)
{
    static const uint8_t lead[12] = {[10] = 0xff, [11] = 0xff};
    if (!end->ipv6 || memcmp(end->ip, lead, sizeof lead) != 0)
        return;
    memmove(end->ip, end->ip + 12, 4);
    memset(end->ip + 4, 0, 12);
    end->ipv6 = false;
}

static bool is_zero(const struct endpoint *end)
{
    static const uint8_t zero[16];
    return memcmp(end->ip, zero, sizeof zero) == 0;
}

bool socket_field_read(struct socket_end *out, enum socket_dialect *dialect, struct span field,
                       size_t bsd_width)
{
    struct socket_end end = {0};
    size_t colon = find_last(field, ':'), dot = find_last(field, '.');
    bool bsd = dot != SIZE_MAX && (colon == SIZE_MAX || dot > colon);
    size_t split = bsd ? dot : colon;
    if (split == SIZE_MAX || split == 0)
        return false;
    struct span host = span_of(field.p, split);
    if (!read_port(&end, span_of(field.p + split + 1, field.n - split - 1)))
        return false;
    if (host.p[0] == '[') { /* ss puts the interface behind the bracket */
        host = before(span_of(host.p + 1, host.n - 1), ']');
        bsd = false;
    }
    if (bsd)
        *dialect = SOCKETS_BSD;
    else if (*dialect != SOCKETS_SS)
        *dialect = SOCKETS_LINUX;
    end.host = host;
    end.any_host = is_star(host);
    end.port_cut = bsd && !end.any_port && field.n == bsd_width;
    if (!end.any_host) {
        bool whole = read_host(&end.at, host);
        bool ipv6 = memchr(host.p, ':', host.n) != NULL;
        end.host_cut = bsd ? ipv6 && host.n == BSD_IPV6_WIDTH
                           : *dialect == SOCKETS_LINUX && ipv6 && field.n == LINUX_WIDTH;
        if (!whole && !(end.host_cut && looks_like_host(host)))
            return false;
        if (end.host_cut)
            memset(end.at.ip, 0, sizeof end.at.ip);
        else
            unmap(&end.at);
        end.any_host = whole && !end.host_cut && is_zero(&end.at);
    }
    *out = end;
    return true;
}

/* --- comparing --- */

/* The digits of a port; returns how many. */
static size_t port_text(char *out, uint16_t port)
{
    char backwards[5];
    size_t n = 0;
    do
        backwards[n++] = (char)('0' + port % 10);
    while ((port = (uint16_t)(port / 10)) > 0);
    for (size_t i = 0; i < n; i++)
        out[i] = backwards[n - 1 - i];
    return n;
}

bool socket_end_has_port(const struct socket_end *printed, uint16_t port, bool *cut)
{
    char wanted[5], have[5];
    if (printed->any_port)
        return false;
    if (printed->at.port == port)
        return true;
    size_t wanted_n = port_text(wanted, port), have_n = port_text(have, printed->at.port);
    if (!printed->port_cut || have_n >= wanted_n || memcmp(wanted, have, have_n) != 0)
        return false;
    *cut = true;
    return true;
}

/* An address that is printed in part is compared as text: BSD and Linux print IPv6 by inet_ntop. */
static bool has_beginning(struct span text, const struct endpoint *known)
{
    char whole[INET6_ADDRSTRLEN];
    struct span bare = before(text, '%');
    if (!known->ipv6 || !inet_ntop(AF_INET6, known->ip, whole, sizeof whole))
        return false;
    return bare.n <= strlen(whole) && memcmp(bare.p, whole, bare.n) == 0;
}

bool socket_end_matches(const struct socket_end *printed, const struct endpoint *known, bool *cut)
{
    bool part = false;
    if (printed->any_host || !socket_end_has_port(printed, known->port, &part))
        return false;
    if (printed->host_cut) {
        if (!has_beginning(printed->host, known))
            return false;
        part = true;
    } else if (printed->at.ipv6 != known->ipv6 ||
               memcmp(printed->at.ip, known->ip, known->ipv6 ? 16 : 4) != 0) {
        return false;
    }
    *cut = *cut || part;
    return true;
}
