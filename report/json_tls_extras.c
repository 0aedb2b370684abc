/* json_tls_extras.c: what few sessions have, in the `tls` object of a flow. */
#include "json_flow.h"
#include "names.h"

static void put_raw_key(struct json *json, const char *key, const struct raw_key *raw)
{
    if (!raw)
        return;
    json_open_object(json, key);
    json_hex(json, "spki_sha256", span_of(raw->spki_sha256, sizeof(raw->spki_sha256)));
    json_text(json, "type", raw->type);
    if (raw->bits > 0)
        json_uint(json, "bits", raw->bits);
    if (raw->curve[0])
        json_text(json, "curve", raw->curve);
    json_close_object(json);
}

void json_raw_keys(struct json *json, const struct tls_extras *extras)
{
    unsigned server = extras->certificate_types[SERVER], client = extras->certificate_types[CLIENT];
    if (server != CERTIFICATE_X509)
        json_word(json, "server_certificate_type", names_certificate_type(server));
    put_raw_key(json, "server_raw_public_key", extras->server_key);
    if (client != CERTIFICATE_X509)
        json_word(json, "client_certificate_type", names_certificate_type(client));
    put_raw_key(json, "client_raw_public_key", extras->client_key);
    if (extras->compression != 0)
        json_word(json, "certificate_compression", names_compression(extras->compression));
}

void json_staple(struct json *json, const struct tls_extras *extras)
{
    const struct ocsp_staple *staple = extras->staple;
    if (!staple)
        return;
    json_word(json, "ocsp_stapled", names_staple(staple->status));
    if (staple->this_update == 0)
        return;
    json_open_object(json, "ocsp_response");
    json_time(json, "this_update", staple->this_update);
    time_if_known(json, "next_update", staple->next_update);
    time_if_known(json, "revoked_at", staple->revoked_at);
    if (staple->other_certificate)
        json_bool(json, "other_certificate", true);
    json_close_object(json);
}

static void put_heartbeats(struct json *json, const struct flow_record *record)
{
    const struct tls_heartbeats *beats = &record->tls->extras->heartbeats;
    if (beats->first_frame == 0)
        return;
    json_open_object(json, "heartbeat");
    for (unsigned side = CLIENT; side <= SERVER; side++) {
        unsigned direction = (side ^ record->client_direction) & 1;
        json_open_object(json, names_side((enum side)side));
        json_uint(json, "records", beats->records[direction]);
        json_uint(json, "bytes", beats->bytes[direction]);
        json_close_object(json);
    }
    json_uint(json, "frame", beats->first_frame);
    json_uint(json, "overreads", beats->overreads);
    frame_if_known(json, "overread_frame", beats->first_overread_frame);
    json_close_object(json);
}

static void put_renegotiation(struct json *json, const struct tls_renegotiation *later)
{
    if (later->first_frame == 0)
        return;
    uint32_t ended = later->changes[0] < later->changes[1] ? later->changes[0] : later->changes[1];
    json_open_object(json, "renegotiation");
    json_uint(json, "completed", ended);
    json_uint(json, "records", later->records);
    json_uint(json, "frame", later->first_frame);
    json_close_object(json);
}

void json_tls_extras(struct json *json, const struct flow_record *record)
{
    if (record->tls->extras->early_data_accepted)
        json_bool(json, "early_data_accepted", true);
    json_decryption(json, record);
    put_heartbeats(json, record);
    put_renegotiation(json, &record->tls->extras->renegotiation);
}
