/* appid_flight.c: nDPI 4.2 reads of a server ServerHello and Certificate, the types and lengths of
 * other messages, and the level of an alert (src/lib/protocols/tls.c). Of records that are
 * encrypted it does not know that they are, and reads an alert's level of its first byte. */
#include "appid_flight.h"

#include "tls_facts.h"
#include "tls_handshake.h"
#include "tls_hello.h"

enum { VERSION = 2, RANDOM = 32 };

/* A length that no message has: nDPI goes no further. */
enum { UNREADABLE = 0xff };

static void fill(uint8_t *at, size_t n, uint8_t value)
{
    if (n > 0)
        memset(at, value, n);
}

static void fill_span(uint8_t *bytes, struct span part)
{
    fill(bytes + (part.p - bytes), part.n, 0);
}

/* nDPI reads a list of protocols to its own end, even if the extension ends before. */
static bool is_whole_list(struct cursor body)
{
    struct cursor list;
    return cursor_vec16(&body, &list) && cursor_done(&body);
}

/* version (2), random (32), session id, cipher suite (2), compression method (1), extensions. In
 * drafts of TLS 1.3, whose versions begin with 0x7f, nDPI expects no session id. */
static bool thin_hello(uint8_t *hello, size_t n)
{
    struct cursor c = cursor_of(span_of(hello, n)), session, extensions, body;
    struct span random;
    uint16_t type;
    if (n < VERSION || hello[0] != 3 || !cursor_skip(&c, VERSION) ||
        !cursor_bytes(&c, &random, RANDOM) || !cursor_vec8(&c, &session) || !cursor_skip(&c, 3))
        return false;
    fill_span(hello, random);
    fill_span(hello, cursor_rest(&session));
    if (cursor_done(&c))
        return true;
    if (!cursor_vec16(&c, &extensions))
        return false;
    while (cursor_u16(&extensions, &type) && cursor_vec16(&extensions, &body)) {
        if (type == TLS_EXT_ALPN && !is_whole_list(body))
            return false;
        if (type == TLS_EXT_KEY_SHARE)
            fill_span(hello, cursor_rest(&body));
    }
    return cursor_done(&extensions);
}

/* Takes what there is of a header. Returns whether it is whole: then the next one can begin. */
static bool take_header(struct appid_header *header, size_t size, uint8_t **p, size_t *n)
{
    for (; header->n<size && * n> 0; --*n)
        header->bytes[header->n++] = *(*p)++;
    if (header->n < size)
        return false;
    header->n = 0;
    return true;
}

/* What belongs to a handshake record, and is not encrypted. */
static bool thin_messages(struct appid_flight *flight, uint8_t *p, size_t n)
{
    const uint8_t *header = flight->message_header.bytes;
    while (n > 0) {
        if (flight->message_left == 0) {
            if (!take_header(&flight->message_header, TLS_MESSAGE_HEADER, &p, &n))
                break;
            if (header[1] != 0 || header[0] == TLS_CLIENT_HELLO) /* it would read that, too */
                return false;
            flight->message = header[0];
            flight->message_left = be16(header + 2);
        }
        size_t part = n < flight->message_left ? n : flight->message_left;
        if (flight->message == TLS_SERVER_HELLO && n > 0) {
            if (part < flight->message_left || !thin_hello(p, part))
                return false;
        } else if (flight->message != TLS_CERTIFICATE) {
            fill(p, part, 0);
        }
        flight->message_left -= (uint32_t)part;
        p += part;
        n -= part;
    }
    return true;
}

static bool thin_record(struct appid_flight *flight, uint8_t *p, size_t n)
{
    if (flight->content == TLS_APPLICATION_DATA)
        fill(p, n, 0);
    else if (flight->content == TLS_HANDSHAKE && flight->encrypted)
        fill(p, n, UNREADABLE);
    else if (flight->content == TLS_HANDSHAKE)
        return thin_messages(flight, p, n);
    flight->encrypted = flight->encrypted || flight->content == TLS_CHANGE_CIPHER_SPEC;
    return true;
}

/* Does nDPI go no further than where a message would begin, as with nearly all that is encrypted?
 * It looks for one in records of more bytes than a message's header has. */
static bool is_unreadable(const uint8_t *p, size_t n, size_t record)
{
    return record <= TLS_MESSAGE_HEADER ||
           (n >= TLS_MESSAGE_HEADER &&
            (p[1] != 0 || be16(p + 2) + (size_t)TLS_MESSAGE_HEADER > record));
}

/* A message has to lie in one record: nDPI does not join them. */
static bool begin_record(struct appid_flight *flight)
{
    const uint8_t *header = flight->record_header.bytes;
    flight->content = header[0];
    flight->record_left = be16(header + 3);
    return header[0] >= TLS_CHANGE_CIPHER_SPEC && header[0] <= TLS_APPLICATION_DATA &&
           header[1] == 3 && flight->message_left == 0 && flight->message_header.n == 0;
}

bool appid_flight_thin(struct appid_flight *flight, uint8_t *payload, size_t n)
{
    while (n > 0) {
        if (flight->record_left == 0) {
            if (!take_header(&flight->record_header, TLS_RECORD_HEADER, &payload, &n))
                break;
            if (!begin_record(flight) || (flight->content == TLS_HANDSHAKE && flight->encrypted &&
                                          !is_unreadable(payload, n, flight->record_left)))
                return false;
        }
        size_t part = n < flight->record_left ? n : flight->record_left;
        if (!thin_record(flight, payload, part))
            return false;
        flight->record_left = (uint16_t)(flight->record_left - part);
        payload += part;
        n -= part;
    }
    return true;
}
