/* plain.c: greetings of the protocols that are met on ports meant for TLS. */
#include "plain.h"

static bool begins(struct span bytes, const char *with)
{
    size_t n = strlen(with);
    return bytes.n >= n && memcmp(bytes.p, with, n) == 0;
}

static bool contains(struct span bytes, const char *what)
{
    return memmem(bytes.p, bytes.n, what, strlen(what)) != NULL;
}

enum plain_protocol plain_name(struct span b)
{
    static const char *const http[] = {"GET ",     "POST ",  "HEAD ",    "PUT ",     "DELETE ",
                                       "OPTIONS ", "PATCH ", "CONNECT ", "HTTP/1.0", "HTTP/1.1"};
    if (b.n == 0)
        return PLAIN_NONE;
    if (b.p[0] < ' ')
        return PLAIN_UNKNOWN; /* nearly always a TLS record: none of those below begins so */
    if (begins(b, "<stream:stream") || (begins(b, "<?xml") && contains(b, "jabber:")) ||
        (begins(b, "<?xml") && contains(b, "stream")))
        return PLAIN_XMPP; /* RFC 6120 section 4.2 */
    for (size_t i = 0; i < COUNT_OF(http); i++)
        if (begins(b, http[i]))
            return PLAIN_HTTP; /* RFC 9112 */
    if (begins(b, "SSH-"))
        return PLAIN_SSH; /* RFC 4253 section 4.2 */
    if (begins(b, "EHLO ") || begins(b, "HELO ") || (begins(b, "220") && contains(b, "SMTP")))
        return PLAIN_SMTP; /* RFC 5321 */
    if (begins(b, "+OK"))
        return PLAIN_POP3; /* RFC 1939 */
    if (begins(b, "* OK"))
        return PLAIN_IMAP; /* RFC 9051 */
    if (begins(b, "220") && contains(b, "FTP"))
        return PLAIN_FTP; /* RFC 959 */
    return PLAIN_UNKNOWN;
}
