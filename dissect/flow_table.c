/* flow_table.c: two arrays while it grows: new entries go to the larger one, and each call moves a
 * few over from the smaller. An entry lies in the cache line that its hash tells, its home, or in
 * the next one that has room. Removal fills the hole where a line was full, so that whoever looks
 * for an entry is done at the first line that is not. */
#include "flow_table.h"

#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    LINE_SLOTS = 8,
    LINES_FIRST = 8,
    /* Moved in each call: enough for the old array to be empty before the new one fills. */
    LINES_MOVED = 2
};

struct line {
    uint32_t hashes[LINE_SLOTS];
    uint32_t entries[LINE_SLOTS]; /* SLAB_NONE: free */
};
_Static_assert(sizeof(struct line) == CACHE_LINE, "a line is a cache line");

struct array {
    struct line *lines;
    void *memory; /* that they lie in */
    size_t mask, used;
};

struct flow_table {
    const struct slab *slab;
    struct array now, old; /* old.lines is NULL when nothing is left to be moved */
    size_t next_move;      /* all whose home is before this line were moved */
};

/* An IPv6 address as two numbers, in an order: not that of its bytes everywhere, but the same for
 * all.
 */
struct address {
    uint64_t high, low;
};

static struct address address_of(const struct endpoint *end)
{
    struct address a;
    memcpy(&a.high, end->ip, sizeof a.high);
    memcpy(&a.low, end->ip + sizeof a.high, sizeof a.low);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    a.high = __builtin_bswap64(a.high);
    a.low = __builtin_bswap64(a.low);
#endif
    return a;
}

static uint64_t ipv4_of(const struct endpoint *end)
{
    return flow_key_ipv4(end->ip, end->port);
}

unsigned flow_key_from(const struct endpoint *from, const struct endpoint *to)
{
    if (LIKELY(!from->ipv6))
        return ipv4_of(from) > ipv4_of(to);
    struct address a = address_of(from), b = address_of(to);
    if (a.high != b.high)
        return a.high > b.high;
    if (a.low != b.low)
        return a.low > b.low;
    return from->port > to->port;
}

/* Both halves of a product: each bit of it depends on all bits of both. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_ipv4(const struct hash_key *key, uint64_t lower, uint64_t upper)
{
    return (uint32_t)fold(lower ^ key->k0, upper ^ key->k1);
}

uint32_t flow_key_hash(const struct hash_key *key, const struct endpoint *lower,
                       const struct endpoint *upper)
{
    if (LIKELY(!lower->ipv6))
        return hash_ipv4(key, ipv4_of(lower), ipv4_of(upper));
    struct address a = address_of(lower), b = address_of(upper);
    uint64_t ports = (uint64_t)lower->port << 16 | upper->port;
    uint64_t hash = fold(a.high ^ key->k0, b.high ^ key->k1);
    hash = fold(hash ^ a.low ^ key->k1, b.low ^ key->k0);
    return (uint32_t)fold(hash ^ ports ^ key->k0, key->k1 | 1);
}

struct flow_key_place flow_key_place(const struct hash_key *key, const struct endpoint *from,
                                     const struct endpoint *to)
{
    const struct endpoint *ends[2] = {from, to};
    unsigned end = flow_key_from(from, to);
    return (struct flow_key_place){flow_key_hash(key, ends[end], ends[!end]), end};
}

struct flow_key_place flow_key_place_ipv4(const struct hash_key *key, uint64_t from, uint64_t to)
{
    bool turned = from > to;
    return (struct flow_key_place){hash_ipv4(key, turned ? to : from, turned ? from : to), turned};
}

/* Address; family and port. */
static ALWAYS_INLINE uint64_t difference(const struct endpoint *a, const struct endpoint *b)
{
    uint64_t x[2], y[2];
    uint32_t rest_x, rest_y;
    _Static_assert(sizeof *a == sizeof x + sizeof rest_x, "an endpoint is words");
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    memcpy(&rest_x, (const uint8_t *)a + sizeof x, sizeof rest_x);
    memcpy(&rest_y, (const uint8_t *)b + sizeof y, sizeof rest_y);
    return (x[0] ^ y[0]) | (x[1] ^ y[1]) | (rest_x ^ rest_y);
}

bool flow_key_is(const struct flow_key *key, const struct endpoint *lower,
                 const struct endpoint *upper)
{
    return (difference(&key->ends[0], lower) | difference(&key->ends[1], upper)) == 0;
}

/* Which of eight numbers equal one: a bit for each. Which is as good as random: no branch. */
static inline unsigned which_are(const uint32_t numbers[LINE_SLOTS], uint32_t number)
{
#ifdef __SSE2__
    const __m128i *halves = (const __m128i *)(const void *)numbers;
    const __m128i all = _mm_set1_epi32((int)number);
    const __m128i low = _mm_cmpeq_epi32(_mm_load_si128(&halves[0]), all);
    const __m128i high = _mm_cmpeq_epi32(_mm_load_si128(&halves[1]), all);
    const __m128i words = _mm_packs_epi32(low, high);
    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(words, _mm_setzero_si128()));
#else
    unsigned bits = 0;
    for (unsigned i = 0; i < LINE_SLOTS; i++)
        bits |= (unsigned)(numbers[i] == number) << i;
    return bits;
#endif
}

static inline unsigned free_slots(const struct line *line)
{
    return which_are(line->entries, SLAB_NONE);
}

static inline unsigned first_of(unsigned bits)
{
    return (unsigned)__builtin_ctz(bits);
}

static struct array array_new(size_t lines)
{
    void *memory = xcalloc(lines + 1, sizeof(struct line));
    size_t beside = (0 - (uintptr_t)memory) % CACHE_LINE;
    return (struct array){(struct line *)(void *)((uint8_t *)memory + beside), memory, lines - 1,
                          0};
}

static void array_put(struct array *array, uint32_t entry, uint32_t hash)
{
    size_t i = hash & array->mask;
    unsigned left;
    while (UNLIKELY(!(left = free_slots(&array->lines[i]))))
        i = (i + 1) & array->mask;
    array->lines[i].hashes[first_of(left)] = hash;
    array->lines[i].entries[first_of(left)] = entry;
    array->used++;
}

static ALWAYS_INLINE struct flow_table_entry array_find(const struct array *array,
                                                        const struct slab *slab,
                                                        const struct endpoint *lower,
                                                        const struct endpoint *upper, uint32_t hash)
{
    for (size_t i = hash & array->mask;; i = (i + 1) & array->mask) {
        const struct line *line = &array->lines[i];
        const unsigned left = free_slots(line);
        for (unsigned some = which_are(line->hashes, hash) & ~left; some; some &= some - 1) {
            uint32_t entry = line->entries[first_of(some)];
            struct flow_key *key = slab_at(slab, entry);
            if (LIKELY(flow_key_is(key, lower, upper)))
                return (struct flow_table_entry){key, entry};
        }
        if (LIKELY(left))
            return (struct flow_table_entry){NULL, SLAB_NONE};
    }
}

struct place {
    struct line *line; /* NULL: none */
    unsigned slot;
};

/* By number: no key needs to be compared. */
static struct place array_place(const struct array *array, uint32_t entry, uint32_t hash)
{
    for (size_t i = hash & array->mask; array->lines; i = (i + 1) & array->mask) {
        struct line *line = &array->lines[i];
        unsigned found = which_are(line->entries, entry) & which_are(line->hashes, hash);
        if (LIKELY(found))
            return (struct place){line, first_of(found)};
        if (free_slots(line))
            break;
    }
    return (struct place){NULL, 0};
}

/* An entry behind a line that was full, which had no room there. */
static NOINLINE struct place array_beyond(const struct array *array, size_t full)
{
    for (size_t i = (full + 1) & array->mask;; i = (i + 1) & array->mask) {
        struct line *line = &array->lines[i];
        const unsigned left = free_slots(line);
        for (unsigned some = ~left & ((1 << LINE_SLOTS) - 1); some; some &= some - 1) {
            size_t home = line->hashes[first_of(some)] & array->mask;
            if (((i - home) & array->mask) >= ((i - full) & array->mask))
                return (struct place){line, first_of(some)};
        }
        if (left)
            return (struct place){NULL, 0};
    }
}

static void array_clear(struct array *array, struct place hole)
{
    array->used--;
    while (UNLIKELY(!free_slots(hole.line))) {
        struct place next = array_beyond(array, (size_t)(hole.line - array->lines));
        if (!next.line)
            break;
        hole.line->hashes[hole.slot] = next.line->hashes[next.slot];
        hole.line->entries[hole.slot] = next.line->entries[next.slot];
        hole = next;
    }
    hole.line->hashes[hole.slot] = 0;
    hole.line->entries[hole.slot] = SLAB_NONE;
}

static void drop_old(struct flow_table *table)
{
    if (!table->old.lines || table->old.used > 0)
        return;
    free(table->old.memory);
    table->old = (struct array){0};
}

static void move_line(struct flow_table *table, struct line *line)
{
    for (unsigned slot = 0; slot < LINE_SLOTS; slot++) {
        while (line->entries[slot]) {
            uint32_t entry = line->entries[slot], hash = line->hashes[slot];
            array_clear(&table->old, (struct place){line, slot});
            array_put(&table->now, entry, hash);
        }
    }
}

static void move_some(struct flow_table *table)
{
    for (unsigned n = 0; table->old.lines && n < LINES_MOVED; n++) {
        move_line(table, &table->old.lines[table->next_move++]);
        drop_old(table);
    }
}

struct flow_table *flow_table_new(const struct slab *slab)
{
    struct flow_table *table = xcalloc(1, sizeof *table);
    table->slab = slab;
    table->now = array_new(LINES_FIRST);
    return table;
}

/* Not yet moved? */
static NOINLINE struct flow_table_entry find_old(const struct flow_table *table,
                                                 const struct endpoint *lower,
                                                 const struct endpoint *upper, uint32_t hash)
{
    return array_find(&table->old, table->slab, lower, upper, hash);
}

struct flow_table_entry flow_table_find(const struct flow_table *table,
                                        const struct endpoint *lower, const struct endpoint *upper,
                                        uint32_t hash)
{
    struct flow_table_entry found = array_find(&table->now, table->slab, lower, upper, hash);
    if (UNLIKELY(!found.at) && table->old.lines && (hash & table->old.mask) >= table->next_move)
        found = find_old(table, lower, upper, hash);
    return found;
}

void flow_table_prefetch(const struct flow_table *table, uint32_t hash)
{
    prefetch_line(&table->now.lines[hash & table->now.mask]);
}

uint32_t flow_table_guess(const struct flow_table *table, uint32_t hash)
{
    const struct line *line = &table->now.lines[hash & table->now.mask];
    const unsigned found = which_are(line->hashes, hash);
    return LIKELY(found) ? line->entries[first_of(found)] : SLAB_NONE;
}

void flow_table_add(struct flow_table *table, uint32_t entry, uint32_t hash)
{
    move_some(table);
    size_t lines = table->now.mask + 1;
    if (!table->old.lines && table->now.used >= lines * LINE_SLOTS / 4 * 3) {
        table->old = table->now;
        table->next_move = 0;
        table->now = array_new(lines * 2);
    }
    array_put(&table->now, entry, hash);
}

void flow_table_remove(struct flow_table *table, uint32_t entry, uint32_t hash)
{
    struct array *array = &table->now;
    struct place place = array_place(array, entry, hash);
    if (!place.line) {
        array = &table->old;
        place = array_place(array, entry, hash);
    }
    if (place.line)
        array_clear(array, place);
    drop_old(table);
}

size_t flow_table_count(const struct flow_table *table)
{
    return table->now.used + table->old.used;
}

/* The old array always counts: when it goes depends on the key of the hash. */
size_t flow_table_memory(const struct flow_table *table)
{
    return (table->now.mask + 1) / 2 * 3 * sizeof(struct line);
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    free(table->now.memory);
    free(table->old.memory);
    free(table);
}
