/* tls_record.h: one direction's bytes to TLS records: RFC 8446 section 5.1.
 *
 * Keeps the five header bytes and no body: bodies are passed on in pieces as they come. */
#ifndef PUSHWATCH_DISSECT_TLS_RECORD_H
#define PUSHWATCH_DISSECT_TLS_RECORD_H

#include "cursor.h"
#include "tls_facts.h"

/* Content types that stand for what SSLv2 sends, in records with a header of their own ("The SSL
 * Protocol", Hickman 1995): a ClientHello (RFC 5246 appendix E.2), whose body begins after its
 * version; a ServerHello, whose body begins after its certificate type; and what follows these,
 * from the first byte of the record. */
enum { TLS_SSL2_HELLO = 0x80, TLS_SSL2_SERVER_HELLO = 0x81, TLS_SSL2_RECORD = 0x82 };

enum tls_framing {
    FRAMING_START,   /* the stream's first record is to come */
    FRAMING_SEARCH,  /* after a gap, or joined midway: a record has to be found */
    FRAMING_RECORDS, /* record follows record */
    FRAMING_SSL2,    /* the same, of SSLv2 */
    FRAMING_NONE     /* the stream did not begin with a record: its bytes are dropped */
};

/* One direction; all zero at the start of a stream. */
struct tls_framer {
    uint8_t header[TLS_RECORD_HEADER]; /* of this record, or of the last one */
    uint8_t have : 3;                  /* bytes of the header that are there */
    uint8_t state : 3;                 /* enum tls_framing */
    bool chained : 1;                  /* a record came right before the one whose header is next */
    bool proven : 1;                   /* more than one header says that these are records */
    uint16_t left;                     /* bytes of the body to come */
};

enum tls_frame {
    FRAME_MORE,   /* all bytes are used up */
    FRAME_RECORD, /* a record begins: its header, with what there is of the body */
    FRAME_BODY,   /* more of the body */
    FRAME_LOST    /* what should be a header is none: the state is now SEARCH or NONE */
};

/* The record at hand. */
struct tls_record {
    uint8_t type;
    uint16_t length;  /* of its body */
    struct span body; /* the piece of it that was read, which may be empty */
};

/* tls_record_may_begin tells whether a stream's first bytes may be those of a record, or of a hello
 * in SSLv2's format, as far as there are any. */
bool tls_record_may_begin(struct span first_bytes);

/* tls_framer_next reads the next event from `in`. *record is set for FRAME_RECORD and FRAME_BODY,
 * its body borrowed from `in`; the record ends with this piece if framer->left is 0. In state
 * SEARCH and NONE all bytes are dropped. */
enum tls_frame tls_framer_next(struct tls_framer *framer, struct cursor *in,
                               struct tls_record *record);

/* tls_framer_find looks, in state SEARCH, for a record header in the bytes of one segment, and
 * moves `in` to it. A segment often begins with one; anywhere else it must be followed by another
 * header or by the end of the segment, or be application data. A segment that holds nothing but the
 * first bytes of a header is decided with the next one: `in` is then behind those. Returns false,
 * with `in` at its end, if there is none yet. */
MUST_CHECK bool tls_framer_find(struct tls_framer *framer, struct cursor *in);

/* tls_framer_gap passes over missing bytes. Returns true if they lie in the record's body, so that
 * the framing is kept; otherwise the state is SEARCH. */
bool tls_framer_gap(struct tls_framer *framer, uint64_t length);

/* tls_framer_type, _version and _length read the header of this record, or of the last one. */
static inline bool tls_framer_is_ssl2(const struct tls_framer *framer)
{
    return framer->header[0] & TLS_SSL2_HELLO;
}

static inline uint8_t tls_framer_type(const struct tls_framer *framer)
{
    if (!tls_framer_is_ssl2(framer))
        return framer->header[0];
    return framer->header[2] == 1   ? TLS_SSL2_HELLO
           : framer->header[2] == 4 ? TLS_SSL2_SERVER_HELLO
                                    : TLS_SSL2_RECORD;
}

static inline uint16_t tls_framer_version(const struct tls_framer *framer)
{
    const uint8_t *p = framer->header + (tls_framer_is_ssl2(framer) ? 3 : 1);
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* SSLv2's length has its highest bit set, and counts the three bytes of a hello that lie in our
 * header. */
static inline uint16_t tls_framer_length(const struct tls_framer *framer)
{
    const uint8_t *p = framer->header;
    if (!tls_framer_is_ssl2(framer))
        return (uint16_t)(p[3] << 8 | p[4]);
    return (uint16_t)(((p[0] & 0x7f) << 8 | p[1]) - (p[2] != 0 ? 3 : 0));
}

/* tls_framer_between tells that a record has ended and no byte of the next has come. */
static inline bool tls_framer_between(const struct tls_framer *framer)
{
    return (framer->state == FRAMING_RECORDS || framer->state == FRAMING_SSL2) && framer->have == 0;
}

#endif
