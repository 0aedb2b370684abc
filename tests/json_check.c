/* json_check.c: RFC 8259's grammar as functions, each of which moves the cursor behind what it
 * knows. Written apart from report/json.c, which it is to judge. */
#include "json_check.h"

#include <ctype.h>

enum { DEPTH_MAX = 20 };

struct text {
    const uint8_t *p, *end;
};

static int peek(const struct text *in)
{
    return in->p < in->end ? *in->p : -1;
}

static bool take(struct text *in, int c)
{
    if (peek(in) != c)
        return false;
    in->p++;
    return true;
}

static bool take_word(struct text *in, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(in->end - in->p) < n || memcmp(in->p, word, n) != 0)
        return false;
    in->p += n;
    return true;
}

static bool take_digits(struct text *in)
{
    const uint8_t *begin = in->p;
    while (peek(in) >= '0' && peek(in) <= '9')
        in->p++;
    return in->p > begin;
}

static bool take_number(struct text *in)
{
    take(in, '-');
    if (!take(in, '0') && !take_digits(in))
        return false;
    if (take(in, '.') && !take_digits(in))
        return false;
    if (take(in, 'e') || take(in, 'E')) {
        if (!take(in, '-'))
            take(in, '+');
        return take_digits(in);
    }
    return true;
}

static bool take_escape(struct text *in)
{
    if (take(in, 'u')) {
        for (unsigned i = 0; i < 4; i++, in->p++)
            if (peek(in) < 0 || !isxdigit(peek(in)))
                return false;
        return true;
    }
    if (peek(in) < 0 || !strchr("\"\\/bfnrt", peek(in)))
        return false;
    in->p++;
    return true;
}

/* A character beyond ASCII: RFC 3629, shortest form, no surrogates. */
static bool take_wide(struct text *in)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int first = peek(in);
    unsigned n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    uint32_t code = (uint32_t)first & (0xffu >> (n + 1));
    if (first < 0xc2 || first > 0xf4)
        return false;
    in->p++;
    for (unsigned i = 1; i < n; i++, in->p++) {
        if (peek(in) < 0x80 || peek(in) > 0xbf)
            return false;
        code = code << 6 | (uint32_t)(peek(in) & 0x3f);
    }
    return code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static bool take_string(struct text *in)
{
    if (!take(in, '"'))
        return false;
    while (!take(in, '"')) {
        if (take(in, '\\')) {
            if (!take_escape(in))
                return false;
        } else if (peek(in) >= 0x80) {
            if (!take_wide(in))
                return false;
        } else if (peek(in) >= 0x20) {
            in->p++;
        } else {
            return false;
        }
    }
    return true;
}

static bool take_value(struct text *in, unsigned depth);

/* What is between brackets: values, for an object each behind a name. */
static bool take_items(struct text *in, int close, unsigned depth)
{
    if (take(in, close))
        return true;
    do {
        if (close == '}' && (!take_string(in) || !take(in, ':')))
            return false;
        if (!take_value(in, depth + 1))
            return false;
    } while (take(in, ','));
    return take(in, close);
}

/* No space between the parts: NDJSON for programs has none. */
static bool take_value(struct text *in, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return false;
    if (take(in, '{'))
        return take_items(in, '}', depth);
    if (take(in, '['))
        return take_items(in, ']', depth);
    if (peek(in) == '"')
        return take_string(in);
    return take_word(in, "true") || take_word(in, "false") || take_word(in, "null") ||
           take_number(in);
}

bool json_check(struct span text)
{
    struct text in = {text.p, text.p + text.n};
    return take_value(&in, 0) && in.p == in.end;
}
