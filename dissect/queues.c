/* queues.c: lists that are linked both ways, by number. */
#include "queues.h"

static struct connection *connection_of(const struct queues *queues, uint32_t number)
{
    return slab_at(queues->connections, number);
}

void queues_put(struct queues *queues, uint32_t number, enum connection_kind kind, uint32_t since)
{
    struct connection *c = connection_of(queues, number);
    uint32_t newest = queues->of[kind].newest;
    c->kind = (uint8_t)kind;
    c->since = since;
    c->later = SLAB_NONE;
    c->earlier = newest;
    *(newest ? &connection_of(queues, newest)->later : &queues->of[kind].oldest) = number;
    queues->of[kind].newest = number;
}

void queues_remove(struct queues *queues, uint32_t number)
{
    const struct connection *c = connection_of(queues, number);
    uint32_t *oldest = &queues->of[c->kind].oldest, *newest = &queues->of[c->kind].newest;
    *(c->earlier ? &connection_of(queues, c->earlier)->later : oldest) = c->later;
    *(c->later ? &connection_of(queues, c->later)->earlier : newest) = c->earlier;
}

void queues_again(struct queues *queues, uint32_t number, enum connection_kind kind, uint32_t since)
{
    queues_remove(queues, number);
    queues_put(queues, number, kind, since);
}

/* Of one that is put back on the way a packet pays for each time. */
uint32_t queues_most_silent(struct queues *queues, enum connection_kind kind, nanotime begun,
                            uint32_t now)
{
    uint32_t number;
    while ((number = queues->of[kind].oldest) != SLAB_NONE) {
        const struct connection *c = connection_of(queues, number);
        if ((c->last_time - begun) / NS_PER_SECOND <= (nanotime)c->since)
            break;
        queues_again(queues, number, kind, now);
    }
    return number;
}

uint32_t queues_empty(struct queues *queues, enum connection_kind kind)
{
    uint32_t oldest = queues->of[kind].oldest;
    queues->of[kind].oldest = queues->of[kind].newest = SLAB_NONE;
    return oldest;
}
