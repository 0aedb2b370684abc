/* json.c: the JSON writer: room, numbers, escapes. */
#include "json.h"

#include "utf8.h"

/* The longest that one byte or character of a text becomes: four bytes as `\\xff` each. */
enum { ESCAPED_MAX = 20 };

struct json json_begin(struct buf *out)
{
    struct json json = {.out = out};
    buf_reserve(out, 1); /* so that there is something to point to */
    json.at = (char *)out->p + out->n;
    json.end = (char *)out->p + out->cap;
    return json;
}

void json_end(struct json *json)
{
    struct buf *out = json->out;
    out->n = (size_t)(json->at - (char *)out->p);
    if (out->n > 0 && out->p[out->n - 1] == ',')
        out->n--;
}

void json_grow(struct json *json, size_t n)
{
    struct buf *out = json->out;
    out->n = (size_t)(json->at - (char *)out->p);
    buf_reserve(out, n);
    *json = json_begin(out);
}

static bool needs_no_escape(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* needs_no_escape for eight bytes at once: the top bit of a byte is set if it is itself, or would
 * be by adding 1 (DEL), by subtracting 0x20 (C0), or by subtracting 1 from the difference to one of
 * the two. Where bytes borrow from each other, one of them is not fine in any case. */
static bool eight_need_none(uint64_t bytes)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t odd = bytes | (bytes + each) | (bytes - each * 0x20) | ((bytes ^ each * '"') - each) |
                   ((bytes ^ each * '\\') - each);
    return (odd & each * 0x80) == 0;
}

/* Copies from the beginning of a text what needs no escape; returns its length. There is room for
 * the whole text. */
static size_t copy_plain(char *at, struct span text)
{
    size_t i = 0;
    for (uint64_t bytes; text.n - i >= sizeof bytes; i += sizeof bytes) {
        memcpy(&bytes, text.p + i, sizeof bytes);
        if (!eight_need_none(bytes))
            break;
        memcpy(at + i, &bytes, sizeof bytes);
    }
    for (; i < text.n && needs_no_escape(text.p[i]); i++)
        at[i] = (char)text.p[i];
    return i;
}

static char *put_escaped_bytes(char *at, struct span bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        memcpy(at, "\\\\x", 3);
        at = digits_hex(at + 3, span_of(bytes.p + i, 1));
    }
    return at;
}

static char *put_unicode_unit(char *at, uint32_t unit)
{
    const uint8_t bytes[] = {(uint8_t)(unit >> 8), (uint8_t)unit};
    memcpy(at, "\\u", 2);
    return digits_hex(at + 2, span_of(bytes, sizeof bytes));
}

/* Beyond U+FFFF JSON escapes a surrogate pair: RFC 8259 section 7. */
static char *put_unicode_escape(char *at, uint32_t code)
{
    if (code < 0x10000)
        return put_unicode_unit(at, code);
    code -= 0x10000;
    at = put_unicode_unit(at, 0xd800 + (code >> 10));
    return put_unicode_unit(at, 0xdc00 + (code & 0x3ff));
}

/* Writes what stands at the beginning of `rest`, and returns how many bytes that was. */
static size_t put_odd_one(struct json *json, struct span rest)
{
    uint32_t code = 0;
    unsigned length = utf8_decode(&code, rest);
    json_room(json, ESCAPED_MAX);
    char *at = json->at;
    if (length == 0) {
        length = 1;
        at = put_escaped_bytes(at, span_of(rest.p, 1));
    } else if (code == '"' || code == '\\') {
        *at++ = '\\';
        *at++ = (char)code;
    } else if (utf8_is_control(code)) {
        at = put_escaped_bytes(at, span_of(rest.p, length));
    } else if (utf8_is_trick(code)) {
        at = put_unicode_escape(at, code);
    } else {
        memcpy(at, rest.p, length);
        at += length;
    }
    json->at = at;
    return length;
}

void json_piece(struct json *json, struct span text)
{
    while (text.n > 0) {
        json_room(json, text.n);
        size_t n = copy_plain(json->at, text);
        json->at += n;
        text = span_of(text.p + n, text.n - n);
        if (text.n > 0) {
            n = put_odd_one(json, text);
            text = span_of(text.p + n, text.n - n);
        }
    }
}

char *json_put_seconds(char *at, nanotime duration)
{
    uint64_t ns = duration < 0 ? 0 - (uint64_t)duration : (uint64_t)duration;
    uint64_t second = (uint64_t)NS_PER_SECOND;
    if (duration < 0)
        *at++ = '-';
    at = digits_decimal(at, ns / second);
    *at++ = '.';
    return digits_six(at, (unsigned)(ns % second / 1000));
}
