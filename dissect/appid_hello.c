/* appid_hello.c: hides from nDPI what it would only fingerprint. It writes the text of a JA3 with a
 * snprintf for each number: four fifths of what a TLS flow costs in it (docs/performance.md). */
#include "appid_hello.h"

#include "cursor.h"

enum { HANDSHAKE = 22, CLIENT_HELLO = 1, RECORD_HEADER = 5, GREASE = 0x0a };

/* record: type, version (2), length (2); message: type, length (3) */
bool appid_hello_at(struct span payload)
{
    return payload.n > RECORD_HEADER && payload.p[0] == HANDSHAKE && payload.p[1] == 3 &&
           payload.p[RECORD_HEADER] == CLIENT_HELLO;
}

/* nDPI looks into server_name, ALPN, supported_versions, into those of QUIC and into those that
 * IANA has not registered; 53 and 54 are none of TLS over TCP, which it remarks on. */
static bool says_nothing(uint16_t type)
{
    return type != 0 && type != 16 && type != 43 && (type <= 52 || type == 65281);
}

/* version (2), random (32), session id, cipher suites, compression methods, extensions: a type (2)
 * and a body each. A segment may end within. */
void appid_hello_thin(uint8_t *payload, size_t n)
{
    struct cursor c = cursor_of(span_of(payload, n)), part;
    uint16_t length, type;
    struct span suites;
    if (!cursor_skip(&c, RECORD_HEADER + 4 + 2 + 32) || !cursor_vec8(&c, &part) ||
        !cursor_u16(&c, &length) || !cursor_bytes(&c, &suites, length))
        return;
    memset(payload + (suites.p - payload), GREASE, suites.n);
    if (!cursor_vec8(&c, &part) || !cursor_u16(&c, &length))
        return;
    if (c.left > length)
        c.left = length;
    for (;;) {
        uint8_t *at = payload + (c.p - payload);
        if (!cursor_u16(&c, &type) || !cursor_vec16(&c, &part))
            return;
        if (says_nothing(type))
            at[0] = at[1] = GREASE;
    }
}
