/* known_text.c: see known_text.h. */
#include "known_text.h"

#include "json.h"
#include "utf8.h"

#include <jansson.h>
#include <stdio.h>

enum {
    VERSION = 1,
    /* Each byte of a text may take six, as in "\u0041". */
    LINE_MOST = 6 * (3 * KNOWN_TEXT_MAX + KNOWN_NAME_MAX) + 1024
};

/* --- reading --- */

/* A member that is text with nothing that would be odd in a report. */
static bool read_text(char *out, size_t size, const json_t *line, const char *key)
{
    const json_t *member = json_object_get(line, key);
    size_t n = json_string_length(member);
    if (!json_is_string(member) || n >= size)
        return false;
    memcpy(out, json_string_value(member), n);
    out[n] = '\0';
    for (size_t at = 0; at < n;) {
        uint32_t code;
        unsigned length = utf8_decode(&code, span_of(out + at, n - at));
        if (length == 0 || utf8_is_control(code) || utf8_is_trick(code))
            return false;
        at += length;
    }
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hash(uint8_t out[32], const json_t *line, const char *key)
{
    char text[65];
    if (!read_text(text, sizeof text, line, key) || strlen(text) != 64)
        return false;
    for (size_t i = 0; i < 32; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool read_time(nanotime *out, const json_t *line, const char *key)
{
    char text[TIMETEXT_RFC3339_ROOM + 1];
    return read_text(text, sizeof text, line, key) && timetext_read(out, text);
}

/* Returns the member that is missing or wrong. */
static const char *read_cert(struct known_cert *out, const json_t *line)
{
    *out = (struct known_cert){.has_issuer_spki = json_object_get(line, "issuer_spki_sha256")};
    return !read_text(out->name, sizeof out->name, line, "name") || !*out->name ? "name"
           : !read_hash(out->sha256, line, "sha256")                            ? "sha256"
           : !read_hash(out->spki_sha256, line, "spki_sha256")                  ? "spki_sha256"
           : out->has_issuer_spki && !read_hash(out->issuer_spki, line, "issuer_spki_sha256")
               ? "issuer_spki_sha256"
           : !read_text(out->subject, sizeof out->subject, line, "subject") ? "subject"
           : !read_text(out->issuer, sizeof out->issuer, line, "issuer")    ? "issuer"
           : !read_text(out->key, sizeof out->key, line, "key")             ? "key"
           : !read_text(out->names, sizeof out->names, line, "names")       ? "names"
           : !read_text(out->valid, sizeof out->valid, line, "valid")       ? "valid"
           : !read_time(&out->first_seen, line, "first_seen")               ? "first_seen"
           : !read_time(&out->last_seen, line, "last_seen")                 ? "last_seen"
                                                                            : NULL;
}

static bool complain(char *error, size_t size, size_t number, const char *what, const char *which)
{
    snprintf(error, size, "line %zu: %s%s", number, what, which);
    return false;
}

static bool read_head(char *error, size_t size, const json_t *line)
{
    const char *type = json_string_value(json_object_get(line, "type"));
    if (!type || strcmp(type, "pushwatch-known") != 0)
        return complain(error, size, 1, "not a file that --learn wrote", "");
    if (json_integer_value(json_object_get(line, "version")) != VERSION)
        return complain(error, size, 1, "a version that is not known here", "");
    return true;
}

static bool read_line(struct known_certs *out, char *error, size_t size, size_t number,
                      struct span text)
{
    struct known_cert cert;
    json_error_t wrong;
    json_t *line = text.n > LINE_MOST
                       ? NULL
                       : json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &wrong);
    bool fine = true;
    if (!line) {
        fine = complain(error, size, number, text.n > LINE_MOST ? "too long" : "not JSON", "");
    } else if (number == 1) {
        fine = read_head(error, size, line);
    } else {
        const char *which = read_cert(&cert, line);
        if (which)
            fine = complain(error, size, number, "wrong or without ", which);
        else if (!known_certs_add(out, &cert))
            fine = complain(error, size, number, "too many certificates", "");
    }
    json_decref(line);
    return fine;
}

bool known_text_read(struct known_certs *out, char *error, size_t size, struct span text)
{
    size_t number = 0;
    while (text.n > 0) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        if (!read_line(out, error, size, ++number, span_of(text.p, n)))
            return false;
        n += end != NULL;
        text = span_of(text.p + n, text.n - n);
    }
    return number > 0 || complain(error, size, 1, "the file is empty", "");
}

/* --- writing --- */

static void write_cert(struct json *json, const struct known_cert *cert)
{
    json_open_object(json, NULL);
    json_text(json, "name", cert->name);
    json_hex(json, "sha256", span_of(cert->sha256, sizeof cert->sha256));
    json_hex(json, "spki_sha256", span_of(cert->spki_sha256, sizeof cert->spki_sha256));
    if (cert->has_issuer_spki)
        json_hex(json, "issuer_spki_sha256", span_of(cert->issuer_spki, sizeof cert->issuer_spki));
    json_text(json, "subject", cert->subject);
    json_text(json, "issuer", cert->issuer);
    json_text(json, "key", cert->key);
    json_text(json, "names", cert->names);
    json_text(json, "valid", cert->valid);
    json_time(json, "first_seen", cert->first_seen);
    json_time(json, "last_seen", cert->last_seen);
    json_end_line(json);
}

void known_text_write(struct buf *out, const struct known_certs *certs)
{
    struct json json;
    json_begin(&json, out);
    json_open_object(&json, NULL);
    json_word(&json, "type", "pushwatch-known");
    json_uint(&json, "version", VERSION);
    json_end_line(&json);
    for (size_t i = 0; i < known_certs_count(certs); i++) {
        json_begin(&json, out);
        write_cert(&json, known_certs_at(certs, i));
    }
}
