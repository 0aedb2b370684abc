/* flow_table.c: two arrays while it grows: new entries go to the larger one, and each call moves a
 * few over from the smaller. Removal closes the hole by moving later entries back, so that probing
 * needs no tombstones. */
#include "flow_table.h"

#include <stdlib.h>

enum {
    SLOTS_FIRST = 1024,
    /* Moved in each call: at least two, so that the old array is empty before the new one fills. */
    MOVES = 8
};

struct slot {
    const void *entry; /* NULL: free */
    uint64_t hash;
};

struct array {
    struct slot *slots;
    size_t mask, used;
};

struct flow_table {
    struct hash_key key;
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

static uint64_t hash_of(const struct flow_table *table, const struct flow_key *key)
{
    uint64_t words[5];
    memcpy(words, key->ends[0].ip, 16);
    memcpy(words + 2, key->ends[1].ip, 16);
    words[4] =
        (uint64_t)key->ends[0].port << 32 | (uint64_t)key->ends[1].port << 1 | key->ends[0].ipv6;
    return hash_words(&table->key, words, COUNT_OF(words));
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

static void array_put(struct array *array, const void *entry, uint64_t hash)
{
    size_t i = hash & array->mask;
    while (array->slots[i].entry)
        i = (i + 1) & array->mask;
    array->slots[i] = (struct slot){entry, hash};
    array->used++;
}

static struct slot *array_find(const struct array *array, uint64_t hash, const struct flow_key *key)
{
    if (!array->slots)
        return NULL;
    for (size_t i = hash & array->mask; array->slots[i].entry; i = (i + 1) & array->mask)
        if (array->slots[i].hash == hash && same_key(array->slots[i].entry, key))
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
    array->slots[hole].entry = NULL;
}

static void move_some(struct flow_table *table)
{
    struct array *old = &table->old;
    for (unsigned n = 0; old->slots && n < MOVES; n++) {
        struct slot slot = old->slots[table->next_move];
        if (slot.entry) {
            array_clear_slot(old, table->next_move);
            array_put(&table->now, slot.entry, slot.hash);
        } else {
            table->next_move++;
        }
        if (old->used == 0) {
            free(old->slots);
            *old = (struct array){0};
        }
    }
}

struct flow_table *flow_table_new(const struct hash_key *key)
{
    struct flow_table *table = xcalloc(1, sizeof *table);
    table->key = *key;
    table->now = array_new(SLOTS_FIRST);
    return table;
}

void *flow_table_find(struct flow_table *table, const struct flow_key *key)
{
    uint64_t hash = hash_of(table, key);
    struct slot *slot = array_find(&table->now, hash, key);
    if (!slot && table->old.slots)
        slot = array_find(&table->old, hash, key);
    return slot ? (void *)(uintptr_t)slot->entry : NULL;
}

void flow_table_add(struct flow_table *table, const void *entry)
{
    move_some(table);
    size_t slots = table->now.mask + 1;
    if (!table->old.slots && table->now.used > slots / 2) {
        table->old = table->now;
        table->next_move = 0;
        table->now = array_new(slots * 2);
    }
    array_put(&table->now, entry, hash_of(table, entry));
}

void flow_table_remove(struct flow_table *table, const void *entry)
{
    uint64_t hash = hash_of(table, entry);
    struct array *array = &table->now;
    struct slot *slot = array_find(array, hash, entry);
    if (!slot) {
        array = &table->old;
        slot = array_find(array, hash, entry);
    }
    if (slot)
        array_clear_slot(array, (size_t)(slot - array->slots));
    if (table->old.slots && table->old.used == 0) {
        free(table->old.slots);
        table->old = (struct array){0};
    }
}

size_t flow_table_count(const struct flow_table *table)
{
    return table->now.used + table->old.used;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    free(table->now.slots);
    free(table->old.slots);
    free(table);
}
