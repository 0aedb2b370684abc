/* fuzz_x509.c: one certificate out of one input. */
#include "../../dissect/limits.h"
#include "../../dissect/x509.h"

#include <stdlib.h>

static volatile uint8_t sum;

/* read_all reads every byte that a fact points to, so that a stale pointer is seen. */
static void read_all(struct span bytes)
{
    for (size_t i = 0; i < bytes.n; i++)
        sum = (uint8_t)(sum + bytes.p[i]);
}

static void read_list(const struct text_list *list)
{
    if (list->count > LIMIT_CERT_LIST)
        abort();
    for (size_t i = 0; i < list->count; i++)
        read_all(list->items[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cert *cert = x509_new(span_of(data, size));
    if (!span_equal(cert->der, span_of(data, size)) || !cert->key_type ||
        !cert->signature_algorithm)
        abort();
    read_all(cert->subject);
    read_all(cert->issuer);
    read_all(cert->serial);
    read_list(&cert->san);
    read_list(&cert->key_usage);
    read_list(&cert->extended_key_usage);
    read_list(&cert->policies);
    read_list(&cert->ocsp);
    read_list(&cert->crl);
    read_all(span_of(cert->key_type, strlen(cert->key_type)));
    if (cert->key_curve)
        read_all(span_of(cert->key_curve, strlen(cert->key_curve)));
    x509_free(cert);
    return 0;
}
