/* hash_table.c: doubles when there are as many entries as chains; never shrinks. */
#include "hash_table.h"

#include <stdlib.h>

enum { CHAINS_FIRST = 64 };

static struct hash_node **chain_of(const struct hash_table *table, uint64_t hash)
{
    return &table->chains[hash & (table->chain_count - 1)];
}

static struct hash_node *same_hash(struct hash_node *node, uint64_t hash)
{
    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct hash_node *hash_table_first(const struct hash_table *table, uint64_t hash)
{
    return table->chains ? same_hash(*chain_of(table, hash), hash) : NULL;
}

struct hash_node *hash_table_next(const struct hash_node *node)
{
    return same_hash(node->next, node->hash);
}

static void put(struct hash_table *table, struct hash_node *node)
{
    struct hash_node **chain = chain_of(table, node->hash);
    node->next = *chain;
    *chain = node;
}

static void grow(struct hash_table *table)
{
    struct hash_table wider = {.chain_count = table->chains ? table->chain_count * 2 : CHAINS_FIRST,
                               .count = table->count};
    wider.chains = xcalloc(wider.chain_count, sizeof *wider.chains);
    for (size_t i = 0; i < table->chain_count; i++) {
        for (struct hash_node *node = table->chains[i], *next; node; node = next) {
            next = node->next;
            put(&wider, node);
        }
    }
    free(table->chains);
    *table = wider;
}

void hash_table_add(struct hash_table *table, struct hash_node *node)
{
    if (table->count >= table->chain_count)
        grow(table);
    put(table, node);
    table->count++;
}

void hash_table_remove(struct hash_table *table, struct hash_node *node)
{
    struct hash_node **at = chain_of(table, node->hash);
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    table->count--;
}

void hash_table_done(struct hash_table *table)
{
    free(table->chains);
    *table = (struct hash_table){0};
}
