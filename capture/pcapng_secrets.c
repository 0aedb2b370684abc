/* pcapng_secrets.c: Decryption Secrets Blocks. They may stand behind the packets that they open: a
 * browser's key log is appended when it is all over. To walk over a large file twice would cost a
 * third of the time that it takes to analyse it; so only its first part is walked over, and its
 * end, backwards, from block to block. */
#include "decoder.h"
#include "pcapng.h"

#include <inttypes.h>
#include <unistd.h>

/* TLS Key Log; draft-ietf-opsawg-pcapng section 4.7. */
enum { SECRETS_TLS_KEY_LOG = 0x544c534b };

/* Blocks at the end of a file that are walked over. */
enum { BLOCKS_BACK_MAX = 4096 };

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
        status = pcapng_left_out(
            file, "damaged: the secrets at byte %" PRIu64 " run beyond their block", block.start);
    if (!pcapng_is_noted(file, &block) && block.start >= noted->ahead_to &&
        block.start < noted->ahead_end)
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

static bool read_at(int fd, uint8_t *out, size_t n, uint64_t at)
{
    return pread(fd, out, n, (off_t)at) == (ssize_t)n;
}

static bool is_packet(uint32_t type)
{
    return type == BLOCK_ENHANCED_PACKET || type == BLOCK_SIMPLE_PACKET || type == BLOCK_PACKET;
}

/* Steps back over blocks that are no packets, from the end to `to` at most. Returns where the first
 * of them begins. Positions are those of the file, which may have been opened in its middle. */
static uint64_t walk_back(int fd, uint64_t to, uint64_t end, bool swapped)
{
    for (unsigned blocks = 0; blocks < BLOCKS_BACK_MAX && end - to >= BLOCK_MIN; blocks++) {
        uint8_t trailer[BLOCK_TRAILER], header[BLOCK_HEADER];
        if (!read_at(fd, trailer, sizeof trailer, end - BLOCK_TRAILER))
            break;
        uint32_t length = load32(trailer, swapped);
        if (length < BLOCK_MIN || length % 4 || length > end - to ||
            !read_at(fd, header, sizeof header, end - length) ||
            load32(header + 4, swapped) != length)
            break;
        uint32_t type = load32(header, swapped);
        if (type == BLOCK_SECTION || is_packet(type))
            break;
        end -= length;
    }
    return end;
}

/* Looks at the blocks from an offset on, which a reader of its own stands on. */
static uint64_t walk_from(struct savefile *file, uint64_t base, uint64_t from, uint64_t most,
                          bool *swapped)
{
    struct reader ahead;
    if (lseek(file->reader.fd, (off_t)(base + from), SEEK_SET) < 0)
        return from;
    reader_init(&ahead, dup(file->reader.fd), READER_BLOCK_SMALL);
    if (file->reader.decoder)
        reader_decode(&ahead, decoder_codec(file->reader.decoder));
    uint64_t walked = walk(file, &ahead, most, swapped);
    reader_done(&ahead);
    return from + walked;
}

void pcapng_secrets_ahead(struct savefile *file)
{
    const struct reader *reader = &file->reader;
    struct savefile_noted *noted = &file->noted;
    bool swapped = false;
    if (noted->looked_ahead)
        return;
    noted->looked_ahead = true;
    noted->ahead_end = UINT64_MAX;
    if (!reader->regular)
        return;
    /* The position is the reader's too, and is put back. A file may have been opened in its middle:
     * it begins at `base`. */
    off_t position = lseek(reader->fd, 0, SEEK_CUR);
    if (position < 0 || (uint64_t)position < reader_position(reader))
        return;
    uint64_t base = (uint64_t)position - reader_position(reader);
    noted->ahead_to = walk_from(file, base, 0, PCAPNG_AHEAD_BYTES, &swapped);
    if (noted->ahead_to >= PCAPNG_AHEAD_BYTES && reader->size > base + noted->ahead_to &&
        !reader->decoder) {
        uint64_t end = walk_back(reader->fd, base + noted->ahead_to, reader->size, swapped);
        noted->ahead_end = end - base;
        (void)walk_from(file, base, noted->ahead_end, UINT64_MAX, &swapped);
    }
    (void)lseek(reader->fd, position, SEEK_SET);
}
