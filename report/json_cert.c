/* json_cert.c: certificates, and what became of a chain. */
#include "cert_texts.h"
#include "json_flow.h"
#include "members.h"

void json_list_if_any(struct json *json, const char *key, const struct text_list *list)
{
    if (list->count == 0)
        return;
    json_open_array(json, key);
    for (size_t i = 0; i < list->count; i++)
        json_span(json, NULL, list->items[i]);
    json_close_array(json);
}

/* What a flow says of a certificate that it shows. */
static void put_shown(struct json *json, const struct cert *cert)
{
    json_open_object(json, NULL);
    json_hex(json, "sha256", span_of(cert->sha256, sizeof(cert->sha256)));
    if (!cert->malformed) {
        json_span(json, "subject", cert->subject);
        json_span(json, "issuer", cert->issuer);
        json_time(json, "not_before", cert->not_before);
        json_time(json, "not_after", cert->not_after);
        json_list_if_any(json, "san", &cert->san);
    }
    json_close_object(json);
}

static void put_kept(struct json *json, const struct cert *cert, struct cert_texts *certs)
{
    struct span kept = cert_texts_find(certs, cert);
    if (LIKELY(kept.n > 0)) {
        json_written(json, kept);
        return;
    }
    size_t begin = json_length(json);
    put_shown(json, cert);
    cert_texts_keep(certs, cert, json_since(json, begin));
}

void json_chain(struct json *json, const char *key, const struct cert *const *chain, unsigned count,
                struct cert_texts *certs)
{
    if (count == 0)
        return;
    json_open_array(json, key);
    for (unsigned i = 0; i < count; i++) {
        if (certs)
            put_kept(json, chain[i], certs);
        else
            put_shown(json, chain[i]);
    }
    json_close_array(json);
}

static char *put_faults(char *at, const struct validation *validation)
{
    at = member_word(at, KEY("error"), fault_word(validation->error));
    at = member_open(at, KEY("errors"), '[');
    for (uint32_t left = validation->faults; left; left &= left - 1)
        at = member_word(at, ITEM, fault_word((enum fault)__builtin_ctz(left)));
    return member_close(at, ']');
}

void json_validation(struct json *json, const struct validation *validation)
{
    if (validation->status == VALIDATION_NONE)
        return;
    char *at = members_begin(json, 4);
    at = member_open(at, KEY("validation"), '{');
    at = member_word(at, KEY("status"), validation_status_word(validation->status));
    at = member_known_time(at, KEY("at"), &json->time, validation->at);
    if (validation->named)
        at = member_bool(at, KEY("name_match"), validation->name_match);
    members_end(json, at);
    if (validation->anchored)
        json_span(json, "anchor", validation->anchor);
    at = members_begin(json, FAULTS + 6);
    at = member_uint(at, KEY("depth"), validation->depth);
    if (validation->error != FAULT_NONE)
        at = put_faults(at, validation);
    if (validation->staple != STAPLE_NOT_CHECKED)
        at = member_word(at, KEY("ocsp"), staple_check_word((enum staple_check)validation->staple));
    members_end(json, member_close_some(at, '}'));
}

static void put_key(struct json *json, const struct cert *cert)
{
    json_open_object(json, "key");
    json_text(json, "type", cert->key_type);
    if (cert->key_bits > 0)
        json_uint(json, "bits", cert->key_bits);
    if (cert->key_curve)
        json_text(json, "curve", cert->key_curve);
    json_close_object(json);
}

static void put_contents(struct json *json, const struct cert *cert)
{
    json_hex(json, "spki_sha256", span_of(cert->spki_sha256, sizeof(cert->spki_sha256)));
    json_span(json, "subject", cert->subject);
    json_span(json, "issuer", cert->issuer);
    json_hex(json, "serial", cert->serial);
    json_uint(json, "version", cert->version);
    json_time(json, "not_before", cert->not_before);
    json_time(json, "not_after", cert->not_after);
    json_list_if_any(json, "san", &cert->san);
    put_key(json, cert);
    if (cert->signature_algorithm)
        json_text(json, "signature_algorithm", cert->signature_algorithm);
    json_bool(json, "is_ca", cert->is_ca);
    json_bool(json, "self_signed", cert->self_signed);
    json_list_if_any(json, "key_usage", &cert->key_usage);
    json_list_if_any(json, "extended_key_usage", &cert->extended_key_usage);
    json_list_if_any(json, "policies", &cert->policies);
    json_list_if_any(json, "ocsp", &cert->ocsp);
    json_list_if_any(json, "crl", &cert->crl);
    json_uint(json, "sct", cert->sct_count);
}

/* PEM: RFC 7468 section 3. */
static void put_pem(struct json *json, struct span der)
{
    enum { LINE = 48 /* bytes, which give 64 characters */ };
    json_open_text(json, "pem");
    json_piece(json, span_of("-----BEGIN CERTIFICATE-----", 27));
    for (size_t at = 0; at < der.n; at += LINE) {
        char line[BASE64_ROOM(LINE)];
        size_t n = der.n - at < LINE ? der.n - at : LINE;
        json_newline(json);
        json_piece(json,
                   span_of(line, (size_t)(digits_base64(line, span_of(der.p + at, n)) - line)));
    }
    json_newline(json);
    json_piece(json, span_of("-----END CERTIFICATE-----", 25));
    json_newline(json);
    json_close_text(json);
}

void json_cert(struct json *json, const struct cert *cert, bool pem)
{
    json_hex(json, "sha256", span_of(cert->sha256, sizeof(cert->sha256)));
    json_hex(json, "sha1", span_of(cert->sha1, sizeof(cert->sha1)));
    if (!cert->malformed)
        put_contents(json, cert);
    if (cert->last_seen != 0) { /* else its packets have no time */
        json_time(json, "first_seen", cert->first_seen);
        json_time(json, "last_seen", cert->last_seen);
    }
    json_uint(json, "flows", cert->flows);
    json_open_array(json, "presented_by");
    if (cert->presented_by & CERT_FROM_SERVER)
        json_word(json, NULL, "server");
    if (cert->presented_by & CERT_FROM_CLIENT)
        json_word(json, NULL, "client");
    json_close_array(json);
    json_list_if_any(json, "names", &cert->names);
    if (cert->malformed)
        json_bool(json, "malformed", true);
    if (pem)
        put_pem(json, cert->der);
}
