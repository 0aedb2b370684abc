/* belt.c: windows are claimed in the order of the capture, and worked on in that order; when they
 * are filled does not matter. */
#include "belt.h"

#include <pthread.h>
#include <stdlib.h>

/* Where a window lies. */
struct belt_place {
    struct intake intake;
    struct batch batch;
    struct batch late; /* of what was put aside */
    bool filled;
} APART;

struct worker {
    uint64_t done; /* windows that it has worked on */
} APART;

struct belt {
    struct pipeline_sharing sharing;
    struct crew *crew;
    struct shard *const *shards;
    struct worker *workers;
    struct belt_place *places;
    unsigned count;       /* of places */
    pthread_mutex_t lock; /* over what follows, and what was done */
    pthread_cond_t moved;
    struct intake *whole; /* what all is to be counted in; it takes what was put aside */
    bool any_late;
    uint64_t claimed; /* so many windows were, */
    uint64_t ready;   /* and so many of them can be worked on */
    bool ended;       /* there are no more to be claimed */
};

struct belt *belt_new(const struct pipeline_sharing *sharing, struct crew *crew,
                      struct shard *const *shards)
{
    struct belt *belt = xcalloc(1, sizeof *belt);
    belt->sharing = *sharing;
    belt->crew = crew;
    belt->shards = shards;
    belt->count = crew_size(crew) * SHARE_PLACES;
    belt->workers = xaligned(crew_size(crew) * sizeof *belt->workers);
    belt->places = xaligned(belt->count * sizeof *belt->places);
    pthread_mutex_init(&belt->lock, NULL);
    pthread_cond_init(&belt->moved, NULL);
    return belt;
}

static struct belt_place *place_of(const struct belt *belt, uint64_t window)
{
    return &belt->places[window % belt->count];
}

/* --- filling --- */

/* The packets of a window that had to wait for those before it. */
static void take_late(struct belt *belt, struct belt_place *place)
{
    struct packet packet;
    nanotime now;
    belt->whole->batch = &place->late;
    for (size_t n = 0; aside_get(&place->intake.aside, n, &packet, &now); n++) {
        intake_aside(belt->whole, &packet, now);
        belt->any_late = true;
    }
}

/* Windows can be worked on once those before them can. */
static void make_ready(struct belt *belt)
{
    while (belt->ready < belt->claimed && place_of(belt, belt->ready)->filled)
        take_late(belt, place_of(belt, belt->ready++));
}

static bool has_room(const struct belt *belt)
{
    uint64_t done = UINT64_MAX;
    for (unsigned i = 0; i < crew_size(belt->crew); i++)
        if (belt->workers[i].done < done)
            done = belt->workers[i].done;
    return belt->claimed < done + belt->count;
}

static bool fill(const struct belt *belt, unsigned number)
{
    struct belt_place *place = &belt->places[number];
    batch_clear(&place->batch, BATCH_STEPS);
    batch_clear(&place->late, 0);
    intake_share(&place->intake, &place->batch);
    place->intake.stays = true;
    return belt->sharing.fill(belt->sharing.context, number, &place->intake);
}

/* Called and left with the lock held. */
static void fill_next(struct belt *belt)
{
    const unsigned number = (unsigned)(belt->claimed % belt->count);
    if (belt->sharing.claim(belt->sharing.context, number)) {
        belt->claimed++;
        belt->places[number].filled = false;
        pthread_mutex_unlock(&belt->lock);
        const bool any = fill(belt, number);
        pthread_mutex_lock(&belt->lock);
        belt->places[number].filled = true;
        make_ready(belt);
        belt->ended = belt->ended || !any;
    } else {
        belt->ended = true;
    }
    pthread_cond_broadcast(&belt->moved);
}

/* --- working --- */

/* A thread does it for its own shards. */
static void work(const struct belt *belt, unsigned thread, struct belt_place *place)
{
    for (unsigned i = thread; i < SHARDS; i += crew_size(belt->crew)) {
        struct arrivals both[] = {place->batch.of[i], place->late.of[i]};
        if (LIKELY(batch_count(&place->late) == 0))
            shard_work(belt->shards[i], both, 0, 0);
        else
            shard_work_merged(belt->shards[i], both, COUNT_OF(both));
    }
}

static void run(void *context, unsigned number, unsigned thread)
{
    struct belt *belt = context;
    struct worker *worker = &belt->workers[number];
    (void)thread;
    pthread_mutex_lock(&belt->lock);
    while (!belt->ended || worker->done < belt->claimed) {
        if (worker->done < belt->ready) {
            pthread_mutex_unlock(&belt->lock);
            work(belt, number, place_of(belt, worker->done));
            pthread_mutex_lock(&belt->lock);
            worker->done++;
            pthread_cond_broadcast(&belt->moved);
        } else if (!belt->ended && has_room(belt)) {
            fill_next(belt);
        } else {
            pthread_cond_wait(&belt->moved, &belt->lock);
        }
    }
    pthread_mutex_unlock(&belt->lock);
}

bool belt_run(struct belt *belt, struct intake *intake)
{
    struct batch *batch = intake->batch;
    belt->whole = intake;
    belt->claimed = belt->ready = 0;
    belt->ended = belt->any_late = false;
    for (unsigned i = 0; i < crew_size(belt->crew); i++)
        belt->workers[i].done = 0;
    for (unsigned i = 0; i < belt->count; i++)
        intake_fork(&belt->places[i].intake, intake);
    intake_share(intake, batch);
    crew_each(belt->crew, run, belt);
    for (unsigned i = 0; i < belt->count; i++)
        intake_join(intake, &belt->places[i].intake);
    intake->batch = batch;
    return belt->any_late;
}

void belt_free(struct belt *belt)
{
    if (!belt)
        return;
    for (unsigned i = 0; i < belt->count; i++) {
        intake_done(&belt->places[i].intake);
        batch_done(&belt->places[i].batch);
        batch_done(&belt->places[i].late);
    }
    pthread_mutex_destroy(&belt->lock);
    pthread_cond_destroy(&belt->moved);
    free(belt->workers);
    free(belt->places);
    free(belt);
}
