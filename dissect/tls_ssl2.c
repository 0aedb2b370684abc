/* tls_ssl2.c: what of SSLv2 can be read after the hellos: which suite the client has taken, an
 * error, and how far the handshake has come. All else is encrypted, and bears no type. */
#include "tls_ssl2.h"

enum { SSL2_ERROR = 0, SSL2_CLIENT_MASTER_KEY = 2, SSL2_ERROR_BYTES = 3, SSL2_RECORDS_MAX = 15 };

static void begin_hello(struct tls *tls, struct tls_direction *d)
{
    uint16_t length = tls_framer_length(&d->framer);
    uint8_t type =
        tls_framer_type(&d->framer) == TLS_SSL2_HELLO ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO;
    const uint8_t header[TLS_MESSAGE_HEADER] = {type, 0, (uint8_t)(length >> 8), (uint8_t)length};
    struct cursor in = cursor_of(span_of(header, sizeof header));
    struct tls_message message;
    while (tls_joiner_next(&d->joiner, &message, &in, tls_store_pool(tls->store)) == JOIN_HEADER)
        continue;
}

static void begin_record(struct tls *tls, struct tls_direction *d)
{
    d->head_have = 0;
    d->many_data = d->data;
    d->data = d->ssl2_records >= 3;
    if (d->ssl2_records < SSL2_RECORDS_MAX)
        d->ssl2_records++;
    tls->changed = true;
}

void tls_ssl2_header(struct tls *tls, struct tls_direction *d)
{
    switch (tls_framer_type(&d->framer)) {
    case TLS_SSL2_HELLO:
    case TLS_SSL2_SERVER_HELLO:
        begin_hello(tls, d);
        break;
    case TLS_SSL2_RECORD:
        begin_record(tls, d);
        break;
    default:
        break;
    }
}

/* CIPHER-KIND: one byte of algorithm, two of the key's length in bits. */
static bool is_cipher_kind(uint32_t kind)
{
    unsigned algorithm = kind >> 16, bits = kind & 0xffff;
    return algorithm <= 7 && (bits == 0 || bits == 0x40 || bits == 0x80 || bits == 0xc0);
}

/* CLIENT-MASTER-KEY begins with its type and the CIPHER-KIND. ERROR is its type and a code; no
 * encrypted record is as short. */
void tls_ssl2_body(struct tls *tls, struct tls_direction *d, struct span piece)
{
    struct cursor c = cursor_of(piece);
    if (d->ssl2_records != 1 || d->head_have == sizeof d->head)
        return;
    while (d->head_have < sizeof d->head && cursor_u8(&c, &d->head[d->head_have]))
        d->head_have++;
    if (tls_framer_length(&d->framer) == SSL2_ERROR_BYTES && d->head_have == SSL2_ERROR_BYTES)
        d->fatal = d->head[0] == SSL2_ERROR;
    if (d->head_have < sizeof d->head || d->head[0] != SSL2_CLIENT_MASTER_KEY)
        return;
    uint32_t kind = (uint32_t)d->head[1] << 16 | (uint32_t)d->head[2] << 8 | d->head[3];
    if (is_cipher_kind(kind) && tls->facts.client == d - tls->directions)
        tls_session_extras(tls)->ssl2_cipher = kind;
}
