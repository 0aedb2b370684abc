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
#include "pcap_record.h"
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

static enum source_status pcap_next(struct source *source, struct packet *packet)
{
    struct savefile *file = (struct savefile *)source;
    const struct pcap_format *pcap = file->format;
    const uint32_t header_bytes = pcap->header_bytes;
    const uint8_t *record = reader_peek(&file->reader, header_bytes);
    if (UNLIKELY(!record))
        return savefile_short(file, "the packet record", reader_offset(&file->reader),
                              header_bytes);
    struct pcap_lengths lengths = pcap_lengths_of(pcap, record);
    if (UNLIKELY(lengths.captured > SAVEFILE_CAPLEN_MAX))
        return too_large(file, lengths.captured);
    const size_t size = (size_t)header_bytes + lengths.captured;
    record = reader_peek(&file->reader, size);
    if (UNLIKELY(!record))
        return savefile_short(file, "the packet record", reader_offset(&file->reader), size);
    pcap_packet_of(packet, pcap, record, lengths);
    reader_skip(&file->reader, size);
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
        struct pcap_lengths lengths = pcap_lengths_of(&format, record);
        size_t size = (size_t)format.header_bytes + lengths.captured;
        if (UNLIKELY(lengths.captured > SAVEFILE_CAPLEN_MAX || size > left))
            break;
        pcap_packet_of(&packets[n], &format, record, lengths);
        packets[n].frame = source->frames + n + 1;
        record += size;
        left -= size;
    }
    source->frames += n;
    file->reader.next = record;
    return n;
}

static const struct source_ops pcap_ops = {
    .next = pcap_next,
    .at_hand = pcap_at_hand,
    .progress = savefile_progress,
    .waiting = savefile_waiting,
    .keep = savefile_keep,
    .release = savefile_release,
    .close = savefile_close,
};

const struct pcap_format *savefile_pcap_format(const struct source *source)
{
    return source->ops == &pcap_ops ? ((const struct savefile *)source)->format : NULL;
}

bool savefile_pcap_begin(struct savefile *file)
{
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
    file->source.ops = &pcap_ops;
    return true;
}
