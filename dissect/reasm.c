/* reasm.c: a list of chunks beyond the first hole, in order and without overlaps. */
#include "reasm.h"

#include <stdlib.h>

#include "limits.h"

/* What lies beyond a hole. `length` bytes were on the wire, `captured` of them in the capture, and
 * `kept` of those (all, or none where only the count matters) follow the struct. */
struct reasm_chunk {
    struct reasm_chunk *after;
    uint64_t seq;
    uint32_t length, captured, kept;
    struct reasm_from from;
    uint8_t bytes[];
};

void reasm_start(struct reasm *reasm, uint64_t seq)
{
    reasm->next = seq;
    reasm->started = true;
}

static void deliver_gap(struct reasm *reasm, const struct reasm_out *out, uint64_t length,
                        const struct reasm_from *from)
{
    if (length == 0)
        return;
    uint64_t seq = reasm->next;
    reasm->next += length;
    reasm->gap_bytes += length;
    if (!reasm->count_only)
        out->to->gap(out->context, seq, length, from);
}

/* Delivers bytes that begin at reasm->next, and a gap for those that were not captured. With
 * count_only bytes.p may be NULL: only their number is used. */
static void deliver(struct reasm *reasm, const struct reasm_out *out, uint32_t length,
                    struct span bytes, const struct reasm_from *from)
{
    uint64_t seq = reasm->next;
    reasm->next += bytes.n;
    if (bytes.n && !reasm->count_only)
        out->to->bytes(out->context, seq, bytes, from);
    deliver_gap(reasm, out, length - bytes.n, from);
}

/* The part of `bytes`, which begin at `seq`, that lies in [from, to). */
static struct span part(struct span bytes, uint64_t seq, uint64_t from, uint64_t to)
{
    uint64_t skip = from - seq, end = to - seq;
    if (skip >= bytes.n)
        return span_of(NULL, 0);
    return span_of(bytes.p + skip, (end < bytes.n ? end : bytes.n) - skip);
}

/* What a chunk takes. */
static size_t chunk_memory(uint32_t kept)
{
    return sizeof(struct reasm_chunk) + kept + MALLOC_BESIDE;
}

/* Counts memory taken or given back, in what all directions hold. */
static void charge(size_t *all_held, size_t bytes)
{
    if (all_held)
        *all_held += bytes;
}

static void discharge(size_t *all_held, size_t bytes)
{
    if (all_held)
        *all_held -= bytes;
}

static bool is_over_limit(const struct reasm *reasm, const size_t *all_held)
{
    return reasm->held_bytes > LIMIT_REASM_BYTES || reasm->held_count > LIMIT_REASM_CHUNKS ||
           (reasm->held && all_held && *all_held > LIMIT_REASM_ALL);
}

static void drop_head(struct reasm *reasm, size_t *all_held)
{
    struct reasm_chunk *head = reasm->held;
    reasm->held = head->after;
    discharge(all_held, chunk_memory(head->kept));
    reasm->held_bytes -= head->kept;
    reasm->held_count--;
    free(head);
}

/* Delivers what is held up to the next hole. */
static void drain(struct reasm *reasm, const struct reasm_out *out)
{
    while (reasm->held && reasm->held->seq <= reasm->next) {
        struct reasm_chunk *head = reasm->held;
        uint64_t stale = reasm->next - head->seq;
        if (stale < head->length) {
            struct span bytes = part((struct span){head->bytes, head->captured}, head->seq,
                                     reasm->next, head->seq + head->length);
            deliver(reasm, out, (uint32_t)(head->length - stale), bytes, &head->from);
        }
        drop_head(reasm, out->all_held);
    }
}

static void give_up_hole(struct reasm *reasm, const struct reasm_out *out)
{
    if (!reasm->held)
        return;
    deliver_gap(reasm, out, reasm->held->seq - reasm->next, &reasm->held->from);
    drain(reasm, out);
}

/* Puts one piece, which overlaps nothing held, at *link. */
static void hold(struct reasm *reasm, size_t *all_held, struct reasm_chunk **link, uint64_t seq,
                 uint32_t length, struct span bytes, const struct reasm_from *from)
{
    uint32_t captured = (uint32_t)bytes.n, kept = reasm->count_only ? 0 : captured;
    struct reasm_chunk *chunk = xmalloc(sizeof *chunk + kept);
    *chunk = (struct reasm_chunk){*link, seq, length, captured, kept, *from};
    if (kept)
        memcpy(chunk->bytes, bytes.p, kept);
    *link = chunk;
    charge(all_held, chunk_memory(kept));
    reasm->held_bytes += kept;
    reasm->held_count++;
}

/* Holds those pieces of a segment that are not held yet. Returns how many bytes that are. */
static uint64_t hold_new(struct reasm *reasm, size_t *all_held, uint64_t seq, uint32_t length,
                         struct span bytes, const struct reasm_from *from)
{
    uint64_t at = seq, end = seq + length, fresh = 0;
    struct reasm_chunk **link = &reasm->held;
    while (at < end) {
        struct reasm_chunk *chunk = *link;
        if (chunk && chunk->seq + chunk->length <= at) {
            link = &chunk->after;
            continue;
        }
        uint64_t stop = chunk && chunk->seq < end ? chunk->seq : end;
        if (stop > at) {
            hold(reasm, all_held, link, at, (uint32_t)(stop - at), part(bytes, seq, at, stop),
                 from);
            link = &(*link)->after;
            fresh += stop - at;
        }
        at = chunk && chunk->seq < end ? chunk->seq + chunk->length : end;
    }
    return fresh;
}

uint64_t reasm_add(struct reasm *reasm, const struct reasm_out *out, uint64_t seq, uint32_t length,
                   struct span bytes, const struct reasm_from *from)
{
    if (bytes.n > length)
        bytes.n = length;
    if (!reasm->started)
        reasm_start(reasm, seq);
    if (LIKELY(seq == reasm->next && !reasm->held)) { /* in order */
        deliver(reasm, out, length, bytes, from);
        return length;
    }
    if (seq + length <= reasm->next)
        return 0;
    if (seq < reasm->next) {
        uint64_t stale = reasm->next - seq;
        bytes = part(bytes, seq, reasm->next, seq + length);
        length -= (uint32_t)stale;
        seq = reasm->next;
    }
    uint64_t fresh = hold_new(reasm, out->all_held, seq, length, bytes, from);
    drain(reasm, out);
    while (is_over_limit(reasm, out->all_held))
        give_up_hole(reasm, out);
    return fresh;
}

void reasm_settle(struct reasm *reasm, const struct reasm_out *out, uint64_t acked, nanotime before)
{
    while (reasm->held && acked >= reasm->held->seq && reasm->held->from.time < before)
        give_up_hole(reasm, out);
}

void reasm_flush(struct reasm *reasm, const struct reasm_out *out)
{
    while (reasm->held)
        give_up_hole(reasm, out);
}

void reasm_end(struct reasm *reasm, const struct reasm_out *out, uint64_t end,
               const struct reasm_from *from)
{
    if (reasm->started && end > reasm->next)
        deliver_gap(reasm, out, end - reasm->next, from);
}

void reasm_forget(struct reasm *reasm, size_t *all_held)
{
    reasm->count_only = true;
    for (struct reasm_chunk **link = &reasm->held; *link; link = &(*link)->after) {
        struct reasm_chunk *chunk = *link;
        discharge(all_held, chunk->kept);
        chunk->kept = 0;
        *link = xrealloc(chunk, sizeof *chunk);
    }
    reasm->held_bytes = 0;
}

void reasm_done(struct reasm *reasm, size_t *all_held)
{
    while (reasm->held)
        drop_head(reasm, all_held);
}
