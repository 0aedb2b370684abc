/* period.c: finds a period by asking, for each event, whether another one follows it after just
 * that time.
 *
 * A candidate period P is the distance of two events that were seen. Each event that has others
 * between P/2 and 3P/2 behind it is a trial, and a hit if one of them lies within a tolerance of P
 * behind it. Were the events without a period, the others would lie anywhere in that window, so
 * that the probability of a hit is known, whatever the rate of events at that time of day: the
 * number of hits tells by how much the candidate does better. Only distances between events that
 * are close are compared, never phases, so that drift and jitter that adds up do no harm, a missed
 * event costs the two distances beside it, and a second period is among the others.
 *
 * The probability of so many hits by chance is bounded by the inequality of Chernoff and Hoeffding
 * (the hits of differing trials are not more spread than those of alike ones), and multiplied by
 * the number of candidates and tolerances tried. */
#include "period.h"

#include <math.h>
#include <stdlib.h>

enum {
    REACH = 4,           /* candidates are distances over at most so many events */
    CANDIDATES_MAX = 32, /* for each scale, spread evenly over its distances */
    CROWD_MAX = 4,       /* events in a window, on average, beyond which P is no longer looked
                            for: it would be the rhythm of a crowd */
    DISTANCES_MAX = REACH * PERIOD_EVENTS_MAX,
    SCALE_FACTOR = 4,
    STEPS_MAX = 5, /* periods between two events that follow one another */
    FRACTIONS = 6  /* of a period that are looked at beside it */
};

/* Events closer than a scale's grain are one event; its candidates lie from 20 to 80 grains. */
#define GRAINS_LEAST 20

/* By chance, one in so many sequences of events without a period is called periodic, at most. */
#define CHANCE_MOST 1e-3

static const double tolerances[] = {0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2};

struct events {
    nanotime times[PERIOD_EVENTS_MAX]; /* ascending, since the first of them */
    size_t count;
};

/* Times that are forged may lie anywhere. With these at most, eighteen years, no sum of them
 * overflows. */
#define SPAN_MAX (INT64_C(1) << 59)

/* A candidate, and how well it does with the tolerance that suits it best. */
struct candidate {
    nanotime period;
    nanotime tolerance;
    nanotime grain;
    double log_chance; /* 0 or below */
};

/* --- events in bounded memory --- */

/* The first half stays; the second is a ring of the last ones. */
void period_events_add(struct period_events *events, nanotime time)
{
    enum { HALF = PERIOD_EVENTS_MAX / 2 };
    uint64_t n = events->count++;
    if (n >= PERIOD_EVENTS_MAX) {
        events->times[HALF + n % HALF] = time;
        return;
    }
    if (events->used == events->cap) {
        events->cap = events->cap ? events->cap * 2 : PERIOD_EVENTS_LEAST;
        events->times = xrealloc(events->times, events->cap * sizeof(*events->times));
    }
    events->times[events->used++] = time;
}

void period_events_done(struct period_events *events)
{
    free(events->times);
    *events = (struct period_events){0};
}

static int by_time(const void *left, const void *right)
{
    nanotime a = *(const nanotime *)left, b = *(const nanotime *)right;
    return (a > b) - (a < b);
}

/* Returns the time of the first, since which theirs are then counted. */
static nanotime take_events(struct events *out, const nanotime *times, size_t count)
{
    size_t first = count, last = 0;
    if (count > PERIOD_EVENTS_MAX)
        first = last = PERIOD_EVENTS_MAX / 2;
    memcpy(out->times, times, first * sizeof(*times));
    memcpy(out->times + first, times + count - last, last * sizeof(*times));
    out->count = first + last;
    qsort(out->times, out->count, sizeof(*out->times), by_time);
    nanotime start = out->times[0];
    for (size_t i = 0; i < out->count; i++) {
        uint64_t since = (uint64_t)out->times[i] - (uint64_t)start;
        out->times[i] = since < SPAN_MAX ? (nanotime)since : SPAN_MAX;
    }
    return start;
}

/* Several events within a grain are one, at the time of the first. */
static void merge(struct events *out, const struct events *events, nanotime grain)
{
    out->count = 0;
    for (size_t i = 0; i < events->count; i++)
        if (out->count == 0 || events->times[i] - out->times[out->count - 1] > grain)
            out->times[out->count++] = events->times[i];
}

/* The unit in which the times were written down: what is finer is not known. */
static nanotime resolution(const struct events *events)
{
    static const nanotime units[] = {NS_PER_SECOND, NS_PER_SECOND / 1000, NS_PER_SECOND / 1000000};
    for (size_t unit = 0; unit < COUNT_OF(units); unit++) {
        size_t whole = 0;
        while (whole < events->count && events->times[whole] % units[unit] == 0)
            whole++;
        if (whole == events->count)
            return units[unit];
    }
    return 1;
}

/* --- how well a candidate does --- */

static nanotime distance(nanotime a, nanotime b)
{
    return a > b ? a - b : b - a;
}

/* A bound of the natural logarithm of the probability of so many hits or more in trials of which
 * each is a hit with probability q on average. */
static double log_tail(double trials, double hits, double q)
{
    double share = hits / trials;
    if (share <= q)
        return 0;
    double log_chance = -hits * log(share / q);
    if (hits < trials)
        log_chance -= (trials - hits) * log((1 - share) / (1 - q));
    return log_chance;
}

struct trials {
    uint32_t count;
    uint32_t crowd;                        /* events in all windows */
    uint32_t followers[PERIOD_EVENTS_MAX]; /* events in each trial's window */
    nanotime nearest[PERIOD_EVENTS_MAX];   /* and how far from P behind it the nearest is */
};

static void try_period(struct trials *out, const struct events *events, nanotime period)
{
    out->count = out->crowd = 0;
    size_t from = 0;
    for (size_t i = 0; i < events->count; i++) {
        nanotime due = events->times[i] + period;
        while (from < events->count && events->times[from] < due - period / 2)
            from++;
        nanotime nearest = period;
        size_t next = from;
        for (; next < events->count && events->times[next] < due + period / 2; next++)
            if (distance(events->times[next], due) < nearest)
                nearest = distance(events->times[next], due);
        if (next == from)
            continue;
        out->followers[out->count] = (uint32_t)(next - from);
        out->nearest[out->count++] = nearest;
        out->crowd += (uint32_t)(next - from);
        if (out->crowd > CROWD_MAX * events->count)
            return;
    }
}

/* The two events that the candidate is the distance of are a hit by its making, and not counted. */
static double log_chance_of(const struct trials *trials, nanotime period, nanotime tolerance,
                            nanotime unit)
{
    double hits = 0, expected = 0;
    double width = (double)(2 * tolerance + unit) / (double)period;
    if (width >= 0.5)
        return 0;
    for (size_t i = 0; i < trials->count; i++) {
        hits += trials->nearest[i] <= tolerance;
        expected += 1 - pow(1 - width, trials->followers[i]);
    }
    if (trials->count < PERIOD_EVENTS_LEAST - 1 || hits < PERIOD_EVENTS_LEAST - 1)
        return 0;
    return log_tail(trials->count - 1, hits - 1, expected / trials->count);
}

static void weigh(struct candidate *best, const struct events *events, nanotime period,
                  nanotime grain, nanotime unit)
{
    struct trials trials;
    try_period(&trials, events, period);
    if (trials.crowd > CROWD_MAX * trials.count)
        return;
    for (size_t i = 0; i < COUNT_OF(tolerances); i++) {
        nanotime tolerance = (nanotime)(tolerances[i] * (double)period);
        if (tolerance < unit)
            tolerance = unit;
        double log_chance = log_chance_of(&trials, period, tolerance, unit);
        if (log_chance < best->log_chance)
            *best = (struct candidate){period, tolerance, grain, log_chance};
    }
}

/* --- the candidates --- */

/* Distances of events that are a scale's candidates. Returns how many there are. */
static size_t distances(nanotime *out, const struct events *events, nanotime least, nanotime beyond)
{
    size_t count = 0;
    for (size_t i = 0; i < events->count; i++)
        for (size_t j = i + 1; j < events->count && j <= i + REACH; j++) {
            nanotime period = events->times[j] - events->times[i];
            if (period >= least && period < beyond)
                out[count++] = period;
        }
    if (count > 0)
        qsort(out, count, sizeof(*out), by_time);
    return count;
}

/* Weighs the candidates of a scale. Returns how many there were. */
static size_t weigh_scale(struct candidate *best, const struct events *events, nanotime grain,
                          nanotime unit)
{
    struct events merged;
    nanotime found[DISTANCES_MAX];
    merge(&merged, events, grain);
    size_t count =
        distances(found, &merged, grain * GRAINS_LEAST, grain * GRAINS_LEAST * SCALE_FACTOR);
    size_t tried = count < CANDIDATES_MAX ? count : CANDIDATES_MAX;
    for (size_t i = 0; i < tried; i++)
        weigh(best, &merged, found[(2 * i + 1) * count / (2 * tried)], grain, unit);
    return tried;
}

static bool convinces(const struct candidate *candidate, double tried)
{
    return tried > 0 && candidate->log_chance + log(tried) <= log(CHANCE_MOST);
}

/* Where many events were missed, a multiple of the period may do a little better than the period:
 * its jitter is smaller beside it. Returns whether a fraction of it convinces, too, and was put in
 * its place. */
static bool prefer_fraction(struct candidate *best, const struct events *events, nanotime unit,
                            double tried)
{
    for (unsigned parts = 2; parts <= FRACTIONS; parts++) {
        struct candidate part = {.log_chance = 0};
        struct events merged;
        nanotime grain = best->grain / parts;
        merge(&merged, events, grain);
        weigh(&part, &merged, best->period / parts, grain, unit);
        if (convinces(&part, tried)) {
            *best = part;
            return true;
        }
    }
    return false;
}

/* --- what keeps the period that was found --- */

/* The event that comes nearest to a time, if it is within the tolerance; else count. */
static size_t event_at(const struct events *events, nanotime time, nanotime tolerance)
{
    size_t low = 0, high = events->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (events->times[middle] < time)
            low = middle + 1;
        else
            high = middle;
    }
    size_t nearest = low;
    if (low > 0 &&
        (low == events->count || time - events->times[low - 1] < events->times[low] - time))
        nearest = low - 1;
    return distance(events->times[nearest], time) <= tolerance ? nearest : events->count;
}

/* What follows an event by the period, or by a few of them where some were missed; else count. The
 * jitter of several adds up as variances do. */
static size_t follower(const struct events *events, size_t from, const struct candidate *candidate)
{
    for (int steps = 1; steps <= STEPS_MAX; steps++) {
        nanotime tolerance = (nanotime)((double)candidate->tolerance * sqrt(steps));
        size_t to = event_at(events, events->times[from] + candidate->period * steps, tolerance);
        if (to < events->count)
            return to;
    }
    return events->count;
}

struct chain {
    size_t events[PERIOD_EVENTS_MAX];
    size_t length;
};

static void follow_chain(struct chain *out, const struct events *events, size_t from,
                         const struct candidate *candidate)
{
    out->length = 0;
    for (size_t at = from; at < events->count; at = follower(events, at, candidate))
        out->events[out->length++] = at;
}

/* Marks the events that keep the period: those in chains of three at least. Two may be chance. */
static void mark_members(bool *member, const struct events *events,
                         const struct candidate *candidate)
{
    struct chain chain;
    memset(member, 0, events->count * sizeof(*member));
    for (size_t i = 0; i < events->count; i++) {
        if (member[i])
            continue;
        follow_chain(&chain, events, i, candidate);
        for (size_t k = 0; chain.length >= 3 && k < chain.length; k++)
            member[chain.events[k]] = true;
    }
}

/* Period and jitter from the distances of neighbours. */
static void measure(struct period *out, const struct events *events,
                    const struct candidate *candidate)
{
    double sum = 0, squares = 0, count = 0;
    for (size_t i = 0; i < events->count; i++) {
        nanotime due = events->times[i] + candidate->period;
        size_t next = event_at(events, due, candidate->tolerance);
        if (next == events->count)
            continue;
        double off = (double)(events->times[next] - due);
        sum += off;
        squares += off * off;
        count++;
    }
    double mean = sum / count, variance = squares / count - mean * mean;
    out->period = candidate->period + (nanotime)llround(mean);
    out->jitter = variance > 0 ? (nanotime)llround(sqrt(variance)) : 0;
}

static void count_members(struct period *out, const struct events *events, const bool *member)
{
    out->repetitions = out->missed = 0;
    for (size_t i = 0; i < events->count; i++) {
        if (!member[i])
            continue;
        if (out->repetitions++ == 0) {
            out->first = out->last = events->times[i];
            continue;
        }
        nanotime steps = (events->times[i] - out->last + out->period / 2) / out->period;
        if (steps > 1 && steps <= PERIOD_PAUSE)
            out->missed += (uint32_t)(steps - 1);
        out->last = events->times[i];
    }
}

static bool describe(struct period *out, const struct events *events, struct candidate *candidate)
{
    struct events merged;
    bool member[PERIOD_EVENTS_MAX];
    merge(&merged, events, candidate->grain);
    measure(out, &merged, candidate);
    candidate->period = out->period;
    if (candidate->tolerance < 3 * out->jitter)
        candidate->tolerance = 3 * out->jitter;
    mark_members(member, &merged, candidate);
    count_members(out, &merged, member);
    return out->repetitions >= PERIOD_EVENTS_LEAST;
}

bool period_find(struct period *out, const nanotime *times, size_t count)
{
    struct events events;
    struct candidate best = {.log_chance = 0};
    if (count < PERIOD_EVENTS_LEAST)
        return false;
    nanotime start = take_events(&events, times, count);
    nanotime unit = resolution(&events);
    nanotime span = events.times[events.count - 1];
    double tried = 0;
    for (nanotime grain = span / GRAINS_LEAST / SCALE_FACTOR; grain > 0; grain /= SCALE_FACTOR)
        tried += (double)weigh_scale(&best, &events, grain, unit);
    tried *= COUNT_OF(tolerances);
    if (!convinces(&best, tried))
        return false;
    while (prefer_fraction(&best, &events, unit, tried)) {
    }
    struct period found = {.confidence = 1 - exp(best.log_chance + log(tried))};
    if (!describe(&found, &events, &best))
        return false;
    found.first += start;
    found.last += start;
    *out = found;
    return true;
}
