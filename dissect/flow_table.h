/* flow_table.h: finds a connection by its two endpoints. Open addressing with linear probing; it
 * grows a few slots at a time, so that no packet waits for it. */
#ifndef PUSHWATCH_DISSECT_FLOW_TABLE_H
#define PUSHWATCH_DISSECT_FLOW_TABLE_H

#include "flow_record.h"
#include "keyed_hash.h"
#include "slab.h"

/* Both endpoints, the lower one first. */
struct flow_key {
    struct endpoint ends[2];
};

/* flow_key_make orders two endpoints, and tells which end of the key `from` is. */
struct flow_key flow_key_make(unsigned *from_end, const struct endpoint *from,
                              const struct endpoint *to);

/* flow_key_hash is the same for both directions. */
uint64_t flow_key_hash(const struct hash_key *key, const struct flow_key *flow);

struct flow_table;

/* flow_table_new makes a table of entries in a slab, which must outlive it; each begins with its
 * struct flow_key. */
MUST_CHECK struct flow_table *flow_table_new(const struct slab *slab);

/* flow_table_find returns the entry that was added under a key with this hash, or SLAB_NONE. */
uint32_t flow_table_find(const struct flow_table *table, const struct flow_key *key, uint64_t hash);

/* flow_table_prefetch brings the place of a hash near, for a find soon after. */
void flow_table_prefetch(const struct flow_table *table, uint64_t hash);

/* flow_table_add adds an entry; there must be none under its key. */
void flow_table_add(struct flow_table *table, uint32_t entry, uint64_t hash);

/* flow_table_remove takes an entry out. */
void flow_table_remove(struct flow_table *table, uint32_t entry, uint64_t hash);

/* flow_table_count gives the number of entries, flow_table_memory the bytes of the table. */
size_t flow_table_count(const struct flow_table *table);
size_t flow_table_memory(const struct flow_table *table);

/* flow_table_free frees the table, not the entries. */
void flow_table_free(struct flow_table *table);

#endif
