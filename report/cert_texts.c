/* cert_texts.c: a place for each of the first certificates, by their ordinals, which are dense.
 * What stands there once stays, so that it is read without a lock. */
#include "cert_texts.h"

#include <stdatomic.h>
#include <stdlib.h>

struct text {
    size_t n;
    uint8_t bytes[];
};

struct cert_texts {
    struct text *_Atomic places[CERT_TEXTS_MOST];
};

struct cert_texts *cert_texts_new(void)
{
    return xcalloc(1, sizeof(struct cert_texts));
}

void cert_texts_free(struct cert_texts *texts)
{
    for (size_t i = 0; texts && i < CERT_TEXTS_MOST; i++)
        free(texts->places[i]);
    free(texts);
}

/* One that no store has given out has no ordinal. */
static bool has_place(const struct cert *cert)
{
    return cert->ordinal - 1 < CERT_TEXTS_MOST;
}

struct span cert_texts_find(const struct cert_texts *texts, const struct cert *cert)
{
    if (!has_place(cert))
        return span_of(NULL, 0);
    const struct text *text =
        atomic_load_explicit(&texts->places[cert->ordinal - 1], memory_order_acquire);
    return text ? span_of(text->bytes, text->n) : span_of(NULL, 0);
}

void cert_texts_keep(struct cert_texts *texts, const struct cert *cert, struct span text)
{
    if (!has_place(cert) || text.n > CERT_TEXT_BYTES_MOST)
        return;
    struct text *copy = xmalloc(sizeof *copy + text.n), *none = NULL;
    copy->n = text.n;
    memcpy(copy->bytes, text.p, text.n);
    if (!atomic_compare_exchange_strong(&texts->places[cert->ordinal - 1], &none, copy))
        free(copy); /* another thread was first */
}
