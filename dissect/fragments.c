/* fragments.c: see fragments.h. Packets are found one by one by a hash of their key: they are few,
 * and fragments are rare. */
#include "fragments.h"

#include <stdlib.h>

#include "limits.h"

enum {
    UNIT = 8,            /* offsets count these */
    PAYLOAD_MAX = 65535, /* a packet's length has 16 bits */
    HEADER_MAX = 256,    /* IPv4: 60; IPv6: with the extension headers of every fragment */
    PARTIALS = LIMIT_FRAGMENT_PACKETS
};

/* A packet of which not all has come. Its bytes stand behind room for its header. */
struct partial {
    struct {
        uint8_t ends[2][16];
        uint32_t id;
        uint8_t ipv6, protocol;
        uint16_t zero;
    } key;
    uint32_t tag; /* hash of the key */
    bool used;
    bool refused;    /* fragments overlapped: none is taken any more */
    nanotime begun;  /* when the first fragment was captured */
    uint64_t order;  /* of beginning */
    uint32_t total;  /* payload bytes in all; 0 before the last fragment */
    uint32_t have;   /* of those */
    uint32_t room;   /* for payload bytes */
    uint16_t header; /* bytes of it; 0 before the first fragment */
    uint8_t *bytes;  /* HEADER_MAX, of which the last are the header, and `room` */
    uint8_t *units;  /* a bit for each unit of payload that is there */
};

struct fragments {
    struct partial partials[PARTIALS];
    uint8_t *whole; /* the bytes of the one that was completed last */
    size_t held;
    uint64_t order;
    struct fragment_counts counts;
};

struct fragments *fragments_new(void)
{
    return xcalloc(1, sizeof(struct fragments));
}

/* --- partial packets --- */

static size_t units_size(uint32_t room)
{
    return (room / UNIT + UNIT - 1) / 8 + 1;
}

static size_t held_by(const struct partial *partial)
{
    return partial->bytes ? HEADER_MAX + partial->room + units_size(partial->room) : 0;
}

static void drop_bytes(struct fragments *fragments, struct partial *partial)
{
    fragments->held -= held_by(partial);
    free(partial->bytes);
    free(partial->units);
    partial->bytes = partial->units = NULL;
    partial->room = 0;
}

static void drop(struct fragments *fragments, struct partial *partial)
{
    drop_bytes(fragments, partial);
    *partial = (struct partial){.used = false};
}

static void refuse(struct fragments *fragments, struct partial *partial)
{
    drop_bytes(fragments, partial);
    partial->refused = true;
    fragments->counts.overlapping++;
}

/* Makes room for payload up to `end`. */
static void grow(struct fragments *fragments, struct partial *partial, uint32_t end)
{
    if (end <= partial->room)
        return;
    uint32_t room = (end + 2047) & ~2047u;
    fragments->held -= held_by(partial);
    partial->bytes = xrealloc(partial->bytes, HEADER_MAX + room);
    partial->units = xrealloc(partial->units, units_size(room));
    size_t before = partial->room ? units_size(partial->room) : 0;
    memset(partial->units + before, 0, units_size(room) - before);
    partial->room = room;
    fragments->held += held_by(partial);
}

/* --- finding --- */

static uint32_t mix(const void *bytes, size_t n)
{
    uint64_t sum = 0;
    uint32_t word;
    for (size_t i = 0; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, (const uint8_t *)bytes + i, sizeof word);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 32;
    }
    return (uint32_t)(sum >> 16);
}

static void give_up(struct fragments *fragments, struct partial *partial, uint64_t *reason)
{
    if (!partial->refused)
        ++*reason;
    drop(fragments, partial);
}

/* The place for a new one: a free one, or that of the oldest. */
static struct partial *place_in(struct fragments *fragments)
{
    struct partial *oldest = fragments->partials;
    for (unsigned i = 0; i < PARTIALS; i++) {
        struct partial *partial = &fragments->partials[i];
        if (!partial->used)
            return partial;
        if (partial->order < oldest->order)
            oldest = partial;
    }
    give_up(fragments, oldest, &fragments->counts.evicted);
    return oldest;
}

static struct partial *find(struct fragments *fragments, const struct partial *wanted)
{
    for (unsigned i = 0; i < PARTIALS; i++) {
        struct partial *partial = &fragments->partials[i];
        if (partial->used && partial->tag == wanted->tag &&
            memcmp(&partial->key, &wanted->key, sizeof wanted->key) == 0)
            return partial;
    }
    return NULL;
}

static struct partial *partial_of(struct fragments *fragments, const struct fragment *fragment,
                                  nanotime now)
{
    struct partial wanted = {.used = true, .begun = now};
    memcpy(wanted.key.ends, fragment->ends, sizeof wanted.key.ends);
    wanted.key.id = fragment->id;
    wanted.key.ipv6 = fragment->ipv6;
    wanted.key.protocol = fragment->ipv6 ? 0 : fragment->protocol; /* RFC 8200: only the first's */
    wanted.tag = mix(&wanted.key, sizeof wanted.key);
    struct partial *partial = find(fragments, &wanted);
    if (partial && now - partial->begun <= LIMIT_FRAGMENT_S * NS_PER_SECOND)
        return partial;
    if (partial)
        give_up(fragments, partial, &fragments->counts.timed_out);
    partial = place_in(fragments);
    wanted.order = ++fragments->order;
    *partial = wanted;
    return partial;
}

/* Frees the oldest until there is room for one more packet; never the one at hand. */
static void make_room(struct fragments *fragments, const struct partial *keep)
{
    while (fragments->held > LIMIT_FRAGMENT_BYTES) {
        struct partial *oldest = NULL;
        for (unsigned i = 0; i < PARTIALS; i++) {
            struct partial *partial = &fragments->partials[i];
            if (partial->bytes && partial != keep && (!oldest || partial->order < oldest->order))
                oldest = partial;
        }
        if (!oldest)
            return;
        give_up(fragments, oldest, &fragments->counts.evicted);
    }
}

/* --- putting together --- */

static bool has_unit(const struct partial *partial, uint32_t unit)
{
    return partial->units[unit / 8] >> (unit % 8) & 1;
}

enum overlap { OVERLAP_NONE, OVERLAP_COPY, OVERLAP_OTHER };

static enum overlap overlap_of(const struct partial *partial, const struct fragment *fragment)
{
    uint32_t first = fragment->offset / UNIT, there = 0;
    uint32_t count = ((uint32_t)fragment->bytes.n + UNIT - 1) / UNIT;
    for (uint32_t i = 0; i < count; i++)
        there += has_unit(partial, first + i);
    if (there == 0)
        return OVERLAP_NONE;
    const uint8_t *before = partial->bytes + HEADER_MAX + fragment->offset;
    if (there == count && memcmp(before, fragment->bytes.p, fragment->bytes.n) == 0)
        return OVERLAP_COPY;
    return OVERLAP_OTHER;
}

/* Do the lengths contradict each other? */
static bool contradicts(const struct partial *partial, const struct fragment *fragment)
{
    uint32_t end = fragment->offset + (uint32_t)fragment->bytes.n;
    if (partial->total && (end > partial->total || (!fragment->more && end != partial->total)))
        return true;
    for (uint32_t unit = end / UNIT + (end % UNIT != 0);
         !fragment->more && !partial->total && unit < partial->room / UNIT; unit++)
        if (has_unit(partial, unit))
            return true;
    return false;
}

static void put(struct partial *partial, const struct fragment *fragment)
{
    uint32_t n = (uint32_t)fragment->bytes.n;
    memcpy(partial->bytes + HEADER_MAX + fragment->offset, fragment->bytes.p, n);
    for (uint32_t unit = fragment->offset / UNIT; unit * UNIT < fragment->offset + n; unit++)
        partial->units[unit / 8] |= (uint8_t)(1u << unit % 8);
    partial->have += n;
    if (!fragment->more)
        partial->total = fragment->offset + n;
    if (fragment->offset > 0)
        return;
    uint8_t *header = partial->bytes + HEADER_MAX - fragment->header.n;
    memcpy(header, fragment->header.p, fragment->header.n);
    if (fragment->ipv6)
        header[fragment->next_at] = fragment->next;
    partial->header = (uint16_t)fragment->header.n;
}

/* The header of a packet that is not fragmented. Its checksum is that of the first fragment: who
 * verifies it does so before. A length that does not fit is 0, as large packets have it. */
static void mend_header(uint8_t *header, const struct partial *partial)
{
    enum { V4_TOTAL = 2, V4_FRAGMENT = 6, V6_LENGTH = 4, V6_HEADER = 40 };
    uint32_t length = partial->header + partial->total;
    if (partial->key.ipv6)
        length -= V6_HEADER;
    else
        header[V4_FRAGMENT] = header[V4_FRAGMENT + 1] = 0;
    if (length > UINT16_MAX)
        length = 0;
    uint8_t *at = header + (partial->key.ipv6 ? V6_LENGTH : V4_TOTAL);
    at[0] = (uint8_t)(length >> 8);
    at[1] = (uint8_t)length;
}

static struct span complete(struct fragments *fragments, struct partial *partial)
{
    uint8_t *header = partial->bytes + HEADER_MAX - partial->header;
    struct span whole = span_of(header, partial->header + partial->total);
    mend_header(header, partial);
    fragments->whole = partial->bytes;
    fragments->held -= held_by(partial);
    partial->bytes = NULL;
    free(partial->units);
    *partial = (struct partial){.used = false};
    fragments->counts.packets++;
    return whole;
}

static bool add(struct fragments *fragments, struct span *whole, const struct fragment *fragment,
                nanotime now)
{
    size_t n = fragment->bytes.n, end = fragment->offset + n;
    if (n == 0 || end > PAYLOAD_MAX || (fragment->more && n % UNIT) ||
        fragment->header.n > HEADER_MAX) {
        fragments->counts.malformed++;
        return false;
    }
    struct partial *partial = partial_of(fragments, fragment, now);
    if (partial->refused)
        return false;
    grow(fragments, partial, (uint32_t)end);
    enum overlap overlap = overlap_of(partial, fragment);
    if (overlap == OVERLAP_COPY)
        return false;
    if (overlap == OVERLAP_OTHER || contradicts(partial, fragment)) {
        refuse(fragments, partial);
        return false;
    }
    put(partial, fragment);
    if (partial->header && partial->total && partial->have == partial->total) {
        *whole = complete(fragments, partial);
        return true;
    }
    make_room(fragments, partial);
    return false;
}

/* The fragment may be of what the last call has put together. */
bool fragments_add(struct fragments *fragments, struct span *whole, const struct fragment *fragment,
                   nanotime now)
{
    uint8_t *before = fragments->whole;
    fragments->whole = NULL;
    fragments->counts.fragments++;
    bool is_whole = add(fragments, whole, fragment, now);
    free(before);
    return is_whole;
}

/* --- the rest --- */

struct fragments *fragments_copy(const struct fragments *fragments)
{
    if (!fragments)
        return NULL;
    struct fragments *copy = xmemdup(fragments, sizeof *fragments);
    copy->whole = NULL;
    for (unsigned i = 0; i < PARTIALS; i++) {
        struct partial *partial = &copy->partials[i];
        if (!partial->bytes)
            continue;
        partial->bytes = xmemdup(partial->bytes, HEADER_MAX + partial->room);
        partial->units = xmemdup(partial->units, units_size(partial->room));
    }
    return copy;
}

struct fragment_counts fragments_counts(const struct fragments *fragments)
{
    return fragments ? fragments->counts : (struct fragment_counts){0};
}

void fragments_free(struct fragments *fragments)
{
    if (!fragments)
        return;
    for (unsigned i = 0; i < PARTIALS; i++)
        drop(fragments, &fragments->partials[i]);
    free(fragments->whole);
    free(fragments);
}
