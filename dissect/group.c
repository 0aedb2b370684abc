/* group.c: see group.h. */
#include "group.h"

uint32_t group_gather(struct group *group, const struct flow_table *table, struct batch *batch,
                      uint32_t i, uint64_t frame_base)
{
    for (group->count = 0; group->count < GROUP_MAX && i != BATCH_END; group->count++) {
        struct batch_segment *next = &batch->segments[i];
        struct segment *segment = &next->segment;
        flow_table_prefetch(table, next->hash);
        segment->frame += frame_base;
        group->now[group->count] = next->now;
        group->places[group->count] =
            (struct place){.segment = segment,
                           .ends = {next->from ? &segment->to : &segment->from,
                                    next->from ? &segment->from : &segment->to},
                           .hash = next->hash,
                           .from = next->from};
        i = next->next;
    }
    return i;
}

void group_look_up(struct group *group, const struct flow_table *table,
                   const struct slab *connections)
{
    for (unsigned i = 0; i < group->count; i++)
        group->numbers[i] = place_find(table, &group->places[i]);
    for (unsigned i = 0; i < group->count; i++) {
        const struct place *place = &group->places[i];
        if (group->numbers[i] == SLAB_NONE)
            continue;
        const struct connection *c = slab_at(connections, group->numbers[i]);
        if (c->form == FORM_AWAKE)
            flow_prefetch(&c->awake->flow, place->from, place->segment);
    }
}
