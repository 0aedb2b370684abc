/* flow_table.h: finds a flow by its two endpoints. Open addressing with linear probing; it grows a
 * few entries at a time, so that no packet waits for it. */
#ifndef PUSHWATCH_DISSECT_FLOW_TABLE_H
#define PUSHWATCH_DISSECT_FLOW_TABLE_H

#include "flow_record.h"
#include "keyed_hash.h"

/* Both endpoints, the lower one first. */
struct flow_key {
    struct endpoint ends[2];
};

/* flow_key_make orders two endpoints, and tells which end of the key `from` is. */
struct flow_key flow_key_make(unsigned *from_end, const struct endpoint *from,
                              const struct endpoint *to);

struct flow_table;

MUST_CHECK struct flow_table *flow_table_new(const struct hash_key *key);

/* flow_table_find returns what was added under a key, or NULL. */
void *flow_table_find(struct flow_table *table, const struct flow_key *key);

/* flow_table_add adds an entry; there must be none under its key. The entry must begin with its
 * struct flow_key, and stays the caller's. */
void flow_table_add(struct flow_table *table, const void *entry);

/* flow_table_remove takes an entry out. */
void flow_table_remove(struct flow_table *table, const void *entry);

/* flow_table_count gives the number of entries. */
size_t flow_table_count(const struct flow_table *table);

/* flow_table_free frees the table, not the entries. */
void flow_table_free(struct flow_table *table);

#endif
