/* nearby.h: fetches what the next segments of a shard need, all at once, before the first of them
 * is taken: their connections are as good as anywhere in memory, and to wait for each in turn takes
 * longer than to work on it. */
#ifndef PUSHWATCH_DISSECT_NEARBY_H
#define PUSHWATCH_DISSECT_NEARBY_H

#include "batch.h"
#include "connection.h"

enum { NEARBY = 16 }; /* arrivals at a time: what they need fits in the first cache */

/* What is likely to be the connection of each; none: who knows. */
struct nearby {
    struct flow_table_entry guesses[NEARBY];
};

/* nearby_prefetch brings the first NEARBY of the arrivals near, and their places in the table, for
 * nearby_fetch soon after. */
void nearby_prefetch(const struct flow_table *table, struct arrivals arrivals);

/* nearby_fetch finds their connections, and brings these and their flows near. */
void nearby_fetch(struct nearby *nearby, const struct flow_table *table,
                  const struct slab *connections, struct arrivals arrivals);

/* nearby_find finds the connection of a segment as flow_table_find does, given what struct nearby
 * has of it, whatever has become of that connection since. */
struct flow_table_entry nearby_find(const struct flow_table *table, const struct arrival *arrival,
                                    struct flow_table_entry guess);

/* nearby_prefetch_end is called for each connection that is to end by its silence, the one that is
 * silent the longest first: brings near what ending the one behind it in its queue needs. */
void nearby_prefetch_end(const struct flow_table *table, const struct slab *connections,
                         const struct hash_key *key, uint32_t number);

#endif
