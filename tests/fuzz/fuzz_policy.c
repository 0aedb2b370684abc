/* fuzz_policy.c: policies in any text, and what they say of a server. */
#include "../../report/judge/policy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char name[] = "courier.push.example",
                      issuer[] = "CN=Example Push Server CA 1,C=ZZ";
    char error[256] = "", *text = xmemdup(data, size);
    struct policy *policy = policy_new(error, sizeof error, text);
    free(text);
    if (!policy != (*error != '\0'))
        abort();
    if (!policy)
        return 0;
    const struct cert leaf = {.issuer = span_of(issuer, sizeof issuer - 1)};
    const struct cert *const chain[] = {&leaf};
    const struct tls_facts tls = {
        .server_certs = chain, .server_cert_count = 1, .sni = span_of(name, sizeof name - 1)};
    const struct flow_record record = {.start = NS_PER_SECOND, .tls = &tls};
    struct findings findings = {0};
    policy_judge(policy, &findings, &record);
    policy_ignore(policy, &findings, &record);
    findings_done(&findings);
    policy_free(policy);
    return 0;
}
