/* lanes.c: a lane is a ring of places. Its thread fills it, a group of flows at a time, and empties
 * it again once they are handed out: a shard is touched by no other thread. */
#include "lanes.h"

#include "handout.h"

#include <pthread.h>
#include <stdlib.h>

/* How many flows take each step of being handed out before any takes the next: more are too large
 * for the cache together, fewer wait more often for the code. */
enum { GROUP = 8 };

/* In each lane: one that is put together with others may be ahead of them. */
enum { GROUPS = 4, PLACES_MOST = GROUP * GROUPS };

enum { PROGRESS_EACH = 1024 };

struct lane {
    pthread_cond_t room;
    struct shard *shards[SHARDS];
    unsigned shard_count;
    struct outgoing *places;
    struct shard *owners[PLACES_MOST]; /* of the flow in each place */
    uint64_t freed;                    /* how many flows left it */
    /* Under the mutex. */
    uint64_t ready, given; /* how many flows were made ready, and handed out */
    bool over;             /* no more are to come */
    /* Of the thread that hands out: */
    uint64_t seen, out; /* how many were ready when it last looked; how many it has handed out */
    bool seen_over;
} APART;

struct lanes {
    pthread_mutex_t mutex;
    pthread_cond_t made; /* there is more to be handed out */
    struct crew *crew;
    const struct sink *sink;
    uint64_t limit;   /* flows with places below it are handed out */
    unsigned count;   /* of lanes */
    uint64_t places;  /* in each */
    uint64_t *handed; /* the caller's */
    lanes_progress *progress;
    void *progress_context;
    struct lane *lanes;
};

/* Whose shard it is. To hand out a flow takes about a quarter of what making it ready takes, so
 * that the first thread has fewer shards than the others. */
static unsigned owner_of(unsigned shard, unsigned threads)
{
    enum { QUARTER = 4 };
    unsigned others = threads - 1, own = 0;
    if (others < QUARTER)
        own = SHARDS * (QUARTER - others) / (QUARTER * threads);
    return shard < own ? 0 : 1 + (shard - own) % others;
}

struct lanes *lanes_new(struct crew *crew, struct shard *const *shards, const struct sink *sink)
{
    struct lanes *lanes = xcalloc(1, sizeof *lanes);
    lanes->crew = crew;
    lanes->sink = sink;
    lanes->count = crew_size(crew);
    lanes->places = lanes->count > 1 ? PLACES_MOST : GROUP;
    lanes->lanes = xaligned(lanes->count * sizeof *lanes->lanes);
    pthread_mutex_init(&lanes->mutex, NULL);
    pthread_cond_init(&lanes->made, NULL);
    for (unsigned i = 0; i < lanes->count; i++) {
        pthread_cond_init(&lanes->lanes[i].room, NULL);
        lanes->lanes[i].places = handout_places(sink, lanes->places);
    }
    for (unsigned i = 0; i < SHARDS; i++) {
        struct lane *lane = &lanes->lanes[owner_of(i, lanes->count)];
        lane->shards[lane->shard_count++] = shards[i];
    }
    return lanes;
}

void lanes_free(struct lanes *lanes)
{
    if (!lanes)
        return;
    for (unsigned i = 0; i < lanes->count; i++) {
        pthread_cond_destroy(&lanes->lanes[i].room);
        handout_places_free(lanes->sink, lanes->lanes[i].places, lanes->places);
    }
    pthread_cond_destroy(&lanes->made);
    pthread_mutex_destroy(&lanes->mutex);
    free(lanes->lanes);
    free(lanes);
}

/* --- a lane's own thread --- */

/* Frees what has been handed out. */
static void let_go(const struct lanes *lanes, struct lane *lane, uint64_t given)
{
    for (; lane->freed < given; lane->freed++) {
        uint64_t place = lane->freed % lanes->places;
        shard_let_go(lane->owners[place], &lane->places[place]);
    }
}

static unsigned least_of(const uint64_t next[SHARDS])
{
    unsigned least = 0;
    for (unsigned i = 1; i < SHARDS; i++)
        if (next[i] < next[least])
            least = i;
    return least;
}

/* Describes the lane's next flows, in places from `first` on; some may be lost. Returns how many
 * there are. */
static unsigned describe_group(const struct lanes *lanes, struct lane *lane, uint64_t first)
{
    uint64_t next[SHARDS];
    for (unsigned i = 0; i < SHARDS; i++)
        next[i] = i < lane->shard_count ? shard_next(lane->shards[i], UINT64_MAX) : UINT64_MAX;
    unsigned n = 0, least;
    while (n < GROUP && next[least = least_of(next)] < lanes->limit) {
        uint64_t place = (first + n) % lanes->places;
        struct shard *shard = lane->owners[place] = lane->shards[least];
        n += shard_describe(shard, &lane->places[place]);
        next[least] = shard_next(shard, UINT64_MAX);
    }
    return n;
}

/* Makes a group ready where `given` have been handed out. Returns how many there are: less than
 * GROUP of the last. */
static unsigned make_group(const struct lanes *lanes, struct lane *lane, uint64_t ready,
                           uint64_t given)
{
    let_go(lanes, lane, given);
    unsigned n = describe_group(lanes, lane, ready);
    for (unsigned step = 0; step < 2; step++)
        for (unsigned i = 0; i < n; i++) {
            uint64_t place = (ready + i) % lanes->places;
            handout_step(lanes->sink, &lane->places[place]);
        }
    return n;
}

/* Called and left with the mutex held, as what follows. */
static void make_more(struct lanes *lanes, struct lane *lane)
{
    uint64_t ready = lane->ready, given = lane->given;
    pthread_mutex_unlock(&lanes->mutex);
    unsigned n = make_group(lanes, lane, ready, given);
    pthread_mutex_lock(&lanes->mutex);
    lane->ready += n;
    lane->over = n < GROUP;
}

static bool has_room(const struct lanes *lanes, const struct lane *lane)
{
    return lane->ready - lane->given <= lanes->places - GROUP;
}

static void fill(struct lanes *lanes, struct lane *lane)
{
    while (!lane->over) {
        while (!has_room(lanes, lane))
            pthread_cond_wait(&lane->room, &lanes->mutex);
        make_more(lanes, lane);
        pthread_cond_signal(&lanes->made);
    }
    while (lane->given < lane->ready)
        pthread_cond_wait(&lane->room, &lanes->mutex);
}

/* --- handing out --- */

/* The lane with the first flow in the order, NULL if none can be handed out: one may be behind. */
static struct lane *first_in_order(struct lanes *lanes)
{
    struct lane *first = NULL;
    uint64_t least = 0;
    for (unsigned i = 0; i < lanes->count; i++) {
        struct lane *lane = &lanes->lanes[i];
        if (lane->out < lane->seen) {
            uint64_t order = lane->places[lane->out % lanes->places].order;
            if (!first || order < least) {
                first = lane;
                least = order;
            }
        } else if (!lane->seen_over) {
            return NULL;
        }
    }
    return first;
}

static void hand_out_seen(struct lanes *lanes)
{
    struct lane *lane;
    while ((lane = first_in_order(lanes))) {
        uint64_t place = lane->out++ % lanes->places;
        handout_give(lanes->sink, &lane->places[place], ++*lanes->handed);
        if (lanes->progress && *lanes->handed % PROGRESS_EACH == 0)
            lanes->progress(lanes->progress_context, *lanes->handed);
    }
    sink_settle(lanes->sink);
}

/* Tells the others what was handed out, and sees what is ready. Returns whether that is more. A
 * lane that is full is filled again when half of it is free, so that its thread does not sleep as
 * often. */
static bool look(struct lanes *lanes)
{
    bool more = false;
    for (unsigned i = 0; i < lanes->count; i++) {
        struct lane *lane = &lanes->lanes[i];
        more = more || lane->seen < lane->ready || lane->seen_over != lane->over;
        lane->given = lane->out;
        lane->seen = lane->ready;
        lane->seen_over = lane->over;
        if (lane->ready - lane->given <= (lane->over ? 0 : lanes->places / 2))
            pthread_cond_signal(&lane->room);
    }
    return more;
}

static bool is_over(const struct lanes *lanes)
{
    for (unsigned i = 0; i < lanes->count; i++)
        if (!lanes->lanes[i].seen_over || lanes->lanes[i].out < lanes->lanes[i].seen)
            return false;
    return true;
}

/* Hands out what can be; makes more ready where that has to wait for others. */
static void put_together(struct lanes *lanes, struct lane *own)
{
    while (!is_over(lanes)) {
        if (look(lanes)) {
            pthread_mutex_unlock(&lanes->mutex);
            hand_out_seen(lanes);
            pthread_mutex_lock(&lanes->mutex);
        } else if (!own->over && has_room(lanes, own)) {
            make_more(lanes, own);
        } else {
            pthread_cond_wait(&lanes->made, &lanes->mutex);
        }
    }
    look(lanes);
}

static void run(void *context, unsigned number, unsigned thread)
{
    struct lanes *lanes = context;
    struct lane *lane = &lanes->lanes[number];
    (void)thread;
    pthread_mutex_lock(&lanes->mutex);
    if (number == 0)
        put_together(lanes, lane);
    else
        fill(lanes, lane);
    pthread_mutex_unlock(&lanes->mutex);
    let_go(lanes, lane, lane->ready);
}

void lanes_hand_out(struct lanes *lanes, uint64_t ready, uint64_t *handed_out,
                    lanes_progress *progress, void *context)
{
    lanes->limit = ready;
    lanes->handed = handed_out;
    lanes->progress = progress;
    lanes->progress_context = context;
    for (unsigned i = 0; i < lanes->count; i++)
        lanes->lanes[i].over = lanes->lanes[i].seen_over = false;
    crew_each(lanes->crew, run, lanes);
}
