/* decoder.c: see decoder.h. */
#include "decoder.h"

#include "codec.h"

#include <inttypes.h>
#include <stdlib.h>

struct decoder {
    const struct codec *codec;
    void *state;
    uint8_t *room;
    size_t capacity;
    const uint8_t *in; /* what of it was not used yet */
    size_t in_left;
    uint64_t taken, made; /* bytes that were fed, and that came out */
    bool between;         /* members: a good place to end */
    bool padding;         /* behind the last one: zeros, up to the end */
    bool failed;
    const char *why; /* static; NULL: it ended too soon */
};

/* Skippable frames, whose magic number zstd and lz4 share, begin the files of pzstd. */
static const struct {
    uint8_t magic[4], mask[4];
    const struct codec *codec;
} magics[] = {
    {{0x1f, 0x8b, 0x08}, {0xff, 0xff, 0xff}, &codec_zlib},
    {{0x28, 0xb5, 0x2f, 0xfd}, {0xff, 0xff, 0xff, 0xff}, &codec_zstd},
    {{0x50, 0x2a, 0x4d, 0x18}, {0xf0, 0xff, 0xff, 0xff}, &codec_zstd},
    {{0x04, 0x22, 0x4d, 0x18}, {0xff, 0xff, 0xff, 0xff}, &codec_lz4},
};

const struct codec *decoder_codec_of(const uint8_t magic[4])
{
    for (size_t i = 0; i < COUNT_OF(magics); i++) {
        bool same = true;
        for (unsigned byte = 0; byte < 4; byte++)
            same = same && (magic[byte] & magics[i].mask[byte]) == magics[i].magic[byte];
        if (same)
            return magics[i].codec;
    }
    return NULL;
}

struct decoder *decoder_new(const struct codec *codec, struct span first, size_t room)
{
    struct decoder *decoder = xcalloc(1, sizeof *decoder);
    decoder->codec = codec;
    decoder->state = codec->begin();
    decoder->capacity = room > first.n ? room : first.n;
    decoder->room = xmalloc(decoder->capacity);
    memcpy(decoder->room, first.p, first.n);
    decoder->in = decoder->room;
    decoder->in_left = decoder->taken = first.n;
    return decoder;
}

static void fail(struct decoder *decoder, const char *why)
{
    decoder->failed = true;
    decoder->why = why;
}

/* Behind a member: the next one, or zeros, which tapes and some programs fill files up with. */
static void pass_padding(struct decoder *decoder)
{
    while (decoder->in_left > 0 && *decoder->in == 0) {
        decoder->padding = true;
        decoder->in++;
        decoder->in_left--;
    }
    if (decoder->in_left > 0 && decoder->padding)
        fail(decoder, "something else follows");
}

size_t decoder_run(struct decoder *decoder, uint8_t *out, size_t most)
{
    struct codec_io io = {decoder->in, decoder->in_left, out, most};
    while (!decoder->failed && io.out_left == most && most > 0) {
        if (decoder->between) {
            pass_padding(decoder);
            io.in = decoder->in;
            io.in_left = decoder->in_left;
            if (io.in_left == 0 || decoder->failed)
                break;
            decoder->between = false;
        }
        const size_t before = io.in_left;
        const char *why = NULL;
        enum codec_status status = decoder->codec->run(decoder->state, &io, &why);
        decoder->in = io.in;
        decoder->in_left = io.in_left;
        decoder->between = status == CODEC_MEMBER_END;
        if (status == CODEC_DAMAGED)
            fail(decoder, why);
        else if (io.in_left == before && io.out_left == most && before == decoder->capacity)
            fail(decoder, "it makes no progress"); /* no library does that: no endless loop */
        else if (io.in_left == before && io.out_left == most)
            break;
    }
    decoder->made += most - io.out_left;
    return most - io.out_left;
}

uint8_t *decoder_room(struct decoder *decoder, size_t *n)
{
    /* What the library could not begin with is kept. */
    memmove(decoder->room, decoder->in, decoder->in_left);
    decoder->in = decoder->room;
    *n = decoder->capacity - decoder->in_left;
    return decoder->room + decoder->in_left;
}

void decoder_fed(struct decoder *decoder, size_t n)
{
    decoder->in_left += n;
    decoder->taken += n;
    if (n == 0 && !decoder->between)
        fail(decoder, NULL);
}

bool decoder_failed(const struct decoder *decoder)
{
    return decoder->failed;
}

void decoder_explain(struct buf *out, const struct decoder *decoder)
{
    if (decoder->why)
        buf_printf(out, "damaged: the %s data can't be decompressed at byte %" PRIu64 " (%s)",
                   decoder->codec->name, decoder_used(decoder), decoder->why);
    else
        buf_printf(out, "truncated: the %s data ends at byte %" PRIu64 " before it is complete",
                   decoder->codec->name, decoder->taken);
    buf_printf(out, "; %" PRIu64 " bytes of the capture were decompressed", decoder->made);
}

uint64_t decoder_taken(const struct decoder *decoder)
{
    return decoder->taken;
}

uint64_t decoder_used(const struct decoder *decoder)
{
    return decoder->taken - decoder->in_left;
}

const struct codec *decoder_codec(const struct decoder *decoder)
{
    return decoder->codec;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    decoder->codec->end(decoder->state);
    free(decoder->room);
    free(decoder);
}
