/* layers.h: a packet on its way through its headers. */
#ifndef PUSHWATCH_DISSECT_LAYERS_H
#define PUSHWATCH_DISSECT_LAYERS_H

#include "cursor.h"
#include "flow_record.h"
#include "note.h"

/* What the cursor stands on: an ethertype (IEEE 802 numbers), or one of these, which are none. */
enum {
    NEXT_IP = 0, /* IPv4 or IPv6, as its version field says */
    NEXT_LLC = 1,
    NEXT_PPP = 2,
    NEXT_WLAN = 3, /* IEEE 802.11 */
    ETHERTYPE_V4 = 0x0800,
    ETHERTYPE_BRIDGED = 0x6558, /* an Ethernet frame: RFC 1701 */
    ETHERTYPE_V6 = 0x86dd,
    ETHERTYPE_PPP = 0x880b,
    ETHERTYPE_MPLS = 0x8847,
    /* Below this an Ethernet frame has a length there (IEEE 802.3): LLC follows. */
    ETHERTYPE_MIN = 0x0600
};

struct layers {
    struct cursor c;
    uint32_t cut;  /* bytes that were on the wire behind what the cursor holds */
    uint16_t next; /* what the cursor stands on */
    uint8_t vlan_count;
    uint16_t vlans[VLANS_MAX];
    struct cursor more; /* frames that follow in the same packet (IEEE 802.11 A-MSDU), */
    uint8_t depth;      /* in so many tunnels */
};

/* layers_wire gives the bytes on the wire from the cursor on. */
static inline uint32_t layers_wire(const struct layers *l)
{
    return (uint32_t)l->c.left + l->cut;
}

/* layers_skip passes over n bytes. */
MUST_CHECK static inline bool layers_skip(struct layers *l, size_t n)
{
    return cursor_skip(&l->c, n);
}

/* layers_to says what the cursor stands on. */
static inline enum note layers_to(struct layers *l, uint16_t next)
{
    l->next = next;
    return NOTE_NONE;
}

/* layers_past passes over n bytes that lie before `next`. */
MUST_CHECK static inline enum note layers_past(struct layers *l, size_t n, uint16_t next)
{
    return layers_skip(l, n) ? layers_to(l, next) : NOTE_CUT;
}

#endif
