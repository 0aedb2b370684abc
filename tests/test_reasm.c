/* test_reasm.c: bytes in order and gaps, whatever order and overlap the segments come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/limits.h"
#include "../dissect/reasm.h"
#include "nowhere.h"

/* What came out: the stream, with a '.' for each missing byte. */
struct output {
    char text[8192];
    size_t n;
    uint64_t next;
    uint64_t gaps;
};

static void on_bytes(void *context, uint64_t seq, struct span bytes, const struct reasm_from *from)
{
    struct output *out = context;
    (void)from;
    assert_true(seq == out->next);
    assert_true(out->n + bytes.n < sizeof out->text);
    memcpy(out->text + out->n, bytes.p, bytes.n);
    out->n += bytes.n;
    out->next += bytes.n;
}

static void on_gap(void *context, uint64_t seq, uint64_t length, const struct reasm_from *from)
{
    struct output *out = context;
    (void)from;
    assert_true(seq == out->next);
    assert_true(length > 0);
    out->next += length;
    out->gaps += length;
    for (uint64_t i = 0; i < length && out->n + 1 < sizeof out->text; i++)
        out->text[out->n++] = '.';
}

/* A stream of letters that starts at BASE; a test adds parts of it. */
enum { BASE = 1000 };
static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

struct fixture {
    struct reasm reasm;
    struct output output;
    struct reasm_out out;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->output.next = BASE;
    static const struct reasm_receiver receiver = {on_bytes, on_gap};
    f->out = (struct reasm_out){&receiver, &f->output, NULL};
    reasm_start(&f->reasm, BASE);
}

static uint64_t add_at(struct fixture *f, size_t from, size_t to, nanotime time)
{
    const struct reasm_from where = {1, time};
    /* A copy in its own size, so that reading beyond it is caught. */
    uint8_t *copy = xmemdup(letters + from, to - from);
    uint64_t fresh = reasm_add(&f->reasm, &f->out, BASE + from, (uint32_t)(to - from),
                               span_of(copy, to - from), &where);
    free(copy);
    return fresh;
}

static uint64_t add(struct fixture *f, size_t from, size_t to)
{
    return add_at(f, from, to, 0);
}

static void expect(struct fixture *f, const char *text)
{
    assert_int_equal(f->output.n, strlen(text));
    assert_memory_equal(f->output.text, text, strlen(text));
}

static void in_order(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(add(&f, 0, 3), 3);
    assert_int_equal(add(&f, 3, 6), 3);
    expect(&f, "abcdef");
    assert_null(f.reasm.held);
    reasm_done(&f.reasm, NULL);
}

static void reordered(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(add(&f, 6, 9), 3);
    assert_int_equal(add(&f, 3, 6), 3);
    expect(&f, "");
    assert_int_equal(add(&f, 0, 3), 3);
    expect(&f, "abcdefghi");
    reasm_done(&f.reasm, NULL);
}

static void overlaps_count_once(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(add(&f, 4, 8), 4);
    assert_int_equal(add(&f, 10, 12), 2);
    assert_int_equal(add(&f, 2, 14), 6); /* around both */
    assert_int_equal(add(&f, 3, 11), 0);
    assert_int_equal(add(&f, 0, 5), 2);
    expect(&f, "abcdefghijklmn");
    assert_int_equal(add(&f, 0, 14), 0);
    assert_int_equal(add(&f, 12, 15), 1);
    expect(&f, "abcdefghijklmno");
    assert_int_equal(f.reasm.gap_bytes, 0);
    reasm_done(&f.reasm, NULL);
}

/* The first copy of a byte counts, as most receivers have it. */
static void first_copy_wins(void **state)
{
    (void)state;
    struct fixture f;
    const struct reasm_from where = {1, 0};
    begin(&f);
    add(&f, 2, 4);
    assert_int_equal(reasm_add(&f.reasm, &f.out, BASE, 5, span_of("ABCDE", 5), &where), 3);
    expect(&f, "ABcdE");
    reasm_done(&f.reasm, NULL);
}

static void flush_shows_the_hole(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add(&f, 0, 2);
    add(&f, 5, 7);
    add(&f, 9, 10);
    expect(&f, "ab");
    reasm_flush(&f.reasm, &f.out);
    expect(&f, "ab...fg..j");
    assert_int_equal(f.reasm.gap_bytes, 5);
    reasm_done(&f.reasm, NULL);
}

static void a_cut_segment_ends_in_a_gap(void **state)
{
    (void)state;
    struct fixture f;
    const struct reasm_from where = {1, 0};
    begin(&f);
    assert_int_equal(reasm_add(&f.reasm, &f.out, BASE, 6, span_of(letters, 2), &where), 6);
    add(&f, 6, 8);
    expect(&f, "ab....gh");
    reasm_done(&f.reasm, NULL);
}

/* Data may come after its own acknowledgment: the hole is given up late, not at once. */
static void an_acknowledged_hole_is_kept_a_while(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add_at(&f, 3, 5, 10 * NS_PER_SECOND);
    reasm_settle(&f.reasm, &f.out, BASE + 5, 9 * NS_PER_SECOND);
    expect(&f, "");
    add_at(&f, 0, 3, 11 * NS_PER_SECOND);
    expect(&f, "abcde");
    add_at(&f, 8, 9, 12 * NS_PER_SECOND);
    reasm_settle(&f.reasm, &f.out, BASE + 6, 20 * NS_PER_SECOND);
    expect(&f, "abcde"); /* not acknowledged: the sender will send it again */
    reasm_settle(&f.reasm, &f.out, BASE + 9, 20 * NS_PER_SECOND);
    expect(&f, "abcde...i");
    reasm_done(&f.reasm, NULL);
}

static void held_bytes_are_capped(void **state)
{
    (void)state;
    static const uint8_t block[16384];
    const struct reasm_from where = {1, 0};
    const struct reasm_out out = {&nobody, NULL, NULL};
    struct reasm reasm = {0};
    reasm_start(&reasm, BASE);
    for (uint64_t at = 1; at < 2 * LIMIT_REASM_BYTES; at += sizeof block) {
        reasm_add(&reasm, &out, BASE + at, sizeof block, span_of(block, sizeof block), &where);
        assert_true(reasm.held_bytes <= LIMIT_REASM_BYTES);
    }
    assert_int_equal(reasm.gap_bytes, 1);
    reasm_done(&reasm, NULL);
}

static void held_pieces_are_capped(void **state)
{
    (void)state;
    struct fixture f;
    const struct reasm_from where = {1, 0};
    begin(&f);
    for (uint64_t i = 0; i < 2 * LIMIT_REASM_CHUNKS; i++) {
        reasm_add(&f.reasm, &f.out, BASE + 1 + 2 * i, 1, span_of("x", 1), &where);
        assert_true(f.reasm.held_count <= LIMIT_REASM_CHUNKS);
    }
    assert_true(f.reasm.gap_bytes > 0);
    reasm_done(&f.reasm, NULL);
}

static void forgetting_keeps_the_count(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add(&f, 3, 6);
    reasm_forget(&f.reasm, NULL);
    assert_int_equal(f.reasm.held_bytes, 0);
    assert_int_equal(add(&f, 0, 4), 3);
    assert_int_equal(add(&f, 8, 9), 1);
    expect(&f, "");
    assert_int_equal(f.reasm.next, BASE + 6);
    assert_int_equal(f.reasm.gap_bytes, 0);
    reasm_flush(&f.reasm, &f.out);
    assert_int_equal(f.reasm.gap_bytes, 2);
    reasm_done(&f.reasm, NULL);
}

/* Whatever the order, overlap and repetition, the stream is the same. */
static void any_order_gives_the_same(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (unsigned round = 0; round < 2000; round++) {
        struct fixture f;
        uint64_t fresh = 0;
        begin(&f);
        for (unsigned i = 0; i < 40; i++) {
            random = random * 1664525 + 1013904223;
            size_t from = (random >> 8) % 26, length = 1 + (random >> 20) % 6;
            fresh += add(&f, from, from + length > 26 ? 26 : from + length);
        }
        for (size_t i = 0; i < 26; i += 2)
            fresh += add(&f, i, i + 2);
        expect(&f, letters);
        assert_int_equal(fresh, 26);
        assert_int_equal(f.reasm.held_bytes, 0);
        reasm_done(&f.reasm, NULL);
    }
}

/* Many directions that each hold little: all of them together are capped, and all is given back. */
static void what_all_hold_is_capped(void **state)
{
    (void)state;
    enum { BLOCK = 1024 };
    static const uint8_t block[BLOCK];
    size_t all = LIMIT_REASM_ALL - 2 * BLOCK;
    const struct reasm_out out = {&nobody, NULL, &all};
    struct reasm a = {0}, b = {0};
    reasm_start(&a, BASE);
    reasm_start(&b, BASE);
    reasm_add(&a, &out, BASE + 1, BLOCK, span_of(block, BLOCK), &(struct reasm_from){0});
    assert_int_equal(a.held_count, 1);
    assert_true(all > LIMIT_REASM_ALL - BLOCK);
    reasm_add(&b, &out, BASE + 1, BLOCK, span_of(block, BLOCK), &(struct reasm_from){0});
    assert_int_equal(b.held_count, 0);
    assert_int_equal(b.gap_bytes, 1);
    assert_int_equal(a.held_count, 1); /* another's flood takes nothing away */
    reasm_forget(&a, &all);
    assert_true(all < LIMIT_REASM_ALL - BLOCK);
    reasm_done(&a, &all);
    reasm_done(&b, &all);
    assert_true(all == LIMIT_REASM_ALL - 2 * BLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(reordered),
        cmocka_unit_test(overlaps_count_once),
        cmocka_unit_test(first_copy_wins),
        cmocka_unit_test(flush_shows_the_hole),
        cmocka_unit_test(a_cut_segment_ends_in_a_gap),
        cmocka_unit_test(an_acknowledged_hole_is_kept_a_while),
        cmocka_unit_test(held_bytes_are_capped),
        cmocka_unit_test(held_pieces_are_capped),
        cmocka_unit_test(what_all_hold_is_capped),
        cmocka_unit_test(forgetting_keeps_the_count),
        cmocka_unit_test(any_order_gives_the_same),
    };
    return cmocka_run_group_tests_name("reasm", tests, NULL, NULL);
}
