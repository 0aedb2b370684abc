/* members.h: JSON members of bounded length, for the objects of which each flow has one: room is
 * made once for many, and then each is stored in a few moves.
 *
 *     char *at = members_begin(json, 8);
 *     at = member_uint(at, KEY("packets"), end->packets);
 *     at = member_word(at, KEY("state"), word_state(end->state));
 *     members_end(json, at);
 *
 * All of these write at `at` and return where they ended: behind a comma, as in json.h. What is
 * behind that is spoilt. `key` is KEY("packets") in an object, and ITEM in an array. */
#ifndef PUSHWATCH_REPORT_MEMBERS_H
#define PUSHWATCH_REPORT_MEMBERS_H

#include "json.h"
#include "words.h"

#include <stdlib.h>

/* A literal that needs no escaping, joined to its quotes and colon when it is compiled. */
#define KEY(literal) "\"" literal "\":"
#define ITEM         ""

/* No member takes more with a key of at most 32 bytes, but for those that say so. What is reserved
 * beyond them is for a miscount to be found before it does harm. */
enum { MEMBER_MOST = 72, MEMBERS_RESERVE = 1024 };

/* members_begin makes room for `most` members; brackets that open or close count as one each. */
JSON_INLINE char *members_begin(struct json *json, size_t most)
{
    json_room(json, most * MEMBER_MOST + MEMBERS_RESERVE);
#ifdef __SANITIZE_ADDRESS__
    /* Tests shall find each miscount, however much room there happens to be. */
    json->end = json->at + most * MEMBER_MOST + MEMBERS_RESERVE;
#endif
    return json->at;
}

JSON_INLINE void members_end(struct json *json, char *at)
{
    if (UNLIKELY(json->end - at < MEMBERS_RESERVE))
        abort(); /* miscounted above */
    json->at = at;
}

/* The business of all others here. */
JSON_INLINE char *member_key(char *at, const char *key)
{
    size_t n = strlen(key);
    memcpy(at, key, n);
    return at + n;
}

JSON_INLINE char *member_comma(char *at)
{
    *at = ',';
    return at + 1;
}

JSON_INLINE char *member_open(char *at, const char *key, char bracket)
{
    at = member_key(at, key);
    *at = bracket;
    return at + 1;
}

JSON_INLINE char *member_close(char *at, char bracket)
{
    at -= at[-1] == ',';
    *at = bracket;
    return member_comma(at + 1);
}

/* member_close_some closes what has a member for sure: what was just written need not be read. */
JSON_INLINE char *member_close_some(char *at, char bracket)
{
    at[-1] = bracket;
    return member_comma(at);
}

JSON_INLINE char *member_uint(char *at, const char *key, uint64_t number)
{
    at = member_key(at, key);
    if (number >= 10)
        return member_comma(digits_of_large(at, number));
    *at++ = (char)('0' + number);
    return member_comma(at);
}

JSON_INLINE char *member_bool(char *at, const char *key, bool value)
{
    at = member_key(at, key);
    memcpy(at, value ? "true,   " : "false,  ", 8);
    return at + (value ? 5 : 6);
}

JSON_INLINE char *member_word(char *at, const char *key, const struct word *word)
{
    at = member_key(at, key);
    *at++ = '"';
    memcpy(at, word->text, sizeof word->text);
    at += word->n;
    memcpy(at, "\",", 2);
    return at + 2;
}

/* member_chars writes text of which it is known that it needs no escaping. It takes one member more
 * for each MEMBER_MOST bytes of it. */
JSON_INLINE char *member_chars(char *at, const char *key, const char *text, size_t n)
{
    at = member_key(at, key);
    *at++ = '"';
    memcpy(at, text, n);
    at += n;
    memcpy(at, "\",", 2);
    return at + 2;
}

/* member_text does so with a string. */
JSON_INLINE char *member_text(char *at, const char *key, const char *text)
{
    at = member_key(at, key);
    *at++ = '"';
    at = stpcpy(at, text);
    memcpy(at, "\",", 2);
    return at + 2;
}

/* member_code writes a code point as `0x1234`. */
JSON_INLINE char *member_code(char *at, const char *key, uint16_t code)
{
    const uint8_t bytes[] = {(uint8_t)(code >> 8), (uint8_t)code};
    at = member_key(at, key);
    memcpy(at, "\"0x", 3);
    at = digits_hex(at + 3, span_of(bytes, sizeof bytes));
    memcpy(at, "\",", 2);
    return at + 2;
}

JSON_INLINE char *member_seconds(char *at, const char *key, nanotime duration)
{
    return member_comma(json_put_seconds(member_key(at, key), duration));
}

JSON_INLINE char *member_time(char *at, const char *key, struct timetext_last *last, nanotime time)
{
    at = member_key(at, key);
    *at = '"';
    at = timetext_put_rfc3339(at + 1, last, time);
    memcpy(at, "\",", 2);
    return at + 2;
}

/* These write nothing of what is not known: frame 0, time 0, a duration below 0. */
JSON_INLINE char *member_frame(char *at, const char *key, uint64_t frame)
{
    return frame != 0 ? member_uint(at, key, frame) : at;
}

JSON_INLINE char *member_known_time(char *at, const char *key, struct timetext_last *last,
                                    nanotime time)
{
    return time != 0 ? member_time(at, key, last, time) : at;
}

JSON_INLINE char *member_known_seconds(char *at, const char *key, nanotime duration)
{
    return duration >= 0 ? member_seconds(at, key, duration) : at;
}

#endif
