/* pipeline.h: from packets to flow records: one call for each packet. */
#ifndef PUSHWATCH_DISSECT_PIPELINE_H
#define PUSHWATCH_DISSECT_PIPELINE_H

#include "../capture/packet.h"
#include "sink.h"

struct pipeline;

struct pipeline_options {
    const uint16_t *ports; /* watched: either port of a connection may be one of them */
    size_t port_count;     /* 0: all ports */
    bool ndpi;             /* ask nDPI about each flow */
    bool live;             /* hand a flow out soon after it has ended, in no order */
    /* Gives the name of a packet's interface, or NULL. */
    const char *(*interface_name)(void *context, uint16_t interface);
    void *interface_context;
    uint64_t hash_key[2]; /* random for each run: keyed_hash.h */
};

/* pipeline_new begins. The options are copied, but for what their pointers mean; the sink must
 * outlive the pipeline. Free with pipeline_free. */
MUST_CHECK struct pipeline *pipeline_new(const struct pipeline_options *options,
                                         const struct sink *sink);

/* pipeline_packet takes a packet; flows that end by its time are handed out. */
void pipeline_packet(struct pipeline *pipeline, const struct packet *packet);

/* pipeline_skip counts a packet that is left out for a reason decided elsewhere. */
void pipeline_skip(struct pipeline *pipeline, const struct packet *packet, enum note reason);

/* pipeline_advance says that it is `now`, though no packet came: live only. */
void pipeline_advance(struct pipeline *pipeline, nanotime now);

/* pipeline_snapshot hands out every flow that has not ended, as of `now`, as not final. */
void pipeline_snapshot(struct pipeline *pipeline, nanotime now);

/* pipeline_finish ends all flows at the end of the capture and hands them out. No packets after it.
 * `now` is the clock of a live run; 0 takes the time of the last packet. */
void pipeline_finish(struct pipeline *pipeline, nanotime now);

/* pipeline_certs visits each distinct certificate that was not visited before (cert_store.h). */
void pipeline_certs(const struct pipeline *pipeline, uint64_t after,
                    void (*visit)(void *context, const struct cert *cert), void *context);

/* pipeline_cert_count gives the number of distinct certificates so far: cheap. */
uint64_t pipeline_cert_count(const struct pipeline *pipeline);

/* pipeline_counts gives what was counted so far. */
struct dissect_counts pipeline_counts(const struct pipeline *pipeline);

void pipeline_free(struct pipeline *pipeline);

#endif
