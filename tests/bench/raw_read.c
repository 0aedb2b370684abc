/* raw_read.c: the least that finding the packets of a port can cost: one block after the other into
 * the same buffer, from record to record, the ports at fixed places: raw_read FILE [PORT]
 *
 * For little-endian pcap files of Ethernet without tags or IP options, as generate writes them. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, FILE_HEADER = 24, RECORD_HEADER = 16, RECORD_MAX = 262144 };

struct counts {
    uint64_t packets, matched;
};

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Whether the frame is TCP from or to the port. */
static bool matches(const uint8_t *frame, size_t length, unsigned port)
{
    enum { TYPE = 12, IPV4 = 14, IPV4_PROTOCOL = 23, IPV4_PORTS = 34 };
    enum { IPV6_NEXT = 20, IPV6_PORTS = 54, TCP = 6 };
    size_t ports;
    if (length >= IPV4_PORTS + 4 && get16(frame + TYPE) == 0x0800 && frame[IPV4] == 0x45 &&
        frame[IPV4_PROTOCOL] == TCP)
        ports = IPV4_PORTS;
    else if (length >= IPV6_PORTS + 4 && get16(frame + TYPE) == 0x86dd && frame[IPV6_NEXT] == TCP)
        ports = IPV6_PORTS;
    else
        return false;
    return get16(frame + ports) == port || get16(frame + ports + 2) == port;
}

/* Looks at each whole record. Returns how many bytes it has used, or -1 if the file is damaged. */
static ssize_t walk(const uint8_t *bytes, size_t n, unsigned port, struct counts *counts)
{
    size_t at = 0;
    while (n - at >= RECORD_HEADER) {
        uint32_t length;
        memcpy(&length, bytes + at + 8, sizeof length);
        if (length > RECORD_MAX)
            return -1;
        if (n - at - RECORD_HEADER < length)
            break;
        counts->packets++;
        counts->matched += matches(bytes + at + RECORD_HEADER, length, port);
        at += RECORD_HEADER + length;
    }
    return (ssize_t)at;
}

static bool read_all(int fd, unsigned port, struct counts *counts)
{
    static uint8_t buffer[RECORD_HEADER + RECORD_MAX + BLOCK];
    size_t have = 0;
    ssize_t n;
    if (read(fd, buffer, FILE_HEADER) != FILE_HEADER)
        return false;
    while ((n = read(fd, buffer + have, BLOCK)) > 0) {
        have += (size_t)n;
        ssize_t used = walk(buffer, have, port, counts);
        if (used < 0)
            return false;
        have -= (size_t)used;
        memmove(buffer, buffer + used, have);
    }
    return n == 0 && have == 0;
}

int main(int argc, char **argv)
{
    struct counts counts = {0};
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "Usage: raw_read FILE [PORT]\n");
        return 2;
    }
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        perror(argv[1]);
        return 1;
    }
    bool good = read_all(fd, argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5223, &counts);
    close(fd);
    printf("%" PRIu64 " packets, %" PRIu64 " matched\n", counts.packets, counts.matched);
    if (!good)
        fprintf(stderr, "raw_read: %s is damaged\n", argv[1]);
    return good ? 0 : 1;
}
