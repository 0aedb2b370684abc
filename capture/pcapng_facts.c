/* pcapng_facts.c: what a pcapng file says about itself and its interfaces; names and comments;
 * draft-ietf-opsawg-pcapng sections 4.1, 4.2, 4.5, 4.6 and 3.5. */
#include "facts.h"
#include "pcapng.h"
#include "pcapng_options.h"

enum { COMMENT = 1 }; /* of any block */
enum { SECTION_HARDWARE = 2, SECTION_OS = 3, SECTION_APPLICATION = 4 };
enum {
    IF_NAME = 2,
    IF_DESCRIPTION = 3,
    IF_SPEED = 8,
    IF_FILTER = 11,
    IF_OS = 12,
    IF_HARDWARE = 15
};
enum { STATISTICS_RECEIVED = 4 }; /* the others follow, in the order of enum fact_counter */

static struct capture_facts *facts_of(const struct savefile *file)
{
    return &file->source.shared->facts;
}

void pcapng_note_section(struct savefile *file, const struct ng_block *block)
{
    struct fact_section section = {.input = file->input};
    struct span options = block->rest;
    struct ng_option option;
    bool malformed, any = false;
    if (pcapng_is_noted(file, block))
        return;
    while (pcapng_option(&option, &options, &malformed, block->swapped)) {
        struct span *to = option.code == COMMENT               ? &section.comment
                          : option.code == SECTION_HARDWARE    ? &section.hardware
                          : option.code == SECTION_OS          ? &section.os
                          : option.code == SECTION_APPLICATION ? &section.application
                                                               : NULL;
        if (to && to->n == 0)
            *to = option.value;
        any = any || to;
    }
    struct fact_section *fact = any ? facts_section(facts_of(file)) : NULL;
    if (!fact)
        return;
    fact->input = section.input;
    facts_text(&fact->hardware, section.hardware);
    facts_text(&fact->os, section.os);
    facts_text(&fact->application, section.application);
    facts_text(&fact->comment, section.comment);
}

static void note_interface_option(struct fact_interface *fact, const struct ng_option *option,
                                  bool swapped)
{
    struct span value = option->value;
    switch (option->code) {
    case COMMENT:
        facts_text(&fact->comment, value);
        break;
    case IF_NAME:
        facts_text(&fact->name, value);
        break;
    case IF_DESCRIPTION:
        facts_text(&fact->description, value);
        break;
    case IF_OS:
        facts_text(&fact->os, value);
        break;
    case IF_HARDWARE:
        facts_text(&fact->hardware, value);
        break;
    case IF_FILTER: /* its first byte tells the kind: 0 is a text */
        if (value.n > 1 && value.p[0] == 0)
            facts_text(&fact->filter, span_of(value.p + 1, value.n - 1));
        break;
    case IF_SPEED:
        if (value.n == 8)
            fact->speed = load64(value.p, swapped);
        break;
    }
}

void pcapng_note_interface(struct savefile *file, const struct ng_block *block)
{
    const struct pcapng_format *ng = file->format;
    struct fact_interface *fact =
        pcapng_is_noted(file, block) ? NULL : facts_interface(facts_of(file));
    struct span options = block->rest;
    struct ng_option option;
    bool malformed;
    if (!fact)
        return;
    fact->input = file->input;
    fact->section = ng->sections;
    fact->number = ng->count - 1;
    fact->link_number = load16(block->fixed, block->swapped);
    fact->snaplen = load32(block->fixed + 4, block->swapped);
    while (pcapng_option(&option, &options, &malformed, block->swapped))
        note_interface_option(fact, &option, block->swapped);
}

/* Interface Statistics Block: interface(4) time(8) options. The last one of an interface counts. */
enum source_status pcapng_statistics_block(struct savefile *file, uint32_t length)
{
    const struct pcapng_format *ng = file->format;
    struct ng_block block;
    enum source_status status = pcapng_take(file, &block, length, STATISTICS_FIXED);
    if (status != SOURCE_PACKET || pcapng_is_noted(file, &block))
        return status;
    uint32_t number = load32(block.fixed, block.swapped);
    struct fact_interface *fact = facts_find(facts_of(file), file->input, ng->sections, number);
    struct ng_option option;
    bool malformed;
    while (fact && pcapng_option(&option, &block.rest, &malformed, block.swapped)) {
        unsigned counter = option.code - (unsigned)STATISTICS_RECEIVED;
        if (counter >= FACT_COUNTERS || option.value.n != 8)
            continue;
        fact->counters[counter] = load64(option.value.p, block.swapped);
        fact->counted[counter] = true;
    }
    return SOURCE_PACKET;
}

/* Address, then one name or more, each with its NUL. */
static void note_names(struct capture_facts *facts, struct span value, size_t address_bytes)
{
    const uint8_t *address = value.p;
    if (value.n < address_bytes)
        return;
    struct span rest = span_of(value.p + address_bytes, value.n - address_bytes);
    while (rest.n > 0) {
        const uint8_t *nul = memchr(rest.p, 0, rest.n);
        size_t n = nul ? (size_t)(nul - rest.p) : rest.n;
        struct fact_name *fact = n ? facts_name(facts) : NULL;
        if (fact) {
            memcpy(fact->address, address, address_bytes);
            fact->ipv6 = address_bytes == sizeof fact->address;
            facts_text(&fact->name, span_of(rest.p, n));
        }
        n += nul != NULL;
        rest = span_of(rest.p + n, rest.n - n);
    }
}

/* Name Resolution Block: records that look as options do, of types 1 and 2 for IP addresses. */
enum source_status pcapng_names_block(struct savefile *file, uint32_t length)
{
    enum { RECORD_IPV4 = 1, RECORD_IPV6 = 2 };
    struct ng_block block;
    enum source_status status = pcapng_take(file, &block, length, BLOCK_HEADER);
    struct ng_option record;
    bool malformed;
    if (status != SOURCE_PACKET || pcapng_is_noted(file, &block))
        return status;
    while (pcapng_option(&record, &block.rest, &malformed, block.swapped))
        if (record.code == RECORD_IPV4)
            note_names(facts_of(file), record.value, 4);
        else if (record.code == RECORD_IPV6)
            note_names(facts_of(file), record.value, 16);
    return SOURCE_PACKET;
}

void pcapng_note_packet(struct savefile *file, const struct ng_block *block,
                        const struct ng_option *option)
{
    enum { PACKET_DROPS = 4 };
    struct capture_facts *facts = facts_of(file);
    if (pcapng_is_noted(file, block))
        return;
    if (option->code == COMMENT) {
        struct fact_comment *fact = facts_comment(facts);
        if (!fact)
            return;
        fact->input = file->input;
        fact->frame = file->source.frames + 1;
        facts_text(&fact->text, option->value);
    } else if (option->code == PACKET_DROPS && option->value.n == 8) {
        facts->packet_drops += load64(option->value.p, block->swapped);
    }
}
