/* flow_table.c: two arrays while it grows: new entries go to the larger one, and each call moves a
 * few over from the smaller. Removal closes the hole by moving later entries back, so that probing
 * needs no tombstones. */
#include "flow_table.h"

#include <stdlib.h>

enum {
    SLOTS_FIRST = 64,
    /* Moved in each call: enough for the old array to be empty before the new one fills. */
    MOVES = 8
};

/* Eight bytes, so that a cache line holds eight. */
struct slot {
    uint32_t entry; /* SLAB_NONE: free */
    uint32_t hash;  /* which tells the home of the entry, too */
};

struct array {
    struct slot *slots;
    size_t mask, used;
};

struct flow_table {
    const struct slab *slab;
    struct array now, old; /* old.slots is NULL when nothing is left to be moved */
    size_t next_move;
};

/* An IPv6 address as two numbers, in an order: not that of its bytes everywhere, but the same for
 * all.
 */
struct address {
    uint64_t high, low;
};

static struct address address_of(const struct endpoint *end)
{
    struct address a;
    memcpy(&a.high, end->ip, sizeof a.high);
    memcpy(&a.low, end->ip + sizeof a.high, sizeof a.low);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    a.high = __builtin_bswap64(a.high);
    a.low = __builtin_bswap64(a.low);
#endif
    return a;
}

static uint64_t ipv4_of(const struct endpoint *end)
{
    return flow_key_ipv4(end->ip, end->port);
}

unsigned flow_key_from(const struct endpoint *from, const struct endpoint *to)
{
    if (LIKELY(!from->ipv6))
        return ipv4_of(from) > ipv4_of(to);
    struct address a = address_of(from), b = address_of(to);
    if (a.high != b.high)
        return a.high > b.high;
    if (a.low != b.low)
        return a.low > b.low;
    return from->port > to->port;
}

/* Both halves of a product: each bit of it depends on all bits of both. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_ipv4(const struct hash_key *key, uint64_t lower, uint64_t upper)
{
    return (uint32_t)fold(lower ^ key->k0, upper ^ key->k1);
}

uint32_t flow_key_hash(const struct hash_key *key, const struct endpoint *lower,
                       const struct endpoint *upper)
{
    if (LIKELY(!lower->ipv6))
        return hash_ipv4(key, ipv4_of(lower), ipv4_of(upper));
    struct address a = address_of(lower), b = address_of(upper);
    uint64_t ports = (uint64_t)lower->port << 16 | upper->port;
    uint64_t hash = fold(a.high ^ key->k0, b.high ^ key->k1);
    hash = fold(hash ^ a.low ^ key->k1, b.low ^ key->k0);
    return (uint32_t)fold(hash ^ ports ^ key->k0, key->k1 | 1);
}

struct flow_key_place flow_key_place(const struct hash_key *key, const struct endpoint *from,
                                     const struct endpoint *to)
{
    const struct endpoint *ends[2] = {from, to};
    unsigned end = flow_key_from(from, to);
    return (struct flow_key_place){flow_key_hash(key, ends[end], ends[!end]), end};
}

struct flow_key_place flow_key_place_ipv4(const struct hash_key *key, uint64_t from, uint64_t to)
{
    bool turned = from > to;
    return (struct flow_key_place){hash_ipv4(key, turned ? to : from, turned ? from : to), turned};
}

/* Address; family and port. */
static ALWAYS_INLINE uint64_t difference(const struct endpoint *a, const struct endpoint *b)
{
    uint64_t x[2], y[2];
    uint32_t rest_x, rest_y;
    _Static_assert(sizeof *a == sizeof x + sizeof rest_x, "an endpoint is words");
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    memcpy(&rest_x, (const uint8_t *)a + sizeof x, sizeof rest_x);
    memcpy(&rest_y, (const uint8_t *)b + sizeof y, sizeof rest_y);
    return (x[0] ^ y[0]) | (x[1] ^ y[1]) | (rest_x ^ rest_y);
}

bool flow_key_is(const struct flow_key *key, const struct endpoint *lower,
                 const struct endpoint *upper)
{
    return (difference(&key->ends[0], lower) | difference(&key->ends[1], upper)) == 0;
}

static struct array array_new(size_t slots)
{
    return (struct array){xcalloc(slots, sizeof(struct slot)), slots - 1, 0};
}

static void array_put(struct array *array, struct slot slot)
{
    size_t i = slot.hash & array->mask;
    while (array->slots[i].entry)
        i = (i + 1) & array->mask;
    array->slots[i] = slot;
    array->used++;
}

static ALWAYS_INLINE struct flow_table_entry array_find(const struct array *array,
                                                        const struct slab *slab,
                                                        const struct endpoint *lower,
                                                        const struct endpoint *upper, uint32_t hash)
{
    const struct slot *slots = array->slots;
    size_t mask = array->mask;
    for (size_t i = hash & mask; slots[i].entry; i = (i + 1) & mask) {
        if (slots[i].hash != hash)
            continue;
        struct flow_key *key = slab_at(slab, slots[i].entry);
        if (LIKELY(flow_key_is(key, lower, upper)))
            return (struct flow_table_entry){key, slots[i].entry};
    }
    return (struct flow_table_entry){NULL, SLAB_NONE};
}

/* By number: no key needs to be compared. */
static struct slot *array_slot(const struct array *array, uint32_t entry, uint32_t hash)
{
    if (!array->slots)
        return NULL;
    for (size_t i = hash & array->mask; array->slots[i].entry; i = (i + 1) & array->mask)
        if (array->slots[i].entry == entry)
            return &array->slots[i];
    return NULL;
}

static void array_clear_slot(struct array *array, size_t hole)
{
    array->used--;
    for (size_t i = (hole + 1) & array->mask; array->slots[i].entry; i = (i + 1) & array->mask) {
        size_t home = array->slots[i].hash & array->mask;
        if (((i - home) & array->mask) < ((i - hole) & array->mask))
            continue; /* its home lies behind the hole: it would not be found there */
        array->slots[hole] = array->slots[i];
        hole = i;
    }
    array->slots[hole].entry = SLAB_NONE;
}

static void drop_old(struct flow_table *table)
{
    if (!table->old.slots || table->old.used > 0)
        return;
    free(table->old.slots);
    table->old = (struct array){0};
}

static void move_some(struct flow_table *table)
{
    struct array *old = &table->old;
    for (unsigned n = 0; old->slots && n < MOVES; n++) {
        struct slot slot = old->slots[table->next_move];
        if (slot.entry) {
            array_clear_slot(old, table->next_move);
            array_put(&table->now, slot);
        } else {
            table->next_move++;
        }
        drop_old(table);
    }
}

struct flow_table *flow_table_new(const struct slab *slab)
{
    struct flow_table *table = xcalloc(1, sizeof *table);
    table->slab = slab;
    table->now = array_new(SLOTS_FIRST);
    return table;
}

/* Not yet moved? */
static NOINLINE struct flow_table_entry find_old(const struct flow_table *table,
                                                 const struct endpoint *lower,
                                                 const struct endpoint *upper, uint32_t hash)
{
    return array_find(&table->old, table->slab, lower, upper, hash);
}

struct flow_table_entry flow_table_find(const struct flow_table *table,
                                        const struct endpoint *lower, const struct endpoint *upper,
                                        uint32_t hash)
{
    struct flow_table_entry found = array_find(&table->now, table->slab, lower, upper, hash);
    if (UNLIKELY(!found.at) && table->old.slots)
        found = find_old(table, lower, upper, hash);
    return found;
}

void flow_table_prefetch(const struct flow_table *table, uint32_t hash)
{
    prefetch_line(&table->now.slots[hash & table->now.mask]);
}

uint32_t flow_table_guess(const struct flow_table *table, uint32_t hash)
{
    const struct slot *slots = table->now.slots;
    size_t i = hash & table->now.mask;
    while (slots[i].entry && slots[i].hash != hash)
        i = (i + 1) & table->now.mask;
    return slots[i].entry;
}

void flow_table_add(struct flow_table *table, uint32_t entry, uint32_t hash)
{
    move_some(table);
    size_t slots = table->now.mask + 1;
    if (!table->old.slots && table->now.used >= slots / 4 * 3) {
        table->old = table->now;
        table->next_move = 0;
        table->now = array_new(slots * 2);
    }
    array_put(&table->now, (struct slot){entry, hash});
}

void flow_table_remove(struct flow_table *table, uint32_t entry, uint32_t hash)
{
    struct array *array = &table->now;
    struct slot *slot = array_slot(array, entry, hash);
    if (!slot) {
        array = &table->old;
        slot = array_slot(array, entry, hash);
    }
    if (slot)
        array_clear_slot(array, (size_t)(slot - array->slots));
    drop_old(table);
}

size_t flow_table_count(const struct flow_table *table)
{
    return table->now.used + table->old.used;
}

/* The old array always counts: when it goes depends on the key of the hash. */
size_t flow_table_memory(const struct flow_table *table)
{
    return (table->now.mask + 1) / 2 * 3 * sizeof(struct slot);
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    free(table->now.slots);
    free(table->old.slots);
    free(table);
}
