/* fuzz_tls_kinds.c: a hello that is known, and another one that differs from it in a few bytes,
 * must read as it does when it is read anew. The first byte tells whether it is a server's; the
 * second how many bytes differ: a place in two bytes each, and what the byte there is changed by.
 * The hello follows. */
#include "../../dissect/tls_store.h"
#include "../same_hello.h"

#include <stdlib.h>

static void need(bool good)
{
    if (!good)
        abort();
}

static const void *facts_of(struct tls_store *store, const struct tls_hello *hello, bool server)
{
    return server ? (const void *)tls_store_server_hello(store, hello)
                  : (const void *)tls_store_client_hello(store, hello);
}

/* see reads a hello as a session does, and checks what comes of it. */
static void see(struct tls_store *store, bool server, struct span body)
{
    struct tls_hello hello, anew;
    bool good = server ? tls_store_read_server(store, &hello, body)
                       : tls_store_read_client(store, &hello, body);
    need(good == (server ? tls_hello_server(&anew, body) : tls_hello_client(&anew, body)));
    if (!good)
        return;
    need(same_hello(&hello, &anew));
    struct tls_store *other = tls_store_new(NULL);
    const void *facts = facts_of(store, &hello, server), *alone = facts_of(other, &anew, server);
    need(server ? same_server(facts, alone) : same_client(facts, alone));
    tls_store_release(store, facts);
    tls_store_release(other, alone);
    tls_store_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(span_of(data, size)), changes;
    uint8_t server, count, by;
    uint16_t at;
    struct span places;
    if (!cursor_u8(&in, &server) || !cursor_u8(&in, &count) ||
        !cursor_bytes(&in, &places, 3 * (size_t)count))
        return 0;
    struct tls_store *store = tls_store_new(NULL);
    struct span body = cursor_rest(&in);
    for (unsigned i = 0; i < 3; i++)
        see(store, server & 1, body);
    uint8_t *other = xmalloc(body.n + 1);
    if (body.n > 0)
        memcpy(other, body.p, body.n);
    changes = cursor_of(places);
    while (cursor_u16(&changes, &at) && cursor_u8(&changes, &by)) {
        if (body.n > 0)
            other[at % body.n] ^= by;
        see(store, server & 1, span_of(other, body.n));
    }
    free(other);
    tls_store_free(store);
    return 0;
}
