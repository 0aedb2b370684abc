/* nearby.c: in steps, of which each needs what the one before has fetched. One segment out of two
 * is of the connection of the one before it. */
#include "nearby.h"

static size_t count_of(struct arrivals arrivals)
{
    size_t count = (size_t)(arrivals.end - arrivals.first);
    return count < NEARBY ? count : NEARBY;
}

static bool is_like_before(const struct arrival *arrivals, size_t i)
{
    return i > 0 && arrivals[i].hash == arrivals[i - 1].hash;
}

void nearby_prefetch(const struct flow_table *table, struct arrivals arrivals)
{
    const size_t count = count_of(arrivals);
    for (size_t i = 0; i < count; i++) {
        const struct arrival *arrival = &arrivals.first[i];
        prefetch_line(arrival->segment);
        prefetch_line(&arrival->segment->headers);
        flow_table_prefetch(table, arrival->hash);
    }
}

static void prefetch_flow(const struct connection *c)
{
    if (LIKELY(c->form == FORM_AWAKE))
        flow_prefetch(&c->awake->flow);
    else if (c->form == FORM_PACKED)
        prefetch(c->packed, c->packed_size);
}

void nearby_fetch(struct nearby *nearby, const struct flow_table *table,
                  const struct slab *connections, struct arrivals arrivals)
{
    const size_t count = count_of(arrivals);
    const struct connection *distinct[NEARBY];
    struct flow_table_entry *guesses = nearby->guesses;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_like_before(arrivals.first, i)) {
            guesses[i] = guesses[i - 1];
            continue;
        }
        guesses[i].number = flow_table_guess(table, arrivals.first[i].hash);
        guesses[i].at = NULL;
        if (LIKELY(guesses[i].number != SLAB_NONE)) {
            guesses[i].at = slab_at(connections, guesses[i].number);
            prefetch(guesses[i].at, sizeof(struct connection));
            distinct[n++] = guesses[i].at;
        }
    }
    for (size_t i = 0; i < n; i++)
        prefetch_flow(distinct[i]);
    for (size_t i = 0; i < n; i++)
        if (LIKELY(distinct[i]->form == FORM_AWAKE))
            flow_prefetch_tls(&distinct[i]->awake->flow);
}

/* One that has ended is not in the table any more, but its key may be where it was. */
struct flow_table_entry nearby_find(const struct flow_table *table, const struct arrival *arrival,
                                    struct flow_table_entry guess)
{
    const struct endpoint *lower = arrival_end(arrival, 0), *upper = arrival_end(arrival, 1);
    const struct connection *c = guess.at;
    if (LIKELY(c && flow_key_is(&c->key, lower, upper) && !c->ended))
        return guess;
    return flow_table_find(table, lower, upper, arrival->hash);
}

/* Nobody has touched them for long, nor their places in the table. */
void nearby_prefetch_end(const struct flow_table *table, const struct slab *connections,
                         const struct hash_key *key, uint32_t number)
{
    const uint32_t behind = ((const struct connection *)slab_at(connections, number))->later;
    if (behind == SLAB_NONE)
        return;
    const struct connection *c = slab_at(connections, behind);
    flow_table_prefetch(table, flow_key_hash(key, &c->key.ends[0], &c->key.ends[1]));
    if (c->later != SLAB_NONE) /* the next call needs it */
        prefetch(slab_at(connections, c->later), sizeof *c);
}
