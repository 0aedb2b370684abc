/* json_capture.c: see json_capture.h. */
#include "json_capture.h"

#include "../dissect/flow_record.h"
#include "address.h"

static void text_if_any(struct json *json, const char *key, struct span text)
{
    if (text.n > 0)
        json_span(json, key, text);
}

static void uint_if_any(struct json *json, const char *key, uint64_t number)
{
    if (number > 0)
        json_uint(json, key, number);
}

/* Of one input nobody asks which. */
static void put_input(struct json *json, const struct run_meta *meta, uint32_t input)
{
    if (meta->input_count > 1 && input < meta->input_count)
        json_text(json, "input", meta->inputs[input]);
}

static void put_sections(struct json *json, size_t from, const struct run_meta *meta,
                         const struct capture_facts *facts)
{
    if (from == facts->section_count)
        return;
    json_open_array(json, "sections");
    for (size_t i = from; i < facts->section_count; i++) {
        const struct fact_section *section = &facts->sections[i];
        json_open_object(json, NULL);
        put_input(json, meta, section->input);
        text_if_any(json, "hardware", section->hardware);
        text_if_any(json, "os", section->os);
        text_if_any(json, "application", section->application);
        text_if_any(json, "comment", section->comment);
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_interfaces(struct json *json, size_t from, const struct run_meta *meta,
                           const struct capture_facts *facts)
{
    if (from == facts->interface_count)
        return;
    json_open_array(json, "interfaces");
    for (size_t i = from; i < facts->interface_count; i++) {
        const struct fact_interface *interface = &facts->interfaces[i];
        json_open_object(json, NULL);
        put_input(json, meta, interface->input);
        text_if_any(json, "name", interface->name);
        text_if_any(json, "description", interface->description);
        json_uint(json, "link_type", interface->link_number);
        uint_if_any(json, "snaplen", interface->snaplen);
        uint_if_any(json, "speed", interface->speed);
        text_if_any(json, "filter", interface->filter);
        text_if_any(json, "hardware", interface->hardware);
        text_if_any(json, "os", interface->os);
        text_if_any(json, "comment", interface->comment);
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_names(struct json *json, size_t from, const struct capture_facts *facts)
{
    if (from == facts->name_count)
        return;
    json_open_array(json, "names");
    for (size_t i = from; i < facts->name_count; i++) {
        const struct fact_name *name = &facts->names[i];
        struct endpoint end = {.ipv6 = name->ipv6};
        struct address_room room;
        memcpy(end.ip, name->address, sizeof end.ip);
        json_open_object(json, NULL);
        json_word(json, "ip", address_host(&room, &end));
        json_span(json, "name", name->name);
        json_close_object(json);
    }
    json_close_array(json);
}

static bool is_counted(const struct fact_interface *interface)
{
    for (unsigned i = 0; i < FACT_COUNTERS; i++)
        if (interface->counted[i])
            return true;
    return false;
}

static size_t count_counted(const struct capture_facts *facts)
{
    size_t count = 0;
    for (size_t i = 0; i < facts->interface_count; i++)
        count += is_counted(&facts->interfaces[i]);
    return count;
}

static void put_statistics(struct json *json, const struct run_meta *meta,
                           const struct capture_facts *facts)
{
    static const char *const keys[FACT_COUNTERS] = {
        [FACT_RECEIVED] = "received",   [FACT_DROPPED] = "dropped",
        [FACT_ACCEPTED] = "accepted",   [FACT_OS_DROPPED] = "os_dropped",
        [FACT_DELIVERED] = "delivered",
    };
    if (count_counted(facts) == 0)
        return;
    json_open_array(json, "statistics");
    for (size_t i = 0; i < facts->interface_count; i++) {
        const struct fact_interface *interface = &facts->interfaces[i];
        if (!is_counted(interface))
            continue;
        json_open_object(json, NULL);
        put_input(json, meta, interface->input);
        text_if_any(json, "name", interface->name);
        for (unsigned counter = 0; counter < FACT_COUNTERS; counter++)
            if (interface->counted[counter])
                json_uint(json, keys[counter], interface->counters[counter]);
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_comments(struct json *json, const struct run_meta *meta,
                         const struct capture_facts *facts)
{
    if (facts->packet_comments == 0)
        return;
    json_uint(json, "packet_comments", facts->packet_comments);
    json_open_array(json, "comments");
    for (size_t i = 0; i < facts->comment_count; i++) {
        const struct fact_comment *comment = &facts->comments[i];
        json_open_object(json, NULL);
        put_input(json, meta, comment->input);
        json_uint(json, "frame", comment->frame);
        json_span(json, "text", comment->text);
        json_close_object(json);
    }
    json_close_array(json);
}

static bool has_more(const struct json_capture_told *told, const struct capture_facts *facts)
{
    return facts->section_count > told->sections || facts->interface_count > told->interfaces ||
           facts->name_count > told->names;
}

static bool has_last(const struct capture_facts *facts)
{
    return count_counted(facts) > 0 || facts->packet_comments > 0 || facts->packet_drops > 0 ||
           facts->secrets > 0 || facts->omitted > 0;
}

void json_capture(struct json *json, struct json_capture_told *told, const struct run_meta *meta,
                  const struct capture_facts *facts, bool last)
{
    if (!facts || !(has_more(told, facts) || (last && has_last(facts))))
        return;
    json_open_object(json, "capture");
    put_sections(json, told->sections, meta, facts);
    put_interfaces(json, told->interfaces, meta, facts);
    put_names(json, told->names, facts);
    if (last) {
        put_statistics(json, meta, facts);
        put_comments(json, meta, facts);
        uint_if_any(json, "packet_drops", facts->packet_drops);
        uint_if_any(json, "secrets", facts->secrets);
        uint_if_any(json, "omitted", facts->omitted);
    }
    json_close_object(json);
    *told =
        (struct json_capture_told){facts->section_count, facts->interface_count, facts->name_count};
}

void json_keys(struct json *json, const struct run_meta *meta)
{
    const struct run_keys *keys = meta->keys;
    if (!keys || (!keys->path && keys->capture_secrets + keys->malformed == 0))
        return;
    json_open_object(json, "keylog");
    if (keys->path) {
        json_text(json, "path", keys->path);
        json_uint(json, "secrets", keys->secrets);
    }
    uint_if_any(json, "capture_secrets", keys->capture_secrets);
    uint_if_any(json, "ignored", keys->ignored);
    uint_if_any(json, "malformed", keys->malformed);
    uint_if_any(json, "first_malformed", keys->first_malformed);
    uint_if_any(json, "dropped", keys->dropped);
    json_close_object(json);
}
