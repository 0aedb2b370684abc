/* recent.c: see recent.h. */
#include "recent.h"

/* How much later than that one a time is, by the 48 bits that are kept. */
static int64_t age_of(const struct recent_packet *packet, nanotime time)
{
    const uint64_t id_bits = UINT16_MAX;
    return (int64_t)(((uint64_t)time << 16) - (packet->time_and_id & ~id_bits)) >> 16;
}

bool recent_has(const struct recent *recent, const struct segment *segment)
{
    for (unsigned i = 0; i < RECENT_MAX; i++) {
        const struct recent_packet *packet = &recent->packets[i];
        if (LIKELY(packet->identity != segment->identity))
            continue;
        int64_t age = age_of(packet, segment->time);
        if (packet->time_and_id >> 16 != 0 && age <= RECENT_WITHIN && age >= -RECENT_WITHIN)
            return true;
    }
    return false;
}
