/* anchors.c: anchors by their subjects' keys. */
#include "anchors.h"

#include "../../dissect/asn1.h"
#include "name_key.h"
#include "pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>

enum { ANCHORS_MOST = 16384 };

/* One as it was read. */
struct anchor {
    uint8_t *der;
    long n;
    uint64_t subject; /* name_key of it */
    bool aux;         /* OpenSSL's "trusted certificate": more stands behind it */
    bool parsed;
};

struct anchors {
    X509_STORE *store;
    pthread_mutex_t lock; /* of what follows */
    struct anchor *all;
    size_t count, room;
    nanotime *bounds; /* when those that were parsed begin and cease to be valid */
    size_t bound_count;
    struct buf *subjects; /* that were asked for */
    size_t subject_count;
};

struct anchors *anchors_new(void)
{
    struct anchors *anchors = xcalloc(1, sizeof *anchors);
    anchors->store = X509_STORE_new();
    if (!anchors->store)
        abort();
    pthread_mutex_init(&anchors->lock, NULL);
    return anchors;
}

void anchors_free(struct anchors *anchors)
{
    if (!anchors)
        return;
    for (size_t i = 0; i < anchors->count; i++)
        OPENSSL_free(anchors->all[i].der);
    for (size_t i = 0; i < anchors->subject_count; i++)
        buf_done(&anchors->subjects[i]);
    X509_STORE_free(anchors->store);
    free(anchors->all);
    free(anchors->bounds);
    free(anchors->subjects);
    pthread_mutex_destroy(&anchors->lock);
    free(anchors);
}

/* --- reading --- */

static X509 *parse(const struct anchor *anchor)
{
    const uint8_t *at = anchor->der;
    X509 *x509 = anchor->aux ? d2i_X509_AUX(NULL, &at, anchor->n) : d2i_X509(NULL, &at, anchor->n);
    if (x509 && at != anchor->der + anchor->n) {
        X509_free(x509);
        x509 = NULL;
    }
    ERR_clear_error();
    return x509;
}

/* The DER becomes the anchors', or is freed. Returns whether it can be read. */
static bool add_take(struct anchors *anchors, uint8_t *der, long n, bool aux, bool check)
{
    struct anchor anchor = {.der = der, .n = n, .aux = aux};
    bool fine = true;
    if (check) {
        X509 *x509 = parse(&anchor);
        fine = x509;
        X509_free(x509);
    }
    anchor.subject = name_key_of_subject(span_of(der, (size_t)n));
    ERR_clear_error();
    if (!fine || anchors->count == ANCHORS_MOST) {
        OPENSSL_free(der);
        return fine;
    }
    if (anchors->count == anchors->room) {
        anchors->room = anchors->room ? anchors->room * 2 : 256;
        anchors->all = xrealloc(anchors->all, anchors->room * sizeof anchors->all[0]);
    }
    anchors->all[anchors->count++] = anchor;
    return true;
}

/* Those at the head of `rest` that are written as almost all are. */
static size_t add_plain(struct anchors *anchors, size_t *damaged, struct span *rest, bool check)
{
    struct buf der = {0};
    size_t count = 0;
    *damaged = 0;
    for (; pem_next(&der, rest); count++) {
        uint8_t *copy = OPENSSL_memdup(der.p, der.n);
        if (!(copy && add_take(anchors, copy, (long)der.n, false, check)) && *damaged == 0)
            *damaged = count + 1;
    }
    buf_done(&der);
    return count;
}

size_t anchors_add_pem(struct anchors *anchors, size_t *damaged, struct span bytes, bool check)
{
    char *name, *header;
    uint8_t *der;
    long n;
    size_t count = add_plain(anchors, damaged, &bytes, check);
    BIO *in = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    ERR_clear_error();
    while (in && PEM_read_bio(in, &name, &header, &der, &n)) {
        bool aux = strcmp(name, PEM_STRING_X509_TRUSTED) == 0;
        if (aux || strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0) {
            count++;
            if (!add_take(anchors, der, n, aux, check) && *damaged == 0)
                *damaged = count;
        } else {
            OPENSSL_free(der);
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE && *damaged == 0)
        *damaged = count + 1;
    ERR_clear_error();
    BIO_free(in);
    return count;
}

size_t anchors_add_der(struct anchors *anchors, struct span bytes)
{
    uint8_t *copy = OPENSSL_memdup(bytes.p, bytes.n);
    return copy && add_take(anchors, copy, (long)bytes.n, false, true);
}

/* --- parsing what is asked for --- */

static void add_bound(struct anchors *anchors, const ASN1_TIME *when)
{
    nanotime time;
    if (asn1_time(&time, when))
        anchors->bounds[anchors->bound_count++] = time;
}

static void load(struct anchors *anchors, const X509_NAME *name);

/* An anchor with an issuer of its own stands in for itself; OpenSSL goes on to the issuer, if that
 * is trusted, too. */
static void load_one(struct anchors *anchors, struct anchor *anchor)
{
    anchor->parsed = true;
    X509 *x509 = parse(anchor);
    if (!x509)
        return;
    X509_STORE_add_cert(anchors->store, x509);
    anchors->bounds =
        xrealloc(anchors->bounds, (anchors->bound_count + 2) * sizeof anchors->bounds[0]);
    add_bound(anchors, X509_get0_notBefore(x509));
    add_bound(anchors, X509_get0_notAfter(x509));
    load(anchors, X509_get_issuer_name(x509));
    X509_free(x509);
}

static void load(struct anchors *anchors, const X509_NAME *name)
{
    const uint8_t *der = NULL;
    size_t n = 0;
    uint64_t key = X509_NAME_get0_der(name, &der, &n) ? name_key(span_of(der, n)) : NAME_KEY_ANY;
    for (size_t i = 0; i < anchors->count; i++)
        if (name_key_same(anchors->all[i].subject, key) && !anchors->all[i].parsed)
            load_one(anchors, &anchors->all[i]);
}

X509_STORE *anchors_for(struct anchors *anchors, const STACK_OF(X509) * chain)
{
    pthread_mutex_lock(&anchors->lock);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        load(anchors, X509_get_subject_name(sk_X509_value(chain, i)));
        load(anchors, X509_get_issuer_name(sk_X509_value(chain, i)));
    }
    pthread_mutex_unlock(&anchors->lock);
    return anchors->store;
}

void anchors_narrow(struct anchors *anchors, struct stretch *stretch)
{
    pthread_mutex_lock(&anchors->lock);
    for (size_t i = 0; i < anchors->bound_count; i++)
        stretch_narrow(stretch, anchors->bounds[i]);
    pthread_mutex_unlock(&anchors->lock);
}

/* Only few of the anchors are ever met. */
struct span anchors_subject(struct anchors *anchors, const X509 *anchor)
{
    struct buf text = {0};
    asn1_name(&text, X509_get_subject_name(anchor));
    struct span subject = span_of(text.p, text.n);
    pthread_mutex_lock(&anchors->lock);
    size_t i = 0;
    while (i < anchors->subject_count &&
           !span_equal(span_of(anchors->subjects[i].p, anchors->subjects[i].n), subject))
        i++;
    if (i == anchors->subject_count) {
        anchors->subjects = xrealloc(anchors->subjects, (i + 1) * sizeof anchors->subjects[0]);
        anchors->subjects[anchors->subject_count++] = text;
        text = (struct buf){0};
    }
    subject = span_of(anchors->subjects[i].p, anchors->subjects[i].n);
    pthread_mutex_unlock(&anchors->lock);
    buf_done(&text);
    return subject;
}
