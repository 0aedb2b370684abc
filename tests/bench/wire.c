/* wire.c: builds each frame where it is written from, in one large buffer. */
#include "wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, FRAME_MAX = 2048, SNAPLEN = 262144 };
enum { RECORD_HEADER = 16, ETHERNET = 14, ETHERNET_SMALLEST = 60 };
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

static void flush(struct wire *wire)
{
    for (size_t at = 0; at < wire->used;) {
        ssize_t n = write(wire->fd, wire->buffer + at, wire->used - at);
        if (n < 0) {
            perror("generate: cannot write");
            exit(1);
        }
        at += (size_t)n;
    }
    wire->used = 0;
}

void wire_open(struct wire *wire, const char *path)
{
    *wire = (struct wire){.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
                          .buffer = malloc(BUFFER)};
    if (wire->fd < 0 || !wire->buffer) {
        perror(path);
        exit(1);
    }
    /* Magic, version 2.4, zone, accuracy, snapshot length, Ethernet: draft-ietf-opsawg-pcap. */
    const uint32_t header[] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, SNAPLEN, 1};
    memcpy(wire->buffer, header, sizeof header);
    wire->used = sizeof header;
}

void wire_close(struct wire *wire)
{
    flush(wire);
    if (close(wire->fd) < 0) {
        perror("generate: cannot write");
        exit(1);
    }
    free(wire->buffer);
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
    return put16(put16(at, value >> 16), value & 0xffff);
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

/* The Internet checksum (RFC 1071), four bytes at a time, whatever the order of bytes. */
static uint64_t sum_up(uint64_t sum, const uint8_t *bytes, size_t n)
{
    uint32_t word;
    for (; n >= 4; bytes += 4, n -= 4) {
        memcpy(&word, bytes, 4);
        sum += word;
    }
    word = 0;
    memcpy(&word, bytes, n);
    return sum + word;
}

static void put_checksum(uint8_t *at, uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    uint16_t checksum = (uint16_t)~sum;
    memcpy(at, &checksum, 2);
}

static uint8_t *put_ethernet(uint8_t *at, const struct parties *parties, unsigned from)
{
    static const uint8_t addresses[2][6] = {{0x02, 0, 0, 0, 0, 0x0c}, {0x02, 0, 0, 0, 0, 0x05}};
    at = put_bytes(at, addresses[!from], 6);
    at = put_bytes(at, addresses[from], 6);
    return put16(at, parties->ipv6 ? 0x86dd : 0x0800);
}

static uint8_t *put_ipv4(uint8_t *at, struct parties *parties, unsigned from, size_t payload)
{
    uint8_t *header = at;
    at = put16(at, 0x4500);
    at = put16(at, (unsigned)(20 + payload));
    at = put16(at, parties->ip_id[from]++);
    at = put16(at, 0x4000); /* don't fragment */
    *at++ = parties->ttl[from];
    *at++ = parties->udp ? PROTOCOL_UDP : PROTOCOL_TCP;
    at = put16(at, 0);
    at = put_bytes(at, parties->ip[from], 4);
    at = put_bytes(at, parties->ip[!from], 4);
    put_checksum(header + 10, sum_up(0, header, 20));
    return at;
}

static uint8_t *put_ipv6(uint8_t *at, const struct parties *parties, unsigned from, size_t payload)
{
    at = put32(at, 0x60000000);
    at = put16(at, (unsigned)payload);
    *at++ = parties->udp ? PROTOCOL_UDP : PROTOCOL_TCP;
    *at++ = parties->ttl[from];
    at = put_bytes(at, parties->ip[from], 16);
    return put_bytes(at, parties->ip[!from], 16);
}

/* Options of a SYN: size, scale, selective acknowledgement, timestamps; of any other segment:
 * timestamps (RFC 7323 section 3.2), selective acknowledgement (RFC 2018 section 3). */
static uint8_t *put_options(uint8_t *at, struct parties *parties, const struct step *step)
{
    unsigned from = step->from;
    if (parties->bare)
        return at;
    if (step->flags & FLAG_SYN) {
        static const uint8_t rest[] = {4, 2, 1, 3, 3, 7};
        at = put16(at, 0x0204);
        at = put16(at, parties->ipv6 ? 1440 : 1460);
        at = put_bytes(at, rest, sizeof rest);
    } else if (step->flags & FLAG_RST) {
        return at;
    } else {
        at = put16(at, 0x0101);
    }
    at = put16(at, 0x080a);
    parties->last_tsval[from] = parties->clock[from] + (uint32_t)(step->time / BENCH_MILLISECOND);
    at = put32(at, parties->last_tsval[from]);
    at = put32(at, step->flags & FLAG_ACK ? parties->last_tsval[!from] : 0);
    if (!step->sack[1])
        return at;
    at = put32(at, 0x0101050a);
    at = put32(at, parties->isn[!from] + step->sack[0]);
    return put32(at, parties->isn[!from] + step->sack[1]);
}

static size_t options_length(const struct parties *parties, const struct step *step)
{
    if (parties->bare || step->flags & FLAG_RST)
        return 0;
    return step->flags & FLAG_SYN ? 20 : step->sack[1] ? 24 : 12;
}

static uint8_t *put_tcp(uint8_t *at, struct parties *parties, const struct step *step)
{
    unsigned from = step->from;
    size_t length = 20 + options_length(parties, step);
    at = put16(at, parties->port[from]);
    at = put16(at, parties->port[!from]);
    at = put32(at, parties->isn[from] + step->seq);
    at = put32(at, step->flags & FLAG_ACK ? parties->isn[!from] + step->ack : 0);
    at = put16(at, (unsigned)(length / 4 << 12 | step->flags));
    at = put16(at, step->flags & FLAG_RST ? 0 : step->flags & FLAG_SYN ? 64240 : 502);
    at = put32(at, 0); /* checksum, urgent pointer */
    return put_options(at, parties, step);
}

static uint8_t *put_udp(uint8_t *at, const struct parties *parties, const struct step *step)
{
    at = put16(at, parties->port[step->from]);
    at = put16(at, parties->port[!step->from]);
    at = put16(at, 8 + step->length);
    return put16(at, 0);
}

/* Puts a connection's own bytes over those that were recorded, as far as this packet has them. */
static void refresh(uint8_t *payload, const struct step *step, uint64_t seed)
{
    for (unsigned i = 0; i < step->piece->fresh_count; i++) {
        const struct fresh *fresh = &step->piece->fresh[i];
        struct random random = {seed + fresh->kind * UINT64_C(0x51ed270b7f4a7c15)};
        for (uint32_t done = 0; done < fresh->length; done += 8) {
            uint64_t x = random_next(&random);
            for (uint32_t byte = 0; byte < 8 && done + byte < fresh->length; byte++) {
                uint32_t at = fresh->at + done + byte;
                if (at >= step->at && at - step->at < step->length)
                    payload[at - step->at] = (uint8_t)(x >> 8 * byte);
            }
        }
    }
}

static uint8_t *put_payload(uint8_t *at, const struct parties *parties, const struct step *step)
{
    if (!step->piece)
        return at;
    memcpy(at, step->piece->bytes + step->at, step->length);
    if (step->piece->fresh_count)
        refresh(at, step, parties->fresh);
    return at + step->length;
}

/* The checksum over the pseudo header (RFC 9293 section 3.1) and the segment. */
static void finish_segment(uint8_t *segment, size_t length, const struct parties *parties)
{
    unsigned protocol = parties->udp ? PROTOCOL_UDP : PROTOCOL_TCP;
    size_t address = parties->ipv6 ? 16 : 4;
    uint64_t sum = htons((uint16_t)protocol) + (uint64_t)htons((uint16_t)length);
    sum = sum_up(sum, parties->ip[0], address);
    sum = sum_up(sum, parties->ip[1], address);
    put_checksum(segment + (parties->udp ? 6 : 16), sum_up(sum, segment, length));
}

static void put_record(uint8_t *at, int64_t time, size_t length)
{
    const uint32_t header[4] = {(uint32_t)(time / BENCH_SECOND), (uint32_t)(time % BENCH_SECOND),
                                (uint32_t)length, (uint32_t)length};
    memcpy(at, header, sizeof header);
}

void wire_step(struct wire *wire, struct dialogue *dialogue)
{
    struct parties *parties = &dialogue->parties;
    const struct step *step = &dialogue->steps[dialogue->next++];
    if (wire->used + FRAME_MAX > BUFFER)
        flush(wire);
    uint8_t *record = wire->buffer + wire->used, *frame = record + RECORD_HEADER;
    size_t head = parties->udp ? 8 : 20 + options_length(parties, step);
    uint8_t *at = put_ethernet(frame, parties, step->from);
    at = parties->ipv6 ? put_ipv6(at, parties, step->from, head + step->length)
                       : put_ipv4(at, parties, step->from, head + step->length);
    uint8_t *segment = at;
    at = parties->udp ? put_udp(at, parties, step) : put_tcp(at, parties, step);
    at = put_payload(at, parties, step);
    finish_segment(segment, (size_t)(at - segment), parties);
    for (; at - frame < ETHERNET_SMALLEST; at++)
        *at = 0;
    size_t length = (size_t)(at - frame);
    put_record(record, dialogue->start + step->time, length);
    wire->used += RECORD_HEADER + length;
    wire->packets++;
    wire->bytes += length;
    wire->watched +=
        !parties->udp && (parties->port[0] == WATCHED_PORT || parties->port[1] == WATCHED_PORT);
}
