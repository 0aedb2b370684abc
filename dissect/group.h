/* group.h: segments of a shard that are looked up together. They come in random order of
 * connections, each with its own cache misses: the place in the table, then the connection, then
 * its flow. So many take each of these steps before any takes the next that what one waits for is
 * fetched for the others meanwhile. */
#ifndef PUSHWATCH_DISSECT_GROUP_H
#define PUSHWATCH_DISSECT_GROUP_H

#include "batch.h"
#include "connection.h"

enum { GROUP_MAX = 8 };
struct group {
    const struct batch_segment *segments[GROUP_MAX];
    struct flow_table_entry connections[GROUP_MAX]; /* of each; none: not there yet */
    unsigned count;
};

/* group_gather takes the next segments of a shard's part of a batch, of which the first is `i`, and
 * adds frame_base to their frames. Returns the one behind them, or BATCH_END. */
uint32_t group_gather(struct group *group, const struct flow_table *table, struct batch *batch,
                      uint32_t i, uint64_t frame_base);

/* group_look_up finds the connections of those from `first` on, as many as `count`, and brings
 * their flows near. They hold until an entry is taken out of the table. */
void group_look_up(struct group *group, unsigned first, unsigned count,
                   const struct flow_table *table);

#endif
