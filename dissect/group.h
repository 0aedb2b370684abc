/* group.h: segments of a shard that are looked up together. They come in random order of
 * connections, each with its own cache misses: the place in the table, then the connection, then
 * its flow. So many take each of these steps before any takes the next that what one waits for is
 * fetched for the others meanwhile. */
#ifndef PUSHWATCH_DISSECT_GROUP_H
#define PUSHWATCH_DISSECT_GROUP_H

#include "batch.h"
#include "connection.h"

/* A segment, and whose it is. */
struct place {
    const struct segment *segment;
    const struct endpoint *ends[2]; /* of the connection's key */
    uint64_t hash;
    unsigned from; /* which of them sent it */
};

enum { GROUP_MAX = 8 };
struct group {
    struct place places[GROUP_MAX];
    uint32_t numbers[GROUP_MAX]; /* of their connections, in the slab; SLAB_NONE: not there yet */
    nanotime now[GROUP_MAX];     /* the latest packet time so far, at each */
    unsigned count;
};

/* group_gather takes the next segments of a shard's part of a batch, of which the first is `i`, and
 * adds frame_base to their frames. Returns the one behind them, or BATCH_END. */
uint32_t group_gather(struct group *group, const struct flow_table *table, struct batch *batch,
                      uint32_t i, uint64_t frame_base);

/* group_look_up finds their connections, and brings their flows near. The numbers hold until an
 * entry is taken out of the table. */
void group_look_up(struct group *group, const struct flow_table *table,
                   const struct slab *connections);

/* place_find gives the number of a segment's connection, or SLAB_NONE. */
static inline uint32_t place_find(const struct flow_table *table, const struct place *place)
{
    return flow_table_find(table, place->ends[0], place->ends[1], place->hash);
}

#endif
