/* keep.h: fields written one after the other and read again by one description, in as many bytes
 * as they need. For functions that have a `form`, whose `at` is where the next one goes, and
 * a `back`, a constant: are they read? What was written must be read again and compared: a field
 * that is wider, or other than is said, comes out otherwise. */
#ifndef PUSHWATCH_DISSECT_KEEP_H
#define PUSHWATCH_DISSECT_KEEP_H

#include "pack.h"

/* Bytes of a pointer: all that systems give to programs. */
enum { KEEP_POINTER_BYTES = 6 };

/* keep_width gives the bytes of a number, at least one; keep_mask those bytes of a word. */
static inline unsigned keep_width(uint64_t value)
{
    return pack_bytes(value | 1);
}

static inline uint64_t keep_mask(unsigned width)
{
    return UINT64_MAX >> (64 - 8 * width);
}

/* KEEP: a field, any number, as its difference from a base that is known when it is read. */
#define KEEP(field, base, width)                                                                   \
    do {                                                                                           \
        if (back)                                                                                  \
            (field) =                                                                              \
                (__typeof__(field))((uint64_t)(base) + (pack_get(form->at) & keep_mask(width)));   \
        else                                                                                       \
            pack_put(form->at, (uint64_t)(field) - (uint64_t)(base));                              \
        form->at += (width);                                                                       \
    } while (0)

/* SAME: a field that follows from what is known when it is read. */
#define SAME(field, value)                                                                         \
    do {                                                                                           \
        if (back)                                                                                  \
            (field) = (__typeof__(field))(value);                                                  \
    } while (0)

/* KEEP_KNOWN: a field that is 0 where it is not known. */
#define KEEP_KNOWN(field, base, width)                                                             \
    do {                                                                                           \
        uint64_t distance = (field) ? (uint64_t)(field) - (uint64_t)(base) + 1 : 0;                \
        KEEP(distance, 0, width);                                                                  \
        SAME(field, distance ? distance + (uint64_t)(base)-1 : 0);                                 \
    } while (0)

/* KEEP_POINTER: a pointer. */
#define KEEP_POINTER(field)                                                                        \
    do {                                                                                           \
        if (back)                                                                                  \
            (field) = (__typeof__(field))(uintptr_t)(pack_get(form->at) &                          \
                                                     keep_mask(KEEP_POINTER_BYTES));               \
        else                                                                                       \
            pack_put(form->at, (uintptr_t)(field));                                                \
        form->at += KEEP_POINTER_BYTES;                                                            \
    } while (0)

/* KEEP_BYTES: fields that lie side by side. */
#define KEEP_BYTES(address, width)                                                                 \
    do {                                                                                           \
        memcpy(back ? (void *)(address) : form->at, back ? form->at : (const void *)(address),     \
               width);                                                                             \
        form->at += (width);                                                                       \
    } while (0)

#endif
