/* aside.h: packets that are put aside, for what comes before them was not seen yet. */
#ifndef PUSHWATCH_DISSECT_ASIDE_H
#define PUSHWATCH_DISSECT_ASIDE_H

#include "../capture/packet.h"

/* Zero-initialise it; free with aside_done. */
struct aside {
    struct buf packets; /* of struct aside_packet */
    struct buf bytes;   /* of all of them */
};

/* aside_put copies a packet behind the others. `now` is the latest packet time up to it. */
void aside_put(struct aside *aside, const struct packet *packet, nanotime now);

/* aside_get gives the n-th of them, from 0 on. Its bytes live until aside_put or aside_clear.
 * Returns false if there are no more. */
MUST_CHECK bool aside_get(const struct aside *aside, size_t n, struct packet *packet,
                          nanotime *now);

void aside_clear(struct aside *aside);
void aside_done(struct aside *aside);

#endif
