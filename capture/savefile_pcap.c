/* savefile_pcap.c: reads the classic capture format (draft-ietf-opsawg-pcap).
 *
 * File header, 24 bytes, in the writer's byte order, which the magic number tells:
 *
 *     magic(4) major(2) minor(2) reserved(8) snaplen(4) FCS bits and link type(4)
 *
 * followed by packet records:
 *
 *     seconds(4) micro- or nanoseconds(4) captured length(4) original length(4) bytes
 */
#include "linktype.h"
#include "load.h"
#include "pktap.h"
#include "savefile.h"

#include <inttypes.h>

enum {
    MAGIC_MICRO = 0xa1b2c3d4,
    MAGIC_NANO = 0xa1b23c4d,
    /* Alexey Kuznetzov's patches to libpcap of 1999: record headers have eight more bytes, with
     * interface and protocol. */
    MAGIC_MODIFIED = 0xa1b2cd34
};

enum { FILE_HEADER = 24, RECORD_HEADER = 16, RECORD_HEADER_MODIFIED = 24 };

struct pcap_format {
    bool swapped; /* the writer's byte order is not ours */
    uint32_t header_bytes;
    uint32_t fraction_ns; /* nanoseconds of a unit of the fraction field */
    uint16_t minor;
    uint16_t link_number;
    enum link_type link;
};

static bool is_magic(uint32_t magic)
{
    return magic == (uint32_t)MAGIC_MICRO || magic == (uint32_t)MAGIC_NANO ||
           magic == (uint32_t)MAGIC_MODIFIED;
}

bool savefile_pcap_is(const uint8_t magic[4])
{
    return is_magic(load32(magic, false)) || is_magic(load32(magic, true));
}

static enum source_status too_large(struct savefile *file, uint32_t caplen)
{
    return savefile_damaged(file,
                            "damaged: the packet record at byte %" PRIu64 " claims %" PRIu32
                            " captured bytes, more than the %d that captures hold",
                            reader_offset(&file->reader), caplen, SAVEFILE_CAPLEN_MAX);
}

/* Fills in all but the frame. */
static inline void hand_out(const struct pcap_format *pcap, struct packet *packet,
                            const uint8_t *record, uint32_t caplen, uint32_t len)
{
    packet->time = (nanotime)load32(record, pcap->swapped) * NS_PER_SECOND +
                   (nanotime)load32(record + 4, pcap->swapped) * pcap->fraction_ns;
    packet->bytes = record + pcap->header_bytes;
    packet->caplen = caplen < len ? caplen : len;
    packet->len = len;
    packet->link = pcap->link;
    packet->link_number = pcap->link_number;
    packet->interface = 0;
    packet->marks = 0;
}

static enum source_status pcap_next(struct source *source, struct packet *packet)
{
    struct savefile *file = (struct savefile *)source;
    const struct pcap_format *pcap = file->format;
    const uint32_t header_bytes = pcap->header_bytes;
    const uint8_t *record = reader_peek(&file->reader, header_bytes);
    if (UNLIKELY(!record))
        return savefile_short(file, "the packet record", reader_offset(&file->reader),
                              header_bytes);
    uint32_t caplen = load32(record + 8, pcap->swapped), len = load32(record + 12, pcap->swapped);
    if (UNLIKELY(pcap->minor <= 3) && (pcap->minor < 3 || caplen > len)) {
        /* Versions before 2.3, and some writers of 2.3, had the two the other way round. */
        uint32_t other = caplen;
        caplen = len;
        len = other;
    }
    if (UNLIKELY(caplen > SAVEFILE_CAPLEN_MAX))
        return too_large(file, caplen);
    record = reader_peek(&file->reader, (size_t)header_bytes + caplen);
    if (UNLIKELY(!record))
        return savefile_short(file, "the packet record", reader_offset(&file->reader),
                              (uint64_t)header_bytes + caplen);
    hand_out(pcap, packet, record, caplen, len);
    reader_skip(&file->reader, (size_t)header_bytes + caplen);
    if (UNLIKELY(pcap->link == LINK_PKTAP))
        pktap_open(source, savefile_memo(file), packet);
    return SOURCE_PACKET;
}

/* Of files that need no second look at a record. What lies in the reader's buffer does not move. */
static size_t pcap_at_hand(struct source *source, struct packet *packets, size_t most)
{
    struct savefile *file = (struct savefile *)source;
    const struct pcap_format format = *(const struct pcap_format *)file->format;
    const uint8_t *record = file->reader.next;
    size_t left = reader_unread(&file->reader), n = 0;
    if (UNLIKELY(format.swapped || format.minor <= 3 || format.link == LINK_PKTAP))
        return 0;
    for (; n < most && left >= format.header_bytes; n++) {
        uint32_t caplen = load32(record + 8, false);
        size_t size = (size_t)format.header_bytes + caplen;
        if (UNLIKELY(caplen > SAVEFILE_CAPLEN_MAX || size > left))
            break;
        hand_out(&format, &packets[n], record, caplen, load32(record + 12, false));
        packets[n].frame = source->frames + n + 1;
        record += size;
        left -= size;
    }
    source->frames += n;
    file->reader.next = record;
    return n;
}

bool savefile_pcap_begin(struct savefile *file)
{
    static const struct source_ops ops = {
        .next = pcap_next,
        .at_hand = pcap_at_hand,
        .progress = savefile_progress,
        .waiting = savefile_waiting,
        .keep = savefile_keep,
        .release = savefile_release,
        .close = savefile_close,
    };
    const uint8_t *header = reader_peek(&file->reader, FILE_HEADER);
    if (!header) {
        (void)savefile_short(file, "the file header", 0, FILE_HEADER);
        return false;
    }
    struct pcap_format *pcap = xcalloc(1, sizeof *pcap);
    file->format = pcap;
    pcap->swapped = !is_magic(load32(header, false));
    uint32_t magic = load32(header, pcap->swapped);
    uint16_t major = load16(header + 4, pcap->swapped);
    pcap->minor = load16(header + 6, pcap->swapped);
    if (major != 2) {
        savefile_damaged(file, "a pcap file of version %u.%u; only version 2 is known", major,
                         pcap->minor);
        return false;
    }
    pcap->header_bytes = magic == (uint32_t)MAGIC_MODIFIED ? RECORD_HEADER_MODIFIED : RECORD_HEADER;
    pcap->fraction_ns = magic == (uint32_t)MAGIC_NANO ? 1 : 1000;
    /* The upper half of the field holds FCS length and flags. */
    pcap->link_number = (uint16_t)(load32(header + 20, pcap->swapped) & 0xffff);
    pcap->link = linktype_of(pcap->link_number);
    reader_skip(&file->reader, FILE_HEADER);
    file->source.ops = &ops;
    return true;
}
