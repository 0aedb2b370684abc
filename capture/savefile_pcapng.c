/* savefile_pcapng.c: reads pcapng (draft-ietf-opsawg-pcapng): a chain of blocks, in one or more
 * sections, each with its own byte order and its own interfaces.
 *
 *     type(4) total length(4) body, padded to 32 bits, total length again(4)
 *
 * Blocks that say nothing about packets are passed without being looked at. */
#include "linktype.h"
#include "load.h"
#include "savefile.h"
#include "ticks.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_ENHANCED_PACKET = 6,
};

enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d };

enum { OPTION_END = 0, OPTION_IF_NAME = 2, OPTION_IF_TSRESOL = 9, OPTION_IF_TSOFFSET = 14 };

/* Sizes of blocks, and of their fixed parts with the eight bytes before the body. */
enum {
    BLOCK_HEADER = 8,
    BLOCK_TRAILER = 4,
    BLOCK_MIN = BLOCK_HEADER + BLOCK_TRAILER,
    SECTION_FIXED = BLOCK_HEADER + 16,
    INTERFACE_FIXED = BLOCK_HEADER + 8,
    PACKET_FIXED = BLOCK_HEADER + 20,
    SIMPLE_PACKET_FIXED = BLOCK_HEADER + 4
};

/* Interfaces that one section may declare: each costs memory, and 16 bits number them in the old
 * packet block. */
enum { SECTION_INTERFACES_MAX = 65535 };

struct ng_interface {
    enum link_type link;
    uint16_t link_number;
    uint16_t index; /* in the source's table of names */
    uint32_t snaplen;
    struct ticks ticks;
};

struct pcapng_format {
    bool swapped; /* the section's byte order is not ours */
    struct ng_interface *interfaces;
    uint32_t count, room;
    /* The block that is being passed: its length (0: none), where it began, what is left of it but
     * for its trailer. It may be larger than any buffer, and come in pieces. */
    uint32_t skip_length;
    uint64_t skip_start, skip_left;
};

bool savefile_pcapng_is(const uint8_t magic[4])
{
    return load32(magic, false) == BLOCK_SECTION;
}

static enum source_status bad_trailer(struct savefile *file, uint64_t start, uint32_t first,
                                      uint32_t second)
{
    return savefile_damaged(file,
                            "damaged: the block at byte %" PRIu64 " begins with length %" PRIu32
                            " and ends with length %" PRIu32,
                            start, first, second);
}

static enum source_status check_length(struct savefile *file, uint32_t length, uint32_t least)
{
    if (LIKELY(length >= least && length % 4 == 0))
        return SOURCE_PACKET;
    return savefile_damaged(
        file, "damaged: the block at byte %" PRIu64 " claims a length of %" PRIu32 ", which is %s",
        reader_offset(&file->reader), length,
        length % 4 ? "no multiple of 4" : "too small for its type");
}

/* Brings a whole block into the buffer and checks its trailer. SOURCE_PACKET means that it is
 * there. */
static enum source_status take_block(struct savefile *file, const uint8_t **block, uint32_t length,
                                     uint32_t least)
{
    const struct pcapng_format *ng = file->format;
    uint64_t start = reader_offset(&file->reader);
    enum source_status status = check_length(file, length, least);
    if (UNLIKELY(status != SOURCE_PACKET))
        return status;
    if (UNLIKELY(length > READER_PEEK_MAX))
        return savefile_damaged(file,
                                "damaged: the block at byte %" PRIu64 " claims a length of %" PRIu32
                                ", more than the %d of any real one",
                                start, length, READER_PEEK_MAX);
    *block = reader_peek(&file->reader, length);
    if (UNLIKELY(!*block))
        return savefile_short(file, "the block", start, length);
    uint32_t trailer = load32(*block + length - BLOCK_TRAILER, ng->swapped);
    if (UNLIKELY(trailer != length))
        return bad_trailer(file, start, length, trailer);
    reader_skip(&file->reader, length);
    return SOURCE_PACKET;
}

/* Goes on with passing a block. */
static enum source_status go_on_skipping(struct savefile *file)
{
    struct pcapng_format *ng = file->format;
    const uint8_t *trailer = NULL;
    if (reader_skip_far(&file->reader, &ng->skip_left))
        trailer = reader_peek(&file->reader, BLOCK_TRAILER);
    if (!trailer)
        return savefile_short(file, "the block", ng->skip_start, ng->skip_length);
    if (load32(trailer, ng->swapped) != ng->skip_length)
        return bad_trailer(file, ng->skip_start, ng->skip_length, load32(trailer, ng->swapped));
    reader_skip(&file->reader, BLOCK_TRAILER);
    ng->skip_length = 0;
    return SOURCE_PACKET;
}

/* Passes a block of any length. */
static enum source_status skip_block(struct savefile *file, uint32_t length)
{
    struct pcapng_format *ng = file->format;
    enum source_status status = check_length(file, length, BLOCK_MIN);
    if (status != SOURCE_PACKET)
        return status;
    ng->skip_start = reader_offset(&file->reader);
    ng->skip_length = length;
    ng->skip_left = length - BLOCK_TRAILER;
    return go_on_skipping(file);
}

/* Section Header Block:
 *
 *     byte-order magic(4) major(2) minor(2) section length(8) options
 *
 * The section length is not used: it is optional, and reading on finds the next section anyway. */
static enum source_status section_block(struct savefile *file)
{
    struct pcapng_format *ng = file->format;
    uint64_t start = reader_offset(&file->reader);
    const uint8_t *header = reader_peek(&file->reader, BLOCK_HEADER + 8);
    if (!header)
        return savefile_short(file, "the section header", start, SECTION_FIXED + BLOCK_TRAILER);
    ng->swapped = load32(header + 8, false) != BYTE_ORDER_MAGIC;
    if (load32(header + 8, ng->swapped) != BYTE_ORDER_MAGIC)
        return savefile_damaged(
            file, "damaged: the section header at byte %" PRIu64 " does not tell its byte order",
            start);
    uint16_t major = load16(header + 12, ng->swapped), minor = load16(header + 14, ng->swapped);
    if (major != 1)
        return savefile_damaged(
            file, "a pcapng section of version %u.%u at byte %" PRIu64 "; only version 1 is known",
            major, minor, start);
    uint32_t length = load32(header + 4, ng->swapped);
    if (length < SECTION_FIXED + BLOCK_TRAILER)
        return check_length(file, length, SECTION_FIXED + BLOCK_TRAILER);
    ng->count = 0;
    return skip_block(file, length);
}

/* Takes the next option, padded to 32 bits, off the front: code(2) length(2) value. Returns false
 * at the end of the list; *malformed tells whether it is a proper end. */
static bool next_option(struct span *options, bool *malformed, uint16_t *code, struct span *value,
                        bool swapped)
{
    *malformed = false;
    if (options->n == 0)
        return false;
    *malformed = true;
    if (options->n < 4)
        return false;
    *code = load16(options->p, swapped);
    size_t length = load16(options->p + 2, swapped);
    size_t padded = (length + 3) & ~(size_t)3;
    if (*code == OPTION_END) {
        *malformed = false;
        return false;
    }
    if (options->n - 4 < padded)
        return false;
    *malformed = false;
    *value = span_of(options->p + 4, length);
    *options = span_of(options->p + 4 + padded, options->n - 4 - padded);
    return true;
}

static struct ng_interface *add_interface(struct pcapng_format *ng)
{
    if (ng->count == ng->room) {
        ng->room = ng->room ? ng->room * 2 : 4;
        ng->interfaces = xrealloc(ng->interfaces, ng->room * sizeof *ng->interfaces);
    }
    return &ng->interfaces[ng->count++];
}

/* What we want of an interface's options. */
struct interface_options {
    struct span name;
    uint8_t resolution;
    int64_t offset_seconds;
};

/* Returns false if they run beyond the block. */
static bool read_options(struct interface_options *wanted, struct span options, bool swapped)
{
    *wanted = (struct interface_options){.resolution = TICKS_DEFAULT_RESOLUTION};
    bool malformed;
    uint16_t code;
    struct span value;
    while (next_option(&options, &malformed, &code, &value, swapped)) {
        if (code == OPTION_IF_NAME)
            wanted->name = value;
        else if (code == OPTION_IF_TSRESOL && value.n == 1)
            wanted->resolution = value.p[0];
        else if (code == OPTION_IF_TSOFFSET && value.n == 8)
            wanted->offset_seconds = (int64_t)load64(value.p, swapped);
    }
    return !malformed;
}

/* Interface Description Block: link type(2) reserved(2) snaplen(4) options. Options that do not
 * parse are damage, as Wireshark has it: the clock's resolution may be among them, without which
 * all times would be wrong. */
static enum source_status interface_block(struct savefile *file, uint32_t length)
{
    struct pcapng_format *ng = file->format;
    uint64_t start = reader_offset(&file->reader);
    const uint8_t *block;
    enum source_status status = take_block(file, &block, length, INTERFACE_FIXED + BLOCK_TRAILER);
    if (status != SOURCE_PACKET)
        return status;
    if (ng->count == SECTION_INTERFACES_MAX)
        return savefile_damaged(file,
                                "damaged: more than %d interfaces in the section, at byte "
                                "%" PRIu64,
                                SECTION_INTERFACES_MAX, start);
    struct interface_options options;
    if (!read_options(&options,
                      span_of(block + INTERFACE_FIXED, length - INTERFACE_FIXED - BLOCK_TRAILER),
                      ng->swapped))
        return savefile_damaged(
            file, "damaged: the options of the interface at byte %" PRIu64 " run beyond its block",
            start);
    struct ng_interface *interface = add_interface(ng);
    interface->link_number = load16(block + BLOCK_HEADER, ng->swapped);
    interface->link = linktype_of(interface->link_number);
    interface->snaplen = load32(block + BLOCK_HEADER + 4, ng->swapped);
    interface->index = source_name_add(&file->source, options.name);
    if (!ticks_init(&interface->ticks, options.resolution, options.offset_seconds))
        return savefile_damaged(file,
                                "the interface at byte %" PRIu64
                                " counts time in units of %d^-%u s, finer than can be read",
                                start, options.resolution & 0x80 ? 2 : 10,
                                options.resolution & 0x7fu);
    return SOURCE_PACKET;
}

/* Finds a packet's interface. One that was not declared is damage, as it is for Wireshark and
 * libpcap: neither link type nor clock of the packet are known, and what else is wrong neither. */
static const struct ng_interface *find_interface(struct savefile *file, uint64_t start, uint32_t id)
{
    const struct pcapng_format *ng = file->format;
    if (LIKELY(id < ng->count))
        return &ng->interfaces[id];
    savefile_damaged(file,
                     "damaged: the packet block at byte %" PRIu64 " is of interface %" PRIu32
                     ", but the section has declared %" PRIu32 " until there",
                     start, id, ng->count);
    return NULL;
}

static void fill_packet(struct packet *packet, const struct ng_interface *interface,
                        const uint8_t *bytes, uint32_t caplen, uint32_t len)
{
    packet->bytes = bytes;
    packet->caplen = caplen < len ? caplen : len;
    packet->len = len;
    packet->link = interface->link;
    packet->link_number = interface->link_number;
    packet->interface = interface->index;
}

static enum source_status bad_caplen(struct savefile *file, uint64_t start, uint32_t caplen)
{
    return savefile_damaged(file,
                            "damaged: the packet block at byte %" PRIu64 " claims %" PRIu32
                            " captured bytes, more than %s",
                            start, caplen,
                            caplen > SAVEFILE_CAPLEN_MAX ? "any capture holds" : "it holds");
}

/* Enhanced Packet Block, and the obsolete Packet Block, which differs in its first field:
 *
 *     interface(4), or interface(2) drops(2); time(4, 4: upper half first) captured length(4)
 *     original length(4) bytes options */
static enum source_status packet_block(struct savefile *file, struct packet *packet,
                                       uint32_t length, bool obsolete)
{
    const struct pcapng_format *ng = file->format;
    uint64_t start = reader_offset(&file->reader);
    const uint8_t *block = NULL;
    enum source_status status = take_block(file, &block, length, PACKET_FIXED + BLOCK_TRAILER);
    if (UNLIKELY(status != SOURCE_PACKET))
        return status;
    const uint8_t *fixed = block + BLOCK_HEADER;
    uint32_t id = obsolete ? load16(fixed, ng->swapped) : load32(fixed, ng->swapped);
    const struct ng_interface *interface = find_interface(file, start, id);
    if (UNLIKELY(!interface))
        return SOURCE_BROKEN;
    uint32_t caplen = load32(fixed + 12, ng->swapped);
    if (UNLIKELY(caplen > SAVEFILE_CAPLEN_MAX || caplen > length - PACKET_FIXED - BLOCK_TRAILER))
        return bad_caplen(file, start, caplen);
    fill_packet(packet, interface, block + PACKET_FIXED, caplen, load32(fixed + 16, ng->swapped));
    uint64_t upper = load32(fixed + 4, ng->swapped), lower = load32(fixed + 8, ng->swapped);
    packet->time = ticks_to_time(&interface->ticks, upper << 32 | lower);
    return SOURCE_PACKET;
}

/* Simple Packet Block: original length(4) bytes. It is of the section's first interface, whose
 * snaplen tells how much was captured, and has no time. */
static enum source_status simple_packet_block(struct savefile *file, struct packet *packet,
                                              uint32_t length)
{
    const struct pcapng_format *ng = file->format;
    uint64_t start = reader_offset(&file->reader);
    const uint8_t *block;
    enum source_status status =
        take_block(file, &block, length, SIMPLE_PACKET_FIXED + BLOCK_TRAILER);
    if (status != SOURCE_PACKET)
        return status;
    const struct ng_interface *interface = find_interface(file, start, 0);
    if (!interface)
        return SOURCE_BROKEN;
    uint32_t len = load32(block + BLOCK_HEADER, ng->swapped);
    uint32_t caplen = interface->snaplen && interface->snaplen < len ? interface->snaplen : len;
    if (caplen > SAVEFILE_CAPLEN_MAX || caplen > length - SIMPLE_PACKET_FIXED - BLOCK_TRAILER)
        return bad_caplen(file, start, caplen);
    fill_packet(packet, interface, block + SIMPLE_PACKET_FIXED, caplen, len);
    packet->time = 0;
    return SOURCE_PACKET;
}

static enum source_status pcapng_next(struct source *source, struct packet *packet)
{
    struct savefile *file = (struct savefile *)source;
    const struct pcapng_format *ng = file->format;
    enum source_status status = UNLIKELY(ng->skip_length) ? go_on_skipping(file) : SOURCE_PACKET;
    while (status == SOURCE_PACKET) {
        const uint8_t *header = reader_peek(&file->reader, BLOCK_HEADER);
        if (UNLIKELY(!header))
            return savefile_short(file, "the block", reader_offset(&file->reader), BLOCK_MIN);
        uint32_t type = load32(header, ng->swapped), length = load32(header + 4, ng->swapped);
        if (LIKELY(type == BLOCK_ENHANCED_PACKET))
            return packet_block(file, packet, length, false);
        if (type == BLOCK_PACKET)
            return packet_block(file, packet, length, true);
        if (type == BLOCK_SIMPLE_PACKET)
            return simple_packet_block(file, packet, length);
        if (type == BLOCK_SECTION)
            status = section_block(file);
        else if (type == BLOCK_INTERFACE)
            status = interface_block(file, length);
        else
            status = skip_block(file, length);
        if (source->shared->stop)
            return SOURCE_END;
    }
    return status;
}

static void pcapng_close(struct source *source)
{
    struct pcapng_format *ng = ((struct savefile *)source)->format;
    free(ng->interfaces);
    savefile_close(source);
}

bool savefile_pcapng_begin(struct savefile *file)
{
    static const struct source_ops ops = {
        .next = pcapng_next,
        .progress = savefile_progress,
        .waiting = savefile_waiting,
        .close = pcapng_close,
    };
    file->format = xcalloc(1, sizeof(struct pcapng_format));
    file->source.ops = &ops;
    return section_block(file) == SOURCE_PACKET;
}
