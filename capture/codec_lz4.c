/* codec_lz4.c: LZ4 frames, by liblz4: blocks of 4 MiB at most. */
#include "codec.h"

#include <lz4frame.h>
#include <stdlib.h>

static void *lz4_begin(void)
{
    LZ4F_dctx *context = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
        abort(); /* out of memory: base.c would do the same */
    return context;
}

static enum codec_status lz4_run(void *state, struct codec_io *io, const char **why)
{
    size_t in = io->in_left, out = io->out_left;
    size_t result = LZ4F_decompress(state, io->out, &out, io->in, &in, NULL);
    if (LZ4F_isError(result)) {
        *why = LZ4F_getErrorName(result);
        return CODEC_DAMAGED;
    }
    io->in += in;
    io->in_left -= in;
    io->out += out;
    io->out_left -= out;
    return result == 0 ? CODEC_MEMBER_END : CODEC_GOES_ON;
}

static void lz4_end(void *state)
{
    LZ4F_freeDecompressionContext(state);
}

const struct codec codec_lz4 = {"lz4", lz4_begin, lz4_run, lz4_end};
