/* fuzz_validate.c: chains that nobody need have sent, and trust stores. The first byte: bit 0, the
 * last certificate is trusted; bit 1, the chain is cut; bit 2, what follows is a store in PEM. Then
 * the server name (length in one byte), a stapled response, certificates (lengths in two bytes).
 * What is read of PEM and of names without OpenSSL must be what OpenSSL reads. */
#include "../../dissect/cursor.h"
#include "../../dissect/limits.h"
#include "../../dissect/ocsp.h"
#include "../../dissect/x509.h"
#include "../../report/judge/anchors.h"
#include "../../report/judge/judge.h"
#include "../../report/judge/name_key.h"
#include "../../report/judge/pem.h"
#include "../../report/judge/trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

/* 2026-11-25, when the seeds' certificates were valid. */
#define NOW (INT64_C(1795564800) * NS_PER_SECOND)

static void check(const struct findings *findings, const struct tls_facts *tls)
{
    const struct validation *found = &findings->validation;
    if (found->status == VALIDATION_NONE)
        return;
    if ((found->status == VALIDATION_VALID) != (found->faults == 0) ||
        (found->status == VALIDATION_VALID && !found->anchored) ||
        found->depth > LIMIT_TLS_CHAIN + 1)
        abort();
    for (unsigned fault = 0; fault < FAULTS; fault++)
        if (validation_has(found, (enum fault)fault) && found->at_fault[fault] != FAULT_AT_ANCHOR &&
            found->at_fault[fault] >= tls->server_cert_count)
            abort();
}

static void judge(struct trust *trust, struct tls_facts *tls)
{
    const struct run_meta meta = {.ports = "5223", .trust = trust};
    const struct flow_record record = {.start = NOW, .end = NOW, .tls = tls};
    struct findings findings = {0}, again = {0};
    struct judge *judge = judge_new(&meta);
    judge_flow(judge, &findings, &record);
    judge_flow(judge, &again, &record); /* what is remembered is the same */
    check(&findings, tls);
    if (findings.count != again.count || findings.validation.faults != again.validation.faults)
        abort();
    judge_free(judge);
    findings_done(&findings);
    findings_done(&again);
}

static uint64_t key_of(const X509_NAME *name)
{
    const uint8_t *der;
    size_t n;
    return X509_NAME_get0_der(name, &der, &n) ? name_key(span_of(der, n)) : NAME_KEY_ANY;
}

/* The names of two certificates, and how the one's subject would be found among anchors. */
static void check_names(const struct cert *one, const struct cert *other)
{
    const uint8_t *at = one->der.p, *other_at = other->der.p;
    X509 *x509 = d2i_X509(NULL, &at, (long)one->der.n);
    X509 *issued = d2i_X509(NULL, &other_at, (long)other->der.n);
    if (x509 && issued) {
        const X509_NAME *subject = X509_get_subject_name(x509);
        const X509_NAME *issuer = X509_get_issuer_name(issued);
        if (X509_NAME_cmp(subject, issuer) == 0 &&
            !(name_key_same(key_of(subject), key_of(issuer)) &&
              name_key_same(name_key_of_subject(one->der), key_of(issuer))))
            abort();
    }
    X509_free(x509);
    X509_free(issued);
    ERR_clear_error();
}

/* Each certificate that pem_next takes is the first in what it has taken it from. */
static void check_pem(struct span rest)
{
    struct buf der = {0};
    char *name, *header;
    uint8_t *expected;
    long n;
    for (const uint8_t *from = rest.p; pem_next(&der, &rest); from = rest.p) {
        BIO *in = BIO_new_mem_buf(from, (int)(rest.p - from));
        if (PEM_read_bio(in, &name, &header, &expected, &n)) {
            if (strcmp(name, PEM_STRING_X509) != 0 ||
                !span_equal(span_of(der.p, der.n), span_of(expected, (size_t)n)))
                abort();
            OPENSSL_free(name);
            OPENSSL_free(header);
            OPENSSL_free(expected);
        } else if (der.n > 0) { /* OpenSSL takes nothing for no certificate */
            abort();
        }
        BIO_free(in);
    }
    buf_done(&der);
    ERR_clear_error();
}

static unsigned read_chain(struct cert *chain[LIMIT_TLS_CHAIN], struct cursor *in)
{
    struct cursor der;
    unsigned count = 0;
    for (; count < LIMIT_TLS_CHAIN && cursor_vec16(in, &der); count++) {
        chain[count] = x509_new(cursor_rest(&der));
        chain[count]->ordinal = count + 1;
    }
    return count;
}

static void validate_all(struct trust *trust, struct cursor *in, uint8_t flags)
{
    struct cursor name, response;
    struct cert *chain[LIMIT_TLS_CHAIN];
    if (!cursor_vec8(in, &name) || !cursor_vec16(in, &response))
        return;
    unsigned count = read_chain(chain, in);
    struct span der = cursor_rest(&response);
    struct ocsp_staple staple;
    struct tls_extras extras = {.staple = &staple};
    struct tls_facts tls = {.server_certs = (const struct cert *const *)chain,
                            .server_cert_count = (uint8_t)count,
                            .server_chain_cut = flags & 2,
                            .sni = cursor_rest(&name),
                            .extras = &extras};
    ocsp_read(&staple, der, count > 0 ? chain[0]->serial : span_of(NULL, 0));
    staple.der = der;
    if ((flags & 1) && count > 0)
        (void)!anchors_add_der(trust_anchors(trust), chain[count - 1]->der);
    judge(trust, &tls);
    for (unsigned i = 0; i < count; i++)
        check_names(chain[i], chain[(i + 1) % count]);
    while (count > 0)
        x509_free(chain[--count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(span_of(data, size));
    struct trust *trust = trust_new();
    uint8_t flags = 0;
    size_t damaged;
    if (cursor_u8(&in, &flags) && (flags & 4)) {
        check_pem(cursor_rest(&in));
        (void)!anchors_add_pem(trust_anchors(trust), &damaged, cursor_rest(&in), flags & 1);
    } else {
        validate_all(trust, &in, flags);
    }
    trust_free(trust);
    return 0;
}
