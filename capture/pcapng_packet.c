/* pcapng_packet.c: the three kinds of pcapng block that hold a packet. */
#include "pcapng_block.h"
#include "pktap.h"

#include <inttypes.h>

/* Finds a packet's interface. Of one that was not declared neither link type nor clock are known.
 */
static const struct ng_interface *find_interface(struct savefile *file, uint64_t start, uint32_t id)
{
    const struct pcapng_format *ng = file->format;
    if (UNLIKELY(id >= ng->count)) {
        (void)pcapng_left_out(file, start,
                              "damaged: the packet block at byte %" PRIu64
                              " is of interface %" PRIu32 ", but the section has declared %" PRIu32
                              " until there",
                              start, id, ng->count);
        return NULL;
    }
    const struct ng_interface *interface = &ng->interfaces[id];
    return LIKELY(!interface->unusable) ? interface : NULL;
}

/* Options follow the packet's bytes, padded to 32 bits. */
static void look_behind(struct savefile *file, struct packet *packet, const struct ng_block *block,
                        uint32_t caplen)
{
    const size_t padded = (caplen + (size_t)3) & ~(size_t)3;
    if (UNLIKELY(block->rest.n > padded))
        pcapng_packet_options(file, packet, block,
                              span_of(block->rest.p + padded, block->rest.n - padded));
    if (UNLIKELY(packet->link == LINK_PKTAP))
        pktap_open(&file->source, savefile_memo(file), packet);
}

/* Who was handed the packet last may want to know where its block begins. */
static void note_begin(struct savefile *file, const struct packet *packet,
                       const struct ng_block *block)
{
    struct pcapng_format *ng = file->format;
    ng->before = (size_t)(packet->bytes - block->fixed) + BLOCK_HEADER;
}

static enum source_status bad_caplen(struct savefile *file, uint64_t start, uint32_t caplen)
{
    return pcapng_left_out(file, start,
                           "damaged: the packet block at byte %" PRIu64 " claims %" PRIu32
                           " captured bytes, more than %s",
                           start, caplen,
                           caplen > SAVEFILE_CAPLEN_MAX ? "any capture holds" : "it holds");
}

/* Enhanced Packet Block, and the obsolete Packet Block, which differs in its first field:
 *
 *     interface(4), or interface(2) drops(2); time(4, 4: upper half first) captured length(4)
 *     original length(4) bytes options */
enum source_status pcapng_packet_block(struct savefile *file, struct packet *packet,
                                       uint32_t length, bool obsolete)
{
    struct ng_block block;
    enum source_status status = pcapng_take(file, &block, length, PACKET_FIXED);
    if (UNLIKELY(status != SOURCE_PACKET))
        return status;
    const uint8_t *fixed = block.fixed;
    uint32_t id = obsolete ? load16(fixed, block.swapped) : load32(fixed, block.swapped);
    const struct ng_interface *interface = find_interface(file, block.start, id);
    if (UNLIKELY(!interface))
        return SOURCE_PACKET;
    uint32_t caplen = load32(fixed + 12, block.swapped);
    if (UNLIKELY(caplen > SAVEFILE_CAPLEN_MAX || caplen > block.rest.n))
        return bad_caplen(file, block.start, caplen);
    pcapng_fill_packet(packet, interface, block.rest.p, caplen, load32(fixed + 16, block.swapped));
    packet->time = pcapng_time_of(interface, fixed, block.swapped);
    look_behind(file, packet, &block, caplen);
    note_begin(file, packet, &block);
    return SOURCE_PACKET;
}

/* Simple Packet Block: original length(4) bytes. It is of the section's first interface, whose
 * snaplen tells how much was captured, and has no time. */
enum source_status pcapng_simple_packet_block(struct savefile *file, struct packet *packet,
                                              uint32_t length)
{
    struct ng_block block;
    enum source_status status = pcapng_take(file, &block, length, SIMPLE_PACKET_FIXED);
    if (status != SOURCE_PACKET)
        return status;
    const struct ng_interface *interface = find_interface(file, block.start, 0);
    if (!interface)
        return SOURCE_PACKET;
    uint32_t len = load32(block.fixed, block.swapped);
    uint32_t caplen = interface->snaplen && interface->snaplen < len ? interface->snaplen : len;
    if (caplen > SAVEFILE_CAPLEN_MAX || caplen > block.rest.n)
        return bad_caplen(file, block.start, caplen);
    pcapng_fill_packet(packet, interface, block.rest.p, caplen, len);
    packet->time = 0;
    if (packet->link == LINK_PKTAP)
        pktap_open(&file->source, savefile_memo(file), packet);
    note_begin(file, packet, &block);
    return SOURCE_PACKET;
}

void pcapng_plain_options(struct savefile *file, struct packet *packet, uint64_t start,
                          const uint8_t *block, size_t size)
{
    const struct pcapng_format *ng = file->format;
    const uint8_t *fixed = block + BLOCK_HEADER;
    const struct ng_block whole = {
        .start = start,
        .rest = span_of(block + PACKET_FIXED, size - PACKET_FIXED - BLOCK_TRAILER),
        .fixed = fixed,
        .swapped = ng->swapped};
    file->source.frames = packet->frame - 1;
    look_behind(file, packet, &whole, load32(fixed + 12, ng->swapped));
}
