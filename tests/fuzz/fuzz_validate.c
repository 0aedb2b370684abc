/* fuzz_validate.c: chains that nobody need have sent, and trust stores. The first byte: bit 0, the
 * last certificate is trusted; bit 1, the chain is cut; bit 2, what follows is a store in PEM. Then
 * the server name (length in one byte), a stapled response, certificates (lengths in two bytes). */
#include "../../dissect/cursor.h"
#include "../../dissect/limits.h"
#include "../../dissect/ocsp.h"
#include "../../dissect/x509.h"
#include "../../report/judge/anchors.h"
#include "../../report/judge/judge.h"
#include "../../report/judge/trust.h"

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
    while (count > 0)
        x509_free(chain[--count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(span_of(data, size));
    struct trust *trust = trust_new();
    uint8_t flags = 0;
    size_t damaged;
    if (cursor_u8(&in, &flags) && (flags & 4))
        (void)!anchors_add_pem(trust_anchors(trust), &damaged, cursor_rest(&in), flags & 1);
    else
        validate_all(trust, &in, flags);
    trust_free(trust);
    return 0;
}
