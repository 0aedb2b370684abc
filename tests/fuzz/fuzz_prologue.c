/* fuzz_prologue.c: both directions of a prologue out of one input. The first byte tells who opened
 * the connection (bits 0 and 1) and whether it was joined midway (bit 2); then come steps: a byte
 * (bit 0 the direction, bit 1 a hole, the rest a length), and as many bytes where it is no hole. */
#include "../../dissect/limits.h"
#include "../../dissect/prologue.h"

#include <stdlib.h>

static void need(bool good)
{
    if (!good)
        abort();
}

static void read_all(struct span bytes)
{
    volatile uint8_t sum = 0;
    need(bytes.n <= LIMIT_PROLOGUE_TARGET);
    for (size_t i = 0; i < bytes.n; i++)
        sum = (uint8_t)(sum + bytes.p[i]);
}

static void check(const struct prologue *prologue, uint64_t frame)
{
    const struct prologue_facts *facts = prologue_facts(prologue);
    need(prologue_memory(prologue) < 4096);
    if (!facts)
        return;
    need(facts->count > 0 && facts->count <= PROLOGUES_MAX);
    for (unsigned i = 0; i < facts->count; i++) {
        read_all(facts->steps[i].target);
        read_all(facts->steps[i].source);
        need(facts->steps[i].last_frame <= frame);
        need(facts->steps[i].first_frame <= facts->steps[i].last_frame);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(span_of(data, size));
    uint64_t frame = 0;
    uint8_t flags = 0, kind;
    struct span bytes;
    if (!cursor_u8(&in, &flags))
        flags = 0;
    struct prologue *prologue = prologue_new((flags & 3) % 3 - 1, flags & 4);
    while (cursor_u8(&in, &kind)) {
        size_t n = kind >> 2, left = in.left;
        unsigned direction = kind & 1;
        if (kind & 2) {
            (void)prologue_gap(prologue, direction, n + 1);
            continue;
        }
        if (!cursor_bytes(&in, &bytes, n < left ? n : left))
            break;
        struct cursor piece = cursor_of(bytes);
        enum prologue_verdict verdict = prologue_take(prologue, direction, &piece, ++frame);
        need(piece.left <= bytes.n);
        need(verdict != PROLOGUE_MORE || cursor_done(&piece));
        check(prologue, frame);
    }
    prologue_end(prologue);
    need(!prologue_is_at_work(prologue));
    check(prologue, frame);
    prologue_free(prologue);
    return 0;
}
