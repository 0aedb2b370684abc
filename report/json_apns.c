/* json_apns.c: what decryption has shown of a flow: how it went, and the commands of an APNs
 * stream. Tokens and payloads are values of fields, which are there only if they were asked for. */
#include "json_flow.h"
#include "names.h"

void json_decryption(struct json *json, const struct flow_record *record)
{
    const struct tls_decryption *decryption = &record->tls->extras->decryption;
    enum decryption_status status = tls_decryption_status(decryption);
    if (status == DECRYPTION_NONE)
        return;
    json_open_object(json, "decryption");
    json_word(json, "status", names_decryption(status));
    if (decryption->trouble != TROUBLE_NONE)
        json_word(json, "trouble",
                  names_decryption_trouble((enum decryption_trouble)decryption->trouble));
    for (unsigned side = CLIENT; side <= SERVER; side++) {
        unsigned direction = (side ^ record->client_direction) & 1;
        json_open_object(json, names_side((enum side)side));
        json_uint(json, "opened", decryption->opened[direction]);
        json_uint(json, "closed", decryption->closed[direction]);
        json_close_object(json);
    }
    json_close_object(json);
}

static void put_field(struct json *json, const struct apns_field *field)
{
    json_open_object(json, NULL);
    json_uint(json, "id", field->id);
    json_uint(json, "length", field->length);
    if (field->have > 0)
        json_hex(json, "value", span_of(field->value, field->have));
    json_close_object(json);
}

static void put_command(struct json *json, const struct flow_record *record,
                        const struct apns_command *command)
{
    struct name_room room;
    json_open_object(json, NULL);
    json_word(json, "from", names_side(side_of_direction(record, command->direction)));
    time_if_known(json, "time", command->time);
    json_uint(json, "frame", command->frame);
    json_word(json, "command", names_apns_code(&room, command->command));
    if (names_apns(command->command))
        json_word(json, "name", names_apns(command->command));
    json_uint(json, "length", command->length);
    if (command->status >= 0)
        json_uint(json, "status", (uint64_t)command->status);
    if (command->interval >= 0)
        json_uint(json, "interval", (uint64_t)command->interval);
    if (command->cut)
        json_bool(json, "cut", true);
    if (command->malformed)
        json_bool(json, "malformed", true);
    if (command->field_count > 0) {
        json_open_array(json, "fields");
        for (unsigned i = 0; i < command->field_count; i++)
            put_field(json, &command->fields[i]);
        json_close_array(json);
    }
    json_close_object(json);
}

void json_apns(struct json *json, const struct flow_record *record)
{
    const struct apns_facts *apns = record->tls->extras->apns;
    if (!apns)
        return;
    json_open_object(json, "apns");
    json_open_array(json, "commands");
    for (unsigned i = 0; i < apns->count; i++)
        put_command(json, record, &apns->commands[i]);
    json_close_array(json);
    if (apns->more > 0)
        json_uint(json, "more", apns->more);
    if (apns->gaps > 0)
        json_uint(json, "gaps", apns->gaps);
    if (apns->malformed)
        json_bool(json, "malformed", true);
    json_close_object(json);
}
