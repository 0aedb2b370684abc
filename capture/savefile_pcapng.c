/* savefile_pcapng.c: the chain of blocks of a pcapng file, and its sections. Blocks that say
 * nothing about packets are passed without being looked at; a block that is damaged in itself, but
 * not in its length, is left out, and those behind it are read. */
#include "pcapng_block.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool savefile_pcapng_is(const uint8_t magic[4])
{
    return load32(magic, false) == BLOCK_SECTION;
}

enum source_status pcapng_left_out(struct savefile *file, uint64_t start, const char *format, ...)
{
    struct pcapng_format *ng = file->format;
    char text[sizeof file->source.error.text];
    va_list args;
    if (start < ng->counted_to || ng->left_out++ > 0)
        return SOURCE_PACKET;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)savefile_damaged(file, "%s", text);
    return SOURCE_PACKET;
}

static enum source_status bad_trailer(struct savefile *file, uint64_t start, uint32_t first,
                                      uint32_t second)
{
    return savefile_damaged(file,
                            "damaged: the block at byte %" PRIu64 " begins with length %" PRIu32
                            " and ends with length %" PRIu32,
                            start, first, second);
}

/* The types of read_block. */
bool pcapng_is_read(uint32_t type)
{
    return (type >= BLOCK_INTERFACE && type <= BLOCK_ENHANCED_PACKET) || type == BLOCK_SECTION ||
           type == BLOCK_SECRETS || type == BLOCK_PROCESS;
}

/* A type that there is, and a length that it may have. */
static bool may_begin_block(const uint8_t *header, bool swapped)
{
    uint32_t type = load32(header, swapped), length = load32(header + 4, swapped);
    return pcapng_is_read(type) && length >= BLOCK_MIN && length <= READER_PEEK_MAX &&
           length % 4 == 0;
}

/* Of a block's two lengths, the first is believed if it leads to another block, or to the end of
 * the file. `behind` bytes from here on are the block's rest, with its trailer. */
static enum source_status check_trailer(struct savefile *file, uint64_t start, uint32_t length,
                                        size_t behind)
{
    const struct pcapng_format *ng = file->format;
    struct reader *reader = &file->reader;
    const uint8_t *bytes = reader_peek(reader, behind);
    if (!bytes)
        return savefile_short(file, "the block", start, length);
    uint32_t trailer = load32(bytes + behind - BLOCK_TRAILER, ng->swapped);
    if (LIKELY(trailer == length))
        return SOURCE_PACKET;
    if (behind + BLOCK_HEADER > READER_PEEK_MAX)
        return bad_trailer(file, start, length, trailer);
    const uint8_t *next = reader_peek(reader, behind + BLOCK_HEADER);
    if (!next && !reader->at_end)
        return savefile_short(file, "the block", start, length);
    if (next ? !may_begin_block(next + behind, ng->swapped) : reader_unread(reader) != behind)
        return bad_trailer(file, start, length, trailer);
    return pcapng_left_out(file, start,
                           "damaged: the block at byte %" PRIu64 " begins with length %" PRIu32
                           " and ends with length %" PRIu32,
                           start, length, trailer);
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

enum source_status pcapng_take(struct savefile *file, struct ng_block *block, uint32_t length,
                               uint32_t fixed)
{
    const struct pcapng_format *ng = file->format;
    uint64_t start = reader_offset(&file->reader);
    enum source_status status = check_length(file, length, fixed + BLOCK_TRAILER);
    if (UNLIKELY(status != SOURCE_PACKET))
        return status;
    if (UNLIKELY(length > READER_PEEK_MAX))
        return savefile_damaged(file,
                                "damaged: the block at byte %" PRIu64 " claims a length of %" PRIu32
                                ", more than the %d of any real one",
                                start, length, READER_PEEK_MAX);
    status = check_trailer(file, start, length, length);
    if (UNLIKELY(status != SOURCE_PACKET))
        return status;
    const uint8_t *bytes = reader_peek(&file->reader, length);
    if (UNLIKELY(!bytes)) /* it is there: check_trailer has seen it */
        return SOURCE_IDLE;
    reader_skip(&file->reader, length);
    *block = (struct ng_block){.start = start,
                               .rest = span_of(bytes + fixed, length - fixed - BLOCK_TRAILER),
                               .fixed = bytes + BLOCK_HEADER,
                               .swapped = ng->swapped};
    return SOURCE_PACKET;
}

/* Goes on with passing a block. */
static enum source_status go_on_skipping(struct savefile *file)
{
    struct pcapng_format *ng = file->format;
    if (!reader_skip_far(&file->reader, &ng->skip_left))
        return savefile_short(file, "the block", ng->skip_start, ng->skip_length);
    enum source_status status = check_trailer(file, ng->skip_start, ng->skip_length, BLOCK_TRAILER);
    if (status != SOURCE_PACKET)
        return status;
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
static enum source_status look_at_section(struct savefile *file)
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
    return check_length(file, load32(header + 4, ng->swapped), SECTION_FIXED + BLOCK_TRAILER);
}

static enum source_status section_block(struct savefile *file)
{
    struct pcapng_format *ng = file->format;
    enum source_status status = look_at_section(file);
    if (status != SOURCE_PACKET)
        return status;
    const uint8_t *header = reader_peek(&file->reader, BLOCK_HEADER);
    if (!header) /* it is there: look_at_section has seen it */
        return SOURCE_IDLE;
    struct ng_block block;
    status = pcapng_take(file, &block, load32(header + 4, ng->swapped), SECTION_FIXED);
    if (status != SOURCE_PACKET)
        return status;
    ng->sections++;
    ng->count = 0;
    ng->process_count = 0;
    pcapng_note_section(file, &block);
    return SOURCE_PACKET;
}

/* The size of the fixed part of a kind of block, with the header. */
static uint32_t fixed_of(uint32_t type)
{
    switch (type) {
    case BLOCK_ENHANCED_PACKET:
    case BLOCK_PACKET:
        return PACKET_FIXED;
    case BLOCK_SIMPLE_PACKET:
        return SIMPLE_PACKET_FIXED;
    case BLOCK_INTERFACE:
        return INTERFACE_FIXED;
    case BLOCK_STATISTICS:
        return STATISTICS_FIXED;
    case BLOCK_SECRETS:
        return SECRETS_FIXED;
    case BLOCK_PROCESS:
        return PROCESS_FIXED;
    default:
        return BLOCK_HEADER;
    }
}

static bool is_too_small(uint32_t type, uint32_t length)
{
    return length % 4 == 0 && length >= BLOCK_MIN && length < fixed_of(type) + BLOCK_TRAILER;
}

static enum source_status read_block(struct savefile *file, struct packet *packet, uint32_t type,
                                     uint32_t length)
{
    if (LIKELY(type == BLOCK_ENHANCED_PACKET && length >= PACKET_FIXED + BLOCK_TRAILER))
        return pcapng_packet_block(file, packet, length, false);
    if (is_too_small(type, length)) {
        (void)pcapng_left_out(file, reader_offset(&file->reader),
                              "damaged: the block at byte %" PRIu64 " claims a length of %" PRIu32
                              ", which is too small for its type",
                              reader_offset(&file->reader), length);
        return skip_block(file, length);
    }
    switch (type) {
    case BLOCK_PACKET:
        return pcapng_packet_block(file, packet, length, true);
    case BLOCK_SIMPLE_PACKET:
        return pcapng_simple_packet_block(file, packet, length);
    case BLOCK_SECTION:
        return section_block(file);
    case BLOCK_INTERFACE:
        return pcapng_interface_block(file, length);
    case BLOCK_NAMES:
        return pcapng_names_block(file, length);
    case BLOCK_STATISTICS:
        return pcapng_statistics_block(file, length);
    case BLOCK_SECRETS:
        return pcapng_secrets_block(file, length);
    case BLOCK_PROCESS:
        return pcapng_process_block(file, length);
    default: /* also an Enhanced Packet Block of a length that can't be */
        return skip_block(file, length);
    }
}

/* What was left out on the way is told in the end. */
static enum source_status end_of(struct savefile *file, enum source_status status)
{
    const struct pcapng_format *ng = file->format;
    if (status != SOURCE_END || ng->left_out == 0)
        return status;
    if (ng->left_out > 1)
        savefile_damaged_more(file, ng->left_out - 1);
    return SOURCE_BROKEN;
}

static bool is_packet(uint32_t type)
{
    return type == BLOCK_ENHANCED_PACKET || type == BLOCK_SIMPLE_PACKET || type == BLOCK_PACKET;
}

/* Reads blocks up to a packet, or, without a place for it, up to where one begins. */
static enum source_status read_blocks(struct savefile *file, struct packet *packet)
{
    const struct pcapng_format *ng = file->format;
    enum source_status status = UNLIKELY(ng->skip_length) ? go_on_skipping(file) : SOURCE_PACKET;
    while (status == SOURCE_PACKET) {
        const uint8_t *header = reader_peek(&file->reader, BLOCK_HEADER);
        if (UNLIKELY(!header))
            return savefile_short(file, "the block", reader_offset(&file->reader), BLOCK_MIN);
        uint32_t type = load32(header, ng->swapped), length = load32(header + 4, ng->swapped);
        if (UNLIKELY(!packet) && is_packet(type))
            return SOURCE_PACKET;
        status = read_block(file, packet, type, length);
        if (LIKELY(packet && status == SOURCE_PACKET && packet->bytes))
            return SOURCE_PACKET;
        if (file->source.shared->stop)
            return SOURCE_END;
    }
    return status;
}

static enum source_status pcapng_next(struct source *source, struct packet *packet)
{
    struct savefile *file = (struct savefile *)source;
    packet->bytes = NULL;
    return end_of(file, read_blocks(file, packet));
}

/* Of packets that say nothing beside themselves: who does not take all of them has not heard more
 * than one who reads one at a time. */
static size_t pcapng_at_hand(struct source *source, struct packet *packets, size_t most)
{
    struct savefile *file = (struct savefile *)source;
    struct pcapng_format *ng = file->format;
    const uint8_t *block = file->reader.next;
    size_t left = reader_unread(&file->reader), n = 0, size;
    while (n < most && left >= BLOCK_HEADER && !ng->skip_length) {
        size = pcapng_plain_size(ng, block);
        if (size == 0 || size > left || !pcapng_plain_packet(&packets[n], ng, block, size) ||
            !packets[n].bytes || pcapng_has_options(ng, block, size) ||
            packets[n].link != packets[0].link)
            break;
        packets[n].frame = source->frames + n + 1;
        block += size;
        left -= size;
        n++;
    }
    source->frames += n;
    file->reader.next = block;
    ng->before = PACKET_FIXED;
    return n;
}

static enum source_status pcapng_preface(struct source *source)
{
    struct savefile *file = (struct savefile *)source;
    pcapng_secrets_ahead(file);
    return end_of(file, read_blocks(file, NULL));
}

/* Within a section there are only ever more of either. */
static bool knows_the_same(const struct pcapng_format *one, const struct pcapng_format *other)
{
    return one->sections == other->sections && one->count == other->count &&
           one->process_count == other->process_count;
}

void pcapng_go_back(struct savefile *file, const struct packet *packet)
{
    struct pcapng_format *ng = file->format;
    const uint64_t now = reader_offset(&file->reader);
    if (file->noted.to < now)
        file->noted.to = now;
    ng->counted_to = now;
    file->reader.next = packet->bytes - ng->before;
}

void pcapng_catch_up(struct savefile *file, const struct savefile *further)
{
    struct pcapng_format *ng = file->format;
    const struct pcapng_format *from = further->format;
    if (!knows_the_same(ng, from)) {
        free(ng->interfaces);
        free(ng->processes);
        *ng = *from;
        ng->interfaces = xmemdup(from->interfaces, from->count * sizeof *from->interfaces);
        ng->processes = xmemdup(from->processes, from->process_count * sizeof *from->processes);
        ng->room = from->count;
        ng->process_room = from->process_count;
    }
    ng->skip_length = 0;
}

static void pcapng_close(struct source *source)
{
    struct pcapng_format *ng = ((struct savefile *)source)->format;
    free(ng->interfaces);
    free(ng->processes);
    savefile_close(source);
}

static const struct source_ops pcapng_ops = {
    .next = pcapng_next,
    .at_hand = pcapng_at_hand,
    .preface = pcapng_preface,
    .progress = savefile_progress,
    .waiting = savefile_waiting,
    .keep = savefile_keep,
    .release = savefile_release,
    .close = pcapng_close,
};

const struct pcapng_format *savefile_pcapng_format(const struct source *source)
{
    return source->ops == &pcapng_ops ? ((const struct savefile *)source)->format : NULL;
}

bool savefile_pcapng_begin(struct savefile *file)
{
    file->format = xcalloc(1, sizeof(struct pcapng_format));
    file->source.ops = &pcapng_ops;
    return look_at_section(file) == SOURCE_PACKET;
}
