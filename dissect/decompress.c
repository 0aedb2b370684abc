/* decompress.c: zlib, brotli and Zstandard, each in one call that writes into memory of the size
 * that is promised: what grows beyond it is an error, not more memory. */
#include "decompress.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

static bool from_zlib(uint8_t *out, size_t length, struct span bytes)
{
    uLongf written = length;
    uLong used = bytes.n;
    return uncompress2(out, &written, bytes.p, &used) == Z_OK && written == length &&
           used == bytes.n;
}

/* Brotli's call for all at once does not tell of bytes behind the end. */
static bool from_brotli(uint8_t *out, size_t length, struct span bytes)
{
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    size_t left = bytes.n, room = length;
    if (!state)
        return false;
    bool good = BrotliDecoderDecompressStream(state, &left, &bytes.p, &room, &out, NULL) ==
                BROTLI_DECODER_RESULT_SUCCESS;
    BrotliDecoderDestroyInstance(state);
    return good && left == 0 && room == 0;
}

static bool from_zstd(uint8_t *out, size_t length, struct span bytes)
{
    return ZSTD_decompress(out, length, bytes.p, bytes.n) == length;
}

bool decompress(struct buf *out, uint16_t algorithm, struct span bytes, size_t length)
{
    bool good = false;
    buf_reserve(out, length + 1); /* not nothing, so that there is a place to point to */
    uint8_t *room = (uint8_t *)out->p + out->n;
    switch (algorithm) {
    case COMPRESSION_ZLIB:
        good = from_zlib(room, length, bytes);
        break;
    case COMPRESSION_BROTLI:
        good = from_brotli(room, length, bytes);
        break;
    case COMPRESSION_ZSTD:
        good = from_zstd(room, length, bytes);
        break;
    default:
        break;
    }
    if (good)
        out->n += length;
    return good;
}
