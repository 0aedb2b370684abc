/* json_tls.c: the `tls` object of a flow. */
#include "json_flow.h"
#include "keepalive.h"
#include "names.h"

JSON_INLINE void span_if_any(struct json *json, const char *key, struct span text)
{
    if (text.n > 0)
        json_span(json, key, text);
}

/* A fingerprint that could not be made is an empty string. */
JSON_INLINE void word_if_any(struct json *json, const char *key, const char *word)
{
    if (word[0])
        json_word(json, key, word);
}

static void put_version(struct json *json, const struct tls_facts *tls)
{
    struct name_room room;
    if (tls->version == 0)
        return;
    json_word(json, "version", names_tls_version(&room, tls->version));
    json_bool(json, "negotiated", tls->negotiated);
}

static void put_negotiated(struct json *json, const struct tls_facts *tls)
{
    const struct client_hello *client = tls->client_hello;
    const struct server_hello *server = tls->server_hello;
    struct name_room room;

    span_if_any(json, "sni", tls->sni);
    if (client)
        json_list_if_any(json, "alpn_offered", &client->alpn);
    span_if_any(json, "alpn", tls_alpn(tls));
    if (server && server->version != TLS_VERSION_SSL2) {
        json_word(json, "cipher", names_cipher(&room, server->cipher));
        json_word(json, "cipher_id", names_code(&room, server->cipher));
    } else if (tls->extras && tls->extras->ssl2_cipher != 0) {
        json_word(json, "cipher", names_ssl2_cipher(&room, tls->extras->ssl2_cipher));
        json_word(json, "cipher_id", names_ssl2_code(&room, tls->extras->ssl2_cipher));
    }
    if (tls->group != 0)
        json_word(json, "group", names_group(&room, tls->group));
    if (tls->resumed)
        json_bool(json, "resumed", true);
    else if (tls->server_cert_count > 0)
        json_bool(json, "resumed", false);
    if (client) {
        json_bool(json, "ech", client->ech);
        if (tls->ech != ECH_UNDECIDED)
            json_word(json, "ech_status", names_ech(tls->ech));
        if (client->esni)
            json_bool(json, "esni", true);
        word_if_any(json, "ja3", client->ja3);
    }
    if (server)
        word_if_any(json, "ja3s", server->ja3s);
    if (client)
        word_if_any(json, "ja4", client->ja4);
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
                             const struct validation *validation)
{
    if (tls->certs_via != CERTS_UNKNOWN)
        json_word(json, "certificates_via", names_certs_via(tls->certs_via));
    if (tls->extras)
        json_raw_keys(json, tls->extras);
    json_chain(json, tls->server_chain_cut ? "server_certificates_partial" : "server_certificates",
               tls->server_certs, tls->server_cert_count);
    json_chain(json, tls->client_chain_cut ? "client_certificates_partial" : "client_certificates",
               tls->client_certs, tls->client_cert_count);
    if (tls->client_cert_count > 0)
        json_word(json, "client_validation", "not-judged");
    if (tls->certificate_requested) {
        json_bool(json, "client_certificate_requested", true);
        if (tls->acceptable_cas != TLS_CAS_UNKNOWN)
            json_uint(json, "acceptable_cas", tls->acceptable_cas);
    } else if (tls->server_cert_count > 0 && tls->progress == TLS_COMPLETE) {
        json_bool(json, "client_certificate_requested", false);
    }
    if (tls->extras)
        json_staple(json, tls->extras);
    put_scts(json, tls);
    json_validation(json, validation);
}

static void put_alerts(struct json *json, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    if (tls->alert_count == 0)
        return;
    json_open_array(json, "alerts");
    for (unsigned i = 0; i < tls->alert_count; i++) {
        const struct tls_alert *alert = &tls->alerts[i];
        struct name_room room;
        json_open_object(json, NULL);
        json_word(json, "from", names_side(side_of_direction(record, alert->direction)));
        if (alert->encrypted) {
            json_bool(json, "encrypted", true);
        } else {
            json_word(json, "level", names_alert_level(&room, alert->level));
            json_word(json, "description", names_alert(&room, alert->description));
        }
        json_uint(json, "frame", alert->frame);
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_close_notify(struct json *json, const struct flow_record *record)
{
    const char *answers[2];
    for (unsigned direction = 0; direction < 2; direction++)
        answers[side_of_direction(record, direction)] =
            names_close_notify(record->tls->close_notify[direction]);
    json_open_object(json, "close_notify");
    json_word(json, "client", answers[CLIENT]);
    json_word(json, "server", answers[SERVER]);
    json_close_object(json);
}

static void put_step(struct json *json, const struct flow_record *record,
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
static void put_prologue(struct json *json, const struct flow_record *record)
{
    if (!record->prologue)
        return;
    json_open_array(json, "prologue");
    for (unsigned i = 0; i < record->prologue->count; i++)
        put_step(json, record, &record->prologue->steps[i]);
    json_close_array(json);
}

static void put_keepalive(struct json *json, const struct flow_record *record)
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

static void put_frames(struct json *json, const struct tls_facts *tls)
{
    json_open_object(json, "frames");
    frame_if_known(json, "client_hello", tls->client_hello_frame);
    frame_if_known(json, "server_hello", tls->server_hello_frame);
    frame_if_known(json, "certificate", tls->certificate_frame);
    frame_if_known(json, "client_certificate", tls->client_certificate_frame);
    frame_if_known(json, "complete", tls->complete_frame);
    json_close_object(json);
}

/* Messages that are in the holes. */
static void put_missed(struct json *json, const struct flow_record *record)
{
    if (LIKELY((record->tls->missed[0] | record->tls->missed[1]) == 0))
        return;
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
}

void json_tls(struct json *json, const struct flow_record *record,
              const struct validation *validation)
{
    const struct tls_facts *tls = record->tls;
    put_version(json, tls);
    json_word(json, "handshake", names_tls_progress(tls->progress));
    put_negotiated(json, tls);
    put_certificates(json, tls, validation);
    put_alerts(json, record);
    put_close_notify(json, record);
    if (tls->client_hello)
        json_bool(json, "early_data", tls->early_data);
    if (tls->server_hello)
        json_bool(json, "hello_retry", tls->hello_retry);
    if (tls->extras)
        json_tls_extras(json, record);
    put_keepalive(json, record);
    put_prologue(json, record);
    put_frames(json, tls);
    json_uint(json, "gap_bytes", tls->gap_bytes);
    put_missed(json, record);
}
