/* pcapng_file.h: builds pcapng files block by block. For the tests of capture/.
 *
 * Include cmocka.h before it. */
#ifndef PUSHWATCH_TESTS_PCAPNG_FILE_H
#define PUSHWATCH_TESTS_PCAPNG_FILE_H

#include "capture_file.h"

enum {
    SECTION = 0x0a0d0d0a,
    INTERFACE = 1,
    OLD_PACKET = 2,
    SIMPLE = 3,
    ENHANCED = 6,
    SECRETS = 10
};
enum { IF_NAME = 2, IF_TSRESOL = 9, IF_TSOFFSET = 14 };

static inline void block_begin(struct capture_file *file, uint32_t type, size_t body)
{
    put32(file, type);
    put32(file, (uint32_t)(12 + ((body + 3) & ~(size_t)3)));
}

static inline void block_end(struct capture_file *file, size_t body)
{
    while (body++ % 4)
        put(file, 0, 1);
}

static inline void put_section(struct capture_file *file)
{
    block_begin(file, SECTION, 16);
    put32(file, 0x1a2b3c4d);
    put32(file, file->big ? 0x00010000 : 1);
    put64(file, UINT64_MAX);
    put32(file, 28);
}

static inline void put_option(struct capture_file *file, uint16_t code, const void *value,
                              uint16_t n)
{
    put16(file, code);
    put16(file, n);
    buf_append(&file->bytes, value, n);
    block_end(file, n);
}

/* An interface without options if name is NULL; resolution 0xff for none. */
static inline void put_interface(struct capture_file *file, uint16_t link, uint32_t snaplen,
                                 const char *name, uint8_t resolution, int64_t offset)
{
    struct capture_file options = {.big = file->big};
    if (name)
        put_option(&options, IF_NAME, name, (uint16_t)strlen(name));
    if (resolution != 0xff)
        put_option(&options, IF_TSRESOL, &resolution, 1);
    if (offset) {
        put16(&options, IF_TSOFFSET);
        put16(&options, 8);
        put64(&options, (uint64_t)offset);
    }
    if (options.bytes.n)
        put32(&options, 0); /* opt_endofopt */
    block_begin(file, INTERFACE, 8 + options.bytes.n);
    put16(file, link);
    put16(file, 0);
    put32(file, snaplen);
    buf_append(&file->bytes, options.bytes.p, options.bytes.n);
    put32(file, (uint32_t)(20 + options.bytes.n));
    buf_done(&options.bytes);
}

static inline void put_packet(struct capture_file *file, uint32_t type, uint32_t interface,
                              uint64_t ticks, uint32_t caplen, uint32_t len)
{
    block_begin(file, type, 20 + caplen);
    if (type == OLD_PACKET) {
        put16(file, (uint16_t)interface);
        put16(file, 0xffff);
    } else {
        put32(file, interface);
    }
    put32(file, (uint32_t)(ticks >> 32));
    put32(file, (uint32_t)ticks);
    put32(file, caplen);
    put32(file, len);
    put_payload(file, caplen, (uint8_t)ticks);
    block_end(file, caplen);
    put32(file, 32 + ((caplen + 3) & ~3u));
}

static inline void put_simple(struct capture_file *file, uint32_t caplen, uint32_t len)
{
    block_begin(file, SIMPLE, 4 + caplen);
    put32(file, len);
    put_payload(file, caplen, 1);
    block_end(file, caplen);
    put32(file, 16 + ((caplen + 3) & ~3u));
}

static inline void put_unknown(struct capture_file *file, uint32_t type, size_t body)
{
    block_begin(file, type, body);
    put_payload(file, body, 0);
    block_end(file, body);
    put32(file, (uint32_t)(12 + ((body + 3) & ~(size_t)3)));
}

/* A Decryption Secrets Block that says it holds `claimed` bytes. */
static inline void put_secrets(struct capture_file *file, uint32_t type, const char *text,
                               size_t claimed)
{
    size_t n = strlen(text);
    block_begin(file, SECRETS, 8 + n);
    put32(file, type);
    put32(file, (uint32_t)claimed);
    buf_append(&file->bytes, text, n);
    block_end(file, n);
    put32(file, (uint32_t)(20 + ((n + 3) & ~(size_t)3)));
}

#endif
