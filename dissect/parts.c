/* parts.c: filling, what was put aside, the shards: one after the other, each by all threads that
 * can do it. */
#include "parts.h"

#include "appid.h"
#include "belt.h"

#include <pthread.h>
#include <stdlib.h>

/* What a thread has. */
struct part {
    struct intake *intake;
    struct batch *own;     /* the batch that the intake goes back to */
    struct batch batch;    /* of what it was given */
    struct arrivals *next; /* of `batches`, for one of its shards */
};

struct parts {
    struct pipeline_sharing sharing;
    struct crew *crew;
    struct shard *const *shards;
    struct appid *appid; /* NULL: it is not asked */
    struct part *each;
    unsigned count;
    const struct batch **batches; /* of all threads, and `late` */
    struct batch late;            /* of what was put aside */
    struct belt *belt;            /* where many are watched */
    uint64_t seen, watched;       /* packets, when it was looked at them last: */
    bool sparse;                  /* few were watched */
    pthread_mutex_t lock;         /* over the following */
    struct intake_left left;      /* in the round, when all windows at hand are full */
};

struct parts *parts_new(const struct pipeline_sharing *sharing, struct crew *crew,
                        struct shard *const *shards, struct appid *appid)
{
    struct parts *parts = xcalloc(1, sizeof *parts);
    parts->sharing = *sharing;
    parts->crew = crew;
    parts->shards = shards;
    parts->appid = appid;
    parts->sparse = true; /* in the first round that shows soon, and costs copies */
    parts->each = xcalloc(crew_size(crew), sizeof *parts->each);
    parts->batches = xcalloc(crew_size(crew) + 1, sizeof(struct batch *));
    parts->batches[0] = &parts->late;
    parts->belt = belt_new(sharing, crew, shards);
    pthread_mutex_init(&parts->lock, NULL);
    return parts;
}

void parts_add(struct parts *parts, struct intake *intake)
{
    struct part *added = &parts->each[parts->count++];
    *added = (struct part){.intake = intake};
    added->next = xcalloc(crew_size(parts->crew) + 1, sizeof *added->next);
    parts->batches[parts->count] = &added->batch;
}

/* --- filling --- */

/* What a window may add to a round at most. */
enum { WINDOW_BYTES = SHARE_BYTES + SHARE_PACKETS * BATCH_BESIDE };

static bool has_room_for_window(const struct intake_left *left)
{
    return left->taken >= SHARE_PACKETS && left->bytes >= WINDOW_BYTES;
}

/* Few packets of a window are watched, but all may be: has the round room for them? */
static bool reserve(struct parts *parts)
{
    struct intake_left *left = &parts->left;
    pthread_mutex_lock(&parts->lock);
    const bool has_room = has_room_for_window(left);
    left->taken -= has_room ? SHARE_PACKETS : 0;
    left->bytes -= has_room ? WINDOW_BYTES : 0;
    pthread_mutex_unlock(&parts->lock);
    return has_room;
}

/* Gives back what was not needed of it. */
static void settle(struct parts *parts, uint64_t taken, uint64_t bytes)
{
    pthread_mutex_lock(&parts->lock);
    parts->left.taken += SHARE_PACKETS - taken;
    parts->left.bytes += WINDOW_BYTES - bytes;
    pthread_mutex_unlock(&parts->lock);
}

static void fill_part(void *context, unsigned number, unsigned thread)
{
    struct parts *parts = context;
    const struct pipeline_sharing *sharing = &parts->sharing;
    struct intake *intake = parts->each[number].intake;
    bool goes_on = true;
    (void)thread;
    while (goes_on && intake_has_room(intake) && reserve(parts)) {
        const uint32_t taken = intake->taken;
        const size_t bytes = intake->bytes;
        goes_on = sharing->claim(sharing->context, number) &&
                  sharing->fill(sharing->context, number, intake);
        settle(parts, intake->taken - taken, intake->bytes - bytes);
        if (batch_count(intake->batch) > 0 && parts->appid)
            appid_prepare(parts->appid); /* the others read on meanwhile */
    }
}

/* Takes the packets that were put aside by order of their frames. The first intake keeps what has
 * to be known of the packets before. Returns whether there were any. */
static bool take_late(struct parts *parts)
{
    const unsigned count = parts->count;
    struct intake *first = parts->each[0].intake;
    size_t *next = xcalloc(count, sizeof *next);
    bool any = false;
    batch_clear(&parts->late, 0);
    first->batch = &parts->late;
    for (;;) {
        struct packet packet = {.frame = UINT64_MAX}, other;
        nanotime now = 0, then;
        unsigned whose = 0;
        for (unsigned i = 0; i < count; i++) {
            if (!aside_get(&parts->each[i].intake->aside, next[i], &other, &then) ||
                other.frame > packet.frame)
                continue;
            packet = other;
            now = then;
            whose = i;
        }
        if (packet.frame == UINT64_MAX)
            break;
        intake_aside(first, &packet, now);
        next[whose]++;
        any = true;
    }
    free(next);
    return any;
}

/* --- the shards --- */

/* Has a shard work on what is its own. */
static void work_shard(struct parts *parts, unsigned shard, unsigned thread)
{
    struct arrivals *next = parts->each[thread].next;
    for (unsigned i = 0; i <= parts->count; i++)
        next[i] = parts->batches[i]->of[shard];
    shard_work_merged(parts->shards[shard], next, parts->count + 1);
}

/* A thread does it for its own shards. */
static void work_part(void *context, unsigned number, unsigned thread)
{
    struct parts *parts = context;
    for (unsigned shard = number; shard < SHARDS; shard += parts->count)
        work_shard(parts, shard, thread);
}

/* What is soon done is not worth the others' while. */
static void work(struct parts *parts)
{
    enum { FEW = 2048 };
    size_t segments = batch_count(&parts->late);
    for (unsigned i = 0; i < parts->count; i++)
        segments += batch_count(&parts->each[i].batch);
    if (segments > FEW) {
        crew_each(parts->crew, work_part, parts);
        return;
    }
    for (unsigned shard = 0; shard < SHARDS; shard++)
        work_shard(parts, shard, 0);
}

/* --- a round --- */

/* Each fills a batch, then all work. Returns whether there is something to learn from the first. */
static bool take_turns(struct parts *parts)
{
    struct intake *first = parts->each[0].intake;
    const struct intake_round none = {.now = first->now, .next_frame = first->next_frame};
    struct intake_round sum = {0};
    intake_round_add(&sum, first);
    for (unsigned i = 0; i < parts->count; i++) {
        struct part *part = &parts->each[i];
        part->own = part->intake->batch;
        batch_clear(&part->batch, BATCH_STEPS);
        intake_share(part->intake, &part->batch);
        intake_round_set(part->intake, &none);
    }
    crew_each(parts->crew, fill_part, parts);
    for (unsigned i = 0; i < parts->count; i++)
        intake_round_add(&sum, parts->each[i].intake);
    bool any_late = take_late(parts);
    work(parts);
    for (unsigned i = 0; i < parts->count; i++)
        parts->each[i].intake->batch = parts->each[i].own;
    intake_round_set(first, &sum);
    return any_late;
}

/* Where many are watched these are not needed, and they are large. */
static void drop_batches(struct parts *parts)
{
    for (unsigned i = 0; i < parts->count; i++) {
        batch_done(&parts->each[i].batch);
        parts->each[i].batch = (struct batch){0};
    }
}

/* Shares out what is left of a round. Where few are watched, that is for each window to find out:
 * as if all were, it would be little. */
static void share(struct parts *parts, const struct intake_left *left)
{
    const struct pipeline_sharing *sharing = &parts->sharing;
    struct intake *first = parts->each[0].intake;
    struct intake_round all = {0};
    const uint64_t least = left->seen < left->taken ? left->seen : left->taken;
    const bool sparse = parts->sparse && has_room_for_window(left);
    parts->left = *left;
    if (sparse) {
        sharing->begin(sharing->context, first->now, left->seen, UINT64_MAX, 0, true);
    } else {
        drop_batches(parts);
        sharing->begin(sharing->context, first->now, least, left->bytes, BATCH_BESIDE, false);
    }
    const bool any_late = sparse ? take_turns(parts) : belt_run(parts->belt, first);
    sharing->end(sharing->context);
    intake_round_add(&all, first);
    for (unsigned i = 0; i < parts->count; i++) {
        struct intake *intake = parts->each[i].intake;
        intake_share_end(intake, parts->count, i);
        intake_round_set(intake, &all);
        if (any_late && i > 0)
            intake_learn(intake, first);
    }
}

/* Where few are watched their bytes are copied, so that the shards work on many at once. */
static bool is_sparse(struct parts *parts)
{
    enum { SPARSE = 8 };
    uint64_t seen = 0, watched = 0;
    for (unsigned i = 0; i < parts->count; i++) {
        const struct dissect_counts *counts = &parts->each[i].intake->counts;
        seen += counts->packets;
        watched += counts->skipped[NOTE_NONE] + counts->skipped[NOTE_CHECKSUM];
    }
    if (seen > parts->seen)
        parts->sparse = (watched - parts->watched) * SPARSE < seen - parts->seen;
    parts->seen = seen;
    parts->watched = watched;
    return parts->sparse;
}

/* What is shared out may end soon, and begin again: if that comes too often, each reads all for the
 * rest of the round. */
void parts_round(struct parts *parts)
{
    enum { LEAST_BYTES = 1 << 20, LEAST_PACKETS = 1024 };
    const struct intake *first = parts->each[0].intake;
    const uint32_t begun = first->seen;
    bool any = true;
    for (uint32_t times = 1; any && (is_sparse(parts) || parts->count > 1); times++) {
        const uint32_t before = first->seen;
        const struct intake_left left = intake_left(first);
        if (left.taken == 0 || left.bytes < LEAST_BYTES)
            return;
        share(parts, &left);
        any = first->seen > before && first->seen - begun >= times * LEAST_PACKETS;
    }
}

void parts_free(struct parts *parts)
{
    if (!parts)
        return;
    drop_batches(parts);
    for (unsigned i = 0; i < parts->count; i++)
        free(parts->each[i].next);
    batch_done(&parts->late);
    pthread_mutex_destroy(&parts->lock);
    belt_free(parts->belt);
    free(parts->each);
    free(parts->batches);
    free(parts);
}
