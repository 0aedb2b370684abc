/* json.h: writes JSON text (RFC 8259), member by member, into a buffer.
 *
 * The only place that escapes for JSON. Text may be any bytes: well-formed UTF-8 is kept; a byte
 * that is not part of it, and each byte of a control character (C0, DEL, C1), becomes a backslash,
 * `x` and two hex digits in the string's value. Line separators, bidirectional controls and other
 * invisible format characters keep their value, but are written as JSON's own escape (`\u202e`),
 * so that the raw text is safe to look at and to split into lines. */
#ifndef PUSHWATCH_REPORT_JSON_H
#define PUSHWATCH_REPORT_JSON_H

#include "../capture/base.h"

/* Zero-initialise it but for `out`. The caller opens and closes in pairs. */
struct json {
    struct buf *out;
    bool comma; /* something stands before the next member */
};

/* All of these add one member to what is open. `key` is a literal that needs no escaping; NULL in
 * an array and for the outermost value. */
void json_open_object(struct json *json, const char *key);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *key);
void json_close_array(struct json *json);

void json_text(struct json *json, const char *key, const char *text);
void json_span(struct json *json, const char *key, struct span text); /* any bytes */
void json_uint(struct json *json, const char *key, uint64_t number);
void json_bool(struct json *json, const char *key, bool value);

/* json_seconds writes a duration in seconds with exactly six decimals, cut and not rounded. */
void json_seconds(struct json *json, const char *key, nanotime duration);

/* json_time writes a time as timetext_rfc3339 gives it. */
void json_time(struct json *json, const char *key, nanotime time);

/* json_hex writes bytes as lower-case hex without separators. */
void json_hex(struct json *json, const char *key, struct span bytes);

#endif
