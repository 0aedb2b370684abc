/* wire.h: frames with their headers and checksums, and the pcap file they go to. */
#ifndef PUSHWATCH_BENCH_WIRE_H
#define PUSHWATCH_BENCH_WIRE_H

#include "dialogue.h"

struct wire {
    int fd;
    uint8_t *buffer;
    size_t used;
    uint64_t packets, bytes; /* written so far; bytes on the wire */
    uint64_t watched;        /* packets to or from tcp/5223 */
};

enum { WATCHED_PORT = 5223 };

/* wire_open makes the file, or ends the program. */
void wire_open(struct wire *wire, const char *path);
void wire_close(struct wire *wire);

/* wire_step writes a dialogue's next packet. */
void wire_step(struct wire *wire, struct dialogue *dialogue);

#endif
