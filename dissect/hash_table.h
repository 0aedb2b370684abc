/* hash_table.h: a hash table chained through its entries, which belong to the caller. */
#ifndef PUSHWATCH_DISSECT_HASH_TABLE_H
#define PUSHWATCH_DISSECT_HASH_TABLE_H

#include "../capture/base.h"

/* Stands first in every entry. The hash must be a keyed one (keyed_hash.h) where the wire decides
 * what is hashed. */
struct hash_node {
    struct hash_node *next;
    uint64_t hash;
};

/* Zero-initialise it; free with hash_table_done. */
struct hash_table {
    struct hash_node **chains;
    size_t chain_count, count;
};

/* hash_table_first and hash_table_next walk the entries of one hash; NULL ends the walk. They may
 * differ in what was hashed: compare it. */
struct hash_node *hash_table_first(const struct hash_table *table, uint64_t hash);
struct hash_node *hash_table_next(const struct hash_node *node);

/* hash_table_add adds an entry whose hash is set. */
void hash_table_add(struct hash_table *table, struct hash_node *node);

/* hash_table_remove takes an entry out that is in the table. */
void hash_table_remove(struct hash_table *table, struct hash_node *node);

/* hash_table_done frees the table, but no entry. */
void hash_table_done(struct hash_table *table);

#endif
