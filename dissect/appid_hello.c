/* appid_hello.c: hides from nDPI what it would only fingerprint. It writes the text of a JA3 with a
 * snprintf for each number: four fifths of what a TLS flow costs in it (docs/performance.md). */
#include "appid_hello.h"

#include "tls_hello.h"

enum { HANDSHAKE = 22, CLIENT_HELLO = 1, RECORD_HEADER = 5, RANDOM = 32, GREASE = 0x0a };

/* record: type, version (2), length (2); message: type, length (3) */
bool appid_hello_at(struct span payload)
{
    return payload.n > RECORD_HEADER && payload.p[0] == HANDSHAKE && payload.p[1] == 3 &&
           payload.p[RECORD_HEADER] == CLIENT_HELLO;
}

bool appid_hello_is_alone(struct span payload)
{
    enum { HEADERS = RECORD_HEADER + 4 };
    return payload.n >= HEADERS && appid_hello_at(payload) &&
           be16(payload.p + 3) + (size_t)RECORD_HEADER == payload.n && payload.p[6] == 0 &&
           be16(payload.p + 7) + (size_t)HEADERS == payload.n;
}

bool appid_hello_is_whole(struct span payload)
{
    struct cursor c = cursor_of(payload), record, message;
    if (!cursor_skip(&c, 3) || !cursor_vec16(&c, &record) || !cursor_skip(&record, 1) ||
        !cursor_vec24(&record, &message) || !cursor_done(&record))
        return false;
    while (!cursor_done(&c))
        if (!cursor_skip(&c, 3) || !cursor_vec16(&c, &record))
            return false;
    return true;
}

enum { SERVER_NAME = 0, ALPN = 16, SUPPORTED_VERSIONS = 43 };

/* nDPI looks into server_name, ALPN, supported_versions, ESNI and the parameters of QUIC. */
static bool is_read(uint16_t type)
{
    return type == SERVER_NAME || type == ALPN || type == SUPPORTED_VERSIONS || type == 57 ||
           type == 65445 || type == 65486;
}

/* Does nDPI read the body and not beyond? It believes the lengths within. */
static bool ends_in_itself(uint16_t type, struct cursor body)
{
    struct cursor list, item;
    switch (type) {
    case SERVER_NAME:
        return cursor_vec16(&body, &list) && cursor_done(&body) && cursor_skip(&list, 1) &&
               cursor_vec16(&list, &item) && cursor_done(&list);
    case ALPN:
        if (!cursor_vec16(&body, &list) || !cursor_done(&body))
            return false;
        while (!cursor_done(&list))
            if (!cursor_vec8(&list, &item))
                return false;
        return true;
    case SUPPORTED_VERSIONS:
        return cursor_vec8(&body, &list) && cursor_done(&body) && list.left % 2 == 0;
    default:
        return !is_read(type);
    }
}

/* It also remarks on types that IANA has not registered, and on 53 and 54, which are none of TLS
 * over TCP. */
static bool says_nothing(uint16_t type)
{
    return (!is_read(type) && (type <= 52 || type == 65281)) || tls_is_grease(type);
}

/* Writes where a part of the copy is that was read. */
static void fill(uint8_t *payload, struct span part, uint8_t value)
{
    if (part.n > 0)
        memset(payload + (part.p - payload), value, part.n);
}

/* Do all lengths agree, as far as the segment goes? Where they do not, nDPI reads on in what
 * follows or stops where nobody would, and what it comes to depends on bytes that are not looked at
 * else. */
bool appid_hello_is_sound(struct span payload)
{
    struct cursor c = cursor_of(payload), session, suites, compression, body;
    uint16_t record, block, type, length;
    uint32_t message;
    if (!cursor_skip(&c, 3) || !cursor_u16(&c, &record) || !cursor_skip(&c, 1) ||
        !cursor_u24(&c, &message) || message + 4 != record || !cursor_skip(&c, 2 + RANDOM) ||
        !cursor_vec8(&c, &session) || !cursor_vec16(&c, &suites) || suites.left % 2 != 0 ||
        !cursor_vec8(&c, &compression) || !cursor_u16(&c, &block) ||
        payload.n - c.left - RECORD_HEADER + block != record)
        return false;
    for (size_t left = block; left > 0; left -= 4u + length) {
        if (left < 4 || !cursor_u16(&c, &type) || !cursor_u16(&c, &length))
            return left >= 4;
        if (left - 4 < length)
            return false;
        if (!cursor_sub(&c, &body, length))
            return true;
        if (!ends_in_itself(type, body))
            return false;
    }
    return true;
}

/* To nDPI all values of RFC 8701 are one version (ndpi_ssl_version2str). */
static void fill_grease(uint8_t *payload, struct span versions)
{
    for (size_t i = 1; i + sizeof(uint16_t) <= versions.n; i += sizeof(uint16_t))
        if (tls_is_grease(be16(versions.p + i)))
            fill(payload, span_of(versions.p + i, sizeof(uint16_t)), GREASE);
}

/* version (2), random (32), session id, cipher suites, compression methods, extensions: a type (2)
 * and a body each. A segment may end within. */
void appid_hello_thin(uint8_t *payload, size_t n)
{
    if (!appid_hello_is_sound(span_of(payload, n)))
        return;
    struct cursor c = cursor_of(span_of(payload, n)), session, suites, compression, body;
    uint16_t length, type;
    struct span random, type_bytes;
    if (!cursor_skip(&c, RECORD_HEADER + 4 + 2) || !cursor_bytes(&c, &random, RANDOM) ||
        !cursor_vec8(&c, &session) || !cursor_vec16(&c, &suites))
        return;
    fill(payload, random, 0);
    fill(payload, cursor_rest(&session), 0);
    fill(payload, cursor_rest(&suites), GREASE);
    if (!cursor_vec8(&c, &compression) || !cursor_u16(&c, &length))
        return;
    if (c.left > length)
        c.left = length;
    while (cursor_bytes(&c, &type_bytes, sizeof type) && cursor_vec16(&c, &body)) {
        type = be16(type_bytes.p);
        if (!is_read(type))
            fill(payload, cursor_rest(&body), 0);
        if (type == SUPPORTED_VERSIONS)
            fill_grease(payload, cursor_rest(&body));
        if (says_nothing(type))
            fill(payload, type_bytes, GREASE);
    }
}
