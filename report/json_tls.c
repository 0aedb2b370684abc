/* json_tls.c: the `tls` object of a flow. */
#include "json_flow.h"
#include "keepalive.h"
#include "members.h"
#include "names.h"

JSON_INLINE void span_if_any(struct json *json, const char *key, struct span text)
{
    if (text.n > 0)
        json_span(json, key, text);
}

static char *put_version(char *at, const struct tls_facts *tls)
{
    const struct word *word = word_tls_version(tls->version);
    struct name_room room;
    if (tls->version == 0)
        return at;
    if (LIKELY(word != NULL))
        at = member_word(at, KEY("version"), word);
    else
        at = member_text(at, KEY("version"), names_tls_version(&room, tls->version));
    return member_bool(at, KEY("negotiated"), tls->negotiated);
}

static void put_names(struct json *json, const struct tls_facts *tls)
{
    span_if_any(json, "sni", tls->sni);
    if (tls->client_hello)
        json_list_if_any(json, "alpn_offered", &tls->client_hello->alpn);
    span_if_any(json, "alpn", tls_alpn(tls));
}

static char *put_cipher(char *at, const struct tls_facts *tls)
{
    const struct server_hello *server = tls->server_hello;
    struct name_room room;
    if (server && server->version != TLS_VERSION_SSL2) {
        const char *name = names_cipher(&room, server->cipher);
        at = member_text(at, KEY("cipher"), name);
        return member_code(at, KEY("cipher_id"), server->cipher);
    }
    if (tls->extras && tls->extras->ssl2_cipher != 0) {
        const char *name = names_ssl2_cipher(&room, tls->extras->ssl2_cipher);
        at = member_text(at, KEY("cipher"), name);
        name = names_ssl2_code(&room, tls->extras->ssl2_cipher);
        return member_text(at, KEY("cipher_id"), name);
    }
    return at;
}

static char *put_ech(char *at, const struct tls_facts *tls)
{
    at = member_bool(at, KEY("ech"), tls->client_hello->ech);
    if (tls->ech != ECH_UNDECIDED) {
        const char *name = names_ech(tls->ech);
        at = member_text(at, KEY("ech_status"), name);
    }
    return tls->client_hello->esni ? member_bool(at, KEY("esni"), true) : at;
}

/* One that could not be made is an empty string. */
static char *put_fingerprints(char *at, const struct client_hello *client,
                              const struct server_hello *server)
{
    if (client && client->ja3[0])
        at = member_chars(at, KEY("ja3"), client->ja3, sizeof client->ja3 - 1);
    if (server && server->ja3s[0])
        at = member_chars(at, KEY("ja3s"), server->ja3s, sizeof server->ja3s - 1);
    if (client && client->ja4[0])
        at = member_chars(at, KEY("ja4"), client->ja4, sizeof client->ja4 - 1);
    return at;
}

static char *put_negotiated(char *at, const struct tls_facts *tls)
{
    struct name_room room;
    at = put_cipher(at, tls);
    if (tls->group != 0) {
        const char *name = names_group(&room, tls->group);
        at = member_text(at, KEY("group"), name);
    }
    if (tls->resumed || tls->server_cert_count > 0)
        at = member_bool(at, KEY("resumed"), tls->resumed);
    if (tls->client_hello)
        at = put_ech(at, tls);
    return put_fingerprints(at, tls->client_hello, tls->server_hello);
}

static char *put_requested(char *at, const struct tls_facts *tls)
{
    if (tls->client_cert_count > 0)
        at = member_chars(at, KEY("client_validation"), "not-judged", 10);
    if (tls->certificate_requested) {
        at = member_bool(at, KEY("client_certificate_requested"), true);
        if (tls->acceptable_cas != TLS_CAS_UNKNOWN)
            at = member_uint(at, KEY("acceptable_cas"), tls->acceptable_cas);
    } else if (tls->server_cert_count > 0 && tls->progress == TLS_COMPLETE) {
        at = member_bool(at, KEY("client_certificate_requested"), false);
    }
    return at;
}

/* Timestamps may come in the leaf, in an extension of TLS, and in the stapled response: RFC 6962
 * section 3.3. */
static void put_scts(struct json *json, const struct tls_facts *tls)
{
    bool leaf = tls->server_cert_count > 0 && !tls->server_certs[0]->malformed;
    unsigned count = leaf ? tls->server_certs[0]->sct_count : 0;
    if (tls->extras) {
        count += tls->extras->scts;
        count += tls->extras->staple ? tls->extras->staple->sct_count : 0;
    }
    if (leaf || count > 0)
        json_uint(json, "sct", count);
}

static void put_certificates(struct json *json, const struct tls_facts *tls,
                             const struct validation *validation, struct cert_texts *certs)
{
    if (tls->extras)
        json_raw_keys(json, tls->extras);
    json_chain(json, tls->server_chain_cut ? "server_certificates_partial" : "server_certificates",
               tls->server_certs, tls->server_cert_count, certs);
    json_chain(json, tls->client_chain_cut ? "client_certificates_partial" : "client_certificates",
               tls->client_certs, tls->client_cert_count, certs);
    members_end(json, put_requested(members_begin(json, 3), tls));
    if (tls->extras)
        json_staple(json, tls->extras);
    put_scts(json, tls);
    json_validation(json, validation);
}

static char *put_alert(char *at, const struct flow_record *record, const struct tls_alert *alert)
{
    struct name_room room;
    at = member_open(at, ITEM, '{');
    at = member_word(at, KEY("from"), word_side(side_of_direction(record, alert->direction)));
    if (alert->encrypted) {
        at = member_bool(at, KEY("encrypted"), true);
    } else {
        const char *name = names_alert_level(&room, alert->level);
        at = member_text(at, KEY("level"), name);
        name = names_alert(&room, alert->description);
        at = member_text(at, KEY("description"), name);
    }
    at = member_uint(at, KEY("frame"), alert->frame);
    return member_close_some(at, '}');
}

static char *put_alerts(char *at, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    if (tls->alert_count == 0)
        return at;
    at = member_open(at, KEY("alerts"), '[');
    for (unsigned i = 0; i < tls->alert_count; i++)
        at = put_alert(at, record, &tls->alerts[i]);
    return member_close_some(at, ']');
}

static char *put_close_notify(char *at, const struct flow_record *record)
{
    const uint8_t *answers = record->tls->close_notify;
    unsigned client = record->client_direction & 1;
    at = member_open(at, KEY("close_notify"), '{');
    at = member_word(at, KEY("client"), word_close_notify((enum close_notify)answers[client]));
    at = member_word(at, KEY("server"), word_close_notify((enum close_notify)answers[client ^ 1]));
    return member_close_some(at, '}');
}

static NOINLINE void put_step(struct json *json, const struct flow_record *record,
                              const struct prologue_step *step)
{
    uint64_t offset[2];
    for (unsigned direction = 0; direction < 2; direction++)
        offset[side_of_direction(record, direction)] = step->offset[direction];
    json_open_object(json, NULL);
    json_word(json, "protocol", names_plain((enum plain_protocol)step->protocol));
    span_if_any(json, "source", step->source);
    span_if_any(json, "target", step->target);
    json_open_array(json, "frames");
    json_uint(json, NULL, step->first_frame);
    json_uint(json, NULL, step->last_frame);
    json_close_array(json);
    json_open_object(json, "offset");
    for (unsigned side = 0; side < 2; side++)
        if (offset[side] != UINT64_MAX)
            json_uint(json, names_side((enum side)side), offset[side]);
    json_close_object(json);
    json_close_object(json);
}

/* What was said in clear before TLS began, outermost first. */
static NOINLINE void put_prologue(struct json *json, const struct flow_record *record)
{
    json_open_array(json, "prologue");
    for (unsigned i = 0; i < record->prologue->count; i++)
        put_step(json, record, &record->prologue->steps[i]);
    json_close_array(json);
}

static NOINLINE void put_keepalive(struct json *json, const struct flow_record *record)
{
    const struct keepalive_facts *facts = &record->keepalive;
    struct period period;
    if (!keepalive_period(&period, record))
        return;
    json_open_object(json, "keepalive");
    json_word(json, "from", names_side(side_of_direction(record, facts->direction)));
    json_seconds(json, "interval", period.period);
    json_seconds(json, "jitter", period.jitter);
    json_uint(json, "count", facts->count);
    json_uint(json, "length", facts->length);
    json_uint(json, "answers", facts->answers);
    if (facts->answers > 0)
        json_uint(json, "answer_length", facts->answer_length);
    json_time(json, "last", facts->times[facts->time_count - 1]);
    json_close_object(json);
}

static char *put_frames(char *at, const struct tls_facts *tls)
{
    at = member_open(at, KEY("frames"), '{');
    at = member_frame(at, KEY("client_hello"), tls->client_hello_frame);
    at = member_frame(at, KEY("server_hello"), tls->server_hello_frame);
    at = member_frame(at, KEY("certificate"), tls->certificate_frame);
    at = member_frame(at, KEY("client_certificate"), tls->client_certificate_frame);
    at = member_frame(at, KEY("complete"), tls->complete_frame);
    return member_close(at, '}');
}

/* Messages that are in the holes. */
static NOINLINE char *put_missed(char *at, struct json *json, const struct flow_record *record)
{
    members_end(json, at);
    json_open_array(json, "missed");
    for (unsigned side = CLIENT; side <= SERVER; side++) {
        uint32_t missed = record->tls->missed[(side ^ record->client_direction) & 1];
        for (unsigned type = 0; type < 32; type++) {
            if (!(missed >> type & 1))
                continue;
            json_open_object(json, NULL);
            json_word(json, "from", names_side((enum side)side));
            json_word(json, "message", names_handshake_message(type));
            json_close_object(json);
        }
    }
    json_close_array(json);
    return members_begin(json, 1);
}

void json_tls(struct json *json, const struct flow_record *record,
              const struct validation *validation, struct cert_texts *certs)
{
    const struct tls_facts *tls = record->tls;
    char *at = member_open(members_begin(json, 4), KEY("tls"), '{');
    at = put_version(at, tls);
    at = member_word(at, KEY("handshake"), word_tls_progress(tls->progress));
    members_end(json, at);
    put_names(json, tls);
    at = put_negotiated(members_begin(json, 14), tls);
    if (tls->certs_via != CERTS_UNKNOWN)
        at = member_word(at, KEY("certificates_via"), word_certs_via(tls->certs_via));
    members_end(json, at);
    put_certificates(json, tls, validation, certs);
    at = put_alerts(members_begin(json, 2 + 6 * TLS_ALERTS_MAX + 6), record);
    at = put_close_notify(at, record);
    if (tls->client_hello)
        at = member_bool(at, KEY("early_data"), tls->early_data);
    if (tls->server_hello)
        at = member_bool(at, KEY("hello_retry"), tls->hello_retry);
    members_end(json, at);
    if (tls->extras)
        json_tls_extras(json, record);
    if (record->keepalive.time_count > 0)
        put_keepalive(json, record);
    if (record->prologue)
        put_prologue(json, record);
    at = put_frames(members_begin(json, 9), tls);
    at = member_uint(at, KEY("gap_bytes"), tls->gap_bytes);
    if (UNLIKELY(tls->missed[0] | tls->missed[1]))
        at = put_missed(at, json, record);
    members_end(json, member_close_some(at, '}'));
}
