/* pki.h: certificates made by OpenSSL, good and bad ones, for tests. */
#ifndef PUSHWATCH_TESTS_PKI_H
#define PUSHWATCH_TESTS_PKI_H

#include "../dissect/cert.h"

#include <openssl/x509.h>

/* Who has a key and a certificate. */
struct pki {
    EVP_PKEY *key;
    X509 *x;
    struct cert *cert; /* as dissect/x509.c reads it, with an ordinal of its own */
};

/* How one is made. What is not said is ordinary. */
struct pki_recipe {
    const char *subject;      /* its common name */
    const struct pki *issuer; /* NULL: signs itself */
    const struct pki *signer; /* whose key signs; NULL: the issuer's */
    const char *key;          /* a curve's name, or the number of an RSA key's bits; P-256 */
    const char *exponent;     /* of an RSA key, in hex; NULL: 65537 */
    const char *digest;       /* SHA256 */
    const char *san;          /* such as "DNS:a.example,IP:192.0.2.1"; NULL: none */
    const char *extended_usage;
    const char *constraints; /* nameConstraints */
    bool ca;
    int path_length; /* of a CA: one more than its pathLenConstraint, 0: none */
    time_t from, to; /* seconds after 1970; 0: a year before and after made_epoch */
};

/* pki_make makes one; it is freed with pki_done. */
struct pki pki_make(const struct pki_recipe *recipe);
void pki_done(struct pki *pki);

/* pki_write appends a certificate to a file, in PEM. */
void pki_write(const char *path, const struct pki *pki);

/* pki_staple makes an OCSP response about `leaf` for a day from `from`, signed by `signer`, whose
 * certificate comes along; status is a V_OCSP_CERTSTATUS. The caller frees the bytes. */
struct buf pki_staple(const struct pki *leaf, const struct pki *issuer, const struct pki *signer,
                      int status, time_t from);

#endif
