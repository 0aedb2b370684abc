/* codec_zstd.c: Zstandard, by libzstd. */
#include "codec.h"

#include <stdlib.h>
#include <zstd.h>

/* Frames that ask for a larger window than 128 MiB are refused, as the zstd program does. */
enum { WINDOW_LOG_MAX = 27 };

static void *zstd_begin(void)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context ||
        ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        abort(); /* out of memory: base.c would do the same */
    return context;
}

static enum codec_status zstd_run(void *state, struct codec_io *io, const char **why)
{
    ZSTD_inBuffer in = {io->in, io->in_left, 0};
    ZSTD_outBuffer out = {io->out, io->out_left, 0};
    size_t result = ZSTD_decompressStream(state, &out, &in);
    io->in += in.pos;
    io->in_left -= in.pos;
    io->out += out.pos;
    io->out_left -= out.pos;
    if (ZSTD_isError(result)) {
        *why = ZSTD_getErrorName(result);
        return CODEC_DAMAGED;
    }
    return result == 0 ? CODEC_MEMBER_END : CODEC_GOES_ON;
}

static void zstd_end(void *state)
{
    ZSTD_freeDCtx(state);
}

const struct codec codec_zstd = {"zstd", zstd_begin, zstd_run, zstd_end};
