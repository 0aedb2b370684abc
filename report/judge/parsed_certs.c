/* parsed_certs.c: one place for each remainder of a certificate's ordinal. OpenSSL counts who has
 * one; the lock is held for a look and a count, up or down. */
#include "parsed_certs.h"

#include "../../dissect/limits.h"

#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>

struct place {
    uint64_t ordinal; /* 0: free */
    X509 *x509;
    size_t bytes; /* of its DER */
};

struct parsed_certs {
    pthread_mutex_t lock; /* of all that follows */
    size_t bytes;         /* of all, up to LIMIT_CERTS_PARSED */
    unsigned next;        /* the place that is emptied next where that is too much */
    struct place places[PARSED_CERTS_MOST];
};

struct parsed_certs *parsed_certs_new(void)
{
    struct parsed_certs *parsed = xcalloc(1, sizeof *parsed);
    pthread_mutex_init(&parsed->lock, NULL);
    return parsed;
}

void parsed_certs_free(struct parsed_certs *parsed)
{
    if (!parsed)
        return;
    for (size_t i = 0; i < PARSED_CERTS_MOST; i++)
        X509_free(parsed->places[i].x509);
    pthread_mutex_destroy(&parsed->lock);
    free(parsed);
}

static X509 *find(struct parsed_certs *parsed, const struct place *place, uint64_t ordinal)
{
    X509 *found = NULL;
    pthread_mutex_lock(&parsed->lock);
    if (place->ordinal == ordinal) {
        found = place->x509;
        X509_up_ref(found);
    }
    pthread_mutex_unlock(&parsed->lock);
    return found;
}

static void empty(struct parsed_certs *parsed, struct place *place)
{
    parsed->bytes -= place->bytes;
    X509_free(place->x509);
    *place = (struct place){.ordinal = 0};
}

/* Where another thread was first, its own stays. */
static void keep(struct parsed_certs *parsed, struct place *place, const struct cert *cert,
                 X509 *x509)
{
    pthread_mutex_lock(&parsed->lock);
    if (place->ordinal != cert->ordinal) {
        empty(parsed, place);
        while (parsed->bytes > LIMIT_CERTS_PARSED - cert->der.n)
            empty(parsed, &parsed->places[parsed->next++ % PARSED_CERTS_MOST]);
        X509_up_ref(x509);
        *place = (struct place){cert->ordinal, x509, cert->der.n};
        parsed->bytes += cert->der.n;
    }
    pthread_mutex_unlock(&parsed->lock);
}

X509 *parsed_certs_get(struct parsed_certs *parsed, const struct cert *cert)
{
    if (cert->malformed)
        return NULL;
    if (cert->parsed) {
        X509_up_ref(cert->parsed);
        return cert->parsed;
    }
    /* One that no store has given out has no ordinal. */
    bool kept = cert->ordinal > 0 && cert->der.n <= LIMIT_CERT_PARSED;
    struct place *place = &parsed->places[cert->ordinal % PARSED_CERTS_MOST];
    X509 *x509 = kept ? find(parsed, place, cert->ordinal) : NULL;
    if (x509)
        return x509;
    const uint8_t *p = cert->der.p;
    x509 = d2i_X509(NULL, &p, (long)cert->der.n);
    if (x509) /* reads its extensions now, as OpenSSL would on first use: threads shall only read */
        (void)X509_check_purpose(x509, -1, 0);
    if (kept && x509)
        keep(parsed, place, cert, x509);
    return x509;
}

void parsed_certs_give_back(struct parsed_certs *parsed, X509 *x509)
{
    pthread_mutex_lock(&parsed->lock);
    X509_free(x509);
    pthread_mutex_unlock(&parsed->lock);
}
