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

/* libzstd 1.5.4 looks for the magic numbers of its formats before 0.8 (0x22 to 0x27, and three
 * bytes that all share) at the beginning of each piece that comes while a frame's header is not
 * complete. There the pieces do matter. */
static bool has_old_magic(struct span bytes)
{
    for (size_t i = 0; i + 4 <= bytes.n; i++)
        if (bytes.p[i] >= 0x22 && bytes.p[i] <= 0x27 &&
            memcmp(bytes.p + i + 1, "\xb5\x2f\xfd", 3) == 0)
            return true;
    return false;
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
    if (codec == &codec_zstd && has_old_magic(bytes)) {
        free(whole);
        free(pieces);
        return 0;
    }
    /* What precedes damage may come out sooner or later, so that only the shorter is compared. */
    size_t common = whole->n < pieces->n ? whole->n : pieces->n;
    if (memcmp(whole->out, pieces->out, common) != 0)
        abort();
    if (whole->n < OUT_MAX && pieces->n < OUT_MAX &&
        (whole->failed != pieces->failed || (!whole->failed && whole->n != pieces->n)))
        abort();
    free(whole);
    free(pieces);
    return 0;
}
