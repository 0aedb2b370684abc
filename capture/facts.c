/* facts.c: see facts.h. */
#include "facts.h"

#include <stdlib.h>

/* Makes room for one more: it doubles whenever the count is a power of two. */
static void *grown(void *all, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0)
        all = xrealloc(all, (count ? count * 2 : 1) * size);
    memset((uint8_t *)all + count * size, 0, size);
    return all;
}

struct fact_section *facts_section(struct capture_facts *facts)
{
    if (facts->section_count == FACT_SECTIONS_MAX) {
        facts->omitted++;
        return NULL;
    }
    facts->sections = grown(facts->sections, facts->section_count, sizeof *facts->sections);
    return &facts->sections[facts->section_count++];
}

struct fact_interface *facts_interface(struct capture_facts *facts)
{
    if (facts->interface_count == FACT_INTERFACES_MAX) {
        facts->omitted++;
        return NULL;
    }
    facts->interfaces = grown(facts->interfaces, facts->interface_count, sizeof *facts->interfaces);
    return &facts->interfaces[facts->interface_count++];
}

struct fact_name *facts_name(struct capture_facts *facts)
{
    if (facts->name_count == FACT_NAMES_MAX) {
        facts->omitted++;
        return NULL;
    }
    facts->names = grown(facts->names, facts->name_count, sizeof *facts->names);
    return &facts->names[facts->name_count++];
}

struct fact_comment *facts_comment(struct capture_facts *facts)
{
    facts->packet_comments++;
    if (facts->comment_count == FACT_COMMENTS_MAX)
        return NULL;
    facts->comments = grown(facts->comments, facts->comment_count, sizeof *facts->comments);
    return &facts->comments[facts->comment_count++];
}

struct fact_interface *facts_find(const struct capture_facts *facts, uint32_t input,
                                  uint32_t section, uint32_t number)
{
    for (size_t i = facts->interface_count; i-- > 0;) {
        struct fact_interface *interface = &facts->interfaces[i];
        if (interface->input == input && interface->section == section &&
            interface->number == number)
            return interface;
    }
    return NULL;
}

/* Where a text is cut, no character is: bytes of the form 10xxxxxx go on with one (RFC 3629). */
void facts_text(struct span *out, struct span text)
{
    const uint8_t *nul = text.n ? memchr(text.p, 0, text.n) : NULL;
    if (nul)
        text.n = (size_t)(nul - text.p);
    if (text.n > FACT_TEXT_MAX) {
        text.n = FACT_TEXT_MAX;
        for (unsigned back = 0; back < 3 && (text.p[text.n] & 0xc0) == 0x80; back++)
            text.n--;
    }
    if (out->n == 0 && text.n > 0)
        *out = span_of(xmemdup(text.p, text.n), text.n);
}

static void free_text(struct span text)
{
    free((void *)(uintptr_t)text.p);
}

static void free_interface(const struct fact_interface *interface)
{
    free_text(interface->name);
    free_text(interface->description);
    free_text(interface->filter);
    free_text(interface->hardware);
    free_text(interface->os);
    free_text(interface->comment);
}

void facts_done(struct capture_facts *facts)
{
    for (size_t i = 0; i < facts->section_count; i++) {
        free_text(facts->sections[i].hardware);
        free_text(facts->sections[i].os);
        free_text(facts->sections[i].application);
        free_text(facts->sections[i].comment);
    }
    for (size_t i = 0; i < facts->interface_count; i++)
        free_interface(&facts->interfaces[i]);
    for (size_t i = 0; i < facts->name_count; i++)
        free_text(facts->names[i].name);
    for (size_t i = 0; i < facts->comment_count; i++)
        free_text(facts->comments[i].text);
    free(facts->sections);
    free(facts->interfaces);
    free(facts->names);
    free(facts->comments);
    *facts = (struct capture_facts){0};
}
