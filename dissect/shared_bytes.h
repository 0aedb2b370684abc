/* shared_bytes.h: bytes that all shards compare with what arrives, each distinct run of them once:
 * shards meet the same hellos and names, and what each had for itself would never be near. Several
 * threads may use it at once. */
#ifndef PUSHWATCH_DISSECT_SHARED_BYTES_H
#define PUSHWATCH_DISSECT_SHARED_BYTES_H

#include "keyed_hash.h"

struct shared_bytes;

MUST_CHECK struct shared_bytes *shared_bytes_new(void);

/* shared_bytes_free: all bytes must have been released. NULL is fine. */
void shared_bytes_free(struct shared_bytes *all);

/* shared_bytes_key is a random key, for digests that all shards have in common. */
struct hash_key shared_bytes_key(const struct shared_bytes *all);

/* shared_bytes_get returns the bytes that equal these, aligned to eight. They stay where they are,
 * unchanged, until shared_bytes_release is called as often. Without `all`, NULL, nobody shares
 * them. */
MUST_CHECK const void *shared_bytes_get(struct shared_bytes *all, struct span bytes);
void shared_bytes_release(struct shared_bytes *all, const void *bytes);

/* shared_bytes_span tells how many there are. */
struct span shared_bytes_span(const void *bytes);

#endif
