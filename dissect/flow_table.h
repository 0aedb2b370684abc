/* flow_table.h: finds a connection by its two endpoints. Open addressing by cache lines of
 * eight entries; it grows a few lines at a time, so that no packet waits for it. */
#ifndef PUSHWATCH_DISSECT_FLOW_TABLE_H
#define PUSHWATCH_DISSECT_FLOW_TABLE_H

#include "cursor.h"
#include "flow_record.h"
#include "keyed_hash.h"
#include "slab.h"

/* Both endpoints, the lower one first. */
struct flow_key {
    struct endpoint ends[2];
};

/* flow_key_from tells which end of the key of two endpoints `from` is. */
unsigned flow_key_from(const struct endpoint *from, const struct endpoint *to);

/* flow_key_make makes the key, given what flow_key_from said. */
static inline struct flow_key flow_key_make(unsigned from_end, const struct endpoint *from,
                                            const struct endpoint *to)
{
    return from_end ? (struct flow_key){{*to, *from}} : (struct flow_key){{*from, *to}};
}

/* flow_key_hash is that of the key whose ends are `lower` and `upper`: a product folded, under a
 * random key. Nobody without the key can tell which connections collide. */
uint32_t flow_key_hash(const struct hash_key *key, const struct endpoint *lower,
                       const struct endpoint *upper);

/* Which end of a key has sent a segment, and the hash of that key. */
struct flow_key_place {
    uint32_t hash;
    unsigned from;
};

/* flow_key_place finds both for a segment's two endpoints. */
struct flow_key_place flow_key_place(const struct hash_key *key, const struct endpoint *from,
                                     const struct endpoint *to);

/* flow_key_place_ipv4 does so for two of IPv4, each a number that flow_key_ipv4 makes of address
 * and port. */
struct flow_key_place flow_key_place_ipv4(const struct hash_key *key, uint64_t from, uint64_t to);
static inline uint64_t flow_key_ipv4(const uint8_t *address, uint16_t port)
{
    return (uint64_t)be32(address) << 16 | port;
}

struct flow_table;

/* flow_table_new makes a table of entries in a slab, which must outlive it; each begins with its
 * struct flow_key. */
MUST_CHECK struct flow_table *flow_table_new(const struct slab *slab);

/* An entry, and its number in the slab; NULL and SLAB_NONE: none. */
struct flow_table_entry {
    void *at;
    uint32_t number;
};

/* flow_table_find finds the entry that was added under a key with this hash, whose ends are
 * `lower` and `upper`. */
struct flow_table_entry flow_table_find(const struct flow_table *table,
                                        const struct endpoint *lower, const struct endpoint *upper,
                                        uint32_t hash);

/* flow_table_prefetch brings the place of a hash near, for a guess or a find soon after. */
void flow_table_prefetch(const struct flow_table *table, uint32_t hash);

/* flow_table_guess gives an entry with this hash, whatever its key, without looking at it;
 * SLAB_NONE: it knows none, though there may be one. */
uint32_t flow_table_guess(const struct flow_table *table, uint32_t hash);

/* flow_key_is compares a key with two ends. */
bool flow_key_is(const struct flow_key *key, const struct endpoint *lower,
                 const struct endpoint *upper);

/* flow_table_add adds an entry; there must be none under its key. */
void flow_table_add(struct flow_table *table, uint32_t entry, uint32_t hash);

/* flow_table_remove takes an entry out. */
void flow_table_remove(struct flow_table *table, uint32_t entry, uint32_t hash);

/* flow_table_count gives the number of entries, flow_table_memory the bytes of the table
 * at most: the same in each run. */
size_t flow_table_count(const struct flow_table *table);
size_t flow_table_memory(const struct flow_table *table);

/* flow_table_free frees the table, not the entries. */
void flow_table_free(struct flow_table *table);

#endif
