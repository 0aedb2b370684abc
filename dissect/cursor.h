/* cursor.h: a bounds-checked reader over bytes from the wire.
 *
 * All multi-byte numbers are in network byte order. A read that does not fit returns false and
 * moves nothing and writes nothing, so that a caller may try another layout from the same place. */
#ifndef PUSHWATCH_DISSECT_CURSOR_H
#define PUSHWATCH_DISSECT_CURSOR_H

#include "../capture/base.h"

/* What is left to read. It does not own the bytes. */
struct cursor {
    const uint8_t *p;
    size_t left;
};

/* cursor_of begins at the first byte of a span. */
static inline struct cursor cursor_of(struct span bytes)
{
    return (struct cursor){bytes.p, bytes.n};
}

/* cursor_rest gives all that is left, and moves nothing. */
static inline struct span cursor_rest(const struct cursor *c)
{
    return (struct span){c->p, c->left};
}

/* cursor_done tells that nothing is left: how a parser ends. */
static inline bool cursor_done(const struct cursor *c)
{
    return c->left == 0;
}

/* cursor_skip passes over n bytes. */
MUST_CHECK static inline bool cursor_skip(struct cursor *c, size_t n)
{
    if (c->left < n)
        return false;
    if (n > 0) /* an empty span may have a NULL pointer */
        c->p += n;
    c->left -= n;
    return true;
}

/* cursor_bytes reads n bytes as a span into the bytes that are read. */
MUST_CHECK static inline bool cursor_bytes(struct cursor *c, struct span *out, size_t n)
{
    struct span bytes = {c->p, n};
    if (!cursor_skip(c, n))
        return false;
    *out = bytes;
    return true;
}

/* be16 and be32 give the number at a place whose bounds were checked: for fields of a fixed layout
 * that one cursor_bytes has taken as a whole. */
static inline uint16_t be16(const uint8_t *p)
{
    uint16_t number;
    memcpy(&number, p, sizeof number);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    number = __builtin_bswap16(number); /* of shifts, gcc does not always make that */
#endif
    return number;
}

static inline uint32_t be32(const uint8_t *p)
{
    uint32_t number;
    memcpy(&number, p, sizeof number);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    number = __builtin_bswap32(number);
#endif
    return number;
}

/* cursor_u8 to cursor_u32 read an unsigned number of 1 to 4 bytes. */
MUST_CHECK static inline bool cursor_u8(struct cursor *c, uint8_t *out)
{
    struct span b;
    if (!cursor_bytes(c, &b, 1))
        return false;
    *out = b.p[0];
    return true;
}

MUST_CHECK static inline bool cursor_u16(struct cursor *c, uint16_t *out)
{
    struct span b;
    if (!cursor_bytes(c, &b, 2))
        return false;
    *out = be16(b.p);
    return true;
}

MUST_CHECK static inline bool cursor_u24(struct cursor *c, uint32_t *out)
{
    struct span b;
    if (!cursor_bytes(c, &b, 3))
        return false;
    *out = (uint32_t)b.p[0] << 16 | (uint32_t)b.p[1] << 8 | b.p[2];
    return true;
}

MUST_CHECK static inline bool cursor_u32(struct cursor *c, uint32_t *out)
{
    struct span b;
    if (!cursor_bytes(c, &b, 4))
        return false;
    *out = be32(b.p);
    return true;
}

/* cursor_sub takes the next n bytes as a cursor of their own. */
MUST_CHECK static inline bool cursor_sub(struct cursor *c, struct cursor *out, size_t n)
{
    struct span b;
    if (!cursor_bytes(c, &b, n))
        return false;
    *out = cursor_of(b);
    return true;
}

/* cursor_vec8, cursor_vec16 and cursor_vec24 take a part that its length precedes, in 8, 16 or 24
 * bits, as a cursor of its own (RFC 8446 section 3.4). */
MUST_CHECK static inline bool cursor_vec8(struct cursor *c, struct cursor *out)
{
    struct cursor ahead = *c;
    uint8_t n;
    if (!cursor_u8(&ahead, &n) || !cursor_sub(&ahead, out, n))
        return false;
    *c = ahead;
    return true;
}

MUST_CHECK static inline bool cursor_vec16(struct cursor *c, struct cursor *out)
{
    struct cursor ahead = *c;
    uint16_t n;
    if (!cursor_u16(&ahead, &n) || !cursor_sub(&ahead, out, n))
        return false;
    *c = ahead;
    return true;
}

MUST_CHECK static inline bool cursor_vec24(struct cursor *c, struct cursor *out)
{
    struct cursor ahead = *c;
    uint32_t n;
    if (!cursor_u24(&ahead, &n) || !cursor_sub(&ahead, out, n))
        return false;
    *c = ahead;
    return true;
}

#endif
