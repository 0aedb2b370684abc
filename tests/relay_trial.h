/* relay_trial.h: a capture read with a relay, and by one reader alone: both have to hear the same.
 * For the tests of capture/relay.c.
 *
 * Include cmocka.h before it. */
#ifndef PUSHWATCH_TESTS_RELAY_TRIAL_H
#define PUSHWATCH_TESTS_RELAY_TRIAL_H

#include "../capture/relay.h"
#include "pcapng_file.h"

#include <pthread.h>

enum { RUNNERS = 3, ETHERNET = 1 };

/* All there is. */
static const struct relay_limits all = {
    .packets = UINT64_MAX, .bytes = UINT64_MAX / 2, .before = INT64_MAX};

/* One packet as it came out of a relay, and the latest time before it. */
struct seen {
    struct packet packet;
    nanotime now;
};

struct run {
    struct relay *relay;
    pthread_mutex_t lock;
    struct seen seen[READING_PACKETS + 1]; /* by frame; bytes NULL: not handed out */
    size_t count;
};

struct place {
    struct run *run;
    unsigned runner;
};

static inline void note(struct run *run, const struct packet *packet, nanotime now)
{
    assert_in_range(packet->frame, 1, READING_PACKETS);
    struct seen *seen = &run->seen[packet->frame];
    assert_null(seen->packet.bytes);
    seen->packet = *packet;
    seen->packet.bytes = xmemdup(packet->bytes, packet->caplen);
    seen->now = now;
    run->count++;
}

static inline void *read_part(void *argument)
{
    const struct place *place = argument;
    struct run *run = place->run;
    const struct packet *packets;
    while (relay_claim(run->relay, place->runner) && relay_read(run->relay, place->runner)) {
        nanotime now = relay_now(run->relay, place->runner);
        const size_t n = relay_packets(run->relay, place->runner, &packets);
        for (size_t i = 0; i < n; i++) {
            pthread_mutex_lock(&run->lock);
            note(run, &packets[i], now);
            pthread_mutex_unlock(&run->lock);
            if (packets[i].time > now)
                now = packets[i].time;
        }
    }
    return NULL;
}

/* Each runner in a thread of its own. */
static inline void read_parts(struct run *run)
{
    pthread_t threads[RUNNERS];
    struct place places[RUNNERS];
    for (unsigned i = 0; i < RUNNERS; i++) {
        places[i] = (struct place){run, i};
        assert_int_equal(pthread_create(&threads[i], NULL, read_part, &places[i]), 0);
    }
    for (unsigned i = 0; i < RUNNERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static inline void same_packet(const struct packet *got, const struct packet *expected)
{
    assert_int_equal(got->frame, expected->frame);
    assert_int_equal(got->time, expected->time);
    assert_int_equal(got->len, expected->len);
    assert_int_equal(got->link, expected->link);
    assert_int_equal(got->link_number, expected->link_number);
    assert_int_equal(got->interface, expected->interface);
    assert_int_equal(got->marks, expected->marks);
    assert_int_equal(got->caplen, expected->caplen);
    if (got->caplen > 0)
        assert_memory_equal(got->bytes, expected->bytes, got->caplen);
}

/* What is said beside the packets. */
static inline void same_facts(const struct capture_facts *got, const struct capture_facts *expected)
{
    assert_int_equal(got->section_count, expected->section_count);
    assert_int_equal(got->interface_count, expected->interface_count);
    assert_int_equal(got->name_count, expected->name_count);
    assert_int_equal(got->comment_count, expected->comment_count);
    assert_int_equal(got->packet_comments, expected->packet_comments);
    assert_int_equal(got->packet_drops, expected->packet_drops);
    assert_int_equal(got->secrets, expected->secrets);
    for (size_t i = 0; i < got->comment_count; i++)
        assert_int_equal(got->comments[i].frame, expected->comments[i].frame);
    for (size_t i = 0; i < got->interface_count; i++)
        for (size_t n = 0; n < FACT_COUNTERS; n++)
            assert_int_equal(got->interfaces[i].counters[n], expected->interfaces[i].counters[n]);
}

/* How a capture is read with a relay. */
struct trial {
    struct run run;
    struct source *source, *later; /* the one that reads, and one that only follows */
    const struct reading *expected;
    size_t count;          /* packets that came out so far */
    struct packet at_hand; /* the last one was read, but not taken, */
    bool any_at_hand;      /* if there is one */
    nanotime now;
};

static inline void took(struct trial *trial, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct packet *packet = &trial->expected->packets[trial->count++];
        if (packet->time > trial->now)
            trial->now = packet->time;
    }
}

/* A leg of the relay, up to where it ends. Returns how many packets it has handed out. */
static inline size_t run_leg(struct trial *trial, const struct relay_limits *limits)
{
    struct run *run = &trial->run;
    const size_t before = run->count;
    relay_begin(run->relay, trial->source, &trial->at_hand, trial->any_at_hand, trial->now, limits);
    trial->any_at_hand = false;
    read_parts(run);
    relay_end(run->relay, trial->source);
    relay_end(run->relay, trial->later);
    assert_int_equal(relay_frame(run->relay), trial->count + run->count - before);
    for (size_t i = before; i < run->count; i++) {
        struct seen *seen = &run->seen[trial->count + 1];
        same_packet(&seen->packet, &trial->expected->packets[trial->count]);
        assert_int_equal(seen->now, trial->now);
        free((void *)(uintptr_t)seen->packet.bytes);
        took(trial, 1);
    }
    return run->count - before;
}

/* The source reads one packet, which is not taken if the relay is to begin with it. So does the one
 * that follows, once it has heard of the packets before. */
static inline bool read_one(struct trial *trial, bool is_taken)
{
    struct packet packet;
    if (source_next(trial->source, &trial->at_hand) != SOURCE_PACKET)
        return false;
    same_packet(&trial->at_hand, &trial->expected->packets[trial->count]);
    if (trial->run.relay) {
        assert_int_equal(source_next(trial->later, &packet), SOURCE_PACKET);
        same_packet(&packet, &trial->at_hand);
    }
    trial->any_at_hand = !is_taken;
    took(trial, is_taken);
    return true;
}

/* Opens the one that reads, and the one that follows: as source_open_file_often does. */
static inline void open_both(struct trial *trial, const char *path)
{
    struct source_error error;
    trial->source = savefile_open(&error, path, 4096, NULL);
    assert_non_null(trial->source);
    trial->later = savefile_open(&error, path, 4096, trial->source->shared);
    assert_non_null(trial->later);
    ((struct savefile *)trial->later)->noted =
        (struct savefile_noted){.to = UINT64_MAX, .looked_ahead = true};
    source_preface(trial->source);
}

/* Compares what was said beside the packets with what one reader alone has heard. */
static inline void compare_facts(const struct trial *trial, const char *path)
{
    struct source_error error;
    struct packet packet;
    struct source *alone = savefile_open(&error, path, 4096, NULL);
    source_preface(alone);
    while (source_next(alone, &packet) == SOURCE_PACKET)
        ;
    same_facts(source_facts(trial->source), source_facts(alone));
    source_close(alone);
}

/* Reads `alone` packets, the last of which is not taken, then legs of a relay under the limits. The
 * source reads one more wherever they come to nothing. Returns how many the relay has handed out.
 */
static inline size_t compare(const struct capture_file *file, size_t window, size_t alone,
                             const struct relay_limits *limits)
{
    struct trial trial = {.run = {.lock = PTHREAD_MUTEX_INITIALIZER}};
    struct source_error error = {""};
    char *path = write_file(file->bytes.p, file->bytes.n);
    struct reading *expected = read_source(savefile_open(&error, path, 4096, NULL), &error);
    struct packet packet;
    trial.expected = expected;
    open_both(&trial, path);
    for (size_t i = 0; i < alone; i++)
        if (!read_one(&trial, i + 1 < alone))
            break;
    trial.run.relay = relay_new(trial.source, RUNNERS, window);
    assert_non_null(trial.run.relay);
    while (run_leg(&trial, limits) > 0 || read_one(&trial, true))
        ;
    assert_int_equal(trial.count, expected->count);
    assert_int_equal(source_next(trial.source, &packet), expected->status);
    assert_string_equal(source_error(trial.source), expected->error);
    assert_int_not_equal(source_next(trial.later, &packet), SOURCE_PACKET);
    compare_facts(&trial, path);
    relay_free(trial.run.relay);
    source_close(trial.later);
    source_close(trial.source);
    remove_file(path);
    reading_done(expected);
    return trial.run.count;
}

/* Smaller than a record's header, so that one lies in several, up to larger than the file. */
static const size_t windows[] = {9, 24, 100, 1000, 4096, 1 << 16};

#endif
