/* prologue_opening.c: which grammar fits, by the first bytes of a direction. */
#include "prologue_grammar.h"

#include <ctype.h>
#include <strings.h>

enum fit { FIT_NO, FIT_MAYBE /* so far, but too few bytes to tell */, FIT_YES };

/* First bytes that say it all. */
static const struct {
    const char *bytes;
    uint8_t n, family, role;
} openings[] = {
#define OPENING(bytes, family, role)                                                               \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, family, role                                                     \
    }
    OPENING("<?xml ", FAMILY_XMPP, ROLE_UNKNOWN),
    OPENING("<stream:stream", FAMILY_XMPP, ROLE_UNKNOWN),
    OPENING("220 ", FAMILY_TEXT, ROLE_SERVER),
    OPENING("220-", FAMILY_TEXT, ROLE_SERVER),
    OPENING("200 ", FAMILY_TEXT, ROLE_SERVER),
    OPENING("201 ", FAMILY_TEXT, ROLE_SERVER),
    OPENING("+OK", FAMILY_TEXT, ROLE_SERVER),
    OPENING("* OK ", FAMILY_TEXT, ROLE_SERVER),
    OPENING("\"IMPLEMENTATION\"", FAMILY_TEXT, ROLE_SERVER),
    OPENING("EHLO ", FAMILY_TEXT, ROLE_CLIENT),
    OPENING("LHLO ", FAMILY_TEXT, ROLE_CLIENT),
    OPENING("HELO ", FAMILY_TEXT, ROLE_CLIENT),
    OPENING("STARTTLS\r", FAMILY_TEXT, ROLE_CLIENT),
    OPENING("STLS\r", FAMILY_TEXT, ROLE_CLIENT),
    OPENING("CAPA\r", FAMILY_TEXT, ROLE_CLIENT),
    OPENING("CAPABILITIES\r", FAMILY_TEXT, ROLE_CLIENT),
    OPENING("AUTH TLS", FAMILY_TEXT, ROLE_CLIENT),
    OPENING("AUTH SSL", FAMILY_TEXT, ROLE_CLIENT),
    OPENING("CONNECT ", FAMILY_HTTP, ROLE_CLIENT),
    OPENING("OPTIONS ", FAMILY_HTTP, ROLE_CLIENT),
    OPENING("GET ", FAMILY_HTTP, ROLE_CLIENT),
    OPENING("HEAD ", FAMILY_HTTP, ROLE_CLIENT),
    OPENING("POST ", FAMILY_HTTP, ROLE_CLIENT),
    OPENING("HTTP/1.", FAMILY_HTTP, ROLE_SERVER),
    OPENING("PROXY ", FAMILY_PROXY_1, ROLE_CLIENT),
    OPENING("\r\n\r\n\0\r\nQUIT\n", FAMILY_PROXY_2, ROLE_CLIENT),
    OPENING("\0\0\0\x08\x04\xd2\x16\x2f", FAMILY_POSTGRESQL, ROLE_CLIENT),
    OPENING("\0\0\0\x08\x04\xd2\x16\x30", FAMILY_POSTGRESQL, ROLE_CLIENT),
    OPENING("\x04\x01", FAMILY_SOCKS4, ROLE_CLIENT),
#undef OPENING
};

struct guess {
    enum prologue_family family;
    enum prologue_role role;
};

/* IMAP: a tag, a space, a command that is the first of a client. */
static enum fit fits_imap(struct guess *guess, struct span b)
{
    *guess = (struct guess){FAMILY_TEXT, ROLE_CLIENT};
    static const char *const commands[] = {"CAPABILITY", "STARTTLS", "ID "};
    size_t at = 0;
    while (at < b.n && at < 16 && (isalnum(b.p[at]) || strchr("._-", b.p[at])))
        at++;
    if (at == b.n)
        return at < 16 ? FIT_MAYBE : FIT_NO;
    if (at == 0 || b.p[at] != ' ')
        return FIT_NO;
    at++;
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        size_t n = strlen(commands[i]);
        if (strncasecmp((const char *)b.p + at, commands[i], b.n - at < n ? b.n - at : n) == 0)
            return b.n - at < n ? FIT_MAYBE : FIT_YES;
    }
    return FIT_NO;
}

/* SOCKS 5: 5, the number of methods, the methods, of which few are assigned. */
static enum fit fits_socks5(struct guess *guess, struct span b)
{
    *guess = (struct guess){FAMILY_SOCKS5, ROLE_CLIENT};
    if (b.p[0] != 5 || (b.n > 1 && (b.p[1] == 0 || b.p[1] > 16)))
        return FIT_NO;
    if (b.n < 2)
        return FIT_MAYBE;
    for (size_t i = 2; i < b.n && i < 2u + b.p[1]; i++)
        if (b.p[i] > 9 && b.p[i] < 0x80)
            return FIT_NO;
    return b.n < 2u + b.p[1] ? FIT_MAYBE : FIT_YES;
}

/* LDAP: SEQUENCE, a length, INTEGER of 1 to 4 bytes, the tag of an operation. */
static enum fit fits_ldap(struct guess *guess, struct span b)
{
    static const uint8_t asked[] = {0x60, 0x63, 0x77, 0x42};
    static const uint8_t answered[] = {0x61, 0x64, 0x65, 0x78};
    struct cursor c = cursor_of(b);
    uint8_t byte, n, tag;
    if (!cursor_u8(&c, &byte) || byte != 0x30)
        return FIT_NO;
    if (!cursor_u8(&c, &byte))
        return FIT_MAYBE;
    if (byte == 0x80 || byte > 0x84)
        return FIT_NO;
    if (byte > 0x80 && !cursor_skip(&c, byte & 0x7f))
        return FIT_MAYBE;
    if (!cursor_u8(&c, &byte))
        return FIT_MAYBE;
    if (byte != 2)
        return FIT_NO;
    if (!cursor_u8(&c, &n))
        return FIT_MAYBE;
    if (n == 0 || n > 4)
        return FIT_NO;
    if (!cursor_skip(&c, n) || !cursor_u8(&c, &tag))
        return FIT_MAYBE;
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        if (tag != asked[i] && tag != answered[i])
            continue;
        *guess = (struct guess){FAMILY_LDAP, tag == asked[i] ? ROLE_CLIENT : ROLE_SERVER};
        return FIT_YES;
    }
    return FIT_NO;
}

/* MySQL's greeting: a length in little endian, packet 0, protocol 10, a version. */
static enum fit fits_mysql(struct guess *guess, struct span b)
{
    static const uint8_t rest[] = {0, 0, 0, 10};
    *guess = (struct guess){FAMILY_MYSQL, ROLE_SERVER};
    if (b.p[0] < 40 || memcmp(b.p + 1, rest, b.n - 1 < sizeof rest ? b.n - 1 : sizeof rest) != 0)
        return FIT_NO;
    if (b.n < 6)
        return FIT_MAYBE;
    return b.p[5] >= '1' && b.p[5] <= '9' ? FIT_YES : FIT_NO;
}

/* RDP: TPKT 3 0, length, X.224 length and code of a connection request or confirm. */
static enum fit fits_rdp(struct guess *guess, struct span b)
{
    if (b.p[0] != 3 || (b.n > 1 && b.p[1] != 0) || (b.n > 2 && b.p[2] > 1))
        return FIT_NO;
    if (b.n < 6)
        return FIT_MAYBE;
    *guess = (struct guess){FAMILY_RDP, b.p[5] == 0xe0 ? ROLE_CLIENT : ROLE_SERVER};
    bool fits = b.p[4] + 5 == be16(b.p + 2);
    return fits && (b.p[5] == 0xe0 || b.p[5] == 0xd0) ? FIT_YES : FIT_NO;
}

static enum fit fits_table(struct guess *guess, struct span b)
{
    enum fit best = FIT_NO;
    for (size_t i = 0; i < COUNT_OF(openings); i++) {
        size_t n = openings[i].n;
        if (memcmp(b.p, openings[i].bytes, b.n < n ? b.n : n) != 0)
            continue;
        if (b.n >= n) {
            *guess = (struct guess){(enum prologue_family)openings[i].family,
                                    (enum prologue_role)openings[i].role};
            return FIT_YES;
        }
        best = FIT_MAYBE;
    }
    return best;
}

bool prologue_opening(enum prologue_family *family, enum prologue_role *role, struct span bytes,
                      enum prologue_role known)
{
    static enum fit (*const fits[])(struct guess *, struct span) = {
        fits_table, fits_imap, fits_socks5, fits_ldap, fits_mysql, fits_rdp};
    bool maybe = false;
    *family = FAMILY_UNKNOWN;
    *role = known;
    for (size_t i = 0; i < COUNT_OF(fits) && bytes.n > 0; i++) {
        struct guess guess = {FAMILY_UNKNOWN, ROLE_UNKNOWN};
        enum fit fit = fits[i](&guess, bytes);
        bool allowed = known == ROLE_UNKNOWN || guess.role == ROLE_UNKNOWN || guess.role == known;
        maybe = maybe || (fit == FIT_MAYBE && allowed);
        if (fit != FIT_YES || !allowed)
            continue;
        *family = guess.family;
        *role = guess.role == ROLE_UNKNOWN ? known : guess.role;
        return true;
    }
    return bytes.n > 0 && !maybe;
}
