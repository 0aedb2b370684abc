/* fuzz_auth.c: the messages that TLS 1.3 encrypts, as decryption would hand them over, and what is
 * compressed or stapled in them. The first byte tells the version (bit 0) and the certificate types
 * (bits 1 and 2); then come messages: direction, type, a length in two bytes, the body. */
#include "../../dissect/cursor.h"
#include "../../dissect/tls_flight.h"

#include <stdlib.h>

static void take(struct tls *tls, struct cursor *in, uint64_t frame)
{
    uint8_t direction, type;
    struct cursor body;
    const struct tls_where where = {.frame = frame};
    if (!cursor_u8(in, &direction) || !cursor_u8(in, &type) || !cursor_vec16(in, &body)) {
        *in = (struct cursor){in->p, 0};
        return;
    }
    const struct tls_message message = {type, (uint32_t)body.left + (direction >> 1 & 1),
                                        cursor_rest(&body)};
    if (!tls_flight_take(tls, direction & 1, &message, direction & 4, &where))
        *in = (struct cursor){in->p, 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(span_of(data, size));
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(certs);
    struct tls *tls = tls_new(store, false);
    uint64_t frame = 0;
    uint8_t flags = 0;
    if (!cursor_u8(&in, &flags))
        flags = 0;
    tls->facts.client = 0;
    tls->facts.negotiated = true;
    tls->facts.version = flags & 1 ? TLS_VERSION_12 : TLS_VERSION_13;
    if (flags & 6) {
        tls_session_extras(tls)->certificate_types[0] = flags & 2 ? CERTIFICATE_RAW_KEY : 0;
        tls_session_extras(tls)->certificate_types[1] = flags & 4 ? CERTIFICATE_RAW_KEY : 0;
    }
    while (!cursor_done(&in))
        take(tls, &in, ++frame);
    tls_free(tls);
    if (tls_store_pool(store)->held != 0)
        abort();
    tls_store_free(store);
    cert_store_free(certs);
    return 0;
}
