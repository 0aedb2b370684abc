/* fuzz_decrypt.c: a session with secrets. The first byte tells when these come: before all, or
 * where a step says so. Then the key log's length in two bytes, its text, and steps: direction (bit
 * 0) and kind (bits 1 and 2), a length in two bytes, bytes. A kind of its own hands over what a
 * record holds as if it had been opened, with its type first: no mutation makes a seal. */
#include "../../dissect/cursor.h"
#include "../../dissect/tls_opener.h"

#include <stdlib.h>

enum kind { DATA, HOLE, INSIDE, SECRETS };

static void take(struct tls *tls, struct keylog *keylog, struct span keys, struct cursor *in,
                 struct tls_where *where)
{
    uint8_t step, type;
    struct cursor body;
    struct keylog_counts counts = {0};
    if (!cursor_u8(in, &step) || !cursor_vec16(in, &body)) {
        *in = (struct cursor){in->p, 0};
        return;
    }
    struct span bytes = cursor_rest(&body);
    struct opener_record record = {.frame = where->frame, .time = where->time};
    switch (step >> 1 & 3) {
    case DATA:
        tls_data(tls, step & 1, bytes, where, NULL);
        break;
    case HOLE:
        tls_gap(tls, step & 1, bytes.n, where);
        break;
    case INSIDE:
        if (tls->opener && tls->opener->has_client && tls->opener->has_server &&
            cursor_u8(&body, &type))
            tls_inside_take(tls, step & 1, type, cursor_rest(&body), &record);
        break;
    case SECRETS:
        keylog_add(keylog, &counts, keys);
        break;
    }
    where->offset += bytes.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(span_of(data, size)), text = {NULL, 0};
    struct keylog *keylog = keylog_new();
    struct keylog_counts counts = {0};
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(certs);
    struct tls_where where = {.time = 1};
    uint8_t later = 0;
    if (!cursor_u8(&in, &later) || !cursor_vec16(&in, &text))
        in = (struct cursor){NULL, 0};
    keylog_expect(keylog, later & 1);
    if (!(later & 1))
        keylog_add(keylog, &counts, cursor_rest(&text));
    tls_store_use_keys(store, keylog, true);
    struct tls *tls = tls_new(store, false);
    while (!cursor_done(&in)) {
        where.frame++;
        take(tls, keylog, cursor_rest(&text), &in, &where);
    }
    tls_fin(tls, 0);
    tls_finish(tls);
    (void)tls_facts(tls);
    tls_free(tls);
    const struct tls_openers *openers = tls_store_openers(store);
    if (openers->held != 0 || openers->waiting != 0 || openers->oldest || openers->newest ||
        tls_store_pool(store)->held != 0)
        abort();
    tls_store_free(store);
    cert_store_free(certs);
    keylog_free(keylog);
    return 0;
}
