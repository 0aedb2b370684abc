/* apns.c: keeps no content but the numbers that are reported, unless it is asked for. */
#include "apns.h"

#include "limits.h"

#include <stdlib.h>

enum {
    CONNECT = 0x07,
    CONNECT_ACK = 0x08,
    KEEP_ALIVE = 0x0c,
    FIELD_STATUS = 1,
    FIELD_INTERVAL = 5,
    BODY_MAX = 1 << 20 /* a payload has 4 kB; whatever is above is no command */
};

static bool is_command(uint8_t command)
{
    return (command >= CONNECT && command <= 0x14) || command == 0x1d;
}

static uint32_t length_of(const uint8_t header[5])
{
    return be32(header + 1);
}

/* --- facts --- */

static void free_fields(struct apns_command *command)
{
    for (unsigned i = 0; i < command->field_count; i++)
        free(command->fields[i].value);
    free(command->fields);
}

void apns_free(struct apns_facts *facts)
{
    if (!facts)
        return;
    for (unsigned i = 0; i < facts->count; i++)
        free_fields(&facts->commands[i]);
    free(facts->commands);
    free(facts);
}

size_t apns_memory(const struct apns_facts *facts)
{
    return facts ? sizeof *facts + facts->room * sizeof *facts->commands + facts->value_bytes : 0;
}

static struct apns_command *command_of(const struct apns_stream *stream, struct apns_facts *facts)
{
    return stream->kept ? &facts->commands[stream->at] : NULL;
}

/* begin_command notes a command whose header is there. */
static void begin_command(struct apns_stream *stream, struct apns_facts **made,
                          const struct apns_where *where)
{
    if (!*made)
        *made = xcalloc(1, sizeof **made);
    struct apns_facts *facts = *made;
    stream->left = length_of(stream->header);
    stream->field_have = 0;
    stream->kept = facts->count < LIMIT_APNS_COMMANDS;
    if (!stream->kept) {
        facts->more++;
        return;
    }
    if (facts->count == facts->room) {
        facts->room = (uint16_t)(facts->room ? facts->room * 2 : 4);
        facts->commands = xrealloc(facts->commands, facts->room * sizeof *facts->commands);
    }
    stream->at = facts->count++;
    facts->commands[stream->at] = (struct apns_command){.time = where->time,
                                                        .frame = where->frame,
                                                        .length = stream->left,
                                                        .status = -1,
                                                        .interval = -1,
                                                        .command = stream->header[0],
                                                        .direction = (uint8_t)where->direction};
}

/* begin_field keeps a place for a field's value. */
static void begin_field(const struct apns_stream *stream, struct apns_facts *facts, bool values)
{
    struct apns_command *command = command_of(stream, facts);
    if (!command || !values || command->field_count == LIMIT_APNS_FIELDS)
        return;
    if (!command->fields)
        command->fields = xcalloc(LIMIT_APNS_FIELDS, sizeof *command->fields);
    command->fields[command->field_count++] =
        (struct apns_field){.id = stream->field[0], .length = stream->field_length};
}

static void keep_value(struct apns_facts *facts, struct apns_field *field, struct span part)
{
    size_t most = field->length < LIMIT_APNS_VALUE ? field->length : LIMIT_APNS_VALUE;
    size_t n = part.n < most - field->have ? part.n : most - field->have;
    if (!field->value) {
        field->value = xmalloc(most);
        facts->value_bytes += most;
    }
    memcpy(field->value + field->have, part.p, n);
    field->have = (uint16_t)(field->have + n);
}

/* The two numbers that tell how a connection fares. Their bytes come one by one, highest first. */
static void take_number(const struct apns_stream *stream, struct apns_command *command,
                        struct span part)
{
    bool status = command->command == CONNECT_ACK && stream->field[0] == FIELD_STATUS &&
                  stream->field_length == 1;
    bool interval = command->command == KEEP_ALIVE && stream->field[0] == FIELD_INTERVAL &&
                    stream->field_length <= 2;
    for (size_t i = 0; i < part.n && status; i++)
        command->status = part.p[i];
    for (size_t i = 0; i < part.n && interval; i++)
        command->interval =
            (command->interval < 0 ? 0 : (command->interval & 0xff) << 8) | part.p[i];
}

static void take_value(const struct apns_stream *stream, struct apns_facts *facts, struct span part,
                       bool values)
{
    struct apns_command *command = command_of(stream, facts);
    if (!command)
        return;
    take_number(stream, command, part);
    struct apns_field *last =
        command->field_count > 0 ? &command->fields[command->field_count - 1] : NULL;
    if (values && last && last->id == stream->field[0] && last->length == stream->field_length)
        keep_value(facts, last, part);
}

/* --- bytes --- */

/* collect moves bytes into a header of `n` bytes. Returns whether it is whole. */
static bool collect(uint8_t *header, uint8_t *have, uint8_t n, struct cursor *in)
{
    while (*have < n && cursor_u8(in, &header[*have]))
        ++*have;
    return *have == n;
}

/* read_body takes what `in` has of the command's body. A field that is longer than its command
 * makes the rest of that unreadable, but not the next one. */
static void read_body(struct apns_stream *stream, struct apns_facts *facts, struct cursor *in,
                      bool values)
{
    struct span taken;
    struct cursor body;
    size_t n = in->left < stream->left ? in->left : stream->left;
    if (!cursor_sub(in, &body, n))
        return;
    stream->left -= (uint32_t)n;
    while (!cursor_done(&body)) {
        if (stream->field_have < sizeof stream->field) {
            if (!collect(stream->field, &stream->field_have, sizeof stream->field, &body))
                return;
            stream->field_length = stream->field_left = be16(stream->field + 1);
            begin_field(stream, facts, values);
        }
        n = body.left < stream->field_left ? body.left : stream->field_left;
        if (!cursor_bytes(&body, &taken, n))
            return;
        stream->field_left = (uint16_t)(stream->field_left - n);
        if (taken.n > 0)
            take_value(stream, facts, taken, values);
        if (stream->field_left == 0)
            stream->field_have = 0;
    }
}

/* end_command checks that the last field ended where its command did. */
static void end_command(struct apns_stream *stream, struct apns_facts *facts)
{
    struct apns_command *command = command_of(stream, facts);
    if (command && stream->field_have > 0)
        command->malformed = true;
    stream->header_have = 0;
    stream->field_have = 0;
}

/* may_begin judges a command's header, as far as it is there: without an agreement on the protocol
 * the client's first has to be Connect, and the server's its answer. */
static bool may_begin(const struct apns_stream *stream, const struct apns_where *where,
                      bool certain)
{
    uint8_t command = stream->header[0];
    bool first = !certain && stream->verdict == APNS_UNDECIDED;
    if (first && command != (where->from_client ? CONNECT : CONNECT_ACK))
        return false;
    if (stream->header_have < sizeof stream->header)
        return is_command(command);
    return is_command(command) && length_of(stream->header) <= BODY_MAX;
}

static void give_up(struct apns_stream *stream, struct apns_facts *facts)
{
    if (stream->verdict == APNS_IS && facts)
        facts->malformed = true;
    stream->verdict = APNS_IS_NOT;
}

void apns_take(struct apns_stream *stream, struct apns_facts **facts, struct span content,
               const struct apns_where *where, bool certain, bool values)
{
    struct cursor in = cursor_of(content);
    while (stream->verdict != APNS_IS_NOT && !cursor_done(&in)) {
        if (stream->header_have < sizeof stream->header) {
            bool whole = collect(stream->header, &stream->header_have, sizeof stream->header, &in);
            if (!may_begin(stream, where, certain)) {
                stream->header_have = 0;
                if (!stream->lost)
                    give_up(stream, *facts);
                return;
            }
            if (!whole)
                return;
            stream->lost = false;
            stream->verdict = APNS_IS;
            begin_command(stream, facts, where);
        }
        read_body(stream, *facts, &in, values);
        if (stream->left == 0)
            end_command(stream, *facts);
    }
}

void apns_end(struct apns_stream *stream, struct apns_facts *facts)
{
    struct apns_command *command = facts ? command_of(stream, facts) : NULL;
    if (command && stream->left > 0)
        command->cut = true;
}

void apns_gap(struct apns_stream *stream, struct apns_facts *facts)
{
    struct apns_command *command = facts ? command_of(stream, facts) : NULL;
    if (command && stream->left > 0)
        command->cut = true;
    if (facts)
        facts->gaps++;
    stream->header_have = stream->field_have = 0;
    stream->left = 0;
    stream->kept = false;
    stream->lost = true;
}
