/* staple.c: OCSP responses by OpenSSL. */
#include "staple.h"

#include "../../dissect/asn1.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

/* Clocks differ a little, and responders sign for now. */
#define CLOCKS_DIFFER (300 * NS_PER_SECOND)

/* May this one speak for the issuer? */
static bool is_authorised(X509 *signer, X509 *issuer, struct stretch *stretch)
{
    nanotime from, until;
    if (X509_cmp(signer, issuer) == 0)
        return true;
    if (X509_check_issued(issuer, signer) != X509_V_OK ||
        X509_verify(signer, X509_get0_pubkey(issuer)) != 1 ||
        X509_get_extended_key_usage(signer) == UINT32_MAX || /* it names none */
        !(X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) ||
        !asn1_time(&from, X509_get0_notBefore(signer)) ||
        !asn1_time(&until, X509_get0_notAfter(signer)))
        return false;
    stretch_narrow(stretch, from);
    stretch_narrow(stretch, until);
    return from <= stretch->at && stretch->at < until;
}

static bool speaks_of(OCSP_BASICRESP *basic, X509 *leaf, X509 *issuer)
{
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(OCSP_resp_get0(basic, i));
        ASN1_OBJECT *algorithm = NULL;
        if (!OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, (OCSP_CERTID *)(uintptr_t)id))
            continue;
        const EVP_MD *digest = EVP_get_digestbyobj(algorithm);
        OCSP_CERTID *wanted = digest ? OCSP_cert_to_id(digest, leaf, issuer) : NULL;
        bool same = wanted && OCSP_id_cmp(wanted, id) == 0;
        OCSP_CERTID_free(wanted);
        if (same)
            return true;
    }
    return false;
}

static bool is_timely(const struct ocsp_staple *staple, struct stretch *stretch)
{
    nanotime from = staple->this_update - CLOCKS_DIFFER;
    nanotime until = staple->next_update ? staple->next_update + CLOCKS_DIFFER : INT64_MAX;
    stretch_narrow(stretch, from);
    stretch_narrow(stretch, until);
    return from <= stretch->at && stretch->at < until;
}

static enum staple_check check(OCSP_BASICRESP *basic, const struct ocsp_staple *staple,
                               struct stretch *stretch, X509 *leaf, X509 *issuer,
                               STACK_OF(X509) * sent)
{
    STACK_OF(X509) *signers = sk_X509_dup(sent);
    X509 *signer = NULL;
    sk_X509_push(signers, issuer);
    /* Its signer is looked at here: OpenSSL would do it for the time of day. */
    bool is_signed = OCSP_resp_get0_signer(basic, &signer, signers) && signer &&
                     is_authorised(signer, issuer, stretch) &&
                     OCSP_basic_verify(basic, signers, NULL, OCSP_NOVERIFY) > 0;
    sk_X509_free(signers);
    if (!is_signed)
        return STAPLE_BAD_SIGNATURE;
    if (!speaks_of(basic, leaf, issuer))
        return STAPLE_NOT_CHECKED;
    return is_timely(staple, stretch) ? STAPLE_CHECKED : STAPLE_OUTDATED;
}

enum staple_check staple_check(const struct ocsp_staple *staple, struct stretch *stretch,
                               X509 *leaf, X509 *issuer, STACK_OF(X509) * sent)
{
    bool says = staple->status == STAPLE_GOOD || staple->status == STAPLE_REVOKED ||
                staple->status == STAPLE_UNKNOWN;
    bool timeless = stretch->at == 0; /* it may have been of its time, or not */
    if (!says || staple->other_certificate || staple->der.n == 0 || timeless)
        return STAPLE_NOT_CHECKED;
    if (!issuer)
        return STAPLE_NO_ISSUER;
    const uint8_t *p = staple->der.p;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)staple->der.n);
    OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;
    enum staple_check found =
        basic ? check(basic, staple, stretch, leaf, issuer, sent) : STAPLE_NOT_CHECKED;
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    return found;
}
