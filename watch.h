/* watch.h: reads the sources into the pipeline until they end or a signal comes, and does what a
 * run is to do meanwhile: snapshots, progress. */
#ifndef PUSHWATCH_WATCH_H
#define PUSHWATCH_WATCH_H

#include "capture/filter.h"
#include "capture/relay.h"
#include "capture/source.h"
#include "dissect/pipeline.h"
#include "keys.h"
#include "options.h"
#include "progress.h"

/* So many packets are asked for at once: what is done once for all of them is little then. */
enum { PACKETS_AT_HAND = 16 };

/* One of the sources. */
struct watched {
    struct source *source;
    enum source_status status; /* of the last source_next */
    struct packet at_hand[PACKETS_AT_HAND];
    size_t next, count; /* of these, those that are still to be taken: read_same */
    bool keeps;         /* packets' bytes stay until source_release */
    bool pending;       /* the packet was read, but there was no room for it */
    uint64_t packets;
    nanotime first_time;
    bool stopped; /* by --count or --duration: as asked for */
} APART;

struct watch {
    const struct options *options;
    struct watched sources[SOURCE_RINGS_MAX]; /* several: rings of one interface, or one capture */
    size_t source_count;
    bool same_input;       /* each source gives all packets of the capture: pipeline.h */
    uint64_t passed;       /* packets that the first source had given before this round */
    struct relay *relay;   /* by which the threads share the reading; NULL: they can't */
    bool halted;           /* by a signal, while they did: with the same packet for all */
    struct filter *filter; /* of a saved capture; NULL: none */
    struct pipeline *pipeline;
    struct report *report;
    struct keys *keys;
    struct progress progress;
    nanotime first_time, next_snapshot; /* live */
    bool stopped;                       /* live: by --duration */
    uint16_t unread_link;               /* LINKTYPE_ of packets that were not read, if */
    bool has_unread_link;               /* there were any */
};

/* watch_catch_signals has SIGINT and SIGTERM end the sources, and SIGUSR1 take a snapshot, until
 * watch_leave_signals. */
void watch_catch_signals(struct watch *watch);
void watch_leave_signals(void);

/* watch_was_signalled tells that a signal has ended it. */
bool watch_was_signalled(void);

/* watch_is_large tells of a saved capture that there is enough of it for several threads. */
bool watch_is_large(const struct watch *watch);

/* watch_run reads all there is. Returns how it ended: SOURCE_BROKEN, or SOURCE_END. */
enum source_status watch_run(struct watch *watch);

/* watch_drops gives what all sources together did not get. */
struct source_drops watch_drops(const struct watch *watch);

/* What a pipeline asks of the source, with the watch as its context: the name of an interface, and
 * the process behind one. */
const char *watch_interface_name(void *watch, uint16_t interface);
bool watch_process(void *watch, struct packet_process *out, uint16_t interface);

/* watch_clock gives the time of day. */
nanotime watch_clock(void);

#endif
