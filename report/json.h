/* json.h: writes JSON text (RFC 8259), member by member, into a buffer.
 *
 * The only place that escapes for JSON. Text may be any bytes: well-formed UTF-8 is kept; a byte
 * that is not part of it, and each byte of a control character (C0, DEL, C1), becomes a backslash,
 * `x` and two hex digits in the string's value. Line separators, bidirectional controls and other
 * invisible format characters keep their value, but are written as JSON's own escape (`\u202e`),
 * so that the raw text is safe to look at and to split into lines.
 *
 * What adds a member is inline, so that the length of a literal key is known when it is compiled,
 * and the key is stored in one or two moves. A comma follows each member; what closes takes it
 * back. */
#ifndef PUSHWATCH_REPORT_JSON_H
#define PUSHWATCH_REPORT_JSON_H

#include "digits.h"
#include "timetext.h"

#define JSON_INLINE static inline __attribute__((always_inline))

/* Between json_begin and json_end the buffer belongs to the writer. The caller opens and closes in
 * pairs. */
struct json {
    struct buf *out;
    char *at, *end;            /* where the next byte goes, and where the room ends */
    struct timetext_last time; /* that was written last */
};

/* json_begin starts to write at the end of a buffer. */
void json_begin(struct json *json, struct buf *out);

/* json_end gives the buffer back; no comma is behind the last member. */
void json_end(struct json *json);

/* json_end_line closes the outermost object, which has a member, and ends its line; as json_end. */
void json_end_line(struct json *json);

/* json_grow makes room for n bytes at json->at. */
void json_grow(struct json *json, size_t n);

JSON_INLINE void json_room(struct json *json, size_t n)
{
    if (UNLIKELY((size_t)(json->end - json->at) < n))
        json_grow(json, n);
}

/* json_key begins a member: returns where its value goes, which has room for `most` bytes and a
 * comma. It is the business of all others here, as is json_value, which ends the member. */
JSON_INLINE char *json_key(struct json *json, const char *key, size_t most)
{
    size_t n = key ? strlen(key) : 0;
    json_room(json, n + 3 + most + 1);
    char *at = json->at;
    if (key) {
        *at++ = '"';
        memcpy(at, key, n);
        memcpy(at + n, "\":", 2);
        at += n + 2;
    }
    return at;
}

JSON_INLINE void json_value(struct json *json, char *end)
{
    *end = ',';
    json->at = end + 1;
}

/* All of these add one member to what is open. `key` is a literal that needs no escaping; NULL in
 * an array and for the outermost value. */
JSON_INLINE void json_open(struct json *json, const char *key, char bracket)
{
    char *at = json_key(json, key, 1);
    *at = bracket;
    json->at = at + 1;
}

JSON_INLINE void json_open_object(struct json *json, const char *key)
{
    json_open(json, key, '{');
}

JSON_INLINE void json_open_array(struct json *json, const char *key)
{
    json_open(json, key, '[');
}

JSON_INLINE void json_close(struct json *json, char bracket)
{
    json_room(json, 2);
    char *at = json->at - (json->at[-1] == ',');
    *at = bracket;
    json_value(json, at + 1);
}

JSON_INLINE void json_close_object(struct json *json)
{
    json_close(json, '}');
}

JSON_INLINE void json_close_array(struct json *json)
{
    json_close(json, ']');
}

JSON_INLINE void json_uint(struct json *json, const char *key, uint64_t number)
{
    char *at = json_key(json, key, DIGITS_MAX);
    if (number < 10)
        *at++ = (char)('0' + number);
    else
        at = digits_decimal(at, number);
    json_value(json, at);
}

JSON_INLINE void json_bool(struct json *json, const char *key, bool value)
{
    char *at = json_key(json, key, 5);
    memcpy(at, value ? "true" : "fals", 4);
    at[4] = 'e';
    json_value(json, at + (value ? 4 : 5));
}

/* json_word writes a string of which it is known that it needs no escaping. */
JSON_INLINE void json_word(struct json *json, const char *key, const char *word)
{
    size_t n = strlen(word);
    char *at = json_key(json, key, n + 2);
    *at++ = '"';
    memcpy(at, word, n);
    at[n] = '"';
    json_value(json, at + n + 1);
}

/* A string that comes in pieces of any bytes. A character is whole in one piece. */
JSON_INLINE void json_open_text(struct json *json, const char *key)
{
    json_open(json, key, '"');
}

void json_piece(struct json *json, struct span text);

/* A line's end that is our own; what comes from elsewhere never ends a line. */
JSON_INLINE void json_newline(struct json *json)
{
    json_room(json, 2);
    memcpy(json->at, "\\n", 2);
    json->at += 2;
}

JSON_INLINE void json_close_text(struct json *json)
{
    json_room(json, 2);
    *json->at = '"';
    json_value(json, json->at + 1);
}

JSON_INLINE void json_span(struct json *json, const char *key, struct span text) /* any bytes */
{
    json_open_text(json, key);
    json_piece(json, text);
    json_close_text(json);
}

JSON_INLINE void json_text(struct json *json, const char *key, const char *text)
{
    json_span(json, key, span_of(text, strlen(text)));
}

/* json_seconds writes a duration in seconds with exactly six decimals, cut and not rounded;
 * json_put_seconds at `at`, and spoils the byte behind it. */
enum { JSON_SECONDS_MAX = 1 + DIGITS_MAX + 7 };
char *json_put_seconds(char *at, nanotime duration);

JSON_INLINE void json_seconds(struct json *json, const char *key, nanotime duration)
{
    json_value(json, json_put_seconds(json_key(json, key, JSON_SECONDS_MAX), duration));
}

/* json_time writes a time as timetext_put_rfc3339 gives it. */
JSON_INLINE void json_time(struct json *json, const char *key, nanotime time)
{
    char *at = json_key(json, key, TIMETEXT_RFC3339_ROOM + 2);
    *at = '"';
    at = timetext_put_rfc3339(at + 1, &json->time, time);
    *at = '"';
    json_value(json, at + 1);
}

/* json_length and json_since give what has been written since: as a place, and as bytes that are
 * valid until the next call. json_written writes such bytes again; the place of both is alike. */
JSON_INLINE size_t json_length(const struct json *json)
{
    return (size_t)(json->at - (char *)json->out->p);
}

JSON_INLINE struct span json_since(const struct json *json, size_t place)
{
    return span_of(json->out->p + place, json_length(json) - place);
}

JSON_INLINE void json_written(struct json *json, struct span written)
{
    json_room(json, written.n);
    memcpy(json->at, written.p, written.n);
    json->at += written.n;
}

/* json_hex writes bytes as lower-case hex without separators. */
JSON_INLINE void json_hex(struct json *json, const char *key, struct span bytes)
{
    char *at = json_key(json, key, 2 * bytes.n + 2);
    *at = '"';
    at = digits_hex(at + 1, bytes);
    *at = '"';
    json_value(json, at + 1);
}

#endif
