/* fuzz_tls.c: both directions of a session out of one input. The first byte tells whether it was
 * joined midway; then come steps: a byte (bit 0 the direction, bits 1 and 2 what happens), a length
 * in two bytes, and as many bytes where data is delivered. */
#include "../../dissect/cursor.h"
#include "../../dissect/limits.h"
#include "../../dissect/tls_store.h"

#include <stdlib.h>

enum { STEP_DATA, STEP_DATA_TOO, STEP_GAP, STEP_FIN };

static void need(bool good)
{
    if (!good)
        abort();
}

/* read_all reads every byte that the facts point to, so that a stale pointer is seen. */
static void read_all(struct span bytes)
{
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < bytes.n; i++)
        sum = (uint8_t)(sum + bytes.p[i]);
}

static void on_record(void *context, unsigned direction, uint64_t offset, uint8_t type,
                      uint16_t length)
{
    const uint64_t *end = context;
    need(direction < 2 && offset + 5 <= *end && type >= 20 && type <= 24);
    need(length <= LIMIT_TLS_RECORD);
}

static bool is_unheard(void *context, unsigned direction)
{
    const uint64_t *end = context;
    return (*end + direction) % 5 == 0;
}

static void step(struct tls *tls, struct cursor *in, uint64_t *offset, uint64_t frame)
{
    uint8_t kind;
    uint16_t length;
    struct span bytes;
    if (!cursor_u8(in, &kind) || !cursor_u16(in, &length)) {
        *in = (struct cursor){in->p, 0};
        return;
    }
    const struct tls_where where = {*offset, frame, (nanotime)frame};
    switch (kind >> 1 & 3) {
    case STEP_DATA:
    case STEP_DATA_TOO:
        if (!cursor_bytes(in, &bytes, length < in->left ? length : in->left))
            return;
        *offset += bytes.n;
        tls_data(tls, kind & 1, bytes, &where,
                 &(struct tls_observer){offset, on_record, is_unheard});
        break;
    case STEP_GAP:
        *offset += length;
        tls_gap(tls, kind & 1, length, &where);
        break;
    default:
        tls_fin(tls, kind & 1);
        break;
    }
}

static void check_extras(const struct tls_extras *extras)
{
    read_all(extras->alpn);
    need(!extras->staple || extras->staple->status <= STAPLE_MALFORMED);
    if (extras->server_key)
        read_all(span_of(extras->server_key->type, strlen(extras->server_key->type)));
    if (extras->client_key)
        read_all(span_of(extras->client_key->type, strlen(extras->client_key->type)));
}

static void check(const struct tls_facts *facts)
{
    if (facts->extras)
        check_extras(facts->extras);
    need(facts->client >= -1 && facts->client <= 1);
    need(facts->alert_count <= TLS_ALERTS_MAX && facts->sni.n <= LIMIT_TLS_SNI);
    need(facts->server_cert_count <= LIMIT_TLS_CHAIN);
    need(facts->client_cert_count <= LIMIT_TLS_CHAIN);
    need(!facts->negotiated || facts->server_hello);
    read_all(facts->sni);
    for (unsigned i = 0; i < facts->server_cert_count; i++)
        read_all(facts->server_certs[i]->der);
    for (unsigned i = 0; i < facts->client_cert_count; i++)
        read_all(facts->client_certs[i]->der);
    if (facts->client_hello)
        for (size_t i = 0; i < facts->client_hello->alpn.count; i++)
            read_all(facts->client_hello->alpn.items[i]);
    if (facts->server_hello)
        read_all(facts->server_hello->alpn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(span_of(data, size));
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(certs);
    uint64_t offset = 0, frame = 0;
    uint8_t flags = 0;
    if (!cursor_u8(&in, &flags))
        flags = 0;
    struct tls *tls = tls_new(store, flags & 1);
    while (!cursor_done(&in)) {
        step(tls, &in, &offset, ++frame);
        if (tls_verdict(tls) == TLS_IS)
            check(tls_facts(tls));
    }
    tls_finish(tls);
    need(tls_verdict(tls) != TLS_UNDECIDED);
    check(tls_facts(tls));
    tls_free(tls);
    need(tls_store_pool(store)->held == 0);
    tls_store_free(store);
    cert_store_free(certs);
    return 0;
}
