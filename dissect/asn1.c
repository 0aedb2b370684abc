/* asn1.c: times, strings and lists of timestamps out of OpenSSL's objects. */
#include "asn1.h"

#include "tls_messages.h"

#include <time.h>

struct span asn1_bytes(const ASN1_STRING *string)
{
    return string ? span_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string))
                  : span_of(NULL, 0);
}

void asn1_name(struct buf *out, const X509_NAME *name)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    if (text && X509_NAME_print_ex(text, name, 0,
                                   XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        long n = BIO_get_mem_data(text, &bytes);
        buf_append(out, bytes, n > 0 ? (size_t)n : 0);
    }
    BIO_free(text);
}

bool asn1_time(nanotime *out, const ASN1_TIME *when)
{
    struct tm tm;
    if (!ASN1_TIME_to_tm(when, &tm))
        return false;
    int64_t seconds = timegm(&tm);
    if (seconds > INT64_MAX / NS_PER_SECOND)
        *out = INT64_MAX;
    else if (seconds < INT64_MIN / NS_PER_SECOND)
        *out = INT64_MIN;
    else
        *out = seconds * NS_PER_SECOND;
    return true;
}

unsigned asn1_count_scts(const X509_EXTENSION *extension)
{
    struct span value = asn1_bytes(
        extension ? X509_EXTENSION_get_data((X509_EXTENSION *)(uintptr_t)extension) : NULL);
    const uint8_t *p = value.p;
    ASN1_OCTET_STRING *list = value.n ? d2i_ASN1_OCTET_STRING(NULL, &p, (long)value.n) : NULL;
    unsigned count = tls_count_scts(asn1_bytes(list));
    ASN1_OCTET_STRING_free(list);
    return count;
}
