/* name_key.c: the letters and digits of ASCII in a name, added up: case, spaces, and how other
 * characters are written make no difference. */
#include "name_key.h"

#include <openssl/asn1.h>

/* An element's header is read, and passed. */
struct element {
    const uint8_t *inside;
    long n;
    int tag;
    bool constructed;
};

static bool take_element(struct element *element, const uint8_t **at, long *left)
{
    int class;
    element->inside = *at;
    int form = *left > 0
                   ? ASN1_get_object(&element->inside, &element->n, &element->tag, &class, *left)
                   : 0x80;
    if (form & 0x81) /* not whole, or of indefinite length */
        return false;
    element->constructed = form & V_ASN1_CONSTRUCTED;
    *left -= element->inside + element->n - *at;
    *at = element->inside + element->n;
    return true;
}

/* Bytes of a character; in UTF8String, of an ASCII one. */
static long width_of(int tag)
{
    return tag == V_ASN1_BMPSTRING ? 2 : tag == V_ASN1_UNIVERSALSTRING ? 4 : 1;
}

static uint64_t letters_of(const struct element *text)
{
    const long width = width_of(text->tag);
    uint64_t sum = 0;
    for (long i = 0; i + width <= text->n; i += width) {
        uint64_t c = 0;
        for (long at = i; at < i + width; at++)
            c = c << 8 | text->inside[at];
        uint64_t lower = c | 0x20;
        if (lower >= 'a' && lower <= 'z')
            sum += lower * lower * lower;
        else if (c >= '0' && c <= '9')
            sum += c * c * c;
    }
    return sum;
}

/* RDNSequence, RelativeDistinguishedName, AttributeTypeAndValue. */
enum { NAME_DEPTH = 3 };

static bool add_texts(uint64_t *key, const uint8_t *at, long left, unsigned depth)
{
    struct element element;
    while (left > 0) {
        if (!take_element(&element, &at, &left))
            return false;
        const bool group = element.tag == V_ASN1_SEQUENCE || element.tag == V_ASN1_SET;
        if (element.constructed != group) /* not DER, though OpenSSL may take it */
            return false;
        if (!group)
            *key += element.tag == V_ASN1_OBJECT ? 0 : letters_of(&element);
        else if (depth == NAME_DEPTH || !add_texts(key, element.inside, element.n, depth + 1))
            return false;
    }
    return true;
}

uint64_t name_key(struct span name)
{
    uint64_t key = 1;
    return add_texts(&key, name.p, (long)name.n, 0) ? key : NAME_KEY_ANY;
}

/* Certificate and TBSCertificate (RFC 5280 section 4.1): version [0], serialNumber, signature,
 * issuer, validity, subject. */
uint64_t name_key_of_subject(struct span certificate)
{
    const uint8_t *at = certificate.p;
    long left = (long)certificate.n;
    struct element element;
    for (unsigned i = 0; i < 2; i++) {
        if (!take_element(&element, &at, &left) || element.tag != V_ASN1_SEQUENCE)
            return NAME_KEY_ANY;
        at = element.inside;
        left = element.n;
    }
    bool version = left > 0 && *at == 0xa0;
    for (unsigned i = 0; i < 4u + version; i++)
        if (!take_element(&element, &at, &left))
            return NAME_KEY_ANY;
    const uint8_t *subject = at;
    if (!take_element(&element, &at, &left))
        return NAME_KEY_ANY;
    return name_key(span_of(subject, (size_t)(at - subject)));
}
