/* json.c: the JSON writer. */
#include "json.h"

#include "timetext.h"
#include "utf8.h"

#include <inttypes.h>

static void put(struct json *json, const char *text)
{
    buf_append(json->out, text, strlen(text));
}

static void begin_member(struct json *json, const char *key)
{
    if (json->comma)
        put(json, ",");
    json->comma = true;
    if (key) {
        put(json, "\"");
        put(json, key);
        put(json, "\":");
    }
}

static void open_with(struct json *json, const char *key, const char *bracket)
{
    begin_member(json, key);
    put(json, bracket);
    json->comma = false;
}

static void close_with(struct json *json, const char *bracket)
{
    put(json, bracket);
    json->comma = true;
}

void json_open_object(struct json *json, const char *key)
{
    open_with(json, key, "{");
}

void json_close_object(struct json *json)
{
    close_with(json, "}");
}

void json_open_array(struct json *json, const char *key)
{
    open_with(json, key, "[");
}

void json_close_array(struct json *json)
{
    close_with(json, "]");
}

static bool needs_no_escape(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void put_escaped_bytes(struct json *json, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(json->out, "\\\\x%02x", bytes[i]);
}

/* Beyond U+FFFF JSON escapes a surrogate pair: RFC 8259 section 7. */
static void put_unicode_escape(struct json *json, uint32_t code)
{
    if (code < 0x10000) {
        buf_printf(json->out, "\\u%04" PRIx32, code);
        return;
    }
    code -= 0x10000;
    buf_printf(json->out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (code >> 10),
               0xdc00 + (code & 0x3ff));
}

/* Writes what stands at the beginning of `rest`, and returns how many bytes that was. */
static size_t put_odd_one(struct json *json, struct span rest)
{
    uint32_t code = 0;
    unsigned length = utf8_decode(&code, rest);
    if (length == 0) {
        put_escaped_bytes(json, rest.p, 1);
        return 1;
    }
    if (code == '"' || code == '\\') {
        uint8_t pair[2] = {'\\', (uint8_t)code};
        buf_append(json->out, pair, sizeof(pair));
    } else if (utf8_is_control(code)) {
        put_escaped_bytes(json, rest.p, length);
    } else if (utf8_is_trick(code)) {
        put_unicode_escape(json, code);
    } else {
        buf_append(json->out, rest.p, length);
    }
    return length;
}

void json_span(struct json *json, const char *key, struct span text)
{
    begin_member(json, key);
    put(json, "\"");
    for (size_t i = 0; i < text.n;) {
        size_t run = i;
        while (run < text.n && needs_no_escape(text.p[run]))
            run++;
        buf_append(json->out, text.p + i, run - i);
        i = run;
        if (i < text.n)
            i += put_odd_one(json, span_of(text.p + i, text.n - i));
    }
    put(json, "\"");
}

void json_text(struct json *json, const char *key, const char *text)
{
    json_span(json, key, span_of(text, strlen(text)));
}

/* Digits without printf: a report is mostly numbers, and printf took half of its time. */
static void put_decimal(struct json *json, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    buf_append(json->out, digits + at, sizeof digits - at);
}

void json_uint(struct json *json, const char *key, uint64_t number)
{
    begin_member(json, key);
    put_decimal(json, number);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin_member(json, key);
    put(json, value ? "true" : "false");
}

void json_seconds(struct json *json, const char *key, nanotime duration)
{
    uint64_t ns = duration < 0 ? 0 - (uint64_t)duration : (uint64_t)duration;
    uint64_t second = (uint64_t)NS_PER_SECOND;
    begin_member(json, key);
    if (duration < 0)
        put(json, "-");
    put_decimal(json, ns / second);
    char fraction[7] = ".";
    uint64_t microseconds = ns % second / 1000;
    for (size_t i = sizeof fraction - 1; i > 0; i--, microseconds /= 10)
        fraction[i] = (char)('0' + microseconds % 10);
    buf_append(json->out, fraction, sizeof fraction);
}

void json_time(struct json *json, const char *key, nanotime time)
{
    struct time_room room;
    json_text(json, key, timetext_rfc3339(&room, time));
}

void json_hex(struct json *json, const char *key, struct span bytes)
{
    static const char digits[] = "0123456789abcdef";
    begin_member(json, key);
    put(json, "\"");
    buf_reserve(json->out, 2 * bytes.n);
    for (size_t i = 0; i < bytes.n; i++) {
        json->out->p[json->out->n++] = (uint8_t)digits[bytes.p[i] >> 4];
        json->out->p[json->out->n++] = (uint8_t)digits[bytes.p[i] & 15];
    }
    put(json, "\"");
}
