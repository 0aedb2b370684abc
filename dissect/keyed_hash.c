/* keyed_hash.c: SipHash-1-3: one round for each word, three to finish. */
#include "keyed_hash.h"

#include <stdlib.h>
#include <unistd.h>

struct sip {
    uint64_t v0, v1, v2, v3;
};

void hash_key_random(struct hash_key *key)
{
    if (getentropy(key, sizeof *key) != 0)
        abort();
}

/* The state has to stay in registers, which the compiler does not see to by itself. */
static ALWAYS_INLINE uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static ALWAYS_INLINE void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static ALWAYS_INLINE struct sip sip_begin(const struct hash_key *key)
{
    return (struct sip){key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
                        key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573};
}

static ALWAYS_INLINE void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static ALWAYS_INLINE uint64_t sip_end(struct sip *s)
{
    for (unsigned i = 0; i < 3; i++)
        sip_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static ALWAYS_INLINE void sip_bytes(struct sip *s, struct span bytes)
{
    size_t at = 0;
    uint64_t word;
    for (; bytes.n - at >= sizeof word; at += sizeof word) {
        memcpy(&word, bytes.p + at, sizeof word);
        sip_word(s, word);
    }
    word = 0;
    if (bytes.n > at)
        memcpy(&word, bytes.p + at, bytes.n - at);
    sip_word(s, word | (uint64_t)bytes.n << 56);
}

uint64_t hash_words(const struct hash_key *key, const uint64_t *words, size_t count)
{
    struct sip s = sip_begin(key);
    for (size_t i = 0; i < count; i++)
        sip_word(&s, words[i]);
    sip_word(&s, (uint64_t)count << 59);
    s.v2 ^= 0xff;
    return sip_end(&s);
}

uint64_t hash_bytes(const struct hash_key *key, struct span bytes)
{
    struct sip s = sip_begin(key);
    sip_bytes(&s, bytes);
    s.v2 ^= 0xff;
    return sip_end(&s);
}

/* The variant with 128 bits differs by three constants: github.com/veorq/SipHash, siphash.c. */
struct hash_digest hash_digest(const struct hash_key *key, struct span bytes)
{
    struct sip s = sip_begin(key);
    struct hash_digest digest;
    s.v1 ^= 0xee;
    sip_bytes(&s, bytes);
    s.v2 ^= 0xee;
    digest.low = sip_end(&s);
    s.v1 ^= 0xdd;
    digest.high = sip_end(&s);
    return digest;
}
