/* json.c: the JSON writer: room, numbers, escapes. */
#include "json.h"

#include "utf8.h"

/* The longest that one byte or character of a text becomes: four bytes as `\\xff` each. */
enum { ESCAPED_MAX = 20 };

static void take_room(struct json *json, size_t n)
{
    struct buf *out = json->out;
    buf_reserve(out, n);
    json->at = (char *)out->p + out->n;
    json->end = (char *)out->p + out->cap;
}

void json_begin(struct json *json, struct buf *out)
{
    *json = (struct json){.out = out};
    take_room(json, 1); /* so that there is something to point to */
}

void json_end(struct json *json)
{
    struct buf *out = json->out;
    out->n = (size_t)(json->at - (char *)out->p);
    if (out->n > 0 && out->p[out->n - 1] == ',')
        out->n--;
}

void json_end_line(struct json *json)
{
    json_room(json, 1);
    json->at[-1] = '}';
    *json->at++ = '\n';
    json->out->n = json_length(json);
}

void json_grow(struct json *json, size_t n)
{
    json->out->n = json_length(json);
    take_room(json, n);
}

static bool needs_no_escape(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Sixteen bytes at once, which the compiler puts into one register. */
typedef int8_t sixteen __attribute__((vector_size(16)));

/* Copies sixteen bytes; each that needs an escape leaves its mark. As signed numbers those beyond
 * ASCII are below 0x20, too. */
static inline sixteen copy_sixteen(char *at, const void *from)
{
    sixteen bytes;
    memcpy(&bytes, from, sizeof bytes);
    memcpy(at, &bytes, sizeof bytes);
    return (bytes < 0x20) | (bytes == 0x7f) | (bytes == '"') | (bytes == '\\');
}

static inline bool is_marked(sixteen marks)
{
    uint64_t halves[2];
    memcpy(halves, &marks, sizeof marks);
    return (halves[0] | halves[1]) != 0;
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

static void put_bytewise(struct json *json, struct span text)
{
    for (size_t i = 0; i < text.n;) {
        if (needs_no_escape(text.p[i])) {
            json_room(json, 1);
            *json->at++ = (char)text.p[i++];
        } else {
            i += put_odd_one(json, span_of(text.p + i, text.n - i));
        }
    }
}

/* Nearly all text needs no escape. So it is copied while it is looked at, and what was copied
 * counts for nothing if it does need one. */
void json_piece(struct json *json, struct span text)
{
    enum { BLOCK = sizeof(sixteen) };
    json_room(json, text.n + BLOCK);
    char *at = json->at;
    sixteen marks = {0};
    if (text.n >= BLOCK) {
        size_t last = text.n - BLOCK;
        for (size_t i = 0; i < last; i += BLOCK)
            marks |= copy_sixteen(at + i, text.p + i);
        marks |= copy_sixteen(at + last, text.p + last);
    } else if (text.n > 0) {
        char few[BLOCK];
        memset(few, ' ', sizeof few);
        memcpy(few, text.p, text.n);
        marks = copy_sixteen(at, few);
    }
    if (UNLIKELY(is_marked(marks)))
        put_bytewise(json, text);
    else
        json->at = at + text.n;
}

char *json_put_seconds(char *at, nanotime duration)
{
    uint64_t ns = duration < 0 ? 0 - (uint64_t)duration : (uint64_t)duration;
    uint64_t second = (uint64_t)NS_PER_SECOND;
    if (duration < 0)
        *at++ = '-';
    at = digits_decimal(at, ns / second);
    return digits_put_eight(at, '.' | digits_six((unsigned)(ns % second / 1000)) << 8) - 1;
}
