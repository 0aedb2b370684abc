/* fuzz_reasm.c: reassembly beside a map of every byte, which does the same without being clever.
 *
 * The input is steps of four bytes: what, where (two bytes), how much. Content follows from the
 * number of the step, so that a byte of the wrong segment is seen. */
#include "../../dissect/limits.h"
#include "../../dissect/reasm.h"

#include <stdlib.h>

enum { STREAM = 1 << 16, BASE = 1000, END = 3 }; /* END: bytes known to be missing at the end */
enum what { ADD, ADD_CUT, ADD_NEXT, ADD_NEAR, SETTLE, FLUSH, FORGET, WHATS };

/* What is known of each byte of the stream, by its place behind BASE. */
struct map {
    uint8_t came[STREAM + END]; /* its segment was there; 2: and the capture has it */
    uint8_t value[STREAM + END];
    uint64_t next, gaps; /* told so far, all in order */
    bool forgotten;
};

static void need(bool good)
{
    if (!good)
        abort();
}

static void on_bytes(void *context, uint64_t seq, struct span bytes, const struct reasm_from *from)
{
    struct map *map = context;
    need(from->frame != 0 && !map->forgotten && seq == map->next && bytes.n > 0);
    for (size_t i = 0; i < bytes.n; i++, map->next++)
        need(map->came[map->next - BASE] == 2 && map->value[map->next - BASE] == bytes.p[i]);
}

static void on_gap(void *context, uint64_t seq, uint64_t length, const struct reasm_from *from)
{
    struct map *map = context;
    need(from->frame != 0 && !map->forgotten && seq == map->next && length > 0);
    for (uint64_t i = 0; i < length; i++, map->next++)
        need(map->came[map->next - BASE] != 2);
    map->gaps += length;
}

static uint64_t enter(struct map *map, uint64_t seq, uint32_t length, struct span bytes)
{
    uint64_t fresh = 0;
    for (uint64_t i = 0; i < length; i++) {
        uint64_t at = seq + i - BASE;
        if (seq + i < map->next || map->came[at])
            continue;
        map->came[at] = i < bytes.n ? 2 : 1;
        map->value[at] = i < bytes.n ? bytes.p[i] : 0;
        fresh++;
    }
    return fresh;
}

/* What must hold after each step. */
static void check(const struct map *map, const struct reasm *reasm, size_t held)
{
    need(reasm->held_bytes <= LIMIT_REASM_BYTES && reasm->held_count <= LIMIT_REASM_CHUNKS);
    need((reasm->held != NULL) == (reasm->held_count != 0) && held >= reasm->held_bytes);
    if (map->forgotten)
        return;
    need(reasm->next == map->next && reasm->gap_bytes == map->gaps);
    need(map->next - BASE >= STREAM || !map->came[map->next - BASE]); /* nothing is held back */
}

static void add(struct map *map, struct reasm *reasm, const struct reasm_out *out, uint64_t seq,
                uint32_t length, bool cut, uint64_t frame)
{
    uint8_t content[256];
    const struct reasm_from from = {frame, (nanotime)frame * NS_PER_SECOND};
    if (seq + length > BASE + STREAM)
        return;
    memset(content, (int)frame, sizeof content);
    struct span bytes = span_of(content, cut ? length / 2 : length);
    uint64_t fresh = enter(map, seq, length, bytes), before = reasm->gap_bytes;
    need(reasm_add(reasm, out, seq, length, bytes, &from) == fresh || map->forgotten);
    need(reasm->gap_bytes >= before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct map map;
    memset(&map, 0, sizeof map);
    map.next = BASE;
    size_t held = 0;
    struct reasm reasm = {0};
    const struct reasm_receiver receiver = {on_bytes, on_gap};
    const struct reasm_out out = {&receiver, &map, &held};
    uint64_t frame = 0;
    reasm_start(&reasm, BASE);
    for (; size >= 4; data += 4, size -= 4) {
        uint16_t where = (uint16_t)(data[1] << 8 | data[2]);
        uint32_t length = data[3];
        frame++;
        switch ((enum what)(data[0] % WHATS)) {
        case ADD:
        case ADD_CUT:
            add(&map, &reasm, &out, BASE + where, length, data[0] % WHATS == ADD_CUT, frame);
            break;
        case ADD_NEXT:
            add(&map, &reasm, &out, reasm.next, length, false, frame);
            break;
        case ADD_NEAR:
            add(&map, &reasm, &out, reasm.next + where % 512, length, where & 0x8000, frame);
            break;
        case SETTLE:
            reasm_settle(&reasm, &out, BASE + where, (nanotime)(frame - length) * NS_PER_SECOND);
            break;
        case FLUSH:
            reasm_flush(&reasm, &out);
            need(!reasm.held);
            break;
        default:
            map.forgotten = true;
            reasm_forget(&reasm, &held);
        }
        check(&map, &reasm, held);
    }
    reasm_flush(&reasm, &out);
    check(&map, &reasm, held);
    reasm_end(&reasm, &out, reasm.next + END, &(struct reasm_from){1, 1});
    reasm_done(&reasm, &held);
    need(held == 0);
    return 0;
}
