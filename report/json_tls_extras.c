/* json_tls_extras.c: what few sessions have, in the `tls` object of a flow. */
#include "json_flow.h"
#include "names.h"

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
    put_heartbeats(json, record);
    put_renegotiation(json, &record->tls->extras->renegotiation);
}
