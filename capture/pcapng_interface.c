/* pcapng_interface.c: the interfaces of a pcapng section. */
#include "linktype.h"
#include "pcapng.h"
#include "pcapng_options.h"

#include <inttypes.h>
#include <stdlib.h>

enum { IF_NAME = 2, IF_TSRESOL = 9, IF_TSOFFSET = 14 };

/* Interfaces that one section may declare: each costs memory, and 16 bits number them in the old
 * packet block. */
enum { SECTION_INTERFACES_MAX = 65535 };

static struct ng_interface *add_interface(struct pcapng_format *ng)
{
    if (ng->count == ng->room) {
        ng->room = ng->room ? ng->room * 2 : 4;
        ng->interfaces = xrealloc(ng->interfaces, ng->room * sizeof *ng->interfaces);
    }
    struct ng_interface *added = &ng->interfaces[ng->count++];
    *added = (struct ng_interface){.unusable = false};
    return added;
}

/* What we want of an interface's options. */
struct interface_options {
    struct span name;
    uint8_t resolution;
    int64_t offset_seconds;
};

/* Returns false if they run beyond the block. */
static bool read_options(struct interface_options *wanted, const struct ng_block *block)
{
    struct span rest = block->rest;
    struct ng_option option;
    bool malformed;
    *wanted = (struct interface_options){.resolution = TICKS_DEFAULT_RESOLUTION};
    while (pcapng_option(&option, &rest, &malformed, block->swapped)) {
        if (option.code == IF_NAME)
            wanted->name = option.value;
        else if (option.code == IF_TSRESOL && option.value.n == 1)
            wanted->resolution = option.value.p[0];
        else if (option.code == IF_TSOFFSET && option.value.n == 8)
            wanted->offset_seconds = (int64_t)load64(option.value.p, block->swapped);
    }
    return !malformed;
}

/* Interface Description Block: link type(2) reserved(2) snaplen(4) options. Where options do not
 * parse, the clock's resolution may be among them, without which all times would be wrong: the
 * interface keeps its number, but its packets are left out. */
enum source_status pcapng_interface_block(struct savefile *file, uint32_t length)
{
    struct pcapng_format *ng = file->format;
    struct ng_block block;
    enum source_status status = pcapng_take(file, &block, length, INTERFACE_FIXED);
    if (status != SOURCE_PACKET)
        return status;
    if (ng->count == SECTION_INTERFACES_MAX)
        return savefile_damaged(file,
                                "damaged: more than %d interfaces in the section, at byte "
                                "%" PRIu64,
                                SECTION_INTERFACES_MAX, block.start);
    struct ng_interface *interface = add_interface(ng);
    struct interface_options options;
    bool whole = read_options(&options, &block);
    interface->link_number = load16(block.fixed, block.swapped);
    interface->link = linktype_of(interface->link_number);
    interface->snaplen = load32(block.fixed + 4, block.swapped);
    interface->index = source_name_add(&file->source, options.name);
    interface->unusable =
        !whole || !ticks_init(&interface->ticks, options.resolution, options.offset_seconds);
    interface->plain = !interface->unusable && interface->link != LINK_UNSUPPORTED &&
                       interface->link != LINK_PKTAP;
    pcapng_note_interface(file, &block);
    if (!whole)
        return pcapng_left_out(file, block.start,
                               "damaged: the options of the interface at byte %" PRIu64
                               " run beyond its block",
                               block.start);
    if (interface->unusable)
        return pcapng_left_out(file, block.start,
                               "the interface at byte %" PRIu64
                               " counts time in units of %d^-%u s, finer than can be read",
                               block.start, options.resolution & 0x80 ? 2 : 10,
                               options.resolution & 0x7fu);
    return SOURCE_PACKET;
}
