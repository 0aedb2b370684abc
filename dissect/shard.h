/* shard.h: some of the connections: finds each segment's flow, ends flows by packet time, makes
 * their records in order. One thread at a time works on a shard; different shards share nothing
 * that is written. */
#ifndef PUSHWATCH_DISSECT_SHARD_H
#define PUSHWATCH_DISSECT_SHARD_H

#include "batch.h"
#include "flow.h"
#include "intake.h"

struct outgoing;
struct shard;

/* What all shards have in common. */
struct shard_options {
    const struct sink *sink;
    struct hash_key key;        /* of flow_key_hash */
    struct cert_store *certs;   /* of all shards */
    struct shared_bytes *bytes; /* likewise */
    struct pages *pages;        /* likewise */
    const struct keylog *keylog;
    struct appid *appid; /* of all shards; NULL: nDPI is not asked */
    bool show_secrets;
    bool live;          /* hand a flow out soon after it has ended */
    bool in_order;      /* hand flows out in the order of their first segments */
    uint64_t max_flows; /* in this shard; 0: no limit */
    size_t max_memory;  /* bytes of this shard */
    const char *(*interface_name)(void *context, uint16_t interface);
    bool (*process)(void *context, struct packet_process *out, uint16_t interface); /* or NULL */
    void *interface_context;
    bool (*is_watched)(void *context, uint16_t port);
    void *watch_context;
};

/* shard_new makes a shard. The options must outlive it. */
MUST_CHECK struct shard *shard_new(const struct shard_options *options);

/* shard_work takes what has arrived for the shard, if not NULL; frames count from `frame_base` on.
 * It ends what is due at packet time `now`. What was handed out before is freed. `now` is 0 if more
 * follow, or shard_end, before anything is handed out. */
void shard_work(struct shard *shard, const struct arrivals *arrivals, uint64_t frame_base,
                nanotime now);

/* shard_work_merged takes those of several batches, of which none are left then, in the order of
 * their frames; others follow. */
void shard_work_merged(struct shard *shard, struct arrivals *from, unsigned count);

/* shard_prepare prepares a few flows to be handed out in the order of their ends. shard_next,
 * shard_describe and shard_let_go are for that of their first segments, one at a time: handout.h.
 */
void shard_prepare(struct shard *shard);
uint64_t shard_next(const struct shard *shard, uint64_t otherwise);
MUST_CHECK bool shard_describe(struct shard *shard, struct outgoing *place);
void shard_let_go(struct shard *shard, struct outgoing *place);

/* shard_open gives the place in the order of the first flow that has not ended, `otherwise` if
 * there is none. */
uint64_t shard_open(const struct shard *shard, uint64_t otherwise);

/* shard_end says that no more segments come, as of packet time `now`. What is left is to be handed
 * out until shard_is_done. */
void shard_end(struct shard *shard, nanotime now);

/* shard_is_ready tells, in the order of ends, that all that was prepared is handed out, and that
 * there is more to be prepared. */
bool shard_is_ready(const struct shard *shard);

bool shard_is_done(const struct shard *shard);

/* shard_prepared gives the place in the order of the prepared flow that is next, UINT64_MAX if
 * there is none; shard_hand_out gives that flow to the sink, as number n. */
uint64_t shard_prepared(const struct shard *shard);
void shard_hand_out(struct shard *shard, uint64_t n);

/* shard_is_tight tells, in the order of ends, that ended flows should not wait any longer for the
 * end of the round. shard_is_choked tells that ended flows, which wait for others to end, hold
 * memory that the shard needs, what was handed out being freed. shard_unblock ends the first of its
 * own that others wait for; false if there is none. */
bool shard_is_choked(struct shard *shard);
bool shard_is_tight(const struct shard *shard);
bool shard_unblock(struct shard *shard);

/* shard_snapshot hands out every flow that has not ended, as of `now`, as not final, with numbers
 * from *n on. Not while shard_work runs. */
void shard_snapshot(struct shard *shard, nanotime now, uint64_t *n);

/* shard_counts gives what was counted so far. */
struct dissect_counts shard_counts(const struct shard *shard);

/* shard_lost counts flows that the disk did not take, or not give back. */
uint64_t shard_lost(const struct shard *shard);

void shard_free(struct shard *shard);

#endif
