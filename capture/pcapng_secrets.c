/* pcapng_secrets.c: Decryption Secrets Blocks. They may stand behind the packets that they open: a
 * browser's key log is appended when it is all over, and who reads the keys out of running programs
 * writes them in between. So a file is walked over from block to block before it is read; of one
 * that is compressed only the first part is, for to decompress all of it twice would cost too much.
 */
#include "decoder.h"
#include "pcapng.h"

#include <inttypes.h>
#include <unistd.h>

/* TLS Key Log; draft-ietf-opsawg-pcapng section 4.7. */
enum { SECRETS_TLS_KEY_LOG = 0x544c534b };

/* secrets type(4) length(4) data, padded; options. What is longer than its block is cut: lines that
 * are whole can be used. */
static void take_secrets(struct savefile *file, const uint8_t *fixed, struct span rest,
                         bool swapped, uint64_t frame)
{
    uint32_t length = load32(fixed + 4, swapped);
    if (load32(fixed, swapped) != SECRETS_TLS_KEY_LOG)
        return;
    if (length < rest.n)
        rest.n = length;
    source_secrets_add(&file->source, rest, frame);
}

enum source_status pcapng_secrets_block(struct savefile *file, uint32_t length)
{
    const struct savefile_noted *noted = &file->noted;
    struct ng_block block;
    enum source_status status = pcapng_take(file, &block, length, SECRETS_FIXED);
    if (status != SOURCE_PACKET)
        return status;
    if (load32(block.fixed + 4, block.swapped) > block.rest.n)
        status = pcapng_left_out(file, block.start,
                                 "damaged: the secrets at byte %" PRIu64 " run beyond their block",
                                 block.start);
    if (!pcapng_is_noted(file, &block) && block.start >= noted->ahead_to)
        take_secrets(file, block.fixed, block.rest, block.swapped, file->source.frames);
    return status;
}

/* --- ahead of reading --- */

/* Reads a block's header, if it is one. */
static bool header_at(struct reader *reader, uint32_t *type, uint32_t *length, bool *swapped)
{
    const uint8_t *header = reader_peek(reader, BLOCK_MIN);
    if (!header)
        return false;
    *type = load32(header, *swapped);
    if (*type == BLOCK_SECTION) {
        *swapped = load32(header + BLOCK_HEADER, false) != BYTE_ORDER_MAGIC;
        if (load32(header + BLOCK_HEADER, *swapped) != BYTE_ORDER_MAGIC)
            return false;
    }
    *length = load32(header + 4, *swapped);
    return *length >= BLOCK_MIN && *length % 4 == 0;
}

/* Takes the block that the reader stands on if it holds secrets. */
static void look_at(struct savefile *file, struct reader *reader, uint32_t type, uint32_t length,
                    bool swapped)
{
    if (type != BLOCK_SECRETS || length < SECRETS_FIXED + BLOCK_TRAILER)
        return;
    const uint8_t *block = reader_peek(reader, length);
    if (block)
        take_secrets(file, block + BLOCK_HEADER,
                     span_of(block + SECRETS_FIXED, length - SECRETS_FIXED - BLOCK_TRAILER),
                     swapped, 0);
}

/* Walks over the blocks that begin within the first `most` bytes. Returns how far it came. */
static uint64_t walk(struct savefile *file, struct reader *reader, uint64_t most, bool *swapped)
{
    uint32_t type, length;
    while (reader_offset(reader) < most && header_at(reader, &type, &length, swapped)) {
        look_at(file, reader, type, length, *swapped);
        uint64_t left = length;
        if (!reader_skip_far(reader, &left))
            break;
    }
    return reader_offset(reader);
}

/* Looks at the blocks from where the file begins, with a reader of its own. */
static uint64_t walk_from(struct savefile *file, uint64_t base)
{
    bool swapped = false, compressed = file->reader.decoder != NULL;
    struct reader ahead;
    if (lseek(file->reader.fd, (off_t)base, SEEK_SET) < 0)
        return 0;
    reader_init(&ahead, dup(file->reader.fd), READER_BLOCK_SMALL);
    reader_end_at(&ahead, file->reader.limit);
    if (compressed)
        reader_decode(&ahead, decoder_codec(file->reader.decoder));
    uint64_t walked = walk(file, &ahead, compressed ? PCAPNG_AHEAD_BYTES : UINT64_MAX, &swapped);
    reader_done(&ahead);
    return walked;
}

void pcapng_secrets_ahead(struct savefile *file)
{
    const struct reader *reader = &file->reader;
    struct savefile_noted *noted = &file->noted;
    if (noted->looked_ahead)
        return;
    noted->looked_ahead = true;
    if (!reader->regular)
        return;
    /* The position is the reader's too, and is put back. A file may have been opened in its middle:
     * it begins at `base`. */
    off_t position = lseek(reader->fd, 0, SEEK_CUR);
    if (position < 0 || (uint64_t)position < reader_position(reader))
        return;
    uint64_t base = (uint64_t)position - reader_position(reader);
    noted->ahead_to = walk_from(file, base);
    (void)lseek(reader->fd, position, SEEK_SET);
}
