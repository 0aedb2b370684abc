/* traffic.h: connections of any number of clients, for tests of a whole pipeline: packets in, and
 * what was told of the flows. */
#ifndef PUSHWATCH_TESTS_TRAFFIC_H
#define PUSHWATCH_TESTS_TRAFFIC_H

#include "../dissect/intake.h"
#include "../dissect/pipeline.h"
#include "craft.h"

enum { TRAFFIC_PORT = 5223 };

/* What came out of one flow; `client` is the number of the client that traffic_packet was told. It
 * has no byte left over, so that it can be compared as memory. */
struct traffic_flow {
    uint64_t n, first_frame, last_frame, packets;
    uint32_t client;
    enum end_reason end_reason;
    enum teardown teardown;
    uint32_t final;
    uint64_t sni; /* length of the server name; 0 where no ClientHello was seen */
};

struct traffic {
    struct pipeline *pipeline;
    struct sink sink;
    struct traffic_flow *flows; /* as they came */
    size_t count, room;
    uint64_t frame;
    nanotime now, step; /* between packets */
};

/* traffic_begin makes a pipeline, with all that options say but what it fills in itself: the ports,
 * the hash key. traffic_end frees it and the flows, with or without pipeline_finish before. */
void traffic_begin(struct traffic *traffic, struct pipeline_options options);
void traffic_end(struct traffic *traffic);

/* traffic_packet makes a packet from or to a client, of which there are 2^24. Free packet.bytes
 * with free(). */
struct packet traffic_packet(struct traffic *traffic, uint32_t client, bool from_client,
                             unsigned flags, uint32_t seq, uint32_t ack, struct span payload);

/* traffic_send hands such a packet to the pipeline as the next frame. */
void traffic_send(struct traffic *traffic, uint32_t client, bool from_client, unsigned flags,
                  uint32_t seq, uint32_t ack);

/* traffic_hello sends a ClientHello, for a server name that tells the client, where the client's
 * first byte is due. */
void traffic_hello(struct traffic *traffic, uint32_t client, uint32_t isn);

/* A client's SYN; its handshake; one more acknowledgment; both FINs, acknowledged. */
void traffic_syn(struct traffic *traffic, uint32_t client);
void traffic_open(struct traffic *traffic, uint32_t client);
void traffic_ack(struct traffic *traffic, uint32_t client);
void traffic_close(struct traffic *traffic, uint32_t client);

#endif
