/* fingerprint.c: the hashes by which the field knows clients, servers and flows. */
#include "fingerprint.h"

#define OPENSSL_SUPPRESS_DEPRECATED /* SHA1_Init and its kin */

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

enum { JA4_HASH_CHARS = 12, COUNT_MAX = 99 };

/* digest hashes bytes; all zero if OpenSSL does not offer the algorithm (MD5 in FIPS mode). */
static void digest(uint8_t *out, size_t n, const EVP_MD *kind, struct span bytes)
{
    if (!kind ||
        !EVP_Digest(bytes.n ? bytes.p : (const uint8_t *)"", bytes.n, out, NULL, kind, NULL))
        memset(out, 0, n);
}

static const char digits[] = "0123456789abcdef";

static void hex(char *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static struct span text_of(const struct buf *text)
{
    return span_of(text->p, text->n);
}

static void md5_hex(char out[33], const struct buf *text)
{
    uint8_t hash[16];
    digest(hash, sizeof hash, EVP_md5(), text_of(text));
    hex(out, hash, sizeof hash);
}

void fingerprint_sha256(uint8_t out[32], struct span bytes)
{
    digest(out, 32, EVP_sha256(), bytes);
}

/* A list's values go into a text, with a mark between them. */
struct list_writer {
    struct buf *text;
    unsigned base;  /* of the numbers */
    unsigned width; /* at least so many digits */
    char between;
    size_t count;
};

/* By hand, not by printf: some browsers send their extensions in another order each time, so that
 * no two of their hellos are alike. */
static void write_value(struct list_writer *list, uint16_t value)
{
    char text[8];
    size_t at = sizeof text;
    unsigned rest = value;
    do {
        text[--at] = digits[rest % list->base];
        rest /= list->base;
    } while (rest > 0 || sizeof text - at < list->width);
    if (list->count++ > 0)
        text[--at] = list->between;
    buf_append(list->text, text + at, sizeof text - at);
}

static void write_list16(struct list_writer *list, struct span values)
{
    struct cursor c = cursor_of(values);
    uint16_t value;
    while (cursor_u16(&c, &value)) {
        if (!tls_is_grease(value))
            write_value(list, value);
    }
}

static void write_extensions(struct list_writer *list, struct span extensions)
{
    struct cursor c = cursor_of(extensions), body;
    uint16_t type;
    while (tls_hello_extension(&c, &type, &body)) {
        if (!tls_is_grease(type))
            write_value(list, type);
    }
}

static struct list_writer decimal(struct buf *text)
{
    return (struct list_writer){.text = text, .base = 10, .between = '-'};
}

static struct list_writer hexadecimal(struct buf *text)
{
    return (struct list_writer){.text = text, .base = 16, .width = 4, .between = ','};
}

/* version,ciphers,extensions,groups,point formats. */
static void ja3_of(char ja3[33], const struct tls_hello *hello)
{
    struct buf text = {0};
    buf_printf(&text, "%u,", hello->legacy_version);
    struct list_writer ciphers = decimal(&text);
    write_list16(&ciphers, hello->ciphers);
    buf_append(&text, ",", 1);
    struct list_writer extensions = decimal(&text);
    write_extensions(&extensions, hello->extensions);
    buf_append(&text, ",", 1);
    struct list_writer groups = decimal(&text);
    write_list16(&groups, hello->groups);
    buf_append(&text, ",", 1);
    struct list_writer formats = decimal(&text);
    for (size_t i = 0; i < hello->point_formats.n; i++)
        write_value(&formats, hello->point_formats.p[i]);
    md5_hex(ja3, &text);
    buf_done(&text);
}

/* version,cipher,extensions. */
void fingerprint_server(char ja3s[33], const struct tls_hello *hello)
{
    struct buf text = {0};
    ja3s[0] = '\0';
    if (hello->ssl2)
        return;
    buf_printf(&text, "%u,%u,", hello->legacy_version, hello->cipher);
    struct list_writer extensions = decimal(&text);
    write_extensions(&extensions, hello->extensions);
    md5_hex(ja3s, &text);
    buf_done(&text);
}

static int by_value(const void *a, const void *b)
{
    uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;
    return (x > y) - (x < y);
}

/* sha12 writes the first 12 hex characters of a text's SHA-256; zeros for an empty one. */
static void sha12(char *out, const struct buf *text)
{
    uint8_t hash[32] = {0};
    char whole[65];
    if (text->n > 0)
        fingerprint_sha256(hash, text_of(text));
    hex(whole, hash, sizeof hash);
    memcpy(out, whole, JA4_HASH_CHARS);
    out[JA4_HASH_CHARS] = '\0';
}

/* Values collected to be sorted; room for all that a hello can hold. */
struct values {
    uint16_t *v;
    size_t n;
};

static void write_sorted(struct buf *text, struct values *values)
{
    struct list_writer list = hexadecimal(text);
    if (values->n > 0)
        qsort(values->v, values->n, sizeof *values->v, by_value);
    for (size_t i = 0; i < values->n; i++)
        write_value(&list, values->v[i]);
}

static const char *ja4_version(uint16_t version)
{
    switch (version) {
    case TLS_VERSION_13:
        return "13";
    case TLS_VERSION_12:
        return "12";
    case TLS_VERSION_11:
        return "11";
    case TLS_VERSION_10:
        return "10";
    case TLS_VERSION_SSL3:
        return "s3";
    case TLS_VERSION_SSL2:
        return "s2";
    default:
        return "00";
    }
}

static bool alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first ALPN name; of its hex form, if one is no letter or digit.
 */
static void ja4_alpn(char out[3], struct span alpn)
{
    struct cursor list = cursor_of(alpn), name;
    memcpy(out, "00", 3);
    if (!cursor_vec8(&list, &name) || cursor_done(&name))
        return;
    uint8_t first = name.p[0], last = name.p[name.left - 1];
    if (alphanumeric(first) && alphanumeric(last)) {
        out[0] = (char)first;
        out[1] = (char)last;
    } else {
        out[0] = digits[first >> 4];
        out[1] = digits[last & 15];
    }
}

static unsigned at_most(size_t count)
{
    return count < COUNT_MAX ? (unsigned)count : COUNT_MAX;
}

static struct values ciphers_of(const struct tls_hello *hello)
{
    struct values values = {xmalloc(hello->ciphers.n), 0};
    struct cursor c = cursor_of(hello->ciphers);
    uint16_t value;
    while (cursor_u16(&c, &value)) {
        if (!tls_is_grease(value))
            values.v[values.n++] = value;
    }
    return values;
}

/* extensions_of leaves out server name and ALPN, but counts them. */
static struct values extensions_of(size_t *count, bool *named, const struct tls_hello *hello)
{
    struct values values = {xmalloc(hello->extensions.n), 0};
    struct cursor c = cursor_of(hello->extensions), body;
    uint16_t type;
    *count = 0;
    *named = false;
    while (tls_hello_extension(&c, &type, &body)) {
        if (tls_is_grease(type))
            continue;
        ++*count;
        if (type == TLS_EXT_SERVER_NAME)
            *named = true;
        else if (type != TLS_EXT_ALPN)
            values.v[values.n++] = type;
    }
    return values;
}

static void ja4_of(char ja4[37], const struct tls_hello *hello)
{
    size_t extension_count;
    bool named;
    struct values ciphers = ciphers_of(hello);
    struct values extensions = extensions_of(&extension_count, &named, hello);
    struct buf text = {0};
    char alpn[3], b[JA4_HASH_CHARS + 1], c[JA4_HASH_CHARS + 1];
    ja4_alpn(alpn, hello->alpn);

    write_sorted(&text, &ciphers);
    sha12(b, &text);
    text.n = 0;
    write_sorted(&text, &extensions);
    if (text.n > 0 && hello->signature_algorithms.n > 0) {
        struct list_writer algorithms = hexadecimal(&text);
        buf_append(&text, "_", 1);
        write_list16(&algorithms, hello->signature_algorithms);
    }
    sha12(c, &text);
    snprintf(ja4, 37, "t%s%c%02u%02u%s_%s_%s", ja4_version(hello->highest), named ? 'd' : 'i',
             at_most(ciphers.n), at_most(extension_count), alpn, b, c);
    buf_done(&text);
    free(ciphers.v);
    free(extensions.v);
}

void fingerprint_client(char ja3[33], char ja4[37], const struct tls_hello *hello)
{
    ja3[0] = ja4[0] = '\0';
    if (hello->ssl2)
        return;
    ja3_of(ja3, hello);
    ja4_of(ja4, hello);
}

/* The SHA-1 (FIPS 180-4) of a text so short that it is one block with its padding: 55 bytes at
 * most, and zeros behind them. One for each flow: the functions that OpenSSL would rather have us
 * call take seven times as long to find their way to the same code. */
static void sha1_of_block(uint8_t hash[20], uint8_t block[SHA_CBLOCK], size_t n)
{
    SHA_CTX sha1;
    block[n] = 0x80;
    block[SHA_CBLOCK - 2] = (uint8_t)(n * 8 >> 8);
    block[SHA_CBLOCK - 1] = (uint8_t)(n * 8);
    SHA1_Init(&sha1);
    SHA1_Transform(&sha1, block);
    const uint32_t words[] = {htonl(sha1.h0), htonl(sha1.h1), htonl(sha1.h2), htonl(sha1.h3),
                              htonl(sha1.h4)};
    memcpy(hash, words, sizeof words);
}

/* seed, both addresses of n bytes, protocol, a zero byte, both ports; the smaller end first. */
static ALWAYS_INLINE void hash_ends(uint8_t hash[20], const struct endpoint *a,
                                    const struct endpoint *b, size_t n)
{
    int order = memcmp(a->ip, b->ip, n);
    if (order > 0 || (order == 0 && a->port > b->port)) {
        const struct endpoint *other = a;
        a = b;
        b = other;
    }
    uint8_t text[SHA_CBLOCK] = {0};
    memcpy(text + 2, a->ip, n);
    memcpy(text + 2 + n, b->ip, n);
    const uint8_t tail[] = {
        6 /* TCP */,     0, (uint8_t)(a->port >> 8), (uint8_t)a->port, (uint8_t)(b->port >> 8),
        (uint8_t)b->port};
    memcpy(text + 2 + 2 * n, tail, sizeof tail);
    sha1_of_block(hash, text, 2 + 2 * n + sizeof tail);
}

void fingerprint_community_id(uint8_t out[COMMUNITY_ID_BYTES], const struct endpoint *a,
                              const struct endpoint *b)
{
    if (a->ipv6)
        hash_ends(out, a, b, 16);
    else
        hash_ends(out, a, b, 4);
}
