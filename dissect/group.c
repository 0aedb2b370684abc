/* group.c: see group.h. */
#include "group.h"

uint32_t group_gather(struct group *group, const struct flow_table *table, struct batch *batch,
                      uint32_t i, uint64_t frame_base)
{
    unsigned count = 0;
    for (; count < GROUP_MAX && i != BATCH_END; count++) {
        struct batch_segment *next = &batch->segments[i];
        flow_table_prefetch(table, next->hash);
        next->segment.frame += frame_base;
        group->segments[count] = next;
        i = next->next;
    }
    group->count = count;
    return i;
}

/* What a segment needs of a connection may lie in two cache lines. */
static void prefetch_connection(const struct connection *c)
{
    __builtin_prefetch(&c->key);
    __builtin_prefetch(&c->awake);
}

/* Nearly always it is what was found at a glance, unless there is none yet. */
static NOINLINE struct flow_table_entry find(const struct flow_table *table,
                                             const struct batch_segment *s)
{
    return flow_table_find(table, batch_segment_end(s, 0), batch_segment_end(s, 1), s->hash);
}

void group_look_up(struct group *group, unsigned first, unsigned count,
                   const struct flow_table *table)
{
    for (unsigned i = first; i < first + count; i++) {
        struct flow_table_entry glanced = flow_table_glance(table, group->segments[i]->hash);
        group->connections[i] = glanced;
        if (glanced.at)
            prefetch_connection(glanced.at);
    }
    for (unsigned i = first; i < first + count; i++) {
        const struct batch_segment *s = group->segments[i];
        const struct connection *c = group->connections[i].at;
        if (UNLIKELY(!c || !flow_table_is(c, batch_segment_end(s, 0), batch_segment_end(s, 1)))) {
            group->connections[i] = find(table, s);
            c = group->connections[i].at;
        }
        if (c && c->form == FORM_AWAKE)
            flow_prefetch(&c->awake->flow, s->from, &s->segment);
    }
}
