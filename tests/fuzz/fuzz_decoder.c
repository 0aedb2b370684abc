/* fuzz_decoder.c: any bytes as compressed ones, by each of the libraries, fed in pieces of any
 * size: what comes out must not depend on these.
 *
 * First byte: the codec, and the size of the pieces; the others are decompressed. */
#include "../../capture/codec.h"
#include "../../capture/decoder.h"

#include <stdlib.h>

enum { OUT_MAX = 1 << 14 };

struct outcome {
    uint8_t out[OUT_MAX];
    size_t n;
    bool failed;
};

/* Room for input is as small as the piece, so that a sanitizer sees each byte read beyond it. */
static void decompress(struct outcome *outcome, const struct codec *codec, struct span bytes,
                       size_t piece, size_t most)
{
    struct decoder *decoder = decoder_new(codec, span_of(bytes.p, 0), piece);
    size_t at = 0;
    outcome->n = 0;
    for (bool ended = false; outcome->n < OUT_MAX;) {
        size_t left = OUT_MAX - outcome->n, room;
        size_t got = decoder_run(decoder, outcome->out + outcome->n, left < most ? left : most);
        outcome->n += got;
        if (got > 0)
            continue;
        if (ended || decoder_failed(decoder))
            break;
        uint8_t *to = decoder_room(decoder, &room);
        size_t fed = bytes.n - at < room ? bytes.n - at : room;
        if (room == 0)
            abort();
        memcpy(to, bytes.p + at, fed);
        decoder_fed(decoder, fed);
        at += fed;
        ended = fed == 0;
    }
    outcome->failed = decoder_failed(decoder);
    if (decoder_taken(decoder) != at || decoder_used(decoder) > at ||
        (outcome->n < OUT_MAX && !outcome->failed && decoder_used(decoder) != bytes.n))
        abort();
    struct buf text = {0};
    decoder_explain(&text, decoder);
    buf_done(&text);
    decoder_free(decoder);
}

/* Where a frame comes in one piece, libzstd 1.5.4 holds its content against the size that its
 * header gives, and where it comes in several, not; and it looks for the magic numbers of its
 * formats before 0.8 at the beginning of each piece that comes while a frame's header is not
 * complete. So the pieces decide which damage it finds, but never what comes out. */
static bool same_damage(const struct codec *codec, const struct outcome *a, const struct outcome *b)
{
    return codec == &codec_zstd || a->failed == b->failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct codec *const codecs[] = {&codec_zlib, &codec_zstd, &codec_lz4};
    if (size == 0)
        return 0;
    const struct codec *codec = codecs[data[0] % COUNT_OF(codecs)];
    const size_t piece = data[0] / COUNT_OF(codecs) + 1;
    struct outcome *whole = xmalloc(sizeof *whole), *pieces = xmalloc(sizeof *pieces);
    struct span bytes = span_of(data + 1, size - 1);
    decompress(whole, codec, bytes, size, OUT_MAX);
    decompress(pieces, codec, bytes, piece, piece * 7);
    /* What precedes damage may come out sooner or later, so that only the shorter is compared. */
    size_t common = whole->n < pieces->n ? whole->n : pieces->n;
    if (memcmp(whole->out, pieces->out, common) != 0)
        abort();
    if (whole->n < OUT_MAX && pieces->n < OUT_MAX &&
        (!same_damage(codec, whole, pieces) ||
         (!whole->failed && !pieces->failed && whole->n != pieces->n)))
        abort();
    free(whole);
    free(pieces);
    return 0;
}
