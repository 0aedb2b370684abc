/* ocsp_bytes.h: OCSP responses made by OpenSSL, for tests. */
#ifndef PUSHWATCH_TESTS_OCSP_BYTES_H
#define PUSHWATCH_TESTS_OCSP_BYTES_H

#include "../capture/base.h"

#include <openssl/ec.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static inline void ocsp_need(bool good)
{
    if (!good) {
        fputs("ocsp_bytes: OpenSSL said no\n", stderr);
        abort();
    }
}

static inline ASN1_INTEGER *ocsp_serial(struct span serial)
{
    BIGNUM *number = BN_bin2bn(serial.p, (int)serial.n, NULL);
    ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(number, NULL);
    BN_free(number);
    ocsp_need(integer);
    return integer;
}

/* ocsp_say adds what is said of one certificate: status is a V_OCSP_CERTSTATUS; it is valid from
 * `from` for a day, seconds after 1970. `scts` is a SignedCertificateTimestampList, or empty. */
static inline void ocsp_say(OCSP_BASICRESP *basic, struct span serial, int status, time_t from,
                            struct span scts)
{
    X509_NAME *name = X509_NAME_new();
    ASN1_BIT_STRING *key = ASN1_BIT_STRING_new();
    ASN1_INTEGER *number = ocsp_serial(serial);
    OCSP_CERTID *id = OCSP_cert_id_new(EVP_sha1(), name, key, number);
    ASN1_TIME *this_update = ASN1_GENERALIZEDTIME_set(NULL, from);
    ASN1_TIME *next_update = ASN1_GENERALIZEDTIME_set(NULL, from + 86400);
    OCSP_SINGLERESP *single = OCSP_basic_add1_status(
        basic, id, status, 0, status == V_OCSP_CERTSTATUS_REVOKED ? this_update : NULL, this_update,
        next_update);
    ocsp_need(single);
    if (scts.n > 0) {
        ASN1_OCTET_STRING *list = ASN1_OCTET_STRING_new(), *value = ASN1_OCTET_STRING_new();
        uint8_t *der = NULL;
        ASN1_OCTET_STRING_set(list, scts.p, (int)scts.n);
        int n = i2d_ASN1_OCTET_STRING(list, &der);
        ASN1_OCTET_STRING_set(value, der, n);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_cert_scts, 0, value);
        ocsp_need(OCSP_SINGLERESP_add_ext(single, extension, -1));
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(list);
        ASN1_OCTET_STRING_free(value);
        OPENSSL_free(der);
    }
    ASN1_GENERALIZEDTIME_free(this_update);
    ASN1_GENERALIZEDTIME_free(next_update);
    OCSP_CERTID_free(id);
    ASN1_INTEGER_free(number);
    ASN1_BIT_STRING_free(key);
    X509_NAME_free(name);
}

/* ocsp_put appends the response, signed; basic may be NULL with an error's status. */
static inline void ocsp_put(struct buf *out, int status, OCSP_BASICRESP *basic)
{
    uint8_t *der = NULL;
    if (basic) {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *signer = X509_new();
        ocsp_need(key && X509_set_pubkey(signer, key) &&
                  X509_NAME_add_entry_by_txt(X509_get_subject_name(signer), "CN", MBSTRING_ASC,
                                             (const uint8_t *)"responder", -1, -1, 0) &&
                  OCSP_basic_sign(basic, signer, key, EVP_sha256(), NULL, OCSP_NOCERTS));
        X509_free(signer);
        EVP_PKEY_free(key);
    }
    OCSP_RESPONSE *response = OCSP_response_create(status, basic);
    int n = i2d_OCSP_RESPONSE(response, &der);
    ocsp_need(n > 0);
    buf_append(out, der, (size_t)n);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
}

#endif
