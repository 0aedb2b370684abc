/* pcapng_block.h: the blocks that most of a pcapng file consists of: packets of interfaces that
 * were declared, and blocks that nobody here reads. They change nothing of what those behind them
 * mean, so that whoever knows what stands before them can read them. For capture/ alone. */
#ifndef PUSHWATCH_CAPTURE_PCAPNG_BLOCK_H
#define PUSHWATCH_CAPTURE_PCAPNG_BLOCK_H

#include "pcapng.h"

/* The longest one: the largest packet, and as much again of options. */
enum { PLAIN_BLOCK_MAX = 2 * SAVEFILE_CAPLEN_MAX };

/* pcapng_fill_packet fills in a packet, but for its time and frame. */
static inline void pcapng_fill_packet(struct packet *packet, const struct ng_interface *interface,
                                      const uint8_t *bytes, uint32_t caplen, uint32_t len)
{
    packet->bytes = bytes;
    packet->caplen = caplen < len ? caplen : len;
    packet->len = len;
    packet->link = interface->link;
    packet->link_number = interface->link_number;
    packet->interface = interface->index;
    packet->marks = 0;
}

/* pcapng_time_of reads the time of an Enhanced Packet Block or a Packet Block. */
static inline nanotime pcapng_time_of(const struct ng_interface *interface, const uint8_t *fixed,
                                      bool swapped)
{
    uint64_t upper = load32(fixed + 4, swapped), lower = load32(fixed + 8, swapped);
    return ticks_to_time(&interface->ticks, upper << 32 | lower);
}

/* pcapng_plain_size gives the size of a block whose header is there; 0 if it is none of these, or
 * its size can't be right. */
static inline size_t pcapng_plain_size(const struct pcapng_format *ng, const uint8_t *block)
{
    const uint32_t type = load32(block, ng->swapped), size = load32(block + 4, ng->swapped);
    uint32_t least = PACKET_FIXED + BLOCK_TRAILER;
    if (UNLIKELY(type != BLOCK_ENHANCED_PACKET)) {
        if (pcapng_is_read(type))
            return 0;
        least = BLOCK_MIN;
    }
    return LIKELY(size >= least && size <= PLAIN_BLOCK_MAX && size % 4 == 0) ? size : 0;
}

/* pcapng_plain_packet reads one that is there as a whole: the packet, but for its frame and what
 * pcapng_plain_behind reads; its `bytes` are NULL if the block holds none. Returns false if
 * something is wrong with it, or nobody can read such packets. */
MUST_CHECK static inline bool pcapng_plain_packet(struct packet *packet,
                                                  const struct pcapng_format *ng,
                                                  const uint8_t *block, size_t size)
{
    const uint8_t *fixed = block + BLOCK_HEADER;
    packet->bytes = NULL;
    if (UNLIKELY(load32(block + size - BLOCK_TRAILER, ng->swapped) != size))
        return false;
    if (UNLIKELY(load32(block, ng->swapped) != BLOCK_ENHANCED_PACKET))
        return true;
    const uint32_t id = load32(fixed, ng->swapped), caplen = load32(fixed + 12, ng->swapped);
    if (UNLIKELY(id >= ng->count || !ng->interfaces[id].plain || caplen > SAVEFILE_CAPLEN_MAX ||
                 caplen > size - PACKET_FIXED - BLOCK_TRAILER))
        return false;
    const struct ng_interface *interface = &ng->interfaces[id];
    pcapng_fill_packet(packet, interface, block + PACKET_FIXED, caplen,
                       load32(fixed + 16, ng->swapped));
    packet->time = pcapng_time_of(interface, fixed, ng->swapped);
    return true;
}

/* pcapng_has_options tells whether something stands behind the packet in such a block. */
static inline bool pcapng_has_options(const struct pcapng_format *ng, const uint8_t *block,
                                      size_t size)
{
    const size_t caplen = load32(block + BLOCK_HEADER + 12, ng->swapped);
    return PACKET_FIXED + ((caplen + 3) & ~(size_t)3) + BLOCK_TRAILER < size;
}

/* pcapng_plain_behind reads the options, if there are any, and notes what they say beside the
 * packet: so it is called in the order of the file, for packets that are handed out and have their
 * frame. The block begins at an offset of the file. */
static inline void pcapng_plain_behind(struct savefile *file, struct packet *packet,
                                       uint64_t offset, const uint8_t *block, size_t size)
{
    if (UNLIKELY(pcapng_has_options(file->format, block, size)))
        pcapng_plain_options(file, packet, offset, block, size);
}

#endif
