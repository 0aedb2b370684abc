/* pem.c: line by line, each decoded by itself. */
#include "pem.h"

#include <openssl/evp.h>

static bool take_line(struct span *line, struct span *rest)
{
    const uint8_t *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
    if (!end)
        return false;
    size_t n = (size_t)(end - rest->p);
    *line = span_of(rest->p, n);
    *rest = span_of(end + 1, rest->n - n - 1);
    return true;
}

static bool is_text(struct span line, const char *text)
{
    return span_equal(line, span_of(text, strlen(text)));
}

/* Anywhere in it: OpenSSL knows a byte order mark, and cuts long lines. */
static bool may_begin(struct span line)
{
    static const char begin[] = "-----BEGIN";
    return line.n > 0 && memmem(line.p, line.n, begin, strlen(begin));
}

/* Padding, of which EVP_DecodeBlock makes bytes, ends the last line: then *padding is not 0. */
static bool decode_line(struct buf *der, size_t *padding, struct span line)
{
    if (*padding > 0 || line.n == 0 || line.n % 4 != 0)
        return false;
    while (*padding < 2 && line.p[line.n - 1 - *padding] == '=')
        ++*padding;
    if (memchr(line.p, '=', line.n - *padding))
        return false;
    buf_reserve(der, line.n);
    if (EVP_DecodeBlock(der->p + der->n, line.p, (int)line.n) != (int)(line.n / 4 * 3))
        return false;
    der->n += line.n / 4 * 3 - *padding;
    return true;
}

bool pem_next(struct buf *der, struct span *rest)
{
    struct span at = *rest, line;
    size_t padding = 0;
    do {
        if (!take_line(&line, &at))
            return false;
    } while (!may_begin(line));
    if (!is_text(line, "-----BEGIN CERTIFICATE-----"))
        return false;
    der->n = 0;
    while (take_line(&line, &at) && decode_line(der, &padding, line))
        ;
    if (!is_text(line, "-----END CERTIFICATE-----"))
        return false;
    *rest = at;
    return true;
}
