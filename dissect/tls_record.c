/* tls_record.c: record framing, and finding a record after a gap or in the middle of a stream. */
#include "tls_record.h"

#include "limits.h"
#include "tls_facts.h"

enum {
    SSL2_HELLO_MIN = 28,
    SSL2_SERVER_HELLO_MIN = 11,
    SSL2_CLIENT_HELLO = 1,
    SSL2_SERVER_HELLO = 4
};

/* The least that a body of this type can hold. Application data may be empty: OpenSSL sends such
 * records before CBC ones (CVE-2011-3389). */
static uint16_t shortest(uint8_t type)
{
    return type == TLS_APPLICATION_DATA ? 0 : type == TLS_ALERT ? 2 : 1;
}

/* header_possible tells whether n bytes, at most five, can begin a record header. */
static bool header_possible(const uint8_t *p, size_t n)
{
    if (n > 0 && (p[0] < TLS_CHANGE_CIPHER_SPEC || p[0] > TLS_HEARTBEAT))
        return false;
    if (n > 1 && p[1] != TLS_VERSION_SSL3 >> 8)
        return false;
    if (n > 2 && p[2] > (TLS_VERSION_13 & 0xff))
        return false;
    if (n < TLS_RECORD_HEADER)
        return true;
    uint16_t length = be16(p + 3);
    return length >= shortest(p[0]) && length <= LIMIT_TLS_RECORD;
}

/* The same for SSLv2's hellos: a length with its highest bit set; CLIENT-HELLO and a version, or
 * SERVER-HELLO, whether the session goes on from an earlier one, and a certificate type. */
static bool ssl2_possible(const uint8_t *p, size_t n)
{
    if (n > 0 && !(p[0] & 0x80))
        return false;
    unsigned length = n > 1 ? be16(p) & 0x7fff : SSL2_SERVER_HELLO_MIN;
    if (n < 3)
        return length >= SSL2_SERVER_HELLO_MIN;
    if (p[2] == SSL2_SERVER_HELLO)
        return length >= SSL2_SERVER_HELLO_MIN && (n < 4 || p[3] <= 1) && (n < 5 || p[4] <= 1);
    if (p[2] != SSL2_CLIENT_HELLO || length < SSL2_HELLO_MIN || length > LIMIT_TLS_SSL2_HELLO)
        return false;
    if (n < TLS_RECORD_HEADER)
        return true;
    uint16_t version = be16(p + 3);
    return version == TLS_VERSION_SSL2 ||
           (version >= TLS_VERSION_SSL3 && version <= TLS_VERSION_13);
}

bool tls_record_may_begin(struct span b)
{
    size_t n = b.n < TLS_RECORD_HEADER ? b.n : TLS_RECORD_HEADER;
    return header_possible(b.p, n) || ssl2_possible(b.p, n);
}

static enum tls_frame lose(struct tls_framer *framer)
{
    framer->state = framer->state == FRAMING_START ? FRAMING_NONE : FRAMING_SEARCH;
    framer->have = 0;
    framer->chained = false;
    return FRAME_LOST;
}

/* collect takes the bytes of a header one by one: the first wrong one shows that it is none. */
static enum tls_frame collect(struct tls_framer *framer, struct cursor *in)
{
    while (framer->have < TLS_RECORD_HEADER) {
        if (!cursor_u8(in, &framer->header[framer->have]))
            return FRAME_MORE;
        framer->have++;
        if (!header_possible(framer->header, framer->have) &&
            !(framer->state == FRAMING_START && ssl2_possible(framer->header, framer->have)))
            return lose(framer);
    }
    return FRAME_RECORD;
}

/* speaks_ssl2 tells whether SSLv2's records follow a hello: after a ClientHello in its format that
 * offers more, TLS records may come as well. */
static bool speaks_ssl2(const struct tls_framer *framer)
{
    return tls_framer_is_ssl2(framer) && (framer->header[2] == SSL2_SERVER_HELLO ||
                                          tls_framer_version(framer) == TLS_VERSION_SSL2);
}

/* Two bytes, of which the first has its highest bit set, or three, of which the last is the length
 * of the padding. It is kept in the form of the first kind, with a 0 behind it. */
static enum tls_frame read_ssl2_header(struct tls_framer *framer, struct cursor *in)
{
    uint8_t *p = framer->header;
    framer->state = FRAMING_SSL2;
    while (framer->have < 2 || (framer->have < 3 && !(p[0] & 0x80))) {
        if (!cursor_u8(in, &p[framer->have]))
            return FRAME_MORE;
        framer->have++;
    }
    unsigned length = be16(p) & (p[0] & 0x80 ? 0x7fff : 0x3fff);
    p[0] = (uint8_t)(0x80 | length >> 8);
    p[1] = (uint8_t)length;
    p[2] = 0;
    framer->have = length > 0 ? TLS_RECORD_HEADER : 0;
    framer->left = (uint16_t)length;
    return FRAME_RECORD;
}

static enum tls_frame read_header(struct tls_framer *framer, struct cursor *in)
{
    if (framer->state == FRAMING_SSL2 ||
        (framer->have == 0 && tls_framer_is_ssl2(framer) && in->p[0] & 0x80))
        return read_ssl2_header(framer, in);
    enum tls_frame frame = collect(framer, in);
    if (frame != FRAME_RECORD)
        return frame;
    framer->proven = framer->proven || framer->chained;
    framer->chained = true;
    framer->state = speaks_ssl2(framer) ? FRAMING_SSL2 : FRAMING_RECORDS;
    framer->left = tls_framer_length(framer);
    if (framer->left == 0)
        framer->have = 0;
    return FRAME_RECORD;
}

/* Application data shows nothing inside by which to know it, but that it ends where the bytes end
 * is as good as a second header. */
static bool ends_with_data(const struct tls_framer *framer, const struct cursor *in)
{
    return framer->header[0] == TLS_APPLICATION_DATA && framer->left == 0 && cursor_done(in);
}

/* whole_header_possible is header_possible for all five bytes, of which most are right. */
static inline bool whole_header_possible(const uint8_t *p)
{
    uint16_t length = be16(p + 3);
    return (unsigned)(p[0] - TLS_CHANGE_CIPHER_SPEC) <= TLS_HEARTBEAT - TLS_CHANGE_CIPHER_SPEC &&
           (unsigned)(be16(p + 1) - TLS_VERSION_SSL3) <= TLS_VERSION_13 - TLS_VERSION_SSL3 &&
           length <= LIMIT_TLS_RECORD && (LIKELY(length >= 2) || length >= shortest(p[0]));
}

/* read_record takes a record that begins here, as far as there is any of it: nearly always there is
 * all. Returns false, and has done nothing, if there is none. */
static ALWAYS_INLINE bool read_record(struct tls_framer *framer, struct cursor *in,
                                      struct tls_record *record)
{
    struct cursor ahead = *in;
    struct span header;
    if (!cursor_bytes(&ahead, &header, TLS_RECORD_HEADER) || !whole_header_possible(header.p))
        return false;
    record->type = header.p[0];
    record->length = be16(header.p + 3);
    if (!cursor_bytes(&ahead, &record->body,
                      record->length < ahead.left ? record->length : ahead.left))
        return false;
    *in = ahead;
    memcpy(framer->header, header.p, TLS_RECORD_HEADER);
    framer->left = (uint16_t)(record->length - record->body.n);
    if (UNLIKELY(framer->left > 0))
        framer->have = TLS_RECORD_HEADER;
    return true;
}

/* begin_records is read_record where it is not yet sure that record follows record. */
static bool begin_records(struct tls_framer *framer, struct cursor *in, struct tls_record *record)
{
    if (framer->have > 0 || framer->state == FRAMING_SSL2 || !read_record(framer, in, record))
        return false;
    framer->proven =
        framer->proven || framer->chained || (record->length > 0 && ends_with_data(framer, in));
    framer->chained = true;
    framer->state = FRAMING_RECORDS;
    return true;
}

static void read_body(struct tls_framer *framer, struct cursor *in, struct tls_record *record)
{
    size_t n = in->left < framer->left ? in->left : framer->left;
    if (!cursor_bytes(in, &record->body, n))
        return;
    framer->left = (uint16_t)(framer->left - n);
    if (framer->left > 0)
        return;
    framer->have = 0;
    framer->proven = framer->proven || ends_with_data(framer, in);
}

/* read_part is tls_framer_next for a stream's first records, for what began in an earlier segment,
 * and for what is no record. */
static NOINLINE enum tls_frame read_part(struct tls_framer *framer, struct cursor *in,
                                         struct tls_record *record)
{
    enum tls_frame frame = FRAME_BODY;
    record->body = span_of(NULL, 0);
    if (framer->state == FRAMING_SEARCH || framer->state == FRAMING_NONE)
        *in = (struct cursor){in->p, 0};
    if (cursor_done(in))
        return FRAME_MORE;
    if (begin_records(framer, in, record))
        return FRAME_RECORD;
    if (framer->have < TLS_RECORD_HEADER)
        frame = read_header(framer, in);
    else
        read_body(framer, in, record);
    record->type = tls_framer_type(framer);
    record->length = tls_framer_length(framer);
    return frame;
}

enum tls_frame tls_framer_next(struct tls_framer *framer, struct cursor *in,
                               struct tls_record *record)
{
    bool sure =
        framer->have == 0 && framer->state == FRAMING_RECORDS && framer->chained && framer->proven;
    if (LIKELY(sure) && LIKELY(read_record(framer, in, record)))
        return FRAME_RECORD;
    /* Copies: what is passed on by its address can't stay in registers. */
    struct cursor rest = *in;
    struct tls_record part;
    enum tls_frame frame = read_part(framer, &rest, &part);
    *in = rest;
    *record = part;
    return frame;
}

enum chain { CHAIN_NO, CHAIN_MAYBE /* the record ends beyond the bytes */, CHAIN_YES };

/* likely_header is header_possible in the middle of a stream: the rarer forms are left out, for
 * they would only be found by chance. */
static bool likely_header(const uint8_t *p, size_t n)
{
    if (!header_possible(p, n) || (n > 0 && p[0] == TLS_HEARTBEAT) ||
        (n > 2 && p[2] > (TLS_VERSION_12 & 0xff)))
        return false;
    /* A byte of content at least, and the shortest authentication tag, CCM_8's: RFC 6655. */
    return n < TLS_RECORD_HEADER || p[0] != TLS_APPLICATION_DATA || be16(p + 3) == 0 ||
           be16(p + 3) >= 1 + 8;
}

/* chain_of judges whether a header is one, by the n bytes that follow it. */
static enum chain chain_of(const uint8_t *header, const uint8_t *body, size_t n)
{
    if (!likely_header(header, TLS_RECORD_HEADER))
        return CHAIN_NO;
    size_t length = be16(header + 3);
    if (length > n)
        return CHAIN_MAYBE;
    size_t after = n - length < TLS_RECORD_HEADER ? n - length : TLS_RECORD_HEADER;
    return header_possible(body + length, after) ? CHAIN_YES : CHAIN_NO;
}

static void go_on(struct tls_framer *framer, size_t have, bool proven)
{
    framer->state = FRAMING_RECORDS;
    framer->have = have & 7;
    framer->chained = false;
    framer->proven = framer->proven || proven;
}

/* collect_first takes a header of which a segment held a few bytes and nothing else: it is decided
 * only by what comes next. Returns false if it is none, with `framer->have` 0 again. */
static bool collect_first(struct tls_framer *framer, struct cursor *in)
{
    uint8_t *header = framer->header;
    size_t have = framer->have, missing = TLS_RECORD_HEADER - have;
    size_t more = in->left < missing ? in->left : missing;
    memcpy(header + have, in->p, more);
    if (more < missing && likely_header(header, have + more)) {
        framer->have = (have + more) & 7;
        return cursor_skip(in, more);
    }
    enum chain chain = more < missing ? CHAIN_NO : chain_of(header, in->p + more, in->left - more);
    framer->have = 0;
    if (chain != CHAIN_NO) /* the bytes that are still in `in` are read again */
        go_on(framer, have, chain == CHAIN_YES);
    return chain != CHAIN_NO;
}

bool tls_framer_find(struct tls_framer *framer, struct cursor *in)
{
    const uint8_t *start = in->p;
    if (UNLIKELY(framer->have > 0) && collect_first(framer, in))
        return framer->state == FRAMING_RECORDS;
    if (in->left < TLS_RECORD_HEADER && collect_first(framer, in))
        return false;
    for (;;) {
        enum chain chain = in->left < TLS_RECORD_HEADER ? CHAIN_NO
                                                        : chain_of(in->p, in->p + TLS_RECORD_HEADER,
                                                                   in->left - TLS_RECORD_HEADER);
        if (chain == CHAIN_YES ||
            (chain == CHAIN_MAYBE && (in->p == start || in->p[0] == TLS_APPLICATION_DATA))) {
            go_on(framer, 0, chain == CHAIN_YES);
            return true;
        }
        /* On to the next byte before a 3, the version's first byte. */
        const uint8_t *three = in->left > 2 ? memchr(in->p + 2, 3, in->left - 2) : NULL;
        size_t ahead = three ? (size_t)(three - 1 - in->p) : in->left;
        if (!cursor_skip(in, ahead) || cursor_done(in))
            return false;
    }
}

bool tls_framer_gap(struct tls_framer *framer, uint64_t length)
{
    if (framer->state != FRAMING_START && framer->have == TLS_RECORD_HEADER &&
        length <= framer->left) {
        framer->left = (uint16_t)(framer->left - length);
        if (framer->left == 0)
            framer->have = 0;
        return true;
    }
    framer->have = 0;
    framer->left = 0;
    framer->chained = false;
    /* A record of SSLv2 has nothing in it by which to find it. */
    if (framer->state == FRAMING_SSL2)
        framer->state = FRAMING_NONE;
    if (framer->state != FRAMING_NONE)
        framer->state = FRAMING_SEARCH;
    return false;
}
