/* pcapng_process.c: the processes of packets, as Apple's libpcap writes them (pcap/pcap-ng.h and
 * pcap_ng_dump_pktap in pcap-darwin.c, where they are called experimental; Wireshark reads them in
 * wiretap/pcapng_darwin.c): a block for each process,
 *
 *     process id(4) options: name 2, path 3, UUID 4
 *
 * and options of packets that count these blocks, from 0 on, within the section: 0x8001 the process
 * and 0x8003 the one on whose behalf it acts. Another, 0x8004, has flags: what the kernel knows of
 * the packet. */
#include "pcapng.h"
#include "pcapng_options.h"

#include <inttypes.h>

enum { PROCESS_NAME = 2 };
enum { PACKET_PROCESS = 0x8001, PACKET_EFFECTIVE_PROCESS = 0x8003, PACKET_FLAGS = 0x8004 };
enum { FLAG_RETRANSMISSION = 2, FLAG_KEEPALIVE = 4 };

/* Process blocks of a section: a system has fewer numbers for them in use at any time. */
enum { SECTION_PROCESSES_MAX = 65536 };

static struct ng_process *add_process(struct pcapng_format *ng)
{
    if (ng->process_count == ng->process_room) {
        ng->process_room = ng->process_room ? ng->process_room * 2 : 16;
        ng->processes = xrealloc(ng->processes, ng->process_room * sizeof *ng->processes);
    }
    struct ng_process *process = &ng->processes[ng->process_count++];
    *process = (struct ng_process){.pid = -1};
    return process;
}

enum source_status pcapng_process_block(struct savefile *file, uint32_t length)
{
    struct pcapng_format *ng = file->format;
    struct ng_block block;
    enum source_status status = pcapng_take(file, &block, length, PROCESS_FIXED);
    if (status != SOURCE_PACKET || ng->process_count == SECTION_PROCESSES_MAX)
        return status;
    struct ng_process *process = add_process(ng);
    process->pid = (int32_t)load32(block.fixed, block.swapped);
    struct ng_option option;
    bool malformed;
    while (pcapng_option(&option, &block.rest, &malformed, block.swapped))
        if (option.code == PROCESS_NAME)
            process_name_put(process->name, sizeof process->name, option.value);
    if (malformed) /* the block is for local use: anybody else's may look like anything */
        *process = (struct ng_process){.pid = -1};
    return SOURCE_PACKET;
}

/* The process that a packet's option counts; NULL if it is none. */
static const struct ng_process *process_of(const struct pcapng_format *ng, struct span value,
                                           bool swapped)
{
    if (value.n != 4)
        return NULL;
    uint32_t number = load32(value.p, swapped);
    return number < ng->process_count ? &ng->processes[number] : NULL;
}

static uint8_t marks_of(struct span value, bool swapped)
{
    uint32_t flags = value.n == 4 ? load32(value.p, swapped) : 0;
    return (uint8_t)((flags & FLAG_RETRANSMISSION ? MARK_RETRANSMISSION : 0) |
                     (flags & FLAG_KEEPALIVE ? MARK_KEEPALIVE : 0));
}

void pcapng_packet_options(struct savefile *file, struct packet *packet,
                           const struct ng_block *block, struct span options)
{
    const struct pcapng_format *ng = file->format;
    const struct ng_process *own = NULL, *effective = NULL;
    struct ng_option option;
    bool malformed;
    while (pcapng_option(&option, &options, &malformed, block->swapped))
        if (option.code == PACKET_PROCESS)
            own = process_of(ng, option.value, block->swapped);
        else if (option.code == PACKET_EFFECTIVE_PROCESS)
            effective = process_of(ng, option.value, block->swapped);
        else if (option.code == PACKET_FLAGS)
            packet->marks = marks_of(option.value, block->swapped);
        else
            pcapng_note_packet(file, block, &option);
    if (!own && !effective)
        return;
    struct process_key key = {.interface = packet->interface,
                              .pid = -1,
                              .effective_pid = -1,
                              .told_by = PROCESS_BY_PCAPNG};
    if (own) {
        key.pid = own->pid;
        memcpy(key.name, own->name, sizeof key.name);
    }
    if (effective) {
        key.effective_pid = effective->pid;
        memcpy(key.effective_name, effective->name, sizeof key.effective_name);
    }
    packet->interface = source_process_add(&file->source, savefile_memo(file), &key);
}
