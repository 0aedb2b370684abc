/* test_mutations.c: the project's own captures, damaged in every way: cut at each byte, with bits
 * flipped, packets lost, twice, elsewhere, of another capture. Nothing may crash, hang or leak (the
 * sanitizer build says so), what is written must be well-formed, and what was before the damage is
 * reported as if there were none.
 *
 * PUSHWATCH_TEST_SECONDS bounds the time for what is drawn at random (default 3), and
 * PUSHWATCH_TEST_SEED draws otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "chance.h"
#include "whole_run.h"

enum {
    PCAP_HEADER = 24,
    RECORD_HEADER = 16,
    CUT_PACKETS = 2, /* cut at each of their bytes */
    MUTATIONS = 8    /* at once, at most */
};

/* A capture and where each of its records (pcap) or blocks (pcapng) begins; the last bound is the
 * end. */
struct sample {
    const char *name;
    struct buf bytes;
    size_t *bounds, count;
};

static glob_t names;
static struct sample *samples;
static size_t sample_count;

static bool is_pcapng(const struct sample *sample)
{
    return sample->bytes.p[0] == 0x0a;
}

static size_t little_endian(const struct sample *sample, size_t at)
{
    const uint8_t *p = sample->bytes.p + at;
    return p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

static void find_bounds(struct sample *sample)
{
    size_t at = is_pcapng(sample) ? 0 : PCAP_HEADER;
    while (at < sample->bytes.n) {
        sample->bounds = xrealloc(sample->bounds, (sample->count + 2) * sizeof *sample->bounds);
        sample->bounds[sample->count++] = at;
        at += is_pcapng(sample) ? little_endian(sample, at + 4)
                                : RECORD_HEADER + little_endian(sample, at + 8);
    }
    assert_int_equal(at, sample->bytes.n);
    sample->bounds[sample->count] = at;
}

static void load(struct sample *sample, const char *name)
{
    uint8_t block[4096];
    size_t n;
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    *sample = (struct sample){.name = name};
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        buf_append(&sample->bytes, block, n);
    fclose(file);
    find_bounds(sample);
}

static int load_all(void **state)
{
    (void)state;
    if (glob("pcaps/*.pcap", 0, NULL, &names) != 0 ||
        glob("pcaps/*.pcapng", GLOB_APPEND, NULL, &names) != 0)
        return -1;
    sample_count = names.gl_pathc;
    samples = xcalloc(sample_count, sizeof *samples);
    for (size_t i = 0; i < sample_count; i++)
        load(&samples[i], names.gl_pathv[i]);
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        buf_done(&samples[i].bytes);
        free(samples[i].bounds);
    }
    free(samples);
    globfree(&names);
    return 0;
}

/* --- one run --- */

static struct whole_run told_of(struct span capture, const struct whole_options *options,
                                const char *what, const struct sample *sample, size_t at)
{
    struct whole_run run = {0};
    whole_run(&run, capture, options);
    const char *fault = whole_run_fault(&run);
    if (fault)
        fail_msg("%s, %s at %zu: %s (%s)", sample->name, what, at, fault, run.error);
    return run;
}

/* The flows of a report alone: meta, findings and summary may speak of the damage. */
static struct span flows_of(const struct whole_run *run)
{
    static const char flow[] = "{\"type\":\"flow\"";
    if (!run->json)
        return span_of(NULL, 0);
    const char *begin = strchr(run->json, '\n') + 1, *end = begin;
    while (strncmp(end, flow, sizeof flow - 1) == 0)
        end = strchr(end, '\n') + 1;
    return span_of(begin, (size_t)(end - begin));
}

/* --- cut --- */

/* A capture that ends in the middle of a record says of its connections what one says that ends
 * just before. */
static void cut_at(const struct sample *sample, size_t at, const struct whole_run *whole)
{
    static const struct whole_options options = {0};
    struct whole_run cut = told_of(span_of(sample->bytes.p, at), &options, "cut", sample, at);
    struct span one = flows_of(&cut), other = whole ? flows_of(whole) : span_of(NULL, 0);
    if (cut.packets != (whole ? whole->packets : 0) || !span_equal(one, other))
        fail_msg("%s, cut at %zu: %u packets; what came before is told otherwise", sample->name, at,
                 (unsigned)cut.packets);
    whole_run_done(&cut);
}

static void cut_in_record(const struct sample *sample, size_t record)
{
    static const struct whole_options options = {0};
    size_t begin = sample->bounds[record], end = sample->bounds[record + 1];
    struct whole_run whole =
        told_of(span_of(sample->bytes.p, begin), &options, "cut", sample, begin);
    for (size_t at = begin + 1; at < end; at++)
        cut_at(sample, at, whole.opened ? &whole : NULL);
    whole_run_done(&whole);
}

static void cut_at_each_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        const struct sample *sample = &samples[i];
        /* Each pcap has the same file header and, but for few, the same first packets. */
        size_t step = is_pcapng(sample) || i % 8 == 0 ? 1 : 41;
        for (size_t at = 0; !is_pcapng(sample) && at < PCAP_HEADER; at += step)
            cut_at(sample, at, NULL);
        for (size_t record = 0; step == 1 && record < sample->count; record++) {
            if (record < CUT_PACKETS + (is_pcapng(sample) ? 2 : 0))
                cut_in_record(sample, record);
        }
    }
}

/* --- at random --- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double number_from(const char *name, double otherwise)
{
    const char *text = getenv(name);
    return text ? strtod(text, NULL) : otherwise;
}

static struct span record_of(const struct sample *sample, size_t record)
{
    return span_of(sample->bytes.p + sample->bounds[record],
                   sample->bounds[record + 1] - sample->bounds[record]);
}

static void append_record(struct buf *out, const struct sample *sample, size_t record)
{
    struct span bytes = record_of(sample, record);
    buf_append(out, bytes.p, bytes.n);
}

/* Packets lost, twice, in another order, and of another capture. Returns how many bytes at the
 * beginning are as they were. */
static size_t move_records(struct buf *out, const struct sample *sample, struct chance *chance)
{
    size_t first = chance_below(chance, sample->count), same = sample->bounds[first];
    buf_append(out, sample->bytes.p, same);
    for (size_t record = first; record < sample->count; record++) {
        const struct sample *other = &samples[chance_below(chance, sample_count)];
        switch (chance_below(chance, 8)) {
        case 0: /* lost */
            break;
        case 1:
            append_record(out, sample, record);
            append_record(out, sample, record);
            break;
        case 2:
            append_record(out, sample, chance_below(chance, sample->count));
            break;
        case 3:
            append_record(out, other, chance_below(chance, other->count));
            break;
        default:
            append_record(out, sample, record);
        }
    }
    return same;
}

/* Bits flipped, bytes set, lost, or put in. */
static size_t damage_bytes(struct buf *out, const struct sample *sample, struct chance *chance)
{
    static const uint8_t telling[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    size_t first = sample->bytes.n;
    buf_append(out, sample->bytes.p, sample->bytes.n);
    for (size_t i = 0, n = 1 + chance_below(chance, MUTATIONS); i < n; i++) {
        size_t at = chance_below(chance, out->n);
        if (chance_below(chance, 4) == 0) /* headers matter most */
            at = sample->bounds[chance_below(chance, sample->count)] + chance_below(chance, 90);
        if (at >= out->n)
            continue;
        first = at < first ? at : first;
        switch (chance_below(chance, 4)) {
        case 0:
            out->p[at] = telling[chance_below(chance, sizeof telling)];
            break;
        case 1:
            memmove(out->p + at, out->p + at + 1, out->n - at - 1);
            out->n--;
            break;
        default:
            out->p[at] ^= (uint8_t)(1u << chance_below(chance, 8));
        }
    }
    return first;
}

/* What was read before the damage was read: the records that end before it. */
static void check_prefix(const struct sample *sample, const struct whole_run *run, size_t same)
{
    size_t whole = 0;
    while (whole < sample->count && sample->bounds[whole + 1] <= same)
        whole++;
    size_t other_blocks = is_pcapng(sample) ? 4 : 0; /* headers and the like are no packets */
    if (same >= PCAP_HEADER && run->packets + other_blocks < whole)
        fail_msg("%s, damaged at %zu: %zu records before, but %u packets read (%s)", sample->name,
                 same, whole, (unsigned)run->packets, run->error);
}

static void any_damage(void **state)
{
    (void)state;
    double until = now() + number_from("PUSHWATCH_TEST_SECONDS", 3);
    struct chance chance = {(uint64_t)number_from("PUSHWATCH_TEST_SEED", 1)};
    unsigned runs = 0;
    while (now() < until) {
        const struct sample *sample = &samples[chance_below(&chance, sample_count)];
        const struct whole_options options = {.block = 1 + chance_below(&chance, 3000),
                                              .threads = 1,
                                              .any_port = chance_below(&chance, 2),
                                              .order_end = chance_below(&chance, 2),
                                              .max_flows = chance_below(&chance, 3)};
        struct buf damaged = {0};
        size_t same = chance_below(&chance, 3) ? damage_bytes(&damaged, sample, &chance)
                                               : move_records(&damaged, sample, &chance);
        struct whole_run run =
            told_of(span_of(damaged.p, damaged.n), &options, "damaged", sample, same);
        check_prefix(sample, &run, same);
        whole_run_done(&run);
        buf_done(&damaged);
        runs++;
    }
    print_message("%u damaged captures\n", runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cut_at_each_byte),
                                       cmocka_unit_test(any_damage)};
    return cmocka_run_group_tests_name("mutations", tests, load_all, free_all);
}
