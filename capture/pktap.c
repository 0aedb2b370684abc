/* pktap.c: both versions of the header, as Apple's xnu declares them in bsd/net/pktap.h; version 1
 * is also at https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html. Their fields are in the byte
 * order of the machine: little-endian on all that ever had it.
 *
 * Version 1 (at these offsets):
 *      0 length of the header(4)   4 type of what follows(4)   8 its link type, a DLT(4)
 *     12 interface(24)  36 flags(4)  40 protocol family(4)
 *     44, 48 bytes of link layer before and behind(4, 4)
 *     52 process id(4)  56 command(17, padded to 20)  76 service class(4)
 *     80 interface type and unit(2, 2)  84 effective process id(4)  88 its command(17)
 *
 * Version 2 has a flag that says so at the place of version 1's flags:
 *      0 length(1)  1, 2 offsets of UUIDs(1, 1)  3 offset of the interface(1)
 *      4, 5 offsets of command and effective command(1, 1)  6 link type(2)
 *      8, 10 bytes of link layer before and behind(2, 2)  12 interface type(2)  14 IP protocol(2)
 *     16 protocol family(4)  20 service class(4)  24 flow(4)
 *     28 process id(4)  32 effective process id(4)  36 flags(4)
 * An offset of 0 stands for what is not there. */
#include "pktap.h"

#include "linktype.h"
#include "load.h"

enum {
    FLAGS_AT = 36,
    FLAG_RETRANSMISSION = 0x8000,
    FLAG_KEEPALIVE = 0x10000,
    FLAG_VERSION_2 = 0x80000
};
enum { INTERFACE_BYTES = 24, COMMAND_BYTES = 17 };

/* What both versions tell. */
struct pktap {
    uint32_t length, dlt;
    struct span interface, name, effective_name;
    int32_t pid, effective_pid;
};

static uint16_t little16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t little32(const uint8_t *bytes)
{
    return little16(bytes) | (uint32_t)little16(bytes + 2) << 16;
}

static bool read_version_1(struct pktap *out, const uint8_t *header, uint32_t caplen)
{
    enum { TYPE = 4, DLT = 8, INTERFACE = 12, PID = 52, COMMAND = 56, EPID = 84, ECOMMAND = 88 };
    enum { SIZE_MIN = 108, TYPE_PACKET = 1 };
    if (caplen < SIZE_MIN || little32(header + TYPE) != TYPE_PACKET)
        return false;
    *out = (struct pktap){.length = little32(header),
                          .dlt = little32(header + DLT),
                          .interface = span_of(header + INTERFACE, INTERFACE_BYTES),
                          .name = span_of(header + COMMAND, COMMAND_BYTES),
                          .effective_name = span_of(header + ECOMMAND, COMMAND_BYTES),
                          .pid = (int32_t)little32(header + PID),
                          .effective_pid = (int32_t)little32(header + EPID)};
    return out->length >= SIZE_MIN;
}

/* A text at an offset that stands in the header; it ends there too. */
static struct span text_at(const uint8_t *header, uint8_t offset, uint32_t most)
{
    const uint32_t length = header[0];
    if (offset == 0 || offset >= length)
        return span_of(NULL, 0);
    return span_of(header + offset, length - offset < most ? length - offset : most);
}

static bool read_version_2(struct pktap *out, const uint8_t *header, uint32_t caplen)
{
    enum { INTERFACE = 3, COMMAND = 4, ECOMMAND = 5, DLT = 6, PID = 28, EPID = 32, SIZE_MIN = 40 };
    if (header[0] < SIZE_MIN || header[0] > caplen)
        return false;
    *out = (struct pktap){.length = header[0],
                          .dlt = little16(header + DLT),
                          .interface = text_at(header, header[INTERFACE], INTERFACE_BYTES),
                          .name = text_at(header, header[COMMAND], COMMAND_BYTES),
                          .effective_name = text_at(header, header[ECOMMAND], COMMAND_BYTES),
                          .pid = (int32_t)little32(header + PID),
                          .effective_pid = (int32_t)little32(header + EPID)};
    return true;
}

static bool read_header(struct pktap *out, const struct packet *packet)
{
    const uint8_t *header = packet->bytes;
    if (packet->caplen < FLAGS_AT + 4)
        return false;
    bool read = little32(header + FLAGS_AT) & FLAG_VERSION_2
                    ? read_version_2(out, header, packet->caplen)
                    : read_version_1(out, header, packet->caplen);
    return read && out->length <= packet->caplen && out->dlt <= UINT16_MAX;
}

void pktap_open(struct source *source, struct process_memo *memo, struct packet *packet)
{
    struct pktap header;
    packet->link = LINK_UNSUPPORTED;
    if (!read_header(&header, packet))
        return;
    struct process_key key = {.interface = packet->interface,
                              .pid = header.pid,
                              .effective_pid = header.effective_pid,
                              .told_by = PROCESS_BY_PKTAP};
    uint32_t flags = little32(packet->bytes + FLAGS_AT);
    packet->marks = (uint8_t)((flags & FLAG_RETRANSMISSION ? MARK_RETRANSMISSION : 0) |
                              (flags & FLAG_KEEPALIVE ? MARK_KEEPALIVE : 0));
    process_name_put(key.interface_name, sizeof key.interface_name, header.interface);
    process_name_put(key.name, sizeof key.name, header.name);
    process_name_put(key.effective_name, sizeof key.effective_name, header.effective_name);
    packet->interface = source_process_add(source, memo, &key);
    packet->bytes += header.length;
    packet->caplen -= header.length;
    packet->len -= header.length;
    packet->link_number = (uint16_t)header.dlt;
    enum link_type link = linktype_of(packet->link_number);
    packet->link = link == LINK_PKTAP ? LINK_UNSUPPORTED : link;
}
