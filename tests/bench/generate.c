/* generate.c: writes pcap files of many TLS connections, whose bytes OpenSSL has spoken when the
 * program started. The same seed gives the same connections; keys and certificates are new. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "workload.h"

/* 2026-03-01T00:00:00Z: the certificates are valid then. */
#define BEGINNING (INT64_C(1772323200) * BENCH_SECOND)

static void usage(FILE *to)
{
    fprintf(to,
            "Usage: generate [--seed N] WORKLOAD SIZE OUTPUT.pcap\n\n"
            "Writes a capture, and on standard output, as JSON, what is in it. SIZE is a factor:\n"
            "1 is the full size, 0.01 a hundredth of it. Workloads:\n");
    const struct workload *workload;
    for (size_t i = 0; (workload = workload_at(i)); i++)
        fprintf(to, "  %s  %s (%llu connections)\n", workload->name, workload->what,
                (unsigned long long)workload->connections);
}

/* Dialogues under way, the one whose turn it is at the top of a binary heap. */
struct stage {
    struct dialogue **heap;
    size_t count, room;
    struct dialogue **spare; /* finished ones, to be used again */
    size_t spare_count, spare_room;
};

static int64_t turn(const struct dialogue *dialogue)
{
    return dialogue->start + dialogue->steps[dialogue->next].time;
}

static bool before(const struct dialogue *a, const struct dialogue *b)
{
    int64_t at = turn(a), bt = turn(b);
    return at != bt ? at < bt : a->ordinal < b->ordinal;
}

static void put(struct dialogue ***list, size_t *count, size_t *room, struct dialogue *dialogue)
{
    if (*count == *room) {
        *room = *room ? 2 * *room : 1024;
        *list = realloc(*list, *room * sizeof **list);
        bench_need(*list, "no memory");
    }
    (*list)[(*count)++] = dialogue;
}

static void enter(struct stage *stage, struct dialogue *dialogue)
{
    put(&stage->heap, &stage->count, &stage->room, dialogue);
    size_t at = stage->count - 1;
    for (; at && before(dialogue, stage->heap[(at - 1) / 2]); at = (at - 1) / 2)
        stage->heap[at] = stage->heap[(at - 1) / 2];
    stage->heap[at] = dialogue;
}

/* Puts the top where it belongs now. */
static void sink(struct stage *stage)
{
    struct dialogue **heap = stage->heap, *top = heap[0];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < stage->count; at = child) {
        if (child + 1 < stage->count && before(heap[child + 1], heap[child]))
            child++;
        if (!before(heap[child], top))
            break;
        heap[at] = heap[child];
    }
    heap[at] = top;
}

/* Writes the next packet of all that are on the stage. */
static void act(struct stage *stage, struct wire *wire)
{
    struct dialogue *top = stage->heap[0];
    wire_step(wire, top);
    if (top->next == top->count) {
        put(&stage->spare, &stage->spare_count, &stage->spare_room, top);
        stage->heap[0] = stage->heap[--stage->count];
        if (!stage->count)
            return;
    }
    sink(stage);
}

static struct dialogue *fresh_dialogue(struct stage *stage)
{
    struct dialogue *dialogue;
    if (stage->spare_count) {
        dialogue = stage->spare[--stage->spare_count];
        dialogue->count = dialogue->next = 0;
    } else {
        dialogue = calloc(1, sizeof *dialogue);
        bench_need(dialogue, "no memory");
    }
    return dialogue;
}

static void free_stage(struct stage *stage)
{
    for (size_t i = 0; i < stage->spare_count; i++) {
        free(stage->spare[i]->steps);
        free(stage->spare[i]);
    }
    free(stage->spare);
    free(stage->heap);
}

/* Connections begin at even distances, give or take one. */
static void play(struct wire *wire, const struct workload *workload, struct maker *maker,
                 double size)
{
    struct stage stage = {0};
    double duration = (double)workload->duration * (workload->same_duration ? 1 : size);
    double distance = duration / (double)maker->connections;
    for (uint64_t i = 0; i < maker->connections; i++) {
        struct dialogue *dialogue = fresh_dialogue(&stage);
        workload->make(dialogue, maker, i);
        dialogue->ordinal = i;
        dialogue->start = BEGINNING + (int64_t)(distance * (double)i);
        dialogue->start += random_below(&maker->random, (uint32_t)distance + 1);
        /* None that begins later can begin before this. */
        int64_t safe = BEGINNING + (int64_t)(distance * (double)i);
        while (stage.count && turn(stage.heap[0]) < safe)
            act(&stage, wire);
        enter(&stage, dialogue);
    }
    while (stage.count)
        act(&stage, wire);
    free_stage(&stage);
}

static void generate(const struct workload *workload, double size, uint64_t seed, const char *path)
{
    struct certificates certificates;
    struct sessions *sessions = malloc(sizeof *sessions);
    struct maker *maker = malloc(sizeof *maker);
    struct wire wire;
    bench_need(sessions && maker, "no memory");
    wire_open(&wire, path);
    certificates_make(&certificates);
    sessions_record(sessions, &certificates);
    maker_init(maker, sessions, seed);
    maker->connections = (uint64_t)((double)workload->connections * size + 0.5);
    play(&wire, workload, maker, size);
    wire_close(&wire);
    tally_print(&maker->tally, &wire);
    maker_done(maker);
    sessions_done(sessions);
    certificates_done(&certificates);
    free(maker);
    free(sessions);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"seed", required_argument, NULL, 's'}, {0}};
    uint64_t seed = 1;
    for (int c; (c = getopt_long(argc, argv, "hs:", options, NULL)) != -1;) {
        if (c == 'h') {
            usage(stdout);
            return 0;
        }
        if (c != 's') {
            usage(stderr);
            return 2;
        }
        seed = strtoull(optarg, NULL, 0);
    }
    const struct workload *workload = argc - optind == 3 ? workload_find(argv[optind]) : NULL;
    char *end = NULL;
    double size = workload ? strtod(argv[optind + 1], &end) : 0;
    if (!workload || *end || !(size > 0 && size <= 100)) {
        usage(stderr);
        return 2;
    }
    generate(workload, size, seed, argv[optind + 2]);
    return 0;
}
