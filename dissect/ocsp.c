/* ocsp.c: OCSP responses by OpenSSL. */
#include "ocsp.h"

#include "asn1.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

static enum staple_status response_status(int status)
{
    switch (status) {
    case OCSP_RESPONSE_STATUS_MALFORMEDREQUEST:
        return STAPLE_MALFORMED_REQUEST;
    case OCSP_RESPONSE_STATUS_INTERNALERROR:
        return STAPLE_INTERNAL_ERROR;
    case OCSP_RESPONSE_STATUS_TRYLATER:
        return STAPLE_TRY_LATER;
    case OCSP_RESPONSE_STATUS_SIGREQUIRED:
        return STAPLE_SIGNATURE_REQUIRED;
    case OCSP_RESPONSE_STATUS_UNAUTHORIZED:
        return STAPLE_UNAUTHORIZED;
    default:
        return STAPLE_MALFORMED;
    }
}

static enum staple_status certificate_status(int status)
{
    switch (status) {
    case V_OCSP_CERTSTATUS_GOOD:
        return STAPLE_GOOD;
    case V_OCSP_CERTSTATUS_REVOKED:
        return STAPLE_REVOKED;
    case V_OCSP_CERTSTATUS_UNKNOWN:
        return STAPLE_UNKNOWN;
    default:
        return STAPLE_MALFORMED;
    }
}

static bool is_about(OCSP_SINGLERESP *single, struct span serial)
{
    /* OCSP_id_get0_info asks for an id that may be written to, and does not. */
    OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single);
    ASN1_INTEGER *number = NULL;
    if (!OCSP_id_get0_info(NULL, NULL, NULL, &number, id))
        return false;
    /* An INTEGER's content has a zero byte more where its highest bit is set. */
    struct span bytes = asn1_bytes(number);
    if (serial.n == bytes.n + 1 && serial.p[0] == 0)
        serial = span_of(serial.p + 1, serial.n - 1);
    return serial.n > 0 && span_equal(bytes, serial);
}

static OCSP_SINGLERESP *choose(bool *right_one, OCSP_BASICRESP *basic, struct span serial)
{
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        *right_one = is_about(single, serial);
        if (*right_one)
            return single;
    }
    return OCSP_resp_get0(basic, 0);
}

static void read_time(nanotime *out, const ASN1_GENERALIZEDTIME *when)
{
    if (!when || !asn1_time(out, when))
        *out = 0;
}

static void read_single(struct ocsp_staple *staple, OCSP_SINGLERESP *single)
{
    ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;
    int reason;
    staple->status = certificate_status(
        OCSP_single_get0_status(single, &reason, &revoked, &this_update, &next_update));
    read_time(&staple->revoked_at, revoked);
    read_time(&staple->this_update, this_update);
    read_time(&staple->next_update, next_update);
    int at = OCSP_SINGLERESP_get_ext_by_NID(single, NID_ct_cert_scts, -1);
    staple->sct_count = asn1_count_scts(at < 0 ? NULL : OCSP_SINGLERESP_get_ext(single, at));
}

static void read_basic(struct ocsp_staple *staple, OCSP_BASICRESP *basic, struct span serial)
{
    bool right_one = false;
    OCSP_SINGLERESP *single = basic ? choose(&right_one, basic, serial) : NULL;
    if (!single)
        return;
    staple->other_certificate = serial.n > 0 && !right_one;
    read_single(staple, single);
}

void ocsp_read(struct ocsp_staple *staple, struct span bytes, struct span serial)
{
    const uint8_t *p = bytes.p;
    *staple = (struct ocsp_staple){.status = STAPLE_MALFORMED};
    EVP_Digest(bytes.p, bytes.n, staple->sha256, NULL, EVP_sha256(), NULL);
    OCSP_RESPONSE *response = bytes.n > 0 ? d2i_OCSP_RESPONSE(NULL, &p, (long)bytes.n) : NULL;
    if (response && p == bytes.p + bytes.n) {
        int status = OCSP_response_status(response);
        if (status == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
            OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
            read_basic(staple, basic, serial);
            OCSP_BASICRESP_free(basic);
        } else {
            staple->status = response_status(status);
        }
    }
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
}
