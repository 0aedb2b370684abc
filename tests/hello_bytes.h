/* hello_bytes.h: builds handshake messages byte by byte, for tests. */
#ifndef PUSHWATCH_TESTS_HELLO_BYTES_H
#define PUSHWATCH_TESTS_HELLO_BYTES_H

#include "../capture/base.h"

/* put_number appends `width` bytes in network order. */
static inline void put_number(struct buf *out, uint64_t value, unsigned width)
{
    while (width-- > 0) {
        uint8_t byte = (uint8_t)(value >> (8 * width));
        buf_append(out, &byte, 1);
    }
}

/* put_vector appends a part with its length in front, which is `width` bytes wide. */
static inline void put_vector(struct buf *out, unsigned width, const void *bytes, size_t n)
{
    put_number(out, n, width);
    buf_append(out, bytes, n);
}

/* put_list16 appends a vector of 16-bit values. */
static inline void put_list16(struct buf *out, unsigned width, const uint16_t *values, size_t count)
{
    put_number(out, 2 * count, width);
    for (size_t i = 0; i < count; i++)
        put_number(out, values[i], 2);
}

/* put_extension appends an extension. */
static inline void put_extension(struct buf *out, uint16_t type, const struct buf *body)
{
    put_number(out, type, 2);
    put_vector(out, 2, body ? body->p : NULL, body ? body->n : 0);
}

/* put_extension_list16 appends one that holds a list of 16-bit values. */
static inline void put_extension_list16(struct buf *out, uint16_t type, unsigned width,
                                        const uint16_t *values, size_t count)
{
    struct buf body = {0};
    put_list16(&body, width, values, count);
    put_extension(out, type, &body);
    buf_done(&body);
}

/* put_client_hello appends the body of a ClientHello. `extensions` NULL leaves them out. */
static inline void put_client_hello(struct buf *out, uint16_t version, const uint16_t *ciphers,
                                    size_t cipher_count, const struct buf *extensions)
{
    static const uint8_t random[32] = {1, 2, 3};
    put_number(out, version, 2);
    buf_append(out, random, sizeof random);
    put_vector(out, 1, "session", 7);
    put_list16(out, 2, ciphers, cipher_count);
    put_vector(out, 1, "", 1);
    if (extensions)
        put_vector(out, 2, extensions->p, extensions->n);
}

/* put_server_name and put_alpn append the two extensions that hold text. */
static inline void put_server_name(struct buf *out, const char *name)
{
    struct buf entry = {0}, body = {0};
    put_number(&entry, 0, 1);
    put_vector(&entry, 2, name, strlen(name));
    put_vector(&body, 2, entry.p, entry.n);
    put_extension(out, 0, &body);
    buf_done(&entry);
    buf_done(&body);
}

static inline void put_alpn(struct buf *out, const char *const *names, size_t count)
{
    struct buf list = {0}, body = {0};
    for (size_t i = 0; i < count; i++)
        put_vector(&list, 1, names[i], strlen(names[i]));
    put_vector(&body, 2, list.p, list.n);
    put_extension(out, 16, &body);
    buf_done(&list);
    buf_done(&body);
}

#endif
