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
    uint32_t tag;   /* of the hash; the home of the entry, too */
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

static int compare(const struct endpoint *a, const struct endpoint *b)
{
    int order = memcmp(a->ip, b->ip, sizeof a->ip);
    return order ? order : (int)a->port - (int)b->port;
}

struct flow_key flow_key_make(unsigned *from_end, const struct endpoint *from,
                              const struct endpoint *to)
{
    bool lower = compare(from, to) <= 0;
    *from_end = lower ? 0 : 1;
    return lower ? (struct flow_key){{*from, *to}} : (struct flow_key){{*to, *from}};
}

uint64_t flow_key_hash(const struct hash_key *key, const struct flow_key *flow)
{
    const struct endpoint *a = &flow->ends[0], *b = &flow->ends[1];
    uint64_t words[5] = {(uint64_t)a->port << 32 | (uint64_t)b->port << 1 | a->ipv6};
    if (!a->ipv6) { /* the usual one is short */
        memcpy(words + 1, a->ip, 4);
        memcpy((uint8_t *)(words + 1) + 4, b->ip, 4);
        return hash_words(key, words, 2);
    }
    memcpy(words + 1, a->ip, 16);
    memcpy(words + 3, b->ip, 16);
    return hash_words(key, words, COUNT_OF(words));
}

static bool same_key(const struct flow_key *a, const struct flow_key *b)
{
    for (unsigned i = 0; i < 2; i++)
        if (a->ends[i].port != b->ends[i].port || a->ends[i].ipv6 != b->ends[i].ipv6 ||
            memcmp(a->ends[i].ip, b->ends[i].ip, sizeof a->ends[i].ip) != 0)
            return false;
    return true;
}

static struct array array_new(size_t slots)
{
    return (struct array){xcalloc(slots, sizeof(struct slot)), slots - 1, 0};
}

static void array_put(struct array *array, struct slot slot)
{
    size_t i = slot.tag & array->mask;
    while (array->slots[i].entry)
        i = (i + 1) & array->mask;
    array->slots[i] = slot;
    array->used++;
}

static struct slot *array_find(const struct array *array, const struct slab *slab,
                               const struct flow_key *key, uint64_t hash)
{
    uint32_t tag = (uint32_t)hash;
    if (!array->slots)
        return NULL;
    for (size_t i = tag & array->mask; array->slots[i].entry; i = (i + 1) & array->mask)
        if (array->slots[i].tag == tag && same_key(slab_at(slab, array->slots[i].entry), key))
            return &array->slots[i];
    return NULL;
}

static void array_clear_slot(struct array *array, size_t hole)
{
    array->used--;
    for (size_t i = (hole + 1) & array->mask; array->slots[i].entry; i = (i + 1) & array->mask) {
        size_t home = array->slots[i].tag & array->mask;
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

uint32_t flow_table_find(const struct flow_table *table, const struct flow_key *key, uint64_t hash)
{
    const struct slot *slot = array_find(&table->now, table->slab, key, hash);
    if (!slot && table->old.slots)
        slot = array_find(&table->old, table->slab, key, hash);
    return slot ? slot->entry : SLAB_NONE;
}

void flow_table_prefetch(const struct flow_table *table, uint64_t hash)
{
    __builtin_prefetch(&table->now.slots[(uint32_t)hash & table->now.mask]);
}

void flow_table_add(struct flow_table *table, uint32_t entry, uint64_t hash)
{
    move_some(table);
    size_t slots = table->now.mask + 1;
    if (!table->old.slots && table->now.used >= slots / 4 * 3) {
        table->old = table->now;
        table->next_move = 0;
        table->now = array_new(slots * 2);
    }
    array_put(&table->now, (struct slot){entry, (uint32_t)hash});
}

void flow_table_remove(struct flow_table *table, uint32_t entry, uint64_t hash)
{
    const struct flow_key *key = slab_at(table->slab, entry);
    struct array *array = &table->now;
    struct slot *slot = array_find(array, table->slab, key, hash);
    if (!slot) {
        array = &table->old;
        slot = array_find(array, table->slab, key, hash);
    }
    if (slot)
        array_clear_slot(array, (size_t)(slot - array->slots));
    drop_old(table);
}

size_t flow_table_count(const struct flow_table *table)
{
    return table->now.used + table->old.used;
}

size_t flow_table_memory(const struct flow_table *table)
{
    size_t slots = table->now.mask + 1 + (table->old.slots ? table->old.mask + 1 : 0);
    return slots * sizeof(struct slot);
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    free(table->now.slots);
    free(table->old.slots);
    free(table);
}
