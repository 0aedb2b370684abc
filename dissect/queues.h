/* queues.h: a shard's connections that have not ended, those of each kind by when they got into it.
 */
#ifndef PUSHWATCH_DISSECT_QUEUES_H
#define PUSHWATCH_DISSECT_QUEUES_H

#include "connection.h"
#include "slab.h"

/* Zero-initialise but for `connections`; there is nothing to free. */
struct queues {
    struct slab *connections;
    struct {
        uint32_t oldest, newest; /* SLAB_NONE: there is none */
    } of[KINDS];
};

/* queues_put makes a connection, which is in no queue, the newest of a kind, as of `since` in
 * seconds of the shard's. */
void queues_put(struct queues *queues, uint32_t connection, enum connection_kind kind,
                uint32_t since);

/* queues_remove takes a connection out of the queue of its kind. */
void queues_remove(struct queues *queues, uint32_t connection);

/* queues_again makes one, also one that is of the kind, the newest of it. */
void queues_again(struct queues *queues, uint32_t connection, enum connection_kind kind,
                  uint32_t since);

/* queues_most_silent gives the one of a kind that goes first, or SLAB_NONE: the oldest of which
 * nothing was heard since it got there. `begun` is when the shard's seconds began, `now` as of when
 * others are put back. */
uint32_t queues_most_silent(struct queues *queues, enum connection_kind kind, nanotime begun,
                            uint32_t now);

/* queues_empty forgets all of a kind, and gives the oldest of them; the others follow by `later`.
 */
uint32_t queues_empty(struct queues *queues, enum connection_kind kind);

#endif
