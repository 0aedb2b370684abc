/* codec.h: a compression format, as its library decompresses it. For decoder.c; each codec_*.c
 * holds one, and is the only user of its library. */
#ifndef PUSHWATCH_CAPTURE_CODEC_H
#define PUSHWATCH_CAPTURE_CODEC_H

#include "base.h"

enum codec_status {
    CODEC_GOES_ON,
    CODEC_MEMBER_END, /* what follows, if anything, is another member (frame, in other words) */
    CODEC_DAMAGED
};

/* What is to be decompressed and where to; a run moves both on. */
struct codec_io {
    const uint8_t *in;
    size_t in_left;
    uint8_t *out;
    size_t out_left;
};

struct codec {
    const char *name;
    /* Returns what the others get first, which owns bounded memory, however much is decompressed.
     */
    void *(*begin)(void);
    /* Decompresses until the input is used up, there is no room left for output, or a member ends;
     * can be called again after each of them. When damaged, *why is a static text. */
    enum codec_status (*run)(void *state, struct codec_io *io, const char **why);
    void (*end)(void *state);
};

extern const struct codec codec_zlib; /* gzip: RFC 1952 */
extern const struct codec codec_zstd; /* Zstandard: RFC 8878 */
extern const struct codec codec_lz4;  /* LZ4 frames: lz4_Frame_format.md of the lz4 project */

#endif
