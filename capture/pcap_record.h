/* pcap_record.h: one packet record of the classic capture format: savefile_pcap.c. For capture/
 * alone. */
#ifndef PUSHWATCH_CAPTURE_PCAP_RECORD_H
#define PUSHWATCH_CAPTURE_PCAP_RECORD_H

#include "load.h"
#include "packet.h"

/* What the file's header says. */
struct pcap_format {
    bool swapped; /* the writer's byte order is not ours */
    uint32_t header_bytes;
    uint32_t fraction_ns; /* nanoseconds of a unit of the fraction field */
    uint16_t minor;
    uint16_t link_number;
    enum link_type link;
};

/* Bytes of a packet: those that stand in the file, and those that were on the wire. */
struct pcap_lengths {
    uint32_t captured, wire;
};

/* pcap_lengths_of reads them from a record's header. */
static inline struct pcap_lengths pcap_lengths_of(const struct pcap_format *pcap,
                                                  const uint8_t *record)
{
    uint32_t captured = load32(record + 8, pcap->swapped);
    uint32_t wire = load32(record + 12, pcap->swapped);
    /* Versions before 2.3, and some writers of 2.3, had the two the other way round. */
    if (UNLIKELY(pcap->minor <= 3) && (pcap->minor < 3 || captured > wire))
        return (struct pcap_lengths){wire, captured};
    return (struct pcap_lengths){captured, wire};
}

/* pcap_time_of reads the packet's time. */
static inline nanotime pcap_time_of(const struct pcap_format *pcap, const uint8_t *record)
{
    return (nanotime)load32(record, pcap->swapped) * NS_PER_SECOND +
           (nanotime)load32(record + 4, pcap->swapped) * pcap->fraction_ns;
}

/* pcap_packet_of gives the packet of a record that is there as a whole, but for its frame. */
static inline void pcap_packet_of(struct packet *packet, const struct pcap_format *pcap,
                                  const uint8_t *record, struct pcap_lengths lengths)
{
    packet->time = pcap_time_of(pcap, record);
    packet->bytes = record + pcap->header_bytes;
    packet->caplen = lengths.captured < lengths.wire ? lengths.captured : lengths.wire;
    packet->len = lengths.wire;
    packet->link = pcap->link;
    packet->link_number = pcap->link_number;
    packet->interface = 0;
    packet->marks = 0;
}

#endif
