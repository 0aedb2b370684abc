/* recent.h: an end's last packets, to know one that was captured on several interfaces
 * (`tcpdump -i any`). */
#ifndef PUSHWATCH_DISSECT_RECENT_H
#define PUSHWATCH_DISSECT_RECENT_H

#include "segment.h"

/* A packet passes a host's interfaces within microseconds, with queues in between milliseconds; no
 * stack sends anything again so soon with the same identification and timestamps. */
#define RECENT_WITHIN (5 * NS_PER_SECOND / 1000)

/* The latest first: a cache line. */
enum { RECENT_MAX = 4 };
struct recent {
    struct recent_packet {
        uint64_t identity;
        uint64_t time_and_id; /* of its time 48 bits: more than three days; below these its IP
                                 identification, 0 if unknown */
    } packets[RECENT_MAX];
};

/* recent_may_have tells whether one of them looks the same, whenever it came. */
MUST_CHECK static inline bool recent_may_have(const struct recent *recent,
                                              const struct segment *segment)
{
    const struct recent_packet *packets = recent->packets;
    const uint64_t identity = segment->identity;
    return UNLIKELY(packets[0].identity == identity) || UNLIKELY(packets[1].identity == identity) ||
           UNLIKELY(packets[2].identity == identity) || UNLIKELY(packets[3].identity == identity);
}

/* recent_has tells that one of them is the same packet, RECENT_WITHIN of it. */
MUST_CHECK bool recent_has(const struct recent *recent, const struct segment *segment);

/* recent_add puts one before them; the fourth is forgotten. */
static inline void recent_add(struct recent *recent, const struct segment *segment)
{
    struct recent_packet *packets = recent->packets;
    packets[3] = packets[2];
    packets[2] = packets[1];
    packets[1] = packets[0];
    packets[0].identity = segment->identity;
    packets[0].time_and_id = (uint64_t)segment->time << 16 | segment->ip_id;
}

#endif
