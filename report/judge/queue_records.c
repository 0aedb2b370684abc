/* queue_records.c: see queue_records.h.
 *
 * A record is a header of 5 bytes, an explicit nonce or IV, and what is encrypted: the content and
 * a MAC, padded to whole blocks with at least one byte (RFC 2246 section 6.2.3, RFC 4346 section
 * 6.2.3), or the content and a tag (RFC 5246 section 6.2.3.3; RFC 8446 section 5.2 adds the type).
 * Up to TLS 1.0, libraries send a message's first byte in a record of its own when they encrypt by
 * CBC, so that an attacker does not know the IV (the answer of 2011 to BEAST, CVE-2011-3389). */
#include "queue_records.h"

enum { HEADER = 5, ALERT = 2, SPLIT = 1, RECORD_MOST = 16384 };

static const struct family {
    const char *suites;
    unsigned nonce, block; /* block 1: no padding */
    unsigned extra;        /* MAC or tag, and what else is added to the content */
    bool splits;
} families[] = {
    {"AES-CBC-SHA in TLS 1.0 or SSL 3.0", 0, 16, 20, true},
    {"3DES-CBC-SHA in TLS 1.0 or SSL 3.0", 0, 8, 20, true},
    {"AES-CBC-SHA in TLS 1.1 or 1.2", 16, 16, 20, false},
    {"AES-CBC-SHA256 in TLS 1.2", 16, 16, 32, false},
    {"AES-CBC-SHA384 in TLS 1.2", 16, 16, 48, false},
    {"3DES-CBC-SHA in TLS 1.1 or 1.2", 8, 8, 20, false},
    {"RC4-SHA", 0, 1, 20, false},
    {"RC4-MD5, or ChaCha20-Poly1305 in TLS 1.2", 0, 1, 16, false},
    {"AES-GCM in TLS 1.2", 8, 1, 16, false},
    {"TLS 1.3", 0, 1, 17, false},
};

static uint64_t record_of(const struct family *family, uint64_t content)
{
    uint64_t inner = content + family->extra;
    if (family->block > 1)
        inner = (inner / family->block + 1) * family->block;
    return HEADER + family->nonce + inner;
}

/* The content that a record of that size can have; false if there is no such record. */
static bool content_of(const struct family *family, uint64_t record, uint64_t *least,
                       uint64_t *most)
{
    uint64_t around = HEADER + family->nonce;
    if (record <= around || (record - around) % family->block != 0)
        return false;
    uint64_t inner = record - around;
    uint64_t padding = family->block > 1 ? 1 : 0;
    if (inner < family->extra + padding + 1)
        return false;
    *most = inner - family->extra - padding;
    *least = *most >= family->block ? *most - family->block + 1 : 1;
    return *least <= RECORD_MOST;
}

/* A message alone; with a family that splits, both records of it. */
static bool read_message(struct queue_reading *out, const struct family *family, uint64_t bytes)
{
    out->first = family->splits ? record_of(family, SPLIT) : 0;
    if (bytes <= out->first)
        return false;
    out->rest = bytes - out->first;
    if (!content_of(family, out->rest, &out->least, &out->most))
        return false;
    if (family->splits) {
        out->least += SPLIT;
        out->most += SPLIT;
    }
    return true;
}

static uint64_t rarer(const struct queue_reading *reading)
{
    uint64_t a = reading->with.count, b = reading->alone.count;
    return a < b ? a : b;
}

/* The best pair under one family: the one with most sockets in the rarer size. */
static bool read_family(struct queue_reading *out, const struct family *family,
                        const struct queue_size *sizes, size_t count)
{
    uint64_t close_notify = record_of(family, ALERT);
    bool found = false;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            struct queue_reading reading = {.suites = family->suites,
                                            .with = sizes[i],
                                            .alone = sizes[j],
                                            .close_notify = close_notify};
            /* What is no longer than a close_notify may be one. */
            if (sizes[i].bytes != sizes[j].bytes + close_notify || sizes[j].bytes <= close_notify ||
                !read_message(&reading, family, sizes[j].bytes))
                continue;
            if (!found || rarer(&reading) > rarer(out))
                *out = reading;
            found = true;
        }
    return found;
}

bool queue_records_read(struct queue_reading *out, const struct queue_size *sizes, size_t count)
{
    unsigned fits = 0;
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        struct queue_reading reading;
        if (!read_family(&reading, &families[i], sizes, count))
            continue;
        *out = reading;
        fits++;
    }
    return fits == 1;
}
