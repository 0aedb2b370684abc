/* decoder.h: decompresses a capture on its way to the reader, in bounded memory: member by member,
 * as gzip, zstd and lz4 concatenate them. It reads nothing itself: it is fed. */
#ifndef PUSHWATCH_CAPTURE_DECODER_H
#define PUSHWATCH_CAPTURE_DECODER_H

#include "base.h"

struct codec;
struct decoder;

/* decoder_codec_of tells by its first bytes how a file is compressed; NULL: not in a way that can
 * be read. */
const struct codec *decoder_codec_of(const uint8_t magic[4]);

/* decoder_new begins to decompress a file of which `first` has been read already. It takes up to
 * `room` bytes a time then, or as many as `first` has. Free with decoder_free. */
MUST_CHECK struct decoder *decoder_new(const struct codec *codec, struct span first, size_t room);

/* decoder_run decompresses to `out`, up to `most` bytes, and returns how many it did. 0 means that
 * it has to be fed first or, if decoder_failed tells so, that it can't go on. */
MUST_CHECK size_t decoder_run(struct decoder *decoder, uint8_t *out, size_t most);

/* decoder_room gives the place for more compressed bytes: *n of them, once decoder_run returned 0.
 */
uint8_t *decoder_room(struct decoder *decoder, size_t *n);

/* decoder_fed says that n bytes were put there; 0: the file has ended. */
void decoder_fed(struct decoder *decoder, size_t n);

/* decoder_failed tells that the compressed data is damaged, or has ended too soon. */
bool decoder_failed(const struct decoder *decoder);

/* decoder_explain says what is wrong, and where: one line. */
void decoder_explain(struct buf *out, const struct decoder *decoder);

/* decoder_taken counts the compressed bytes that it was fed, decoder_used those that are
 * decompressed. */
uint64_t decoder_taken(const struct decoder *decoder);
uint64_t decoder_used(const struct decoder *decoder);

/* decoder_codec is what it was made with. */
const struct codec *decoder_codec(const struct decoder *decoder);

void decoder_free(struct decoder *decoder);

#endif
