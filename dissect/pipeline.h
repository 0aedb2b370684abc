/* pipeline.h: from packets to flow records, in rounds: a batch of segments is filled, then the
 * shards work on it, as many at once as there are threads, then what they have made ready is handed
 * out in order. With several threads the next batch is filled meanwhile, or (same_input) each fills
 * one for its own shards, several times in a round, or (pipeline_share) some for all shards. */
#ifndef PUSHWATCH_DISSECT_PIPELINE_H
#define PUSHWATCH_DISSECT_PIPELINE_H

#include "../capture/packet.h"
#include "cert.h"
#include "checksum.h"
#include "sink.h"

struct pipeline;
struct intake;
struct keylog_counts;

struct pipeline_options {
    const uint16_t *ports; /* watched: either port of a connection may be one of them */
    size_t port_count;     /* 0: all ports */
    unsigned threads;      /* that work, the caller's included; 0 is 1 */
    unsigned inputs;       /* intakes that are filled at once; 0 is 1 */
    bool same_input;       /* each is filled with the same packets, of which it takes its part */
    bool large;            /* the input is known to be: with same_input all threads begin at once,
                              and rounds are longer; not for one whose sharing may end early */
    bool ndpi;             /* ask nDPI about each flow */
    bool live;             /* hand a flow out soon after it has ended, in no order */
    bool order_end;        /* hand flows out as they end, not in the order of their first packets */
    enum checksum_mode checksums;
    bool show_secrets;   /* keep what encrypted streams hold, where it is opened */
    uint64_t max_flows;  /* connections tracked at once; 0: no limit of their number */
    uint64_t max_memory; /* bytes, of the process as a whole; 0: limits.h */
    /* Gives the name of a packet's interface, or NULL. Called by several threads at once. */
    const char *(*interface_name)(void *context, uint16_t interface);
    /* Gives the process that a packet belongs to; false if that is not known. In the same way.
     * NULL: nobody knows. */
    bool (*process)(void *context, struct packet_process *out, uint16_t interface);
    void *interface_context;
    uint64_t hash_key[2]; /* random for each run: keyed_hash.h */
};

/* pipeline_new begins. The options are copied, but for what their pointers mean; the sink must
 * outlive the pipeline. Free with pipeline_free. */
MUST_CHECK struct pipeline *pipeline_new(const struct pipeline_options *options,
                                         const struct sink *sink);

/* pipeline_packet takes a packet of the only input. What it says is known after the next
 * pipeline_flush, or once a batch is full. */
void pipeline_packet(struct pipeline *pipeline, const struct packet *packet);

/* pipeline_skip counts a packet of the only input that is left out for a reason decided elsewhere.
 */
void pipeline_skip(struct pipeline *pipeline, const struct packet *packet, enum note reason);

/* Puts packets into the intake of an input. Returns whether it is to be called again in the same
 * round: with same_input alone, once the window's packets were worked on and may be let go. */
typedef bool pipeline_filler(void *context, unsigned input, struct intake *intake);

/* pipeline_fill has `fill` called for each input, at the same time if there are threads, and lets
 * the shards work on what was put into the intakes. With same_input it is called for the first
 * alone until there is so much that others are called for: those pass what that one has had before.
 * Otherwise it is called once for each, and a packet's frame is counted here. */
void pipeline_fill(struct pipeline *pipeline, pipeline_filler *fill, void *context);

/* Packets are shared out to so many places for each input. */
enum { SHARE_PLACES = 2 };

/* How packets can be shared out among the inputs of the same capture. Any of their threads may call
 * for any place, one at a time. */
struct pipeline_sharing {
    /* Begins with the packet that the first input would be given next; `now` is the latest time of
     * those before. No more packets are to be shared out, or captured bytes of them, to which each
     * packet adds `beside`. Of `sparse` ones few are looked at. */
    void (*begin)(void *context, nanotime now, uint64_t packets, uint64_t bytes, uint32_t beside,
                  bool sparse);
    /* Has the next packets go to a place, whose bytes stay there until it is called for that place
     * again. Returns false if there are no more. */
    bool (*claim)(void *context, unsigned place);
    /* Gives those to an intake by intake_packets, no more than SHARE_PACKETS, with no more than
     * SHARE_BYTES captured; they follow those that it had before. Returns false if there were none
     * after all, nor are there later ones. */
    bool (*fill)(void *context, unsigned place, struct intake *intake);
    /* All inputs are to go on behind what was shared out. */
    void (*end)(void *context);
    void *context;
};

/* pipeline_share has packets shared out from now on, with same_input. What comes out is the same.
 */
void pipeline_share(struct pipeline *pipeline, const struct pipeline_sharing *sharing);

/* pipeline_secrets takes the text of a key log, and counts what was in it: keylog.h. Connections
 * are opened with them from now on. pipeline_expect_secrets tells whether more may come later;
 * until it is called none do. */
void pipeline_secrets(struct pipeline *pipeline, struct keylog_counts *counts, struct span text);
void pipeline_expect_secrets(struct pipeline *pipeline, bool more);

/* pipeline_flush hands out all that can be said of the packets so far. */
void pipeline_flush(struct pipeline *pipeline);

/* pipeline_advance says that it is `now`, though no packet came: live only. */
void pipeline_advance(struct pipeline *pipeline, nanotime now);

/* pipeline_snapshot hands out every flow that has not ended, as of `now`, as not final. */
void pipeline_snapshot(struct pipeline *pipeline, nanotime now);

/* pipeline_finish ends all flows at the end of the capture and hands them out. No packets after it.
 * `now` is the clock of a live run; 0 takes the time of the last packet. `progress`, which may be
 * NULL, is called now and then with the number of flows handed out. Returns false if some flows are
 * lost that waited on disk: it was full, or did not give them back. */
MUST_CHECK bool pipeline_finish(struct pipeline *pipeline, nanotime now,
                                void (*progress)(void *context, uint64_t flows), void *context);

/* pipeline_visit_certs visits each distinct certificate that was not visited before, in order of
 * first sight. */
void pipeline_visit_certs(struct pipeline *pipeline,
                          void (*visit)(void *context, const struct cert *cert), void *context);

/* pipeline_cert_count gives the number of distinct certificates so far: cheap. */
uint64_t pipeline_cert_count(const struct pipeline *pipeline);

/* pipeline_counts gives what was counted so far. */
struct dissect_counts pipeline_counts(const struct pipeline *pipeline);

/* pipeline_flows gives the number of flows handed out: cheap. */
uint64_t pipeline_flows(const struct pipeline *pipeline);

void pipeline_free(struct pipeline *pipeline);

#endif
