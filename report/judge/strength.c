/* strength.c: see strength.h. */
#include "strength.h"

/* From when on public authorities had to issue no certificates for RSA keys below 2048 bits
 * (CA/Browser Forum, Baseline Requirements 1.0, appendix A), and browsers refused those signed with
 * SHA-1: 2014-01-01 and 2017-01-01. */
#define SHORT_RSA_ENDED (INT64_C(1388534400) * NS_PER_SECOND)
#define SHA1_ENDED      (INT64_C(1483228800) * NS_PER_SECOND)

enum { RSA_BITS = 2048, RSA_BITS_BROKEN = 1024, EC_BITS = 224 };

/* RSA and its like: what breaks them depends on the size of a number, not of a curve. */
static bool has_large_key(const struct cert *cert)
{
    return strncmp(cert->key_type, "RSA", 3) == 0 || strcmp(cert->key_type, "DSA") == 0 ||
           strcmp(cert->key_type, "DH") == 0;
}

bool strength_short_key(const struct cert *cert)
{
    unsigned least = has_large_key(cert) ? RSA_BITS : cert->key_curve ? EC_BITS : 0;
    return cert->key_bits > 0 && cert->key_bits < least;
}

enum severity strength_of_key(const struct cert *cert, nanotime at)
{
    if (has_large_key(cert) && cert->key_bits < RSA_BITS_BROKEN)
        return SEVERITY_WARNING;
    return at < SHORT_RSA_ENDED ? SEVERITY_INFO : SEVERITY_NOTICE;
}

/* Two certificates with one MD5 were made in 2008. */
static bool is_broken(const char *algorithm)
{
    return strcasestr(algorithm, "md5") || strcasestr(algorithm, "md4") ||
           strcasestr(algorithm, "md2");
}

bool strength_weak_signature(const struct cert *cert)
{
    const char *algorithm = cert->signature_algorithm;
    return algorithm && (is_broken(algorithm) || strcasestr(algorithm, "sha1"));
}

enum severity strength_of_signature(const struct cert *cert, nanotime at)
{
    if (is_broken(cert->signature_algorithm))
        return SEVERITY_WARNING;
    return at < SHA1_ENDED ? SEVERITY_INFO : SEVERITY_NOTICE;
}
