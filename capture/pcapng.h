/* pcapng.h: what the parts of the pcapng reader share. For capture/savefile_pcapng.c and
 * capture/pcapng_*.c alone.
 *
 * pcapng (draft-ietf-opsawg-pcapng) is a chain of blocks, in one or more sections, each with its
 * own byte order and its own interfaces:
 *
 *     type(4) total length(4) body, padded to 32 bits, total length again(4) */
#ifndef PUSHWATCH_CAPTURE_PCAPNG_H
#define PUSHWATCH_CAPTURE_PCAPNG_H

#include "load.h"
#include "savefile.h"
#include "ticks.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_NAMES = 4,
    BLOCK_STATISTICS = 5,
    BLOCK_ENHANCED_PACKET = 6,
    BLOCK_SECRETS = 10,
};

/* Darwin's, of those for local use. */
#define BLOCK_PROCESS UINT32_C(0x80000001)

enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d };

/* Sizes of blocks, and of their fixed parts with the eight bytes before the body. */
enum {
    BLOCK_HEADER = 8,
    BLOCK_TRAILER = 4,
    BLOCK_MIN = BLOCK_HEADER + BLOCK_TRAILER,
    SECTION_FIXED = BLOCK_HEADER + 16,
    INTERFACE_FIXED = BLOCK_HEADER + 8,
    PACKET_FIXED = BLOCK_HEADER + 20,
    SIMPLE_PACKET_FIXED = BLOCK_HEADER + 4,
    STATISTICS_FIXED = BLOCK_HEADER + 12,
    SECRETS_FIXED = BLOCK_HEADER + 8,
    PROCESS_FIXED = BLOCK_HEADER + 4
};

struct ng_interface {
    enum link_type link;
    uint16_t link_number;
    uint16_t index; /* in the source's table of names */
    uint32_t snaplen;
    bool unusable; /* its clock could not be read: its packets are left out */
    bool plain;    /* its packets can be handed out as they are */
    struct ticks ticks;
};

/* A Process Event Block. */
struct ng_process {
    int32_t pid;
    char name[PROCESS_NAME_ROOM];
};

struct pcapng_format {
    bool swapped; /* the section's byte order is not ours */
    struct ng_interface *interfaces;
    uint32_t count, room;
    uint32_t sections; /* that have begun */
    struct ng_process *processes;
    uint32_t process_count, process_room;
    /* The block that is being passed: its length (0: none), where it began, what is left of it but
     * for its trailer. It may be larger than any buffer, and come in pieces. */
    uint32_t skip_length;
    uint64_t skip_start, skip_left;
    uint64_t left_out;   /* blocks that are damaged in themselves, */
    uint64_t counted_to; /* which those before here are not to be counted as once more */
    size_t before; /* bytes of its block before those of the packet that was handed out last */
};

/* A block that is whole in the reader's buffer, where it lives until the reader is asked for more.
 */
struct ng_block {
    uint64_t start;   /* where it begins in the file */
    struct span rest; /* behind its fixed part, up to its trailer */
    const uint8_t *fixed;
    bool swapped;
};

/* All readers of a kind of block return SOURCE_PACKET to go on; a status as source_next gives it
 * otherwise. */

/* pcapng_take brings a whole block into the buffer, checks its lengths and passes it. `fixed` is
 * the size of its fixed part with the header. */
MUST_CHECK enum source_status pcapng_take(struct savefile *file, struct ng_block *block,
                                          uint32_t length, uint32_t fixed);

/* pcapng_left_out notes that the block that begins at `start` is damaged, but not its length, so
 * that those behind it can be read: always SOURCE_PACKET. Their number, and what is wrong with the
 * first, are the source's error in the end. */
enum source_status pcapng_left_out(struct savefile *file, uint64_t start, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* pcapng_interface_block reads an Interface Description Block. */
MUST_CHECK enum source_status pcapng_interface_block(struct savefile *file, uint32_t length);

/* pcapng_packet_block and pcapng_simple_packet_block read a packet: if *packet is one, its `bytes`
 * are no longer NULL. `obsolete` tells the Packet Block from the Enhanced Packet Block. */
MUST_CHECK enum source_status pcapng_packet_block(struct savefile *file, struct packet *packet,
                                                  uint32_t length, bool obsolete);
MUST_CHECK enum source_status pcapng_simple_packet_block(struct savefile *file,
                                                         struct packet *packet, uint32_t length);

/* pcapng_note_section and the like note what a block says beside packets, unless that was done. */
struct ng_option;
void pcapng_note_section(struct savefile *file, const struct ng_block *block);
void pcapng_note_interface(struct savefile *file, const struct ng_block *block);
void pcapng_note_packet(struct savefile *file, const struct ng_block *block,
                        const struct ng_option *option);

/* pcapng_statistics_block and pcapng_names_block do the same with an Interface Statistics Block and
 * a Name Resolution Block. */
MUST_CHECK enum source_status pcapng_statistics_block(struct savefile *file, uint32_t length);
MUST_CHECK enum source_status pcapng_names_block(struct savefile *file, uint32_t length);

/* pcapng_process_block reads a Process Event Block. */
MUST_CHECK enum source_status pcapng_process_block(struct savefile *file, uint32_t length);

/* pcapng_packet_options reads a packet's options, of which there is at least one header. */
void pcapng_packet_options(struct savefile *file, struct packet *packet,
                           const struct ng_block *block, struct span options);

/* pcapng_plain_options does so for a whole block: pcapng_block.h. */
void pcapng_plain_options(struct savefile *file, struct packet *packet, uint64_t start,
                          const uint8_t *block, size_t size);

/* pcapng_is_read tells whether blocks of a type are read: others are passed. */
MUST_CHECK bool pcapng_is_read(uint32_t type);

/* pcapng_go_back has a packet that still lies in the reader's buffer, the last one or one without
 * anything but packets behind it, be read again. What stands beside it is noted once. */
void pcapng_go_back(struct savefile *file, const struct packet *packet);

/* pcapng_catch_up has a reader know what one that is further in the same file does: of the section
 * and what it declares. */
void pcapng_catch_up(struct savefile *file, const struct savefile *further);

/* pcapng_secrets_block hands a Decryption Secrets Block to the source's list of secrets. */
MUST_CHECK enum source_status pcapng_secrets_block(struct savefile *file, uint32_t length);

/* pcapng_is_noted tells that what a block says beside packets is known from another reader of the
 * file. */
static inline bool pcapng_is_noted(const struct savefile *file, const struct ng_block *block)
{
    return block->start < file->noted.to;
}

/* pcapng_secrets_ahead looks for such blocks ahead of reading, in a regular file; where that is
 * compressed, among its first PCAPNG_AHEAD_BYTES. Once for each file. */
enum { PCAPNG_AHEAD_BYTES = 16 << 20 };
void pcapng_secrets_ahead(struct savefile *file);

#endif
