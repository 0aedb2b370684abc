/* codec_zlib.c: gzip, by zlib: 32 KiB of window, and checksums that zlib compares itself. */
#include "codec.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct gzip {
    z_stream stream;
    bool ended; /* a member did: the next has a header of its own */
};

/* The largest window, and a gzip header instead of zlib's own. */
enum { WINDOW_BITS = 15 + 16 };

static void *gzip_begin(void)
{
    struct gzip *gzip = xcalloc(1, sizeof *gzip);
    if (inflateInit2(&gzip->stream, WINDOW_BITS) != Z_OK)
        abort(); /* out of memory: base.c would do the same */
    return gzip;
}

static uInt at_most(size_t n)
{
    return n < UINT_MAX ? (uInt)n : UINT_MAX;
}

static enum codec_status gzip_run(void *state, struct codec_io *io, const char **why)
{
    struct gzip *gzip = state;
    z_stream *stream = &gzip->stream;
    if (gzip->ended)
        (void)inflateReset(stream); /* fails only for a stream that is none */
    gzip->ended = false;
    uInt in = at_most(io->in_left), out = at_most(io->out_left);
    stream->next_in = (Bytef *)(uintptr_t)io->in;
    stream->avail_in = in;
    stream->next_out = io->out;
    stream->avail_out = out;
    int result = inflate(stream, Z_NO_FLUSH);
    io->in += in - stream->avail_in;
    io->in_left -= in - stream->avail_in;
    io->out += out - stream->avail_out;
    io->out_left -= out - stream->avail_out;
    gzip->ended = result == Z_STREAM_END;
    if (gzip->ended)
        return CODEC_MEMBER_END;
    if (result == Z_OK || result == Z_BUF_ERROR) /* the latter: nothing could be done */
        return CODEC_GOES_ON;
    *why = stream->msg ? stream->msg : zError(result);
    return CODEC_DAMAGED;
}

static void gzip_end(void *state)
{
    struct gzip *gzip = state;
    inflateEnd(&gzip->stream);
    free(gzip);
}

const struct codec codec_zlib = {"gzip", gzip_begin, gzip_run, gzip_end};
