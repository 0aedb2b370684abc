/* keyed_hash.h: a hash whose values nobody without the key can steer, so that no traffic can be
 * made to fall into one bucket. SipHash-1-3 (Aumasson and Bernstein, 2012) over whole words. */
#ifndef PUSHWATCH_DISSECT_KEYED_HASH_H
#define PUSHWATCH_DISSECT_KEYED_HASH_H

#include "../capture/base.h"

struct hash_key {
    uint64_t k0, k1;
};

/* 128 bits: nobody without the key can find two inputs that share them. */
struct hash_digest {
    uint64_t low, high;
};

/* hash_key_random makes a key out of the system's randomness (getentropy(3)); aborts where there is
 * none, as a known key would be a hole. */
void hash_key_random(struct hash_key *key);

/* hash_words hashes `count` 64-bit words. */
uint64_t hash_words(const struct hash_key *key, const uint64_t *words, size_t count);

/* hash_bytes hashes bytes of any number. */
uint64_t hash_bytes(const struct hash_key *key, struct span bytes);

/* hash_digest hashes bytes of any number to 128 bits. Its digests have nothing to do with the
 * hashes of hash_bytes. */
struct hash_digest hash_digest(const struct hash_key *key, struct span bytes);

#endif
