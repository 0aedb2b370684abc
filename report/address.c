/* address.c: addresses as inet_ntop writes them, whose 5,000 instructions for one of IPv6 were half
 * of what the rest of a flow takes. */
#include "address.h"

#include "digits.h"

/* All of these return where they end, without a NUL. */
static char *put_octet(char *at, unsigned octet)
{
    if (octet < 100)
        return digits_decimal(at, octet);
    *at = (char)('0' + octet / 100);
    return digits_two(at + 1, octet % 100);
}

static char *put_ipv4(char *at, const uint8_t *ip)
{
    for (unsigned i = 0; i < 4; i++) {
        at = put_octet(at, ip[i]);
        *at++ = '.';
    }
    return at - 1;
}

enum { GROUPS = 8 };

/* The longest row of two zero groups or more, the first of equals; none: it begins at GROUPS. */
static unsigned longest_zeros(unsigned *end, const uint16_t *groups)
{
    unsigned begin = GROUPS, most = 1;
    *end = GROUPS;
    for (unsigned i = 0, row = 0; i < GROUPS; i++) {
        row = groups[i] == 0 ? row + 1 : 0;
        if (row > most) {
            most = row;
            begin = i + 1 - row;
            *end = i + 1;
        }
    }
    return begin;
}

/* Without leading zeros: RFC 5952 section 4.1. */
static char *put_group(char *at, uint16_t group)
{
    char digits[4];
    const uint8_t bytes[] = {(uint8_t)(group >> 8), (uint8_t)group};
    unsigned first = group >= 0x1000 ? 0 : group >= 0x100 ? 1 : group >= 0x10 ? 2 : 3;
    digits_hex(digits, span_of(bytes, sizeof bytes));
    for (unsigned i = first; i < sizeof digits; i++)
        *at++ = digits[i];
    return at;
}

/* RFC 5952 section 4; section 5 for addresses that hold one of IPv4, mapped (RFC 4291 section
 * 2.5.5.2) or, as inet_ntop has it, behind zeros alone. */
static char *put_ipv6(char *at, const uint8_t *ip)
{
    uint16_t groups[GROUPS];
    for (unsigned i = 0; i < GROUPS; i++)
        groups[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
    unsigned zeros_end, zeros = longest_zeros(&zeros_end, groups);
    bool mapped = zeros == 0 && zeros_end == 5 && groups[5] == 0xffff;
    if (mapped || (zeros == 0 && zeros_end == 6)) {
        const char *lead = mapped ? "::ffff:" : "::";
        size_t n = strlen(lead);
        memcpy(at, lead, n);
        return put_ipv4(at + n, ip + 12);
    }
    for (unsigned i = 0; i < GROUPS; i++) {
        if (i == zeros) {
            *at++ = ':';
            if (zeros_end == GROUPS)
                *at++ = ':';
            i = zeros_end - 1;
            continue;
        }
        if (i > 0)
            *at++ = ':';
        at = put_group(at, groups[i]);
    }
    return at;
}

char *address_put(char *at, const struct endpoint *end)
{
    return end->ipv6 ? put_ipv6(at, end->ip) : put_ipv4(at, end->ip);
}

const char *address_host(struct address_room *room, const struct endpoint *end)
{
    *address_put(room->text, end) = '\0';
    return room->text;
}

const char *address_text(struct address_room *room, const struct endpoint *end)
{
    char *at = room->text;
    if (end->ipv6)
        *at++ = '[';
    at = address_put(at, end);
    if (end->ipv6)
        *at++ = ']';
    *at++ = ':';
    *digits_decimal(at, end->port) = '\0';
    return room->text;
}
