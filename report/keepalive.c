/* keepalive.c: see keepalive.h. */
#include "keepalive.h"

bool keepalive_period(struct period *out, const struct flow_record *record)
{
    const struct keepalive_facts *facts = &record->keepalive;
    return record->tls && period_find(out, facts->times, facts->time_count);
}
